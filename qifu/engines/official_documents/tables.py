"""Tables of a notice: heading rows found by meaning, repeated headings, columns given a role each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from .cell_types import fit
from .characters import bare
from .grid import Cell, Paragraph, Row
from .headers import (
    Kind,
    Role,
    heading_word,
    heading_year,
    is_heading_row,
    known_heading,
)
from .markup import has_markup, without_markup

SEPARATOR_ROW = re.compile(r"^[\s\-=—_–|+:：*]*$")


@dataclass(slots=True)
class RawTable:
    """Rows under one heading, before their cells are understood."""

    title: str
    heading: Row | None
    rows: list[Row] = field(default_factory=list)
    page_starts: set[int] = field(default_factory=set)  # lines of rows that follow a repeated heading
    loose: set[int] = field(default_factory=set)  # lines that are no table rows in the file
    marked: set[int] = field(default_factory=set)  # lines of rows in which tags were left
    sections: dict[int, str] = field(
        default_factory=dict
    )  # line of a row -> the section heading printed above it

    @property
    def line(self) -> int:
        return self.heading.line if self.heading else self.rows[0].line


@dataclass(slots=True)
class TypedTable:
    """A table of known kind; `roles[i]` is the role of grid column i, None where it has none."""

    raw: RawTable
    kind: Kind
    roles: list[Role | None]
    blank_headings: list[int] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)  # as printed, one a column
    named: list[bool] = field(default_factory=list)  # the heading's word is a word for the column's role

    def fit(self, column: int, text: str) -> float:
        """Suitability of a text for a column."""
        role = self.roles[column]
        return fit(role, text) if role else fit("note", text)

    def _texts(self, column: int) -> list[str]:
        rows = [expanded(r) for r in self.raw.rows]
        return [r.cells[column].text for r in rows if len(r.cells) == len(self.roles)]

    def like_categories(self, column: int) -> bool:
        """True for short words that repeat or stand beside several rows: no figures, no units, no sentences."""
        texts = self._texts(column)
        filled = [t for t in texts if bare(t)]
        if not filled or re.search(
            r"备注|说明|情况|进展|成果|联系|电话|领导", self.headings[column] if self.headings else ""
        ):
            return False
        suited = sum(fit("group", t) > 0.5 and not re.search(r"\d", t) for t in filled) >= 0.7 * len(filled)
        return suited and (len(filled) < 0.8 * len(texts) or len(set(filled)) < 0.8 * len(filled))

    def share(self, column: int, role: Role) -> float:
        """The share of a column's filled cells that are certainly of a role."""
        filled = [t for t in self._texts(column) if bare(t)]
        return sum(fit(role, t) >= 1.5 for t in filled) / len(filled) if filled else 0.0

    def unfit(self, column: int) -> bool:
        """True when most of a column's cells do not suit its role."""
        role = self.roles[column]
        filled = [t for t in self._texts(column) if bare(t)]
        return (
            bool(role) and len(filled) >= 2 and sum(fit(role, t) < -0.25 for t in filled) > 0.5 * len(filled)
            if role
            else False
        )


def expanded(row: Row) -> Row:
    """The row on the grid: a cell over n columns is followed by n-1 empty ones."""
    if all(c.span == 1 for c in row.cells):
        return row
    cells: list[Cell] = []
    for cell in row.cells:
        cells.append(cell)
        cells.extend(Cell("", cell.line, cell.cell, cell.page, cell.merged) for _ in range(cell.span - 1))
    return Row(cells, row.line, row.page, row.table, row.ruled)


