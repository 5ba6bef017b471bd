"""Text PDFs into blocks: ruled tables from their lines, other text as lines joined to paragraphs."""

from __future__ import annotations

import ctypes
import itertools
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

from .body import ends_title, heading_level, is_page_number
from .grid import Cell, Paragraph, Row, SourceDocument, UnreadableDocument
from .headers import is_heading_row
from .load_text import ENDS_TABLE, column_cuts

_CLOSE = 2.0  # points within which two ruling lines are one
_MOST_PAGES = 300
_SCANNED = "这份 PDF 里没有文字，像是扫描件（如盖章件）。"
_SCANNED_REMEDY = "请上传有文字的电子版（.docx 或从 Word 直接导出的 PDF），或先做文字识别再上传。"


@dataclass(slots=True)
class Glyph:
    """One character with its box; y grows downward from the top of the page."""

    text: str
    x0: float
    x1: float
    top: float
    bottom: float

    @property
    def middle(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.top + self.bottom) / 2


@dataclass(slots=True)
class _Page:
    number: int
    width: float
    height: float
    glyphs: list[Glyph] = field(default_factory=list)
    across: list[tuple[float, float, float]] = field(default_factory=list)  # y, x0, x1
    down: list[tuple[float, float, float]] = field(default_factory=list)  # x, top, bottom


@dataclass(slots=True)
class _Grid:
    """A ruled table: grid lines and for each grid place the merged cell that covers it."""

    xs: list[float]
    ys: list[float]
    owner: dict[tuple[int, int], tuple[int, int]]

    @property
    def box(self) -> tuple[float, float, float, float]:
        return self.xs[0], self.ys[0], self.xs[-1], self.ys[-1]


def load_pdf(data: bytes) -> SourceDocument:
    """Blocks of a PDF that carries text; pages from 1."""
    pages = _pages(data)
    if sum(len(p.glyphs) for p in pages) < 20:
        raise UnreadableDocument(_SCANNED, _SCANNED_REMEDY)
    document = SourceDocument("pdf")
    builder = _Builder(document)
    for page in pages:
        builder.page(page)
    return builder.finished()


def _pages(data: bytes) -> list[_Page]:
    try:
        file = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise UnreadableDocument("这份 PDF 加了密码，打不开。", "请去掉密码后重新上传。") from error
        raise UnreadableDocument("这份 PDF 已损坏，打不开。", "请重新导出 PDF，或上传 .docx 原件。") from error
    try:
        if len(file) > _MOST_PAGES:
            raise UnreadableDocument(f"这份 PDF 有{len(file)}页，超过{_MOST_PAGES}页。", "请只上传通知正文和附件所在的页。")
        return [_page(file, number) for number in range(len(file))]
    except pdfium.PdfiumError as error:
        raise UnreadableDocument("这份 PDF 已损坏，有的页打不开。", "请重新导出 PDF，或上传 .docx 原件。") from error
    finally:
        file.close()


def _page(file: pdfium.PdfDocument, index: int) -> _Page:
    source = file[index]
    width, height = source.get_size()
    page = _Page(index + 1, width, height)
    text = source.get_textpage()
    page.glyphs = _glyphs(text, height)
    for item in source.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=4):
        _ruling(item, page)
    text.close()
    source.close()
    return page


def _glyphs(text: Any, height: float) -> list[Glyph]:
    glyphs: list[Glyph] = []
    handle = text.raw
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    box = raw.FS_RECTF()
    for i in range(raw.FPDFText_CountChars(handle)):
        code = raw.FPDFText_GetUnicode(handle, i)
        if code in (0, 0xFFFE, 0xFFFF, 10, 13) or raw.FPDFText_IsGenerated(handle, i) == 1:
            continue
        if raw.FPDFText_GetLooseCharBox(handle, i, box):
            x0, x1, low, high = box.left, box.right, box.bottom, box.top
        elif raw.FPDFText_GetCharBox(handle, i, left, right, bottom, top):
            x0, x1, low, high = left.value, right.value, bottom.value, top.value
        else:
            continue
        glyphs.append(Glyph(chr(code) if code < 0x110000 else "", x0, x1, height - high, height - low))
    return glyphs


