"""Lines of text on a PDF page, and tables that stand there without ruling lines."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass

from .headers import is_heading_row
from .load_text import column_cuts
from .pdf_pages import Glyph, Page


def text_lines(glyphs: list[Glyph]) -> list[list[Glyph]]:
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


def line_text(line: list[Glyph]) -> str:
    """A line's characters; a gap wider than a third of a character is a blank."""
    size = _tall(line) * 0.9
    text = ""
    for i, glyph in enumerate(line):
        if i:
            gap = glyph.x0 - line[i - 1].x1
            if gap > size * 0.33:
                text += " " * max(1, round(gap / (size * 0.5)))
        text += glyph.text
    return text


def _tall(line: list[Glyph]) -> float:
    """The height of the line; some fonts tell of 一 its ink only."""
    return max(max(g.bottom - g.top for g in line), 1.0)


_MARGIN = 56.0  # points from the paper's edge in which heads and feet of pages stand


def at_margin(line: list[Glyph], page: Page) -> bool:
    """True for a line near the upper or lower edge of the paper."""
    return line[0].bottom < _MARGIN or line[0].top > page.height - _MARGIN


def shape(line: list[Glyph]) -> str:
    """The line's text with every number alike."""
    return re.sub(r"\d+", "0", "".join(g.text for g in line))


def running_heads(pages: list[Page]) -> set[str]:
    """Shapes of the lines that stand at the paper's edge on most of three or more pages."""
    counts: Counter[str] = Counter()
    for page in pages:
        edge = [g for g in page.glyphs if g.bottom < _MARGIN or g.top > page.height - _MARGIN]
        counts.update({shape(line) for line in text_lines(edge) if not is_heading_line(line)})
    return {text for text, count in counts.items() if count >= 3 and count >= 0.6 * len(pages)}


_CHUNK = re.compile(r"[（《“〔]*(?:[0-9A-Za-z.%+-]+|.)[、，。；：）》”〕！%]*")


def cell_text(parts: list[list[Glyph]], right: float) -> str:
    """Lines of a cell joined, except where a line ends well before `right` or the next begins a numbered item.

    `parts` are the cell's characters, one list a page.
    """
    lines = [line for part in parts for line in text_lines(part)]
    text = ""
    for i, line in enumerate(lines):
        piece = re.sub(r" {2,}", " ", line_text(line))
        text += (_joint(text, piece, lines[i - 1], line, right) if i else "") + piece
    return text.strip()


def _joint(text: str, piece: str, before: list[Glyph], line: list[Glyph], right: float) -> str:
    """What stands between two lines of a cell: a new line, a blank between Latin words, or nothing."""
    size = _tall(line)
    chunk = _CHUNK.match("".join(g.text for g in line))
    wide = line[min(chunk.end(), len(line)) - 1].x1 - line[0].x0 if chunk else 0.0
    # a line that the next word did not fit into is full
    short = before[-1].x1 + max(size * 2.2, wide + size * 0.3) < right
    starts = bool(re.match(r"^\s*(?:\d{1,2}[.．、](?!\d)|[（(]\d{1,2}[)）]|[①-⑳])", piece))
    ended = text.rstrip().endswith(("。", "；", ";"))
    starts = starts or (text.isdigit() and piece.strip().isdigit() and int(piece) == int(text) + 1)
    ended = ended or text.isdigit()
    if piece.lstrip()[:1] not in "。，、；：）”》!！" and ((starts and ended) or short):
        return "\n"
    latin = text[-1:].isascii() and text[-1:].isalnum() and piece[:1].isascii() and piece[:1].isalpha()
    return " " if latin else ""


@dataclass(slots=True)
class LooseLine:
    """A line outside ruled tables; `right` is where the page's text ends."""

    text: str
    glyphs: list[Glyph]
    page: int
    right: float


def words_of(line: list[Glyph], gap: float) -> list[list[Glyph]]:
    """The line cut where the white between two characters is wider than `gap`."""
    words: list[list[Glyph]] = []
    for glyph in line:
        if words and glyph.x0 - words[-1][-1].x1 <= gap:
            words[-1].append(glyph)
        else:
            words.append([glyph])
    return words


def in_pieces(line: LooseLine) -> str:
    """The line's text with two blanks where words stand apart."""
    size = max(line.glyphs[0].bottom - line.glyphs[0].top, 4.0)
    return "  ".join("".join(g.text for g in word) for word in words_of(line.glyphs, size * 0.8))


