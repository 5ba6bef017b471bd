"""Text PDFs into blocks: ruled tables from their lines, other text as lines joined to paragraphs."""

from __future__ import annotations

import re
from collections import Counter

from .grid import Cell, Paragraph, Row, SourceDocument, UnreadableDocument
from .headers import is_heading_row
from .load_text import ENDS_TABLE, body_begins
from .paragraph_marks import ends_title, heading_level, is_page_number
from .pdf_lines import (
    FINE,
    LooseLine,
    at_margin,
    cell_text,
    column_starts,
    column_words,
    common_starts,
    cut_at,
    in_pieces,
    is_heading_line,
    is_running_text,
    line_text,
    page_starts,
    row_groups,
    running_heads,
    shape,
    table_begins,
    text_lines,
    text_rights,
    words_of,
)
from .pdf_pages import Glyph, Page, read_pages, ruled_grids
from .pdf_tables import RuledRow, continues, heading_apart, inside, ruled_rows

_SCANNED = "这份 PDF 里没有文字，像是扫描件（如盖章件）。"
_SCANNED_REMEDY = "请上传有文字的电子版（.docx 或从 Word 直接导出的 PDF），或先做文字识别再上传。"


def load_pdf(data: bytes) -> SourceDocument:
    """Blocks of a PDF that carries text; pages from 1."""
    pages = read_pages(data)
    if sum(len(p.glyphs) for p in pages) < 20:
        raise UnreadableDocument(_SCANNED, _SCANNED_REMEDY)
    document = SourceDocument("pdf")
    builder = _Builder(document, running_heads(pages))
    for page in pages:
        builder.page(page)
    return builder.finished()