def _ruling(item: Any, page: _Page) -> None:
    """Straight thin paths are ruling lines; each side of a box counts as one."""
    try:
        left, bottom, right, top = item.get_bounds() if hasattr(item, "get_bounds") else item.get_pos()
    except pdfium.PdfiumError:
        return
    y0, y1 = page.height - top, page.height - bottom
    wide, tall = right - left, y1 - y0
    if wide < 2 and tall < 2:
        return
    if tall <= 3:
        page.across.append(((y0 + y1) / 2, left, right))
    elif wide <= 3:
        page.down.append(((left + right) / 2, y0, y1))
    elif wide > 6 and tall > 6 and raw.FPDFPath_CountSegments(item.raw) <= 6 and wide < page.width * 0.98:
        page.across += [(y0, left, right), (y1, left, right)]
        page.down += [(left, y0, y1), (right, y0, y1)]
    else:
        _segments(item, page)


def _segments(item: Any, page: _Page) -> None:
    """Lines drawn together in one path."""
    matrix = item.get_matrix()
    last: tuple[float, float] | None = None
    x, y = ctypes.c_float(), ctypes.c_float()
    for i in range(min(raw.FPDFPath_CountSegments(item.raw), 4000)):
        segment = raw.FPDFPath_GetPathSegment(item.raw, i)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        px, py = matrix.on_point(x.value, y.value)
        point = (px, page.height - py)
        if raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_LINETO and last is not None:
            if abs(point[1] - last[1]) < 1 and abs(point[0] - last[0]) > 2:
                page.across.append((point[1], min(point[0], last[0]), max(point[0], last[0])))
            elif abs(point[0] - last[0]) < 1 and abs(point[1] - last[1]) > 2:
                page.down.append((point[0], min(point[1], last[1]), max(point[1], last[1])))
        last = point


# -- ruled tables

def _grids(page: _Page) -> list[_Grid]:
    if len(page.across) < 2 or len(page.down) < 2:
        return []
    groups = _connected(page)
    grids = []
    for across, down in groups:
        # a table that a page break cut has no line at the cut; the ends of the other lines show its edge
        xs = _merged_values([x for x, _, _ in down] + _outer([a[1:] for a in across], [d[0] for d in down]))
        ys = _merged_values([y for y, _, _ in across] + _outer([d[1:] for d in down], [a[0] for a in across]))
        if len(xs) >= 3 and len(ys) >= 2:
            grids.append(_Grid(xs, ys, _owners(xs, ys, across, down)))
    return sorted(grids, key=lambda g: g.ys[0])


def _outer(ends: list[tuple[float, float]], known: list[float]) -> list[float]:
    """Ends that lie well outside the known lines."""
    first, last = min(e[0] for e in ends), max(e[1] for e in ends)
    return [v for v, outside in ((first, first < min(known) - 4), (last, last > max(known) + 4)) if outside]


_Lines = list[tuple[float, float, float]]


def _connected(page: _Page) -> list[tuple[_Lines, _Lines]]:
    """Ruling lines that touch one another belong to one table; tables apart vertically are apart."""
    down = sorted(page.down, key=lambda d: d[1])
    bands: list[list[float]] = []
    for _, top, bottom in sorted(((0.0, d[1], d[2]) for d in down), key=lambda d: d[1]):
        if bands and top <= bands[-1][1] + _CLOSE:
            bands[-1][1] = max(bands[-1][1], bottom)
        else:
            bands.append([top, bottom])
    groups = []
    for top, bottom in bands:
        across = [a for a in page.across if top - _CLOSE * 2 <= a[0] <= bottom + _CLOSE * 2]
        inside = [d for d in down if top - _CLOSE <= d[1] and d[2] <= bottom + _CLOSE]
        if len(across) >= 2 and len(inside) >= 2:
            groups.append((across, inside))
    return groups


