"""Read-only JSON API of published plans and their work; shows exactly what the pages would show to the same person."""

# No postponed annotations here: ninja reads them from the wrapped function, where their names are unknown.
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from ninja.pagination import PageNumberPagination, paginate

from qifu.services.work_plans.queries import plans as queries
from qifu.services.work_plans.queries import work, work_events

router = Router(tags=["工作要点"])
Words = Annotated[str, Field(max_length=200, pattern="^[^\\x00]*$")]
Number = Annotated[int, Field(ge=0, lt=2**53)]


class Pages(PageNumberPagination):
    """Pages by number, within what a database can skip."""

    class Input(PageNumberPagination.Input):
        """Which page."""

        page: Annotated[int, Field(ge=1, le=1_000_000)] = 1


class PlanOut(Schema):
    """A plan in force."""

    id: int
    title: str
    document_number: str
    issuer: str
    issued_on: date | None
    year: int | None
    place_code: str
    publicity: str
    revision_number: int


class TargetOut(Schema):
    """One figure; `value` is exact decimal text."""

    name: str
    comparator: str
    value: str | None
    unit: str
    direction: str
    baseline: str
    text: str

    @staticmethod
    def resolve_value(target: Any) -> str | None:
        """The value without the zeros that the database pads it with."""
        return None if target.value is None else format(Decimal(target.value).normalize(), "f")


class UnitOut(Schema):
    """One unit's part."""

    raw: str
    name: str
    role: str
    kind: str
    level: str
    inherited: bool


class ItemOut(Schema):
    """One item with its figures and units."""

    plan_id: int
    kind: str
    number: int
    standing: str
    group: str
    title: str
    text: str
    steps: list[str]
    frequency: str
    open_list: bool
    deadline_kind: str
    due_on: date | None
    deadline_text: str
    targets: list[TargetOut]
    units: list[UnitOut]

    @staticmethod
    def resolve_targets(item: Any) -> list[Any]:
        """The prefetched figures."""
        return list(item.targets.all())

    @staticmethod
    def resolve_units(item: Any) -> list[Any]:
        """The prefetched units."""
        return list(item.units.all())


class UnitWorkOut(Schema):
    """A unit and the numbers of its items by role."""

    name: str
    kind: str
    level: str
    lead: list[str]
    responsible: list[str]
    cooperating: list[str]


@router.get("/plans", response=list[PlanOut], summary="可以查看的工作要点")
@paginate(Pages, page_size=50)
def list_plans(request: HttpRequest, year: Number | None = None, place_code: Words = "") -> Any:
    """List the plans in force that the asker may see."""
    asked: Any = request
    rows = queries.plans(asked.actor, asked.at).filter(revision__isnull=False)
    if year is not None:
        rows = rows.filter(year=year)
    return rows.filter(place_code=place_code) if place_code else rows


class ItemQuery(Schema):
    """What items may be asked for; the same conditions as on the pages."""

    plan: Number | None = None
    kind: Words = ""
    group: Words = ""
    unit: Words = ""
    level: Words = ""
    due_from: date | None = None
    due_to: date | None = None
    text: Words = ""


@router.get("/plan-items", response=list[ItemOut], summary="指标、任务、行动和职责")
@paginate(Pages, page_size=100)
def list_items(request: HttpRequest, asked: Query[ItemQuery]) -> Any:
    """List the items in force, narrowed like the pages' filters."""
    who: Any = request
    rows = queries.all_items(who.actor, who.at)
    same = {
        "plan_id": asked.plan, "kind": asked.kind, "group": asked.group, "due_on__gte": asked.due_from,
        "due_on__lte": asked.due_to,
    }  # fmt: skip
    rows = rows.filter(**{name: value for name, value in same.items() if value not in (None, "")})
    if asked.unit:
        rows = rows.filter(queries.unit_filter(asked.unit))
    if asked.level:
        rows = rows.filter(queries.level_filter(asked.level))
    return rows.filter(queries.text_filter(asked.text[:60])) if asked.text else rows


