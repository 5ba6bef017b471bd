"""Ruled tables of a PDF: rows cut by page breaks, tables one on the other, heads of pages."""

from __future__ import annotations

import io

import pytest

from qifu.engines.official_documents import read_plan
from qifu.engines.official_documents.grid import Row
from qifu.engines.official_documents.load_pdf import load_pdf

canvas = pytest.importorskip("reportlab.pdfgen.canvas", reason="reportlab makes the PDFs of these tests")

SIZE, LEADING, LEFT = 10, 14, 60
EDGES = [60, 90, 290, 430, 530]  # number, measure, units, deadline
HEADING = ["序号", "工作举措", "责任单位", "完成时限"]
LONG = (
    "完善涉企服务专员制度，明确工作职责和服务流程，推动专员走访重点企业全覆盖，及时收集企业诉求并分类交办，"
    "建立交办、督办、反馈、评价的闭环机制，定期通报办理情况，提升企业满意度。"
)
UNITS = "省发展改革委、省经信厅、省财政厅、省人社厅、省司法厅、省市场监管局、省商务厅、省科技厅、省税务局"


def wrapped(text: str, column: int, edges: list[int] = EDGES) -> list[str]:
    """Lines of a cell as a text processor breaks them: as many characters as the column holds."""
    room = (edges[column + 1] - edges[column] - 8) // SIZE
    return [text[i : i + room] for i in range(0, len(text), room)]


class Sheet:
    """Draws boxes of text at exact places; y counts from the top of the page."""

    def __init__(self, width: int = 595, height: int = 842) -> None:
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.cidfonts import UnicodeCIDFont

        pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
        self.stream = io.BytesIO()
        self.height = height
        self.paper = canvas.Canvas(self.stream, pagesize=(width, height))

    def text(self, x: float, y: float, text: str) -> None:
        self.paper.setFont("STSong-Light", SIZE)
        self.paper.drawString(x, self.height - y, text)

    def row(self, top: float, cells: list[list[str]], edges: list[int] = EDGES, *, tall: int = 0) -> float:
        """One ruled row; returns where it ends."""
        bottom = top + max(tall, max(len(c) for c in cells)) * LEADING + 6
        for x in edges:
            self.paper.line(x, self.height - top, x, self.height - bottom)
        for y in (top, bottom):
            self.paper.line(edges[0], self.height - y, edges[-1], self.height - y)
        for i, lines in enumerate(cells):
            for k, line in enumerate(lines):
                self.text(edges[i] + 4, top + LEADING * (k + 1) - 2, line)
        return bottom

    def bytes(self) -> bytes:
        self.paper.save()
        return self.stream.getvalue()


def whole(*texts: str) -> list[list[str]]:
    return [wrapped(t, i) for i, t in enumerate(texts)]


def plan_with_cut_row(*, repeat_heading: bool, head: str = "", measure: str = LONG) -> bytes:
    """Row 2 is cut after its second line; the rest stands on page 2."""
    sheet = Sheet()
    if head:
        sheet.text(250, 30, head)
    sheet.text(200, 70, "关于印发2025年重点任务清单的通知")
    sheet.text(LEFT, 100, "附件")
    sheet.text(230, 130, "重点任务清单")
    y = sheet.row(650, whole(*HEADING))
    y = sheet.row(y, whole("1", "推行证照联办，压减申请材料。", "省数据局", "2025年6月"))
    cut = whole("2", measure, UNITS, "2025年9月")
    sheet.row(y, [lines[:2] for lines in cut])
    sheet.paper.showPage()
    if head:
        sheet.text(250, 30, head)
    y = sheet.row(60, whole(*HEADING)) if repeat_heading else 60
    y = sheet.row(y, [lines[2:] for lines in cut])
    sheet.row(y, whole("3", "编制涉企检查事项清单并向社会公布。", "省司法厅", "2025年12月"))
    sheet.paper.showPage()
    if head:
        sheet.text(250, 30, head)
    sheet.text(LEFT, 80, "（此件公开发布）")
    return sheet.bytes()


@pytest.mark.parametrize("repeat_heading", [False, True])
@pytest.mark.parametrize("head", ["", "重点任务汇编"])
def test_a_row_over_a_page_break_is_one_row_without_doubt(repeat_heading: bool, head: str) -> None:
    plan = read_plan(plan_with_cut_row(repeat_heading=repeat_heading, head=head))
    tasks = plan.plan.tasks
    assert [t.number for t in tasks] == [1, 2, 3]
    assert tasks[1].measure == LONG
    assert [u.name for u in tasks[1].responsible] == UNITS.split("、")
    codes = {i.code for i in plan.plan.irregularities if i.severity != "info"}
    assert not codes & {"row_joined", "cells_separated", "row_shifted", "number_missing", "unit_cut"}


def test_text_is_never_moved_to_a_neighbouring_column() -> None:
    """The rest of a row of which only one narrow column goes on stays in that column."""
    document = load_pdf(plan_with_cut_row(repeat_heading=False, measure="推行证照联办。"))
    rows = [b.texts for b in document if isinstance(b, Row)]
    assert ["2", "推行证照联办。", UNITS, "2025年9月"] in rows


