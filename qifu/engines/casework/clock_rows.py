"""Clocks of running cases: started, stopped, paused, extended; their ends computed by `clocks.due` and kept in rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Min

from qifu.engines.casework import clocks
from qifu.engines.casework.binding import binding_of
from qifu.engines.casework.case_type import CaseType, ClockType
from qifu.engines.casework.clocks import Limit, Pause, Unit
from qifu.engines.casework.definitions import hours_of, of_case
from qifu.engines.casework.models import Case, CaseClock, CasePart, ClockPause
from qifu.foundation.action import Refused, current_act
from qifu.foundation.working_calendar import load_calendar
from qifu.foundation.working_days import SHANGHAI


def running(case: Case, names: Iterable[str] | None = None) -> list[CaseClock]:
    """Return the clocks of a case that have not been stopped, those that stand still included."""
    rows = CaseClock.objects.filter(case=case, stopped_at=None)
    return list(rows if names is None else rows.filter(name__in=list(names)))


def start(case: Case, names: Iterable[str], *, part: CasePart | None = None) -> list[CaseClock]:
    """Start clocks now; one that runs already goes on as it is."""
    wanted = list(names)
    if not wanted:
        return []
    act = current_act()
    definition = of_case(case)
    known = {row.name for row in running(case, wanted) if row.part_id == (part.pk if part else None)}
    facts = binding_of(case.kind).facts(case)
    made = []
    for name in wanted:
        if name in known:
            continue
        limit = definition.clocks[name].limit_for(facts)
        row = CaseClock(
            case=case, part=part, name=name, unit=limit.unit.value, amount=limit.amount, started_at=act.moment
        )
        set_due(row, definition, [])
        made.append(row)
    return CaseClock.objects.bulk_create(made) if made else []


def stop(case: Case, names: Iterable[str] | None = None) -> list[CaseClock]:
    """Stop the clocks of a case (all of them where none are named), ending any pause; return those stopped.

    Children merged into it have the clocks of those names stopped too: what was done, was done for them.
    """
    wanted = None if names is None else list(names)
    if wanted == []:
        return []
    act = current_act()
    rows = running(case, wanted)
    if wanted is not None:
        followers = CaseClock.objects.filter(
            case__merged_into=case, name__in=wanted, stopped_at=None, part=None
        )
        rows += list(followers)
    stop_rows(rows, act.moment)
    return rows


def stop_rows(rows: list[CaseClock], at: datetime) -> None:
    """Stop these clocks, ending their pauses."""
    end_pauses(rows, at)
    for row in rows:
        row.stopped_at = max(at, row.started_at)
    if rows:
        CaseClock.objects.bulk_update(rows, ["stopped_at", "due_at", "provisional"])


def end_pauses(rows: Iterable[CaseClock], at: datetime) -> list[CaseClock]:
    """End the open pauses of clocks, and compute their ends anew; return those that stood still (not yet saved)."""
    by_id = {row.pk: row for row in rows}
    open_pauses = list(ClockPause.objects.filter(clock__in=by_id, to_at=None))
    for pause in open_pauses:
        pause.to_at = max(at, pause.from_at)
    if open_pauses:
        ClockPause.objects.bulk_update(open_pauses, ["to_at"])
    stood = [by_id[pause.clock_id] for pause in open_pauses]
    for row in stood:
        set_due(row, of_case(row.case), pauses_of(row))
    return stood


def pauses_of(row: CaseClock) -> list[Pause]:
    """Return the pauses of a clock as the arithmetic takes them."""
    return [Pause(a, b) for a, b in row.pauses.order_by("from_at").values_list("from_at", "to_at")]


def set_due(row: CaseClock, definition: CaseType, pauses: list[Pause]) -> None:
    """Give a clock (not saved here) the end that follows from its start, limit, pauses and the calendar."""
    limit = Limit(Unit(row.unit), row.amount + row.extended)
    day = current_act().moment.astimezone(SHANGHAI).date()
    found = clocks.due(load_calendar(day), hours_of(definition), row.started_at, limit, pauses)
    row.due_at, row.provisional = found.at, found.provisional


def refresh_due(case: Case) -> None:
    """Give a case (not saved here) the earliest end of its running clocks."""
    rows = CaseClock.objects.filter(case=case, stopped_at=None)
    case.due_at = rows.aggregate(first=Min("due_at"))["first"]


def clock_type(case: Case, name: str) -> ClockType:
    """Return the definition of a clock of a case."""
    return of_case(case).clocks[name]


def pause(
    case: Case, names: Iterable[str], *, reason: str, text: str, approved_by_name: str, **more: object
) -> list[CaseClock]:
    """Let running clocks stand still from now; one that does already is left; Refused where none of them runs."""
    act = current_act()
    rows = [row for row in running(case, names) if not row.pauses.filter(to_at=None).exists()]
    if not rows:
        raise Refused("没有正在计时的时限可以暂停")
    definition = of_case(case)
    for row in rows:
        ClockPause.objects.create(
            clock=row, from_at=act.moment, reason=reason, text=text[:500], approved_by=act.by.id,
            approved_by_name=approved_by_name or act.by.name, **more,
        )  # fmt: skip
        set_due(row, definition, pauses_of(row))
    CaseClock.objects.bulk_update(rows, ["due_at", "provisional"])
    return rows


def resume(case: Case, names: Iterable[str] | None = None) -> list[CaseClock]:
    """Let clocks that stand still run again from now; return them."""
    stood = end_pauses(running(case, names), current_act().moment)
    if stood:
        CaseClock.objects.bulk_update(stood, ["due_at", "provisional"])
    return stood