def _merged_values(values: list[float]) -> list[float]:
    merged: list[float] = []
    for value in sorted(values):
        if not merged or value - merged[-1] > _CLOSE * 1.5:
            merged.append(value)
    return merged


def _owners(xs: list[float], ys: list[float], across: _Lines, down: _Lines) -> dict[tuple[int, int], tuple[int, int]]:
    """Grid places without a line between them are one cell, owned by its upper left place."""
    owner: dict[tuple[int, int], tuple[int, int]] = {}
    for r in range(len(ys) - 1):
        for c in range(len(xs) - 1):
            place = (r, c)
            above = owner.get((r - 1, c))
            left = owner.get((r, c - 1))
            if above is not None and not _drawn(across, ys[r], xs[c], xs[c + 1]):
                place = above
            elif left is not None and not _drawn(down, xs[c], ys[r], ys[r + 1]):
                place = left
            owner[(r, c)] = place
    return owner


def _drawn(lines: _Lines, at: float, start: float, end: float) -> bool:
    middle = (start + end) / 2
    return any(abs(value - at) <= _CLOSE * 1.5 and low - _CLOSE <= middle <= high + _CLOSE for value, low, high in lines)


# -- text

def _lines(glyphs: list[Glyph]) -> list[list[Glyph]]:
    """Glyphs on one baseline, from top to bottom, each line from left to right."""
    lines: list[list[Glyph]] = []
    middle = 0.0
    for glyph in sorted((g for g in glyphs if g.text.strip()), key=lambda g: (g.middle[1], g.x0)):
        height = max(glyph.bottom - glyph.top, 1.0)
        at = glyph.middle[1]
        if lines and abs(middle - at) < height * 0.5:
            lines[-1].append(glyph)
            middle += (at - middle) / min(len(lines[-1]), 8)
        else:
            lines.append([glyph])
            middle = at
    return [sorted(line, key=lambda g: g.x0) for line in lines]


def _line_text(line: list[Glyph]) -> str:
    """A line's characters; a gap wider than a third of a character is a blank."""
    text = ""
    for i, glyph in enumerate(line):
        if i:
            size = max(glyph.bottom - glyph.top, 1.0) * 0.9
            gap = glyph.x0 - line[i - 1].x1
            if gap > size * 0.33:
                text += " " * max(1, round(gap / (size * 0.5)))
        text += glyph.text
    return text


def _cell_text(glyphs: list[Glyph], right: float) -> str:
    """Lines of a cell joined, except where a line ends well before `right` or the next begins a numbered item."""
    lines = _lines(glyphs)
    text = ""
    for i, line in enumerate(lines):
        piece = re.sub(r" {2,}", " ", _line_text(line))
        if i:
            before = lines[i - 1]
            size = max(line[0].bottom - line[0].top, 1.0)
            short = before[-1].x1 < right - size * 2.2
            starts = bool(re.match(r"^\s*(?:\d{1,2}[.．、](?!\d)|[（(]\d{1,2}[)）]|[①-⑳])", piece))
            ended = text.rstrip().endswith(("。", "；", ";"))
            starts = starts or (text.isdigit() and piece.strip().isdigit() and int(piece) == int(text) + 1)
            ended = ended or text.isdigit()
            latin = text[-1:].isascii() and text[-1:].isalnum() and piece[:1].isascii() and piece[:1].isalpha()
            stop = piece.lstrip()[:1] in "。，、；：）”》!！"
            text += "\n" if not stop and ((starts and ended) or short) else " " if latin else ""
        text += piece
    return text.strip()


@dataclass(slots=True)
class _Loose:
    """A line outside ruled tables; `right` is where the page's text ends."""

    text: str
    glyphs: list[Glyph]
    page: int
    right: float


def _words(line: list[Glyph], gap: float) -> list[list[Glyph]]:
    """The line cut where the white between two characters is wider than `gap`."""
    words: list[list[Glyph]] = []
    for glyph in line:
        if words and glyph.x0 - words[-1][-1].x1 <= gap:
            words[-1].append(glyph)
        else:
            words.append([glyph])
    return words


