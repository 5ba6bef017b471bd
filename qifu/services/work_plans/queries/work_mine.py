"""What waits for a person, by what must be done: from the same rows and events that everybody else sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse

from qifu.foundation import access, clock
from qifu.foundation.access import Actor
from qifu.foundation.modules import HomeFigure
from qifu.services.work_plans.models import Assignment, AssignmentUnit, Event
from qifu.services.work_plans.queries.work import OPEN, assignments, status_of
from qifu.services.work_plans.status import EventKind, Status

REPORT_EVERY = timedelta(days=30)
"""How long open work may go without a report before its lead is asked for one."""
SHOWN = 6
"""How many rows of each kind the page shows at first."""


@dataclass
class Waiting:
    """One thing to do: its heading, the verb of its button, the part of the page that does it, and its rows."""

    key: str
    title: str
    verb: str
    why: str
    rows: list[Assignment] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many wait."""
        return len(self.rows)


def _kinds() -> list[Waiting]:
    return [
        Waiting("close_work", "待核销", "核定", "申请销号的事项，由第二人核对佐证后销号或退回"),
        Waiting("answer_question", "待答复", "答复", "责任单位的提问"),
        Waiting("confirm_lead", "待定牵头", "确定", "系统按文件先后拟定，由人确认；没有拟定的请选择"),
        Waiting("expand_generic", "待分解的泛指单位", "指明", "文件没有写明是哪一家"),
        Waiting("overdue", "逾期", "处理", "过了期限还没有销号"),
        Waiting("due_soon", "临期", "处理", "30 天内到期"),
        Waiting("report_progress", "待报告", "报告", "牵头的事项 30 天以上没有报告进展"),
    ]


def waiting(actor: Actor, at: datetime, today: date) -> list[Waiting]:
    """Return what waits for the actor under each heading, the earliest deadline first; four queries."""
    kinds = {one.key: one for one in _kinds()}
    units = {grant.organisation_id for grant in access.grants_of(actor, at)} - {None}
    organised = _ids(actor, at, "work_plans.organise_work")
    confirmable = _ids(actor, at, "work_plans.confirm_lead")
    for row in _own(actor, at, organised, confirmable):
        for key in _keys(row, units, actor, at, today):
            kinds[key].rows.append(row)
    for row in _for_second_person(actor, at):
        kinds["close_work"].rows.append(row)
    for row in _asked(actor, at):
        kinds["answer_question"].rows.append(row)
    return [one for one in kinds.values() if one.rows]


def _ids(actor: Actor, at: datetime, permission: str) -> QuerySet[Assignment]:
    rows = access.visible(Assignment.objects.filter(pk=OuterRef("pk")), actor, permission, at)
    return rows.order_by()


def _own(
    actor: Actor, at: datetime, organised: QuerySet[Assignment], confirmable: QuerySet[Assignment]
) -> QuerySet[Assignment]:
    """The work of the actor's own place or unit that is not closed, with what may be done about it."""
    generic = AssignmentUnit.objects.filter(
        assignment=OuterRef("pk"), generic=True, organisation__isnull=True
    )
    rows = assignments(actor, at, "work_plans.report_work").exclude(phase="closed")
    return (
        rows.select_related("lead", "item")
        .annotate(organises=Exists(organised), confirms=Exists(confirmable), has_generic=Exists(generic))
        .order_by(F("due_on").asc(nulls_last=True), "order", "place_code")
    )


def _keys(row: Assignment, units: set[int | None], actor: Actor, at: datetime, today: date) -> list[str]:
    found = []
    flags = vars(row)
    if (row.lead_state == "proposed" and flags["confirms"]) or (
        row.lead_state == "none" and flags["organises"]
    ):
        found.append("confirm_lead")
    if flags["has_generic"] and flags["organises"]:
        found.append("expand_generic")
    status = status_of(row, today)
    if status in (Status.OVERDUE, Status.DUE_SOON):
        found.append(status.value)
    elif row.phase in OPEN and row.lead_id in units and _silent(row, at):
        found.append("report_progress")
    return found


def _silent(row: Assignment, at: datetime) -> bool:
    return (row.last_report_at or row.opened_at) < at - REPORT_EVERY


def _for_second_person(actor: Actor, at: datetime) -> QuerySet[Assignment]:
    """What was submitted at the actor's own place by another, or by the office of a place right below."""
    own = assignments(actor, at, "work_plans.report_work").order_by()
    by_office = Event.objects.filter(
        assignment=OuterRef("pk"),
        kind=EventKind.SUBMITTED,
        at=OuterRef("submitted_at"),
        facts__role="reform_officer",
    )
    rows = (
        assignments(actor, at, "work_plans.close_work").filter(phase="pending").exclude(submitted_by=actor.id)
    )
    rows = rows.annotate(by_office=Exists(by_office))
    mine = Q(pk__in=own.values("pk")) & (Q(parent__isnull=True) | Q(by_office=False))
    below = Q(parent__in=own.values("pk")) & Q(by_office=True)
    return rows.filter(mine | below).select_related("lead", "item").order_by("submitted_at")


def _asked(actor: Actor, at: datetime) -> list[Assignment]:
    """The work at the actor's own place with a question by another that nobody answered, one row each question."""
    own = assignments(actor, at, "work_plans.report_work").order_by().values("pk")
    organised = assignments(actor, at, "work_plans.organise_work").order_by().values("pk")
    office = Q(organisation__code__endswith=".reform_office")
    here = Q(assignment__in=own) & (Q(assignment__parent__isnull=True) | ~office)
    below = Q(assignment__parent__in=own) & office
    asked = Event.objects.filter(kind=EventKind.ASKED, answered_by=None, assignment__in=organised)
    asked = (
        asked.filter(here | below)
        .exclude(by_id=actor.id)
        .select_related("assignment__lead", "assignment__item")
    )
    return [event.assignment for event in asked.order_by("at")]


def home_figures(actor: Actor, day: date) -> list[HomeFigure]:
    """Return how much waits for the actor, each figure leading to its rows."""
    address = reverse("my_work")
    found = waiting(actor, clock.now(), day)[:4]
    return [HomeFigure(one.count, "项", one.title, f"{address}#{one.key}") for one in found]
