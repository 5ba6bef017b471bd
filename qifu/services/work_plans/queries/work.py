"""What is done on plans: which assignments may be followed, how they stand on a day, how many stand how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from qifu.foundation import access
from qifu.foundation.access import Actor
from qifu.registers.divisions import queries as divisions
from qifu.services.work_plans.models import Assignment, Plan, PlanItem, Publicity
from qifu.services.work_plans.status import SOON, STATUS_TITLES, Phase, Status, status_on

KINDS = dict(PlanItem.Kind.choices)
PUBLIC = Publicity.PUBLIC.value
LEAD_STATES = dict(Assignment.LeadState.choices)
FOLLOW = "work_plans.follow"
OPEN = (Phase.NOT_STARTED.value, Phase.UNDER_WAY.value)
LOOKS = {
    Status.NOT_STARTED: ("idle", "circle-dashed", "未"),
    Status.UNDER_WAY: ("info", "clock", "进"),
    Status.DUE_SOON: ("warn", "hourglass", "临"),
    Status.OVERDUE: ("bad", "alert-circle", "逾"),
    Status.PENDING: ("info", "file-check", "核"),
    Status.CLOSED: ("good", "circle-check", "销"),
}
"""How each status is shown: colour, icon, and the one character that stands for it in a cell of the board."""
ORDER = (
    Status.OVERDUE,
    Status.DUE_SOON,
    Status.NOT_STARTED,
    Status.UNDER_WAY,
    Status.PENDING,
    Status.CLOSED,
)
"""The statuses in the order of what needs attention first."""


def assignments(actor: Actor, at: datetime, permission: str = FOLLOW) -> QuerySet[Assignment]:
    """Return the current assignments on which the actor holds a permission (dropped items are not current)."""
    rows = Assignment.objects.filter(item__isnull=False)
    return access.visible(rows, actor, permission, at)


def covers(actor: Actor, at: datetime, place: str, permission: str = FOLLOW) -> bool:
    """Tell whether a post of the actor reaches every assignment in a place by itself (relation `in_place`)."""
    if actor.kind == "system":
        return True
    granted = access.permissions()[permission].grants
    return any(
        "in_place" in granted.get(grant.role, ()) and place in grant.places
        for grant in access.grants_of(actor, at)
    )


def assignments_at(actor: Actor, at: datetime, plan: Plan, places: Sequence[str]) -> QuerySet[Assignment]:
    """Return the plan's assignments at some places that the actor may follow.

    Where one post covers every place the condition of access.visible is true of all of them and is left out: the
    board's totals then read one index.
    """
    rows = Assignment.objects.filter(plan=plan, item__isnull=False, place_code__in=places)
    if all(covers(actor, at, place) for place in places):
        return rows
    return access.visible(rows, actor, FOLLOW, at)


def followed_plans(actor: Actor, at: datetime) -> QuerySet[Plan]:
    """Return the plans that have work the actor may follow, the newest first."""
    rows = assignments(actor, at).filter(plan=OuterRef("pk"))
    return Plan.objects.filter(Exists(rows)).order_by("-year", "-issued_on", "pk")


def plan_of_work(actor: Actor, at: datetime, pk: int) -> Plan:
    """Return a plan that the actor may see or has work in; raises access.NotFound."""
    seen = access.visible(Plan.objects.filter(pk=pk), actor, "work_plans.view", at)
    followed = assignments(actor, at).filter(plan_id=pk)
    row = Plan.objects.filter(Q(pk__in=seen.values("pk")) | Q(Exists(followed)), pk=pk).first()
    if row is None:
        raise access.NotFound(f"Plan {pk}")
    return row


def status_of(row: Assignment, today: date) -> Status:
    """Return how an assignment stands on a day."""
    return status_on(row.phase, row.due_on, today)


def due_words(row: Assignment) -> str:
    """Return the day that counts, or why there is none: 持续推进 (the document or the office says so) or 未载明."""
    if row.due_on is not None:
        return row.due_on.isoformat()
    endless = row.plan_due_on is not None or (row.item is not None and row.item.deadline_kind == "ongoing")
    return "持续推进" if endless else "未载明"


def status_filter(status: str, today: date) -> Q:
    """Return the condition that an assignment stands so on a day; the same answer as `status_on`."""
    soon = today + SOON
    if status in (Status.PENDING, Status.CLOSED):
        return Q(phase=status)
    if status == Status.OVERDUE:
        return Q(phase__in=OPEN, due_on__lt=today)
    if status == Status.DUE_SOON:
        return Q(phase__in=OPEN, due_on__gte=today, due_on__lte=soon)
    return Q(phase=status) & (Q(due_on__isnull=True) | Q(due_on__gt=soon))


@dataclass(frozen=True)
class StatusCount:
    """How many stand how, and where the rows of each are."""

    status: str
    title: str
    look: str
    icon: str
    count: int
    link: str = ""


def count_by(rows: QuerySet[Assignment], today: date, *columns: str) -> dict[tuple[Any, ...], dict[str, int]]:
    """Count rows by status for each combination of columns, in one query that reads one index where there is one."""
    found: dict[tuple[Any, ...], dict[str, int]] = {}
    near = Count("phase", filter=Q(due_on__lte=today + SOON))  # columns of the index, which the key is not
    late = Count("phase", filter=Q(due_on__lt=today))
    bare = rows.order_by().values_list(*columns, "phase")
    for *key, phase, count, soon, overdue in bare.annotate(n=Count("*"), near=near, late=late):
        counts = found.setdefault(tuple(key), {})
        if phase not in OPEN:
            soon = overdue = 0
        for status, number in (
            (phase, count - soon),
            (Status.OVERDUE, overdue),
            (Status.DUE_SOON, soon - overdue),
        ):
            _add(counts, status, number)
    return found


def _add(counts: dict[str, int], status: str, number: int) -> None:
    if number > 0:
        counts[status] = counts.get(status, 0) + number


def figures(counts: Mapping[str, int], address: str = "", **query: str) -> list[StatusCount]:
    """Return the six statuses with their counts; each leads to its rows under `address`."""
    found = []
    kept = {key: value for key, value in query.items() if value}
    for status in ORDER:
        look, icon, _ = LOOKS[status]
        link = f"{address}?{urlencode({**kept, 'status': status.value})}" if address else ""
        found.append(
            StatusCount(status.value, STATUS_TITLES[status], look, icon, counts.get(status.value, 0), link)
        )
    return found


# ---- places -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A division as a column or row: its code, short name and full name."""

    code: str
    name: str
    full_name: str
    area: bool = False


