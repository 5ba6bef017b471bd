"""A small case type and many cases with running clocks, for tests and benchmarks of what goes through all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from qifu.engines.casework import binding, clocks
from qifu.engines.casework.binding import Binding, bind
from qifu.engines.casework.clocks import Limit, Pause, Unit
from qifu.engines.casework.definitions import hours_of, of_revision
from qifu.engines.casework.models import Case, CaseClock, CaseEvent, ClockPause
from qifu.engines.casework.publish import publish_case_type
from qifu.foundation.access import SYSTEM, Actor, Permission, declare_permissions
from qifu.foundation.action import action
from qifu.foundation.revisions import Revision
from qifu.foundation.working_calendar import shipped_calendar
from qifu.registers.organisations.models import Organisation

KIND = "clock_test"
PLACE = "330109"
CASE_TYPE = """\
key: clock_test
title: 时限测试
basis: 测试
effective: {from: 2024-01-01}
office_hours: [['09:00', '12:00'], ['13:30', '17:00']]
roles: {hub: 中枢, upper_hub: 上级中枢}
fields: {}
clocks:
  handle: {title: 办理, of: hub, limit: {working_days: 10}, promised: true}
  plan: {title: 计划, of: hub, limit: {calendar_days: 30}, warn: {calendar_days: 7}}
  reply: {title: 回复, of: hub, limit: {working_hours: 14}, warn: {working_hours: 2}}
  call: {title: 联系, of: hub, limit: {hours: 24}, warn: {hours: 4}}
states:
  open: {title: 办理中, shown: 正在办理, initial: true, starts: [handle, plan, reply, call]}
  closed: {title: 已办结, shown: 已办结, final: true}
transitions:
  close: {title: 办结, from: [open], to: closed, by: [hub], effect: close, results: [done]}
results: {done: 已办}
verbs:
  pause: {clocks: [handle], asked_by: [hub], approved_by: [upper_hub], most_days: 60, reasons: {waiting: {title: 等待材料}}}
examples:
- title: 一日办结
  opened: 2024-06-03 10:00
  due: {handle: 2024-06-18, call: 2024-06-04 10:00}
  story:
  - {at: 2024-06-04 09:00, do: close, state: closed}
