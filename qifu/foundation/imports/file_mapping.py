"""Which sheets of a file are imported, and which heading of each is which column: proposed, and kept as YAML. Pure.

Every visible sheet whose headings give all required columns is imported; the others are named with their rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import yaml

from qifu.foundation.imports.kinds import Column
from qifu.foundation.imports.lines import UnreadableTable
from qifu.foundation.imports.mapping import (
    LOOK_AT_LINES,
    ColumnMapping,
    Proposal,
    blank_places,
    cells_of,
    heading_key,
    mapped,
    propose,
)
from qifu.foundation.imports.table_file import Table
from qifu.foundation.yaml_data import Fields, ListOf, MapOf, Optional, Text, Whole, read_yaml

_SHEET = Fields({"heading_line": Whole(0, 10_000), "columns": MapOf(Text())}, {"sheet": Optional(Text())})
SHAPE = Fields({"kind": Text(), "sheets": ListOf(_SHEET, 1)})
_NUMBERED = re.compile(r"第\s*(\d+)\s*列")


@dataclass(frozen=True)
class FileMapping:
    """How a file is read: its `parts` one after the other (a text is one part), and (sheet, rows) of what is left out."""

    parts: tuple[ColumnMapping, ...]
    left: tuple[tuple[str, int], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"parts": [part.to_json() for part in self.parts], "left": [list(one) for one in self.left]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FileMapping:
        """Return what `to_json` gave."""
        left = tuple((str(sheet), int(rows)) for sheet, rows in data.get("left", ()))
        return cls(tuple(ColumnMapping.from_json(part) for part in data.get("parts", ())), left)

    def missing(self, columns: Sequence[Column]) -> list[str]:
        """Return the titles of required columns that some part lacks, with its sheet where there are several."""
        several = len(self.parts) > 1
        return [
            f"{title}（工作表“{part.sheet}”）" if several else title
            for part in self.parts
            for title in part.missing(columns)
        ]


@dataclass(frozen=True)
class FileProposal:
    """A mapping of a whole file to look at, and what a person should know about it, in Chinese."""

    mapping: FileMapping
    remarks: tuple[str, ...] = ()


def propose_file(table: Table, columns: Sequence[Column], *, sheets: Sequence[str] = ()) -> FileProposal:
    """Return the best mapping of a file; `sheets` names those to import, else all that have the required columns."""
    if not table.sheets:
        found = propose(table, columns)
        return FileProposal(FileMapping((found.mapping,)), found.remarks)
    if sheets:
        return _of_parts(table, [_of_sheet(table, sheet, columns) for sheet in _named(table, sheets)])
    proposals: list[Proposal] = []
    faults: list[UnreadableTable] = []
    for sheet in _visible(table):
        try:
            proposals.append(_of_sheet(table, sheet, columns))
        except UnreadableTable as error:  # too many columns: left out, unless nothing else is there
            faults.append(error)
    if not proposals:
        raise faults[0]
    fitting = [one for one in proposals if not one.mapping.missing(columns) and _has_rows(table, one)]
    return _of_parts(table, fitting or [max(proposals, key=lambda one: one.score)])


def _of_sheet(table: Table, sheet: str, columns: Sequence[Column]) -> Proposal:
    table.choose(sheet)
    return propose(table, columns)


def _named(table: Table, sheets: Sequence[str]) -> list[str]:
    """The named sheets, each once."""
    for sheet in sheets:
        if sheet not in table.sheets:
            known = "、".join(table.sheets)
            raise UnreadableTable(f"工作簿里没有名为“{sheet[:40]}”的工作表，有：{known}")
    return list(dict.fromkeys(sheets))


def _visible(table: Table) -> Sequence[str]:
    """The sheets that people see; where all are hidden, those."""
    return [sheet for sheet in table.sheets if sheet not in table.hidden] or table.sheets


def _has_rows(table: Table, found: Proposal) -> bool:
    table.choose(found.mapping.sheet)
    return any(line.number > found.mapping.heading_line and not line.is_blank for line in table.lines())


def _of_parts(table: Table, proposals: Sequence[Proposal]) -> FileProposal:
    """Put sheets together; their remarks name the sheet where there are several."""
    taken = [one.mapping.sheet for one in proposals]
    remarks = [
        f"工作表“{one.mapping.sheet}”：{remark}" if len(proposals) > 1 else remark
        for one in proposals
        for remark in one.remarks
    ]
    parts = tuple(one.mapping for one in proposals)
    return FileProposal(FileMapping(parts, left_out(table, taken)), tuple(remarks))


def left_out(table: Table, taken: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Return (sheet, filled rows) of every sheet that is not taken, hidden ones too."""
    found = []
    for sheet in table.sheets:
        if sheet not in taken:
            table.choose(sheet)
            if rows := table.filled_rows():
                found.append((sheet, rows))
    return tuple(found)


