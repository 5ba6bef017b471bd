"""Numbers of rows: two in one cell, numbering that starts anew, and which of a damaged sequence to believe."""

from __future__ import annotations

import re
from itertools import pairwise

from .cell_types import read_row_number
from .characters import bare
from .data_row import DataRow
from .irregularities import Findings
from .tables import TypedTable


def two_numbers(text: str) -> tuple[str, str] | None:
    """`7` above `8`: two numbers in sequence in one cell."""
    parts = text.split()
    if len(parts) == 1:
        digits = re.fullmatch(
            r"[（(]?(\d+)[)）.．、]+[（(]?(\d+)[)）.．、]*|(\d\d)(\d\d)|(9)(10)|(99)(100)", parts[0]
        )
        parts = [g for g in digits.groups() if g] if digits else []
    if len(parts) != 2:
        return None
    first, second = read_row_number(parts[0]), read_row_number(parts[1])
    return (parts[0], parts[1]) if first and second and second[0] == first[0] + 1 else None


def starts_anew(numbers: list[int | None]) -> bool:
    """True when the numbering starts anew in each group."""
    pairs = list(pairwise(numbers))
    resets = sum(1 for a, b in pairs if b == 1 and a not in (None, 1))
    regular = sum(1 for a, b in pairs if b == 1 or (a is not None and b == a + 1))
    return resets >= 1 and regular >= 0.8 * len(pairs) and len(set(numbers)) <= 0.75 * len(numbers)


def believed(numbers: list[int | None]) -> set[int]:
    """Positions of the longest strictly rising run of numbers; these are believed."""
    if all(n is not None for n in numbers) and all(
        b > a for a, b in pairwise(n for n in numbers if n is not None)
    ):
        return set(range(len(numbers)))
    best: list[int] = []
    back: list[int] = []
    for i, value in enumerate(numbers):
        length, previous = (0, -1) if value is None else (1, -1)
        if value is not None:
            for j in range(i):
                other = numbers[j]
                if other is not None and other < value and best[j] + 1 > length:
                    length, previous = best[j] + 1, j
                elif (
                    other is not None
                    and other < value
                    and best[j] + 1 == length
                    and previous >= 0
                    and i - j <= value - other
                ):
                    previous = j
        best.append(length)
        back.append(previous)
    trusted: set[int] = set()
    if not best or max(best) == 0:
        return trusted
    at = max(range(len(best)), key=lambda i: (best[i], -(numbers[i] or 0)))
    while at >= 0:
        trusted.add(at)
        at = back[at]
    return trusted


def number_rows(rows: list[DataRow], table: TypedTable, findings: Findings, start: int) -> None:
    """Give every row its number: the printed one where it can be believed, else the one that its place demands.

    `start` rows of this kind were read before; a table without numbers goes on counting.
    """
    numbered = "number" in table.roles
    if not numbered or not any(bare(row.text("number")) for row in rows):
        for order, row in enumerate(rows, start + 1):
            row.number = order
        if numbered and rows:
            findings.add(
                "number_missing",
                table.kind,
                f"第{table.raw.line}行起的表格序号一栏是空的（可能是自动编号），按先后顺序编号。",
                line=table.raw.line,
                severity="info",
            )
        return
    if any("number" in row.merged and row.number is None for row in rows) or starts_anew(
        [r.number for r in rows]
    ):
        for order, row in enumerate(rows, 1):
            row.number = order
        return
    trusted = believed([r.number for r in rows])
    for position, row in enumerate(rows):
        if position in trusted:
            continue
        left = max((p for p in trusted if p < position), default=None)
        right = min((p for p in trusted if p > position), default=None)
        low = rows[left].number or 0 if left is not None else 0
        high = rows[right].number if right is not None else None
        slots = (right if right is not None else len(rows)) - (left if left is not None else -1) - 1
        guess = low + position - (left if left is not None else -1)
        certain = high is None or high - low - 1 == slots
        if high is not None and guess >= high:
            guess = low + 1 if low + 1 < high else guess
        old = row.text("number")
        if certain or row.number is None:
            row.number = guess
            code = "number_missing" if not bare(old) else "number_repaired"
            shown = f"序号“{old}”" if bare(old) else "序号空缺"
            row.mark(code, None if not certain else "number", f"{shown}，按前后顺序读作{guess}。")
        else:
            row.mark("row_order", "number", f"序号“{old}”与前后顺序不符，照原文保留。")
        trusted.add(position)
    for row in rows:
        if row.number_repaired:
            row.mark(
                "number_repaired",
                "number",
                f"序号“{row.text('number')}”疑为识别错误，读作{row.number}。",
            )
