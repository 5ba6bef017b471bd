"""When a term ends, how much of it is used and how far it is overdue, with pauses, as pure arithmetic.

The rule is RULES, from 民法典 第二百条 to 第二百零四条: a term of days does not count the day of receipt (201), ends
with office hours of its last day, and a last day that is a rest day moves on (203); a term of hours runs from the
moment of receipt (201 second paragraph). Everything is counted in Asia/Shanghai, with the working days of a
`WorkingCalendar`; a result that touches a year without official calendar is `provisional`. An extension is a limit
with a larger amount. Nothing walks over days: the time taken depends on the number of pauses only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from qifu.foundation.working_days import SHANGHAI, OfficeHours, WorkingCalendar

DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
HOUR_US = 3_600_000_000
MINUTE_US = 60_000_000


class Unit(StrEnum):
    """What a term is counted in."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    WORKING_HOURS = "working_hours"
    HOURS = "hours"


UNIT_TITLES = {
    Unit.WORKING_DAYS: "工作日",
    Unit.CALENDAR_DAYS: "日历日（自然日）",
    Unit.WORKING_HOURS: "工作小时",
    Unit.HOURS: "小时",
}
MEASURES = {
    Unit.WORKING_DAYS: "个工作日",
    Unit.CALENDAR_DAYS: "个日历日",
    Unit.WORKING_HOURS: "个工作小时",
    Unit.HOURS: "小时",
}
_DAY_PAUSE = "暂停当日仍计入，次日起至恢复当日不计入；当日暂停当日恢复的，不影响期限；暂停前已经到期的，不因暂停而顺延。"
_HOUR_PAUSE = "暂停的时间按分秒扣除；暂停前已经到期的，不因暂停而顺延。"
RULES = {
    Unit.WORKING_DAYS: (
        "收到当日不计入，下一个工作日为第1日（休息日收到的，其后第一个工作日为第1日），"
        "到最后一日的下班时间届满；调休上班的周末是工作日，放假的日子不计。"
        "限0个工作日的，到收到当日的下班时间届满，休息日收到的，到下一个工作日的下班时间届满。"
        + _DAY_PAUSE
        + "依据：民法典第二百零一条、第二百零三条。"
    ),
    Unit.CALENDAR_DAYS: (
        "收到当日不计入，次日为第1日，休息日也计入，到最后一日的下班时间届满；"
        "最后一日是休息日的，顺延到其后第一个工作日。限0个日历日的，到收到当日的下班时间届满，当日休息的同样顺延。"
        + _DAY_PAUSE
        + "依据：民法典第二百零一条、第二百零三条。"
    ),
    Unit.WORKING_HOURS: (
        "自收到时起算，只计工作日的办公时间；下班后、午休时或者休息日收到的，自下一次上班时起算；"
        "用完之时届满，恰在下班时用完的，当时届满。"
        + _HOUR_PAUSE
        + "依据：民法典第二百零一条第二款、第二百零四条。"
    ),
    Unit.HOURS: (
        "自收到时起算，昼夜和休息日连续计算，用完之时届满，不顺延。"
        + _HOUR_PAUSE
        + "依据：民法典第二百零一条第二款、第二百零四条。"
    ),
}
"""The rule of each unit as a clerk reads it beside a clock."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a term is; raises ValueError for a negative amount."""

    unit: Unit
    amount: int

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError("期限不能是负数")

    @property
    def in_days(self) -> bool:
        """Whether the term is counted in whole days."""
        return self.unit is Unit.WORKING_DAYS or self.unit is Unit.CALENDAR_DAYS

    def words(self) -> str:
        """Return the limit as a clerk reads it: 5个工作日, 24小时."""
        return f"{self.amount}{MEASURES[self.unit]}"


@dataclass(frozen=True, slots=True)
class Pause:
    """A stop of the clock, half-open; `to_at` is None while it lasts. Raises ValueError for an end before its start."""

    from_at: datetime
    to_at: datetime | None

    def __post_init__(self) -> None:
        _with_zone(self.from_at)
        if self.to_at is not None and _with_zone(self.to_at) < self.from_at:
            raise ValueError("暂停的结束不能早于开始")


@dataclass(frozen=True, slots=True)
class Due:
    """When a term ends, in Asia/Shanghai; `at` is None while it is paused and had not ended before the pause.

    `provisional` when the answer rests on a year without official calendar; plain hours and no answer never do.
    """

    at: datetime | None
    provisional: bool


