"""A plan's work along time: bars from opening to deadline with their milestones, and the days of one month."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from qifu.foundation.working_calendar import load_calendar
from qifu.foundation.working_days import OutsideCalendar
from qifu.services.work_plans.models import Assignment, Milestone
from qifu.services.work_plans.queries.work import LOOKS, status_of
from qifu.services.work_plans.status import STATUS_TITLES, Status

LONGEST = 24
"""How many months a timeline spans at most; what lies outside is cut at its edge."""


@dataclass(frozen=True)
class Mark:
    """A milestone on the line: where it stands in percent of the span, its title and day, whether it was reached."""

    at: str
    title: str
    day: date
    reached: date | None


@dataclass(frozen=True)
class Bar:
    """One assignment on the line: start and width in percent of the span (as text), and what runs past the deadline."""

    row: Assignment
    status: str
    word: str
    look: str
    start: str
    width: str
    late_start: str = ""
    late_width: str = ""
    opened: date | None = None
    ended: date | None = None
    endless: bool = False
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """Months as columns of equal width, today's place among them (empty when outside), and the bars."""

    months: list[date]
    today: str
    bars: list[Bar]


def timeline(rows: Sequence[Assignment], today: date) -> Timeline:
    """Lay out some assignments (each with its milestones prefetched) along the months that they span."""
    months = _months(rows, today)
    last = _next(months[-1])
    bars = [_bar(row, months, last, today) for row in rows]
    return Timeline(months, _percent(today, months) if months[0] <= today < last else "", bars)


def _bar(row: Assignment, months: Sequence[date], last: date, today: date) -> Bar:
    status = status_of(row, today)
    opened = timezone.localdate(row.opened_at)
    closed = timezone.localdate(row.closed_at) if row.closed_at else None
    until = closed or row.due_on or last
    late = ("", "")
    if status == Status.OVERDUE and row.due_on is not None:
        late = _stretch(row.due_on, today, months)
    start, width = _stretch(min(opened, until), until, months)
    marks = tuple(
        Mark(_percent(one.due_on, months), one.title, one.due_on, one.reached_on)
        for one in row.milestones.all()
        if months[0] <= one.due_on < last
    )
    return Bar(
        row, status.value, STATUS_TITLES[status], LOOKS[status][0], start, width, *late, opened, closed or row.due_on,
        closed is None and row.due_on is None, marks,
    )  # fmt: skip


def _months(rows: Iterable[Assignment], today: date) -> list[date]:
    days = [today]
    for row in rows:
        days.append(timezone.localdate(row.opened_at))
        days += [one.due_on for one in row.milestones.all()]
        days += [row.due_on] if row.due_on else []
    first = max(min(days), _back(today, LONGEST // 2)).replace(day=1)
    months = [first]
    while _next(months[-1]) <= max(days) and len(months) < LONGEST:
        months.append(_next(months[-1]))
    while len(months) < 3:
        months.append(_next(months[-1]))
    return months


def _next(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _back(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)


def _thousandths(day: date, months: Sequence[date]) -> int:
    """Where a day begins, in thousandths of a percent of the span; days outside stand at its edge."""
    whole = 100_000
    if day < months[0]:
        return 0
    index = (day.year - months[0].year) * 12 + day.month - months[0].month
    if index >= len(months):
        return whole
    length = calendar.monthrange(day.year, day.month)[1]
    return whole * (index * length + day.day - 1) // (len(months) * length)


def _percent(day: date, months: Sequence[date]) -> str:
    return _as_percent(_thousandths(day, months))


def _as_percent(value: int) -> str:
    return f"{value // 1000}.{value % 1000:03d}%"


def _stretch(start: date, end: date, months: Sequence[date]) -> tuple[str, str]:
    """Return (start, width) of the days from `start` to `end`, the last included; never thinner than can be seen."""
    left = _thousandths(start, months)
    right = _thousandths(end + timedelta(days=1), months)
    left = min(left, 99_500)
    return _as_percent(left), _as_percent(max(right - left, 500))


# ---- calendar ---------------------------------------------------------------------------------------------------


@dataclass
class Day:
    """One day of the grid: whether it is worked, and what is due or to be reached on it."""

    day: date
    inside: bool
    rest: bool = False
    shifted: bool = False
    today: bool = False
    due: list[Assignment] = field(default_factory=list)
    due_count: int = 0
    milestones: list[Milestone] = field(default_factory=list)


SHOWN = 4
"""How many titles a day shows before the list takes over."""


def month_of(text: str, today: date) -> date:
    """Return the first day of the month written as 2024-06, or of today's."""
    try:
        year, _, month = text.partition("-")
        return date(int(year), int(month), 1) if 2000 <= int(year) <= 2100 else today.replace(day=1)
    except ValueError:
        return today.replace(day=1)


def month_grid(
    rows: QuerySet[Assignment], milestones: QuerySet[Milestone], month: date, today: date
) -> tuple[list[list[Day]], bool]:
    """Return the weeks of a month (Monday first) with what is due on each day, and whether its holidays are provisional.

    A rest day that is worked (调休) and a weekday off are marked `shifted`. Three queries: dates, titles, milestones.
    """
    known = load_calendar(today)
    weeks = []
    by_day: dict[date, Day] = {}
    for week in calendar.Calendar(firstweekday=0).monthdatescalendar(month.year, month.month):
        line = [_day(one, month, today, known) for one in week]
        weeks.append(line)
        by_day |= {one.day: one for one in line if one.inside}
    end = _next(month)
    for row in rows.filter(due_on__gte=month, due_on__lt=end).order_by("due_on", "order", "place_code")[
        :2000
    ]:
        cell = by_day[row.due_on]  # type: ignore[index]
        cell.due_count += 1
        if len(cell.due) < SHOWN:
            cell.due.append(row)
    found = milestones.filter(due_on__gte=month, due_on__lt=end).select_related("assignment")
    for one in found.order_by("due_on", "assignment__order", "order")[:2000]:
        by_day[one.due_on].milestones.append(one)
    return weeks, known.is_provisional(month.year)


def _day(day: date, month: date, today: date, known: Any) -> Day:
    inside = day.month == month.month
    try:
        worked = known.is_working_day(day)
    except OutsideCalendar:
        worked = day.weekday() < 5
    usual = day.weekday() < 5
    return Day(day, inside, not worked, worked != usual, day == today)


def month_before(month: date) -> date:
    """Return the first day of the month before."""
    return _back(month, 1)


def month_after(month: date) -> date:
    """Return the first day of the month after."""
    return _next(month)


def milestones_of(rows: QuerySet[Assignment]) -> QuerySet[Milestone]:
    """Return the milestones of some assignments."""
    return Milestone.objects.filter(assignment__in=rows.order_by().values("pk"))


def with_milestones(rows: QuerySet[Assignment]) -> QuerySet[Assignment]:
    """Return the rows with their milestones and leads ready."""
    return rows.select_related("lead", "item").prefetch_related("milestones")
