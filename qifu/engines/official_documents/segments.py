"""Header, body and annexes of a notice: which paragraphs are text and which rows belong to which table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .characters import bare, squeeze
from .grid import Paragraph, Row, SourceDocument
from .layouts import as_rows
from .paragraph_marks import heading_level, is_page_number, read_date, read_number
from .record import record_line
from .tables import RawTable, TableCollector

_ANNEX = re.compile(r"^附\s*[件表录]\s*[\d一二三四五六七八九十]*\s*[:：.、]?\s*(?P<title>.*)$")
_ANNEX_LIST = re.compile(r"^附\s*[件表]\s*[:：]\s*\S")
_TAIL = re.compile(
    r"^(?:抄\s*送|抄\s*报|[（(]?\s*此件|注[:：]|备注[:：]|印发|公开属性|签发|联系人|填表说明|说明[:：]|[\u4e00-\u9fff]{4,30}(?:办公室|委员会|专班|政府)\s*20\d\d)"
)

_DUTY = re.compile(r"[（(〔\[【](?:牵头|责任|主办|主责)(?:单位|部门)[:：][^（）()]*[）)〕\]】]。?$")


@dataclass(slots=True)
class Segments:
    paragraphs: list[Paragraph] = field(default_factory=list)  # header, body and closing marks
    tables: list[RawTable] = field(default_factory=list)


def segment(document: SourceDocument) -> Segments:
    """Splits the stream of blocks."""
    result = Segments()
    collector = TableCollector()
    blocks = as_rows(document.blocks)
    rows = [i for i, b in enumerate(blocks) if isinstance(b, Row)]
    last_row = rows[-1] if rows else -1
    in_annex = False
    framed = _frames(document)
    for index, block in enumerate(blocks):
        if isinstance(block, Row) and block.ruled and block.table in framed:
            result.paragraphs += _framed_lines(block)
            continue
        if isinstance(block, Row):
            if _single(block) and not collector.holds(block):
                _paragraph(
                    Paragraph(" ".join(t for t in block.texts if t.strip()), block.line, block.page),
                    result,
                    collector,
                    in_annex,
                    index < last_row,
                )
            else:
                collector.add_row(block)
            continue
        text = squeeze(block.text)
        if not text or is_page_number(text):
            continue
        if (
            (match := _ANNEX.match(text))
            and not _ANNEX_LIST.match(text)
            and len(text) < 60
            and not text.endswith("。")
        ):
            in_annex = True
            collector.heading_text(match["title"], True)
            continue
        _paragraph(block, result, collector, in_annex, index < last_row)
    result.tables = collector.tables
    return result


def _frames(document: SourceDocument) -> set[int]:
    """Ruled tables that only lay out the head, the signature or a site's record of the document."""
    tables: dict[int, list[Row]] = {}
    for block in document.blocks:
        if isinstance(block, Row) and block.ruled:
            tables.setdefault(block.table, []).append(block)
    return {number for number, rows in tables.items() if _is_record(rows) or _is_head(rows)}


def _is_record(rows: list[Row]) -> bool:
    return len(rows) <= 12 and 2 * sum(record_line(_cells(row)) is not None for row in rows) > len(rows)


def _is_head(rows: list[Row]) -> bool:
    """Few cells, each a piece of a document's head or signature, and no sentence."""
    texts = [squeeze(t) for row in rows for t in row.texts if t.strip()]
    if not texts or len(rows) > 4 or len(texts) > 6 or any(len(t) > 60 or "。" in t for t in texts):
        return False
    telling = [
        t
        for t in texts
        if read_number(t) or read_date(t) or re.search(r"签发人|文件$|^(?:特急|加急)|抄送|印发$", t)
    ]
    return bool(telling) and 2 * len(telling) >= len(texts)


def _cells(row: Row) -> list[str]:
    return [c.text for c in row.cells if not c.merged or c.text.strip()]


def _framed_lines(row: Row) -> list[Paragraph]:
    """The row as lines of text: a record's row as one, else each cell for itself (with 文件 behind its issuer)."""
    if line := record_line(_cells(row)):
        return [Paragraph(line, row.line, row.page)]
    texts = [t for cell in row.cells for t in cell.text.split("\n") if t.strip()]
    if len(texts) > 1 and bare(texts[-1]) == "文件":
        texts = ["".join(texts)]
    return [Paragraph(t, row.line, row.page) for t in texts]


def _single(row: Row) -> bool:
    """A one-cell table is a frame around text."""
    return len(row.cells) == 1 and row.ruled


def _paragraph(
    block: Paragraph, result: Segments, collector: TableCollector, in_annex: bool, rows_follow: bool
) -> None:
    text = squeeze(block.text)
    if rows_follow and len(text) < 20 and re.match(r"^[（(]?(?:计量)?单位\s*[:：]", text):
        collector.heading_text(text, False)
        return
    in_lines = collector.is_open and not collector.open_is_ruled and (rows_follow or in_annex)
    body_text = heading_level(text) in (1, 2) and (
        (len(text) > 40 and not in_annex) or bool(_DUTY.search(text))
    )
    if in_lines and not body_text and len(text) > 1 and not _TAIL.match(text) and not read_date(text):
        collector.add_loose(block)
        return
    if heading_level(text) in (1, 2) and len(text) < 40 and "。" not in text and rows_follow:
        collector.section(text)
        if in_annex or collector.is_open:
            return
    if in_annex and not _TAIL.match(text) and len(text) < 60 and "。" not in text:
        collector.heading_text(text, False)
        return
    if (
        not collector.is_open
        and not in_annex
        and rows_follow
        and len(text) < 40
        and text.endswith(("表", "清单", "分工", "任务"))
    ):
        collector.heading_text(text, True)
    result.paragraphs.append(block)