class _Builder:
    def __init__(self, document: SourceDocument, running: set[str]) -> None:
        self.document = document
        self.running = running  # heads and feet of pages
        self.line = 0
        self.table = 0
        self.loose: list[LooseLine] = []
        self.heading: RuledRow | None = None  # the last heading row of a ruled table
        self.cut: RuledRow | None = None  # the last ruled row, as long as nothing but page numbers follows it

    def page(self, page: Page) -> None:
        grids = [g for g in ruled_grids(page) if len(g.owner) >= 4]
        free = [g for g in page.glyphs if not any(inside(g, grid) for grid in grids)]
        lines = [
            line for line in text_lines(free) if not (at_margin(line, page) and shape(line) in self.running)
        ]
        right = max((line[-1].x1 for line in lines), default=page.width)
        pending = [(line[0].top, line) for line in lines]
        for grid in grids:
            for item in [p for p in pending if p[0] < grid.ys[0]]:
                self._text(item[1], page.number, right)
            pending = [p for p in pending if p[0] >= grid.ys[0]]
            self._flush()
            self._rows(ruled_rows(grid, page))
        for _, line in pending:
            self._text(line, page.number, right)

    def _text(self, line: list[Glyph], page: int, right: float) -> None:
        text = line_text(line).strip()
        if not is_page_number(text):
            self.loose.append(LooseLine(text, line, page, right))
            self.cut = None

    def _rows(self, rows: list[RuledRow]) -> None:
        """Rows of one grid; what goes on from the page before is added to the row it belongs to."""
        if self.heading is not None:
            rows = [*heading_apart(rows[0], self.heading), *rows[1:]]
        goes_on = self.cut is not None and self.cut.xs_like(rows[0]) and not is_heading_row(rows[0].texts)
        self.table += not goes_on  # a table without a second heading is one table
        at_top = True
        for ruled in rows:
            if at_top and self.cut is not None and continues(self.cut, ruled):
                self.cut.extend(ruled)
                continue
            texts = ruled.texts
            heading = at_top and is_heading_row(texts)
            at_top = heading
            if not (any(texts) or any(c.merged for c in ruled.row.cells)):
                continue
            self.line += 1
            ruled.number(self.line, self.table)
            self.document.blocks.append(ruled.row)
            self.heading = ruled if heading else self.heading
            if not (heading and self.cut is not None and self.cut.xs_like(ruled)):
                self.cut = ruled

    def _flush(self) -> None:
        """Lines outside ruled tables: tables without lines where words stand in columns, else paragraphs."""
        lines, self.loose = self.loose, []
        while lines:
            at = next((i for i in range(len(lines)) if table_begins(lines, i)), None)
            if at is None:
                self._paragraphs(lines)
                return
            self._paragraphs(lines[:at])
            end = next(
                (
                    i
                    for i in range(at + 1, len(lines))
                    if ENDS_TABLE.match(lines[i].text.strip())
                    or is_heading_line(lines[i].glyphs)
                    or body_begins(in_pieces(lines[i]), [in_pieces(line) for line in lines[i + 1 : i + 2]])
                ),
                len(lines),
            )
            self._unruled(lines[at:end])
            lines = lines[end:]

    def _unruled(self, lines: list[LooseLine]) -> None:
        """A table without ruling lines: columns by bands of white, rows by larger gaps between lines."""
        size = max(lines[0].glyphs[0].bottom - lines[0].glyphs[0].top, 4.0)
        edges = common_starts(lines, size)
        words = [
            [(round(w[0].x0 * FINE), round(w[-1].x1 * FINE)) for w in column_words(line.glyphs, size, edges)]
            for line in lines
        ]
        edge = min(w[0][0] for w in words)
        full = [w for w in words if not (len(w) == 1 and w[0][0] <= edge + 4 * FINE)]
        whole = column_starts(full or words, is_heading_line(lines[0].glyphs))
        by_page = {
            page: page_starts(lines, words, page, edge, whole) for page in {line.page for line in lines}
        }
        self.table += 1
        for group in row_groups(lines):
            cuts = by_page[group[0].page]
            rights = text_rights(lines, cuts, group[0].page)
            if len(group) == 1 and is_running_text(group[0], cuts, edge, size):
                self._add([group[0].text.strip()], group[0].page)
                continue
            self.line += 1
            cells: list[list[Glyph]] = [[] for _ in cuts]
            for line in group:
                for word in cut_at(words_of(line.glyphs, size * 0.1), cuts):
                    at = max((i for i, cut in enumerate(cuts) if cut <= word[0].x0 + 1.5), default=0)
                    cells[at].extend(word)  # a run without white over several columns is one cell
            page = group[0].page
            texts = [cell_text([g], rights[i]) if g else "" for i, g in enumerate(cells)]
            row = Row(
                [Cell(t, self.line, i, page) for i, t in enumerate(texts, 1)],
                self.line,
                page,
                self.table,
                True,
            )
            self.document.blocks.append(row)

    def _paragraphs(self, lines: list[LooseLine]) -> None:
        if not lines:
            return
        margin = Counter(round(line.glyphs[0].x0) for line in lines).most_common(1)[0][0]
        current: list[str] = []
        begun = 0
        last_full = False
        for line in lines:
            x0, x1, page = line.glyphs[0].x0, line.glyphs[-1].x1, line.page
            plain = re.sub(r"(?<=\S) {2,}(?=\S)", " ", line.text.strip())
            goes_on = (
                bool(current)
                and last_full
                and x0 <= margin + 6
                and not heading_level(plain)
                and not (_is_title(current) or plain.endswith("："))
            )
            if not goes_on and current:
                self._add(current, begun)
                current = []
            if not current:
                begun = page
            current.append(plain)
            last_full = x1 > line.right - 20 and x0 <= margin + 60
        if current:
            self._add(current, begun)

    def _add(self, lines: list[str], page: int) -> None:
        self.line += 1
        self.document.blocks.append(Paragraph("".join(lines), self.line, page))

    def finished(self) -> SourceDocument:
        """The document after the last lines."""
        self._flush()
        return self.document


def _is_title(lines: list[str]) -> bool:
    """True when the lines so far are a whole title, not a sentence that happens to have a title's last word."""
    return ends_title(lines[-1]) and "。" not in "".join(lines)
