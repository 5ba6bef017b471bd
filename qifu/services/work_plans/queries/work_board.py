"""The board of a plan: one row a task, one column a division, in each cell how the task stands there today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from qifu.foundation.access import Actor
from qifu.services.work_plans.models import Assignment, Plan
from qifu.services.work_plans.queries.work import (
    ORDER,
    Place,
    assignments_at,
    count_by,
    covers,
    status_filter,
)
from qifu.services.work_plans.status import STATUS_TITLES, Status, status_on

ROWS = 50
"""How many tasks a page of the board shows."""
CARDS = 8
"""How many cards stand under each status before the list takes over."""


@dataclass(frozen=True)
class Row:
    """One task: its number and title, (status, address key) by place, and how many stand how."""

    kind: str
    number: int
    title: str
    cells: Mapping[str, tuple[str, int]]
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Board:
    """What a page of the board shows; `totals` count every task of the kind, not only those on this page.

    `own` counts by kind, whichever is shown, what the place itself has to do.
    """

    places: list[Place]
    rows: list[Row]
    totals: Mapping[str, Mapping[str, int]]
    whole: Mapping[str, int]
    own: Mapping[str, Mapping[str, int]]


def orders(actor: Actor, at: datetime, plan: Plan, places: Sequence[str], kind: str = "") -> list[int]:
    """Return the orders of the tasks with work at the places that the actor may follow, ascending."""
    if covers(actor, at, plan.place_code):  # the plan's own place holds every task
        rows = _of_kind(assignments_at(actor, at, plan, [plan.place_code]), kind)
        return list(rows.order_by("order").values_list("order", flat=True))
    rows = _of_kind(assignments_at(actor, at, plan, places), kind)
    return list(rows.order_by("order").values_list("order", flat=True).distinct())


def _of_kind(rows: QuerySet[Assignment], kind: str) -> QuerySet[Assignment]:
    return rows.filter(kind=kind) if kind else rows


def board(
    actor: Actor,
    at: datetime,
    plan: Plan,
    today: date,
    candidates: Sequence[Place],
    shown: Sequence[int],
    kind: str = "",
) -> Board:
    """Return the cells of the tasks whose orders are `shown`, and the totals of each column over all tasks: 2 queries."""
    codes = [place.code for place in candidates]
    totals: dict[str, dict[str, int]] = {}
    own: dict[str, dict[str, int]] = {}
    counted = count_by(assignments_at(actor, at, plan, codes), today, "place_code", "kind")
    for (code, one), counts in counted.items():
        if code == candidates[0].code:
            own[one] = counts
        if kind in ("", one):
            _add(totals.setdefault(code, {}), counts)
    whole: dict[str, int] = {}
    for counts in totals.values():
        _add(whole, counts)
    places = [place for place in candidates if not place.area or place.code in totals]
    return Board(places, _rows(actor, at, plan, today, codes, shown), totals, whole, own)


def _add(sums: dict[str, int], counts: Mapping[str, int]) -> None:
    for status, number in counts.items():
        sums[status] = sums.get(status, 0) + number


def _rows(
    actor: Actor, at: datetime, plan: Plan, today: date, codes: Sequence[str], shown: Sequence[int]
) -> list[Row]:
    wanted = codes if plan.place_code in codes else [*codes, plan.place_code]  # for the titles of bare tasks
    found = assignments_at(actor, at, plan, wanted).filter(order__in=shown).order_by("order", "place_code")
    facts: dict[int, tuple[Any, ...]] = {}
    cells: dict[int, dict[str, tuple[str, int]]] = {}
    counts: dict[int, dict[str, int]] = {}
    asked = set(codes)
    statuses: dict[tuple[str, date | None], str] = {}
    columns = ("order", "place_code", "phase", "due_on", "pk", "kind", "number", "title")
    for order, place, phase, due_on, pk, kind, number, title in found.values_list(*columns):
        facts.setdefault(order, (kind, number, title))
        if place not in asked:
            continue
        status = statuses.get((phase, due_on))
        if status is None:
            status = statuses[phase, due_on] = status_on(phase, due_on, today).value
        cells.setdefault(order, {})[place] = (status, pk)
        row = counts.setdefault(order, {})
        row[status] = row.get(status, 0) + 1
    return [Row(*facts[order], cells.get(order, {}), counts.get(order, {})) for order in sorted(facts)]


def first_cards(rows: QuerySet[Assignment], today: date) -> dict[str, list[Assignment]]:
    """Return the first assignments of each status, the earliest deadline first, in one query."""
    parts = []
    for status in ORDER:
        chosen = rows.filter(status_filter(status, today)).order_by("due_on", "order", "place_code")
        keys = Assignment.objects.filter(pk__in=chosen.values("pk")[:CARDS])
        parts.append(keys.order_by().values_list("pk", flat=True))
    pks = list(parts[0].union(*parts[1:], all=True))
    found = (
        Assignment.objects.filter(pk__in=pks)
        .select_related("lead", "item")
        .order_by("due_on", "order", "place_code")
    )
    cards: dict[str, list[Assignment]] = {status.value: [] for status in ORDER}
    for row in found:
        cards[status_on(row.phase, row.due_on, today).value].append(row)
    return cards


def legend() -> list[tuple[str, str]]:
    """Return (status, title) in the order of the board's legend."""
    return [(status.value, STATUS_TITLES[Status(status)]) for status in ORDER]
