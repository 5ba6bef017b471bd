"""The book of administrative divisions and functional areas, dated and in memory.

`load_divisions` reads and checks one province's divisions.yaml; `DivisionBook` answers who lies where on one day.
Codes are GB/T 2260 six-digit strings; functional areas carry codes of their own (F330300-01) that cannot clash.
Pure Python: the reader and the command line use it without a database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from qifu.foundation.yaml_data import (
    Anything,
    DataError,
    Day,
    Fields,
    Flag,
    ListOf,
    Loaded,
    OneOf,
    Optional,
    Text,
    read_yaml,
)

_PARENT_KINDS = {"city": {"province"}, "county": {"city", "province"}}
_CODE = re.compile(r"[0-9]{6}")
_AREA_CODE = re.compile(r"F[0-9]{6}-[0-9]{2}")
_SUFFIXES = ("省", "市", "区", "县")
VALIDITY = Fields({}, {"from": Optional(Day()), "to": Optional(Day())})
"""`effective: {from, to}` of a register's row, half-open; unlike a law's, both ends may be unknown."""

_ROW = Fields(
    {"code": Text(), "name": Text(), "kind": OneOf("province", "city", "county", "functional_area")},
    {
        "parent": Text(),
        "effective": VALIDITY,
        "successors": ListOf(Text()),
        "short_names": ListOf(Text()),
        "spans": ListOf(Text()),
        "counted_in_totals": Flag(),
        "confidence": Text(),
        "note": Text(),
    },
)
_SHAPE = Fields({"divisions": ListOf(_ROW, least=1)}, {"title": Text(), "sources": Anything()})
Amount = TypeVar("Amount", int, Decimal)


@dataclass(frozen=True, slots=True)
class Division:
    """One division over one span of validity (half-open, None is open)."""

    code: str
    name: str
    kind: str
    parent: str | None
    effective_from: date | None = None
    effective_to: date | None = None
    successors: tuple[str, ...] = ()
    short_names: tuple[str, ...] = ()
    spans: tuple[str, ...] = ()
    counted_in_totals: bool = True
    confidence: str = ""
    note: str = ""

    def in_force(self, day: date | None) -> bool:
        """True when valid on `day`; None asks for the far future, i.e. not ended."""
        if day is None:
            return self.effective_to is None
        return (self.effective_from is None or self.effective_from <= day) and (
            self.effective_to is None or day < self.effective_to
        )

    def overlaps(self, other: Division) -> bool:
        """True when both are valid on some common day."""
        return (self.effective_from or date.min) < (other.effective_to or date.max) and (
            other.effective_from or date.min
        ) < (self.effective_to or date.max)


class DivisionBook:
    """The divisions in force on one day (`day` None: those that have not ended), with all others for reference."""

    def __init__(self, rows: Iterable[Division], day: date | None = None) -> None:
        self.rows = tuple(rows)
        self.day = day
        self._current = {row.code: row for row in self.rows if row.in_force(day)}
        self._children: dict[str, list[str]] = {}
        for row in self._current.values():
            if row.parent is not None:
                self._children.setdefault(row.parent, []).append(row.code)
        self._names: dict[str, list[str]] = {}
        for row in self._current.values():
            for name in self.spellings(row):
                self._names.setdefault(name, []).append(row.code)

    def __contains__(self, code: object) -> bool:
        return code in self._current

    def as_of(self, day: date) -> DivisionBook:
        """The same book on `day`."""
        return DivisionBook(self.rows, day)

    def get(self, code: str) -> Division | None:
        """The division in force, or None."""
        return self._current.get(code)

    def versions(self, code: str) -> tuple[Division, ...]:
        """Every span of validity of `code`, oldest first."""
        found = [row for row in self.rows if row.code == code]
        return tuple(sorted(found, key=lambda row: row.effective_from or date.min))

    def of_kind(self, kind: str) -> tuple[Division, ...]:
        """All divisions in force of a kind, by code."""
        return tuple(sorted((r for r in self._current.values() if r.kind == kind), key=lambda r: r.code))

    def subtree(self, code: str) -> frozenset[str]:
        """`code` and everything below it, functional areas included; empty when `code` is not in force."""
        if code not in self._current:
            return frozenset()
        found, pending = {code}, [code]
        while pending:
            below = [child for child in self._children.get(pending.pop(), ()) if child not in found]
            found.update(below)
            pending.extend(below)
        return frozenset(found)

    def parents(self, code: str) -> tuple[str, ...]:
        """The codes above, nearest first; empty for the province or an unknown code."""
        above: list[str] = []
        row = self._current.get(code)
        while row is not None and row.parent is not None and row.parent not in above:
            above.append(row.parent)
            row = self._current.get(row.parent)
        return tuple(above)

    def full_name(self, row: Division) -> str:
        """The name with its city before a county's (杭州市萧山区); other kinds stand alone."""
        if row.kind != "county" or row.parent is None:
            return row.name
        above = next((r for r in self.versions(row.parent) if r.overlaps(row)), None)
        return (above.name if above is not None and above.kind == "city" else "") + row.name

    def spellings(self, row: Division) -> tuple[str, ...]:
        """Every way to write this division that `by_name` knows, without the province before it."""
        names = [row.name, *row.short_names]
        if row.kind != "functional_area" and len(row.name) > 2 and row.name.endswith(_SUFFIXES):
            names.append(row.name[:-1])
        if row.kind == "county":
            city = self.full_name(row)[: -len(row.name)]
            names += [
                prefix + name
                for name in (row.name, *row.short_names)
                for prefix in {city, city[:-1]}
                if prefix
            ]
        return tuple(dict.fromkeys(names))

    def by_name(self, text: str, within: str | None = None) -> Division | None:
        """The one division in force of that name or short name (萧山 → 萧山区); None when unknown or ambiguous.

        `within` keeps only the subtree of a code, which also settles a name that two divisions share.
        """
        name = "".join(text.split()).removeprefix("浙江省") or text.strip()
        codes = self._names.get(name, [])
        if within is not None:
            inside = self.subtree(within)
            codes = [code for code in codes if code in inside]
        return self._current[codes[0]] if len(codes) == 1 else None

    def successors(self, code: str, day: date) -> tuple[str, ...]:
        """The codes in force on `day` that carry on `code`; itself when it still stands; empty when unknown.

        A code that lives on over a changed area appears beside the others that took a part of it.
        """
        found: list[str] = []
        seen: set[Division] = set()
        pending = [row for row in self.versions(code) if row.effective_to is not None or row.in_force(day)]
        while pending:
            row = pending.pop(0)
            if row in seen:
                continue
            seen.add(row)
            if row.in_force(day):
                found.append(row.code)
            elif row.effective_to is not None and row.effective_to <= day:
                pending += [
                    heir
                    for next_code in row.successors
                    for heir in self.versions(next_code)
                    if heir.effective_to is None or heir.effective_to > row.effective_to
                ]
        return tuple(sorted(dict.fromkeys(found)))

    def counted(self, codes: Iterable[str]) -> tuple[str, ...]:
        """The counties that `codes` stand for, each once, by code.

        A city or province stands for its counties. A functional area stands for none: its ground belongs to
        counties that report it already.
        """
        counties: set[str] = set()
        for code in codes:
            row = self._current.get(code)
            if row is not None and row.counted_in_totals:
                counties.update(c for c in self.subtree(code) if self._current[c].kind == "county")
        return tuple(sorted(counties))

    def outermost(self, codes: Iterable[str]) -> tuple[str, ...]:
        """The countable codes that lie below no other of `codes`: adding their figures doubles nothing."""
        given = {code for code in codes if code in self._current and self._current[code].counted_in_totals}
        return tuple(sorted(code for code in given if given.isdisjoint(self.parents(code))))

    def total(self, values: Mapping[str, Amount], zero: Amount) -> Amount:
        """The sum of `values` by code, without functional areas and without parts of a whole that is given too."""
        result = zero
        for code in self.outermost(values):
            result = result + values[code]
        return result


