"""Plain text into blocks: tab-separated, pipe and blank-aligned tables, quoted cells over several lines."""

from __future__ import annotations

import re
from itertools import pairwise

from .cell_types import is_frequency, read_row_number
from .characters import shown_width, simplified
from .deadlines import read_deadline
from .figures import read_number_cell
from .grid import Cell, Paragraph, Row, SourceDocument
from .headers import is_heading_row

_RULE_SIGNS = frozenset(" \t\u3000:|+=-─━┼├┤┌┐└┘")
_GAP = re.compile(r"\s{2,}|\u3000+|\t")
_WORD = re.compile(r"[^\s\u3000]+(?: [^\s\u3000]+)*")
_PAGE_LINE = re.compile(r"^\s*[—\-–－]*\s*\d{1,3}\s*[—\-–－]*\s*$|^\s*第\s*\d+\s*页")
ENDS_TABLE = re.compile(r"^\s*(?:附\s*[件表]|抄\s*[送报]|[（(]\s*此件)")
_BOX = str.maketrans({"│": "|", "┃": "|", "║": "|", "｜": "|", "¦": "|"})

_NUMBERED = re.compile(
    r"^\s*(?:[一二三四五六七八九十]{1,3}\s*[、.．]|[（(][一二三四五六七八九十]{1,3}[)）])\s*[\u4e00-\u9fff“《]"
)


def body_begins(line: str, following: list[str]) -> bool:
    """True for a numbered heading or sentence in one piece before text in one piece: no line of a table."""
    after = next((text.strip() for text in following if text.strip()), "")
    return (
        bool(_NUMBERED.match(line))
        and not any(re.search(r"\S[ \u3000]{2,}\S|\t", text.strip()) for text in (line, after))
        and (bool(_NUMBERED.match(after)) or len(line.strip()) > 40)
    )


