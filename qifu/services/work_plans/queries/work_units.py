"""Who does the work: one unit's page, units and divisions side by side, and units that documents leave open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet

from qifu.foundation import access
from qifu.foundation.access import Actor
from qifu.registers.organisations.models import Organisation
from qifu.services.work_plans.models import Assignment, AssignmentUnit, Event, Plan
from qifu.services.work_plans.queries.work import OPEN, assignments, assignments_at, columns, place_names
from qifu.services.work_plans.status import EventKind

REPORTS = 10
"""How many of a unit's reports its page shows."""


def unit(actor: Actor, at: datetime, code: str) -> Organisation:
    """Return an organisation that has a part in work the actor may follow; raises access.NotFound."""
    row = Organisation.objects.filter(code=code).first() if code.isprintable() and len(code) <= 80 else None
    if row is None or not rows_of_unit(actor, at, row).exists():
        raise access.NotFound(f"Organisation {code} in work")
    return row


def rows_of_unit(actor: Actor, at: datetime, row: Organisation) -> QuerySet[Assignment]:
    """Return the work of a unit that the actor may follow, whatever its part."""
    parts = AssignmentUnit.objects.filter(organisation=row)
    mine = Q(lead=row) | Q(pk__in=parts.values("assignment_id"))
    return assignments(actor, at).filter(mine)


def parts_of_unit(rows: QuerySet[Assignment], row: Organisation) -> dict[str, int]:
    """Count a unit's work by its part: leading (拟定 included), responsible, cooperating; one row counts once."""
    counted = {
        part: Count("pk", filter=part_filter(row, part)) for part in ("lead", "responsible", "cooperating")
    }
    return dict(rows.order_by().aggregate(**counted))


def part_filter(row: Organisation, part: str) -> Q:
    """Return the condition that a unit has that part (lead, responsible, cooperating); a lead counts as lead only."""
    if part == "lead":
        return Q(lead_id=row.pk)
    roles = ["cooperating"] if part == "cooperating" else ["responsible", "lead"]
    others = AssignmentUnit.objects.filter(organisation_id=row.pk, role__in=roles)
    return Q(pk__in=others.values("assignment_id")) & ~Q(lead_id=row.pk)


def reports_of_unit(rows: QuerySet[Assignment], row: Organisation) -> list[Event]:
    """Return the last reports that a unit made on these rows, the newest first."""
    found = Event.objects.filter(
        kind=EventKind.REPORTED, organisation=row, assignment__in=rows.order_by().values("pk")
    )
    return list(found.select_related("assignment").order_by("-at", "-pk")[:REPORTS])


# ---- side by side -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One unit or division: what it has, what is closed, closed in time (of those closed with a deadline), overdue."""

    key: str
    name: str
    count: int
    closed: int
    timed: int
    in_time: int
    overdue: int
    pending: int
    last_report_at: datetime | None


IN_TIME = Q(phase="closed", submitted_at__date__lte=F("due_on"))
"""Closed in time: the unit asked for it by its deadline; how long the office took to decide is not the unit's doing."""
LATE = Q(phase="closed", submitted_at__date__gt=F("due_on"))


def _measures(today: date) -> dict[str, Any]:
    return {
        "n": Count("pk"),
        "closed": Count("pk", filter=Q(phase="closed")),
        "timed": Count("pk", filter=Q(phase="closed", due_on__isnull=False)),
        "in_time": Count("pk", filter=IN_TIME),
        "overdue": Count("pk", filter=Q(phase__in=OPEN, due_on__lt=today)),
        "pending": Count("pk", filter=Q(phase="pending")),
        "last": Max("last_report_at"),
    }


_COLUMNS = ("n", "closed", "timed", "in_time", "overdue", "pending", "last")


def divisions_compared(
    actor: Actor, at: datetime, plan: Plan, place: str, level: str, today: date
) -> list[Line]:
    """Return the divisions of a level under a place side by side, by code: never ranked."""
    below = columns(place, level, today)[1:]
    rows = assignments_at(actor, at, plan, [one.code for one in below]).order_by()
    found = {
        row[0]: row[1:]
        for row in rows.values_list("place_code")
        .annotate(**_measures(today))
        .values_list("place_code", *_COLUMNS)
    }
    return [Line(one.code, one.full_name, *found[one.code]) for one in below if one.code in found]


def leads_compared(actor: Actor, at: datetime, plan: Plan, place: str, today: date) -> list[Line]:
    """Return the leading units of a place side by side, in the order the plan first names them: never ranked."""
    rows = assignments_at(actor, at, plan, [place]).filter(lead__isnull=False).order_by()
    found = rows.values_list("lead__code", "lead__name").annotate(**_measures(today), first=Min("order"))
    ordered = found.order_by("first").values_list("lead__code", "lead__name", *_COLUMNS)
    return [Line(*row) for row in ordered]


# ---- units left open ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Open:
    """A generic unit that nobody has expanded at a place, and the work that waits for it."""

    name: str
    place: str
    place_name: str
    count: int
    items: Sequence[Mapping[str, Any]]


NAMED = 8
"""How many items are named beside a generic unit; the list shows all."""


def open_units(rows: QuerySet[Assignment]) -> list[Open]:
    """Return the generic units of some work that wait for a person, the most frequent first, in one query."""
    parts = AssignmentUnit.objects.filter(
        generic=True, organisation__isnull=True, assignment__in=rows.order_by().values("pk")
    )
    columns = (
        "name",
        "assignment__place_code",
        "assignment_id",
        "assignment__kind",
        "assignment__number",
        "assignment__title",
    )
    grouped: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for name, place, pk, kind, number, title in parts.order_by("assignment__order").values_list(*columns)[
        :20_000
    ]:
        grouped.setdefault((name, place), []).append(
            {"pk": pk, "kind": kind, "number": number, "title": title}
        )
    names = place_names({place for _, place in grouped})
    found = [
        Open(name, place, names.get(place, place), len(items), items[:NAMED])
        for (name, place), items in grouped.items()
    ]
    return sorted(found, key=lambda one: (-one.count, one.place, one.name))