def load_divisions(path: Path) -> DivisionBook:
    """The checked book of divisions.yaml; DataError names file, line, cause and remedy, OSError an unreadable file."""
    loaded = read_yaml(Path(path).read_bytes(), _SHAPE, where=Path(path).name)
    versions: dict[str, list[Division]] = {}
    rows: list[Division] = []
    for index in range(len(loaded.data["divisions"])):
        row = _Row(loaded, index)
        row.refuse_overlap(rows)
        rows.append(row.division)
        versions.setdefault(row.division.code, []).append(row.division)
    for index, division in enumerate(rows):
        _Row(loaded, index, division).check_links(versions)
    return DivisionBook(rows)


def validity(
    loaded: Loaded, place: tuple[str | int, ...], value: dict[str, Any]
) -> tuple[date | None, date | None]:
    """The half-open span under `effective` of the row at `place`; raises when it is empty or runs backwards."""
    span = value.get("effective", {})
    start, end = span.get("from"), span.get("to")
    if start is not None and end is not None and start >= end:
        raise loaded.error(
            (*place, "effective"), "有效期的起日不早于止日", "起日要早于止日，止日当天不含在内"
        )
    return start, end


class _Row:
    """One row under reading, with its place in the file for errors."""

    def __init__(self, loaded: Loaded, index: int, division: Division | None = None) -> None:
        self.loaded = loaded
        self.place = ("divisions", index)
        self.division = division or self._read(loaded.data["divisions"][index])

    def fail(self, key: str, cause: str, remedy: str) -> DataError:
        return self.loaded.error((*self.place, key), cause, remedy)

    def line(self, index: int) -> int:
        return self.loaded.lines["divisions", index]

    def _read(self, value: dict[str, Any]) -> Division:
        kind, code = value["kind"], value["code"]
        area = kind == "functional_area"
        if not (_AREA_CODE if area else _CODE).fullmatch(code):
            shape = "功能区代码写成 F330300-01 的样子" if area else "行政区划代码为六位数字"
            raise self.fail("code", f"代码“{code}”格式不对", shape)
        if kind != "province" and "parent" not in value:
            raise self.fail("parent", f"“{value['name']}”没有写上级 parent", "补写上级区划的代码")
        counted = value.get("counted_in_totals", True)
        if counted is area:
            raise self.fail(
                "counted_in_totals",
                "合计标志不对：功能区不得计入合计，其他区划必须计入",
                "功能区写 counted_in_totals: false，其他区划不写此项",
            )
        start, end = validity(self.loaded, self.place, value)
        return Division(
            code=code,
            name=value["name"],
            kind=kind,
            parent=None if kind == "province" else value["parent"],
            effective_from=start,
            effective_to=end,
            successors=tuple(value.get("successors", ())),
            short_names=tuple(value.get("short_names", ())),
            spans=tuple(value.get("spans", ())),
            counted_in_totals=counted,
            confidence=value.get("confidence", ""),
            note=value.get("note", ""),
        )

    def refuse_overlap(self, earlier: list[Division]) -> None:
        row = self.division
        for index, other in enumerate(earlier):
            if other.code != row.code or not row.overlaps(other):
                continue
            if (row.effective_from, row.effective_to) == (other.effective_from, other.effective_to):
                raise self.fail(
                    "code",
                    f"代码“{row.code}”与第 {self.line(index)} 行重复",
                    "删去重复的一条，或写明各自的有效期",
                )
            raise self.fail(
                "effective",
                f"代码“{row.code}”的有效期与第 {self.line(index)} 行重叠",
                "把前一条的 to 改为后一条的 from",
            )

    def check_links(self, versions: dict[str, list[Division]]) -> None:
        row = self.division
        for heir in row.successors:
            if heir not in versions:
                raise self.fail("successors", f"后续区划“{heir}”不在本文件中", "补录该区划，或改正代码")
        if row.successors and row.effective_to is None:
            raise self.fail("successors", "现行区划写了后续区划", "补写有效期的止日，或删去 successors")
        if row.parent is not None:
            above = [other for other in versions.get(row.parent, []) if other.overlaps(row)]
            if not above:
                raise self.fail(
                    "parent", f"上级“{row.parent}”不存在或有效期不相交", "改正 parent，或先录入上级区划"
                )
            allowed = _PARENT_KINDS.get(row.kind)
            if allowed is not None and above[0].kind not in allowed:
                raise self.fail(
                    "parent", f"“{row.name}”的上级“{above[0].name}”级别不对", "县归设区市，设区市归省"
                )
        if row.kind == "functional_area":
            self._check_area(versions)
        elif row.spans:
            raise self.fail(
                "spans", "只有功能区才写所跨县（市、区）", "删去 spans，或把 kind 改为 functional_area"
            )

    def _check_area(self, versions: dict[str, list[Division]]) -> None:
        row = self.division
        if not row.spans:
            raise self.fail(
                "spans", f"功能区“{row.name}”没有写所在县（市、区）", "写 spans: ['330303', '330305']"
            )
        lines: list[list[str]] = []
        for code in row.spans:
            county = next((c for c in versions.get(code, []) if c.overlaps(row) and c.kind == "county"), None)
            if county is None:
                raise self.fail(
                    "spans", f"所跨的“{code}”不是同期有效的县（市、区）", "改正代码，或核对功能区有效期"
                )
            lines.append([code, *_codes_above(county, versions)])
        lowest = next((code for code in lines[0] if all(code in line for line in lines)), None)
        if row.parent != lowest:
            raise self.fail(
                "parent",
                f"功能区“{row.name}”的上级应是所跨县的最近共同上级“{lowest}”",
                "改正 parent 或 spans",
            )


def _codes_above(row: Division, versions: dict[str, list[Division]]) -> list[str]:
    above: list[str] = []
    while row.parent is not None and row.parent not in above:
        above.append(row.parent)
        higher = versions.get(row.parent)
        if not higher:
            break
        row = higher[-1]
    return above
