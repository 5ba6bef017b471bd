"""A queue as an Excel workbook: what is filtered, text kept as text, ready to print on A4 landscape."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import datetime

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill

from qifu.foundation.working_days import SHANGHAI
from qifu.services.enterprise_problems.queries.lines import Line

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
HEADINGS = (
    ("编号", 24), ("诉求", 50), ("企业", 30), ("区划", 18), ("环节", 12), ("主办单位", 24), ("最近期限", 18), ("期限情况", 18), ("板块", 12),
    ("事由", 18), ("难易", 8), ("来源渠道", 12), ("外部编号", 20), ("收到时间", 18), ("办结时间", 18), ("结果", 12),
)  # fmt: skip


def excel(title: str, chosen: str, lines: Sequence[Line]) -> bytes:
    """Return the workbook of the lines; contacts are never in it."""
    book = Workbook(write_only=True)
    page = book.create_sheet("涉企问题")
    page.freeze_panes = "C4"
    for number, (_, width) in enumerate(HEADINGS):
        page.column_dimensions[chr(ord("A") + number)].width = width
    page.append([_cell(page, title, bold=True)])
    page.append([_cell(page, f"内部材料，不得公开 · {chosen}")])
    page.append([_cell(page, heading, bold=True, fill=True) for heading, _ in HEADINGS])
    for line in lines:
        page.append([_cell(page, value) for value in _row(line)])
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", 9
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = "3:3"
    page.oddFooter.right.text = "第 &P 页，共 &N 页"
    page.oddHeader.right.text = "内部"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _row(line: Line) -> tuple[str, ...]:
    case, problem = line.case, line.problem
    due = f"{line.due.clock}：{line.due.words}" if line.due.clock else line.due.words
    return (
        case.number, case.title, problem.enterprise_name, line.place, line.state, line.lead, _moment(line.seen.due_at), due, line.board,
        line.topic, line.difficulty, line.channel, problem.outside_number, _moment(case.opened_at), _moment(line.seen.closed_at), line.result,
    )  # fmt: skip


def _moment(at: datetime | None) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at else ""


def _cell(page: object, value: str, *, bold: bool = False, fill: bool = False) -> WriteOnlyCell:
    cell = WriteOnlyCell(page, value=_safe(value))
    cell.data_type = "s"
    cell.alignment = Alignment(vertical="top", wrap_text=not bold)
    if bold:
        cell.font = Font(bold=True)
    if fill:
        cell.fill = PatternFill("solid", start_color="E8EFFD")
    return cell


def _safe(text: str) -> str:
    """Return text that no spreadsheet program runs as a formula."""
    plain = _CONTROL.sub("", text)[:32_000]
    return f"'{plain}" if plain.startswith(_DANGEROUS) else plain
