"""What a hub has before it today: each heap counted, its first five, and the one next act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from qifu.engines.casework.models import Case, Escalation
from qifu.foundation.access import Actor, visible
from qifu.foundation.working_days import SHANGHAI
from qifu.services.enterprise_problems.case_binding import KIND
from qifu.services.enterprise_problems.lists import lists
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.queries import queues
from qifu.services.enterprise_problems.queries.lines import Line, lines
from qifu.services.enterprise_problems.queries.queues import VIEW, Desk, Moment, moment_of
from qifu.services.enterprise_problems.queries.ratings import OPEN

FIRST = 5
MOST = queues.MOST
STATES = ("received", "returned", "pooled", "reviewing")


@dataclass(frozen=True)
class Heap:
    """One heap of today: how many as shown, which queue lists them all, the first five, the act that comes next.

    `route` is a page that takes the number of the case; `query` narrows the queue to what is counted.
    """

    name: str
    title: str
    count: str
    queue: str
    verb: str
    lines: tuple[Line, ...]
    route: str = "problem"
    query: str = ""
    urgent: bool = False


_HEAPS = (
    ("received", "新到，待筛选", "received", "筛选", "problem_filter"),
    ("due_today", "今日到期", "working", "查看", "problem"),
    ("overdue", "逾期", "overdue", "查看", "problem"),
    ("returned", "退回，待裁定", "returned", "裁定", "problem_assign"),
    ("unowned", "无主事由，待确定责任单位", "unowned", "确定", "problem_assign"),
    ("pooled", "待交办", "pooled", "交办", "problem_assign"),
    ("reviewing", "待办结审核", "reviewing", "审核", "problem"),
    ("appealed", "申诉，待复核", "appealed", "复核", "problem"),
    ("escalated", "上报，待答复", "escalated", "答复", "problem"),
    ("shelf", "挂账，该研究", "shelved", "研究", "problem"),
)


def heaps(actor: Actor, at: datetime, moment: datetime, desk: Desk) -> list[Heap]:
    """Return today's heaps of a hub; for eleven queries, however many problems there are."""
    known = moment_of(moment)
    rows = visible(Case.objects.filter(OPEN, kind=KIND, merged_into=None), actor, VIEW, at)
    own = rows.filter(place_code=desk.place).order_by()
    conditions = _conditions(desk, known)
    counted = own.aggregate(**{name: Count("pk", filter=condition) for name, condition in conditions.items()})
    apart = {"appealed": _appeals(rows, desk), "escalated": _escalations(rows, desk)}
    first = _first_of_states(own)
    for name in ("due_today", "overdue", "unowned", "shelf"):
        if counted[name]:
            first[name] = _first(own.filter(conditions[name]))
    for name, waiting in apart.items():
        first[name] = list(waiting.values_list("pk", flat=True)[: MOST + 1])
        counted[name] = len(first[name])
    every = {pk for name, pks in first.items() for pk in pks[:FIRST]}
    shown = {line.case.pk: line for line in lines(sorted(every), actor, at, moment)}
    return [
        Heap(
            name, title, f"{MOST:,}+" if counted[name] > MOST else f"{counted[name]:,}", queue, verb,
            tuple(shown[pk] for pk in first.get(name, [])[:FIRST] if pk in shown), route,
            _query(name, known.today), name == "overdue" and counted[name] > 0,
        )
        for name, title, queue, verb, route in _HEAPS
    ]  # fmt: skip


def _conditions(desk: Desk, known: Moment) -> dict[str, Q]:
    found = {state: Q(state=state) for state in STATES}
    found["due_today"] = Q(due_at__gte=known.at, due_at__lt=known.tomorrow)
    found["overdue"] = Q(due_at__lt=known.at)
    found["unowned"] = queues.queue_of(desk, "unowned").condition(desk, known)
    found["shelf"] = Q(state="shelved", due_at__lt=known.soon)
    return found


def _query(name: str, today: date) -> str:
    if name == "due_today":
        return f"due_from={today}&due_to={today}"
    return f"due_to={today}" if name == "shelf" else ""


def _appeals(rows: QuerySet[Case], desk: Desk) -> QuerySet[Case]:
    """Return appeals that this hub decides: those of the places below; at the top its own too."""
    places = desk.places if desk.place.endswith("0000") else desk.places - {desk.place}
    return rows.filter(state="appealed", place_code__in=places).order_by(
        F("due_at").asc(nulls_last=True), "pk"
    )


def _escalations(rows: QuerySet[Case], desk: Desk) -> QuerySet[Case]:
    waiting = Escalation.objects.filter(to_place=desk.place, decision=Escalation.Decision.OPEN)
    return rows.filter(pk__in=waiting.values("case_id")).order_by(F("due_at").asc(nulls_last=True), "pk")


def _first(rows: QuerySet[Case]) -> list[int]:
    return list(rows.order_by(F("due_at").asc(nulls_last=True), "pk").values_list("pk", flat=True)[:FIRST])


def _first_of_states(own: QuerySet[Case]) -> dict[str, list[int]]:
    """Return the first five of each state, for one query."""
    place = Window(RowNumber(), partition_by=[F("state")], order_by=[F("due_at").asc(nulls_last=True), "pk"])
    rows = own.filter(state__in=STATES).annotate(place=place).filter(place__lte=FIRST)
    found: dict[str, list[int]] = {}
    for state, pk in rows.order_by("state", "place").values_list("state", "pk"):
        found.setdefault(state, []).append(pk)
    return found


@dataclass(frozen=True)
class StatutoryLine:
    """How many requests of a place went to one statutory channel, this month and this year; never counted as problems."""

    title: str
    month: int
    year: int


def statutory_counts(actor: Actor, at: datetime, desk: Desk, today: date) -> Sequence[StatutoryLine]:
    """Return what was led to each statutory channel (转法定渠道), by the day on which that was done; all channels named."""
    year = datetime.combine(today.replace(month=1, day=1), time(), SHANGHAI)
    month = datetime.combine(today.replace(day=1), time(), SHANGHAI)
    end = datetime.combine(today + timedelta(days=1), time(), SHANGHAI)
    cases = visible(Case.objects.filter(kind=KIND, state="statutory", place_code=desk.place), actor, VIEW, at)
    cases = cases.filter(closed_at__gte=year, closed_at__lt=end).order_by()
    rows = Problem.objects.filter(case__in=cases.values("pk")).order_by().values_list("statutory_channel")
    counted = {
        channel: (in_month, in_year)
        for channel, in_month, in_year in rows.annotate(
            in_month=Count("pk", filter=Q(case__closed_at__gte=month)), in_year=Count("pk")
        )
    }
    return [
        StatutoryLine(entry["title"], *counted.get(code, (0, 0)))
        for code, entry in lists().statutory_channels.items()
    ]
