"""Questions about divisions, answered from a book kept in memory for as long as the table does not change.

A request asks one light query (count and sum of the rows' checksums), outside requests each question does, so that a
load by any process is seen by all others at once; the rows are read again only when that stamp differs. No request
loads divisions itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date

from qifu.foundation.request_id import current_request_id
from qifu.registers.divisions.division_book import Amount, Division, DivisionBook
from qifu.registers.divisions.models import Division as DivisionRow
from qifu.registers.stamped import Stamp, stamp

KEPT_DAYS = 32
KIND_TITLES: dict[str, str] = dict(DivisionRow.Kind.choices)


@dataclass
class _Snapshot:
    stamp: Stamp
    book: DivisionBook
    children: dict[str, list[str]]
    subtrees: dict[str, frozenset[str]] = field(default_factory=dict)
    days: dict[date, DivisionBook] = field(default_factory=dict)


_kept: _Snapshot | None = None
_checked: ContextVar[tuple[str, _Snapshot] | None] = ContextVar("qifu_divisions", default=None)


def _snapshot() -> _Snapshot:
    request, checked = current_request_id(), _checked.get()
    if request and checked is not None and checked[0] == request:
        return checked[1]
    kept = _fresh_snapshot()
    _checked.set((request, kept))
    return kept


def _fresh_snapshot() -> _Snapshot:
    global _kept
    present, kept = stamp(DivisionRow), _kept
    if kept is None or kept.stamp != present:
        rows = [_book_row(row) for row in DivisionRow.objects.order_by("code", "effective_from")]
        children: dict[str, list[str]] = {}
        for row in rows:
            if row.parent is not None:
                children.setdefault(row.parent, []).append(row.code)
        kept = _kept = _Snapshot(present, DivisionBook(rows), children)
    return kept


def _book_row(row: DivisionRow) -> Division:
    return Division(
        code=row.code, name=row.name, kind=row.kind, parent=row.parent_code or None,
        effective_from=row.effective_from, effective_to=row.effective_to, successors=tuple(row.successors),
        short_names=tuple(row.short_names), spans=tuple(row.spans), counted_in_totals=row.counted_in_totals,
        confidence=row.confidence, note=row.note,
    )  # fmt: skip


def book(day: date | None = None) -> DivisionBook:
    """Return the book of divisions on `day`; without it, of those that have not ended."""
    snapshot = _snapshot()
    if day is None:
        return snapshot.book
    if day not in snapshot.days:
        if len(snapshot.days) >= KEPT_DAYS:
            snapshot.days.clear()
        snapshot.days[day] = snapshot.book.as_of(day)
    return snapshot.days[day]


def subtree(code: str) -> frozenset[str]:
    """Return the code itself and every code below it, past and present, functional areas included."""
    return subtrees([code])[code]


def subtrees(codes: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the subtree of each code, for one light query altogether."""
    snapshot = _snapshot()
    found: dict[str, frozenset[str]] = {}
    for code in codes:
        if code not in snapshot.children:
            found[code] = frozenset((code,))
            continue
        if code not in snapshot.subtrees:
            snapshot.subtrees[code] = _below(code, snapshot.children)
        found[code] = snapshot.subtrees[code]
    return found


def _below(code: str, children: Mapping[str, list[str]]) -> frozenset[str]:
    found, waiting = {code}, [code]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return frozenset(found)


def division(code: str, day: date | None = None) -> Division | None:
    """Return the division of that code in force on `day` (today's where none is given), or None."""
    return book(day).get(code)


def names(codes: Iterable[str]) -> dict[str, str]:
    """Return the full name (杭州市萧山区) of each known code; a code no longer in force gives its last name."""
    known = book()
    found: dict[str, str] = {}
    for code in dict.fromkeys(codes):
        versions = known.versions(code)
        if versions:
            found[code] = known.full_name(known.get(code) or versions[-1])
    return found


def total(values: Mapping[str, Amount], zero: Amount, day: date) -> Amount:
    """Return the sum of `values` by code on `day`; functional areas and parts of a given whole add nothing."""
    return book(day).total(values, zero)


