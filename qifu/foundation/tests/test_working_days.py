"""Working days agree with an independent source for every day, and terms count as the civil code says."""

import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation.working_calendar import shipped_calendar
from qifu.foundation.working_days import SHANGHAI, OfficeHours, OutsideCalendar, WorkingCalendar

CALENDAR = shipped_calendar()
DAYS = st.dates(date(2004, 2, 1), date(2035, 12, 31))


def test_every_official_day_agrees_with_the_peer() -> None:
    day, wrong = date(2004, 1, 1), []
    while day < date(2027, 1, 1):
        if CALENDAR.is_working_day(day) != chinese_calendar.is_workday(day):
            wrong.append(day)
        day += timedelta(days=1)
    assert wrong == []


@given(DAYS, st.integers(1, 300))
def test_the_nth_working_day_is_found_by_walking(day: date, n: int) -> None:
    walked, left = day, n
    while left:
        walked += timedelta(days=1)
        left -= CALENDAR.is_working_day(walked)
    found = CALENDAR.add_working_days(day, n)
    assert found.day == walked
    assert found.provisional == (walked.year > 2026)
    assert CALENDAR.working_days_between(day + timedelta(days=1), walked + timedelta(days=1)).days == n


@given(st.dates(date(2006, 2, 1), date(2035, 12, 31)), st.integers(1, 300))
def test_counting_back_undoes_counting_on(day: date, n: int) -> None:
    start = CALENDAR.add_working_days(day, 0).day
    assert CALENDAR.add_working_days(CALENDAR.add_working_days(start, n).day, -n).day == start


@given(DAYS, DAYS)
def test_counts_are_sums_of_days(start: date, end: date) -> None:
    low, high = sorted((start, end))
    high = min(high, low + timedelta(days=900))
    count = sum(CALENDAR.is_working_day(low + timedelta(days=i)) for i in range((high - low).days))
    assert CALENDAR.working_days_between(low, high).days == count
    assert CALENDAR.working_days_between(high, low).days == -count


def test_the_day_of_receipt_does_not_count() -> None:
    # 2024-09-30 is a Monday before the national holiday; 10-08 is the first working day after it.
    assert CALENDAR.add_working_days(date(2024, 9, 30), 1).day == date(2024, 10, 8)
    assert CALENDAR.add_working_days(date(2024, 10, 3), 1).day == date(2024, 10, 8)
    assert CALENDAR.add_working_days(date(2024, 10, 3), 0).day == date(2024, 10, 8)
    assert CALENDAR.add_working_days(date(2024, 10, 8), 4).day == date(
        2024, 10, 12
    )  # a Saturday that is worked


def test_a_term_ends_with_office_hours_of_its_last_day_in_shanghai() -> None:
    received = datetime(2024, 9, 29, 17, 30, tzinfo=UTC)  # already 30 September in Shanghai
    due = CALENDAR.due_at(received, 1, OfficeHours(((time_of_day(8, 30), time_of_day(17, 30)),)))
    assert due.at == datetime(2024, 10, 8, 17, 30, tzinfo=SHANGHAI) and not due.provisional
    with pytest.raises(ValueError, match="time zone"):
        CALENDAR.due_at(datetime(2024, 9, 30, 9), 1)  # noqa: DTZ001


def test_an_office_may_close_for_lunch() -> None:
    morning, afternoon = (time_of_day(8, 30), time_of_day(12)), (time_of_day(14), time_of_day(17, 30))
    hours = OfficeHours((morning, afternoon))
    assert (hours.opens, hours.closes) == (time_of_day(8, 30), time_of_day(17, 30))
    assert (OfficeHours().opens, OfficeHours().closes) == (time_of_day(9), time_of_day(17))
    for wrong in ((), (afternoon, morning), ((time_of_day(9), time_of_day(9)),), (morning, morning)):
        with pytest.raises(ValueError, match="办公时间"):
            OfficeHours(wrong)


def test_a_year_without_a_calendar_is_provisional_and_says_so() -> None:
    assert CALENDAR.is_provisional(2027) and not CALENDAR.is_provisional(2026)
    assert CALENDAR.is_working_day(date(2027, 1, 1))  # a Friday: only weekends are assumed free
    assert CALENDAR.add_working_days(date(2026, 12, 31), 1).provisional
    assert not CALENDAR.add_working_days(date(2026, 12, 30), 1).provisional
    assert CALENDAR.working_days_between(date(2026, 12, 1), date(2027, 1, 1)).provisional is False
    assert CALENDAR.working_days_between(date(2026, 12, 1), date(2027, 1, 2)).provisional is True


def test_a_gap_between_official_years_is_provisional_too() -> None:
    calendar = WorkingCalendar([2020, 2022], [date(2020, 1, 1)], [date(2022, 1, 1)])
    assert calendar.add_working_days(date(2020, 12, 31), 1).provisional
    assert not calendar.add_working_days(date(2022, 3, 1), 1).provisional
    assert calendar.is_working_day(date(2022, 1, 1)) and not calendar.is_working_day(date(2020, 1, 1))


def test_days_far_outside_are_refused_in_chinese() -> None:
    for day in (date(2003, 12, 31), date(2500, 1, 1)):
        with pytest.raises(OutsideCalendar, match="工作日历"):
            CALENDAR.is_working_day(day)
    with pytest.raises(OutsideCalendar, match="工作日历"):
        CALENDAR.add_working_days(date(2004, 1, 5), -5)


def test_contradictory_data_is_refused() -> None:
    with pytest.raises(ValueError, match="既是假日"):
        WorkingCalendar([2024], [date(2024, 2, 4)], [date(2024, 2, 4)])
    with pytest.raises(ValueError, match="没有列为"):
        WorkingCalendar([2024], [date(2025, 1, 1)], [])
    with pytest.raises(ValueError, match="至少"):
        WorkingCalendar([], [], [])


def test_a_query_takes_microseconds() -> None:
    day, best = date(2024, 3, 1), 1.0
    for _ in range(10):
        began = time.perf_counter()
        for _ in range(2000):
            CALENDAR.add_working_days(day, 20)
        best = min(best, (time.perf_counter() - began) / 2000)
    assert best < 20e-6
