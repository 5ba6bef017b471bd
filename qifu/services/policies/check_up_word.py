"""A check-up as a Word document: portrait A4, a table for each part, headings repeated on each page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from qifu.foundation.money import format_money
from qifu.services.policies.check_up import CheckUp, Item

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
BODY_FONT, HEADING_FONT = "仿宋", "黑体"
WIDTH = Mm(210 - 40)
ITEMS = (("政策", 5), ("金额", 3), ("依据", 4), ("怎么享受", 4), ("时间", 3))
BASIS = "按平台现有的数据和现行政策自动判断，供企业参考，不是认定结果；标“自报”的以权威来源的数据为准。"


def word(found: CheckUp) -> bytes:
    """Return the document."""
    document = Document()
    _page(document, found)
    _paragraph(document, "政策体检报告", size=18, font=HEADING_FONT, centre=True)
    named = f"{found.enterprise}（{found.uscc}） · {found.day.isoformat()}"
    _paragraph(document, named + (" · 模拟数据" if found.simulated else ""), size=11, centre=True)
    _paragraph(document, "".join(summary(found)), size=12)
    for title, headings, rows, empty in parts(found):
        _paragraph(document, title, size=14, font=HEADING_FONT)
        if rows:
            _table(document, headings, rows)
        else:
            _paragraph(document, empty, size=11)
    _paragraph(document, BASIS, size=10)
    out = io.BytesIO()
    document.core_properties.title, document.core_properties.author = "政策体检报告", "企服"
    document.save(out)
    return out.getvalue()


def summary(found: CheckUp) -> list[str]:
    """Return the totals in sentences; money and taxes apart."""
    waits = f"另有 {len(found.combination.unknown)} 项没有可加的金额。" if found.combination.unknown else ""
    return [
        f"已到账 {len(found.got)} 笔，{format_money(found.got_total)}。",
        f"现在可享 {len(found.can)} 项，按最优合法组合：资金 {format_money(found.cash)}，减免税费 {format_money(found.saving)}。{waits}",
        f"差一项的 {len(found.near) + found.more_near} 项，需补充数据才能判断的 {found.asks} 项。",
    ]


Part = tuple[str, Sequence[tuple[str, int]], list[list[str]], str]


def parts(found: CheckUp) -> Iterable[Part]:
    """Yield each part: title, headings with their widths, rows, and what is said where there are none."""
    yield (
        "一、已享受的", (("政策", 8), ("金额", 4), ("到账日", 4), ("编号", 4)),
        [[one.title, format_money(one.fen), one.paid_on.isoformat(), one.number] for one in found.got], "平台上还没有到账记录。",
    )  # fmt: skip
    yield "二、现在可享的", ITEMS, _items(found.can), "没有。"
    yield "三、快到期的", ITEMS, _items(found.expiring), "30 天内没有到期的。"
    yield "四、错过的", ITEMS, _items(found.missed), "没有。"
    more = (
        f"（列前 {len(found.near)} 项，共 {len(found.near) + found.more_near} 项）" if found.more_near else ""
    )
    yield (
        f"五、差一项的{more}", (("政策", 5), ("距达标还差", 5), ("最省的合法办法", 6), ("金额", 3)),
        [[one.item.title, "；或者 ".join(one.lacks), one.way, one.item.amount] for one in found.near], "没有。",
    )  # fmt: skip
    yield (
        "六、退回风险：要一直保持的条件", (("政策", 5), ("条件", 5), ("留意", 6)),
        [[one.title, one.condition, one.why] for one in found.risks], "没有临近界限、将要到期或自报的条件。",
    )  # fmt: skip
    yield (
        "七、怎样搭配最划算", (("不选", 5), ("为什么", 11)), [[one.title, one.why] for one in found.stacked],
        "可享的政策之间没有就高、不重复享受的限制，可以都要。",
    )  # fmt: skip


def _items(items: Sequence[Item]) -> list[list[str]]:
    return [
        [
            one.title + ("（按自报）" if one.declared else ""),
            f"{one.amount}（{one.money}）" if one.fen is not None and one.amount else one.amount,
            one.clause, one.how_to, one.ends,
        ]
        for one in items
    ]  # fmt: skip


def _page(document: Any, found: CheckUp) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin = section.bottom_margin = Mm(18)
    _run(section.footer.paragraphs[0], f"{found.enterprise} · {found.day.isoformat()}", 9, BODY_FONT)


def _paragraph(document: Any, text: str, *, size: int, font: str = BODY_FONT, centre: bool = False) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_after = Pt(4)
    if centre:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    elif font == HEADING_FONT:
        paragraph.paragraph_format.keep_with_next = True
    _run(paragraph, text, size, font)


def _run(paragraph: Any, text: str, size: int, font: str) -> None:
    run = paragraph.add_run(_CONTROL.sub("", text))
    run.font.size, run.font.name = Pt(size), font
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _table(document: Any, headings: Sequence[tuple[str, int]], rows: list[list[str]]) -> None:
    table = document.add_table(rows=1, cols=len(headings))
    table.style, table.autofit = "Table Grid", False
    total = sum(width for _, width in headings)
    for cell, (title, _) in zip(table.rows[0].cells, headings, strict=True):
        _run(cell.paragraphs[0], title, 10, HEADING_FONT)
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for row in rows:
        line = table.add_row()
        line._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, text in zip(line.cells, row, strict=True):
            _run(cell.paragraphs[0], text, 10, BODY_FONT)
    for line in table.rows:
        for cell, (_, width) in zip(line.cells, headings, strict=True):
            cell.width = int(WIDTH * width / total)
