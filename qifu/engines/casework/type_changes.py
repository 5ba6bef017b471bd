"""Running cases go over to another published version of their case type: an explicit act, told beforehand, recorded case by case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from qifu.engines.casework import clocks
from qifu.engines.casework.case_type import CaseType
from qifu.engines.casework.clock_rows import pauses_of
from qifu.engines.casework.clocks import Limit, Unit
from qifu.engines.casework.definitions import KIND, hours_of, of_revision
from qifu.engines.casework.models import Case, CaseClock
from qifu.engines.casework.moves import facts_of
from qifu.engines.casework.publish import PUBLISH
from qifu.engines.casework.record import Standing, moment_of, record
from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.revisions import Revision
from qifu.foundation.working_calendar import load_calendar
from qifu.foundation.working_days import SHANGHAI, WorkingCalendar

RULES_CHANGED = "rules_changed"
KEEP, NEW = "keep", "new"
BATCH = 500


@dataclass(frozen=True)
class Outlook:
    """What a migration would do: open cases by state (as it is now), running clocks by name, and what stands against it."""

    states: Mapping[str, int]
    clocks: Mapping[str, int]
    faults: tuple[str, ...]

    @property
    def cases(self) -> int:
        """How many cases would go over."""
        return sum(self.states.values())


@dataclass(frozen=True)
class Moved:
    """What one batch did: how many cases went over, how many clocks got another end, and the last case seen."""

    cases: int
    ends: int
    last: int


def version(key: str, number: int) -> Revision:
    """Return a published version of a case type by its number; Refused where there is none."""
    found = Revision.objects.filter(
        series__kind=KIND, series__key=key, number=number, state=Revision.State.PUBLISHED
    )
    row: Revision | None = found.select_related("series").first()
    if row is None:
        raise Refused(f"办理规则“{key}”没有已发布的第 {number} 版")
    return row


def outlook(before: Revision, after: Revision, states: Mapping[str, str] | None = None) -> Outlook:
    """Return what it would mean to move the open cases of one version to another; changes nothing."""
    mapping = dict(states or {})
    old, new = of_revision(before), of_revision(after)
    mine = Case.objects.filter(revision=before, closed_at=None)
    in_state = Counter(dict(mine.values_list("state").annotate(n=Count("pk")).order_by("state")))
    steps = Counter(dict(mine.exclude(step="").values_list("step").annotate(n=Count("pk")).order_by("step")))
    running = CaseClock.objects.filter(case__in=mine, stopped_at=None)
    names = Counter(dict(running.values_list("name").annotate(n=Count("pk")).order_by("name")))
    faults = [*_faults(old, new, mapping, in_state)]
    faults += [f"新版没有时限“{_clock_title(old, name)}”（{n} 个正在计时），请在新版中保留它" for name, n in names.items() if name not in new.clocks]  # fmt: skip
    faults += [f"新版没有办理层次“{old.steps.get(name, name)}”（{n} 件正在此层次），请在新版中保留它" for name, n in steps.items() if name not in new.steps]  # fmt: skip
    if before.pk == after.pk:
        faults.append("两个版本是同一版")
    if old.kind != new.kind:
        faults.append(f"“{old.title}”与“{new.title}”办理的不是同一类事务")
    return Outlook(in_state, names, tuple(faults))


def _faults(
    old: CaseType, new: CaseType, mapping: Mapping[str, str], in_state: Counter[str]
) -> Iterator[str]:
    for name, target in mapping.items():
        if name not in old.states:
            yield f"原版没有环节“{name}”"
        if target not in new.states:
            yield f"新版没有环节“{target}”"
        elif new.ends(target):
            yield f"在办的事务不能直接转到终结环节“{new.states[target].title}”"
    for name, count in in_state.items():
        target = mapping.get(name, name)
        if name not in mapping and (target not in new.states or new.ends(target)):
            yield f"新版没有环节“{old.states[name].title}”（{name}，{count} 件正在此环节），请指明转到哪个环节"


def migrate_cases(
    before: Revision, after: Revision, *, by: Actor, at: datetime, states: Mapping[str, str] | None = None,
    limits: str = KEEP, most: int = BATCH,
) -> Iterator[Moved]:  # fmt: skip
    """Move every open case of one version to another, batch by batch, each an act of its own; begun again, it goes on.

    `states` says where a state goes that the new version does not have. With `limits` NEW, running clocks keep their
    start and extensions and get the new version's limits; with KEEP theirs. Closed cases stay. Refused where a case has no place.
    """
    last = 0
    while True:
        moved = migrate_batch(
            by=by, at=at, before=before.pk, after=after.pk, states=dict(states or {}), limits=limits, last=last, most=most
        )  # fmt: skip
        if not moved.cases:
            return
        yield moved
        last = moved.last


@action("casework.migrate_cases", title="在办事务转到另一版办理规则", permission=PUBLISH)
def migrate_batch(
    *, by: Actor, at: datetime, before: int, after: int, states: Mapping[str, str], limits: str, last: int, most: int = BATCH
) -> Moved:  # fmt: skip
    """Move the open cases of one version after case `last`, at most so many, locked in the order of their keys."""
    published = Revision.objects.filter(series__kind=KIND, state=Revision.State.PUBLISHED)
    old, new = published.get(pk=before), published.get(pk=after)
    if limits not in (KEEP, NEW):
        raise Refused("时限请选择沿用（keep）或按新版（new）")
    faults = outlook(old, new, states).faults
    if faults:
        raise Refused("；".join(faults))
    rows = Case.objects.select_for_update().filter(revision=old, closed_at=None, pk__gt=last)
    cases = list(rows.order_by("pk")[:most])
    act = current_act()
    calendar = load_calendar(act.moment.astimezone(SHANGHAI).date())
    ends = sum(_move(case, old, new, states, limits, calendar) for case in cases)
    act.note(cases=len(cases), revision=new.number)
    return Moved(len(cases), ends, cases[-1].pk if cases else last)


def _move(
    case: Case,
    old: Revision,
    new: Revision,
    states: Mapping[str, str],
    limits: str,
    calendar: WorkingCalendar,
) -> int:
    """Move one locked case; return how many of its clocks end at another time than before."""
    was, definition = case.state, of_revision(new)
    case.revision = new
    case.state = states.get(was, was)
    case.save(update_fields=["revision"])
    moved = _new_ends(case, definition, limits, calendar)
    shown = ""
    promised = [row for row in moved if definition.clocks[row.name].promised and row.due_at is not None]
    if promised:
        days = "、".join(f"{definition.clocks[row.name].title}：{row.due_at:%Y-%m-%d}" for row in promised)
        shown = f"办理规则有更新，时限调整为 {days}"
    record(
        case, RULES_CHANGED, title="办理规则更新", who=Standing("system"), shown=shown,
        text=f"由“{old.series.title}”第 {old.number} 版改按“{new.series.title}”第 {new.number} 版办理",
        facts={"from": old.pk, "to": new.pk, "state": was, "limits": limits},
    )  # fmt: skip
    return len(moved)


def _new_ends(case: Case, definition: CaseType, limits: str, calendar: WorkingCalendar) -> list[CaseClock]:
    """Give the running clocks of a case the ends that the new version means; return those whose end changed."""
    rows = list(CaseClock.objects.filter(case=case, stopped_at=None).order_by("pk"))
    facts = facts_of(case) if limits == NEW and rows else {}
    pauses = pauses_of(row.pk for row in rows)
    moved = []
    for row in rows:
        before = row.due_at
        if limits == NEW:
            limit = definition.clocks[row.name].limit_for(facts)
            row.unit, row.amount = limit.unit.value, limit.amount
        whole = Limit(Unit(row.unit), row.amount + row.extended)
        found = clocks.due(calendar, hours_of(definition), row.started_at, whole, pauses.get(row.pk, ()))
        row.due_at, row.provisional = found.at, found.provisional
        if found.at != before:
            moved.append(row)
            if found.at is None or found.at > moment_of(case):
                row.warned_at = row.overdue_at = None
    CaseClock.objects.bulk_update(
        rows, ["unit", "amount", "due_at", "provisional", "warned_at", "overdue_at"]
    ) if rows else None
    case.due_at = min((row.due_at for row in rows if row.due_at is not None), default=None)
    return moved


def _clock_title(definition: CaseType, name: str) -> str:
    return definition.clocks[name].title if name in definition.clocks else name
