"""What is known of an enterprise's facts on a day: values with their source, by a stated precedence.

An authoritative source stands before what the enterprise declared itself, then the newer day, then the newer record.
A corrected value is read as corrected; a value taken back is as if it had never been told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from django.db.models import QuerySet

from qifu.registers.enterprises.fact_book import Fact, Value, fact_book
from qifu.registers.enterprises.fact_years import answers
from qifu.registers.enterprises.models import Enterprise, FactValue
from qifu.registers.enterprises.register_facts import is_recordable, register_facts

CHUNK = 1000
"""So many enterprises are read at once."""


class Told(NamedTuple):
    """One row of the store, as far as it decides."""

    enterprise: int
    fact: str
    number: int | None
    code: str
    as_of: date
    version: int
    declared: bool
    source: int
    recorded_at: datetime
    pk: int

    @property
    def value(self) -> Value:
        """The kept value; None where it was taken back."""
        return self.code or self.number


_COLUMNS = (
    "enterprise_id",
    "fact",
    "number",
    "code",
    "as_of",
    "version",
    "declared",
    "source_id",
    "recorded_at",
    "pk",
)


def standing(rows: Iterable[Told]) -> list[Told]:
    """Return of each (fact, day, source) the last version, without those taken back; rows of one enterprise."""
    last: dict[tuple[str, date, int], Told] = {}
    for row in rows:
        key = (row.fact, row.as_of, row.source)
        if key not in last or row.version > last[key].version:
            last[key] = row
    return [row for row in last.values() if row.value is not None]


def decisive(rows: Iterable[Told], day: date) -> dict[str, Told]:
    """Return the row that answers each fact on `day`; rows of one enterprise, facts not in the book left out."""
    book = fact_book()
    found: dict[str, Told] = {}
    for row in standing(rows):
        fact = book.facts.get(row.fact)
        answered = answers(book, fact, row.as_of, day) if fact and row.as_of <= day else ""
        if answered and (answered not in found or _rank(row) > _rank(found[answered])):
            found[answered] = row
    return found


def _rank(row: Told) -> tuple[bool, date, datetime, int]:
    return not row.declared, row.as_of, row.recorded_at, row.pk


def facts_as_of(enterprise: Enterprise, day: date, *, known_by: datetime | None = None) -> dict[str, Value]:
    """Return the kept value of every fact known of an enterprise on `day`; with `known_by`, as the store then stood.

    Missing facts are left out. What the register tells is taken back by its record of changes to `known_by`.
    """
    rows = told(FactValue.objects.filter(enterprise=enterprise), known_by)
    values: dict[str, Value] = {fact: row.value for fact, row in decisive(rows, day).items()}
    return values | register_facts(_as_known(enterprise, known_by) if known_by else enterprise)


def told(rows: QuerySet[FactValue], known_by: datetime | None = None) -> Iterator[Told]:
    """Yield rows of the store by enterprise, as far as they were recorded by `known_by`."""
    if known_by is not None:
        rows = rows.filter(recorded_at__lte=known_by)
    for row in rows.order_by("enterprise_id").values_list(*_COLUMNS).iterator(CHUNK):
        yield Told(*row)


def _as_known(row: Enterprise, moment: datetime) -> Enterprise:
    """The register's row with the changes after `moment` taken back."""
    past = Enterprise(**{f.attname: getattr(row, f.attname) for f in Enterprise._meta.concrete_fields})
    for change in row.changes.filter(at__gt=moment).order_by("-pk"):
        for name, value in change.before.items():
            setattr(past, name, date.fromisoformat(value) if name.endswith("_on") and value else value)
    return past


def fact_rows(
    day: date, *, usccs: Sequence[str] | None = None, known_by: datetime | None = None
) -> Iterator[tuple[str, dict[str, Value]]]:
    """Yield (uscc, kept value by fact id) of every enterprise, or of those named, in chunks; for snapshots.

    No permission is asked: only the system's own jobs call it. Yearly facts move on with the year of `day`.
    """
    rows = Enterprise.objects.order_by("pk").defer("scope", "readings", "address", "name_text")
    if usccs is not None:
        for start in range(0, len(usccs), CHUNK):
            yield from _chunk(list(rows.filter(uscc__in=usccs[start : start + CHUNK])), day, known_by)
        return
    last = 0
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        last = chunk[-1].pk
        yield from _chunk(chunk, day, known_by)


def _chunk(
    rows: Sequence[Enterprise], day: date, known_by: datetime | None
) -> Iterator[tuple[str, dict[str, Value]]]:
    stored = told(FactValue.objects.filter(enterprise__in=[row.pk for row in rows]), known_by)
    found = {pk: decisive(group, day) for pk, group in groupby(stored, key=lambda one: one.enterprise)}
    for row in rows:
        values = {fact: one.value for fact, one in found.get(row.pk, {}).items()}
        yield row.uscc, values | register_facts(row)


def facts_changed_since(
    moment: datetime, *, day_before: date | None = None, day: date | None = None
) -> Iterator[str]:
    """Yield the code of every enterprise of which a fact or the register's row was recorded after `moment`.

    With `day_before` and `day`, also of those whose values change because the asking day moves from one to the other:
    all of them when the year turns, since yearly facts then mean another year.
    """
    turned = day_before is not None and day is not None and day_before.year != day.year
    if turned:
        yield from Enterprise.objects.order_by("uscc").values_list("uscc", flat=True).iterator(CHUNK)
        return
    told = FactValue.objects.order_by().values_list("enterprise__uscc", flat=True)
    parts = [told.filter(recorded_at__gt=moment)]
    if day_before is not None and day is not None:
        first, last = sorted((day_before, day))
        parts.append(told.filter(as_of__gt=first, as_of__lte=last))
    register = Enterprise.objects.order_by().filter(updated_at__gt=moment).values_list("uscc", flat=True)
    yield from sorted(register.union(*parts))


def may_declare(fact: Fact) -> bool:
    """Tell whether an enterprise may tell a fact itself: none that this place holds from an authoritative source."""
    return fact.held != "held" and is_recordable(fact)
