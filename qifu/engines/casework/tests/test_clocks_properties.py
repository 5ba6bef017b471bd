"""Laws that every clock obeys, whatever the term, the pauses and the office hours."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.engines.casework.clock_words import words
from qifu.engines.casework.clocks import (
    RULES,
    UNIT_TITLES,
    Due,
    Limit,
    Pause,
    Unit,
    due,
    overdue_by,
    remaining,
    used,
)
from qifu.foundation.working_calendar import shipped_calendar
from qifu.foundation.working_days import SHANGHAI, OfficeHours, OutsideCalendar

CALENDAR = shipped_calendar()
LUNCH = OfficeHours(((time(8, 30), time(12)), (time(14), time(17, 30))))
HOURS = st.sampled_from([OfficeHours(), LUNCH, OfficeHours(((time(9), time(12)), (time(12), time(18))))])
STARTS = st.datetimes(datetime(2004, 1, 2), datetime(2027, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001
LIMITS = st.builds(Limit, st.sampled_from(Unit), st.integers(0, 60))
SPANS = st.lists(
    st.tuples(st.integers(-600_000, 5_000_000), st.integers(0, 2_000_000)).map(
        lambda pair: (timedelta(seconds=pair[0]), timedelta(seconds=pair[0] + pair[1]))
    ),
    max_size=4,
)
Spans = Sequence[tuple[timedelta, timedelta]]


def pauses_of(start: datetime, spans: Spans) -> list[Pause]:
    return [Pause(start + begins, start + ends) for begins, ends in spans]


def ends(hours: OfficeHours, start: datetime, limit: Limit, pauses: Sequence[Pause] = ()) -> datetime:
    at = due(CALENDAR, hours, start, limit, pauses).at
    assert at is not None
    return at


@given(HOURS, STARTS, LIMITS, st.timedeltas(timedelta(0), timedelta(40)), st.integers(0, 40))
def test_a_later_receipt_or_a_longer_limit_never_ends_earlier(
    hours: OfficeHours, start: datetime, limit: Limit, later: timedelta, more: int
) -> None:
    longer = Limit(limit.unit, limit.amount + more)
    assert ends(hours, start, limit) <= ends(hours, start, longer)
    assert ends(hours, start, limit) <= ends(hours, start + later, limit)


@given(HOURS, STARTS, LIMITS, SPANS, SPANS)
def test_another_pause_never_ends_a_term_earlier(
    hours: OfficeHours, start: datetime, limit: Limit, spans: Spans, others: Spans
) -> None:
    some, more = pauses_of(start, spans), pauses_of(start, [*spans, *others])
    assert ends(hours, start, limit, some) <= ends(hours, start, limit, more)


@given(HOURS, STARTS, LIMITS, SPANS, st.integers(0, 3), st.floats(0, 1), st.randoms())
def test_pauses_count_the_same_in_any_order_and_however_they_are_split(
    hours: OfficeHours, start: datetime, limit: Limit, spans: Spans, which: int, share: float, chooser: object
) -> None:
    whole = pauses_of(start, spans)
    split = list(whole)
    if which < len(split):
        one = split.pop(which)
        assert one.to_at is not None
        between = one.from_at + (one.to_at - one.from_at) * share
        split += [Pause(between, one.to_at), Pause(one.from_at, between)]
    chooser.shuffle(split)  # type: ignore[attr-defined]
    assert due(CALENDAR, hours, start, limit, whole) == due(CALENDAR, hours, start, limit, split)
    assert due(CALENDAR, hours, start, limit, whole) == due(CALENDAR, hours, start, limit, whole + split)


@given(HOURS, STARTS, LIMITS, SPANS, st.integers(-100_000, 8_000_000))
def test_what_is_used_and_what_is_left_make_the_limit(
    hours: OfficeHours, start: datetime, limit: Limit, spans: Spans, seconds: int
) -> None:
    pauses, at = pauses_of(start, spans), start + timedelta(seconds=seconds)
    run = used(CALENDAR, hours, start, limit.unit, pauses, at)
    left = remaining(CALENDAR, hours, start, limit, pauses, at)
    over = overdue_by(CALENDAR, hours, start, limit, pauses, at)
    whole = limit.amount if limit.in_days else limit.amount * 60
    assert min(run, whole) + left == whole
    assert run <= used(CALENDAR, hours, start, limit.unit, pauses, at + timedelta(hours=30))
    ended = ends(hours, start, limit, pauses)
    assert (over > 0) <= (at > ended)
    if at > ended:
        assert left == 0 and words(CALENDAR, hours, start, limit, pauses, at).startswith("已超期")
    elif limit.in_days and at.astimezone(SHANGHAI).date() < ended.date() and not pauses:
        assert words(CALENDAR, hours, start, limit, pauses, at) != "今天到期"
    if not limit.in_days:
        assert (left == 0) == (at >= ended or limit.amount == 0)


@given(HOURS, STARTS, LIMITS, SPANS, st.integers(0, 6_000_000))
def test_an_open_pause_holds_up_only_what_had_not_ended(
    hours: OfficeHours, start: datetime, limit: Limit, spans: Spans, seconds: int
) -> None:
    pauses, from_at = pauses_of(start, spans), start + timedelta(seconds=seconds)
    before = ends(hours, start, limit, pauses)
    held = due(CALENDAR, hours, start, limit, [*pauses, Pause(from_at, None)])
    day = from_at.astimezone(SHANGHAI).date()
    if before.date() <= day if limit.in_days else before <= from_at:
        assert held.at == before
    else:
        assert held == Due(None, False)


@given(HOURS, STARTS, LIMITS, SPANS)
def test_a_term_begins_before_it_ends_and_days_end_at_closing(
    hours: OfficeHours, start: datetime, limit: Limit, spans: Spans
) -> None:
    counted = due(CALENDAR, hours, start, limit, pauses_of(start, spans))
    assert counted == due(CALENDAR, hours, start.astimezone(SHANGHAI), limit, pauses_of(start, spans))
    assert counted.at is not None and counted.at.tzinfo is SHANGHAI
    if limit.in_days:
        assert counted.at.time() == hours.closes and CALENDAR.is_working_day(counted.at.date())
    if limit.amount or not limit.in_days:
        assert counted.at >= start
    if limit.unit is not Unit.HOURS:
        assert counted.provisional == (counted.at.year > 2026)


MONDAY = datetime(2024, 6, 17, 10, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("limit", "pauses", "at", "told"),
    [
        (Limit(Unit.WORKING_DAYS, 5), [], "18 09:00:00", "还剩4个工作日"),
        (Limit(Unit.WORKING_DAYS, 5), [], "24 16:00:00", "今天到期"),
        (Limit(Unit.WORKING_DAYS, 5), [], "24 18:00:00", "已超期"),
        (Limit(Unit.WORKING_DAYS, 5), [], "26 09:00:00", "已超期2个工作日"),
        (Limit(Unit.WORKING_DAYS, 5), [(18, None)], "26 09:00:00", "已暂停，还剩4个工作日"),
        (Limit(Unit.WORKING_DAYS, 1), [(19, None)], "26 09:00:00", "已超期6个工作日"),
        (Limit(Unit.WORKING_DAYS, 0), [], "17 11:00:00", "今天到期"),
        (
            Limit(Unit.CALENDAR_DAYS, 5),
            [],
            "21 09:00:00",
            "还剩1个日历日，末日休息，顺延到6月24日",
        ),
        (Limit(Unit.CALENDAR_DAYS, 5), [], "23 09:00:00", "6月24日到期"),
        (Limit(Unit.CALENDAR_DAYS, 5), [], "24 09:00:00", "今天到期"),
        (Limit(Unit.CALENDAR_DAYS, 2), [], "24 09:00:00", "已超期5个日历日"),
        (Limit(Unit.WORKING_HOURS, 4), [], "17 11:30:30", "还剩2个工作小时30分钟"),
        (Limit(Unit.WORKING_HOURS, 4), [], "18 09:30:00", "已超期2个工作小时30分钟"),
        (Limit(Unit.HOURS, 24), [], "18 09:30:00", "还剩30分钟"),
        (Limit(Unit.HOURS, 24), [], "19 09:30:00", "已超期23小时30分钟"),
    ],
)
def test_words_for_a_screen(limit: Limit, pauses: list[tuple[int, int | None]], at: str, told: str) -> None:
    stops = [
        Pause(MONDAY.replace(day=begins), None if until is None else MONDAY.replace(day=until))
        for begins, until in pauses
    ]
    now = datetime.fromisoformat(f"2024-06-{at}").replace(tzinfo=SHANGHAI)
    said = words(CALENDAR, LUNCH, MONDAY, limit, stops, now)
    assert said == told


def test_a_limit_reads_as_a_clerk_writes_it() -> None:
    assert [Limit(unit, 5).words() for unit in Unit] == ["5个工作日", "5个日历日", "5个工作小时", "5小时"]
    assert set(RULES) == set(UNIT_TITLES) == set(Unit) and all("民法典" in rule for rule in RULES.values())


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="负数"):
        Limit(Unit.HOURS, -1)
    with pytest.raises(ValueError, match="不能早于"):
        Pause(MONDAY, MONDAY - timedelta(seconds=1))
    naive = datetime(2024, 6, 17)  # noqa: DTZ001
    for wrong in (lambda: Pause(naive, None), lambda: due(CALENDAR, LUNCH, naive, Limit(Unit.HOURS, 1))):
        with pytest.raises(ValueError, match="time zone"):
            wrong()
    for unit, year in itertools.product(
        [Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.WORKING_HOURS], (2003, 2100)
    ):
        with pytest.raises(OutsideCalendar):
            due(CALENDAR, LUNCH, datetime(year, 1, 1, tzinfo=UTC), Limit(unit, 1))