def test_a_row_with_its_own_number_is_not_joined() -> None:
    sheet = Sheet()
    y = sheet.row(700, whole(*HEADING))
    sheet.row(y, whole("1", "推行证照联办，", "省数据局", "2025年6月"))
    sheet.paper.showPage()
    sheet.row(60, whole("2", "编制清单", "", ""))
    rows = [b.texts for b in load_pdf(sheet.bytes()) if isinstance(b, Row)]
    assert [r[0] for r in rows] == ["序号", "1", "2"]


def test_a_whole_row_that_lost_its_number_is_not_swallowed() -> None:
    sheet = Sheet()
    y = sheet.row(700, whole(*HEADING))
    sheet.row(y, whole("1", "推行证照联办。", "省数据局", "2025年6月"))
    sheet.paper.showPage()
    sheet.row(60, whole("", "编制清单。", "省司法厅", "2025年9月"))
    rows = [b.texts for b in load_pdf(sheet.bytes()) if isinstance(b, Row)]
    assert len(rows) == 3


def test_other_columns_on_the_next_page_are_another_table() -> None:
    sheet = Sheet()
    y = sheet.row(700, whole(*HEADING))
    sheet.row(y, whole("1", "推行证照联办，", "省数据局", "2025年6月"))
    sheet.paper.showPage()
    other = [60, 120, 200, 300, 530]
    sheet.row(60, [wrapped(t, i, other) for i, t in enumerate(["", "压减材料。", "", "甲"])], other)
    rows = [b for b in load_pdf(sheet.bytes()) if isinstance(b, Row)]
    assert len(rows) == 3
    assert len({r.table for r in rows}) == 2


def test_a_row_over_three_pages_whose_middle_has_no_line_across() -> None:
    sheet = Sheet()
    y = sheet.row(700, whole(*HEADING))
    cut = whole("1", LONG, UNITS, "2025年6月")
    sheet.row(y, [lines[:2] for lines in cut])
    sheet.paper.showPage()
    for x in EDGES:
        sheet.paper.line(x, sheet.height - 60, x, sheet.height - 90)
    for i in (1, 2):
        sheet.text(EDGES[i] + 4, 74, cut[i][2])
    sheet.paper.showPage()
    sheet.row(60, [lines[3:] for lines in cut])
    rows = [b.texts for b in load_pdf(sheet.bytes()) if isinstance(b, Row)]
    assert rows == [HEADING, ["1", LONG, UNITS, "2025年6月"]]


def test_tables_that_touch_keep_their_own_columns() -> None:
    sheet = Sheet()
    other = [60, 160, 240, 350, 530]
    y = sheet.row(100, whole("甲", "乙", "丙", "丁"))
    y = sheet.row(y, whole("1", "二", "三", "四"))
    y = sheet.row(y, [["子"], ["丑"], ["寅"], ["卯"]], other)
    sheet.row(y, [["辰辰辰"], ["巳巳巳"], ["午午午"], ["未未未未未"]], other)
    rows = [b for b in load_pdf(sheet.bytes()) if isinstance(b, Row)]
    assert [len(r.cells) for r in rows] == [4, 4, 4, 4]
    assert all(c.span == 1 for r in rows for c in r.cells)


def test_a_landscape_page_reads_like_any_other() -> None:
    sheet = Sheet(842, 595)
    edges = [60, 100, 400, 600, 780]
    y = sheet.row(100, [wrapped(t, i, edges) for i, t in enumerate(HEADING)], edges)
    cells = [wrapped(t, i, edges) for i, t in enumerate(["1", LONG, UNITS, "2025年6月"])]
    sheet.row(y, cells, edges)
    rows = [b.texts for b in load_pdf(sheet.bytes()) if isinstance(b, Row)]
    assert rows == [HEADING, ["1", LONG, UNITS, "2025年6月"]]


def test_a_repeated_heading_without_a_line_under_it_is_no_part_of_the_first_row() -> None:
    sheet = Sheet()
    y = sheet.row(100, [[word] for word in HEADING])
    sheet.row(y, [["1"], ["推动专员走访重点企业"], ["省经信厅"], ["2024年3月"]])
    sheet.paper.showPage()
    y = sheet.row(
        100,
        [["序号", "2"], ["工作举措", "编制办事指南"], ["责任单位", "省司法厅"], ["完成时限", "2024年6月"]],
    )
    sheet.row(y, [["3"], ["建立评价机制"], ["省财政厅"], ["2024年9月"]])
    rows = [block.texts for block in load_pdf(sheet.bytes()).blocks if isinstance(block, Row)]
    assert rows == [
        HEADING,
        ["1", "推动专员走访重点企业", "省经信厅", "2024年3月"],
        HEADING,
        ["2", "编制办事指南", "省司法厅", "2024年6月"],
        ["3", "建立评价机制", "省财政厅", "2024年9月"],
    ]
