"""Everything of one case that its page shows to whoever looks, and what that person may do with it now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Q, QuerySet

from qifu.engines.casework import drawing
from qifu.engines.casework.binding import binding_of
from qifu.engines.casework.case_type import CaseType
from qifu.engines.casework.clock_lines import ClockLine, clock_lines
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.forms import choices_of
from qifu.engines.casework.models import Case, CaseAsk, CaseEvent, CaseFile, CasePart, Escalation
from qifu.foundation import access
from qifu.foundation.access import Actor, Grant
from qifu.foundation.sealed import mask_name, mask_phone
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.divisions import queries as divisions
from qifu.registers.people.models import Person
from qifu.services.enterprise_problems.case_binding import KIND
from qifu.services.enterprise_problems.guards import drafting_steps
from qifu.services.enterprise_problems.lists import lists
from qifu.services.enterprise_problems.models import Problem, Promise
from qifu.services.enterprise_problems.queries import ratings
from qifu.services.enterprise_problems.queries.offers import Offer, offers

VIEW = "enterprise_problems.view"
LOOKS = {
    "received": "info", "appealed": "warn", "pooled": "info", "assigned": "warn", "handling": "info", "returned": "warn",
    "checking": "info", "signing": "info", "reviewing": "info", "shelved": "idle", "dissatisfied": "bad",
    "reworking": "warn", "closed": "good", "excluded": "idle", "statutory": "idle", "withdrawn": "idle",
}  # fmt: skip
REPORTER = "反映人"


@dataclass(frozen=True)
class FileLine:
    """A file of an event as a page lists it; `number` opens it, `public` says that the firm can."""

    number: int
    name: str
    size: int
    public: bool
    publicity: str


@dataclass(frozen=True)
class EventLine:
    """One thing that happened, as staff read it: `text` internal, `shown` what the firm reads of it."""

    title: str
    at: datetime
    who: str
    text: str
    shown: str
    details: tuple[str, ...]
    files: tuple[FileLine, ...]
    of_firm: bool


@dataclass(frozen=True)
class FirmLine:
    """One thing as the firm reads it; nothing else of it ever reaches the firm."""

    at: datetime
    text: str
    files: tuple[FileLine, ...]
    of_firm: bool


@dataclass(frozen=True)
class PromiseLine:
    """A promise as a page shows it; `look` and `words` where it stands."""

    number: int
    text: str
    due_on: date
    unit: str
    look: str
    words: str
    settled_text: str


@dataclass(frozen=True)
class CasePage:
    """One case as one reader may see it."""

    at: datetime
    today: date
    case: Case
    problem: Problem
    definition: CaseType
    seen: ratings.Seen
    roles: frozenset[str]
    place: str
    handler: str
    promised: ClockLine | None
    clocks: list[ClockLine]
    events: list[EventLine]
    firm: list[FirmLine]
    attachments: tuple[FileLine, ...]
    parts: list[CasePart]
    asks: list[CaseAsk]
    escalations: list[Escalation]
    promises: list[PromiseLine]
    main: Case | None
    children: list[Case]
    offers: list[Offer]
    waiting: list[str]
    reply_sent: bool
    contact: tuple[str, str] = ("", "")
    classes: list[tuple[str, str]] = field(default_factory=list)
    places: Mapping[str, str] = field(default_factory=dict)

    @property
    def running(self) -> list[ClockLine]:
        """Return the clocks that have not been stopped."""
        return [one for one in self.clocks if one.stopped_at is None]

    @property
    def ended(self) -> list[ClockLine]:
        """Return the clocks that were stopped."""
        return [one for one in self.clocks if one.stopped_at is not None]

    @property
    def look(self) -> str:
        """Return the colour of the state as it is shown."""
        return LOOKS.get(self.seen.state, "info")

    @property
    def result(self) -> str:
        """Return the title of the result, where there is one."""
        return self.definition.results.get(self.seen.result, "")

    @property
    def step(self) -> str:
        """Return the title of the step on the ladder."""
        return self.definition.steps.get(self.case.step, "")


def problem_case(actor: Actor, at: datetime, number: str) -> Case:
    """Return a case by its number; NotFound where the actor may not see it."""
    rows = Case.objects.filter(kind=KIND).select_related("lead", "enterprise", "complained", "merged_into")
    return access.find(rows, actor, VIEW, at, number=number)


def case_page(actor: Actor, at: datetime, moment: datetime, number: str) -> CasePage:
    """Return all that the page of a case shows at `moment`; NotFound where the actor may not see the case."""
    case = problem_case(actor, at, number)
    definition = of_case(case)
    problem = Problem.objects.get(pk=case.pk)
    seen = ratings.seen(case, actor, at)
    grants = access.grants_of(actor, at)
    held = roles_on(case, grants)
    events = list(_events(ratings.events_seen(case, actor, at)))
    clocks = clock_lines(
        definition, ratings.clocks_seen(case, actor, at).select_related("part__organisation").prefetch_related("pauses"), moment
    )  # fmt: skip
    parts = list(case.parts.select_related("organisation").order_by("pk"))
    asks = list(case.asks.select_related("clock", "evidence").order_by("-pk"))
    escalations = list(case.escalations.select_related("to_organisation", "clock", "pack").order_by("-pk"))
    promises = list(Promise.objects.filter(case=case).select_related("organisation"))
    children = list(ratings.children_seen(case, actor, at).order_by("number"))
    offered, waiting = offers(
        case, problem, definition, held, actor, grants, moment, seen=seen, parts=parts, asks=asks,
        escalations=escalations, promises=promises,
    )  # fmt: skip
    codes = [
        case.place_code,
        *(one.to_place for one in escalations),
        *(one.from_place for one in escalations),
    ]
    places = divisions.names(codes)
    first = events[-1] if events else None
    answered = next(
        (one.kind for one in events if one.kind in (*drafting_steps(definition), *ratings.CLOSINGS)), ""
    )
    return CasePage(
        at=at, today=moment.astimezone(SHANGHAI).date(), case=case, problem=problem, definition=definition, seen=seen, roles=held, places=places,
        place=places.get(case.place_code, case.place_code), handler=name_of(case.handler_id),
        promised=next((one for one in clocks if one.promised and one.stopped_at is None), None), clocks=clocks,
        events=[_event_line(case, one) for one in events], firm=_firm(events), parts=parts, asks=asks,
        attachments=_files(first) if first is not None else (), escalations=escalations,
        promises=[promise_line(one, moment) for one in promises], main=case.merged_into, children=children,
        offers=offered, waiting=waiting, reply_sent=answered in ratings.CLOSINGS, classes=_classes(problem),
        contact=(mask_name(problem.contact_name), mask_phone(problem.contact_mobile)),
    )  # fmt: skip


def roles_on(case: Case, grants: Iterable[Grant]) -> frozenset[str]:
    """Return the staff's roles of the case type in which the holder of these grants may act on a case."""
    permissions, held = binding_of(case.kind).permissions, []
    known = access.permissions()
    for role, code in permissions.items():
        if role == "reporter":
            continue
        allowed, condition = known[code].grants, Q(pk__in=[])
        for grant in grants:
            for relation in allowed.get(grant.role, ()):
                condition |= Q() if relation == access.ANYWHERE else Case.reach[relation](grant)
        if Case.objects.filter(condition, pk=case.pk).exists():
            held.append(role)
    return frozenset(held)


