"""The rows of a plan's work as a list: narrowed by place, status, kind, unit, deadline and words; the same for exports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from qifu.foundation.access import Actor
from qifu.services.work_plans.models import Assignment, AssignmentUnit, Event, Evidence, Plan, PlanUnit
from qifu.services.work_plans.queries.work import assignments_at, columns
from qifu.services.work_plans.status import EventKind


def listed(
    actor: Actor, at: datetime, plan: Plan, place: str, level: str, today: date
) -> QuerySet[Assignment]:
    """Return a plan's work at a place and the divisions of a level under it, in the plan's order."""
    codes = [one.code for one in columns(place, level, today)]
    rows = assignments_at(actor, at, plan, codes).select_related("lead", "item")
    return rows.order_by("order", "place_code")


def text_filter(text: str) -> Q:
    """Return the condition that an assignment holds a text in its title, requirement or the plan's wording."""
    return Q(title__icontains=text) | Q(requirement__icontains=text) | Q(item__text__icontains=text)


def unit_filter(name: str) -> Q:
    """Return the condition that a unit, as registered or as written, takes part or leads."""
    parts = AssignmentUnit.objects.filter(
        Q(organisation__name=name) | Q(organisation__isnull=True, name=name)
    )
    return Q(lead__name=name) | Q(pk__in=parts.values("assignment_id"))


def unit_names(plan: Plan) -> list[str]:
    """Return the names that the version in force gives its units, sorted; parts added later are found by typing."""
    parts = PlanUnit.objects.filter(item__plan=plan, item__revision=plan.revision_id)
    pairs = parts.values_list("name", "organisation__name").distinct()
    return sorted({official or name for name, official in pairs})


def units_of(rows: Iterable[Assignment]) -> dict[int, list[AssignmentUnit]]:
    """Return the units of some assignments by assignment, in their order, in one query."""
    found: dict[int, list[AssignmentUnit]] = {}
    parts = AssignmentUnit.objects.filter(assignment__in=[row.pk for row in rows]).select_related(
        "organisation"
    )
    for part in parts.order_by("assignment_id", "order"):
        found.setdefault(part.assignment_id, []).append(part)
    return found


def part_name(part: Any) -> str:
    """Return the registered name of a unit, or the name as written while it is not registered."""
    return part.organisation.name if part.organisation_id else part.name


LEDGER_KINDS = (
    EventKind.REPORTED, EventKind.MILESTONE_REACHED, EventKind.SUBMITTED, EventKind.RETURNED, EventKind.CLOSED,
    EventKind.REOPENED, EventKind.ASKED, EventKind.ANSWERED,
)  # fmt: skip
"""What stands in the ledger; setting things up does not."""


def ledger_events(rows: Iterable[Assignment]) -> dict[int, list[Event]]:
    """Return what was reported and decided on some assignments, by assignment in its order: three queries."""
    found: dict[int, list[Event]] = {}
    events = Event.objects.filter(assignment__in=[row.pk for row in rows], kind__in=LEDGER_KINDS)
    events = events.select_related("organisation").prefetch_related(
        "figures", Prefetch("evidence", Evidence.objects.select_related("file"))
    )
    for event in events.order_by("assignment_id", "seq"):
        found.setdefault(event.assignment_id, []).append(event)
    return found
