"""Plain text into blocks: tab-separated, pipe and blank-aligned tables, quoted cells over several lines."""

from __future__ import annotations

import re

from .characters import shown_width
from .grid import Cell, Paragraph, Row, SourceDocument
from .headers import is_heading_row

_PIPE_RULE = re.compile(r"^\s*[|+]?[\s:|+=\-─━]+[|+]?\s*$")
_GAP = re.compile(r"\s{2,}|\u3000+|\t")
_BOX = str.maketrans({"│": "|", "┃": "|", "║": "|", "｜": "|", "¦": "|"})


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
    while number < len(lines):
        line = lines[number]
        if "\f" in line:
            current_page = (current_page or 1) + line.count("\f")
            line = line.replace("\f", "")
        number += 1
        if not line.strip():
            continue
        used = _quoted(lines, number - 1)
        if used > 1:
            line = "\n".join(lines[number - 1 : number - 1 + used])
        row = _row(line, number, current_page)
        if row is not None:
            layout = None
            document.blocks.append(row)
        elif _PIPE_RULE.match(line) and not line.strip().isdigit():
            pass
        else:
            layout = _Layout.start(line) or (layout if layout and layout.holds(line) else None)
            document.blocks.append(layout.row(line, number, current_page) if layout else Paragraph(line.strip(), number, current_page))
        number += used - 1
    if layout is not None or any(isinstance(b, Row) and b.table < 0 for b in document.blocks):
        document.blocks = _wrapped(document.blocks)
    return document


def _quoted(lines: list[str], at: int) -> int:
    """How many lines a row takes whose quoted cell holds line breaks."""
    line = lines[at]
    if "\t" not in line or not re.search(r'(?:^|\t)"', line):
        return 1
    text, used = line, 1
    while text.count('"') % 2 and used < 60 and at + used < len(lines):
        text += "\n" + lines[at + used]
        used += 1
    return used if text.count('"') % 2 == 0 else 1


def _row(line: str, number: int, page: int | None) -> Row | None:
    if "\t" in line:
        parts = [_unquoted(p) for p in line.split("\t")]
        if sum(1 for p in parts if p.strip()) < 2 and not (len(parts) > 2):
            return None
    else:
        plain = line.translate(_BOX)
        if plain.count("|") < 2 or not (plain.strip().startswith("|") or plain.count("|") >= 3) or _PIPE_RULE.match(plain):
            return None
        parts = [p.strip() for p in plain.strip().removeprefix("|").removesuffix("|").split("|")]
    cells = [Cell(part.strip(" \u3000"), number, i, page) for i, part in enumerate(parts, 1)]
    return Row(cells, number, page)


def _unquoted(cell: str) -> str:
    text = cell.strip()
    if len(text) >= 2 and text.startswith('"') and text.endswith('"') and text.count('"') % 2 == 0:
        return text[1:-1].replace('""', '"')
    return cell


class _Layout:
    """A table whose columns are lined up with blanks; the heading line tells where columns begin."""

    def __init__(self, starts: list[int]) -> None:
        self.starts = starts
        self.misses = 0

    @classmethod
    def start(cls, line: str) -> _Layout | None:
        words = [w for w in _GAP.split(line.strip()) if w]
        if len(words) < 3 or not is_heading_row(words):
            return None
        starts, at = [], 0
        for word in words:
            at = line.index(word, at)
            starts.append(shown_width(line[:at]))
            at += len(word)
        return cls(starts)

    def holds(self, line: str) -> bool:
        """True while a line still looks like part of the table."""
        pieces = [p for p in _GAP.split(line.strip()) if p]
        if len(pieces) >= 2 or line[:1] in " \u3000":
            return not re.match(r"^\s*附\s*件", line)
        return False

    def row(self, line: str, number: int, page: int | None) -> Row:
        texts = [""] * len(self.starts)
        for match in re.finditer(r"\S+(?: \S+)*", line.replace("\u3000", "  ")):
            at = shown_width(line[: match.start()])
            column = min(range(len(self.starts)), key=lambda i: abs(self.starts[i] - at))
            texts[column] = f"{texts[column]} {match.group()}".strip() if texts[column] else match.group()
        return Row([Cell(t, number, i, page) for i, t in enumerate(texts, 1)], number, page, -1)


def _wrapped(blocks: list[Paragraph | Row]) -> list[Paragraph | Row]:
    """Lines of a blank-aligned table that go on in the next line become one row."""
    joined: list[Paragraph | Row] = []
    for block in blocks:
        last = joined[-1] if joined else None
        if isinstance(block, Row) and block.table == -1 and isinstance(last, Row) and last.table == -1 and not is_heading_row(last.texts):
            first = block.cells[0].text.strip()
            if not first and sum(1 for c in block.cells if c.text) < len(block.cells) - 1 and not is_heading_row(block.texts):
                for cell, more in zip(last.cells, block.cells, strict=False):
                    cell.text = cell.text + more.text
                continue
        joined.append(block)
    for block in joined:
        if isinstance(block, Row) and block.table == -1:
            block.table = 0
    return joined
