"""Ends of terms against a walk over every day and minute, and against the chinesecalendar package.

A million random terms between 2004 and 2026, most of them near holidays and worked weekends, with pauses that last
hours or weeks, overlap, or are still open. Each is counted by `casework.clocks` and by `clock_oracle`; `equal` says
that all answers were the same, to the microsecond. Times are medians over batches that are counted in turn.

Then a holiday of four days is published, and the job recomputes 100,000 clocks that run in a database of its own
(SQLite, or PostgreSQL under `python -m tests.postgres`); `equal` says that all ends are right and every version is
the number of its case's events.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

import chinese_calendar

from benchmarks import clock_oracle
from benchmarks.measure import scratch_database, seeds_of, timed

CASES, QUICK = 1_000_000, 10_000
RUNNING, QUICK_RUNNING = 100_000, 500
GOAL_SECONDS = 60
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HOLIDAY = "    - {name: 模拟假期, from: 2026-11-24, to: 2026-11-28}\n"
BEFORE = "    - {name: 国庆节, from: 2026-10-01, to: 2026-10-08}\n"
BATCH = 1_000
FIXED_SEED = "2024"
GOAL_US = 10
UNITS = ("working_days", "calendar_days", "working_hours", "hours")
SESSIONS = (
    ((time(9), time(17)),),
    ((time(8, 30), time(12)), (time(14), time(17, 30))),
    ((time(8, 30), time(11, 45)), (time(13, 15), time(17))),
)
FIRST, LAST = date(2004, 1, 1), date(2026, 12, 31)


class Case(NamedTuple):
    """A term as plain values; `step` is the time in whole numbers of which all its moments lie."""

    unit: str
    amount: int
    received: datetime
    stops: list[clock_oracle.Stop]
    sessions: tuple[tuple[time, time], ...]
    step: timedelta


def arguments(parser: argparse.ArgumentParser) -> None:
    """--size is the number of terms."""
    parser.add_argument("--only", choices=["terms", "recompute"], help="only one of the two jobs")
    parser.add_argument("--running", type=int, help="the number of clocks that are recomputed")


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the times of one term, ours and the peers', and whether all answers were equal."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qifu.portal.settings")
    import django

    django.setup()
    size = options.size or (QUICK if options.quick else CASES)
    running = options.running or (QUICK_RUNNING if options.quick else RUNNING)
    results: list[dict[str, Any]] = []
    for seed in seeds_of(options, FIXED_SEED):
        chooser = random.Random(seed)
        if options.only != "recompute":
            print(f"seed {seed}, {size} terms", file=sys.stderr)
            results += [
                against_walk(chooser, size, seed),
                against_package(chooser, max(BATCH, size // 10), seed),
            ]
        if options.only != "terms":
            results.append(recompute(chooser, running, seed))
    return results


def recompute(chooser: random.Random, size: int, seed: str) -> dict[str, Any]:
    """Return the row of a published holiday: how long all running clocks take, and whether they are right then."""
    from django.db import connection

    from qifu.engines.casework.definitions import forget
    from qifu.engines.casework.models import Case
    from qifu.engines.casework.recompute import recompute_open_clocks
    from qifu.engines.casework.tests.running_clocks import fill, hear, lay_ground
    from qifu.foundation.access import SYSTEM
    from qifu.foundation.working_calendar import SHIPPED, publish_calendar

    print(f"seed {seed}, {size} running clocks, {connection.vendor}", file=sys.stderr)
    with scratch_database(connection):
        forget()
        hear()
        fill(lay_ground(by=SYSTEM, at=AT), AT, count=size, chooser=chooser)
        text = SHIPPED.read_text(encoding="utf-8").replace(BEFORE, BEFORE + HOLIDAY)
        publish_calendar(document=text.encode(), effective_from=AT.date(), by=SYSTEM, at=AT)
        done, milliseconds = timed(lambda: recompute_open_clocks(at=AT))
        right = all_right() and done.seen == Case.objects.count()
    job = f"{connection.vendor}: a holiday recomputes {size} open clocks of {done.seen} cases, {done.clocks} move, seed {seed}"
    return {
        "job": job,
        "metric": "time",
        "value": round(milliseconds / 1000, 2),
        "unit": "s",
        "goal": GOAL_SECONDS,
        "peer": None,
        "peer_basis": None,
        "peer_value": None,
        "ratio": None,
        "equal": right,
    }


def all_right() -> bool:
    """Tell whether every running clock ends when it must by the calendar in force, and events and versions agree."""
    from django.db.models import Count, F

    from qifu.engines.casework.clocks import Pause, due
    from qifu.engines.casework.models import Case, CaseClock
    from qifu.engines.casework.tests.running_clocks import LIMITS
    from qifu.foundation.working_calendar import load_calendar
    from qifu.foundation.working_days import OfficeHours

    hours = OfficeHours(((time(9), time(12)), (time(13, 30), time(17))))
    calendar = load_calendar(AT.date())
    rows = CaseClock.objects.filter(stopped_at=None).prefetch_related("pauses").order_by("pk")
    for row in rows.iterator(chunk_size=2000):
        pauses = [Pause(one.from_at, one.to_at) for one in row.pauses.all()]
        found = due(calendar, hours, row.started_at, LIMITS[row.name], pauses)
        if (found.at, found.provisional) != (row.due_at, row.provisional):
            return False
    return not Case.objects.alias(count=Count("events")).exclude(version=F("count")).exists()


def against_walk(chooser: random.Random, size: int, seed: str) -> dict[str, Any]:
    """Return the row of all random terms beside the walk."""
    ours, theirs, wrong = [], [], 0
    for batch in batches(chooser, size):
        counted, milliseconds = timed(by_clocks(batch))
        ours.append(milliseconds * 1000 / len(batch))
        walked, milliseconds = timed(lambda batch=batch: [walk(case) for case in batch])
        theirs.append(milliseconds * 1000 / len(batch))
        for case, one, other in zip(batch, counted, walked, strict=True):
            if (one.at, one.provisional) != other:
                wrong += 1
                if wrong <= 10:
                    print(f"DIFFER {case}: {one} not {other}", file=sys.stderr)
    job = f"{size} random terms {FIRST.year}-{LAST.year} with pauses, seed {seed}"
    return row(job, "walk over days and minutes", ours, theirs, wrong == 0)


def against_package(chooser: random.Random, size: int, seed: str) -> dict[str, Any]:
    """Return the row of plain terms of working days, which the chinesecalendar package counts too."""
    ours, theirs, wrong = [], [], 0
    minute = timedelta(minutes=1)
    for _ in range(0, size, BATCH // 10):
        days = [received(chooser) for _ in range(BATCH // 10)]
        batch = [
            Case("working_days", chooser.randint(1, 30), day, [], SESSIONS[0], minute)
            for day in days
            if day.year < LAST.year
        ]
        counted, milliseconds = timed(by_clocks(batch))
        ours.append(milliseconds * 1000 / len(batch))
        found, milliseconds = timed(lambda batch=batch: [by_package(case) for case in batch])
        theirs.append(milliseconds * 1000 / len(batch))
        wrong += sum(one.at.date() != other for one, other in zip(counted, found, strict=True))
    return row(
        f"{size} terms of working days without pauses, seed {seed}",
        f"chinesecalendar {getattr(chinese_calendar, '__version__', '')}".strip(),
        ours,
        theirs,
        wrong == 0,
    )


def row(job: str, peer: str, ours: list[float], theirs: list[float], equal: bool) -> dict[str, Any]:
    """Return one row of results: medians of the batches in microseconds a term."""
    mine, other = statistics.median(ours), statistics.median(theirs)
    return {
        "job": job,
        "metric": "time a term",
        "value": round(mine, 2),
        "unit": "µs",
        "goal": GOAL_US,
        "peer": peer,
        "peer_basis": "same_run",
        "peer_value": round(other, 2),
        "ratio": round(other / mine, 2),
        "equal": equal,
    }


def by_clocks(batch: Sequence[Case]) -> Callable[[], list[Any]]:
    """Return the call that counts a batch with the clocks under test; their values are made before it is timed."""
    from qifu.engines.casework.clocks import Limit, Pause, Unit, due
    from qifu.foundation.working_calendar import shipped_calendar
    from qifu.foundation.working_days import OfficeHours

    calendar = shipped_calendar()
    hours = {sessions: OfficeHours(sessions) for sessions in SESSIONS}
    terms = [
        (
            hours[case.sessions],
            case.received,
            Limit(Unit(case.unit), case.amount),
            [Pause(*one) for one in case.stops],
        )
        for case in batch
    ]
    return lambda: [due(calendar, *term) for term in terms]


def walk(case: Case) -> clock_oracle.Answer:
    return clock_oracle.answer(*case)


def by_package(case: Case) -> date:
    """Return the day the package finds: it counts a day of receipt that is worked as day 0, else the next as day 0."""
    day = case.received.astimezone(clock_oracle.BEIJING).date()
    found = chinese_calendar.find_workday(case.amount - (not chinese_calendar.is_workday(day)), day)
    assert isinstance(found, date)
    return found


def batches(chooser: random.Random, size: int) -> Iterator[list[Case]]:
    """Yield `size` random terms in batches."""
    for start in range(0, size, BATCH):
        yield [random_case(chooser) for _ in range(min(BATCH, size - start))]


def random_case(chooser: random.Random) -> Case:
    """Return a random term; every fiftieth term of hours is counted in seconds instead of minutes."""
    unit = chooser.choices(UNITS, (50, 36, 9, 5))[0]
    step = timedelta(minutes=1)
    longest = {"working_days": 30, "calendar_days": 60, "working_hours": 24, "hours": 48}[unit]
    if unit.endswith("hours") and chooser.random() < 0.02:
        step, longest = timedelta(seconds=1), 2
    amount = 0 if chooser.random() < 0.03 else chooser.randint(1, longest)
    start = received(chooser, step)
    stops = [
        stop(chooser, start, unit, step) for _ in range(chooser.choices((0, 1, 2, 3), (40, 30, 20, 10))[0])
    ]
    return Case(unit, amount, start, stops, chooser.choice(SESSIONS), step)


def received(chooser: random.Random, step: timedelta = timedelta(minutes=1)) -> datetime:
    """Return a moment of the years, on whole steps, half the time within a week of a swapped day or holiday."""
    day = FIRST + timedelta(days=chooser.randint(0, (LAST - FIRST).days))
    if chooser.random() < 0.5:
        near = chooser.choice(SPECIAL) + timedelta(days=chooser.randint(-7, 2))
        day = min(max(near, FIRST), LAST)
    edges = (time(0), time(8, 30), time(9), time(12), time(14), time(17), time(17, 30), time(23, 59))
    if chooser.random() < 0.2:
        return datetime.combine(day, chooser.choice(edges), clock_oracle.BEIJING)
    past = timedelta(days=1) // step
    local = datetime.combine(day, time(), clock_oracle.BEIJING) + chooser.randrange(past) * step
    return local.astimezone(UTC)


SPECIAL = sorted(
    day for day in {*chinese_calendar.workdays, *chinese_calendar.holidays} if FIRST <= day <= LAST
)


def stop(chooser: random.Random, start: datetime, unit: str, step: timedelta) -> clock_oracle.Stop:
    """Return a pause that begins about the time the term runs: of minutes, of days, of weeks, or open."""
    reach = timedelta(days=45) if unit.endswith("days") else timedelta(days=4)
    if step < timedelta(minutes=1):
        reach = timedelta(hours=5)
    begins = start + chooser.randint(-(reach // step) // 20, reach // step) * step
    if chooser.random() < 0.1:
        return begins, None
    longest = chooser.choice((timedelta(hours=1), timedelta(hours=9), reach / 5, reach))
    return begins, begins + chooser.randint(0, longest // step) * step
