"""Spans against a calendar walked day by day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.engines.rules.spans import (
    LONGEST,
    Span,
    SpanProblem,
    first_day_limit,
    latest_first_day,
    read_span,
    span_end,
)
from qifu.engines.rules.tree import NEGATED, Op

DAYS = st.dates(date(1980, 1, 1), date(2060, 12, 31))
SHORT = st.one_of(
    st.builds(Span, st.integers(1, 60), st.just("months")),
    st.builds(Span, st.integers(1, 400), st.just("days")),
)
ONE = timedelta(days=1)


def walked_end(first: date, span: Span) -> date:
    """The last day of a span, by walking: a month has passed on the day of the same number, or on a shorter month's last day."""
    day, passed = first, 0
    while passed < span.number:
        day += ONE
        last_of_month = (day + ONE).day == 1
        passed += span.unit == "days" or day.day == first.day or (last_of_month and day.day < first.day)
    return day


@given(DAYS, SHORT)
def test_the_end_is_the_one_found_by_walking(first: date, span: Span) -> None:
    assert span_end(first, span) == walked_end(first, span)


@given(DAYS, SHORT, st.integers(-40, 40))
def test_each_wording_is_one_comparison(first: date, span: Span, off: int) -> None:
    end = walked_end(first, span)
    day = end + timedelta(days=off)
    wanted: dict[Op, bool] = {">=": end <= day, ">": end < day, "<": end > day, "<=": end >= day}
    for op, holds in wanted.items():
        comparison, limit = first_day_limit(op, span, day)
        assert (first <= limit if comparison == "<=" else first > limit) == holds, op


@given(DAYS, DAYS, SHORT)
def test_ends_and_limits_never_fall(one: date, other: date, span: Span) -> None:
    early, late = sorted((one, other))
    assert span_end(early, span) <= span_end(late, span)
    assert latest_first_day(early, span) <= latest_first_day(late, span)


@given(DAYS, SHORT)
def test_opposites_share_their_limit(day: date, span: Span) -> None:
    for full, short in ((">=", "<"), (">", "<=")):
        (comparison, limit), (opposite, same) = (
            first_day_limit(full, span, day),
            first_day_limit(short, span, day),
        )
        assert limit == same and opposite == NEGATED[comparison]


@pytest.mark.parametrize(
    ("first", "text", "end"),
    [
        ("2022-06-20", "2年", "2024-06-20"),
        ("2020-02-29", "1年", "2021-02-28"),
        ("2020-02-29", "4年", "2024-02-29"),
        ("2024-01-31", "1个月", "2024-02-29"),
        ("2023-01-31", "1个月", "2023-02-28"),
        ("2023-08-31", "6个月", "2024-02-29"),
        ("2023-11-30", "3个月", "2024-02-29"),
        ("2024-02-29", "1个月", "2024-03-29"),
        ("2023-12-31", "30日", "2024-01-30"),
    ],
)
def test_ends_by_the_civil_code(first: str, text: str, end: str) -> None:
    assert span_end(date.fromisoformat(first), read_span(text)).isoformat() == end


def test_on_the_corresponding_day_it_is_full_and_not_more() -> None:
    day = date(2024, 6, 20)
    born = date(2022, 6, 20)
    held = {op: first_day_limit(op, read_span("2年"), day) for op in (">=", ">", "<", "<=")}
    assert {op: (born <= limit if sign == "<=" else born > limit) for op, (sign, limit) in held.items()} == {
        ">=": True, ">": False, "<": False, "<=": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "2", "年", "1.5年", "0年", "201年", "2401个月", "73001日", "二年", "-1年", "9999999999年", "2年半"],
)
def test_what_is_no_span_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(SpanProblem, match=r"请写成|应在"):
        read_span(text)


def test_the_longest_spans_stay_in_the_calendar() -> None:
    for unit, number in LONGEST.items():
        span = read_span(f"{number}{unit}")
        assert latest_first_day(date(1949, 1, 1), span).year > 1700
        assert span_end(date(2100, 12, 31), span).year < 2400