def due(
    calendar: WorkingCalendar,
    hours: OfficeHours,
    started_at: datetime,
    limit: Limit,
    pauses: Sequence[Pause] = (),
) -> Due:
    """Return when a term that began with the receipt at `started_at` ends; pauses may come in any order and overlap.

    Raises ValueError for a moment without time zone and OutsideCalendar for days the calendar cannot answer for.
    """
    start = _with_zone(started_at).astimezone(SHANGHAI)
    if limit.in_days:
        first = start.date()
        excluded = _excluded_days(first, pauses) if pauses else []
        last = _last_day(calendar, first, limit, excluded)
        if last is None:
            return Due(None, False)
        return Due(datetime.combine(last, hours.closes, SHANGHAI), _provisional(calendar, first, last))
    line = _Plain() if limit.unit is Unit.HOURS else _Office(calendar, hours)
    at = _used_up(line, start, limit.amount * HOUR_US, _stops(start, pauses) if pauses else [])
    if at is None or limit.unit is Unit.HOURS:
        return Due(at, False)
    return Due(at, _provisional(calendar, start.date(), at.date()))


def used(
    calendar: WorkingCalendar,
    hours: OfficeHours,
    started_at: datetime,
    unit: Unit,
    pauses: Sequence[Pause],
    at: datetime,
) -> int:
    """Return how much of a term has run at `at`, without a limit: whole days with the day of `at`, or whole minutes."""
    start, now = _with_zone(started_at).astimezone(SHANGHAI), _with_zone(at).astimezone(SHANGHAI)
    if now <= start:
        return 0
    if unit is Unit.WORKING_DAYS or unit is Unit.CALENDAR_DAYS:
        first, today = start.date(), now.date()
        gone = _days_in(calendar, unit, first + DAY, today)
        for lost, until in _excluded_days(first, pauses):
            gone -= _days_in(calendar, unit, lost, today if until is None else min(until, today))
        return gone
    line = _Plain() if unit is Unit.HOURS else _Office(calendar, hours)
    run = line.between(start, now)
    for from_at, to_at in _stops(start, pauses):
        if from_at < now:
            run -= line.between(from_at, now if to_at is None else min(to_at, now))
    return run // MINUTE_US


def remaining(
    calendar: WorkingCalendar,
    hours: OfficeHours,
    started_at: datetime,
    limit: Limit,
    pauses: Sequence[Pause],
    at: datetime,
) -> int:
    """Return how much of the limit is left at `at`, never below 0: days after the day of `at`, or minutes (rounded up)."""
    whole = limit.amount if limit.in_days else limit.amount * 60
    return max(0, whole - used(calendar, hours, started_at, limit.unit, pauses, at))


def overdue_by(
    calendar: WorkingCalendar,
    hours: OfficeHours,
    started_at: datetime,
    limit: Limit,
    pauses: Sequence[Pause],
    at: datetime,
) -> int:
    """Return the days or whole minutes of the unit from the end of the term until `at`; pauses since then change nothing."""
    ended = due(calendar, hours, started_at, limit, pauses).at
    return _overdue(calendar, hours, limit.unit, ended, _with_zone(at).astimezone(SHANGHAI))


def _overdue(
    calendar: WorkingCalendar, hours: OfficeHours, unit: Unit, ended: datetime | None, now: datetime
) -> int:
    if ended is None or now <= ended:
        return 0
    if unit is Unit.WORKING_DAYS or unit is Unit.CALENDAR_DAYS:
        return _days_in(calendar, unit, ended.date() + DAY, now.date())
    line = _Plain() if unit is Unit.HOURS else _Office(calendar, hours)
    return line.between(ended, now) // MINUTE_US


# Terms of days: a pause takes out whole days.


def _excluded_days(first: date, pauses: Sequence[Pause]) -> list[tuple[date, date | None]]:
    """Return the days that pauses take out after the day of receipt `first`, as inclusive spans, apart and in order."""
    spans: list[tuple[date, date | None]] = []
    for pause in pauses:
        lost = max(pause.from_at.astimezone(SHANGHAI).date(), first) + DAY
        until = None if pause.to_at is None else pause.to_at.astimezone(SHANGHAI).date()
        if until is None or lost <= until:
            spans.append((lost, until))
    spans.sort(key=lambda span: span[0])
    joined: list[tuple[date, date | None]] = []
    for lost, until in spans:
        before = joined[-1][1] if joined else first
        if before is None:
            break
        if joined and lost <= before + DAY:
            joined[-1] = (joined[-1][0], None if until is None else max(before, until))
        else:
            joined.append((lost, until))
    return joined