def name_of(person_id: int | None) -> str:
    """Return a colleague's name, or nothing."""
    if person_id is None:
        return ""
    return Person.objects.filter(pk=person_id).values_list("name", flat=True).first() or ""


def _events(rows: QuerySet[CaseEvent]) -> QuerySet[CaseEvent]:
    return rows.select_related("organisation").prefetch_related("files__file").order_by("-seq")


def _files(event: CaseEvent, *, public_only: bool = False) -> tuple[FileLine, ...]:
    return tuple(
        FileLine(one.pk, one.file.name, one.file.size, one.public, one.file.get_publicity_display())
        for one in event.files.all()
        if one.public or not public_only
    )


def _event_line(case: Case, event: CaseEvent) -> EventLine:
    of_firm = event.role == "reporter"
    unit = event.organisation.name if event.organisation else ""
    who = REPORTER if of_firm else " ".join(part for part in (unit, event.by_name or "系统") if part)
    return EventLine(
        title=event.title, at=event.at, who=who, text=event.text, shown=event.shown,
        details=tuple(_details(case, event)), files=_files(event), of_firm=of_firm,
    )  # fmt: skip


def _details(case: Case, event: CaseEvent) -> Iterable[str]:
    """Yield what the form of a transition held that the event's own texts do not say."""
    definition = of_case(case)
    transition = definition.transitions.get(event.kind)
    if transition is None:
        return
    for name in transition.form:
        asked, value = definition.fields.get(name), event.facts.get(name)
        if asked is None or value in (None, "", False) or str(value) in (event.text, event.shown):
            continue
        if asked.kind == "organisation":
            continue  # the new lead stands in what is shown, and in the header
        if asked.kind == "person":
            words = name_of(int(str(value)))
        elif asked.kind == "flag":
            words = "是"
        else:
            words = choices_of(case, definition, name).get(str(value), str(value))
        yield f"{asked.title}：{words}"


