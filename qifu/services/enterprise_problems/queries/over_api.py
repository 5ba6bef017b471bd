"""Problems as the JSON API tells of them: the two faces of a case, what may be done with it now, pages by cursor."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac

from qifu.engines.casework import moves
from qifu.engines.casework.case_type import CaseType, Effect, Transition
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.forms import choices_of
from qifu.engines.casework.models import Case, CaseAsk, CaseEvent, CasePart
from qifu.foundation import clock
from qifu.foundation.access import Actor, Grant, NotFound, grants_of, permissions, visible
from qifu.foundation.action import Refused
from qifu.services.enterprise_problems.case_binding import BINDING, KIND
from qifu.services.enterprise_problems.queries import own, queues, ratings
from qifu.services.enterprise_problems.queries.lines import Line, lines

STAFF = "staff"
FIRM = "firm"
LONGEST_NUMBER = 24


@dataclass(frozen=True)
class Face:
    """A case and the face of it that its reader sees: staff or firm."""

    case: Case
    face: str


def face_of(actor: Actor, at: datetime, number: str) -> Face:
    """Return a case by its number with the face that the actor may see; NotFound else.

    The portal's half of a divided site never shows the inside.
    """
    _see_number(number)
    rows = Case.objects.filter(kind=KIND).select_related("lead")
    if settings.SITE != "portal":
        inside = visible(rows, actor, queues.VIEW, at).filter(number=number).first()
        if inside is not None:
            return Face(inside, STAFF)
    return Face(own.own_case(actor, at, number), FIRM)


def own_case(actor: Actor, at: datetime, number: str) -> Case:
    """Return a case that the actor, or a firm acted for, reported; NotFound else."""
    _see_number(number)
    return own.own_case(actor, at, number)


def _see_number(number: str) -> None:
    if not (number.isascii() and number.isalnum() and len(number) <= LONGEST_NUMBER):
        raise NotFound("problem number")


def to_move(actor: Actor, at: datetime, number: str) -> Case:
    """Return a case for an act, which sees itself to whether the actor may; on the portal's half an own one only."""
    if settings.SITE == "portal":
        return own_case(actor, at, number)
    _see_number(number)
    found = Case.objects.filter(kind=KIND, number=number).first()
    if found is None:
        raise NotFound(f"problem {number}")
    return found


def moved(case: Case, event: CaseEvent | None, actor: Actor, at: datetime) -> dict[str, Any]:
    """Return how a case stands after an act, to whoever did it; where it was done before, as it stands now."""
    row = event.case if event is not None else Case.objects.get(pk=case.pk)
    state = of_case(row).states[row.state]
    if event is not None:
        inside = event.role != "reporter"
    else:
        inside = visible(Case.objects.filter(pk=case.pk), actor, queues.VIEW, at).exists()
    return {
        "number": row.number, "state": row.state if inside else "", "state_title": state.title if inside else state.shown,
        "result": row.result, "due_at": row.due_at if inside else None, "closed_at": row.closed_at,
        "version": version_tag(row) if inside and row.closed_at is None else "",
    }  # fmt: skip


def version_tag(case: Case) -> str:
    """Return what changes with every event of a case and tells nothing else: a count would tell of hidden events."""
    return salted_hmac(
        "enterprise_problems.version", f"{case.pk}:{case.version}", algorithm="sha256"
    ).hexdigest()[:16]


def inside_of(actor: Actor, at: datetime, number: str) -> Case:
    """Return a case whose inside the actor may see; NotFound else."""
    face = face_of(actor, at, number)
    if face.face != STAFF:
        raise NotFound("inside of a problem")
    return face.case


def see_inside() -> None:
    """Raise NotFound on the portal's half of a divided site."""
    if settings.SITE == "portal":
        raise NotFound("lists of staff")


# ---- lists -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """Cases of a list in its order, and the cursor of what follows, empty at the end."""

    cases: tuple[Line, ...]
    next: str


@dataclass(frozen=True)
class Asked:
    """What is listed: from which desk, which queue, narrowed by which filters, after which cursor."""

    desk: str = ""
    queue: str = "all"
    filters: queues.Filters = field(default_factory=queues.Filters)
    cursor: str = ""
    limit: int = 50


def page(actor: Actor, at: datetime, asked: Asked) -> Page:
    """Return a page of a queue of staff; NotFound for whoever has no desk. Refused for a cursor of another list."""
    desk = queues.desk_of(actor, at, asked.desk)
    moment = clock.business(at)
    queue = queues.queue_of(desk, asked.queue)
    if queue.name != asked.queue:
        known = "、".join(one.name for one in queues.queues_of(desk))
        raise Refused("没有这个队列", queue=f"可用：{known}")
    order = asked.filters.sort or queue.order
    rows = queues.cases(actor, at, moment, desk=desk, queue=queue, filters=asked.filters)
    return _page(rows, order, asked, actor, at, moment)


