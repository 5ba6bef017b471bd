"""One notice in every format, with merged cells, a repeated heading and a page break, reads the same."""

from __future__ import annotations

import io
from typing import Any

import docx
import pytest
from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Table, TableStyle

from qifu.engines.official_documents import read_plan

HEAD = [
    "示例省人民政府办公室文件",
    "示政办发〔2025〕7号",
    "关于印发2025年重点任务清单的通知",
    "各设区市人民政府：",
    "现将任务清单印发给你们。",
    "示例省人民政府办公室",
    "2025年3月6日",
    "附件",
    "重点任务清单",
]
HEADING = ["序号", "主要任务", "具体措施", "牵头单位", "配合单位", "时间节点"]
ROWS = [
    [
        "1",
        "提升服务",
        "建立企业服务专员制度，明确工作职责。",
        "省经信厅",
        "省财政厅、省人社厅",
        "2025年6月底前",
    ],
    ["2", "", "推行证照联办，全年压减材料三成以上。", "省数据局（省政务服务办）", "省市场监管局等", "三季度"],
    ["3", "规范执法", "编制涉企检查事项清单并向社会公布。", "省司法厅", "/", "持续推进"],
]


def as_text() -> bytes:
    lines = [
        *HEAD,
        "\t".join(HEADING),
        *("\t".join(row) for row in ROWS[:2]),
        "",
        "\t".join(HEADING),
        "\t".join(ROWS[2]),
    ]
    return "\n".join(lines).encode()


def as_pipes() -> bytes:
    rows = [HEADING, ["---"] * 6, *ROWS]
    return "\n\n".join([*HEAD, "\n".join("| " + " | ".join(row) + " |" for row in rows)]).encode()


def as_docx() -> bytes:
    document = docx.Document()
    for text in HEAD:
        document.add_paragraph(text)
    table = document.add_table(rows=0, cols=6)
    for row in [HEADING, *ROWS]:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    table.cell(1, 1).merge(table.cell(2, 1))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def as_html() -> bytes:
    cells = [[f"<td>{text}</td>" for text in row] for row in [HEADING, *ROWS]]
    cells[1][1] = f'<td rowspan="2"><p><span>{ROWS[0][1]}</span></p></td>'
    cells[2][1] = ""
    table = "<table>" + "".join(f"<tr>{''.join(row)}</tr>" for row in cells) + "</table>"
    return f"<html><body>{''.join(f'<p>{t}</p>' for t in HEAD)}{table}</body></html>".encode()


def as_pdf() -> bytes:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    style = ParagraphStyle("plain", fontName="STSong-Light", fontSize=9, leading=12, wordWrap="CJK")
    grid = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black), ("SPAN", (1, 1), (1, 2))])
    widths = [30, 60, 170, 90, 90, 70]

    def table(rows: list[list[str]], shape: Any) -> Table:
        return Table(
            [[Paragraph(text, style) for text in row] for row in rows], colWidths=widths, style=shape
        )

    plain = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black)])
    story = [
        *(Paragraph(text, style) for text in HEAD),
        table([HEADING, *ROWS[:2]], grid),
        PageBreak(),
        table([HEADING, ROWS[2]], plain),
    ]
    out = io.BytesIO()
    SimpleDocTemplate(out).build(story)
    return out.getvalue()


@pytest.mark.parametrize("make", [as_text, as_pipes, as_docx, as_html, as_pdf])
def test_the_same_plan_from_every_format(make: Any) -> None:
    plan = read_plan(make()).plan
    assert (plan.title, plan.document_number) == ("关于印发2025年重点任务清单的通知", "示政办发〔2025〕7号")
    assert plan.issued_on is not None and plan.issued_on.isoformat() == "2025-03-06"
    read = [
        (
            t.number,
            t.group,
            t.measure,
            [u.name for u in t.responsible],
            t.open_list,
            t.deadline and t.deadline.kind,
            t.deadline.due.isoformat() if t.deadline and t.deadline.due else None,
        )
        for t in plan.tasks
    ]
    assert read == [
        (1, "提升服务", ROWS[0][2], ["省经信厅", "省财政厅", "省人社厅"], False, "month", "2025-06-30"),
        (
            2,
            "提升服务",
            ROWS[1][2],
            ["省数据局（省政务服务办）", "省市场监管局"],
            True,
            "quarter",
            "2025-09-30",
        ),
        (3, "规范执法", ROWS[2][2], ["省司法厅"], False, "ongoing", None),
    ]
    assert [i for i in plan.irregularities if i.severity == "error"] == []


def test_pages_are_known_in_pdf_only() -> None:
    assert [t.source.page for t in read_plan(as_pdf()).plan.tasks] == [1, 1, 2]
    assert {t.source.page for t in read_plan(as_docx()).plan.tasks} == {None}
