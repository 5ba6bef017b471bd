"""Rows of a typed table: cut, joined, shifted and renumbered until each is one whole row; every repair is told."""

from __future__ import annotations

import re

from .alignment import SOFT_CUTS, Alignment, best_alignment, identity
from .cell_types import fit, is_measure_unit, read_row_number
from .characters import bare, key, likeness
from .cut_rows import CutRows
from .data_row import DataRow
from .figures import read_number_cell
from .grid import Cell, Row
from .headers import Role
from .irregularities import Findings
from .paragraph_marks import is_page_number
from .plan import Part
from .row_numbers import number_rows, two_numbers
from .tables import TypedTable, expanded

_SECTION = re.compile(
    r"^(?:[（(]?[一二三四五六七八九十]+[)）、.．]|第[一二三四五六七八九十]+(?:部分|类|章)|[IVX]+[、.])"
)
_REMARK = re.compile(
    r"^(?:注|备注|说明|填表|单位|（续|续表)[:：]?|^\d{1,2}$|^[—-]\s*\d+\s*[—-]$|^第\s*\d+\s*页"
)
_SECTION_BELOW = re.compile(
    r"(?<=\S)\s+((?:[（(][一二三四五六七八九十]{1,3}[)）]|[一二三四五六七八九十]{1,3}[、.．])[^。；]{2,40})$"
)
_MEASURE_AT_END = re.compile(r"^(?P<name>.*?[\u4e00-\u9fff）)])(?:(?P<sign>[%％‰])|\s+(?P<word>\S{1,6}))$")
_MARGIN = 0.8
_ESSENTIAL: dict[str, tuple[Role, ...]] = {
    "tasks": ("measure", "responsible", "lead", "deadline"),
    "indicators": ("name", "target"),
    "actions": ("name", "goal", "tasks", "lead"),
}