def _heading_words(line: list[Glyph]) -> bool:
    size = max(line[0].bottom - line[0].top, 4.0)
    words = ["".join(g.text for g in word) for word in _words(line, size * 0.8)]
    return len(words) >= 3 and is_heading_row(words)


def _table_begins(lines: list[_Loose], at: int) -> bool:
    """A heading row, or three lines running with three words apart in each."""
    if _heading_words(lines[at].glyphs):
        return True
    near = lines[at : at + 5]
    apart = [len(_words(line.glyphs, max(line.glyphs[0].bottom - line.glyphs[0].top, 4.0) * 0.8)) >= 3 for line in near]
    return apart[0] and sum(apart) >= 3


def _row_gap(gaps: list[float], tall: float) -> float:
    """The white between lines above which a new row begins, just above the gaps inside rows; -1 when all are alike."""
    near = sorted(g for g in gaps if g <= min(gaps) + tall * 1.5)
    if not near or near[0] >= tall * 0.55 or near[-1] - near[0] < tall * 0.25:
        return -1.0
    for low, high in itertools.pairwise(near):
        if high - low > tall * 0.3:
            return (low + high) / 2
    return (near[0] + near[-1]) / 2


def _row_groups(lines: list[_Loose]) -> list[list[_Loose]]:
    """Lines of one table row: set closer together than rows are."""
    gaps = [max(0.0, min(g.top for g in b.glyphs) - max(g.bottom for g in a.glyphs)) for a, b in itertools.pairwise(lines) if a.page == b.page]
    tall = max(lines[0].glyphs[0].bottom - lines[0].glyphs[0].top, 4.0)
    limit = _row_gap(gaps, tall)
    groups: list[list[_Loose]] = []
    for i, line in enumerate(lines):
        before = lines[i - 1] if i else None
        gap = min(g.top for g in line.glyphs) - max(g.bottom for g in before.glyphs) if before else 0.0
        starts = False
        if before and _heading_words(before.glyphs):
            words = _words(line.glyphs, tall * 0.8)
            starts = gap > tall * 0.55 or any(len(w) > 4 or any(g.text.isdigit() for g in w) for w in words)
            limit_here = gap
        else:
            limit_here = limit
        if before and before.page == line.page and gap <= limit_here and not starts:
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _common_starts(lines: list[_Loose], size: float) -> set[int]:
    """Positions at which words begin in three lines or more."""
    starts = Counter(round(word[0].x0) for line in lines for word in _words(line.glyphs, size * 0.5))
    return {x for x, count in starts.items() if count >= 3}


def _column_words(line: list[Glyph], size: float, edges: set[int]) -> list[list[Glyph]]:
    """Words of a line; a closing mark that hangs over its column's edge does not bridge the gap to the next column."""
    words: list[list[Glyph]] = []
    for word in _words(line, size * 0.1):
        begin = 0
        for at in range(1, len(word)):
            if word[at - 1].text in "、，。；：）" and round(word[at].x0) in edges:
                words.append(_trimmed(word[begin:at]))
                begin = at
        words.append(word[begin:])
    return words


def _trimmed(word: list[Glyph]) -> list[Glyph]:
    """The word without the white half of its closing mark."""
    last = word[-1]
    return [*word[:-1], Glyph(last.text, last.x0, last.x0 + (last.x1 - last.x0) * 0.3, last.top, last.bottom)]


_FINE = 4  # positions are counted in quarters of a point


def _cuts(words: list[list[tuple[int, int]]], headed: bool) -> list[float]:
    """Where columns begin, in points; many lines make a narrow white band certain."""
    lines = [[(max(0, a), b) for a, b in line] for line in words]
    return [cut / _FINE for cut in column_cuts(lines, 5 if len(lines) >= 8 else 8, headed=headed)]


