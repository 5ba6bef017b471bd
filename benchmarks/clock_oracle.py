"""When a term ends, told by walking day by day or minute by minute: slow, and knows nothing of the clocks it judges.

It reads the rule word by word and asks the `chinesecalendar` package whether a day is worked, which gathers its days
from the State Council's notices on its own. After its last year only Saturdays and Sundays are rest days.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import chinese_calendar

LAST_YEAR = 2026
ONE_DAY = timedelta(days=1)
BEIJING = ZoneInfo("Asia/Shanghai")
Stop = tuple[datetime, datetime | None]


class Answer(NamedTuple):
    """When the term ends (None: an open pause holds it up), and whether a year without notice was walked through."""

    at: datetime | None
    provisional: bool


@cache
def is_worked(day: date) -> bool:
    if day.year > LAST_YEAR:
        return day.weekday() < 5
    return bool(chinese_calendar.is_workday(day))


def answer(
    unit: str,
    amount: int,
    received: datetime,
    stops: Sequence[Stop],
    sessions: Sequence[tuple[time, time]],
    step: timedelta = timedelta(minutes=1),
) -> Answer:
    """Return the end of a term; moments in terms of hours must lie on whole `step`s."""
    here = received.astimezone(BEIJING)
    local = [(begins.astimezone(BEIJING), ends and ends.astimezone(BEIJING)) for begins, ends in stops]
    if unit in ("working_days", "calendar_days"):
        last = last_day(unit, amount, here.date(), [(a.date(), b and b.date()) for a, b in local])
        at = None if last is None else datetime.combine(last, sessions[-1][1], BEIJING)
    else:
        at = last_moment(unit, amount, here, local, sessions, step)
    return Answer(at, at is not None and unit != "hours" and at.year > LAST_YEAR)


def last_day(
    unit: str, amount: int, received: date, stops: Sequence[tuple[date, date | None]]
) -> date | None:
    day, counted = received, 0
    ended = amount == 0 and is_worked(day)
    while not ended:
        day += ONE_DAY
        lost = False
        for begins, ends in stops:
            if begins < day and ends is None:
                return None
            if begins < day and ends is not None and day <= ends:
                lost = True
        if lost:
            continue
        if unit == "calendar_days" or is_worked(day):
            counted += 1
        ended = counted >= amount and is_worked(day)
    return day


def last_moment(
    unit: str,
    amount: int,
    received: datetime,
    stops: Sequence[Stop],
    sessions: Sequence[tuple[time, time]],
    step: timedelta,
) -> datetime | None:
    now, left = received, timedelta(hours=amount)
    while left:
        lost = False
        for begins, ends in stops:
            if begins <= now and ends is None:
                return None
            if begins <= now and ends is not None and now < ends:
                lost = True
        if unit == "working_hours":
            clock = now.time()
            coming = [opens for opens, closes in sessions if clock < closes]
            if not coming or not is_worked(now.date()):
                now = datetime.combine(now.date() + ONE_DAY, time(), BEIJING)
                continue
            if clock < coming[0]:
                now = datetime.combine(now.date(), coming[0], BEIJING)
                continue
        if not lost:
            left -= step
        now += step
    return now