def own_page(actor: Actor, at: datetime, asked: Asked) -> Page:
    """Return a page of the cases that somebody reported, or of the firms acted for, the newest first."""
    rows = visible(Case.objects.filter(kind=KIND), actor, own.FOLLOW, at).order_by("-opened_at", "-pk")
    return _page(rows, "new", asked, actor, at, clock.business(at))


def _page(
    rows: QuerySet[Case], order: str, asked: Asked, actor: Actor, at: datetime, moment: datetime
) -> Page:
    column = "due_at" if order == "due" else "opened_at"
    if asked.cursor:
        rows = rows.filter(_after(order, *_read_cursor(order, asked.cursor)))
    found = list(rows.values_list("pk", column)[: asked.limit + 1])
    shown = found[: asked.limit]
    following = _cursor(order, *shown[-1]) if len(found) > asked.limit else ""
    return Page(tuple(lines([pk for pk, _ in shown], actor, at, moment)), following)


def _after(order: str, pk: int, at: datetime | None) -> Q:
    """Return what comes after a row in an order that ends with the number in the database."""
    if order == "new":
        return Q(opened_at__lte=at) & (Q(opened_at__lt=at) | Q(pk__lt=pk))
    if order == "old":
        return Q(opened_at__gte=at) & (Q(opened_at__gt=at) | Q(pk__gt=pk))
    if at is None:
        return Q(due_at=None, pk__gt=pk)
    return Q(due_at__gt=at) | Q(due_at=at, pk__gt=pk) | Q(due_at=None)


def _cursor(order: str, pk: int, at: datetime | None) -> str:
    said = json.dumps([order, pk, at.isoformat() if at else ""])
    return base64.urlsafe_b64encode(said.encode()).decode()


def _read_cursor(order: str, text: str) -> tuple[int, datetime | None]:
    try:
        said = json.loads(base64.urlsafe_b64decode(text.encode()))
        kept, pk, at = said
        moment = datetime.fromisoformat(at) if at else None
        fits = kept == order and type(pk) is int and 0 < pk < 2**63 and (moment is not None or order == "due")
        if fits and (moment is None or moment.tzinfo is not None):
            return pk, moment
    except (ValueError, TypeError, binascii.Error, UnicodeError):
        pass
    raise Refused("翻页游标不正确，请从第一页重新读取", cursor="请使用上一页回答中的 next，不要改动条件")


# ---- one case --------------------------------------------------------------------------------------------------------


def inside(case: Case, actor: Actor, at: datetime) -> dict[str, Any]:
    """Return a case as staff see it; what would betray a single rating is held back from those who may not see it."""
    line = lines([case.pk], actor, at, clock.business(at))[0]
    return staff_line(line) | {
        "words": line.problem.words, "occasion": line.problem.occasion, "reply": own.problem_of(case).reply,
        "outside_at": line.problem.outside_at, "returns": case.returns,
    }  # fmt: skip


def staff_page(found: Page) -> dict[str, Any]:
    """Return a page as staff see it."""
    return {"items": [staff_line(line) for line in found.cases], "next": found.next}


def staff_line(line: Line) -> dict[str, Any]:
    """Return one row of a list as staff see it."""
    case, problem, seen = line.case, line.problem, line.seen
    return {
        "number": case.number, "title": case.title, "place_code": case.place_code, "place": line.place, "state": seen.state,
        "state_title": seen.state_title, "result": seen.result, "lead_id": case.lead_id, "lead": line.lead, "mode": case.mode,
        "step": case.step, "channel": problem.channel, "source": problem.source, "outside_number": problem.outside_number,
        "enterprise_name": problem.enterprise_name, "board": problem.board, "topic": problem.topic, "scope": problem.scope,
        "difficulty": problem.difficulty, "opened_at": case.opened_at, "due_at": seen.due_at, "closed_at": seen.closed_at,
        "due_words": line.due.words, "merged_into": line.merged_into, "version": version_tag(case) if seen.closed_at is None else "",
    }  # fmt: skip


def outside(case: Case, at: datetime) -> dict[str, Any]:
    """Return a case as its firm sees it: where it stands in plain words, who has it, by when; nothing of the inside."""
    definition, moment = of_case(case), clock.business(at)
    holder, answer, offer = own.holder(case), own.reply(case), own.offer(case, moment)
    return own_line(case) | {
        "words": own.problem_of(case).words, "reply": answer.text if answer else "", "unit": holder.unit, "telephone": holder.telephone,
        "terms": [
            {"title": one.title, "limit": one.limit, "due_at": one.due_at, "left": one.left, "paused": one.paused}
            for one in own.terms(case, moment)
        ],
        "may_rate": offer.rate, "levels": [words for _, words in own.levels(case)] if definition.rating else [],
    }  # fmt: skip


def own_line(case: Case) -> dict[str, Any]:
    """Return one row of the firm's own list."""
    definition = of_case(case)
    return {
        "number": case.number, "title": case.title, "place_code": case.place_code, "state_title": definition.states[case.state].shown,
        "closed": case.closed_at is not None, "result": case.result, "result_title": definition.results.get(case.result, ""),
        "opened_at": case.opened_at, "closed_at": case.closed_at,
    }  # fmt: skip