@router.get("/plans/{plan}/units", response=list[UnitWorkOut], summary="责任单位及其事项")
def list_units(request: HttpRequest, plan: Number) -> Any:
    """List the units of a plan with the items in which each has a part."""
    asked: Any = request
    row = queries.plan(asked.actor, asked.at, plan)
    work = queries.units(row, queries.version(asked.actor, asked.at, row, None))
    return [
        {
            "name": unit.name, "kind": unit.kind, "level": unit.level,
            **{role: [f"{item.kind}:{item.number}" for item in getattr(unit, role)] for role in queries.ROLES},
        }
        for unit in work
    ]  # fmt: skip


class AssignmentOut(Schema):
    """One item at one place: who leads it, how it stands today; `plan_due_on` is the document's own deadline."""

    id: int
    plan_id: int
    kind: str
    number: int
    place_code: str
    parent_id: int | None
    title: str
    requirement: str
    lead: str | None
    lead_state: str
    due_on: date | None
    plan_due_on: date | None
    phase: str
    status: str
    last_report_at: datetime | None
    closed_at: datetime | None
    last_seq: int

    @staticmethod
    def resolve_lead(row: Any) -> str | None:
        """The lead's name."""
        return row.lead.name if row.lead else None

    @staticmethod
    def resolve_status(row: Any, context: Any) -> str:
        """The status on the business day, computed from events and deadline."""
        return work.status_of(row, context["request"].today).value


class FigureOut(Schema):
    """A figure that a unit reported (填报); `value` is exact decimal text."""

    name: str
    value: str
    unit: str
    as_of: date
    target_order: int | None

    @staticmethod
    def resolve_value(figure: Any) -> str:
        """The value without the zeros that the database pads it with."""
        return format(Decimal(figure.value).normalize(), "f")


class EvidenceOut(Schema):
    """A file that bears out an event."""

    name: str
    size: int
    sha256: str

    @staticmethod
    def resolve_name(evidence: Any) -> str:
        """The file's name."""
        return str(evidence.file.name)

    @staticmethod
    def resolve_size(evidence: Any) -> int:
        """The file's size in bytes."""
        return int(evidence.file.size)

    @staticmethod
    def resolve_sha256(evidence: Any) -> str:
        """The digest of the file's content."""
        return str(evidence.file.sha256)


class EventOut(Schema):
    """One thing that happened, in its order."""

    seq: int
    kind: str
    at: datetime
    by_name: str
    organisation: str | None
    text: str
    facts: dict[str, Any]
    answers: int | None
    figures: list[FigureOut]
    evidence: list[EvidenceOut]

    @staticmethod
    def resolve_organisation(event: Any) -> str | None:
        """The name of the unit that acted."""
        return event.organisation.name if event.organisation else None

    @staticmethod
    def resolve_answers(event: Any) -> int | None:
        """The number of the question that this answers."""
        return event.answers.seq if event.answers else None

    @staticmethod
    def resolve_figures(event: Any) -> list[Any]:
        """The prefetched figures."""
        return list(event.figures.all())

    @staticmethod
    def resolve_evidence(event: Any) -> list[Any]:
        """The prefetched files."""
        return list(event.evidence.all())


class AssignmentQuery(Schema):
    """What assignments may be asked for."""

    plan: Number | None = None
    kind: Words = ""
    number: Number | None = None
    place_code: Words = ""
    parent: Number | None = None
    status: Words = ""


@router.get("/assignments", response=list[AssignmentOut], summary="落实事项及其状态")
@paginate(Pages, page_size=100)
def list_assignments(request: HttpRequest, asked: Query[AssignmentQuery]) -> Any:
    """List the current assignments that the asker may follow; `status` as computed on the business day."""
    who: Any = request
    rows = work.assignments(who.actor, who.at).select_related("lead").order_by("plan", "order", "place_code")
    same = {
        "plan_id": asked.plan, "kind": asked.kind, "number": asked.number, "place_code": asked.place_code,
        "parent_id": asked.parent,
    }  # fmt: skip
    rows = rows.filter(**{name: value for name, value in same.items() if value not in (None, "")})
    return rows.filter(work.status_filter(asked.status, who.today)) if asked.status else rows


@router.get("/assignments/{assignment}/events", response=list[EventOut], summary="一个落实事项的推进记录")
def list_events(request: HttpRequest, assignment: Number) -> Any:
    """List what happened to an assignment in its order; what people say inside is for those who follow it."""
    asked: Any = request
    return list(work_events.events(asked.actor, asked.at, assignment))
