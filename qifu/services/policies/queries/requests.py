"""Applications and questions as the unit in charge sees them: the list, one with all that is known of it, what may be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, Q

from qifu.engines.casework.case_type import CaseType, Transition
from qifu.engines.casework.clock_lines import ClockLine, clock_lines
from qifu.engines.casework.definitions import in_force, of_case, of_revision
from qifu.engines.casework.models import Case, CaseClock, CaseEvent, CaseFile
from qifu.engines.casework.moves import facts_of, may_move
from qifu.foundation.access import Actor, NotFound, find, visible
from qifu.foundation.action import Refused
from qifu.foundation.sealed import mask_name, mask_phone
from qifu.registers.divisions import queries as divisions
from qifu.registers.organisations.hubs import upper_place
from qifu.registers.organisations.models import Organisation
from qifu.registers.people.holders import held_posts
from qifu.services.policies.case_binding import KIND, TYPES
from qifu.services.policies.models import Policy, PolicyRequest
from qifu.services.policies.module import HANDLERS
from qifu.services.policies.queries.requests_own import (
    COLOURS,
    materials_of,
    request_of,
    running_clocks,
    verdict_of,
)

HANDLE = "policies.handle_requests"
PAGE_SIZE = 30
OPEN, DONE = "open", "done"
MAIN = ("answer", "support", "refuse", "accept", "propose_support", "end_expert")
"""Which act stands open on the page, where several may be done: the first of these."""


@dataclass(frozen=True)
class Line:
    """A request in the list."""

    case: Case
    request: PolicyRequest
    state: str
    colour: str
    due: ClockLine | None


def cases(actor: Actor, at: datetime) -> Any:
    """Return the requests that the actor's unit has."""
    return visible(Case.objects.filter(kind=KIND), actor, HANDLE, at)


def queue(
    actor: Actor, at: datetime, moment: datetime, *, state: str = "", kind: str = "", policy: str = "", text: str = "",
    page: str | None = None,
) -> Page[Any]:  # fmt: skip
    """Return the requests of the actor's unit that pass the filters: the open ones by what is due first, else the newest first."""
    rows = cases(actor, at)
    known = PolicyRequest.objects.all()
    if kind:
        known = known.filter(kind=kind)
    if policy:
        known = known.filter(policy__code=policy)
    if kind or policy:
        rows = rows.filter(pk__in=known.values("pk"))
    wanted = text.strip()
    if wanted:
        rows = rows.filter(
            Q(number__startswith=wanted) | Q(title__contains=wanted) | Q(enterprise__name__contains=wanted)
        )
    state = state or OPEN
    if state in (OPEN, DONE):
        rows = rows.filter(closed_at__isnull=state == OPEN)
    elif state != "all":
        rows = rows.filter(state=state)
    order = ("-opened_at", "-pk") if state in (DONE, "all") else (F("due_at").asc(nulls_last=True), "pk")
    found: Page[Any] = Paginator(
        rows.select_related("enterprise", "lead").order_by(*order), PAGE_SIZE
    ).get_page(page)
    found.object_list = _lines(list(found.object_list), moment)
    return found


def _lines(some: Sequence[Case], moment: datetime) -> list[Line]:
    requests = (
        PolicyRequest.objects.filter(pk__in=some).select_related("policy").defer("facts", "said").in_bulk()
    )
    rows = (
        CaseClock.objects.filter(case__in=some, stopped_at=None)
        .prefetch_related("pauses")
        .order_by("case_id")
    )
    clocks = {pk: list(group) for pk, group in groupby(rows, key=lambda one: one.case_id)}
    lines = []
    for case in some:
        running = clock_lines(of_case(case), clocks.get(case.pk, []), moment)
        lines.append(
            Line(case, requests[case.pk], of_case(case).states[case.state].title, COLOURS.get(case.state, "info"), next(iter(running), None))
        )  # fmt: skip
    return lines


def filter_choices(actor: Actor, at: datetime, day: date) -> dict[str, list[tuple[str, str]]]:
    """Return the states by which requests are handled, and the policies that the actor's requests are about."""
    states: dict[str, str] = {}
    for key in TYPES.values():
        try:
            states |= {name: one.title for name, one in of_revision(in_force(key, day)).states.items()}
        except Refused:
            continue
    asked = PolicyRequest.objects.filter(pk__in=cases(actor, at).values("pk"), policy__isnull=False).values(
        "policy"
    )
    policies = Policy.objects.filter(pk__in=asked).order_by("title").values_list("code", "title")
    return {"state": list(states.items()), "policy": list(policies)}


