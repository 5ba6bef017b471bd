"""When a working calendar is published, the ends of running clocks are computed anew.

A job goes through the open cases in the order of their keys, a batch at a time; each batch is one act with its cases
locked. What has its right end already is left as it is, so the job may be interrupted and repeated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import F

from qifu.engines.casework import clocks
from qifu.engines.casework.binding import binding_of
from qifu.engines.casework.case_type import CaseType
from qifu.engines.casework.clocks import Limit, Pause, Unit
from qifu.engines.casework.definitions import hours_of, of_case
from qifu.engines.casework.models import Case, CaseClock, CaseEvent, ClockPause
from qifu.foundation.access import SYSTEM, Actor, Permission, declare_permissions
from qifu.foundation.action import action, current_act
from qifu.foundation.jobs import Running, enqueue, handles
from qifu.foundation.working_calendar import load_calendar
from qifu.foundation.working_days import SHANGHAI, OfficeHours, WorkingCalendar

RECOMPUTE = "casework.recompute"
CLOCK_RECOMPUTED = "clock_recomputed"
TITLE = "工作日历更新，重算期限"
BATCH = 1000

declare_permissions(Permission(RECOMPUTE, "按新日历重算期限（后台作业）", {}))


@dataclass(frozen=True)
class Recomputed:
    """What was done: cases looked at, cases and clocks whose end moved; `last` is the key of the last case."""

    seen: int = 0
    cases: int = 0
    clocks: int = 0
    last: int = 0


@dataclass(frozen=True)
class _Move:
    row: CaseClock
    before: datetime | None


def enqueue_recompute(effective_from: date) -> None:
    """Let every open clock be computed anew once the calendar is in force, inside the act that publishes it."""
    enqueue(RECOMPUTE, run_at=max(current_act().at, datetime.combine(effective_from, time(), SHANGHAI)))


@handles(RECOMPUTE)
def run_recompute(running: Running) -> None:
    """Compute every open clock anew."""
    recompute_open_clocks(at=running.at, report=running.report)


def recompute_open_clocks(
    *, at: datetime, batch: int = BATCH, report: Callable[[int, int, str], None] | None = None
) -> Recomputed:
    """Compute the ends of all running clocks by the calendar in force at `at`; return how many moved.

    After each batch `report` hears how many of how many cases were looked at; what it raises ends the work there.
    """
    total = Case.objects.filter(closed_at=None).count()
    done = Recomputed()
    while True:
        one = recompute_batch(by=SYSTEM, at=at, after=done.last, size=batch)
        if not one.seen:
            return done
        done = Recomputed(done.seen + one.seen, done.cases + one.cases, done.clocks + one.clocks, one.last)
        if report is not None:
            report(min(done.seen, total), total, f"已重算 {done.seen} 件，改动 {done.cases} 件")


@action(RECOMPUTE, title="按新日历重算期限", permission=RECOMPUTE)
def recompute_batch(*, by: Actor, at: datetime, after: int, size: int) -> Recomputed:
    """Compute the running clocks of the next `size` open cases whose key is above `after`."""
    open_cases = Case.objects.select_for_update().filter(closed_at=None, pk__gt=after)
    cases = {case.pk: case for case in open_cases.order_by("pk")[:size]}
    if not cases:
        return Recomputed()
    last = max(cases)
    rows: defaultdict[int, list[CaseClock]] = defaultdict(list)
    for row in CaseClock.objects.filter(stopped_at=None, case_id__gt=after, case_id__lte=last).order_by("pk"):
        if row.case_id in cases:
            rows[row.case_id].append(row)
    moves = _compute(cases, rows, _pauses(after, last))
    _keep_cases(cases, rows, moves)
    for event in _record(cases, moves):
        binding_of(event.case.kind).happened(event, None)
    moved = sum(map(len, moves.values()))
    current_act().note(count=len(moves), changed=moved)
    return Recomputed(len(cases), len(moves), moved, last)


def _pauses(after: int, last: int) -> dict[int, list[Pause]]:
    """Return the pauses of the running clocks of a range of cases, by clock."""
    found: defaultdict[int, list[Pause]] = defaultdict(list)
    rows = ClockPause.objects.filter(
        clock__stopped_at=None, clock__case_id__gt=after, clock__case_id__lte=last
    )
    for clock_id, from_at, to_at in rows.order_by().values_list("clock_id", "from_at", "to_at"):
        found[clock_id].append(Pause(from_at, to_at))
    return found


def _compute(
    cases: dict[int, Case], rows: dict[int, list[CaseClock]], pauses: dict[int, list[Pause]]
) -> dict[int, list[_Move]]:
    """Give the clocks their ends, save those that changed, and return by case those whose end moved."""
    calendar = load_calendar(current_act().moment.astimezone(SHANGHAI).date())
    hours: dict[int, OfficeHours] = {}
    moves: defaultdict[int, list[_Move]] = defaultdict(list)
    changed = []
    for case_id, running in rows.items():
        case = cases[case_id]
        if case.revision_id not in hours:
            hours[case.revision_id] = hours_of(of_case(case))
        for row in running:
            found = _due(calendar, hours[case.revision_id], row, pauses.get(row.pk, ()))
            if (found.at, found.provisional) == (row.due_at, row.provisional):
                continue
            changed.append(row)
            if found.at != row.due_at:
                moves[case_id].append(_Move(row, row.due_at))
            row.due_at, row.provisional = found.at, found.provisional
    _keep_clocks(changed)
    return moves


def _due(
    calendar: WorkingCalendar, hours: OfficeHours, row: CaseClock, pauses: Sequence[Pause]
) -> clocks.Due:
    limit = Limit(Unit(row.unit), row.amount + row.extended)
    return clocks.due(calendar, hours, row.started_at, limit, pauses)


def _keep_clocks(rows: Iterable[CaseClock]) -> None:
    """Save ends, equal ones together; a clock whose end lies ahead again may be told of again."""
    ends: defaultdict[tuple[datetime | None, bool], list[int]] = defaultdict(list)
    ahead = []
    for row in rows:
        ends[row.due_at, row.provisional].append(row.pk)
        if row.due_at is not None and row.due_at > current_act().moment and (row.warned_at or row.overdue_at):
            ahead.append(row.pk)
    for (due_at, provisional), ids in ends.items():
        CaseClock.objects.filter(pk__in=ids).update(due_at=due_at, provisional=provisional)
    if ahead:
        CaseClock.objects.filter(pk__in=ahead).update(warned_at=None, overdue_at=None)


def _keep_cases(
    cases: dict[int, Case], rows: dict[int, list[CaseClock]], moves: dict[int, list[_Move]]
) -> None:
    """Save of each case touched its nearest end and its next version, those with equal ends together."""
    now = current_act().moment
    ends: defaultdict[tuple[datetime | None, datetime], list[int]] = defaultdict(list)
    for case_id in moves:
        case = cases[case_id]
        case.due_at = min((row.due_at for row in rows[case_id] if row.due_at is not None), default=None)
        case.version += 1
        case.last_event_at = max(now, case.last_event_at)
        ends[case.due_at, case.last_event_at].append(case_id)
    for (due_at, moment), ids in ends.items():
        same = Case.objects.filter(pk__in=ids)
        same.update(due_at=due_at, version=F("version") + 1, last_event_at=moment)


def _record(cases: dict[int, Case], moves: dict[int, list[_Move]]) -> list[CaseEvent]:
    """Save one event for each case touched, and return them."""
    act = current_act()
    events = []
    for case_id, moved in moves.items():
        case = cases[case_id]
        definition = of_case(case)
        facts = [{"clock": one.row.name, "before": _written(one.before), "after": _written(one.row.due_at)} for one in moved]  # fmt: skip
        events.append(CaseEvent(
            case=case, seq=case.version, kind=CLOCK_RECOMPUTED, title=TITLE, at=case.last_event_at, by_id=act.by.id,
            by_name=act.by.name[:60], role="system", state=case.state, facts={"clocks": facts},
            text="；".join(_told(definition, one) for one in moved),
            shown="；".join(_told(definition, one) for one in moved if _promised(definition, one.row)),
        ))  # fmt: skip
    CaseEvent.objects.bulk_create(events)
    return events


def _promised(definition: CaseType, row: CaseClock) -> bool:
    """Tell whether the firm's page shows the clock."""
    return row.part_id is None and definition.clocks[row.name].promised


def _told(definition: CaseType, one: _Move) -> str:
    before, after = _readable(one.before), _readable(one.row.due_at)
    return f"因国家节假日安排更新，“{definition.clocks[one.row.name].title}”期限由{before}改为{after}"


def _readable(at: datetime | None) -> str:
    if at is None:
        return "暂停中未定"
    local = at.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日{local:%H:%M}"


def _written(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(SHANGHAI).isoformat()
