"""Notices about problems: whom a transition names is told, staff in their inbox, the firm by its own channel.

A to-do of the staff is about the case (or the part, request, escalation it waits for) and ends when that moves on.
What leaves the site for the firm is a number and a link; nothing is ever told to the unit complained of, nor of a
single rating to the unit that handled the case.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from django.db import models
from django.urls import reverse

from qifu.engines.casework import parts
from qifu.engines.casework.case_type import Transition
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseAsk, CaseClock, CaseEvent, CasePart, Escalation
from qifu.foundation.action import current_act
from qifu.foundation.jobs import enqueue
from qifu.foundation.notices import Notice, finish_to_dos, notify
from qifu.foundation.working_days import SHANGHAI
from qifu.services.enterprise_problems import recipients
from qifu.services.enterprise_problems.models import Problem

TEXT_CONTACT = "enterprise_problems.text_contact"
CLOSED_WITH_MAIN = "closed_with_main"
TOLD_TO_FIRM = (
    "pause_asked",
    "pause_approved",
    "extension_approved",
    "pause_ended",
    CLOSED_WITH_MAIN,
    "merged",
    "split",
)
"""Verbs of the engine that the firm is told of, where they show it something."""


def tell(event: CaseEvent, transition: Transition | None) -> None:
    """Tell the roles that a transition notifies of what happened; end what the case has left behind."""
    case = event.case
    moved = transition.to is not None if transition is not None else event.kind == CLOSED_WITH_MAIN
    if moved:
        finish_to_dos(case, at=current_act().at)
    _finish_what_was_withdrawn(event)
    if transition is None:
        _tell_of_verb(event)
        return
    private = of_case(case).rating
    for role in transition.notify:
        if role == "reporter":
            tell_firm(event)
        elif role == "lead" and private is not None and transition.name == private.exempt:
            continue  # the unit that handled it never learns of one rating
        else:
            _tell_staff(event, role, moved=moved)
    if moved and not transition.notify and event.role == "lead":
        _tell_staff(event, "handler" if case.handler_id else "actor", moved=True)


def _finish_what_was_withdrawn(event: CaseEvent) -> None:
    """End the to-dos about parts, requests and escalations that were withdrawn with what they waited for."""
    kinds: tuple[tuple[str, type[models.Model]], ...] = (
        ("withdrawn_asks", CaseAsk), ("withdrawn_parts", CasePart), ("withdrawn_escalations", Escalation),
    )  # fmt: skip
    for key, model in kinds:
        for pk in event.facts.get(key, ()):
            finish_to_dos(model(pk=pk), at=current_act().at)


def _tell_staff(event: CaseEvent, role: str, *, moved: bool) -> None:
    case, at = event.case, current_act().at
    state = of_case(case).states[event.state]
    people = [one for one in _people_of(case, role, at) if one != event.by_id or role == "actor"]
    to_do = not state.final and (moved or role in ("handler", "actor"))
    title = state.title if to_do and role != "handler" else event.title
    _notify(
        people, f"{title}：{case.title}", case, to_do=to_do, about=case, due_on=_due_of(case, role),
    )  # fmt: skip


def _people_of(case: Case, role: str, at: datetime) -> list[int]:
    find: dict[str, Callable[[], list[int]]] = {
        "lead": lambda: recipients.officers_of(case.lead_id, at),
        "handler": lambda: [case.handler_id] if case.handler_id is not None else [],
        "actor": lambda: [current_act().by.id or 0] if current_act().by.is_person else [],
        "hub": lambda: recipients.hub_clerks(case, at),
        "upper_hub": lambda: recipients.clerks_above(case, at),
        "callback": lambda: recipients.call_back_desk(case, at),
    }
    return find[role]() if role in find else []


def _due_of(case: Case, role: str) -> date | None:
    """Return the earliest day on which a running clock of that role's side ends."""
    sides = ("lead",) if role in ("handler", "actor", "lead") else (role,)
    named = [name for name, clock in of_case(case).clocks.items() if clock.of in sides]
    rows = CaseClock.objects.filter(
        case=case, name__in=named, stopped_at=None, part=None, due_at__isnull=False
    )
    first = rows.order_by("due_at").values_list("due_at", flat=True).first()
    return first.astimezone(SHANGHAI).date() if first else None


def _notify(
    people: list[int], title: str, case: Case, *, to_do: bool, about: models.Model, due_on: date | None = None
) -> None:
    notify(
        people, title=f"{title[:170]}（{case.number}）", link=reverse("problem", args=[case.number]),
        kind=Notice.Kind.TO_DO if to_do else Notice.Kind.MESSAGE, subject=about, due_on=due_on if to_do else None,
    )  # fmt: skip


# ---- the engine's own verbs --------------------------------------------------------------------------------------


