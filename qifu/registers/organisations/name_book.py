"""Names of party and government bodies: what a document wrote, and which body it means.

`load_names(province_dir)` reads organisations.yaml and divisions.yaml; `NameBook.resolve` is exact after the
harmless differences that `name_keys.name_key` removes, and never guesses: near names are offered by `suggest` only,
for a person to choose. Pure Python, read once, then dictionary look-ups.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from qifu.registers.divisions.division_book import Division, DivisionBook, load_divisions
from qifu.registers.organisations.name_file import (
    GenericUnit,
    NameFile,
    Organisation,
    Pattern,
    Slip,
    read_names,
)
from qifu.registers.organisations.name_keys import distance, name_key

Status = Literal["name", "alias", "second_name", "former_name", "slip"]
Kind = Literal["specific", "generic", "division"]


@dataclass(frozen=True, slots=True)
class ResolvedUnit:
    """What a written unit is: `canonical` is its usual short name, `note` says in Chinese how it was recognised.

    `organisation_code` is set for specific bodies, `division_code` for divisions and for bodies of one division.
    """

    canonical: str
    status: Status
    note: str = ""
    kind: Kind = "specific"
    organisation_code: str | None = None
    division_code: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A near name for a person to choose; `steps` counts half edits, fewer is nearer."""

    canonical: str
    matched: str
    steps: int


