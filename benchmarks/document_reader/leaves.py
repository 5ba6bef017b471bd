"""Comparing one expected value with one read value, leaf by leaf."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher
from typing import Any

from .model import Record, digest, plain

LEADING = re.compile(r"^(\(?[一二三四五六七八九十]+\)?[、,.]?|\(?\d{1,2}\)|\d{1,2}[.、](?!\d))")
TRAILING_DUTY = re.compile(
    r"\((?:[^()]|\([^()]*\))*(?:牵头|负责|责任单位|配合|参与)(?:[^()]|\([^()]*\))*\)[.。]?$"
)
SCALES = (("万亿", 10**12), ("亿", 10**8), ("万", 10**4), ("千", 10**3))


@dataclass
class Leaf:
    """One comparison: where it stands, what was expected and read, and how it came out."""

    part: str
    field: str
    path: str
    expected: Any
    actual: Any
    right: bool
    record: Record | None = None  # the truth record; None for an invented row
    row: Record | None = None  # the row of the reading; None for a missing one
    warned: bool = False
    kinds: set[str] = dataclasses.field(default_factory=set)
    needs_warning: bool = False  # the document no longer says: null is right only with a warning

    @property
    def silent(self) -> bool:
        return not self.right and not self.warned


def sentence(text: str) -> str:
    """Text for comparison without its own number, its duty bracket and its stop."""
    folded = plain(text)
    folded = TRAILING_DUTY.sub("", folded.rstrip("。.;,"))
    return LEADING.sub("", folded).rstrip("。.;,")


def mark(expected: Any) -> str | None:
    """The kind of mark an expected value is, or None for a plain value."""
    if isinstance(expected, dict) and len(expected) == 1:
        key = next(iter(expected))
        return key if key in ("any", "free", "lost", "sha256") else None
    return None


def number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def same(expected: Any, actual: Any) -> bool:
    """Whether a read scalar is the expected one: whitespace, width, bracket style, numbering and final stops do not matter."""
    kind = mark(expected)
    if kind == "any":
        return any(same(option, actual) for option in expected["any"])
    if kind == "free":
        return True
    if kind == "lost":
        return actual in (None, "", [])
    if kind == "sha256":
        return actual == expected or (
            isinstance(actual, str)
            and expected["sha256"]
            in (
                digest(actual),
                digest(sentence(actual)),
                digest(sentence(actual) + "。"),
            )
        )
    if expected is None or isinstance(expected, bool):
        return actual is expected
    if isinstance(expected, (int, float)):
        return number(actual) == number(expected)
    if isinstance(expected, str):
        return isinstance(actual, str) and (
            plain(expected) == plain(actual) or sentence(expected) == sentence(actual)
        )
    return bool(expected == actual)


def scaled(value: Any, unit: Any) -> tuple[Decimal | None, str | None]:
    """A figure and its unit with 万 and 亿 multiplied out: 9万亿元 and 90000亿元 are one amount."""
    amount, name = number(value), plain(unit) if isinstance(unit, str) else None
    if amount is None or name is None:
        return amount, name
    for word, factor in SCALES:
        if name.startswith(word):
            return amount * factor, name[len(word) :]
    return amount, name


def likeness(a: Any, b: Any) -> float:
    """How much two texts have in common, 0 to 1."""
    left, right = sentence(str(a or ""))[:80], sentence(str(b or ""))[:80]
    if left == right:
        return 1.0 if left else 0.0
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() > 0.4 and matcher.quick_ratio() > 0.4 else 0.0


def preferred(expected: Any) -> Any:
    """One plain value of a mark, for alignment and for messages."""
    kind = mark(expected)
    if kind == "any":
        return preferred(expected["any"][0])
    return None if kind else expected


def pair(expected: list[Any], actual: list[Any], score: Any) -> list[tuple[Any, Any]]:
    """Best pairs first; what finds no partner is paired with the sentinel ABSENT."""
    scores = sorted(
        ((score(e, a), -abs(i - j), i, j) for i, e in enumerate(expected) for j, a in enumerate(actual)),
        reverse=True,
    )
    left, right, pairs = set(range(len(expected))), set(range(len(actual))), []
    for value, _, i, j in scores:
        if value > 0.45 and i in left and j in right:
            left.discard(i)
            right.discard(j)
            pairs.append((i, j))
    pairs.sort()
    return (
        [(expected[i], actual[j]) for i, j in pairs]
        + [(expected[i], ABSENT) for i in sorted(left)]
        + [(ABSENT, actual[j]) for j in sorted(right)]
    )


class _Absent:
    def __repr__(self) -> str:
        return "—"


ABSENT: Any = _Absent()