"""
LIMITS = {
    "handle": Limit(Unit.WORKING_DAYS, 10),
    "plan": Limit(Unit.CALENDAR_DAYS, 30),
    "reply": Limit(Unit.WORKING_HOURS, 14),
    "call": Limit(Unit.HOURS, 24),
}


@dataclass
class Heard:
    """What a service was told: (case, clock name) by kind of news; a case in `fails` makes it fail."""

    near: list[tuple[int, str]] = field(default_factory=list)
    over: list[tuple[int, str]] = field(default_factory=list)
    events: list[tuple[int, str]] = field(default_factory=list)
    fails: set[int] = field(default_factory=set)

    def clock_near(self, case: Case, clock: CaseClock) -> None:
        """Be told of a clock near its end."""
        self._fail(case)
        self.near.append((case.pk, clock.name))

    def clock_over(self, case: Case, clock: CaseClock) -> None:
        """Be told of a clock that has run out."""
        self._fail(case)
        self.over.append((case.pk, clock.name))

    def happened(self, event: CaseEvent, transition: object) -> None:
        """Be told of an event."""
        self._fail(event.case)
        self.events.append((event.case_id, event.kind))

    def _fail(self, case: Case) -> None:
        if case.pk in self.fails:
            raise RuntimeError(f"the service fails on case {case.pk}")


def hear() -> Heard:
    """Bind the kind to a service that only listens, and return what it hears."""
    heard = Heard()
    binding._bindings.pop(KIND, None)
    bind(Binding(
        kind=KIND, title="时限测试", permissions={"hub": "test.lay_clocks", "upper_hub": "test.lay_clocks"}, facts=lambda case: {}, hub=lambda place: 0,
        happened=heard.happened, clock_near=heard.clock_near, clock_over=heard.clock_over,
    ))  # fmt: skip
    return heard


declare_permissions(Permission("test.lay_clocks", "测试铺设时钟", {}))


@action("test.lay_clocks", title="测试铺设时钟", permission="test.lay_clocks")
def lay_ground(*, by: Actor, at: datetime) -> tuple[Revision, Organisation]:
    """Publish the case type and make the hub."""
    revision = publish_case_type(by=by, at=at, document=CASE_TYPE.encode(), where="clock_test.yaml")
    hub = Organisation(
        code=f"{PLACE}.hub", name="模拟中枢", full_name="模拟中枢", kind=Organisation.Kind.GOVERNMENT_DEPARTMENT,
        level=Organisation.Level.COUNTY, place_code=PLACE,
    )  # fmt: skip
    hub.save()
    return revision, hub


@action("test.open_clocks", title="测试打开事务", permission="test.lay_clocks")
def open_cases(
    *, by: Actor, at: datetime, ground: tuple[Revision, Organisation], terms: Iterable[list[tuple[str, datetime, list[Pause]]]],
    numbers: int = 0,
) -> list[Case]:  # fmt: skip
    """Save one case with its one event for each list of (clock name, start, pauses), ends by the shipped calendar."""
    revision, hub = ground
    wanted = list(terms)
    cases = [
        Case(
            kind=KIND, revision=revision, number=f"T{numbers + place:08d}", title="模拟事务", place_code=PLACE, lead=hub,
            state="open", version=1, opened_at=clocks_of[0][1], last_event_at=clocks_of[0][1],
        )
        for place, clocks_of in enumerate(wanted)
    ]  # fmt: skip
    Case.objects.bulk_create(cases)
    CaseEvent.objects.bulk_create([
        CaseEvent(case=case, seq=1, kind="opened", title="收到", at=case.opened_at, state="open") for case in cases
    ])  # fmt: skip
    hours, calendar = hours_of(of_revision(revision)), shipped_calendar()
    rows: list[CaseClock] = []
    stops: list[tuple[CaseClock, Pause]] = []
    for case, clocks_of in zip(cases, wanted, strict=True):
        for name, started_at, pauses in clocks_of:
            found = clocks.due(calendar, hours, started_at, LIMITS[name], pauses)
            row = CaseClock(
                case=case, name=name, unit=LIMITS[name].unit.value, amount=LIMITS[name].amount, started_at=started_at,
                due_at=found.at, provisional=found.provisional,
            )  # fmt: skip
            rows.append(row)
            stops += [(row, pause) for pause in pauses]
            if found.at is not None:
                case.due_at = found.at if case.due_at is None else min(case.due_at, found.at)
    CaseClock.objects.bulk_create(rows)
    ClockPause.objects.bulk_create([
        ClockPause(clock=row, from_at=one.from_at, to_at=one.to_at, reason="waiting", text="等待材料", approved_by_name="甲")
        for row, one in stops
    ])  # fmt: skip
    Case.objects.bulk_update(cases, ["due_at"], batch_size=1000)
    return cases


_OFTEN = ("handle",) * 7 + ("plan", "reply", "call")


def fill(ground: tuple[Revision, Organisation], at: datetime, *, count: int, chooser: Random) -> None:
    """Lay `count` running clocks, one or two a case, a tenth of them with pauses, begun within the fortnight before `at`."""
    numbers = 0
    while count:
        terms = []
        while count and len(terms) < 5000:
            several = sorted({chooser.choice(_OFTEN) for _ in range(min(count, chooser.choice((1, 1, 2))))})
            terms.append([(name, *_term(at, chooser)) for name in several])
            count -= len(several)
        open_cases(by=SYSTEM, at=at, ground=ground, terms=terms, numbers=numbers)
        numbers += len(terms)


def _term(at: datetime, chooser: Random) -> tuple[datetime, list[Pause]]:
    started_at = at - timedelta(minutes=chooser.randrange(14 * 24 * 60))
    if chooser.random() > 0.1:
        return started_at, []
    paused = started_at + (at - started_at) * chooser.random()
    return started_at, [
        Pause(paused, None if chooser.random() < 0.3 else paused + (at - paused) * chooser.random())
    ]


def snapshot(model: Any) -> dict[int, dict[str, Any]]:
    """Return every row of a table by key."""
    return {
        row["pk"]: row
        for row in model.objects.values("pk", *(one.attname for one in model._meta.concrete_fields))
    }
