"""Clocks that come near their end or have run out: the service is told once of each, and no state is changed.

Pauses that have come to their last day end by themselves here, too.

A job looks every few minutes. One row of it serves a day, postponed from look to look, and sets up the next day's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db.models import Q

from qifu.engines.casework import clocks
from qifu.engines.casework.asks import end_due_pauses
from qifu.engines.casework.binding import binding_of
from qifu.engines.casework.case_type import CaseType
from qifu.engines.casework.clocks import Limit, Unit
from qifu.engines.casework.definitions import hours_of, of_case, of_revision
from qifu.engines.casework.models import Case, CaseClock
from qifu.engines.casework.record import lock
from qifu.foundation import clock
from qifu.foundation.access import SYSTEM, Actor, Permission, declare_permissions
from qifu.foundation.action import action, current_act
from qifu.foundation.jobs import Job, JobCancelled, JobPostponed, Running, enqueue, handles
from qifu.foundation.revisions import Revision
from qifu.foundation.working_calendar import load_calendar
from qifu.foundation.working_days import SHANGHAI, WorkingCalendar

log = logging.getLogger("qifu.casework")

TICK = "casework.tick"
EVERY = timedelta(minutes=5)
REPORT_EVERY = 100
WARN = Limit(Unit.WORKING_DAYS, 1)
"""How long before its end a clock comes near, where the case type says nothing."""

declare_permissions(Permission(TICK, "时限提醒（后台作业）", {}))


@handles(TICK)
def run_tick(running: Running) -> None:
    """End the pauses that are over, tell of what is near or over, and look again: today by postponing, tomorrow by a new job."""
    try:
        if not Job.objects.filter(kind=TICK, state=Job.State.WAITING).exists():
            set_up_tick(by=SYSTEM, at=running.at)
        end_due_pauses(at=clock.business(running.at))
        tick(at=running.at, report=running.report)
    except JobCancelled:
        raise
    except Exception:  # the next look comes all the same
        log.exception("clocks not looked at")
    later = running.clock() + EVERY
    if _day(later) == _day(running.at):
        raise JobPostponed(later)


@action("casework.set_up_tick", title="安排时限提醒", permission=TICK)
def set_up_tick(*, by: Actor, at: datetime) -> None:
    """See to it that a look is planned: now where none was, else the next day; asking again changes nothing."""
    if Job.objects.filter(kind=TICK, state=Job.State.WAITING).exists():
        return
    run_at = at
    if Job.objects.filter(kind=TICK, state=Job.State.RUNNING).exists():
        tomorrow = at.astimezone(SHANGHAI) + timedelta(days=1)
        run_at = tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)
    enqueue(TICK, run_at=run_at, unique_key=f"{TICK}-{run_at.astimezone(SHANGHAI).date()}", max_attempts=20)


def tick(*, at: datetime, report: Callable[[int, int, str], None] | None = None) -> int:
    """Tell the services of every running clock that is near or over and was not told of; return of how many.

    A service that fails on one is logged, and asked again at the next look; the others are told all the same. Now and
    then `report` hears how many of how many cases were told of.
    """
    told = 0
    found = _cases(clock.business(at))
    for place, case_id in enumerate(found):
        if report is not None and place % REPORT_EVERY == 0:
            report(place, len(found), "")
        try:
            told += tell_of_clocks(by=SYSTEM, at=at, case_id=case_id)
        except Exception:
            log.exception("clocks not told of", extra={"case": case_id})
    return told


@action(TICK, title="时限提醒", permission=TICK)
def tell_of_clocks(*, by: Actor, at: datetime, case_id: int) -> int:
    """Tell the service of the clocks of one case that are near or over, and mark them; return how many."""
    case, now = lock(Case(pk=case_id), merged=True), current_act().moment
    definition, binding, told = of_case(case), binding_of(case.kind), 0
    calendar = load_calendar(_day(now))
    for row in CaseClock.objects.filter(case=case, stopped_at=None, due_at__isnull=False):
        assert row.due_at is not None
        if row.due_at < now:
            if row.overdue_at is None:
                row.overdue_at = now
                row.save(update_fields=["overdue_at"])
                binding.clock_over(case, row)
                told += 1
        elif row.warned_at is None and _near(row.started_at, row.due_at, near_until(definition, row.name, calendar, now), now):  # fmt: skip
            row.warned_at = now
            row.save(update_fields=["warned_at"])
            binding.clock_near(case, row)
            told += 1
    current_act().note(reminded=told)
    return told


def near_until(definition: CaseType, name: str, calendar: WorkingCalendar, at: datetime) -> datetime:
    """Return the last moment at which a clock of that name may end to be near its end now.

    What is warned of days before is told in the morning, from the first opening on, not at midnight.
    """
    hours, warn = hours_of(definition), definition.clocks[name].warn or WARN
    if warn.in_days and at.astimezone(SHANGHAI).time() < hours.opens:
        return at
    until = clocks.due(calendar, hours, at, warn).at
    assert until is not None
    return until


def _near(started_at: datetime, due_at: datetime, until: datetime, at: datetime) -> bool:
    """Tell whether a term is near its end, but not before half of it is gone: who has one day is not warned at once."""
    return due_at <= until and at >= started_at + (due_at - started_at) / 2


def _cases(at: datetime) -> list[int]:
    """Return the keys of the cases with a clock that is near or over and was not told of."""
    calendar = load_calendar(_day(at))
    kept = Case.objects.filter(closed_at=None).order_by().values("revision_id").distinct()
    until = {
        (revision.pk, name): near_until(definition, name, calendar, at)
        for revision in Revision.objects.filter(pk__in=kept)
        for definition in [of_revision(revision)]
        for name in definition.clocks
    }
    rows = CaseClock.objects.filter(
        Q(overdue_at=None, due_at__lt=at) | Q(warned_at=None, due_at__gte=at),
        stopped_at=None,
        due_at__lte=max(until.values(), default=at),
    )
    found = set()
    for case_id, revision_id, name, started_at, due_at in rows.order_by().values_list(
        "case_id", "case__revision_id", "name", "started_at", "due_at"
    ):
        if due_at is None:
            continue
        if due_at < at or _near(started_at, due_at, until.get((revision_id, name), at), at):
            found.add(case_id)
    return sorted(found)


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()