class TableCollector:
    """Gathers rows into tables while the document is read from top to bottom."""

    def __init__(self) -> None:
        self.tables: list[RawTable] = []
        self._open: RawTable | None = None
        self._title = ""
        self._page_break = False
        self._section: str | None = None

    def heading_text(self, text: str, new_annex: bool) -> None:
        """A title between tables; a new annex ends the table above."""
        if new_annex:
            self._open, self._title, self._section = None, text, None
        elif self._open is None:
            self._title = f"{self._title} {text}".strip()

    @property
    def is_open(self) -> bool:
        return self._open is not None

    def holds(self, row: Row) -> bool:
        """True when the row stands in the same table of the file as the last one."""
        last = (self._open.rows[-1] if self._open.rows else self._open.heading) if self._open else None
        return last is not None and last.table == row.table

    @property
    def open_is_ruled(self) -> bool:
        return bool(self._open and self._open.rows and self._open.rows[-1].ruled)

    def section(self, text: str) -> None:
        """A numbered heading between tables: the rows below stand under it."""
        self._section = text

    def add_row(self, row: Row) -> None:
        marked = any(has_markup(t) for t in row.texts)
        if marked:
            row = Row(
                [replace(c, text=without_markup(c.text)) for c in row.cells],
                row.line,
                row.page,
                row.table,
                row.ruled,
            )
        texts = row.texts
        if all(SEPARATOR_ROW.match(t) for t in texts):
            return
        if is_heading_row(texts):
            self._heading(row)
            return
        if (
            self._open is not None
            and self._open.heading is not None
            and not self._open.rows
            and _under_spans(self._open.heading, row)
        ):
            self._open.heading = _combined(self._open.heading, row)
            return
        if self._open is None or self._other_table(row):
            self._open = RawTable(self._title, None)
            self.tables.append(self._open)
        if self._page_break:
            self._open.page_starts.add(row.line)
            self._page_break = False
        if self._section is not None:
            self._open.sections[row.line] = self._section
            self._section = None
        if marked:
            self._open.marked.add(row.line)
        self._open.rows.append(row)

    def _other_table(self, row: Row) -> bool:
        """A ruled table of a quite different width that brings no heading is not the continuation of the last."""
        assert self._open is not None
        last = self._open.rows[-1] if self._open.rows else self._open.heading
        if not (row.ruled and last and last.table != row.table):
            return False
        width, before = (
            sum(c.span for c in row.cells),
            sum(c.span for c in (self._open.heading or last).cells),
        )
        if abs(width - before) > 1:
            return True
        self._page_break = True
        return False

    def add_loose(self, paragraph: Paragraph) -> None:
        """A line without columns inside a table of lines: part of a row whose tabs or breaks were lost."""
        if self._open is None:
            return
        self._open.loose.add(paragraph.line)
        self._open.rows.append(
            Row([Cell(paragraph.text, paragraph.line, 1, paragraph.page)], paragraph.line, paragraph.page)
        )

    def _heading(self, row: Row) -> None:
        if self._open is not None and self._open.heading is not None:
            if (self._page_break or self._open.rows) and _is_part_of(self._open.heading, row):
                self._page_break = bool(self._open.rows)
                return
            if _same_heading(self._open.heading, row):
                self._page_break = bool(self._open.rows)
                return
            if not self._open.rows and _is_subheading(self._open.heading, row):
                self._open.heading = _combined(self._open.heading, row)
                return
            if self._open.rows and not row.ruled and _same_heading(self._open.heading, row, 0.5):
                self._page_break = True
                return
        self._take_caption()
        same = next((t for t in reversed(self.tables) if t.heading and _same_heading(t.heading, row)), None)
        if same is not None and self._open is None and same is self.tables[-1] and _continues(self._title):
            self._open, self._page_break = same, True
            return
        self._open = RawTable(self._title, row)
        self._page_break = False
        self.tables.append(self._open)

    def _take_caption(self) -> None:
        """Rows of one text above the heading, such as 单位：亿元, are the table's caption."""
        above = self._open
        if above is None or above.heading is not None or len(above.rows) > 3:
            return
        texts = [[t.strip() for t in row.texts if t.strip()] for row in above.rows]
        if all(len(t) == 1 and len(t[0]) <= 40 for t in texts):
            self.tables.remove(above)
            self._title, self._open = " ".join([self._title, *(t[0] for t in texts)]).strip(), None


def _continues(title: str) -> bool:
    return "续" in title


def _same_heading(first: Row, second: Row, share: float = 0.7) -> bool:
    left = [heading_word(t) for t in expanded(first).texts]
    right = [heading_word(t) for t in expanded(second).texts]
    if [w for w in left if w] == [w for w in right if w]:
        return True
    same = sum(
        1
        for w in right
        if w
        and any(w == o or (o and known_heading(o) == known_heading(w) and known_heading(w)) for o in left)
    )
    return same >= share * max(len([w for w in left if w]), len([w for w in right if w]), 1)


def _is_part_of(heading: Row, row: Row) -> bool:
    """True for the second line of a repeated heading of two lines."""
    words = {heading_word(t) for t in heading.texts}
    own = [heading_word(t) for t in row.texts if t.strip()]
    return all(w in words for w in own) and len(own) < len([w for w in words if w])


def _is_subheading(upper: Row, lower: Row) -> bool:
    if upper.ruled and (any(c.span > 1 for c in upper.cells) or any(c.merged for c in lower.cells)):
        return True
    if upper.ruled and upper.table != lower.table:
        return False
    filled = sum(1 for t in lower.texts if t.strip())
    return filled < len(upper.texts) and not any(t.strip() and t in upper.texts for t in lower.texts)


def _under_spans(heading: Row, row: Row) -> bool:
    """True for short words under heading cells that span columns, with nothing in the other columns."""
    top, own = expanded(heading).texts, expanded(row).texts
    if len(top) != len(own):
        return False
    wide = {i for i in range(len(top)) if not bare(top[i]) or (i + 1 < len(top) and not bare(top[i + 1]))}
    filled = [i for i, t in enumerate(own) if bare(t)]
    words = all(
        len(bare(own[i])) <= 10 and not re.search(r"[。；，、%]|^[\W\d.]*\d[\d.]*\D?$", bare(own[i]))
        for i in filled
    )
    return len(filled) >= 2 and set(filled) <= wide and words and any(bare(top[i]) for i in filled)


def _combined(upper: Row, lower: Row) -> Row:
    """Two heading rows as one; a year above its sub-headings goes before each of them."""
    top, bottom = expanded(upper), expanded(lower)
    width = max(len(top.cells), len(bottom.cells))
    cells: list[Cell] = []
    year: int | None = None
    owner = ""
    for i in range(width):
        below = bottom.cells[i].text if i < len(bottom.cells) else ""
        above = top.cells[i].text if i < len(top.cells) else ""
        year = heading_year(above) if above.strip() else year
        owner = above if above.strip() else owner
        text = below if below.strip() else above
        if below.strip() and known_heading(owner) == "上年值" and known_heading(below) != "上年值":
            text = f"{owner.strip()}{below.strip()}"
        elif below.strip() and year and not heading_year(below):
            text = f"{year}年{below.strip()}"
        cells.append(Cell(text, upper.line, i + 1, upper.page))
    return Row(cells, upper.line, upper.page, upper.table, upper.ruled)
