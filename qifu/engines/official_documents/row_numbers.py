"""Numbers of rows: two in one cell, numbering that starts anew, and which of a damaged sequence to believe."""

from __future__ import annotations

import re
from itertools import pairwise

from .cell_types import read_row_number


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