def decode(data: bytes) -> str:
    """Text of a file in UTF-8 (with or without mark), UTF-16 or GB 18030."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", errors="replace")


def load_text(text: str, *, page: int | None = None) -> SourceDocument:
    """Lines as blocks; `line` is the line of the file, from 1. A form feed starts a new page."""
    document = SourceDocument("txt")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    pages = "\f" in text
    number = 0
    current_page = 1 if pages else page
    layout: _Layout | None = None
    outer = all(line.translate(_BOX).strip().startswith("|") for line in lines if line.count("|") >= 2)
    while number < len(lines):
        line = lines[number]
        if "\f" in line:
            current_page = (current_page or 1) + line.count("\f")
            line = line.replace("\f", "")
        number += 1
        if not line.strip():
            if number > 1 and not lines[number - 2].strip():
                layout = None  # two empty lines end a table
            continue
        used = _quoted(lines, number - 1)
        if used > 1:
            line = "\n".join(lines[number - 1 : number - 1 + used])
        row = _row(line, number, current_page, outer)
        if row is not None:
            layout = None
            document.blocks.append(row)
        elif _is_rule(line):
            pass
        else:
            if layout is None or _is_heading(line):
                layout = (
                    _Layout.start(line, lines[number : number + 400]) or layout
                )  # a second heading line opens no new table
            elif ENDS_TABLE.match(line) or (
                not lines[number - 2].strip() and body_begins(line, lines[number : number + 3])
            ):
                layout = None
            aligned = layout is not None and layout.holds(line) and not _PAGE_LINE.match(line.strip()[:40])
            document.blocks.append(
                layout.row(line, number, current_page)
                if layout and aligned
                else Paragraph(line.strip(), number, current_page)
            )
        number += used - 1
    if any(isinstance(b, Row) and b.table < 0 for b in document.blocks):
        document.blocks = _wrapped(_centred(document.blocks, lines))
    return document


def _is_rule(line: str) -> bool:
    """A line drawn between the rows of a pipe table."""
    return _RULE_SIGNS.issuperset(line)


def _quoted(lines: list[str], at: int) -> int:
    """How many lines a row takes whose quoted cell holds line breaks."""
    line = lines[at]
    if not re.search(r'(?:^|\t)"', line) or line.count('"') % 2 == 0:
        return 1
    text, used = line, 1
    while text.count('"') % 2 and used < 60 and at + used < len(lines):
        text += "\n" + lines[at + used]
        used += 1
    return used if text.count('"') % 2 == 0 and "\t" in text else 1


def _row(line: str, number: int, page: int | None, outer: bool) -> Row | None:
    if "\t" in line:
        parts = [_unquoted(p) for p in line.split("\t")]
        if sum(1 for p in parts if p.strip()) < 2 and not (len(parts) > 2):
            return None
    else:
        plain = line.translate(_BOX)
        if (
            plain.count("|") < 2
            or not (plain.strip().startswith("|") or plain.count("|") >= 3)
            or _is_rule(plain)
        ):
            return None
        inner = plain.strip().removeprefix("|").removesuffix("|") if outer else plain
        parts = [p.strip() for p in inner.split("|")]
    cells = [Cell(part.strip(" \u3000"), number, i, page) for i, part in enumerate(parts, 1)]
    return Row(cells, number, page)


def _unquoted(cell: str) -> str:
    text = cell.strip()
    if len(text) >= 2 and text.startswith('"') and text.endswith('"') and text.count('"') % 2 == 0:
        return text[1:-1].replace('""', '"')
    return cell


def _is_heading(line: str) -> bool:
    words = [w for w in _GAP.split(simplified(line.strip())) if w]
    return len(words) >= 3 and is_heading_row(words)


class _Layout:
    """A table whose columns are lined up with blanks: columns are the bands of text between bands of blanks."""

    def __init__(self, cuts: list[int], quotes: int) -> None:
        self.cuts = cuts  # display columns at which a new table column begins
        self.quotes = quotes  # columns a quotation mark takes in this file

    @classmethod
    def start(cls, line: str, following: list[str]) -> _Layout | None:
        words = [w for w in _GAP.split(line.strip()) if w]
        if len(words) < 3:
            return None
        headed = is_heading_row([simplified(w) for w in words])
        if not headed:
            near = [other for other in following[:12] if other.strip()][:4]
            if sum(len([w for w in _GAP.split(other.strip()) if w]) >= 3 for other in near) < 2 or any(
                "\t" in o or "|" in o for o in near
            ):
                return None
        region = [line]
        for before, other in pairwise([line, *following[:400]]):
            if (not before.strip() and not other.strip()) or ENDS_TABLE.match(other) or _is_heading(other):
                break
            if len([w for w in _GAP.split(other.strip()) if w]) >= 2 or other[:2].isspace():
                region.append(other)
        cuts, quotes = max(((_cuts(region, q, headed), q) for q in (2, 1)), key=lambda found: len(found[0]))
        if not headed and len(cuts) < 3:
            return None
        if headed and len(cuts) < len(words):
            cuts = [shown_width(line[: m.start()], quotes=quotes) for m in _WORD.finditer(line)]
        return cls(cuts, quotes)

    def holds(self, line: str) -> bool:
        """True for a line that looks like a row of the table."""
        pieces = [p for p in _GAP.split(line.strip()) if p]
        return len(pieces) >= 2 or line[:2] in ("  ", "\u3000\u3000")

    def _column(self, start: int, end: int) -> int:
        """The column a word stands in: where most of it lies, or where it begins when it runs over several."""
        crossed = [i for i, cut in enumerate(self.cuts) if start < cut < end]
        begins = max((i for i, cut in enumerate(self.cuts) if cut <= start + 1), default=0)
        if len(crossed) == 1 and begins == crossed[0] - 1:
            cut = self.cuts[crossed[0]]
            return crossed[0] if cut - start < end - cut and cut - start <= 6 else begins
        return begins

    def row(self, line: str, number: int, page: int | None) -> Row:
        texts = [""] * len(self.cuts)
        for match in _WORD.finditer(line):
            start, end = (shown_width(line[:at], quotes=self.quotes) for at in match.span())
            column = self._column(start, end)
            texts[column] = f"{texts[column]} {match.group()}" if texts[column] else match.group()
        return Row([Cell(t, number, i, page) for i, t in enumerate(texts, 1)], number, page, -1)


def _cuts(region: list[str], quotes: int, headed: bool) -> list[int]:
    spans = [
        [
            (shown_width(r[: m.start()], quotes=quotes), shown_width(r[: m.end()], quotes=quotes))
            for m in _WORD.finditer(r)
        ]
        for r in region
    ]
    return column_cuts(spans, 2, headed=headed)


def column_cuts(lines: list[list[tuple[int, int]]], narrowest: int, *, headed: bool) -> list[int]:
    """Where columns begin, from each line's words as (start, end) positions; a column gap is blank in nearly all lines.

    `headed`: the first line is the heading row; a column without heading and with little text is no column.
    """
    width = max((end for words in lines for _, end in words), default=0)
    cover = [0] * (width + 1)
    for words in lines:
        for start, end in words:
            for at in range(start, end):
                cover[at] += 1
    allowed = max(len(lines) * 0.12, 1 if len(lines) >= 5 else 0)
    cuts: list[int] = []
    blank = narrowest
    for at in range(width):
        if cover[at] <= allowed:
            blank += 1
            continue
        if blank >= narrowest:
            cuts.append(at)
        blank = 0
    return [
        cut
        for i, cut in enumerate(cuts)
        if i == 0 or not headed or not _sparse(lines, cut, cuts[i + 1] if i + 1 < len(cuts) else width + 1)
    ]


def _sparse(lines: list[list[tuple[int, int]]], cut: int, end: int) -> bool:
    """True for a column without heading in which few lines have text: the second word of a short cell."""
    filled = sum(any(cut <= start < end for start, _ in words) for words in lines)
    return filled <= 0.35 * len(lines) and not any(
        cut - 1 <= start < end or start < cut < stop for start, stop in lines[0]
    )


def _both_whole(upper: Row, lower: Row) -> bool:
    """True when both lines hold a whole value of one kind (deadline, figure, frequency): two rows, not one wrapped."""
    for a, b in zip(upper.cells, lower.cells, strict=False):
        if (
            read_deadline(a.text, 2000)
            and read_deadline(b.text, 2000)
            and not read_deadline(a.text + b.text, 2000)
        ):
            return True
    return bool(_kinds(upper) & _kinds(lower))


def _kinds(row: Row) -> set[str]:
    kinds = {"frequency" for cell in row.cells if is_frequency(cell.text)}
    return kinds | {"figure" for cell in row.cells[1:] if len(cell.text) > 1 and read_number_cell(cell.text)}


def _centred(blocks: list[Paragraph | Row], lines: list[str]) -> list[Paragraph | Row]:
    """Rows parted by empty lines whose number stands in their middle line become one row each."""
    result: list[Paragraph | Row] = []
    at = 0
    while at < len(blocks):
        end = at
        while end < len(blocks) and _stands_with(blocks, at, end, lines):
            end += 1
        rows = [b for b in blocks[at:end] if isinstance(b, Row)]
        numbers = sum(1 for row in rows if read_row_number(row.cells[0].text))
        if 2 <= len(rows) <= 12 and numbers == 1 and not rows[0].cells[0].text:
            first = rows[0]
            for column, cell in enumerate(first.cells):
                cell.text = "\n".join(
                    t for row in rows if (t := row.cells[column].text if column < len(row.cells) else "")
                )
            result.append(first)
        else:
            result.extend(blocks[at : max(end, at + 1)])
        at = max(end, at + 1)
    return result


def _stands_with(blocks: list[Paragraph | Row], at: int, end: int, lines: list[str]) -> bool:
    block = blocks[end]
    if not isinstance(block, Row) or block.table != -1 or is_heading_row(block.texts):
        return False
    return end == at or (block.line == blocks[end - 1].line + 1 and bool(lines[block.line - 2].strip()))


def _wrapped(blocks: list[Paragraph | Row]) -> list[Paragraph | Row]:
    """Lines of a blank-aligned table that go on in the next line become one row."""
    joined: list[Paragraph | Row] = []
    for block in blocks:
        last = joined[-1] if joined else None
        if (
            isinstance(block, Row)
            and block.table == -1
            and isinstance(last, Row)
            and last.table == -1
            and not is_heading_row(last.texts)
        ):
            first = block.cells[0].text.strip()
            if (
                not first
                and not _both_whole(last, block)
                and sum(1 for c in block.cells if c.text) < len(block.cells) - 1
                and not is_heading_row(block.texts)
            ):
                for cell, more in zip(last.cells, block.cells, strict=False):
                    cell.text = cell.text + more.text
                continue
        joined.append(block)
    for block in joined:
        if isinstance(block, Row) and block.table == -1:
            block.table = 0
    return joined
