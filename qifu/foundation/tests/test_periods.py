"""Periods tile the calendar: every day lies in exactly one of each kind."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation.periods import (
    MONTHS,
    Kind,
    Period,
    PeriodError,
    containing,
    parse_period,
    period,
    periods_between,
)

DAYS = st.dates(date(1900, 1, 1), date(2200, 12, 31))
KINDS = st.sampled_from(list(MONTHS))


@given(DAYS, KINDS)
def test_a_day_lies_in_its_period_and_in_no_neighbour(day: date, kind: Kind) -> None:
    found = containing(day, kind)
    assert day in found and found.start <= found.last_day < found.end
    assert day not in found.next() and day not in found.previous()
    assert found.next().previous() == found
    assert found.next().start == found.end


@given(DAYS, KINDS)
def test_labels_read_back(day: date, kind: Kind) -> None:
    found = containing(day, kind)
    assert parse_period(found.label) == found
    assert period(kind, found.start.year, found.number) == found


@given(DAYS, st.integers(0, 800), KINDS)
def test_iterating_covers_the_range_without_gaps(start: date, length: int, kind: Kind) -> None:
    end = start + timedelta(days=length)
    found = list(periods_between(start, end, kind))
    assert bool(found) == (length > 0)
    if found:
        assert start in found[0] and end - timedelta(days=1) in found[-1]
        assert all(a.end == b.start for a, b in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("2024 年 3 月", "2024年3月"),
        ("２０２４年３月份", "2024年3月"),
        ("2024-03", "2024年3月"),
        ("2024年第1季度", "2024年一季度"),
        ("2024q4", "2024年四季度"),
        ("2024年上半年", "2024年上半年"),
        ("2024H2", "2024年下半年"),
        ("2024年度", "2024年"),
        ("2024", "2024年"),
    ],
)
def test_texts_are_read(text: str, label: str) -> None:
    assert parse_period(text).label == label


@pytest.mark.parametrize(
    "text", ["", "2024年13月", "2024年0月", "2024年五季度", "0000年", "9999年", "三月", "2024年3月5日"]
)
def test_other_texts_are_refused_in_chinese(text: str) -> None:
    with pytest.raises(PeriodError, match="请"):
        parse_period(text)


def test_a_period_is_whole() -> None:
    with pytest.raises(ValueError, match="no month"):
        Period(date(2024, 1, 2), date(2024, 2, 2), "month")
    with pytest.raises(ValueError, match="no quarter"):
        Period(date(2024, 2, 1), date(2024, 5, 1), "quarter")
    assert [p.label for p in period("half", 2024, 2).parts("quarter")] == ["2024年三季度", "2024年四季度"]
    with pytest.raises(ValueError, match="holds no"):
        period("month", 2024, 2).parts("year")
