"""Rows of a file as rows of a list, by a mapping: what is data, what is blank or a total, what is damaged. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qifu.foundation.imports.kinds import SourceRow
from qifu.foundation.imports.mapping import ColumnMapping
from qifu.foundation.imports.table_file import Line, Table

_BARE_NUMBER = re.compile(r"-?[\d,]+(\.\d+)?")
_SCIENTIFIC = re.compile(r"-?\d(\.\d+)?E\+\d+", re.IGNORECASE)
_TOTAL = re.compile(r"[合总小共]\s*计(\s*[:：].*)?|共\s*\d+\s*[家户条人个行](.{0,20})?")


@dataclass(frozen=True, slots=True)
class Reading:
    """One row after the heading: what it is to be taken as. `skipped` says why it is no data row (empty: blank)."""

    line: Line
    row: SourceRow | None
    skipped: str = ""
    broken: str = ""
    broken_column: str = ""
    proposal: str = ""


def readings(table: Table, mapping: ColumnMapping, *, after: int = 0) -> Iterator[Reading]:
    """Yield every row below the heading and after row number `after`, blank ones and totals too."""
    start = max(mapping.heading_line, after)
    heading = [cell.strip() for cell in mapping.headings]
    while heading and not heading[-1]:
        heading.pop()
    places = list(mapping.places.items())
    units = dict(mapping.units)
    for line in table.lines():
        if line.number > start:
            yield _reading(line, places, units, heading)


def _reading(
    line: Line, places: Sequence[tuple[str, int]], units: Mapping[str, str], heading: Sequence[str]
) -> Reading:
    cells = line.cells
    if line.broken:
        return Reading(line, None, broken=line.broken, proposal="请用 Excel 打开原文件，核对这一行后重新导入")
    width = len(cells)
    values: dict[str, str] = {}
    for name, place in places:
        value = cells[place].strip() if place < width else ""
        if value:
            if "\ufffd" in value:
                return Reading(
                    line, None, broken="内容里有无法识别的字符（�）", broken_column=name,
                    proposal="请从原系统重新导出，或手工补上这个字",
                )  # fmt: skip
            if "E+" in value and _SCIENTIFIC.fullmatch(value):
                return Reading(
                    line, None, broken=f"“{value[:40]}”被 Excel 写成了科学计数法，末几位已丢失", broken_column=name,
                    proposal="请把该列设为“文本”格式，重新填写完整号码",
                )  # fmt: skip
            if value[0] == "'" and value[1:2] in ("=", "+", "-", "@"):
                value = value[1:]
        values[name] = value
    if line.is_blank:
        return Reading(line, None)
    first = cells[0].strip() or next(cell.strip() for cell in cells if cell.strip())
    if heading and first == (heading[0] or first) and _is_heading(cells, heading):
        return Reading(line, None, skipped="与表头相同，未作为数据")
    if len(first) <= 24 and _TOTAL.fullmatch(first) and _holds_sums(cells, first):
        return Reading(line, None, skipped=f"“{first}”是合计行，未作为数据")
    for name, unit in units.items():
        value = values.get(name, "")
        if value and _BARE_NUMBER.fullmatch(value):
            values[name] = value + unit
    return Reading(line, SourceRow(line.number, values))


def _holds_sums(cells: Sequence[str], first: str) -> bool:
    """A row of totals has empty cells, and nothing but numbers in the others."""
    others = [cell.strip() for cell in cells if cell.strip() != first]
    return "" in others and all(not cell or _BARE_NUMBER.fullmatch(cell) for cell in others)


def _is_heading(cells: Sequence[str], heading: Sequence[str]) -> bool:
    found = [cell.strip() for cell in cells]
    while found and not found[-1]:
        found.pop()
    return found == list(heading)
