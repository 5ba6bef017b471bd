"""Pages of a PDF: characters with their boxes, and the ruling lines of tables."""

from __future__ import annotations

import ctypes
import itertools
from dataclasses import dataclass, field
from typing import Any

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

from .grid import UnreadableDocument

_CLOSE = 2.0  # points within which two ruling lines are one
_MOST_PAGES = 300
_LINE_END_HYPHEN = 2  # the library's code for a hyphen at the end of a line


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
class Page:
    number: int
    width: float
    height: float
    glyphs: list[Glyph] = field(default_factory=list)
    across: list[tuple[float, float, float]] = field(default_factory=list)  # y, x0, x1
    down: list[tuple[float, float, float]] = field(default_factory=list)  # x, top, bottom


@dataclass(slots=True)
class Grid:
    """A ruled table: grid lines and for each grid place the merged cell that covers it."""

    xs: list[float]
    ys: list[float]
    owner: dict[tuple[int, int], tuple[int, int]]

    @property
    def box(self) -> tuple[float, float, float, float]:
        return self.xs[0], self.ys[0], self.xs[-1], self.ys[-1]


def read_pages(data: bytes) -> list[Page]:
    try:
        file = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise UnreadableDocument("这份 PDF 加了密码，打不开。", "请去掉密码后重新上传。") from error
        raise UnreadableDocument(
            "这份 PDF 已损坏，打不开。", "请重新导出 PDF，或上传 .docx 原件。"
        ) from error
    try:
        if len(file) > _MOST_PAGES:
            raise UnreadableDocument(
                f"这份 PDF 有{len(file)}页，超过{_MOST_PAGES}页。", "请只上传通知正文和附件所在的页。"
            )
        return [_page(file, number) for number in range(len(file))]
    except pdfium.PdfiumError as error:
        raise UnreadableDocument(
            "这份 PDF 已损坏，有的页打不开。", "请重新导出 PDF，或上传 .docx 原件。"
        ) from error
    finally:
        file.close()


def _page(file: pdfium.PdfDocument, index: int) -> Page:
    source = file[index]
    width, height = source.get_size()
    page = Page(index + 1, width, height)
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
        shown = "-" if code == _LINE_END_HYPHEN else chr(code) if code < 0x110000 else ""
        glyphs.append(Glyph(shown, x0, x1, height - high, height - low))
    return glyphs


def _ruling(item: Any, page: Page) -> None:
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


def _segments(item: Any, page: Page) -> None:
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


def ruled_grids(page: Page) -> list[Grid]:
    if len(page.down) < 2:
        return []
    groups = [part for across, down in _connected(page) for part in _stacked(across, down)]
    grids = []
    for across, down in groups:
        # a table that a page break cut has no line at the cut; the ends of the other lines show its edge
        xs = _merged_values([x for x, _, _ in down] + _outer([a[1:] for a in across], [d[0] for d in down]))
        ys = _merged_values([y for y, _, _ in across] + _outer([d[1:] for d in down], [a[0] for a in across]))
        if len(xs) >= 3 and len(ys) >= 2:
            grids.append(Grid(xs, ys, _owners(xs, ys, across, down)))
    return sorted(grids, key=lambda g: g.ys[0])


def _outer(ends: list[tuple[float, float]], known: list[float]) -> list[float]:
    """Ends that lie well outside the known lines."""
    if not ends:
        return []
    first, last = min(e[0] for e in ends), max(e[1] for e in ends)
    low, high = min(known, default=last), max(known, default=first)
    return [v for v, outside in ((first, first < low - 4), (last, last > high + 4)) if outside]


_Lines = list[tuple[float, float, float]]


def _connected(page: Page) -> list[tuple[_Lines, _Lines]]:
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
        # the middle of a row that runs over several pages has no line across
        if (across or len(_merged_values([d[0] for d in inside])) >= 4) and len(inside) >= 2:
            groups.append((across, inside))
    return groups


def _stacked(across: _Lines, down: _Lines) -> list[tuple[_Lines, _Lines]]:
    """Tables that stand one on the other are apart where one has columns the other has not, both ways."""
    xs = _merged_values([x for x, _, _ in down])
    ys = _merged_values([y for y, _, _ in across] + _outer([d[1:] for d in down], [a[0] for a in across]))
    if len(xs) < 4 or len(ys) < 3:
        return [(across, down)]
    seams: list[float] = []
    columns: set[int] = set()
    for upper, lower in itertools.pairwise(ys):
        own = {c for c, x in enumerate(xs[1:-1]) if _drawn(down, x, upper, lower)}
        if lower - upper < _CLOSE * 3:
            continue  # the white between the double lines of two tables
        if own - columns and columns - own:
            seams.append(upper)
            columns = set()
        columns |= own
    if not seams:
        return [(across, down)]
    parts = []
    for top, bottom in itertools.pairwise([ys[0] - _CLOSE, *seams, ys[-1] + _CLOSE]):
        level = [a for a in across if top - _CLOSE <= a[0] <= bottom + _CLOSE]
        upright = [
            (x, max(a, top), min(b, bottom)) for x, a, b in down if min(b, bottom) - max(a, top) > _CLOSE * 2
        ]
        if level and upright:
            parts.append((level, upright))
    return parts


def _merged_values(values: list[float]) -> list[float]:
    merged: list[float] = []
    for value in sorted(values):
        if not merged or value - merged[-1] > _CLOSE * 1.5:
            merged.append(value)
    return merged


def _owners(
    xs: list[float], ys: list[float], across: _Lines, down: _Lines
) -> dict[tuple[int, int], tuple[int, int]]:
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
    return any(
        abs(value - at) <= _CLOSE * 1.5 and low - _CLOSE <= middle <= high + _CLOSE
        for value, low, high in lines
    )