def _is_text(line: _Loose, cuts: list[float], edge: int, size: float) -> bool:
    """A line that runs over the columns without a gap is a paragraph, unless it begins like a numbered row."""
    runs_over = len(_words(line.glyphs, size)) == 1 and line.glyphs[0].x0 <= edge / _FINE + 4 and len(cuts) > 2 and line.glyphs[-1].x1 > cuts[1]
    return runs_over and (len(cuts) < 4 or not re.match(r"^\s*[（(]?\d", line.text))


def _page_cuts(lines: list[_Loose], words: list[list[tuple[int, int]]], page: int, edge: int, whole: list[float]) -> list[float]:
    """The columns of one page, where they differ from those of the whole table."""
    own = [w for line, w in zip(lines, words, strict=True) if line.page == page and not (len(w) == 1 and w[0][0] <= edge + 4 * _FINE)]
    if len(own) < 3:
        return whole
    cuts = _cuts(own, lines[0].page == page and _heading_words(lines[0].glyphs))
    return cuts if len(cuts) > len(whole) else whole


def _text_rights(lines: list[_Loose], cuts: list[float], page: int) -> list[float]:
    """Where the text of each column ends on a page."""
    rights = [0.0] * len(cuts)
    for line in lines:
        if line.page == page:
            for glyph in line.glyphs:
                column = max((i for i, cut in enumerate(cuts) if cut <= glyph.x0 + 1.5), default=0)
                rights[column] = max(rights[column], glyph.x1)
    return rights


def _cut_at(words: list[list[Glyph]], cuts: list[float]) -> list[list[Glyph]]:
    """Runs of text that fill a column to its edge are cut where the next column's text begins."""
    pieces: list[list[Glyph]] = []
    for word in words:
        current = [word[0]]
        for before, glyph in itertools.pairwise(word):
            if any(abs(glyph.x0 - cut) <= 0.8 and before.x1 <= cut + 0.8 for cut in cuts):
                pieces.append(current)
                current = []
            current.append(glyph)
        pieces.append(current)
    return pieces


