"""A plan as .docx and as .html (a government site's markup, and what Word saves)."""

from __future__ import annotations

import html
import io
import itertools
import re
from random import Random

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.table import _Row as DocxRow

from .model import PageBreak, Paragraph, Plan, Row, Table
from .render_text import joined


def spans(table: Table) -> dict[tuple[int, int], tuple[int, int]]:
    """Merged cells: (row, column) of the first cell -> (rows, columns) it covers; group columns downwards, headings both ways."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for role in table.merged & set(table.columns):
        column = table.column(role)
        start = None
        for index, row in enumerate(table.rows):
            if row.kind != "data" or row.loose or row.joined:
                start = None
            elif row.cells[column]:
                start = index
                found[(index, column)] = (1, 1)
            elif start is not None:
                found[(start, column)] = (found[(start, column)][0] + 1, 1)
    for index, (row, below) in enumerate(itertools.pairwise(table.rows)):
        if row.kind == below.kind == "heading" and any(not cell for cell in below.cells):
            for column, cell in enumerate(row.cells):
                if not below.cells[column]:
                    found[(index, column)] = (2, 1)
                elif cell:
                    found[(index, column)] = (1, 2)
    return {place: size for place, size in found.items() if size != (1, 1)}


def across(row: Row) -> str | None:
    """The text of a row that is one cell from edge to edge, or None."""
    if row.kind in ("noise", "band"):
        return row.cells[0]
    return joined(row) if row.joined else None


# ---- docx --------------------------------------------------------------------------------------------------------


def as_docx(plan: Plan, random: Random) -> bytes:
    """Word: merged cells downwards and across, page breaks, line breaks or paragraphs inside cells."""
    document = docx.Document()
    paragraphs = random.random() < 0.5
    for block in plan.blocks:
        if isinstance(block, PageBreak):
            document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        elif isinstance(block, Paragraph):
            written = document.add_paragraph(block.text)
            if block.style in ("title", "mark"):
                written.alignment = WD_ALIGN_PARAGRAPH.CENTER
            elif block.style == "sign":
                written.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            if block.style == "title" and written.runs:
                written.runs[0].bold = True
        else:
            _docx_table(document, block, paragraphs)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _docx_table(document: docx.document.Document, table: Table, paragraphs: bool) -> None:
    width = len(table.columns)
    made = document.add_table(rows=len(table.rows), cols=width)
    made.style = "Table Grid"
    grid = [list(row.cells) for row in made.rows]
    for index, row in enumerate(table.rows):
        whole = across(row)
        if whole is not None:
            grid[index][0].merge(grid[index][width - 1]).text = whole
            continue
        for cell, text in zip(grid[index], row.cells, strict=False):
            _fill(cell, text, paragraphs)
        for text in row.cells[width:]:
            _append(made.rows[index], text)
    for (top, column), (rows, columns) in spans(table).items():
        text = table.rows[top].cells[column]
        _fill(grid[top][column].merge(grid[top + rows - 1][column + columns - 1]), text, paragraphs)


def _fill(cell: docx.table._Cell, text: str, paragraphs: bool) -> None:
    for extra in cell.paragraphs[1:]:
        extra._p.getparent().remove(extra._p)
    lines = text.split("\n") if paragraphs else [text]
    cell.paragraphs[0].text = lines[0]
    for line in lines[1:]:
        cell.add_paragraph(line)


def _append(row: DocxRow, text: str) -> None:
    """A cell beyond the table's edge."""
    from copy import deepcopy

    last = deepcopy(row._tr.tc_lst[-1])
    row._tr.append(last)
    for paragraph in last.p_lst[1:]:
        last.remove(paragraph)
    for run in list(last.p_lst[0].r_lst):
        last.p_lst[0].remove(run)
    if text:
        run = last.p_lst[0].add_r()
        run.text = text


# ---- html --------------------------------------------------------------------------------------------------------


