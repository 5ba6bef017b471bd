"""CSV, TSV and other delimited text as rows of cells, streamed. Pure; no Django.

A quotation mark without its partner would swallow the rows that follow. Therefore quotes are read strictly; where
that fails, the first physical line of the trouble is read by itself and told, and reading goes on with the next one.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from qifu.foundation.files.text import MIXED, TextKind, find_encoding
from qifu.foundation.imports.lines import Line, UnreadableTable

DELIMITERS = ",\t;|"
SAMPLE_LINES = 200
MOST_LINES_OF_A_ROW = 200
LONGEST_ROW = 1_000_000
MOST_COLUMNS = 2_000
_SEP_LINE = re.compile(r"^sep=(.)\s*$", re.IGNORECASE)
_QUOTES = "引号没有成对，这一行无法可靠分列"
csv.field_size_limit(LONGEST_ROW)


class TextTable:
    """A delimited text file; `lines` may be asked again and again, each time from the first row."""

    kind = "csv"
    sheet = ""
    sheets: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._text: TextKind = find_encoding(file)
        if not self._text.size:
            raise UnreadableTable("文件是空的，请检查后重新选择")
        if not self._text.is_text:
            raise UnreadableTable("这不是文本表格，也不是 Excel 工作簿，请另存为 .xlsx 或 CSV（UTF-8）再导入")
        sample = self._sample()
        first = _SEP_LINE.match(sample[0]) if sample else None
        self._skip_first = first is not None
        self.delimiter = first[1] if first else find_delimiter(sample)
        self.width, self._short_is_usual = _shape(sample, self.delimiter)

    @property
    def encoding(self) -> str:
        """The encoding's name for people."""
        names = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "gb18030": "GB18030", MIXED: "混合编码"}
        return names.get(self._text.encoding, "UTF-16")

    def choose(self, sheet: str) -> None:
        """Do nothing: a text has no sheets."""

    def lines(self) -> Iterator[Line]:
        """Yield every row of the file from the first, blank ones too."""
        feeder = _Feeder(self._physical())
        number = 0
        if self._skip_first:
            next(feeder)
            number += 1
            yield Line(number, [])
        while True:
            reader = csv.reader(feeder, delimiter=self.delimiter, strict=True)
            try:
                for cells in reader:
                    feeder.taken.clear()
                    number += 1
                    yield self._line(number, cells)
                return
            except (csv.Error, _Runaway):
                if not feeder.taken:
                    return
                first = feeder.give_back()
                number += 1
                yield self._alone(number, first)

    def filled_rows(self) -> int:
        """Return how many rows hold anything."""
        return sum(1 for line in self.lines() if not line.is_blank)

    def _line(self, number: int, cells: list[str]) -> Line:
        """A row in good form; told when it has fewer or more cells than the table is wide."""
        found, width = len(cells), self.width
        if found == width:
            return Line(number, cells)
        if found > width and any(cells[width:]):
            reason = f"这一行有 {found} 格，表头只有 {width} 格，可能是内容里含有分隔符而没有加引号"
            return Line(number, cells, broken=reason)
        if found < width and not self._short_is_usual and any(cells):
            return Line(number, cells, doubt=f"这一行只有 {found} 格，比表头少 {width - found} 格")
        return Line(number, cells)

    def _alone(self, number: int, text: str) -> Line:
        """Read one physical line that strict reading refused: with quotes as they stand, else as mere characters."""
        text = text.rstrip("\r\n")
        if len(text) > LONGEST_ROW:
            return Line(
                number, [text[:200]], broken=f"这一行超过 {LONGEST_ROW // 10_000} 万字，不像表格的一行"
            )
        literal = [_unquoted(cell) for cell in text.split(self.delimiter)]
        loose = _loosely(text, self.delimiter)
        for cells in (loose, literal):
            if len(cells) == self.width:
                return Line(number, cells, doubt="引号没有成对，已按分隔符读出，请核对")
        return Line(number, literal, broken=_QUOTES)

    def _sample(self) -> list[str]:
        found: list[str] = []
        for line in self._physical():
            found.append(line[:200_000].rstrip("\r\n"))
            if len(found) == SAMPLE_LINES:
                break
        return found

    def _physical(self) -> Iterator[str]:
        """Yield physical lines with their ends, without NULs."""
        self._file.seek(0)
        if self._text.encoding == MIXED:
            lines: Iterator[str] = map(_decode_line, self._file)
        else:
            lines = _TextLines(cast(Any, self._file), self._text.encoding, "replace", newline="")
        return (line.replace("\0", "") for line in lines) if self._text.has_nul else lines


class _Runaway(Exception):
    """A quoted cell goes on for longer than any cell would."""


class _Feeder(Iterator[str]):
    """Hands physical lines to the CSV reader and remembers those of the row under way, to give them back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._waiting: deque[str] = deque()
        self.taken: list[str] = []

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self.taken.append(line)
        if len(line) > LONGEST_ROW or len(self.taken) > MOST_LINES_OF_A_ROW:
            raise _Runaway
        return line

    def give_back(self) -> str:
        """Return the first line of the row under way; the others are read again."""
        first, *others = self.taken
        self._waiting.extendleft(reversed(others))
        self.taken = []
        return first


class _TextLines(io.TextIOWrapper):
    """Decoded lines with their ends; the file is the caller's and stays open."""

    def close(self) -> None:
        """Let go of the file."""
        self.detach()


def _decode_line(line: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("utf-8", "replace")


def _loosely(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:  # a carriage return in the middle
        return []


def _unquoted(cell: str) -> str:
    cell = cell.strip()
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell.strip('"')


def _cells(sample: list[str], delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        rows.extend(csv.reader((line + "\n" for line in sample), delimiter=delimiter))
    except csv.Error:
        rows.extend(line.split(delimiter) for line in sample)
    return [row for row in rows if any(cell.strip() for cell in row)]


def find_delimiter(sample: list[str]) -> str:
    """Return the delimiter by evidence: under the right one most rows have one and the same number of cells."""
    best, best_score = ",", (0, False, 0)
    for delimiter in DELIMITERS:
        found = _cells(sample, delimiter)
        counts = Counter(len(row) for row in found if len(row) > 1)
        if not counts:
            continue
        width, rows = max(counts.items(), key=lambda item: (item[1], item[0]))
        score = (rows, len(found[0]) > 1, width)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _shape(sample: list[str], delimiter: str) -> tuple[int, bool]:
    """Return how many cells a full row has, and whether rows that lack their last cells are this file's manner."""
    counts = Counter(len(row) for row in _cells(sample, delimiter))
    if not counts:
        return 1, False
    rows = sum(counts.values())
    common = max(counts, key=lambda width: (counts[width], width))
    heading = next((len(row) for row in _cells(sample, delimiter) if sum(map(bool, row)) > 1), common)
    width = max(common, heading)
    if width > MOST_COLUMNS:
        raise UnreadableTable(f"表格有 {width} 列，超过上限 {MOST_COLUMNS} 列，请只保留需要的列")
    short = sum(number for found, number in counts.items() if found < width)
    return width, short * 10 > rows