class _Builder:
    def __init__(self, document: SourceDocument) -> None:
        self.document = document
        self.line = 0
        self.table = 0
        self.loose: list[_Loose] = []

    def page(self, page: _Page) -> None:
        grids = [g for g in _grids(page) if len(g.owner) >= 4]
        free = [g for g in page.glyphs if not any(_inside(g, grid) for grid in grids)]
        lines = _lines(free)
        right = max((line[-1].x1 for line in lines), default=page.width)
        pending = [(line[0].top, line) for line in lines]
        for grid in grids:
            for item in [p for p in pending if p[0] < grid.ys[0]]:
                self._text(item[1], page.number, right)
            pending = [p for p in pending if p[0] >= grid.ys[0]]
            self._flush()
            self._rows(grid, page)
        for _, line in pending:
            self._text(line, page.number, right)

    def _text(self, line: list[Glyph], page: int, right: float) -> None:
        text = _line_text(line).strip()
        if not is_page_number(text):
            self.loose.append(_Loose(text, line, page, right))

    def _rows(self, grid: _Grid, page: _Page) -> None:
        self.table += 1
        inside = [g for g in page.glyphs if _inside(g, grid)]
        texts = _texts(grid, inside)
        for r in range(len(grid.ys) - 1):
            self.line += 1
            cells: list[Cell] = []
            for c in range(len(grid.xs) - 1):
                place = grid.owner[(r, c)]
                if place == (r, c):
                    cells.append(Cell(texts.get(place, ""), self.line, len(cells) + 1, page.number))
                elif place[0] < r:
                    cells.append(Cell("", self.line, len(cells) + 1, page.number, True))
                elif cells:
                    cells[-1].span += 1
            if cells and (any(c.text for c in cells) or any(c.merged for c in cells)):
                self.document.blocks.append(Row(cells, self.line, page.number, self.table, True))

    def _flush(self) -> None:
        """Lines outside ruled tables: tables without lines where words stand in columns, else paragraphs."""
        lines, self.loose = self.loose, []
        while lines:
            at = next((i for i in range(len(lines)) if _table_begins(lines, i)), None)
            if at is None:
                self._paragraphs(lines)
                return
            self._paragraphs(lines[:at])
            end = next((i for i in range(at + 1, len(lines)) if ENDS_TABLE.match(lines[i].text.strip()) or _heading_words(lines[i].glyphs)), len(lines))
            self._unruled(lines[at:end])
            lines = lines[end:]

    def _unruled(self, lines: list[_Loose]) -> None:
        """A table without ruling lines: columns by bands of white, rows by larger gaps between lines."""
        size = max(lines[0].glyphs[0].bottom - lines[0].glyphs[0].top, 4.0)
        edges = _common_starts(lines, size)
        words = [[(round(w[0].x0 * _FINE), round(w[-1].x1 * _FINE)) for w in _column_words(line.glyphs, size, edges)] for line in lines]
        edge = min(w[0][0] for w in words)
        full = [w for w in words if not (len(w) == 1 and w[0][0] <= edge + 4 * _FINE)]
        whole = _cuts(full or words, _heading_words(lines[0].glyphs))
        by_page = {page: _page_cuts(lines, words, page, edge, whole) for page in {line.page for line in lines}}
        self.table += 1
        for group in _row_groups(lines):
            cuts = by_page[group[0].page]
            rights = _text_rights(lines, cuts, group[0].page)
            if len(group) == 1 and _is_text(group[0], cuts, edge, size):
                self._add([group[0].text.strip()], group[0].page)
                continue
            self.line += 1
            cells: list[list[Glyph]] = [[] for _ in cuts]
            for line in group:
                for word in _cut_at(_words(line.glyphs, size * 0.1), cuts):
                    at = max((i for i, cut in enumerate(cuts) if cut <= word[0].x0 + 1.5), default=0)
                    cells[at].extend(word)  # a run without white over several columns is one cell
            page = group[0].page
            texts = [_cell_text(g, rights[i]) if g else "" for i, g in enumerate(cells)]
            row = Row([Cell(t, self.line, i, page) for i, t in enumerate(texts, 1)], self.line, page, self.table, True)
            self.document.blocks.append(row)

    def _paragraphs(self, lines: list[_Loose]) -> None:
        if not lines:
            return
        margin = Counter(round(line.glyphs[0].x0) for line in lines).most_common(1)[0][0]
        current: list[str] = []
        begun = 0
        last_full = False
        for line in lines:
            x0, x1, page = line.glyphs[0].x0, line.glyphs[-1].x1, line.page
            plain = re.sub(r"(?<=\S) {2,}(?=\S)", " ", line.text.strip())
            goes_on = bool(current) and last_full and x0 <= margin + 6 and not heading_level(plain) and not (ends_title(current[-1]) or plain.endswith("："))
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


def _inside(glyph: Glyph, grid: _Grid) -> bool:
    x, y = glyph.middle
    x0, y0, x1, y1 = grid.box
    return x0 <= x <= x1 and y0 <= y <= y1


def _texts(grid: _Grid, glyphs: list[Glyph]) -> dict[tuple[int, int], str]:
    groups: dict[tuple[int, int], list[Glyph]] = {}
    for glyph in glyphs:
        x, y = glyph.middle
        if glyph.text in "，。、；：）”》！":
            x = glyph.x0 - 1  # closing marks may hang over the cell's edge
        r = max(0, sum(1 for v in grid.ys if v <= y) - 1)
        c = max(0, sum(1 for v in grid.xs if v <= x) - 1)
        place = grid.owner.get((min(r, len(grid.ys) - 2), min(c, len(grid.xs) - 2)))
        if place is not None:
            groups.setdefault(place, []).append(glyph)
    rights: dict[int, float] = {}  # where the text of each column ends
    for (_r, c), group in groups.items():
        rights[c] = max(rights.get(c, 0.0), max(g.x1 for g in group))
    return {place: _cell_text(group, rights[place[1]]) for place, group in groups.items()}