class NameBook:
    """All names of one province's bodies, generic units and divisions."""

    def __init__(self, names: NameFile, divisions: DivisionBook) -> None:
        self.organisations = names.organisations + names.explicit_bodies(divisions)
        self.generic_units: tuple[GenericUnit, ...] = names.generic_units
        self.slips: tuple[Slip, ...] = names.slips
        self._patterns = names.patterns
        self._units: dict[str, ResolvedUnit] = {}
        self._spelling: dict[str, str] = {}
        self._places: dict[str, tuple[Division, Status]] = {}
        self._endings: dict[tuple[str, str], tuple[Pattern, Status]] = {}
        by_code = {body.code: body for body in names.organisations}
        for body in names.organisations:
            self._add_body(body)
        for slip in names.slips:
            unit = self._units[name_key(by_code[slip.means].name)]
            self._add(slip.text, replace(unit, status="slip", note=slip.note))
        self._add_places(divisions)
        for pattern in names.patterns:
            self._add_endings(pattern)
        for written, canonical in names.generic_spellings():
            self._add_generic(written, canonical)
        self._longest_place = max(map(len, self._places), default=0)

    def resolve(self, raw: str) -> ResolvedUnit | None:
        """The unit written as `raw`, or None when it is not known exactly."""
        key = name_key(raw)
        unit = self._units.get(key)
        if unit is None and key.startswith("省"):
            # 浙江省杭州市… : the province before a place says nothing new
            unit = self._units.get(key[1:]) or self._local(key[1:])
        return unit or self._local(key)

    def suggest(self, raw: str, n: int = 3) -> list[Suggestion]:
        """Up to `n` near names, nearest first, then by name; empty when nothing is near (about a third differs)."""
        key = name_key(raw)
        if not key:
            return []
        limit = max(2, len(key) * 2 // 3)
        best: dict[str, Suggestion] = {}
        for known, unit in self._units.items():
            steps = distance(key, known, limit)
            if steps > limit:
                continue
            kept = best.get(unit.canonical)
            found = Suggestion(unit.canonical, self._spelling[known], steps)
            if kept is None or (found.steps, found.matched) < (kept.steps, kept.matched):
                best[unit.canonical] = found
        return sorted(best.values(), key=lambda near: (near.steps, near.canonical))[:n]

    def names(self) -> tuple[str, ...]:
        """Every canonical name, sorted: of specific bodies, generic units and divisions."""
        return tuple(sorted({unit.canonical for unit in self._units.values()}))

    def _add(self, written: str, unit: ResolvedUnit) -> None:
        key = name_key(written)
        if key not in self._units:
            self._units[key] = unit
            self._spelling[key] = written

    def _add_body(self, body: Organisation) -> None:
        unit = ResolvedUnit(body.name, "name", "", "specific", body.full_code, body.division)
        self._add(body.name, unit)
        self._add(body.full_name, replace(unit, note=f"“{body.name}”的全称"))
        for alias in body.aliases:
            self._add(alias, replace(unit, status="alias", note=f"“{body.name}”的其他写法"))
        for second in body.second_names:
            note = f"“{body.name}”加挂或合署的牌子“{second}”"
            spelled = replace(unit, status="second_name", note=note)
            self._add(second, spelled)
            for first in (body.name, body.full_name, *body.aliases):
                self._add(f"{first}（{second}）", spelled)
                self._add(f"{second}（{first}）", spelled)
        for former in body.former:
            note = f"“{former.name}”是“{body.name}”的曾用名（{former.span}）：{former.note}"
            self._add(former.name, replace(unit, status="former_name", note=note))

    def _add_places(self, divisions: DivisionBook) -> None:
        standing = [
            row for row in divisions.rows if divisions.get(row.code) is row and row.kind != "province"
        ]
        gone = [row for row in divisions.rows if divisions.get(row.code) is not row]
        for row in standing:
            full = divisions.full_name(row)
            for written in divisions.spellings(row):
                status: Status = "name" if written in (full, row.name) else "alias"
                if divisions.by_name(written) is row:
                    self._add_place(written, full, row, status, "" if written == full else f"“{full}”的简写")
        for row in gone:
            heirs = "、".join(divisions.full_name(divisions.versions(code)[-1]) for code in row.successors)
            note = f"“{row.name}”已于{row.effective_to}调整（{row.note}），后续区划：{heirs or '未录入'}"
            full = divisions.full_name(row)
            for written in (full, row.name, *row.short_names):
                self._add_place(written, full, row, "former_name", note)

    def _add_place(self, written: str, full: str, row: Division, status: Status, note: str) -> None:
        key = name_key(written)
        if key not in self._places:
            self._places[key] = (row, status)
            self._add(written, ResolvedUnit(full, status, note, "division", None, row.code))

    def _add_endings(self, pattern: Pattern) -> None:
        spelled: list[tuple[str, Status]] = [(pattern.name, "name"), (pattern.full_name, "name")]
        spelled += [(alias, "alias") for alias in pattern.aliases]
        for template, status in spelled:
            ending = name_key(template).removeprefix("{d}")
            for level in pattern.levels:
                self._endings.setdefault((level, ending), (pattern, status))

    def _add_generic(self, written: str, canonical: str) -> None:
        status: Status = "name" if written == canonical else "alias"
        note = "" if status == "name" else f"按“{canonical}”归并写法"
        self._add(written, ResolvedUnit(canonical, status, note, "generic"))

    def _local(self, key: str) -> ResolvedUnit | None:
        """A standard body of one place (萧山区发改局): the longest place that leaves a known ending."""
        for length in range(min(len(key) - 1, self._longest_place), 1, -1):
            place = self._places.get(key[:length])
            if place is None:
                continue
            row, place_status = place
            ending = self._endings.get((row.kind, key[length:]))
            if ending is not None:
                return _local_unit(row, place_status, *ending)
        return None


def _local_unit(row: Division, place_status: Status, pattern: Pattern, status: Status) -> ResolvedUnit:
    canonical = pattern.name.replace("{d}", row.name)
    note = "按市县标准机构名称推导，未逐一登记"
    if place_status == "former_name":
        status, note = "former_name", f"{note}；“{row.name}”已于{row.effective_to}调整（{row.note}）"
    return ResolvedUnit(canonical, status, note, "specific", f"{row.code}.{pattern.code}", row.code)


def load_names(province_dir: Path) -> NameBook:
    """The checked names of one province; DataError names file, line, cause, remedy."""
    folder = Path(province_dir)
    divisions = load_divisions(folder / "divisions.yaml")
    return NameBook(read_names(folder / "organisations.yaml", divisions), divisions)


def resolve_all(book: NameBook, written: Iterable[str]) -> dict[str, ResolvedUnit | None]:
    """Each distinct text with what it is; for checking a whole document at once."""
    return {text: book.resolve(text) for text in dict.fromkeys(written)}
