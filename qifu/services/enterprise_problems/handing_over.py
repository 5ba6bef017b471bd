"""Open problems in a person's own hands, told when a post ends, and moved to the successor."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.urls import reverse

from qifu.engines.casework.models import Case
from qifu.engines.casework.record import Standing, lock, record
from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, current_act
from qifu.foundation.handover import OpenWork
from qifu.services.enterprise_problems.case_binding import KIND
from qifu.services.enterprise_problems.recipients import officers_of

HANDED_OVER = "handed_over"


def work_in_hand(person_id: int, organisation_id: int | None, at: datetime) -> list[OpenWork]:
    """Return the open problems that were divided to a person (of one unit, where named)."""
    return [
        OpenWork(
            "由本人经办、尚未办结的涉企问题",
            reverse("problem_queue"),
            _open(person_id, organisation_id).count(),
        )
    ]


def hand_over(
    *, by: Actor, at: datetime, person_id: int, organisation_id: int | None, successor_id: int
) -> int:
    """Make the successor the handler of each, inside the act that ends the post; return how many moved.

    Refused where the successor does not work in the unit that leads them.
    """
    cases = list(_open(person_id, organisation_id))
    for one in cases:
        if successor_id not in officers_of(one.lead_id, current_act().at):
            raise Refused("接手人不是主办单位的工作人员，请先为其安排岗位，或由单位重新分办")
        row = lock(one, merged=True)
        row.handler_id = successor_id
        record(row, HANDED_OVER, title="移交经办", who=Standing("system"), facts={"handler": successor_id})
    return len(cases)


def _open(person_id: int, organisation_id: int | None) -> models.QuerySet[Case]:
    rows = Case.objects.filter(kind=KIND, handler_id=person_id, closed_at=None)
    return rows if organisation_id is None else rows.filter(lead_id=organisation_id)
