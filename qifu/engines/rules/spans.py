"""Spans of time by 民法典 200–204: which first days make 满2年, 不满6个月, 超过30日 true on a given day; pure.

A span counts whole calendar years, months or days; the first day is not counted (201), so the last day is the
corresponding day of the month in which the span ends, or that month's last day when it has none (202). 民法典 1259:
届满 includes the number, 不满 and 超过 do not. Hence, with `end` the last day of the span that began on the fact's day,

    满 N: end <= day      超过 N: end < day      不满 N: end > day      不超过 N: end >= day

`end` never falls when the first day rises, so each is one comparison with one day. The holidays of 203 move the end of
a span in which something must be done; how old something is they do not change.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from qifu.engines.rules.tree import Op

Unit = Literal["months", "days"]
LONGEST = {"年": 200, "个月": 2400, "日": 73_000}
"""The longest span of each unit that a rule may ask for."""
_WRITTEN = re.compile(r"(?P<number>[0-9]{1,9}(?:\.[0-9]+)?)(?P<unit>周年|年|个月|月|日|天)")


class SpanProblem(ValueError):
    """The text is not a span of time; the message is Chinese and says what to write."""


@dataclass(frozen=True, slots=True)
class Span:
    """A number of calendar months (a year is twelve) or of days."""

    number: int
    unit: Unit


def read_span(text: str) -> Span:
    """Return the span of `2年`, `18个月` or `30日`; raises SpanProblem."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise SpanProblem(f"“{text[:20]}”不是时间长度，请写成 2年、18个月 或 30日")
    if "." in found["number"]:
        raise SpanProblem(f"时间长度“{text[:20]}”带小数，请写成整数，如 1.5年 写作 18个月")
    number = int(found["number"])
    unit = {"周年": "年", "月": "个月", "天": "日"}.get(found["unit"], found["unit"])
    if not 1 <= number <= LONGEST[unit]:
        raise SpanProblem(f"时间长度“{text[:20]}”超出范围，应在 1{unit} 与 {LONGEST[unit]}{unit} 之间")
    return Span(number, "days") if unit == "日" else Span(number * (12 if unit == "年" else 1), "months")


def span_end(first: date, span: Span) -> date:
    """Return the last day of the span that begins on `first` (民法典 201, 202)."""
    if span.unit == "days":
        return first + timedelta(days=span.number)
    year, month = _months_from(first, span.number)
    return date(year, month, min(first.day, monthrange(year, month)[1]))


def latest_first_day(day: date, span: Span) -> date:
    """Return the latest first day whose span has ended on `day`, i.e. with span_end(first) <= day."""
    if span.unit == "days":
        return day - timedelta(days=span.number)
    year, month = _months_from(day, -span.number)
    last = monthrange(year, month)[1]
    at_month_end = day.day == monthrange(day.year, day.month)[1]
    return date(year, month, last if at_month_end else min(day.day, last))


def first_day_limit(op: Op, span: Span, day: date) -> tuple[Op, date]:
    """Return (comparison, limit) so that "the time since the fact's day OP span", on `day`, is `fact's day comparison limit`.

    `op` is ">=" for 满, ">" for 超过, "<" for 不满, "<=" for 不超过; = and != have no meaning here.
    """
    if op in (">=", "<"):
        return ("<=" if op == ">=" else ">"), latest_first_day(day, span)
    if op in (">", "<="):
        return ("<=" if op == ">" else ">"), latest_first_day(day - timedelta(days=1), span)
    raise ValueError(f"a span is not compared with {op}")


def _months_from(day: date, months: int) -> tuple[int, int]:
    index = day.year * 12 + day.month - 1 + months
    return index // 12, index % 12 + 1
