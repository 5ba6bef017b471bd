"""What has become of an assignment, computed from its events and the day; nobody types a status. Pure.

The events alone decide the phase (nothing yet, under way, submitted for closing, closed); the day and the deadline
then decide between 推进中, 临期 and 逾期. Words: 浙营商专发〔2024〕1号 (对表对标, 销号管理).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum

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

# What an event makes of the phase; every other kind leaves it as it is.
_MOVES = {
    EventKind.REPORTED: {Phase.NOT_STARTED: Phase.UNDER_WAY},
    EventKind.MILESTONE_REACHED: {Phase.NOT_STARTED: Phase.UNDER_WAY},
    EventKind.SUBMITTED: {Phase.NOT_STARTED: Phase.PENDING, Phase.UNDER_WAY: Phase.PENDING},
    EventKind.RETURNED: {Phase.PENDING: Phase.UNDER_WAY},
    EventKind.CLOSED: {Phase.PENDING: Phase.CLOSED},
    EventKind.REOPENED: {Phase.CLOSED: Phase.UNDER_WAY},
}


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
