"""Half-open periods: months, quarters, half-years and years, from `start` until the day before `end`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Kind = Literal["month", "quarter", "half", "year"]
MONTHS: dict[Kind, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}
"""How many months each kind of period has."""

_NUMERALS = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_FORMS: list[tuple[Kind, re.Pattern[str]]] = [
    ("month", re.compile(r"(?P<year>[0-9]{4})(?:年(?P<n>[0-9]{1,2})月(?:份)?|-(?P<m>[0-9]{2}))")),
    ("quarter", re.compile(r"(?P<year>[0-9]{4})(?:年第?(?P<n>[一二三四1-4])季度|-?Q(?P<m>[1-4]))")),
    ("half", re.compile(r"(?P<year>[0-9]{4})(?:年(?P<n>[上下])半年|-?H(?P<m>[12]))")),
    ("year", re.compile(r"(?P<year>[0-9]{4})(?:年(?:度|全年)?)?")),
]


class PeriodError(ValueError):
    """The text names no period; the message is Chinese and says what to write instead."""


@dataclass(frozen=True, order=True)
class Period:
    """The days from `start` until the day before `end`; a whole month, quarter, half-year or year."""

    start: date
    end: date
    kind: Kind

    def __post_init__(self) -> None:
        """Refuse days that are not exactly one period of `kind`."""
        aligned = self.start.day == 1 and (self.start.month - 1) % MONTHS[self.kind] == 0
        if not aligned or self.end != _add_months(self.start, MONTHS[self.kind]):
            raise ValueError(f"{self.start} to {self.end} is no {self.kind}")

    def __contains__(self, day: date) -> bool:
        """Tell whether `day` lies in the period."""
        return self.start <= day < self.end

    @property
    def last_day(self) -> date:
        """Return the last day that belongs to the period."""
        return self.end - timedelta(days=1)

    @property
    def number(self) -> int:
        """Return which one of its year it is, from 1."""
        return (self.start.month - 1) // MONTHS[self.kind] + 1

    @property
    def label(self) -> str:
        """Return `2024年3月`, `2024年一季度`, `2024年上半年` or `2024年`."""
        names = {
            "month": f"{self.number}月",
            "quarter": f"{'一二三四'[(self.number - 1) % 4]}季度",
            "half": f"{'上下'[(self.number - 1) % 2]}半年",
            "year": "",
        }
        return f"{self.start.year}年{names[self.kind]}"

    def next(self) -> Period:
        """Return the period that begins where this one ends."""
        return containing(self.end, self.kind)

    def previous(self) -> Period:
        """Return the period that ends where this one begins."""
        return containing(self.start - timedelta(days=1), self.kind)

    def parts(self, kind: Kind) -> list[Period]:
        """Return the periods of a finer (or the same) `kind` that make up this one, in order."""
        if MONTHS[kind] > MONTHS[self.kind]:
            raise ValueError(f"a {self.kind} holds no {kind}")
        return list(periods_between(self.start, self.end, kind))


def containing(day: date, kind: Kind) -> Period:
    """Return the period of `kind` that holds `day`."""
    months = MONTHS[kind]
    start = date(day.year, (day.month - 1) // months * months + 1, 1)
    return Period(start, _add_months(start, months), kind)


def period(kind: Kind, year: int, number: int = 1) -> Period:
    """Return the `number`-th (from 1) period of `kind` in `year`."""
    if not 1 <= number <= 12 // MONTHS[kind]:
        raise ValueError(f"a year has no {kind} {number}")
    return containing(date(year, (number - 1) * MONTHS[kind] + 1, 1), kind)


def periods_between(start: date, end: date, kind: Kind) -> Iterator[Period]:
    """Yield, in order, every period of `kind` that holds a day from `start` until the day before `end`."""
    if start >= end:
        return
    current = containing(start, kind)
    while current.start < end:
        yield current
        current = current.next()


def parse_period(text: str) -> Period:
    """Read `2024年3月`, `2024年一季度`, `2024年上半年`, `2024年`, `2024-03`, `2024Q1`, `2024H1`; blanks do not matter.

    Raises PeriodError for anything else and for months that do not exist.
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper()
    for kind, form in _FORMS:
        found = form.fullmatch(plain)
        if found is None:
            continue
        written = "" if kind == "year" else found["n"] or found["m"]
        number = {"上": 1, "下": 2, "": 1}.get(written) or _NUMERALS.get(written) or int(written)
        try:
            return period(kind, int(found["year"]), number)
        except (ValueError, OverflowError) as error:
            raise PeriodError(f"“{text.strip()}”不存在，请检查年份和月份") from error
    raise PeriodError(
        f"“{text.strip()[:40]}”不是时期，请写成“2024年3月”“2024年一季度”“2024年上半年”或“2024年”"
    )


def _add_months(first: date, months: int) -> date:
    """Return the first of the month `months` later; the last representable year has no end and is refused."""
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)
