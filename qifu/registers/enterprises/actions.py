"""Writes enterprises: batches of an import, each row created, updated, left as it is, or refused with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from qifu.foundation.access import Actor
from qifu.foundation.action import action, current_act
from qifu.foundation.imports.kinds import Outcome, Remark, SourceRow
from qifu.registers.enterprises import name_index, queries
from qifu.registers.enterprises.models import (
    Enterprise,
    EnterpriseChange,
    EnterpriseName,
    EnterpriseSource,
)
from qifu.registers.enterprises.places import gazetteer
from qifu.registers.enterprises.reading import RowReading, read_row

FACTS = (
    "name", "kind", "investment", "status", "established_on", "approved_on", "division_code", "division_certainty",
    "industry_code", "capital", "capital_currency", "paid_in", "paid_in_currency", "insured", "legal_representative",
    "address", "scope", "authority", "registration_number",
)  # fmt: skip
_SAYS_NOTHING: dict[str, tuple[Any, ...]] = {
    "kind": ("unknown",),
    "status": ("unknown",),
    "division_certainty": ("unknown",),
}
_TOGETHER = {
    "division_certainty": "division_code", "capital_currency": "capital", "paid_in_currency": "paid_in", "investment": "kind",
}  # fmt: skip
_WRITTEN = [*FACTS, "name_text", "readings", "source", "source_row", "other_sources", "updated_at"]
_REMEMBERED_IMPORTS = 4


@dataclass
class _Batch:
    """One batch under way: what is there, what will be written, what is told."""

    source: EnterpriseSource
    at: datetime
    standing: dict[str, Enterprise]
    places: frozenset[str] | None
    outcome: Outcome = field(default_factory=Outcome)
    created: list[Enterprise] = field(default_factory=list)
    updated: dict[int, Enterprise] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    names: list[EnterpriseName] = field(default_factory=list)
    changes: list[EnterpriseChange] = field(default_factory=list)
    former: dict[str, list[str]] = field(default_factory=dict)


Standing = tuple[str, int]
"""Where a row stands: its source (a sheet of an import) and its number there."""
_seen_by_import: dict[str, dict[str, Standing]] = {}


@action("enterprises.import_batch", title="导入企业", permission="enterprises.import")
def import_batch(*, rows: Sequence[SourceRow], source: str, by: Actor, at: datetime) -> Outcome:
    """Write a batch of rows of one import; safe to repeat. Rows outside the actor's places are refused.

    Blank cells never erase what is known. A row with an earlier 核准日期 than what is known fills gaps only.
    """
    today = timezone.localdate(at)
    known = gazetteer(today)
    readings = [read_row(row.number, row.values, known, today) for row in rows]
    origin, _ = EnterpriseSource.objects.get_or_create(name=source[:200], defaults={"added_at": at})
    codes = [r.facts["uscc"] for r in readings if not r.refused]
    standing = {e.uscc: e for e in Enterprise.objects.filter(uscc__in=codes).select_for_update()}
    batch = _Batch(
        origin,
        at,
        standing,
        queries.places_of(by, "enterprises.import", at),
        former=_former_names(standing.values()),
    )
    seen = _seen(source)
    for reading in readings:
        _take(batch, reading, seen)
        batch.outcome.remarks += reading.remarks
    _write(batch)
    outcome = batch.outcome
    current_act().note(
        source=origin.pk, created=outcome.created, updated=outcome.updated, unchanged=outcome.unchanged,
        refused=outcome.refused,
    )  # fmt: skip
    return outcome


def check_rows(rows: Sequence[SourceRow]) -> list[Remark]:
    """Return what an import of these rows would remark of them, without a look at what is registered."""
    known = gazetteer(timezone.localdate())
    seen: dict[str, int] = {}
    found: list[Remark] = []
    for row in rows:
        reading = read_row(row.number, row.values, known, timezone.localdate())
        if not reading.refused:
            first = seen.setdefault(reading.facts["uscc"], row.number)
            if first != row.number:
                reading.warn("uscc", f"与第 {first} 行代码相同；内容不同的话，这一行不会导入")
        found += reading.remarks
    return found


def _seen(source: str) -> dict[str, Standing]:
    """Where each code of this import stood first; all its sheets together (import:12, import:12/2).

    Forgotten with the process, which only loses a hint.
    """
    source = source.partition("/")[0]
    if source not in _seen_by_import and len(_seen_by_import) >= _REMEMBERED_IMPORTS:
        _seen_by_import.pop(next(iter(_seen_by_import)))
    return _seen_by_import.setdefault(source, {})


def _former_names(rows: Iterable[Enterprise]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if rows:
        names = EnterpriseName.objects.filter(enterprise__in=[row.pk for row in rows]).order_by("pk")
        for uscc, name in names.values_list("enterprise__uscc", "name"):
            found.setdefault(uscc, []).append(name)
    return found


def _take(batch: _Batch, reading: RowReading, seen: dict[str, Standing]) -> None:
    if reading.refused:
        return
    uscc = reading.facts["uscc"]
    before = batch.standing.get(uscc)
    if _outside(batch, reading, before):
        return
    here = (batch.source.name, reading.number)
    first = seen.setdefault(uscc, here)
    if first == here and before is not None and before.source_id == batch.source.pk:
        first = (batch.source.name, before.source_row or reading.number)
    if before is None:
        _create(batch, reading)
        return
    if first != here and not _repeats(batch, reading, before, first):
        return
    _update(batch, reading, before)


def _outside(batch: _Batch, reading: RowReading, before: Enterprise | None) -> bool:
    """Refuse what lies, or lay, outside the places of who imports."""
    if batch.places is None:
        return False
    for code in (reading.facts["division_code"], before.division_code if before else None):
        if code is not None and code not in batch.places:
            where = "区划不明" if not code else f"在{gazetteer(timezone.localdate(batch.at)).full_name(code)}"
            reading.refuse(
                "address" if reading.facts.get("address") else "",
                f"该企业{where}，不在您的辖区内",
                "由所在地或上级导入",
            )
            return True
    return False


def _repeats(batch: _Batch, reading: RowReading, before: Enterprise, first: Standing) -> bool:
    """A code that stood in an earlier row of this file: tell it; refuse the row unless it says the same or is newer."""
    differing = [f for f in FACTS if f in reading.facts and _differs(f, getattr(before, f), reading.facts[f])]
    mine, theirs = reading.facts.get("approved_on"), before.approved_on
    where = f"第 {first[1]} 行" if first[0] == batch.source.name else f"另一张工作表第 {first[1]} 行"
    if not differing:
        reading.warn("uscc", f"与{where}重复，内容相同")
        return True
    if mine and theirs and mine != theirs:
        reading.warn("uscc", f"与{where}代码相同，按核准日期较新的一行")
        return True
    titles = "、".join(str(Enterprise._meta.get_field(f).verbose_name) for f in differing[:4])
    reading.refuse("uscc", f"与{where}代码相同而{titles}不同", "核对后只保留一行")
    return False


def _differs(fact: str, old: Any, new: Any) -> bool:
    return bool(old != new and new not in (None, "") and new not in _SAYS_NOTHING.get(fact, ()))


def _create(batch: _Batch, reading: RowReading) -> None:
    row = Enterprise(
        **reading.facts, readings=reading.readings, name_text=name_index.text_of(reading.facts["name"], reading.former),
        source=batch.source, source_row=reading.number, other_sources={}, updated_at=batch.at,
    )  # fmt: skip
    batch.standing[row.uscc] = row
    batch.created.append(row)
    batch.former[row.uscc] = list(reading.former)
    batch.names += [EnterpriseName(enterprise=row, name=name, source=batch.source) for name in reading.former]
    batch.outcome.created += 1


def _update(batch: _Batch, reading: RowReading, row: Enterprise) -> None:
    older = _is_older(reading, row)
    changed = _changed(reading, row, gaps_only=older)
    former = list(reading.former)
    if "name" in changed:
        former.append(row.name)
    elif older and reading.facts["name"] != row.name:
        former.append(reading.facts["name"])
    known = batch.former.setdefault(row.uscc, [])
    new_names = [n for n in dict.fromkeys(former) if n not in known and n != changed.get("name", row.name)]
    if older and any(_differs(f, getattr(row, f), reading.facts.get(f)) for f in FACTS if f != "approved_on"):
        reading.warn("approved_on", f"核准日期早于已登记的 {row.approved_on}，只补空缺，不覆盖")
    if not changed and not new_names:
        batch.outcome.unchanged += 1
        return
    _apply(batch, reading, row, changed, new_names)
    batch.outcome.updated += 1


def _is_older(reading: RowReading, row: Enterprise) -> bool:
    mine: date | None = reading.facts.get("approved_on")
    return mine is not None and row.approved_on is not None and mine < row.approved_on


def _changed(reading: RowReading, row: Enterprise, *, gaps_only: bool) -> dict[str, Any]:
    """The facts that the row gives another value; those that belong together go together."""
    changed: dict[str, Any] = {}
    for fact in FACTS:
        lead = _TOGETHER.get(fact, fact)
        old, new = getattr(row, fact), reading.facts.get(fact)
        if lead != fact:
            if lead in changed and new is not None:
                changed[fact] = new
            elif (
                fact == "division_certainty"
                and reading.facts.get(lead) == getattr(row, lead)
                and not gaps_only
            ):
                if _surer(new, old):
                    changed[fact] = new
            elif fact == "investment" and new and not old:
                changed[fact] = new
            continue
        if not _differs(fact, old, new):
            continue
        if gaps_only and not _is_gap(fact, old):
            continue
        if _weaker(fact, reading, row):
            continue
        changed[fact] = new
    return {fact: value for fact, value in changed.items() if getattr(row, fact) != value}


def _weaker(fact: str, reading: RowReading, row: Enterprise) -> bool:
    """What was stated is not replaced by what a name suggests, nor a sure place by a guess from the same address."""
    if fact == "kind":
        return reading.readings.get("kind", "").startswith("按") and not _is_gap(fact, row.kind)
    if fact == "division_code" and row.division_code:
        surer = _surer(row.division_certainty, reading.facts["division_certainty"])
        return surer and not _differs("address", row.address, reading.facts.get("address"))
    return False


_SURENESS = {"certain": 3, "likely": 2, "guessed": 1}


def _surer(one: str | None, other: str | None) -> bool:
    return _SURENESS.get(one or "", 0) > _SURENESS.get(other or "", 0)


def _is_gap(fact: str, value: Any) -> bool:
    return value in (None, "") or value in _SAYS_NOTHING.get(fact, ())


def _apply(
    batch: _Batch, reading: RowReading, row: Enterprise, changed: dict[str, Any], new_names: list[str]
) -> None:
    before = {fact: _plain(getattr(row, fact)) for fact in changed}
    if row.pk is not None:  # a row made in this very batch has no past
        batch.texts.setdefault(row.pk, row.name_text)
        batch.changes.append(
            EnterpriseChange(
                enterprise=row, source=row.source, source_row=row.source_row, at=row.updated_at, before=before
            )
        )
        batch.updated[row.pk] = row
    _note_sources(batch, row, changed, reading)
    ended = reading.facts.get("approved_on") if "name" in changed else None
    for name in new_names:
        to = ended if name == before.get("name") else None
        batch.names.append(EnterpriseName(enterprise=row, name=name, effective_to=to, source=batch.source))
    for fact, value in changed.items():
        setattr(row, fact, value)
    known = batch.former[row.uscc]
    known += new_names
    row.name_text = name_index.text_of(row.name, known)
    row.updated_at = batch.at


def _note_sources(batch: _Batch, row: Enterprise, changed: dict[str, Any], reading: RowReading) -> None:
    """Facts that this row did not confirm keep the source they had; the rest come from this one."""
    told = {fact for fact in FACTS if fact in changed or getattr(row, fact) == reading.facts.get(fact)}
    other = {
        fact: row.other_sources.get(fact, row.source_id)
        for fact in FACTS
        if fact not in told and not _is_gap(fact, getattr(row, fact))
    }
    kept = {
        fact: text for fact, text in row.readings.items() if fact not in told and fact not in reading.readings
    }
    row.readings = {**kept, **reading.readings} if not _is_older(reading, row) else {
        **{fact: text for fact, text in reading.readings.items() if fact in changed}, **row.readings,
    }  # fmt: skip
    row.other_sources = {fact: pk for fact, pk in other.items() if pk != batch.source.pk}
    row.source, row.source_row = batch.source, reading.number


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _write(batch: _Batch) -> None:
    Enterprise.objects.bulk_create(batch.created, batch_size=1000)
    rows = list(batch.updated.values())
    if rows:
        Enterprise.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["uscc"], update_fields=_WRITTEN, batch_size=1000
        )
        EnterpriseChange.objects.bulk_create(batch.changes, batch_size=1000)
    if batch.names:
        EnterpriseName.objects.bulk_create(batch.names, batch_size=1000, ignore_conflicts=True)
    name_index.NAMES.replace(
        [
            *((row.pk, None, row.name_text) for row in batch.created),
            *((row.pk, batch.texts[row.pk], row.name_text) for row in rows),
        ]
    )