def _last_day(
    calendar: WorkingCalendar, first: date, limit: Limit, excluded: Sequence[tuple[date, date | None]]
) -> date | None:
    """Return the last day of a term of days that was received on `first`; None when an open pause holds it up."""
    amount = limit.amount
    if limit.unit is Unit.WORKING_DAYS and amount:
        last = calendar.add_working_days(first, amount).day
        for lost, until in excluded:
            if last < lost:
                break
            if until is None:
                return None
            amount += calendar.working_days_between(lost, until + DAY).days
            last = calendar.add_working_days(first, amount).day
        return last
    last = first + timedelta(days=amount)
    for lost, until in excluded:
        if last < lost:
            break
        if until is None:
            return None
        last += until + DAY - lost
    last = calendar.add_working_days(last, 0).day
    for lost, until in excluded:
        if until is None:
            return None if last >= lost else last
        if lost <= last <= until:
            last = calendar.add_working_days(until + DAY, 0).day
    return last


def _days_in(calendar: WorkingCalendar, unit: Unit, first: date, last: date) -> int:
    """Count the days of the unit from `first` to `last`, both counted."""
    if last < first:
        return 0
    if unit is Unit.CALENDAR_DAYS:
        return (last - first).days + 1
    return calendar.working_days_between(first, last + DAY).days


def _provisional(calendar: WorkingCalendar, first: date, last: date) -> bool:
    return any(calendar.is_provisional(year) for year in range(first.year, last.year + 1))


# Terms of hours: a pause takes out exactly its time.


class _Plain:
    """Time that runs day and night; amounts are microseconds."""

    def between(self, start: datetime, end: datetime) -> int:
        return (end - start) // MICROSECOND

    def after(self, start: datetime, amount: int) -> datetime:
        return start + timedelta(microseconds=amount)


class _Office(_Plain):
    """Time that runs in office hours of working days only."""

    def __init__(self, calendar: WorkingCalendar, hours: OfficeHours) -> None:
        self.calendar = calendar
        self.sessions = [(_of_day(opens), _of_day(closes)) for opens, closes in hours.sessions]
        self.a_day = sum(closes - opens for opens, closes in self.sessions)

    def _run_on(self, moment: datetime) -> int:
        """Return the office time of its own day before `moment`."""
        if not self.calendar.is_working_day(moment.date()):
            return 0
        now = _of_day(moment.time())
        return sum(min(now, closes) - opens for opens, closes in self.sessions if opens < now)

    def between(self, start: datetime, end: datetime) -> int:
        days = self.calendar.working_days_between(start.date(), end.date()).days
        return days * self.a_day + self._run_on(end) - self._run_on(start)

    def after(self, start: datetime, amount: int) -> datetime:
        """Return the first moment when `amount` is used up, which may be a closing but never an opening."""
        if not amount:
            return start
        day = start.date()
        days, offset = divmod(self._run_on(start) + amount - 1, self.a_day)
        if not self.calendar.is_working_day(day):
            days += 1
        day = self.calendar.add_working_days(day, days).day
        offset += 1
        for opens, closes in self.sessions:
            if offset <= closes - opens:
                break
            offset -= closes - opens
        return datetime.combine(day, time(), SHANGHAI) + timedelta(microseconds=opens + offset)


def _of_day(moment: time) -> int:
    """Return the microseconds of the day before `moment`."""
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1_000_000 + moment.microsecond


def _stops(start: datetime, pauses: Sequence[Pause]) -> list[tuple[datetime, datetime | None]]:
    """Return the time that pauses take out after `start`, in Shanghai time, apart and in order."""
    joined: list[tuple[datetime, datetime | None]] = []
    for pause in sorted(pauses, key=lambda one: one.from_at):
        from_at = max(pause.from_at.astimezone(SHANGHAI), start)
        to_at = None if pause.to_at is None else pause.to_at.astimezone(SHANGHAI)
        if to_at is not None and to_at <= from_at:
            continue
        before = joined[-1][1] if joined else start
        if before is None:
            break
        if joined and from_at <= before:
            joined[-1] = (joined[-1][0], None if to_at is None else max(before, to_at))
        else:
            joined.append((from_at, to_at))
    return joined


def _used_up(
    line: _Plain, start: datetime, amount: int, stops: Sequence[tuple[datetime, datetime | None]]
) -> datetime | None:
    """Return when `amount` is used up; None when an open pause holds it up."""
    for from_at, to_at in stops:
        run = line.between(start, from_at)
        if run >= amount:
            break
        if to_at is None:
            return None
        start, amount = to_at, amount - run
    return line.after(start, amount)


def _with_zone(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a clock needs moments with a time zone")
    return moment