def own_lines(found: Page) -> dict[str, Any]:
    """Return a page as the firm sees it."""
    return {"items": [own_line(line.case) for line in found.cases], "next": found.next}


def events(face: Face, actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """Return what happened to a case in its order: to its firm only what was shown to it."""
    if face.face == FIRM:
        return [
            {"at": one.at, "shown": one.text, "organisation": one.unit}
            for one in reversed(own.timeline(face.case))
        ]
    found = ratings.events_seen(face.case, actor, at).select_related("organisation").order_by("seq")
    return [
        {
            "at": one.at, "kind": one.kind, "title": one.title, "by_name": one.by_name, "role": one.role,
            "organisation": one.organisation.name if one.organisation else "", "state": one.state, "text": one.text,
            "shown": one.shown,
        }
        for one in found
    ]  # fmt: skip


# ---- what may be done now --------------------------------------------------------------------------------------------


def transitions(face: Face, actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """Return what the actor may do with a case now: each with the fields that its form asks."""
    case = face.case
    masked = face.face == STAFF and ratings.seen(case, actor, at).masked
    definition = of_case(case)
    roles = _roles_on(case, actor, at)
    facts = moves.facts_of(case)
    return [
        _described(case, definition, one)
        for one in definition.transitions.values()
        if not one.automatic
        and roles.intersection(one.roles)
        and moves.may_move(case, one, facts)
        and (not masked or ratings.CLOSED_STATE in one.from_states)
    ]


def _roles_on(case: Case, actor: Actor, at: datetime) -> set[str]:
    """Return the roles of the case type in which the actor may act on a case, for one query a grant at most."""
    held = grants_of(actor, at)
    return {role for role, code in BINDING.permissions.items() if _reaches(case, held, code)}


def _reaches(case: Case, held: Sequence[Grant], code: str) -> bool:
    allowed = permissions()[code].grants
    conditions = [Case.reach[relation](grant) for grant in held for relation in allowed.get(grant.role, ())]
    if not conditions:
        return False
    either = conditions[0]
    for one in conditions[1:]:
        either |= one
    return Case.objects.filter(either, pk=case.pk).exists()


def _described(case: Case, definition: CaseType, one: Transition) -> dict[str, Any]:
    return {
        "name": one.name, "title": one.title, "to": one.to or case.state, "results": list(one.results),
        "form": [_field(case, definition, name, name in one.needed) for name in one.form] + _result_field(definition, one),
    }  # fmt: skip


def _field(case: Case, definition: CaseType, name: str, needed: bool) -> dict[str, Any]:
    asked = definition.fields[name]
    return {
        "name": name, "title": asked.title, "kind": asked.kind, "needed": needed, "help": asked.help,
        "choices": dict(choices_of(case, definition, name)),
    }  # fmt: skip


def _result_field(definition: CaseType, one: Transition) -> list[dict[str, Any]]:
    if one.effect is not Effect.CLOSE or "result" in one.form or len(one.results) < 2:
        return []
    choices = {name: definition.results[name] for name in one.results}
    return [
        {
            "name": "result",
            "title": "办理结果",
            "kind": "choice",
            "needed": True,
            "help": "",
            "choices": choices,
        }
    ]


def see_form(case: Case, name: str, given: Mapping[str, Any]) -> None:
    """Raise NotFound for an unknown transition, Refused by field for what its form does not ask; the engine reads the rest."""
    step = of_case(case).transitions.get(name)
    if step is None or step.automatic:
        raise NotFound(f"transition {name}")
    asked = {*step.form, *(("result",) if step.effect is Effect.CLOSE else ())}
    faults = {f"form.{one}": "这一步没有这一项" for one in given if one not in asked}
    if faults:
        raise Refused(f"“{step.title}”不收这些内容，见 fields", **faults)


# ---- beside the lead -------------------------------------------------------------------------------------------------


def parts(case: Case) -> list[dict[str, Any]]:
    """Return the units beside the lead."""
    return [part(one) for one in case.parts.select_related("organisation").order_by("pk")]


def part(one: CasePart) -> dict[str, Any]:
    """Return one unit beside the lead."""
    return {
        "id": one.pk, "organisation_id": one.organisation_id, "organisation": one.organisation.name, "kind": one.kind,
        "request": one.request, "asked_at": one.asked_at, "answer": one.answer, "answered_at": one.answered_at,
        "withdrawn_at": one.withdrawn_at,
    }  # fmt: skip


def asks(case: Case) -> list[dict[str, Any]]:
    """Return what was asked for about the clocks of a case."""
    return [ask(one) for one in CaseAsk.objects.filter(case=case).select_related("clock").order_by("pk")]


def ask(one: CaseAsk) -> dict[str, Any]:
    """Return one request about a clock."""
    return {
        "id": one.pk, "kind": one.kind, "clock": one.clock.name, "amount": one.amount, "reason": one.reason, "text": one.text,
        "asked_at": one.asked_at, "asked_by_name": one.asked_by_name, "decision": one.decision, "decided_at": one.decided_at,
        "decision_text": one.decision_text,
    }  # fmt: skip
