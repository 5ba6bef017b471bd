"""Which heading of a file is which column of a list: proposed by title, synonym and content. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from qifu.foundation.imports.kinds import Column
from qifu.foundation.imports.lines import TOLD, Line
from qifu.foundation.imports.table_file import Table

LOOK_AT_LINES = 200
MANY_ABOVE = 5
_BRACKETS = re.compile(r"[(\[【〔「].*?[)\]】〕」]")
_PUNCTUATION = re.compile(r"[\s*＊:：、,，.。/\\_\-—\"'“”‘’?？!！()（）\[\]【】\u200b\ufeff]+")
_UNIT = r"(?:百|千|万|十万|百万|千万|亿)?(?:人民币)?(?:元|美元|欧元|日元|港元|港币|英镑|人民币)|万|亿"
_BRACKETED_UNIT = re.compile(rf"[(\[【]\s*(?:单位)?\s*:?\s*({_UNIT})\s*[)\]】]")
_LAST_UNIT = re.compile(rf"[\s/_,:-]*(?:单位)?[\s:]*({_UNIT})\s*$")


@dataclass(frozen=True)
class ColumnMapping:
    """Where each column stands: `places` holds the index of its cell (from 0) by the column's name.

    The rows up to `heading_line`, inclusive, are titles and headings; 0 says that the file has no heading.
    `units` holds the unit of money that a heading names (注册资本（万元）), by the column's name; `blank` the places
    where neither the heading nor the first rows hold anything.
    """

    places: Mapping[str, int]
    heading_line: int
    headings: tuple[str, ...] = ()
    sheet: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    blank: tuple[int, ...] = ()

    @property
    def untaken(self) -> tuple[str, ...]:
        """The columns of the file that are not imported, by heading, else as 第3列; what the importer itself added apart."""
        added = range(0)
        if self.headings[-len(TOLD) :] == TOLD:
            added = range(len(self.headings) - len(TOLD), len(self.headings))
        apart = {*self.places.values(), *self.blank, *added}
        return tuple(
            heading or f"第{place + 1}列" for place, heading in enumerate(self.headings) if place not in apart
        )

    def missing(self, columns: Sequence[Column]) -> list[str]:
        """Return the titles of required columns that stand nowhere."""
        return [column.title for column in columns if column.required and column.name not in self.places]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "columns": dict(self.places), "heading_line": self.heading_line, "headings": [heading.replace("\0", "")[:200] for heading in self.headings],
            "sheet": self.sheet, "blank": list(self.blank),
        }  # fmt: skip

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ColumnMapping:
        """Return what `to_json` gave."""
        return mapped(data["columns"], data["heading_line"], data["headings"], data["sheet"], data["blank"])


@dataclass(frozen=True)
class Proposal:
    """A mapping to look at, and what a person should know about it, in Chinese."""

    mapping: ColumnMapping
    remarks: tuple[str, ...] = ()
    score: int = 0


def heading_key(text: str) -> str:
    """Return a heading without what does not tell headings apart: width, case, blanks, brackets, punctuation."""
    plain = unicodedata.normalize("NFKC", text).lower()
    inner = _BRACKETS.sub("", plain)
    return _PUNCTUATION.sub("", inner if _PUNCTUATION.sub("", inner) else plain)


def unit_of(heading: str) -> str:
    """Return the unit of money that a heading names: 注册资本（单位：万元） and 注册资本/万元 give 万元; or nothing."""
    plain = unicodedata.normalize("NFKC", heading)
    found = _BRACKETED_UNIT.search(plain) or _LAST_UNIT.search(plain)
    return found[1] if found and found.start() else ""


def _look_up(heading: str, known: Mapping[str, tuple[int, str]]) -> tuple[int, str] | None:
    """Return how sure it is and which column a heading names; a unit of money at its end may be left out."""
    found = known.get(heading_key(heading)) if heading else None
    if found is None and heading and unit_of(heading):
        found = known.get(heading_key(_LAST_UNIT.sub("", unicodedata.normalize("NFKC", heading))))
    return found


def propose(table: Table, columns: Sequence[Column], *, heading_line: int | None = None) -> Proposal:
    """Return the best mapping of a file; `heading_line` is what a person said it to be (0: none)."""
    lines = list(islice(table.lines(), LOOK_AT_LINES))
    known = _known_headings(columns)
    if heading_line is None:
        heading_line, headings = _find_heading(lines, known, {c.name for c in columns if c.required})
    else:
        headings = cells_of(lines, heading_line)
    width = max((len(line.cells) for line in lines if not line.broken), default=0)
    headings = [*headings, *[""] * (width - len(headings))]
    places, remarks = _by_heading(headings, known, {c.name: c.title for c in columns})
    _by_content(places, remarks, [line for line in lines if line.number > heading_line], columns, headings)
    mapping = mapped(places, heading_line, headings, table.sheet, blank_places(lines, headings))
    above = sum(1 for line in lines if line.number <= heading_line and not line.is_blank) - 1
    if above > MANY_ABOVE:
        remarks.append(f"表头在第 {heading_line} 行，以上有 {above} 行文字，不作为数据，请核对")
    if missing := mapping.missing(columns):
        remarks.append(f"没有找到必填的栏目：{'、'.join(missing)}，请指定文件中的哪一列是它")
    return Proposal(mapping, tuple(remarks), score=len(places))


def mapped(
    places: Mapping[str, int], heading_line: int, headings: Sequence[str], sheet: str = "", blank: Sequence[int] = ()
) -> ColumnMapping:  # fmt: skip
    """Return a mapping with the units that its headings name."""
    units = {
        name: unit for name, place in places.items() if place < len(headings) and (unit := unit_of(headings[place]))
    }  # fmt: skip
    return ColumnMapping(dict(places), heading_line, tuple(headings), sheet, units, tuple(blank))


def blank_places(lines: Sequence[Line], headings: Sequence[str]) -> list[int]:
    """Return the places where neither the heading nor any of these rows holds anything."""
    filled = {place for line in lines for place, cell in enumerate(line.cells) if cell and not cell.isspace()}
    return [place for place, heading in enumerate(headings) if not heading and place not in filled]


def _known_headings(columns: Sequence[Column]) -> dict[str, tuple[int, str]]:
    """Return, by heading key, how sure it is (0: title, 1: synonym) and the column's name; the surer one wins."""
    known: dict[str, tuple[int, str]] = {}
    for column in columns:
        for sure, words in ((0, (column.title, column.name)), (1, column.synonyms)):
            for word in words:
                key = heading_key(word)
                known[key] = min(known.get(key, (9, "")), (sure, column.name))
    return known


