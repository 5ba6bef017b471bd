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
_TOTAL = re.compile(
    r"[合总小共]\s*计(?:\s*[（(][^）)]{0,8}[）)])?(\s*[:：].*|\s*\d[\d,]*\s*[家户条人个行]?)?|[共计]{1,2}\s*\d[\d,]*\s*[家户条人个行](.{0,20})?"
)
_FOOTER = re.compile(
    r"(制\s*表|填\s*表|填\s*报|填\s*制|审\s*核|复\s*核|统\s*计|报\s*送|上\s*报|打\s*印|导\s*出|制\s*单|经\s*办|主管|数据|资料|联系)"
    r"(人|单位|日期|时间|部门|机关|员|来源|截至|截止|领导|电话|方式|负责人)*\s*(（[^）]{0,8}）)?\s*[:：].{0,80}"
    r"|(备\s*注|附\s*注|注|说\s*明|单\s*位|单位负责人|日\s*期|截至日期|截止日期|盖\s*章)\s*\d?\s*[:：].{0,200}"
    r"|第\s*\d+\s*页(\s*[,，/]?\s*共\s*\d+\s*页)?|(本页|合)?(小计|共计|合计)?\s*[:：]?\s*共?\s*\d+\s*[家户条人个行]记?录?"
    r"|(以下空白|以下无正文|无正文|（以下空白）)"
)
"""What stands below a table: who made it, notes, page numbers. A line of it holds nothing else."""


_FOOTER_STARTS = frozenset("制填审复统报上打导经主数资联备附注说单日截盖第本小共合总计以无（(")


@dataclass(frozen=True, slots=True)
class Reading:
    """One row after the heading: what it is to be taken as. `skipped` says why it is no data row (empty: blank)."""

    line: Line
    row: SourceRow | None
    skipped: str = ""
    broken: str = ""
    broken_column: str = ""
    proposal: str = ""


def rows_below(table: Table, mapping: ColumnMapping) -> int:
    """Return how many rows stand below the heading, blank ones and totals too."""
    table.choose(mapping.sheet)
    return sum(1 for line in table.lines() if line.number > mapping.heading_line)


def readings(table: Table, mapping: ColumnMapping, *, skip: int = 0) -> Iterator[Reading]:
    """Yield every row below the heading but the first `skip` of them, blank ones and totals too."""
    start = mapping.heading_line + skip
    heading = [cell.strip() for cell in mapping.headings]
    while heading and not heading[-1]:
        heading.pop()
    places = list(mapping.places.items())
    units = dict(mapping.units)
    table.choose(mapping.sheet)
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
    if first[0] in _FOOTER_STARTS and (what := _beside_the_data(cells, first)):
        return Reading(line, None, skipped=f"“{first[:40]}”是{what}，未作为数据")
    for name, unit in units.items():
        value = values.get(name, "")
        if value and _BARE_NUMBER.fullmatch(value):
            values[name] = value + unit
    return Reading(line, SourceRow(line.number, values))


def _beside_the_data(cells: Sequence[str], first: str) -> str:
    """Return what a line is that belongs to the table and not to the data, or nothing.

    A row of totals has empty cells or none, and nothing but numbers in the others; in a footer every filled cell is one.
    """
    filled = [cell.strip() for cell in cells if cell.strip()]
    others = filled[1:]
    names_a_sum = len(first) <= 40 and _TOTAL.fullmatch(first) and len(filled) < max(len(cells), 2)
    if names_a_sum and all(_BARE_NUMBER.fullmatch(cell) or cell == first for cell in others):
        return "合计行"
    return "表尾说明" if all(_FOOTER.fullmatch(cell) for cell in filled) else ""


def _is_heading(cells: Sequence[str], heading: Sequence[str]) -> bool:
    found = [cell.strip() for cell in cells]
    while found and not found[-1]:
        found.pop()
    return found == list(heading)