def _firm(events: Iterable[CaseEvent]) -> list[FirmLine]:
    """Return what the firm reads of these events; its own page says the same (queries.own.timeline)."""
    found = [
        FirmLine(one.at, one.shown, _files(one, public_only=True), one.role == "reporter") for one in events
    ]
    return [one for one in found if one.text or one.files]


def staff_file(actor: Actor, at: datetime, number: str, file: int) -> CaseFile:
    """Return a file of a case for somebody of the staff who may see the case and the event that it came with."""
    case = problem_case(actor, at, number)
    events = ratings.events_seen(case, actor, at)
    found = CaseFile.objects.filter(event__in=events, pk=file).select_related("file").first()
    if found is None:
        raise access.NotFound(f"file {file}")
    return found


def pack(actor: Actor, at: datetime, number: str, escalation: int) -> Escalation:
    """Return an escalation with its evidence pack, for hubs on either side; NotFound for others."""
    case = problem_case(actor, at, number)
    if not roles_on(case, access.grants_of(actor, at)) & {"hub", "upper_hub"}:
        raise access.NotFound(f"escalation {escalation}")
    found = case.escalations.filter(pk=escalation, pack__isnull=False).select_related("pack").first()
    if found is None:
        raise access.NotFound(f"escalation {escalation}")
    return found


def since(actor: Actor, at: datetime, number: str, version: int) -> list[EventLine]:
    """Return what happened to a case after the version that somebody had on the screen."""
    case = problem_case(actor, at, number)
    rows = _events(ratings.events_seen(case, actor, at).filter(seq__gt=version))
    return [_event_line(case, one) for one in rows]


def flow_chart(actor: Actor, at: datetime, number: str) -> tuple[Case, str]:
    """Return a case with its flow chart as SVG: the way that it went and where it stands, as far as the actor may know."""
    case = problem_case(actor, at, number)
    definition = of_case(case)
    events = ratings.events_seen(case, actor, at).order_by("seq").values_list("kind", "state")
    way = drawing.way_of(definition, events)
    return case, drawing.draw(definition, present=ratings.seen(case, actor, at).state, taken=way)


def promise_line(row: Promise, moment: datetime) -> PromiseLine:
    """Return a promise as pages show it."""
    today = moment.astimezone(SHANGHAI).date()
    look, words = {"kept": ("good", "已兑现"), "broken": ("bad", "未能兑现")}.get(
        row.state, ("info", "待兑现")
    )
    if row.state == Promise.State.OPEN:
        left = (row.due_on - today).days
        if left < 0:
            look, words = "bad", f"已过期 {-left} 天"
        elif left <= 3:
            look, words = "warn", f"还有 {left} 天" if left else "今天到期"
    return PromiseLine(row.pk, row.text, row.due_on, row.organisation.name, look, words, row.settled_text)


def _classes(problem: Problem) -> list[tuple[str, str]]:
    said = lists()
    classes = (
        said.boards.get(problem.board, ""),
        said.topics.get(problem.topic, {}).get("title", ""),
        problem.get_scope_display() if problem.scope else "",
        problem.get_difficulty_display() if problem.difficulty else "",
    )
    source = " ".join(
        one for one in (problem.get_channel_display(), problem.source, problem.outside_number) if one
    )
    found = [("分类", " · ".join(one for one in classes if one)), ("来源", source)]
    return [(title, value) for title, value in found if value]