@dataclass(frozen=True)
class Branch:
    """A division with what lies under it: counties or cities, and functional areas apart."""

    division: Division
    full_name: str
    kind_title: str
    spans: tuple[str, ...] = ()
    below: tuple[Branch, ...] = ()
    areas: tuple[Branch, ...] = ()

    @property
    def rows(self) -> tuple[Branch, ...]:
        """Everything under a city in the order of a table: each county with its functional areas, then the city's own."""
        return tuple(row for county in self.below for row in (county, *county.areas)) + self.areas

    @property
    def area_count(self) -> int:
        """How many functional areas lie under it."""
        return len(self.rows) - len(self.below)


def tree(day: date) -> tuple[Branch, ...]:
    """Return the provinces in force on `day` with their cities, counties and functional areas, by code."""
    known = book(day)
    children: dict[str, list[Division]] = {}
    for kind in KIND_TITLES:
        for row in known.of_kind(kind):
            children.setdefault(row.parent or "", []).append(row)
    return tuple(_branch(row, children, known) for row in children.get("", []))


def _branch(row: Division, children: Mapping[str, list[Division]], known: DivisionBook) -> Branch:
    branches = [_branch(child, children, known) for child in children.get(row.code, [])]
    return Branch(
        division=row,
        full_name=known.full_name(row),
        kind_title=KIND_TITLES[row.kind],
        spans=_names_on(row.spans, known),
        below=tuple(b for b in branches if b.division.kind != "functional_area"),
        areas=tuple(b for b in branches if b.division.kind == "functional_area"),
    )


def _names_on(codes: Iterable[str], known: DivisionBook) -> tuple[str, ...]:
    found = []
    for code in codes:
        versions = known.versions(code)
        row = known.get(code) or (versions[-1] if versions else None)
        found.append(row.name if row else code)
    return tuple(found)


@dataclass(frozen=True)
class Ended:
    """A division that is no more, and what carries it on."""

    division: Division
    full_name: str
    kind_title: str
    successors: tuple[tuple[str, str], ...]


def ended(day: date) -> tuple[Ended, ...]:
    """Return the spans of validity that had ended on `day`, latest end first, with successors as (code, name)."""
    known = book(day)
    rows = [row for row in known.rows if row.effective_to is not None and row.effective_to <= day]
    rows.sort(key=lambda row: (-(row.effective_to or day).toordinal(), row.code))
    return tuple(
        Ended(row, known.full_name(row), KIND_TITLES[row.kind],
              tuple(zip(row.successors, _names_on(row.successors, known), strict=True)))
        for row in rows
    )  # fmt: skip


@dataclass(frozen=True)
class History:
    """Everything known of one code: its spans of validity, what lies above it, what carries it on."""

    code: str
    versions: tuple[Ended, ...]
    above: tuple[tuple[str, str], ...]
    spanned_by: tuple[tuple[str, str], ...]
    spans: tuple[tuple[str, str], ...]
    below: tuple[tuple[str, str], ...]

    @property
    def title(self) -> str:
        """The present, or last, full name."""
        return self.versions[-1].full_name


def history(code: str, day: date) -> History | None:
    """Return what is known of `code` as seen on `day`; None for an unknown code."""
    known = book(day)
    versions = known.versions(code)
    if not versions:
        return None
    last = versions[-1]
    above = known.parents(code) or ((last.parent,) if last.parent else ())
    areas = [row for row in known.of_kind("functional_area") if code in row.spans]
    return History(
        code=code,
        versions=tuple(
            Ended(row, known.full_name(row), KIND_TITLES[row.kind],
                  tuple(zip(row.successors, _names_on(row.successors, known), strict=True)))
            for row in versions
        ),
        above=tuple(zip(above, _names_on(above, known), strict=True)),
        spanned_by=tuple((row.code, row.name) for row in areas),
        below=tuple((row.code, row.name) for row in known.rows if row.parent == code and known.get(row.code) is row),
        spans=tuple(zip(last.spans, _names_on(last.spans, known), strict=True)),
    )  # fmt: skip


def counts(day: date) -> dict[str, int]:
    """Return how many divisions of each kind were in force on `day`; functional areas are a count of their own."""
    known = book(day)
    return {kind: len(known.of_kind(kind)) for kind in KIND_TITLES}