# ---- one -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EventLine:
    """One thing that happened, as the unit reads it: `text` and `details` internal, `shown` what the firm reads of it."""

    title: str
    at: datetime
    who: str
    text: str
    shown: str
    details: tuple[str, ...]
    files: tuple[CaseFile, ...]


@dataclass(frozen=True)
class RequestPage:
    """One request as its unit may see it; `waiting` says what has to be done by somebody else."""

    case: Case
    request: PolicyRequest
    definition: CaseType
    state: str
    colour: str
    verdict: tuple[str, str] | None
    place: str
    clocks: Sequence[ClockLine]
    events: Sequence[EventLine]
    materials: Sequence[tuple[str, CaseFile]]
    offers: Sequence[Transition]
    waiting: Sequence[str]
    contact: tuple[str, str]


def request_case(actor: Actor, at: datetime, number: str) -> Case:
    """Return a request's case by its number; NotFound where it is not the actor's unit's."""
    found: Case = find(
        cases(actor, at).select_related("lead", "enterprise"), actor, HANDLE, at, number=number
    )
    return found


def request_page(actor: Actor, at: datetime, moment: datetime, number: str) -> RequestPage:
    """Return all that the page of a request shows; NotFound where it is not the actor's unit's."""
    case = request_case(actor, at, number)
    definition, row = of_case(case), request_of(case)
    events = list(case.events.select_related("organisation").prefetch_related("files__file").order_by("-seq"))
    offers, waiting = _offers(case, row, definition, actor, moment)
    return RequestPage(
        case, row, definition, definition.states[case.state].title, COLOURS.get(case.state, "info"), verdict_of(row),
        divisions.names([case.place_code]).get(case.place_code, ""), running_clocks(case, moment),
        [_event(definition, one, firm=case.enterprise_id is not None) for one in events], materials_of(row, events), offers, waiting,
        (mask_name(row.contact_name), mask_phone(row.contact_mobile)),
    )  # fmt: skip


def _offers(
    case: Case, row: PolicyRequest, definition: CaseType, actor: Actor, moment: datetime
) -> tuple[list[Transition], list[str]]:
    facts = facts_of(case)
    found, waiting = list[Transition](), list[str]()
    for one in definition.leaving(case.state):
        if one.automatic or "lead" not in one.roles or not may_move(case, one, facts):
            continue
        if "another_than_proposer" in one.guards and row.proposed_by == actor.id:
            waiting.append("意见由您拟定，请由本单位另一位人员审定")
        elif "supply_time_over" in one.guards and not _supply_is_over(case, moment):
            continue
        else:
            found.append(one)
    rank = {name: place for place, name in enumerate(MAIN)}
    return sorted(found, key=lambda one: rank.get(one.name, len(MAIN))), list(dict.fromkeys(waiting))


def _supply_is_over(case: Case, moment: datetime) -> bool:
    clock = CaseClock.objects.filter(case=case, name="supply", stopped_at=None).first()
    return clock is not None and clock.due_at is not None and clock.due_at < moment


def _event(definition: CaseType, event: CaseEvent, *, firm: bool) -> EventLine:
    unit = event.organisation.name if event.organisation else ""
    who = " ".join(part for part in (unit, event.by_name or "系统") if part)
    if event.role == "reporter":
        who = "企业" if firm else "咨询人"
    step = definition.transitions.get(event.kind)
    details = tuple(
        f"{definition.fields[name].title}：{event.facts[name]}"
        for name in (step.form if step else ())
        if definition.fields[name].kind != "organisation" and event.facts.get(name) and str(event.facts[name]) not in event.shown
    )  # fmt: skip
    return EventLine(event.title, event.at, who, event.text, event.shown, details, tuple(event.files.all()))


def file_of(actor: Actor, at: datetime, number: str, pk: int) -> CaseFile:
    """Return a file of a request for its unit; NotFound for any other."""
    case = request_case(actor, at, number)
    found = CaseFile.objects.filter(event__case=case, pk=pk).select_related("file").first()
    if found is None:
        raise NotFound(f"file {pk}")
    return found


def units_for(case: Case, day: date) -> list[tuple[str, str]]:
    """Return the units to which a question may be passed on: of its place and those above, with somebody who handles requests."""
    place, above = case.place_code, list[str]()
    while place:
        above.append(place)
        place = upper_place(place) or ""
    staffed = held_posts(day).filter(role__in=list(HANDLERS)).values("organisation_id")
    rows = Organisation.objects.filter(effective_to=None, place_code__in=above, pk__in=staffed).exclude(
        pk=case.lead_id
    )
    return [(str(pk), name) for pk, name in rows.order_by("-place_code", "pk").values_list("pk", "name")]