def _tell_of_verb(event: CaseEvent) -> None:
    case, at = event.case, current_act().at
    if event.kind == parts.ASKED:
        part = CasePart.objects.get(pk=event.facts["part"])
        people = recipients.takers_of(part.organisation_id, at)
        due = _day(
            CaseClock.objects.filter(part=part, stopped_at=None).values_list("due_at", flat=True).first()
        )
        _notify(
            people, f"请{part.get_kind_display()}：{case.title}", case, to_do=True, about=part, due_on=due
        )
    elif event.kind == parts.ANSWERED:
        part = CasePart.objects.get(pk=event.facts["part"])
        asked = [part.asked_by] if part.asked_by is not None else recipients.officers_of(case.lead_id, at)
        _notify(
            asked, f"{part.organisation.name}已答复{part.get_kind_display()}", case, to_do=False, about=case
        )
    elif event.kind in ("extension_asked", "pause_asked", "pause_consent"):
        _tell_approver(CaseAsk.objects.get(pk=event.facts["ask"]), event)
    elif event.kind in _DECIDED:
        ask = CaseAsk.objects.get(pk=event.facts["ask"])
        if ask.asked_by is not None and ask.asked_by != event.by_id:
            _notify([ask.asked_by], f"{event.title}：{case.title}", case, to_do=False, about=case)
    elif event.kind == "escalated":
        raised = Escalation.objects.get(pk=event.facts["escalation"])
        people = recipients.clerks_above(case, at)
        due = _day(raised.clock.due_at if raised.clock is not None else None)
        _notify(people, f"下级上报，请答复：{case.title}", case, to_do=True, about=raised, due_on=due)
    elif event.kind == "escalation_answered":
        raised = Escalation.objects.get(pk=event.facts["escalation"])
        people = [raised.by_id] if raised.by_id is not None else []
        if event.facts["decision"] == Escalation.Decision.TAKEN_OVER:
            people += recipients.officers_of(case.lead_id, at)
        _notify([one for one in people if one != event.by_id], f"上级答复（{event.title}）：{case.title}", case, to_do=False, about=case)  # fmt: skip
    if event.kind in TOLD_TO_FIRM and event.shown:
        tell_firm(event)


_DECIDED = ("extension_approved", "extension_refused", "pause_approved", "pause_refused", "pause_dissent")


def _tell_approver(ask: CaseAsk, event: CaseEvent) -> None:
    """Tell whoever decides, once the firm has said yes where its word is needed."""
    verbs = of_case(ask.case).verbs
    ground = verbs.pause_reasons.get(ask.reason)
    if ground is not None and ground.consent and ask.consent_id is None and event.kind != "pause_consent":
        return
    roles = verbs.extension_approved_by if ask.kind == CaseAsk.Kind.EXTENSION else verbs.pause_approved_by
    people = [
        one for role in roles for one in _people_of(ask.case, role, current_act().at) if one != ask.asked_by
    ]
    title = f"待审批{ask.get_kind_display()}：{ask.case.title}"
    _notify(list(dict.fromkeys(people)), title, ask.case, to_do=True, about=ask)


def _day(at: datetime | None) -> date | None:
    return at.astimezone(SHANGHAI).date() if at is not None else None


# ---- clocks --------------------------------------------------------------------------------------------------------


def clock_near(case: Case, clock: CaseClock) -> None:
    """Remind the side whose clock comes near its end; the engine asks once for each clock."""
    _tell_of_clock(case, clock, "即将到期", [])


def clock_over(case: Case, clock: CaseClock) -> None:
    """Remind the side whose clock ran out, and the hub."""
    _tell_of_clock(case, clock, "已超期", ["hub"])


def _tell_of_clock(case: Case, clock: CaseClock, words: str, also: list[str]) -> None:
    at = current_act().at
    kind = of_case(case).clocks[clock.name]
    if clock.part is not None:
        people = recipients.takers_of(clock.part.organisation_id, at)
    elif kind.of == "lead" and case.handler_id is not None and not also:
        people = [case.handler_id]
    else:
        people = _people_of(case, kind.of, at)
    rating = of_case(case).rating
    dissatisfied = rating is not None and clock.name in of_case(case).transitions[rating.dissatisfied].starts
    for role in () if dissatisfied else also:
        people = people + _people_of(case, role, at)
    notify(
        people, title=f"{kind.title}{words}：{case.title[:150]}（{case.number}）", kind=Notice.Kind.REMINDER, subject=case,
        link=reverse("problem", args=[case.number]), due_on=_day(clock.due_at),
    )  # fmt: skip


# ---- the firm ------------------------------------------------------------------------------------------------------


def tell_firm(event: CaseEvent) -> None:
    """Tell the firm that there is something new to read: its people by notice, a contact without account by text message."""
    case, at = event.case, current_act().at
    people = [one for one in recipients.people_of_firm(case, at) if one != event.by_id]
    title = event.shown or "您反映的问题有新进展"
    notify(
        people, title=f"{title[:150]}（{case.number}）", link=reverse("own_problem", args=[case.number]), kind=Notice.Kind.MESSAGE, subject=case,
        external=f"您反映的问题（编号 {case.number}）有新进展，请登录企服查看。",
    )  # fmt: skip
    if people or event.role == "reporter":
        return
    if Problem.objects.filter(pk=case.pk).exclude(mobile_key="").exists():
        enqueue(TEXT_CONTACT, case=case.pk, event=event.pk)
