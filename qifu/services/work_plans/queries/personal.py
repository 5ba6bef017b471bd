"""Work in one person's hands, for hand-over when a post ends and for the person's own calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse

from qifu.foundation.access import Actor, grants_of, visible
from qifu.foundation.feeds import FeedEvent
from qifu.foundation.handover import OpenWork
from qifu.services.work_plans.models import Assignment, Milestone, PlanItem, Publicity

OPEN = ("not_started", "under_way")


def work_in_hand(person_id: int, organisation_id: int | None, at: datetime) -> list[OpenWork]:
    """Return what the units of a person's officer posts lead and have not closed, and what waits for their decision.

    Work belongs to units: nothing needs to be moved when a post ends, but the successor must know of it.
    """
    held = grants_of(Actor(kind="person", id=person_id), at)
    own = [grant for grant in held if grant.organisation_id and grant.on_behalf_of is None]
    if organisation_id is not None:
        own = [grant for grant in own if grant.organisation_id == organisation_id]
    current = Assignment.objects.filter(item__isnull=False)
    led = current.filter(lead_id__in={grant.organisation_id for grant in own}, phase__in=OPEN)
    places = {grant.place for grant in own if grant.role == "reform_officer"}
    waiting = current.filter(place_code__in=places, phase=Assignment.Phase.PENDING)
    link = reverse("my_work")
    return [
        OpenWork("牵头落实、尚未销号的事项", link, led.count()),
        OpenWork("等待核定销号的事项", link, waiting.count()),
    ]


def feed_events(actor: Actor, at: datetime) -> Iterator[FeedEvent]:
    """Yield the due days and milestones of the work that the person's unit leads; only the plan's own words are public."""
    rows = visible(Assignment.objects.all(), actor, "work_plans.lead_work", at)
    mine = rows.filter(item__isnull=False, phase__in=OPEN)
    for row in mine.filter(due_on__isnull=False).select_related("plan"):
        if row.due_on is not None:
            public = row.plan.publicity == Publicity.PUBLIC and row.parent_id is None
            yield FeedEvent(
                f"assignment-{row.pk}", row.due_on, f"期限：{row.title}", _link(row.pk), _number(row), public
            )
    steps = Milestone.objects.filter(assignment__in=mine, reached_on=None)
    for step in steps.select_related("assignment"):
        row = step.assignment
        yield FeedEvent(
            f"milestone-{step.pk}", step.due_on, f"节点：{step.title}", _link(row.pk), _number(row)
        )


def _link(pk: int) -> str:
    return reverse("assignment", args=[pk])


def _number(row: Assignment) -> str:
    return f"{PlanItem.Kind(row.kind).label}{row.number}"
