"""What has become of an assignment, computed from its events and the day; nobody types a status. Pure.

The events alone decide the phase (nothing yet, under way, submitted for closing, closed); the day and the deadline
then decide between 推进中, 临期 and 逾期. Words: 浙营商专发〔2024〕1号 (对表对标, 销号管理).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

SOON = timedelta(days=30)
"""How long before its deadline an assignment is called 临期."""


class EventKind(StrEnum):
    """What can happen to an assignment; each is one row that is never changed."""

    OPENED = "opened"
    LEAD_PROPOSED = "lead_proposed"
    LEAD_CONFIRMED = "lead_confirmed"
    UNITS_CHANGED = "units_changed"
    DUE_CHANGED = "due_changed"
    DECOMPOSED = "decomposed"
    PRECEDENCE_CHANGED = "precedence_changed"
    MILESTONE_SET = "milestone_set"
    MILESTONE_REACHED = "milestone_reached"
    REPORTED = "reported"
    COMMENTED = "commented"
    ASKED = "asked"
    ANSWERED = "answered"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    CLOSED = "closed"
    REOPENED = "reopened"
    REMINDED = "reminded"
    PLAN_CHANGED = "plan_changed"


class Phase(StrEnum):
    """How far the events alone have brought an assignment."""

    NOT_STARTED = "not_started"
    UNDER_WAY = "under_way"
    PENDING = "pending"
    CLOSED = "closed"


class Status(StrEnum):
    """What is shown: the phase, and while work is open, how the deadline stands."""

    NOT_STARTED = "not_started"
    UNDER_WAY = "under_way"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    PENDING = "pending"
    CLOSED = "closed"


STATUS_TITLES = {
    Status.NOT_STARTED: "未启动",
    Status.UNDER_WAY: "推进中",
    Status.DUE_SOON: "临期",
    Status.OVERDUE: "逾期",
    Status.PENDING: "待核",
    Status.CLOSED: "销号",
}
EVENT_TITLES = {
    EventKind.OPENED: "建立事项",
    EventKind.LEAD_PROPOSED: "拟定牵头单位",
    EventKind.LEAD_CONFIRMED: "确认牵头单位",
    EventKind.UNITS_CHANGED: "调整参与单位",
    EventKind.DUE_CHANGED: "调整期限",
    EventKind.DECOMPOSED: "分解到地方",
    EventKind.PRECEDENCE_CHANGED: "调整先后",
    EventKind.MILESTONE_SET: "设定节点",
    EventKind.MILESTONE_REACHED: "完成节点",
    EventKind.REPORTED: "报告进展",
    EventKind.COMMENTED: "留言",
    EventKind.ASKED: "提问",
    EventKind.ANSWERED: "答复",
    EventKind.SUBMITTED: "申请销号",
    EventKind.RETURNED: "退回",
    EventKind.CLOSED: "销号",
    EventKind.REOPENED: "重新打开",
    EventKind.REMINDED: "自动提醒",
    EventKind.PLAN_CHANGED: "文件更正",
}

# What an event makes of the phase; every other kind leaves it as it is.
_MOVES = {
    EventKind.REPORTED: {Phase.NOT_STARTED: Phase.UNDER_WAY},
    EventKind.MILESTONE_REACHED: {Phase.NOT_STARTED: Phase.UNDER_WAY},
    EventKind.SUBMITTED: {Phase.NOT_STARTED: Phase.PENDING, Phase.UNDER_WAY: Phase.PENDING},
    EventKind.RETURNED: {Phase.PENDING: Phase.UNDER_WAY},
    EventKind.CLOSED: {Phase.PENDING: Phase.CLOSED},
    EventKind.REOPENED: {Phase.CLOSED: Phase.UNDER_WAY},
}
# What may happen only in some phases, beside the moves themselves.
_ANY = frozenset(Phase)
_ONLY_IN = {kind: frozenset(moves) for kind, moves in _MOVES.items()} | {
    EventKind.REPORTED: _ANY - {Phase.CLOSED},
    EventKind.MILESTONE_REACHED: _ANY - {Phase.CLOSED},
    EventKind.COMMENTED: _ANY,
    EventKind.ANSWERED: _ANY,
    EventKind.PLAN_CHANGED: _ANY,
}


def may_happen(phase: str, kind: str) -> bool:
    """Tell whether an event of `kind` may follow in `phase`; closed work takes comments, answers and reopening only."""
    return Phase(phase) in _ONLY_IN.get(EventKind(kind), _ANY - {Phase.CLOSED})


def moved(phase: Phase, kind: str) -> Phase:
    """Return the phase after an event of `kind`."""
    return _MOVES.get(EventKind(kind), {}).get(phase, phase)


def phase_after(kinds: Iterable[str]) -> Phase:
    """Return the phase after events in their order."""
    phase = Phase.NOT_STARTED
    for kind in kinds:
        phase = moved(phase, kind)
    return phase


def status_on(phase: str, due_on: date | None, today: date, *, soon: timedelta = SOON) -> Status:
    """Return the status on a day: work is overdue from the day after its deadline, and due soon within `soon` before.

    Submitted work waits for the office, not for the unit, so it is 待核 even after the deadline; without a deadline
    (持续推进) work is neither due soon nor overdue.
    """
    if phase in (Phase.PENDING, Phase.CLOSED):
        return Status(phase)
    if due_on is not None and due_on < today:
        return Status.OVERDUE
    if due_on is not None and due_on <= today + soon:
        return Status.DUE_SOON
    return Status(phase)


@dataclass(frozen=True)
class Happening:
    """An event as far as it decides anything; days in `facts` are ISO texts."""

    kind: str
    at: datetime
    by_id: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class State:
    """All that the events make of an assignment: the columns of its row that nobody writes otherwise."""

    phase: str = Phase.NOT_STARTED
    due_on: date | None = None
    plan_due_on: date | None = None
    lead_id: int | None = None
    lead_state: str = "none"
    opened_at: datetime | None = None
    last_report_at: datetime | None = None
    submitted_at: datetime | None = None
    submitted_by: int | None = None
    closed_at: datetime | None = None


def after(state: State, event: Happening) -> State:
    """Return the state after an event; `facts` hold `due_on`, `plan_due_on` or `lead` where the event sets them."""
    facts = event.facts
    changed: dict[str, Any] = {"phase": moved(Phase(state.phase), event.kind)}
    if event.kind in (EventKind.OPENED, EventKind.DUE_CHANGED, EventKind.PLAN_CHANGED):
        changed |= {name: _day(facts[name]) for name in ("due_on", "plan_due_on") if name in facts}
    if event.kind == EventKind.OPENED:
        changed["opened_at"] = event.at
    elif event.kind == EventKind.LEAD_PROPOSED:
        changed |= {"lead_id": facts["lead"], "lead_state": "proposed" if facts["lead"] else "none"}
    elif event.kind == EventKind.LEAD_CONFIRMED:
        changed |= {"lead_id": facts["lead"], "lead_state": "confirmed"}
    elif event.kind == EventKind.REPORTED:
        changed["last_report_at"] = event.at
    elif event.kind == EventKind.SUBMITTED:
        changed |= {"submitted_at": event.at, "submitted_by": event.by_id}
    elif event.kind == EventKind.CLOSED:
        changed["closed_at"] = event.at
    elif event.kind in (EventKind.RETURNED, EventKind.REOPENED):
        changed |= {"submitted_at": None, "submitted_by": None, "closed_at": None}
    return replace(state, **changed)


def state_after(events: Iterable[Happening]) -> State:
    """Return the state after events in their order."""
    state = State()
    for event in events:
        state = after(state, event)
    return state


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