def to_yaml(kind: str, mapping: FileMapping) -> str:
    """Return a mapping as a file that people can keep and change: each column by its heading, else 第n列."""
    sheets = []
    for part in mapping.parts:
        one: dict[str, Any] = {"sheet": part.sheet} if part.sheet else {}
        one["heading_line"] = part.heading_line
        one["columns"] = {name: _naming(part, place) for name, place in part.places.items()}
        sheets.append(one)
    return yaml.safe_dump({"kind": kind, "sheets": sheets}, allow_unicode=True, sort_keys=False)


def _naming(part: ColumnMapping, place: int) -> str:
    heading = part.headings[place] if place < len(part.headings) else ""
    unique = heading and list(part.headings).count(heading) == 1
    return heading if unique else f"第{place + 1}列"


def from_yaml(raw: bytes, *, where: str) -> dict[str, Any]:
    """Return a kept mapping's plain data (kind, sheets of heading_line, columns, sheet); raises DataError."""
    return dict(read_yaml(raw, SHAPE, where=where).data)


def apply_kept(
    kept: Mapping[str, Any], table: Table, columns: Sequence[Column], *, sheets: Sequence[str] = ()
) -> FileProposal:
    """Return the mapping that a kept file gives for this one; what it names and the file lacks is told.

    A kept sheet is looked for by name; where no sheet is named so, each visible sheet that has its headings is read.
    """
    if not table.sheets:
        found = _kept_part(kept["sheets"][0], table, columns)
        return FileProposal(FileMapping((found.mapping,)), found.remarks)
    chosen: dict[str, Proposal] = {}
    for one in kept["sheets"]:
        named = str(one.get("sheet") or "")
        wanted = [named] if named in table.sheets and not sheets else _named(table, sheets) or _visible(table)
        tries: list[Proposal] = []
        for sheet in wanted:
            table.choose(sheet)
            tries.append(_kept_part(one, table, columns))
        whole = [found for found in tries if not found.remarks]
        for found in whole or [max(tries, key=lambda found: found.score)]:
            chosen.setdefault(found.mapping.sheet, found)
    return _of_parts(table, list(chosen.values()))


def _kept_part(kept: Mapping[str, Any], table: Table, columns: Sequence[Column]) -> Proposal:
    heading_line = int(kept["heading_line"])
    lines = list(islice(table.lines(), max(heading_line, LOOK_AT_LINES)))
    headings = cells_of(lines, heading_line)
    width = max((len(line.cells) for line in lines if not line.broken), default=0)
    headings = [*headings, *[""] * (width - len(headings))]
    keys = {heading_key(heading): place for place, heading in reversed(list(enumerate(headings)))}
    names = {column.name for column in columns}
    places: dict[str, int] = {}
    remarks: list[str] = []
    for name, wanted in kept["columns"].items():
        number = _NUMBERED.fullmatch(str(wanted))
        place = int(number[1]) - 1 if number else keys.get(heading_key(str(wanted)), -1)
        if name not in names:
            remarks.append(f"对应关系里的“{name}”不是这张表的栏目")
        elif place < 0:
            remarks.append(f"文件第 {heading_line} 行没有“{wanted}”这一列")
        else:
            places[name] = place
    mapping = mapped(places, heading_line, headings, table.sheet, blank_places(lines, headings))
    return Proposal(mapping, tuple(remarks), len(places))