def _find_heading(
    lines: Sequence[Line], known: Mapping[str, Any], required: set[str]
) -> tuple[int, list[str]]:
    """Return the number and the cells of the first row that names what is required, else of the most known headings.

    Two rows count as one where merging them finds more. What stands above is no data: a later heading, richer but below
    rows of the first one, would lose them.
    """
    best: tuple[int, int, list[str]] = (0, 0, [])
    whole = False
    for index, line in enumerate(lines):
        choices = [(line.number, line.cells)]
        if index + 1 < len(lines):
            below = lines[index + 1]
            choices.append((below.number, _merged(line.cells, below.cells)))
        for number, cells in choices:
            names = {named[1] for cell in cells if (named := _look_up(cell[:60], known))}
            if len(names) > best[0]:
                best = (len(names), number, [cell.strip() for cell in cells])
                whole = required <= names
        if whole:
            break
    if best[0] >= 2 or (best[0] == 1 and max(len(line.cells) for line in lines) == 1):
        return best[1], best[2]
    return _unknown_heading(lines) if best[0] == 0 else (best[1], best[2])


def _merged(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    width = max(len(upper), len(lower))
    pairs = zip([*upper, *[""] * (width - len(upper))], [*lower, *[""] * (width - len(lower))])
    return [below.strip() or above for above, below in pairs]


def _unknown_heading(lines: Sequence[Line]) -> tuple[int, list[str]]:
    """A first row of short different words without digits, above a row with digits, is a heading nobody knows."""
    rows = [line for line in lines if not line.is_blank][:2]
    if len(rows) < 2:
        return 0, []
    words = [cell.strip() for cell in rows[0].cells]
    plain = all(word and len(word) <= 40 and not re.search(r"\d", word) for word in words)
    if plain and len(set(words)) == len(words) and re.search(r"\d", "".join(rows[1].cells)):
        return rows[0].number, words
    return 0, []


def cells_of(lines: Sequence[Line], number: int) -> list[str]:
    return next(([cell.strip() for cell in line.cells] for line in lines if line.number == number), [])


def _by_heading(
    headings: Sequence[str], known: Mapping[str, tuple[int, str]], titles: Mapping[str, str]
) -> tuple[dict[str, int], list[str]]:
    """Give each column the surest of the headings that name it; the others are told."""
    rivals: dict[str, list[tuple[int, int]]] = {}
    for place, heading in enumerate(headings):
        if named := _look_up(heading, known):
            rivals.setdefault(named[1], []).append((named[0], place))
    places, remarks = {}, []
    for name, found in rivals.items():
        found.sort()
        places[name] = found[0][1]
        if len(found) > 1:
            words = "、".join(f"第 {place + 1} 列“{headings[place]}”" for _, place in found)
            remarks.append(f"{words}都可能是“{titles[name]}”，先取第 {found[0][1] + 1} 列，请核对")
    return places, remarks


def _by_content(
    places: dict[str, int], remarks: list[str], lines: Sequence[Line], columns: Sequence[Column],
    headings: Sequence[str],
) -> None:  # fmt: skip
    """Give columns without a heading the one unnamed cell whose content they alone recognise."""
    taken = set(places.values())
    for column in columns:
        if column.name in places or column.looks_like is None:
            continue
        fits = []
        for place in range(len(headings)):
            cells = [line.cells[place].strip() for line in lines if place < len(line.cells)]
            filled = [cell for cell in cells if cell]
            if place not in taken and filled and column.looks_like(filled):
                fits.append(place)
        if len(fits) == 1:
            places[column.name] = fits[0]
            taken.add(fits[0])
            remarks.append(f"第 {fits[0] + 1} 列按内容识别为“{column.title}”，请核对")