def home_place(actor: Actor, at: datetime, plan: Plan) -> str:
    """Return where the actor's own view of a plan begins: the first post's place under the plan's, or the plan's own."""
    below = divisions.subtree(plan.place_code)
    roles = access.permissions()[FOLLOW].grants
    for grant in access.grants_of(actor, at):
        if grant.role in roles and grant.place in below:
            return grant.place
    return plan.place_code


def places_under(place: str, level: str, day: date) -> list[Place]:
    """Return the divisions of a level (city, county or all) under a place, in force on a day, each city before its own.

    Without such a level beneath, the counties or areas right under the place; functional areas are marked.
    """
    book = divisions.book(day)
    below = divisions.subtree(place) - {place}
    rows = [row for code in sorted(below) if (row := book.get(code)) is not None]
    wanted = {"city": ("city",), "county": ("county",), "all": ("city", "county")}.get(level, ("city",))
    chosen = [row for row in rows if row.kind in wanted]
    if not chosen:
        chosen = [row for row in rows if row.kind == "county"]
    kept = {row.code for row in chosen}
    areas = [row for row in rows if row.kind == "functional_area" and (row.parent == place or level == "all")]
    return [
        Place(row.code, _short(row.name), book.full_name(row), row.code not in kept)
        for row in [*chosen, *areas]
    ]


def columns(place: str, level: str, day: date) -> list[Place]:
    """Return a place itself (本级) and the divisions of a level under it; level `own` gives the place alone."""
    own = Place(place, "本级", place_name(place))
    return [own] if level == "own" else [own, *places_under(place, level, day)]


def is_under(code: str, place: str) -> bool:
    """Tell whether a code is a place or lies under it."""
    return code in divisions.subtree(place)


def kind_of_place(code: str) -> str:
    """Return province, city, county or functional_area; nothing for an unknown code."""
    row = divisions.book().get(code)
    return row.kind if row is not None else ""


def place_above(code: str, top: str) -> Place | None:
    """Return the division right above a place, no higher than `top`."""
    row = divisions.book().get(code)
    if row is None or not row.parent or code == top or not is_under(row.parent, top):
        return None
    return Place(row.parent, place_name(row.parent), place_name(row.parent))


def _short(name: str) -> str:
    """Return a name without the word for its kind where at least two characters stay: 杭州, 萧山, but 景宁畲族自治县."""
    return name[:-1] if len(name) > 2 and name[-1] in "市区县" and "自治" not in name else name


def place_name(code: str) -> str:
    """Return the full name of a place."""
    return divisions.names([code]).get(code, code)


def place_names(codes: Iterable[str]) -> dict[str, str]:
    """Return the full names of places by code."""
    return divisions.names(codes)


def list_link(plan_id: int, **query: str | int) -> str:
    """Return the address of the list of a plan's work, narrowed."""
    address = reverse("work_list", args=[plan_id])
    asked = {key: str(value) for key, value in query.items() if value not in ("", None)}
    return f"{address}?{urlencode(asked)}" if asked else address


STATUS_CODES = frozenset(status.value for status in ORDER)


def every_place_name() -> dict[str, str]:
    """Return the full names of all divisions by code."""
    book = divisions.book()
    return {row.code: book.full_name(row) for row in book.rows}