class RowReader:
    """Turns the raw rows of one table into whole rows."""

    def __init__(
        self, table: TypedTable, findings: Findings, running: frozenset[str] = frozenset(), start: int = 0
    ) -> None:
        self.table = table
        self.start = start  # rows of this kind read before; a table without numbers goes on counting
        self.findings = findings
        self.running = running  # running heads of pages: the notice's title and its like
        self.part: Part = table.kind
        self.width = len(table.roles)
        self.numbered = "number" in table.roles
        self.essential = [r for r in _ESSENTIAL[table.kind] if r in table.roles]
        self.rows: list[DataRow] = []
        self._section: str | None = None

    def read(self) -> list[DataRow]:
        raws = self.table.raw.rows
        index = 0
        while index < len(raws):
            index += self._take(raws, index)
        cut = CutRows(self.table, self.essential)
        self.rows = cut.without_repeated(cut.joined(self.rows))
        number_rows(self.rows, self.table, self.findings, self.start)
        self._report()
        return self.rows

    def _take(self, raws: list[Row], index: int) -> int:
        """Reads the raw row at `index`, with the following lines when it was broken over lines; how many were used."""
        row = expanded(raws[index])
        following = self._section_at_end(row) if row.cut else None
        loose = row.line in self.table.raw.loose
        self._section = self.table.raw.sections.get(row.line, self._section)
        if self._is_section(row, loose):
            return 1
        used = self._take_rows(raws, index, row, loose)
        self._section = following or self._section
        return used

    def _take_rows(self, raws: list[Row], index: int, row: Row, loose: bool) -> int:
        used = 1 if row.ruled else self._broken_over(raws, index)
        if used > 1:
            row = self._glued(raws[index : index + used])
        if self._stacked(row):
            return used
        if (
            not row.ruled
            and len([c for c in row.cells if c.text.strip()]) > self.width
            and self._two_rows(row)
        ):
            return used
        self._add(row, self._aligned(row, loose), loose, broken=used > 1)
        return used

    def _is_section(self, row: Row, loose: bool) -> bool:
        filled = [c for c in row.cells if c.text.strip()]
        if filled and re.match(r"^(?:注|备注|说明)\s*[:：]", filled[0].text.strip()):
            return True
        if filled and len(filled) <= 3 and bare(filled[0].text) in ("合计", "总计", "小计", "共计"):
            return True
        if len(filled) == 2 and self.numbered and self._numbered_band(row, filled):
            self._section = filled[1].text.strip()
            return True
        if len(filled) != 1:
            return not filled
        text = filled[0].text.strip()
        if (
            _REMARK.match(bare(text))
            or is_page_number(text)
            or key(text) in self.running
            or likeness(text, self.table.raw.title) > 0.8
        ):
            return True
        spans = filled[0].span >= max(2, self.width - 1)
        if self._whole_row_in_one_cell(row):
            return False
        marked = bool(_SECTION.match(text)) and len(bare(text)) <= 40 and "。" not in text
        if (spans and len(bare(text)) <= 40 and "。" not in text) or (marked and self.width >= 3):
            self._section = text
            return True
        return False

    @staticmethod
    def _section_at_end(row: Row) -> str | None:
        """The heading that stood on the line below a row cut out of text, taken off the row's last cell."""
        last = next((c for c in reversed(row.cells) if c.text.strip()), None)
        match = _SECTION_BELOW.search(last.text) if last else None
        if not last or not match or len(bare(match[1])) > 40:
            return None
        last.text = last.text[: match.start()]
        return match[1].strip()

    def _numbered_band(self, row: Row, filled: list[Cell]) -> bool:
        """`一 | 经济发展 | | `: a Chinese numeral and a short name, where the rows below count in digits."""
        at = self.table.roles.index("number")
        numeral, name = bare(filled[0].text), bare(filled[1].text)
        if (
            at >= len(row.cells)
            or row.cells[at] is not filled[0]
            or not re.fullmatch(r"[（(]?[一二三四五六七八九十]+[)）、.．]?", numeral)
        ):
            return False
        counted = sum(
            at < len(r.cells) and bool(re.search(r"\d", r.cells[at].text)) for r in self.table.raw.rows
        )
        return len(name) <= 30 and "。" not in name and counted >= 0.5 * len(self.table.raw.rows)

    def _whole_row_in_one_cell(self, row: Row) -> bool:
        """True when the one text of a row falls apart into cells that suit the columns."""
        aligned = best_alignment(row.cells, self.width, self.table.fit)
        suited = [
            c
            for c, t in enumerate(aligned.texts)
            if bare(t)
            and self.table.roles[c] not in ("group", "dimension", "note", None)
            and self.table.fit(c, t) >= 0.8
        ]
        return len(suited) >= 3 or (len(suited) >= 2 and len(self.essential) <= 2)

    # -- rows over several lines, several rows on one line

    def _broken_over(self, raws: list[Row], index: int) -> int:
        """How many lines make one row: short lines whose cells together fill the columns."""
        first = raws[index]
        if len(first.cells) >= self.width:
            return 1
        alone = self._quality(self._aligned(expanded(first), False).score)
        count = len(first.cells)
        for used in range(2, 5):
            if index + used > len(raws):
                break
            nxt = raws[index + used - 1]
            if (
                len(nxt.cells) >= self.width
                or nxt.line in self.table.raw.page_starts
                or self._starts_row(nxt)
            ):
                break
            count += len(nxt.cells) - 1
            if count > self.width:
                break
            glued = self._glued(raws[index : index + used])
            if self._quality(self._aligned(glued, False).score) > alone + 0.1 and count >= self.width - 1:
                return used
        return 1

    def _quality(self, score: float) -> float:
        return score / max(self.width, 1)

    def _starts_row(self, row: Row) -> bool:
        if not self.numbered:
            return False
        at = self.table.roles.index("number")
        text = row.cells[at].text if at < len(row.cells) else ""
        if len(row.cells) == 1:
            match = re.match(r"^\s*(\d{1,3})(?!\d|[.．]\d|年|月|%)", row.cells[0].text)
            last = next((r.number for r in reversed(self.rows) if r.number), 0)
            return bool(match) and int(match[1]) in (last + 1, last + 2)  # type: ignore[index]
        return read_row_number(text) is not None

    def _glued(self, raws: list[Row]) -> Row:
        """Lines of one row: the last cell of a line goes on in the first cell of the next."""
        cells = list(raws[0].cells)
        for raw in raws[1:]:
            head, *rest = raw.cells
            if cells and head.text.strip():
                last = cells[-1]
                cells[-1] = Cell(
                    last.text + head.text, last.line, last.cell, last.page, last.merged, last.span
                )
            cells.extend(rest)
        return Row(cells, raws[0].line, raws[0].page, raws[0].table, raws[0].ruled)

    def _two_rows(self, row: Row) -> bool:
        """Two rows that ran together on one line are cut at the second's number."""
        if not self.numbered:
            return False
        first_number = read_row_number(row.cells[0].text)
        if first_number is None:
            return False
        for at in range(2, len(row.cells)):
            text = row.cells[at].text.strip()
            match = re.search(r"(?<!\d)(\d{1,3})$", text)
            if not match or int(match[1]) != first_number[0] + 1 or len(row.cells) - at < self.width - 2:
                continue
            cell = row.cells[at]
            head = text[: match.start()].strip()
            left = [*row.cells[:at], *([Cell(head, cell.line, cell.cell, cell.page)] if head else [])]
            right = [Cell(match[1], cell.line, cell.cell, cell.page), *row.cells[at + 1 :]]
            if len(left) < self.width - 2:
                continue
            for cells in (left, right):
                part = Row(cells, row.line, row.page, row.table, row.ruled)
                self._add(part, self._aligned(part, False), False, broken=False)
                self.rows[-1].mark("row_separated", None, "两行内容连在同一行，已按序号分开。")
            return True
        return False

    def _stacked(self, row: Row) -> bool:
        """Two rows whose texts stand one above the other in one row are cut cell by cell."""
        if len(row.cells) < self.width:
            return False
        at = self.table.roles.index("number") if self.numbered else -1
        numbers = two_numbers(row.cells[at].text) if self.numbered else ("", "")
        last = next((r.number for r in reversed(self.rows) if r.number), None)
        first = read_row_number(numbers[0]) if numbers else None
        if numbers is None or (
            self.numbered and (first is None or (last is not None and first[0] != last + 1))
        ):
            return False
        if not self.numbered and not self._all_in_two_lines(row):
            return False
        halves: tuple[list[Cell], list[Cell]] = ([], [])
        doubtful = False
        for column, cell in enumerate(row.cells[: self.width]):
            role = self.table.roles[column]
            if column == at:
                upper, lower, sure = numbers[0], numbers[1], True
            elif role in ("group", "dimension"):
                upper, lower, sure = cell.text, "", True
            else:
                upper, lower, sure = self._cut_in_two(column, cell.text)
            doubtful = doubtful or not sure
            for half, text in zip(halves, (upper, lower), strict=True):
                half.append(Cell(text, cell.line, cell.cell, cell.page, cell.merged))
        for cells in halves:
            part = Row(cells, row.line, row.page, row.table, row.ruled)
            self._add(part, identity(cells, self.width, self.table.fit), False, broken=False)
            self.rows[-1].mark(
                "row_separated",
                None,
                "两行内容叠在同一行，已按序号分开" + ("，请核对各栏。" if doubtful else "。"),
            )
        return True

    def _all_in_two_lines(self, row: Row) -> bool:
        """True when every filled cell has two lines and short cells hold a whole value in each."""
        short = 0
        for column, cell in enumerate(row.cells[: self.width]):
            role = self.table.roles[column]
            lines = [line for line in cell.text.split("\n") if line.strip()]
            if role in ("group", "dimension", "note", None) or not lines:
                continue
            if len(lines) != 2:
                return False
            if role in ("deadline", "target", "unit", "frequency"):
                short += all(self.table.fit(column, line) > 1.5 for line in lines)
        return short >= 1

    def _cut_in_two(self, column: int, text: str) -> tuple[str, str, bool]:
        """The two halves that suit the column best, and whether the cut is certain."""
        if not bare(text):
            return "", "", True
        lines = [line for line in text.split("\n") if line.strip()]
        cuts = [("\n".join(lines[:i]), "\n".join(lines[i:])) for i in range(1, len(lines))]
        if not cuts:
            cuts = [
                (text[: m.start()].rstrip(), text[m.end() :].lstrip())
                for m in SOFT_CUTS.finditer(text)
                if 0 < m.start() < len(text)
            ]
        if not cuts:
            return text, "", self.table.roles[column] in ("note", "office", None)
        scored = sorted(
            (
                (self._half_score(column, a) + self._half_score(column, b), -i, a, b)
                for i, (a, b) in enumerate(cuts)
            ),
            reverse=True,
        )
        sure = len(scored) == 1 or scored[0][0] > scored[1][0] + 0.2
        return scored[0][2], scored[0][3], sure

    def _half_score(self, column: int, text: str) -> float:
        score = self.table.fit(column, text)
        role = self.table.roles[column]
        if role in ("measure", "goal", "tasks"):
            score += 0.6 if bare(text).endswith(("。", "；")) else -0.3
        if role in ("responsible", "lead", "cooperating"):
            score -= (
                1.0 if bare(text).endswith(("、", "，", ",")) or bare(text).startswith(("、", "，")) else 0.0
            )
            score += 0.4 if re.match(r"^(?:省|市|县|区|各|国家|自治区)", bare(text)) else 0.0
        return score

    # -- one row

    def _aligned(self, row: Row, loose: bool) -> Alignment:
        plain = identity(row.cells, self.width, self.table.fit)
        fits = (
            not loose
            and len([c for c in row.cells[self.width :] if c.text.strip()]) == 0
            and self._all_fit(plain, row)
        )
        if not fits and sum(1 for c in row.cells if c.text.strip()) == 1 and self._whole_row_in_one_cell(row):
            return best_alignment(row.cells, self.width, self.table.fit)
        if fits or (not loose and len(row.cells) == self.width and self._may_be_rest(plain)):
            return plain
        extra = sum(1.5 for c in row.cells[self.width :] if c.text.strip())
        whole = best_alignment(row.cells, self.width, self.table.fit, cut=False)
        cut = best_alignment(row.cells, self.width, self.table.fit, cut=True)
        best = cut if cut.score > whole.score + 0.3 else whole
        return best if best.score > plain.score - extra + _MARGIN or extra else plain

    def _may_be_rest(self, alignment: Alignment) -> bool:
        """True for the lower half of a cut row: no number, or mostly empty, and nothing plainly out of place."""
        filled = [(i, t) for i, t in enumerate(alignment.texts) if bare(t)]
        if self.numbered:
            at = self.table.roles.index("number")
            if bare(alignment.texts[at]):
                return False
            return sum(self.table.fit(i, t) <= -1.9 for i, t in filled) <= len(filled) // 3
        return len(filled) <= self.width / 2 and all(self.table.fit(i, t) > -1.5 for i, t in filled)

    def _all_fit(self, alignment: Alignment, row: Row) -> bool:
        for column, text in enumerate(alignment.texts):
            role = self.table.roles[column]
            if not bare(text):
                cell = alignment.cells[column]
                if role in self.essential and not (cell and cell.merged):
                    return False
            elif role and fit(role, text) < -0.25:
                return False
        return True

    def _add(self, row: Row, alignment: Alignment, loose: bool, broken: bool) -> None:
        data = DataRow(
            row.line,
            row.page,
            section=self._section,
            page_start=row.line in self.table.raw.page_starts,
            ruled=row.ruled,
        )
        straight = True
        for column, role in enumerate(self.table.roles):
            cell = alignment.cells[column]
            original = row.cells[column] if column < len(row.cells) else None
            if alignment.texts[column].strip() and (
                cell is not original or (cell and cell.text.strip() != alignment.texts[column].strip())
            ):
                straight = False
            if role is None:
                continue
            data.texts[role] = alignment.texts[column].strip()
            if cell is not None:
                data.cells[role] = cell
            if original is not None and original.merged and not alignment.texts[column].strip():
                data.merged.add(role)
        read = read_row_number(data.text("number")) if self.numbered else None
        if read:
            data.number, data.number_repaired = read
        self.rows.append(data)
        self._part_unit(data)
        if broken:
            data.mark("row_joined", None, "一行内容被断成几行，已按列接上。")
        if row.cut and self._uncertain(row):
            data.mark("cells_separated", None, "该行各栏之间只有空格，已按内容分到各列，请核对。")
        elif not straight:
            if alignment.splits or loose:
                data.mark("cells_separated", None, "有单元格连在一起（缺少分隔），已按内容分到各列。")
            elif not broken or alignment.merges:
                data.mark("row_shifted", None, "该行单元格错位，已按内容归位到各列。")

    def _uncertain(self, row: Row) -> bool:
        """True for a line of text that has more or fewer words than columns, or a word that does not suit its column."""
        words = sum(len(c.text.split()) for c in row.cells)
        return words != self.width or any(
            role and fit(role, c.text) < 0 for role, c in zip(self.table.roles, row.cells, strict=False)
        )

    def _part_unit(self, row: DataRow) -> None:
        """A unit of measure glued to the end of an indicator's name, the figure following, is its unit."""
        match = _MEASURE_AT_END.match(row.text("name")) if self.part == "indicators" else None
        unit = (match["sign"] or match["word"]) if match else ""
        if (
            not match
            or not is_measure_unit(unit)
            or bare(row.text("unit"))
            or not read_number_cell(row.text("target"))
        ):
            return
        figure = row.text("target")
        if "unit" in self.table.roles:
            row.texts["unit"] = unit
        elif bare(figure)[-1].isdigit():
            row.texts["target"] = f"{figure}{unit}"
        else:
            return
        row.texts["name"] = match["name"]
        row.mark("cells_separated", None, f"指标名称末尾的“{unit}”读作计量单位，请核对。")

    def _report(self) -> None:
        for row in self.rows:
            for code, role, text in row.repairs:
                self.findings.add(code, self.part, text, number=row.number, field=role, line=row.line)
