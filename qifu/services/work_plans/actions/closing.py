"""Closing by list (销号): asked for with evidence, decided by a second person, returned or reopened with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action
from qifu.foundation.notices import finish_to_dos
from qifu.services.work_plans.actions.record import (
    Upload,
    acting_as,
    ask_office,
    attach,
    lock,
    own_grant,
    record,
    tell_lead,
    worded,
)
from qifu.services.work_plans.models import Assignment, Event, Evidence
from qifu.services.work_plans.status import EventKind

_LEAD, _CLOSE = "work_plans.lead_work", "work_plans.close_work"


@action("work_plans.submit_work", title="申请销号", permission=_LEAD, on="assignment")
def submit_work(
    *, assignment: Assignment, text: str, files: Sequence[Upload] = (), unclassified: bool = False,
    expected_seq: int | None = None, by: Actor, at: datetime,
) -> Assignment:  # fmt: skip
    """Ask for closing; refused without evidence, given here or since the work was opened or last reopened.

    What else is open (parts below, questions, milestones, generic units, an unconfirmed lead) does not stand in the
    way: the office sees it counted in the event's facts and decides.
    """
    row = lock(assignment, EventKind.SUBMITTED, expected_seq=expected_seq)
    said = worded(text, field="text", what="完成情况")
    if not files and not _evidence(row):
        raise Refused("申请销号须有佐证材料：请附文件，或先在进展报告中提交", files="请至少附一份佐证材料")
    grant = own_grant(row, _LEAD)
    facts = {**_open_matters(row), "role": grant.role if grant else ""}
    event = record(row, EventKind.SUBMITTED, text=said, facts=facts, grant=grant)
    attach(event, files, unclassified=unclassified, place_code=row.place_code)
    ask_office(row, f"申请销号，请核定：{row.title}", row, grant)
    return row


@action("work_plans.return_work", title="退回", permission=_CLOSE, on="assignment")
def return_work(
    *, assignment: Assignment, reason: str, expected_seq: int | None = None, by: Actor, at: datetime
) -> Assignment:
    """Send a request for closing back, with the reason."""
    row = lock(assignment, EventKind.RETURNED, expected_seq=expected_seq)
    said = worded(reason, field="reason", what="退回的理由")
    finish_to_dos(row, at=at)
    record(row, EventKind.RETURNED, text=said, grant=own_grant(row, _CLOSE))
    tell_lead(row, f"销号申请被退回：{row.title}")
    return row


@action("work_plans.close_work", title="销号", permission=_CLOSE, on="assignment")
def close_work(
    *, assignment: Assignment, text: str = "", expected_seq: int | None = None, by: Actor, at: datetime
) -> Assignment:
    """Close what was submitted: always a second person, and none who stands in for the first or for whom he stood in.

    What the office of a place submitted itself for a part handed down to it is closed by the office above.
    """
    row = lock(assignment, EventKind.CLOSED, expected_seq=expected_seq)
    request = row.events.filter(kind=EventKind.SUBMITTED.value).order_by("-seq").first()
    if not by.is_person or request is None:
        raise Refused("销号须由改革办人员核定")
    first = {request.by_id, request.facts.get("on_behalf_of")} - {None}
    if by.id in first:
        raise Refused("销号须由第二人核定：申请是您（或您委托的人）提出的，请由同事或上级改革办核定")
    grants = [one for one in acting_as(row, _CLOSE) if one.on_behalf_of not in first]
    if not grants:
        raise Refused("您正在代行申请人的职责，不能核定他的申请，请由同事或上级改革办核定")
    if row.parent_id is not None and request.facts.get("role") == "reform_officer":
        grants = [one for one in grants if one.place != row.place_code]
        if not grants:
            raise Refused("这一项由本级改革办自己申请销号，须由上级改革办核定")
    said = worded(text, field="text", what="核定意见", needed=False)
    finish_to_dos(row, at=at)
    record(row, EventKind.CLOSED, text=said, facts=_open_matters(row), grant=grants[0])
    tell_lead(row, f"已销号：{row.title}")
    return row


@action("work_plans.reopen_work", title="重新打开", permission=_CLOSE, on="assignment")
def reopen_work(
    *, assignment: Assignment, reason: str, expected_seq: int | None = None, by: Actor, at: datetime
) -> Assignment:
    """Open again what was closed, with the reason; closing it anew needs new evidence."""
    row = lock(assignment, EventKind.REOPENED, expected_seq=expected_seq)
    said = worded(reason, field="reason", what="重新打开的理由")
    record(row, EventKind.REOPENED, text=said, grant=own_grant(row, _CLOSE))
    tell_lead(row, f"已重新打开：{row.title}")
    return row


def _evidence(row: Assignment) -> bool:
    reopened = row.events.filter(kind=EventKind.REOPENED.value).order_by("-seq").first()
    since = reopened.seq if reopened is not None else 0
    return Evidence.objects.filter(event__assignment=row, event__seq__gt=since).exists()


def _open_matters(row: Assignment) -> dict[str, Any]:
    """What is still open beside the request: counts by name, those that are none left out."""
    asked = Event.objects.filter(assignment=row, kind=EventKind.ASKED.value, answered_by=None)
    found = {
        "open_parts": row.parts.exclude(phase=Assignment.Phase.CLOSED).filter(item__isnull=False).count(),
        "open_questions": asked.count(),
        "open_milestones": row.milestones.filter(reached_on=None).count(),
        "generic_units": row.units.filter(generic=True).count(),
        "unconfirmed_lead": int(row.lead_state != Assignment.LeadState.CONFIRMED),
    }
    return {name: count for name, count in found.items() if count}