def as_html_gov(plan: Plan, random: Random) -> bytes:
    """Markup as on a government site: a content cell, indented paragraphs, plain tables with rowspan and colspan."""
    indent = 'style="text-indent: 2em; margin-top: 0px; margin-bottom: 0px; font-family: 宋体;"'
    centre = 'style="text-align: center; font-family: 宋体;"'
    body = []
    for block in plan.blocks:
        if isinstance(block, Paragraph):
            text = html.escape(block.text, quote=False)
            if block.style == "title":
                body.append(
                    f'<p {centre}><span style="font-size: 18pt; font-weight: bold;">{text}</span></p>'
                )
            elif block.style == "heading":
                body.append(f'<p {indent}><span style="font-weight: bold;">{text}</span></p>')
            else:
                body.append(f"<p {centre if block.style == 'mark' else indent}>{text}</p>")
        elif isinstance(block, PageBreak):
            body.append("<p><br> </p>")
        else:
            body.append(
                _html_table(
                    block,
                    lambda text: html.escape(text, quote=False).replace("\n", "<br>"),
                    'border="1" cellspacing="0"',
                    random,
                )
            )
    title = html.escape(next((p.text for p in plan.paragraphs() if p.style == "title"), ""))
    page = (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><title>' + title + "</title><style>p{margin:0}</style><script>var page=1;</script></head>"
        '<body><div class="header">首页 &gt; 政府信息公开</div><table><tbody><tr><td class="b12c" id="UCAP-CONTENT">'
        + "\n".join(body) + '</td></tr></tbody></table><div class="footer">主办单位：办公室</div></body></html>'
    )  # fmt: skip
    return page.encode()


def as_html_word(plan: Plan, random: Random) -> bytes:
    """What Word saves as a web page: GB 2312 (GB 18030), spans around every run of digits, o:p, &nbsp; in empty cells."""
    body = []
    for block in plan.blocks:
        if isinstance(block, Paragraph):
            style = "text-align:center" if block.style in ("title", "mark") else "text-indent:32.0pt"
            body.append(
                f"<p class=MsoNormal style='{style};mso-char-indent-count:2.0'>{_runs(block.text)}<o:p></o:p></p>"
            )
        elif isinstance(block, PageBreak):
            body.append("<span lang=EN-US><br clear=all style='page-break-before:always'></span>")
        else:
            body.append(
                _html_table(
                    block, _word_cell, "class=MsoNormalTable border=1 cellspacing=0 cellpadding=0", random
                )
            )
    page = (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta http-equiv=Content-Type content="text/html; charset=gb2312">'
        "<meta name=Generator content=\"Microsoft Word 15\"><style><!-- p.MsoNormal {margin:0cm;} --></style></head>\n<body lang=ZH-CN><div class=WordSection1>\n"
        + "\n\n".join(body) + "\n</div></body></html>"
    )  # fmt: skip
    return page.encode("gb18030")


def _runs(text: str) -> str:
    return "".join(
        f"<span lang=EN-US>{html.escape(part, quote=False)}</span>" if re.match(r"[0-9A-Za-z]", part) else f"<span style='font-family:仿宋'>{html.escape(part, quote=False)}</span>"
        for part in re.findall(r"[0-9A-Za-z.]+|[^0-9A-Za-z]+|\.", text)
    )  # fmt: skip


def _word_cell(text: str) -> str:
    lines = text.split("\n") if text else [""]
    return "".join(
        f"<p class=MsoNormal align=center>{_runs(line) if line else '<span lang=EN-US>&nbsp;</span>'}<o:p></o:p></p>"
        for line in lines
    )


def _html_table(table: Table, cell: object, attributes: str, random: Random) -> str:
    assert callable(cell)
    merged = spans(table)
    covered = {
        (top + i, column + j)
        for (top, column), (rows, columns) in merged.items()
        for i in range(rows)
        for j in range(columns)
    } - set(merged)
    head = "th" if random.random() < 0.3 else "td"
    lines = []
    for index, row in enumerate(table.rows):
        whole = across(row)
        if whole is not None:
            lines.append(f"<tr><td colspan={len(table.columns)}>{cell(whole)}</td></tr>")
            continue
        tag = head if row.kind == "heading" else "td"
        cells = []
        for column, text in enumerate(row.cells):
            if (index, column) in covered:
                continue
            down, over = merged.get((index, column), (1, 1))
            span = (f' rowspan="{down}"' if down > 1 else "") + (f' colspan="{over}"' if over > 1 else "")
            cells.append(f"<{tag}{span}>{cell(text)}</{tag}>")
        lines.append("<tr>" + "".join(cells) + "</tr>")
    return f"<table {attributes}>" + "\n".join(lines) + "</table>"
