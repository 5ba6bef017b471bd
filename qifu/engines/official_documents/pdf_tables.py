"""Ruled tables of a PDF: cells from the ruling lines alone, and rows that go on after a page break."""

from __future__ import annotations

from dataclasses import dataclass

from .cell_types import read_row_number
from .characters import bare
from .grid import Cell, Row
from .pdf_lines import cell_text, text_lines
from .pdf_pages import Glyph, Grid, Page

_SAME_EDGE = 3.0  # points by which the columns of two pages may differ
_HANGING = "，。、；：）”》！"


@dataclass(slots=True)
class RuledRow:
    """One row between ruling lines; `parts` holds the characters of each cell, one list a page."""

    row: Row
    xs: list[float]
    parts: list[list[list[Glyph]]]
    rights: list[float]  # where the text of each cell's column ends
    page: int  # of the last part

    @property
    def texts(self) -> list[str]:
        return self.row.texts

    def number(self, line: int, table: int) -> None:
        """Gives the row its place in the document."""
        self.row.line, self.row.table = line, table
        for cell in self.row.cells:
            cell.line = line

    def xs_like(self, other: RuledRow) -> bool:
        """True for the same columns, on whatever page."""
        return len(self.xs) == len(other.xs) and all(
            abs(a - b) <= _SAME_EDGE for a, b in zip(self.xs, other.xs, strict=True)
        )

    def with_parts(self, groups: list[list[Glyph]]) -> RuledRow:
        """A row in the same columns that holds other characters."""
        cells = [
            Cell(cell_text([group], right), 0, i, self.page, cell.merged, cell.span)
            for i, (cell, group, right) in enumerate(
                zip(self.row.cells, groups, self.rights, strict=True), start=1
            )
        ]
        row = Row(cells, 0, self.page, 0, True)
        return RuledRow(row, self.xs, [[group] for group in groups], self.rights, self.page)

    def extend(self, rest: RuledRow) -> None:
        """Adds the part of the row that stands on the next page, cell by cell."""
        for i, cell in enumerate(self.row.cells):
            self.parts[i] += rest.parts[i]
            self.rights[i] = max(self.rights[i], rest.rights[i])
            cell.text = cell_text(self.parts[i], self.rights[i])
        self.page = rest.page


def ruled_rows(grid: Grid, page: Page) -> list[RuledRow]:
    """The rows of one grid from top to bottom, not yet numbered."""
    glyphs = _by_place(grid, [g for g in page.glyphs if inside(g, grid)])
    rights = _text_edges(grid, glyphs)
    rows = []
    for r in range(len(grid.ys) - 1):
        cells: list[Cell] = []
        parts: list[list[list[Glyph]]] = []
        ends: list[float] = []
        for c in range(len(grid.xs) - 1):
            place = grid.owner[(r, c)]
            if place[0] == r and place[1] < c and cells:
                cells[-1].span += 1
                continue
            group = glyphs.get(place, []) if place == (r, c) else []
            ends.append(rights.get(c, 0.0))
            parts.append([group])
            cells.append(Cell(cell_text([group], ends[-1]), 0, len(cells) + 1, page.number, place[0] < r))
        rows.append(RuledRow(Row(cells, 0, page.number, 0, True), grid.xs, parts, ends, page.number))
    return rows


def _text_edges(grid: Grid, glyphs: dict[tuple[int, int], list[Glyph]]) -> dict[int, float]:
    """Where lines of text end in each column: what was written longest, but not nearer the rule than on the left."""
    lefts: dict[int, float] = {}
    rights: dict[int, float] = {}
    for (_, c), group in glyphs.items():
        lefts[c] = min(lefts.get(c, grid.xs[-1]), min(g.x0 for g in group))
        # closing marks may hang over the edge at which lines break
        rights[c] = max(rights.get(c, 0.0), max((g.x1 for g in group if g.text not in _HANGING), default=0.0))
    for c, left in lefts.items():
        if rights[c] <= grid.xs[c + 1]:  # else a cell over several columns
            rights[c] = min(rights[c], grid.xs[c + 1] - max(0.0, left - grid.xs[c]))
    return rights


def heading_apart(ruled: RuledRow, heading: RuledRow) -> list[RuledRow]:
    """Two rows where a page repeats the heading without a line under it; else the row as it is.

    The heading is told by its words: every cell begins with exactly what the heading has in that column.
    """
    wanted = [bare(text) for text in heading.texts]
    if len(wanted) != len(ruled.parts) or not ruled.xs_like(heading) or len(ruled.parts[0]) != 1:
        return [ruled]
    above: list[list[Glyph]] = []
    below: list[list[Glyph]] = []
    for words, (group,) in zip(wanted, ruled.parts, strict=True):
        glyphs = [glyph for line in text_lines(group) for glyph in line]
        at = next((i for i in range(len(glyphs) + 1) if bare(_spelled(glyphs[:i])) == words), None)
        if at is None:
            return [ruled]
        above.append(glyphs[:at])
        below.append(glyphs[at:])
    return [ruled.with_parts(above), ruled.with_parts(below)] if any(below) else [ruled]


def _spelled(glyphs: list[Glyph]) -> str:
    return "".join(glyph.text for glyph in glyphs)


def continues(upper: RuledRow, lower: RuledRow) -> bool:
    """True when `lower`, first on its page, is certainly the rest of the row that ended the page before."""
    above, below = upper.row.cells, lower.row.cells
    if (
        lower.page != upper.page + 1
        or not upper.xs_like(lower)
        or [c.span for c in above] != [c.span for c in below]
        or not any(bare(c.text) for c in below)
    ):
        return False
    gone = [bool(bare(a.text)) and not bare(b.text) for a, b in zip(above, below, strict=True)]
    if any(read_row_number(a.text) and not bare(b.text) for a, b in zip(above[:2], below, strict=False)):
        # a new row that lost its number would be whole but for the group on its left
        return any(gone[2:]) or _unfinished(above, below)
    filled = sum(bool(bare(a.text)) for a in above)
    return sum(gone) * 2 > filled and _unfinished(above, below)


def _unfinished(above: list[Cell], below: list[Cell]) -> bool:
    """True when every text that goes on stops above in the middle of a sentence or list."""
    pairs = [(bare(a.text), bare(b.text)) for a, b in zip(above, below, strict=True) if bare(b.text)]
    return all(a and not a.endswith(("。", "；", "！", ";")) for a, _ in pairs)


def inside(glyph: Glyph, grid: Grid) -> bool:
    x, y = glyph.middle
    x0, y0, x1, y1 = grid.box
    return x0 <= x <= x1 and y0 <= y <= y1


def _by_place(grid: Grid, glyphs: list[Glyph]) -> dict[tuple[int, int], list[Glyph]]:
    """The characters of each cell: those whose middle lies in its box."""
    groups: dict[tuple[int, int], list[Glyph]] = {}
    for glyph in glyphs:
        x, y = glyph.middle
        if glyph.text in _HANGING:
            x = glyph.x0 - 1  # closing marks may hang over the cell's edge
        r = max(0, sum(1 for v in grid.ys if v <= y) - 1)
        c = max(0, sum(1 for v in grid.xs if v <= x) - 1)
        place = grid.owner.get((min(r, len(grid.ys) - 2), min(c, len(grid.xs) - 2)))
        if place is not None:
            groups.setdefault(place, []).append(glyph)
    return groups
