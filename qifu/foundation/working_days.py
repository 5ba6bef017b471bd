"""Working days of mainland China with 调休, as a pure calendar: counting, adding and due times.

Terms count as 民法典 第二百零一条 to 第二百零三条 say: the day something is received does not count, a term ends at the
end of office hours of its last day, and a last day that is a rest day moves to the next working day. A year without
an official calendar is provisional: Saturdays and Sundays are assumed to be its only rest days, and results that
touch it say so.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
MARGIN_YEARS = 60
"""How many provisional years are held ready after the last official one."""


@dataclass(frozen=True)
class OfficeHours:
    """When an office is open on a working day, in Shanghai time: one session, or several with breaks between them.

    `sessions` are half-open (opening, closing) pairs in order; raises ValueError for pairs that are empty or overlap.
    """

    sessions: tuple[tuple[time, time], ...] = ((time(9, 0), time(17, 0)),)

    def __post_init__(self) -> None:
        moments = [moment for session in self.sessions for moment in session]
        rising = all(before <= after for before, after in itertools.pairwise(moments))
        if not moments or not rising or any(opens >= closes for opens, closes in self.sessions):
            raise ValueError("办公时间应按先后写明，每段的结束晚于开始，各段不重叠")

    @property
    def opens(self) -> time:
        """The first opening of the day."""
        return self.sessions[0][0]

    @property
    def closes(self) -> time:
        """The last closing of the day, which is when a term of days ends."""
        return self.sessions[-1][1]


class DueDay(NamedTuple):
    """A day that was counted out; `provisional` when a year that was touched has no official calendar."""

    day: date
    provisional: bool


class DueTime(NamedTuple):
    """A moment that was counted out; `provisional` when a year that was touched has no official calendar."""

    at: datetime
    provisional: bool


class DayCount(NamedTuple):
    """A number of working days; `provisional` when a year that was touched has no official calendar."""

    days: int
    provisional: bool


class OutsideCalendar(ValueError):
    """A day lies outside the years the calendar can answer for; the message is Chinese."""


class WorkingCalendar:
    """Which days are worked, from the official holidays and the rest days that are worked instead (调休)."""

    def __init__(self, years: Iterable[int], holidays: Iterable[date], worked: Iterable[date]) -> None:
        """Take the official `years`, their days off (`holidays`) and the rest days worked (`worked`).

        Raises ValueError for a day outside the years or listed as both. Years between and after are provisional.
        """
        self.years = frozenset(years)
        off, on = frozenset(holidays), frozenset(worked)
        if not self.years:
            raise ValueError("工作日历至少要有一个年份")
        if off & on:
            raise ValueError(f"{min(off & on)} 不能既是假日又是调休上班日")
        strays = [day for day in sorted(off | on) if day.year not in self.years]
        if strays:
            raise ValueError(f"{strays[0]} 所在年份没有列为正式年份")
        self.first_day = date(min(self.years), 1, 1)
        self.end = date(min(max(self.years) + MARGIN_YEARS, 9998), 1, 1)
        self._first = self.first_day.toordinal()
        self._last = self.end.toordinal()
        self._days, self._count_before = self._lay_out(off, on)
        self._provisional_before = [0]  # for each year of the calendar, how many provisional ones precede it
        for year in range(self.first_day.year, self.end.year + 1):
            self._provisional_before.append(self._provisional_before[-1] + (year not in self.years))

    def _lay_out(self, off: frozenset[date], on: frozenset[date]) -> tuple[list[int], list[int]]:
        """Return the ordinals of all working days, and for each day of the calendar how many precede it."""
        rest = {day.toordinal() for day in off}
        work = {day.toordinal() for day in on}
        days: list[int] = []
        before: list[int] = []
        for ordinal in range(self._first, self._last):
            before.append(len(days))
            weekday = (ordinal + 6) % 7  # proleptic day 1 was a Monday
            if ordinal in work or (weekday < 5 and ordinal not in rest):
                days.append(ordinal)
        before.append(len(days))
        return days, before

    def _index(self, day: date) -> int:
        """Return how many working days of the calendar lie before `day`."""
        position = day.toordinal() - self._first
        if not 0 <= position < len(self._count_before):
            raise OutsideCalendar(
                f"{day} 不在工作日历的范围内（{self.first_day} 至 {self.end - timedelta(days=1)}），请先发布该年份的日历"
            )
        return self._count_before[position]

    def is_working_day(self, day: date) -> bool:
        """Tell whether `day` is worked; OutsideCalendar before the first official year and far in the future."""
        index = self._index(day)
        return index < len(self._days) and self._days[index] == day.toordinal()

    def is_provisional(self, year: int) -> bool:
        """Tell whether `year` has no official calendar."""
        return year not in self.years

    def _touches_provisional(self, start: date, last: date) -> bool:
        before, first_year = self._provisional_before, self.first_day.year
        low, high = (start, last) if start <= last else (last, start)
        return before[low.year - first_year] != before[high.year - first_year + 1]

    def add_working_days(self, day: date, n: int) -> DueDay:
        """Return the `n`-th working day after `day`; `day` itself never counts (民法典 第二百零一条).

        `n` = 0 gives `day`, or the next working day where `day` is a rest day (第二百零三条); a negative `n` counts back.
        """
        index = self._index(day) + n
        if n > 0 and not self.is_working_day(day):
            index -= 1
        if not 0 <= index < len(self._days):
            raise OutsideCalendar(f"{day} 起 {n} 个工作日超出工作日历的范围，请先发布有关年份的日历")
        found = date.fromordinal(self._days[index])
        return DueDay(found, self._touches_provisional(day, found))

    def working_days_between(self, start: date, end: date) -> DayCount:
        """Count the working days from `start` until the day before `end`; negative when `end` is earlier."""
        count = self._index(end) - self._index(start)
        last = max(start, end) - timedelta(days=1) if start != end else start
        return DayCount(count, self._touches_provisional(min(start, end), last))

    def due_at(self, received_at: datetime, days: int, office_hours: OfficeHours = OfficeHours()) -> DueTime:
        """Return when office hours end on the `days`-th working day after the Shanghai day of `received_at`.

        `received_at` must carry a time zone; the answer is in Asia/Shanghai.
        """
        if received_at.tzinfo is None:
            raise ValueError("received_at needs a time zone")
        if days < 0:
            raise ValueError("a term has no negative length")
        due = self.add_working_days(received_at.astimezone(SHANGHAI).date(), days)
        return DueTime(datetime.combine(due.day, office_hours.closes, SHANGHAI), due.provisional)