def is_heading_line(line: list[Glyph]) -> bool:
    size = max(line[0].bottom - line[0].top, 4.0)
    words = ["".join(g.text for g in word) for word in words_of(line, size * 0.8)]
    return len(words) >= 3 and is_heading_row(words)


def table_begins(lines: list[LooseLine], at: int) -> bool:
    """A heading row, or three lines running with three words apart in each."""
    if is_heading_line(lines[at].glyphs):
        return True
    near = lines[at : at + 5]
    apart = [
        len(words_of(line.glyphs, max(line.glyphs[0].bottom - line.glyphs[0].top, 4.0) * 0.8)) >= 3
        for line in near
    ]
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


def row_groups(lines: list[LooseLine]) -> list[list[LooseLine]]:
    """Lines of one table row: set closer together than rows are."""
    gaps = [
        max(0.0, min(g.top for g in b.glyphs) - max(g.bottom for g in a.glyphs))
        for a, b in itertools.pairwise(lines)
        if a.page == b.page
    ]
    tall = max(lines[0].glyphs[0].bottom - lines[0].glyphs[0].top, 4.0)
    limit = _row_gap(gaps, tall)
    groups: list[list[LooseLine]] = []
    for i, line in enumerate(lines):
        before = lines[i - 1] if i else None
        gap = min(g.top for g in line.glyphs) - max(g.bottom for g in before.glyphs) if before else 0.0
        starts = False
        if before and is_heading_line(before.glyphs):
            words = words_of(line.glyphs, tall * 0.8)
            starts = gap > tall * 0.55 or any(len(w) > 4 or any(g.text.isdigit() for g in w) for w in words)
            limit_here = gap
        else:
            limit_here = limit
        if before and before.page == line.page and gap <= limit_here and not starts:
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def common_starts(lines: list[LooseLine], size: float) -> set[int]:
    """Positions at which words begin in three lines or more."""
    starts = Counter(round(word[0].x0) for line in lines for word in words_of(line.glyphs, size * 0.5))
    return {x for x, count in starts.items() if count >= 3}


def column_words(line: list[Glyph], size: float, edges: set[int]) -> list[list[Glyph]]:
    """Words of a line; a closing mark that hangs over its column's edge does not bridge the gap to the next column."""
    words: list[list[Glyph]] = []
    for word in words_of(line, size * 0.1):
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


FINE = 4  # positions are counted in quarters of a point


def column_starts(words: list[list[tuple[int, int]]], headed: bool) -> list[float]:
    """Where columns begin, in points; many lines make a narrow white band certain."""
    lines = [[(max(0, a), b) for a, b in line] for line in words]
    return [cut / FINE for cut in column_cuts(lines, 5 if len(lines) >= 8 else 8, headed=headed)]


def is_running_text(line: LooseLine, cuts: list[float], edge: int, size: float) -> bool:
    """A line that runs over the columns without a gap is a paragraph, unless it begins like a numbered row."""
    runs_over = (
        len(words_of(line.glyphs, size)) == 1
        and line.glyphs[0].x0 <= edge / FINE + 4
        and len(cuts) > 2
        and line.glyphs[-1].x1 > cuts[1]
    )
    return runs_over and (len(cuts) < 4 or not re.match(r"^\s*[（(]?\d", line.text))


def page_starts(
    lines: list[LooseLine], words: list[list[tuple[int, int]]], page: int, edge: int, whole: list[float]
) -> list[float]:
    """The columns of one page, where they differ from those of the whole table."""
    own = [
        w
        for line, w in zip(lines, words, strict=True)
        if line.page == page and not (len(w) == 1 and w[0][0] <= edge + 4 * FINE)
    ]
    if len(own) < 3:
        return whole
    cuts = column_starts(own, lines[0].page == page and is_heading_line(lines[0].glyphs))
    return cuts if len(cuts) > len(whole) else whole


def text_rights(lines: list[LooseLine], cuts: list[float], page: int) -> list[float]:
    """Where the text of each column ends on a page."""
    rights = [0.0] * len(cuts)
    for line in lines:
        if line.page == page:
            for glyph in line.glyphs:
                column = max((i for i, cut in enumerate(cuts) if cut <= glyph.x0 + 1.5), default=0)
                rights[column] = max(rights[column], glyph.x1)
    return rights


def cut_at(words: list[list[Glyph]], cuts: list[float]) -> list[list[Glyph]]:
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
