"""Applications and questions on the casework engine: facts, guards, what a form leaves on the request, whom to tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from qifu.engines.casework.binding import Binding
from qifu.engines.casework.case_type import Effect, Transition
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseClock, CaseEvent
from qifu.engines.casework.moves import OPENED
from qifu.foundation.action import current_act
from qifu.foundation.money import MoneyError, format_money, parse_money
from qifu.foundation.notices import Notice, finish_to_dos, notify
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.organisations.hubs import hub_of
from qifu.registers.people.holders import held_posts, people_of
from qifu.services.policies.models import PolicyRequest
from qifu.services.policies.module import HANDLERS
from qifu.services.policies.payout_steps import people_of_firms

KIND = "policy_request"
TYPES = {"application": "policy_application", "question": "policy_question"}
"""The key of the case type of each kind of request."""
USED = {TYPES["application"]: "惠企政策申报", TYPES["question"]: "惠企政策咨询"}
"""What each case type is used for."""
SUPPORTED = "supported"
PROPOSALS = ("propose_support", "propose_refusal")


def facts(case: Case) -> Mapping[str, str]:
    """Return what sentences for the firm may quote of a request."""
    row = PolicyRequest.objects.only("clause", "reason", "granted_fen").get(pk=case.pk)
    granted = f"支持金额 {format_money(row.granted_fen)}。" if row.granted_fen else ""
    return {"clause": row.clause, "reason": row.reason, "granted": granted}


def fill(case: Case, transition: Transition, given: Mapping[str, Any]) -> None:
    """Keep on the request what was proposed, and by whom; end an application that ends otherwise than supported."""
    said: dict[str, Any] = {}
    if transition.name in PROPOSALS:
        amount = str(given.get("amount", ""))
        said = {
            "clause": given["clause"], "reason": given["reason"], "proposed_by": current_act().by.id,
            "granted_fen": parse_money(amount) if amount else None,
        }  # fmt: skip
    if transition.effect is Effect.CLOSE:
        said |= {"active": given["result"] == SUPPORTED}
        said |= {} if given["result"] == SUPPORTED else {"granted_fen": None}
    if said:
        PolicyRequest.objects.filter(pk=case.pk).update(**said)


# ---- guards ----------------------------------------------------------------------------------------------------------


def supply_time_over(case: Case, given: Mapping[str, Any]) -> str | None:
    """An application is given back for want of material only after the time for it has passed."""
    clock = CaseClock.objects.filter(case=case, name="supply", stopped_at=None).first()
    if clock is not None and clock.due_at is not None and current_act().moment <= clock.due_at:
        return f"补正期限到 {timezone.localdate(clock.due_at)}，还没有过，请等企业补正"
    return None


def amount_fits(case: Case, given: Mapping[str, Any]) -> str | None:
    """What is granted is an amount, not more than the clauses give; a policy that gives money needs one."""
    row = PolicyRequest.objects.select_related("revision").get(pk=case.pk)
    written = str(given.get("amount", "")).strip()
    if not written:
        return "这项政策给资金，请填写支持金额" if row.said.get("money") else None
    try:
        fen = parse_money(written)
    except MoneyError as error:
        return str(error)
    if fen <= 0:
        return "支持金额应大于零；不支持的请办理“拟不予支持”"
    if row.amount_fen is not None and fen > row.amount_fen:
        return f"支持金额不能超过按条款算出的 {format_money(row.amount_fen)}"
    return None


def another_than_proposer(case: Case, given: Mapping[str, Any]) -> str | None:
    """What one person proposes another one decides."""
    if PolicyRequest.objects.get(pk=case.pk).proposed_by == current_act().by.id:
        return "拟定意见的人不能审定，请由本单位另一位人员审定"
    return None


def first_follow_up(case: Case, given: Mapping[str, Any]) -> str | None:
    """A question is asked again once."""
    if case.events.filter(kind="ask_again").exists():
        return "这件已经追问过一次；还有问题的，请另提一件咨询"
    return None


# ---- telling ---------------------------------------------------------------------------------------------------------


def officers_of(organisation_id: int, at: datetime) -> list[int]:
    """Return who handles requests at a unit on the day, deputies of the absent included."""
    day = timezone.localdate(at)
    return people_of(held_posts(day).filter(role__in=list(HANDLERS), organisation_id=organisation_id), day)


def people_of_reporter(case: Case, at: datetime) -> list[int]:
    """Return whom the firm's side has: whoever sent it, the firm's people for policies."""
    found = [case.reporter_id] if case.reporter_id is not None else []
    if case.enterprise_id is not None:
        found += people_of_firms([case.enterprise_id], at).get(case.enterprise_id, [])
    return list(dict.fromkeys(found))


def happened(event: CaseEvent, transition: Transition | None) -> None:
    """Tell the unit in charge what it has to do, the firm what it may read."""
    case, at = event.case, current_act().at
    if transition is None:
        if event.kind == OPENED:
            _tell_unit(event, "待受理审查" if case.due_at else "新收到")
        return
    if transition.to is not None or transition.effect is Effect.TRANSFER:
        finish_to_dos(case, at=at)
    if "reporter" in transition.notify and event.shown:
        people = [one for one in people_of_reporter(case, at) if one != event.by_id]
        asked = event.state == "correcting"
        notify(
            people, title=f"{event.shown[:150]}（{case.number}）", link=reverse("own_request", args=[case.number]), subject=case,
            kind=Notice.Kind.TO_DO if asked else Notice.Kind.MESSAGE, due_on=_due(case, "reporter") if asked else None,
            external=f"您的政策申报或咨询（编号 {case.number}）有新进展，请登录企服查看。",
        )  # fmt: skip
    if "lead" in transition.notify:
        _tell_unit(event, of_case(case).states[event.state].title)


def _tell_unit(event: CaseEvent, title: str) -> None:
    case, at = event.case, current_act().at
    final = of_case(case).states[event.state].final
    people = [one for one in officers_of(case.lead_id, at) if one != event.by_id]
    notify(
        people, title=f"{title}：{case.title[:150]}（{case.number}）", link=reverse("policy_request", args=[case.number]), subject=case,
        kind=Notice.Kind.MESSAGE if final else Notice.Kind.TO_DO, due_on=None if final else _due(case, "lead"),
    )  # fmt: skip


def _due(case: Case, role: str) -> Any:
    named = [name for name, clock in of_case(case).clocks.items() if clock.of == role]
    rows = CaseClock.objects.filter(case=case, name__in=named, stopped_at=None, due_at__isnull=False)
    first = rows.order_by("due_at").values_list("due_at", flat=True).first()
    return first.astimezone(SHANGHAI).date() if first else None


def clock_near(case: Case, clock: CaseClock) -> None:
    """Remind the side whose clock comes near its end."""
    _tell_of_clock(case, clock, "即将到期")


def clock_over(case: Case, clock: CaseClock) -> None:
    """Remind the unit in charge of a clock that ran out, its own or the firm's."""
    _tell_of_clock(case, clock, "已超期")


def _tell_of_clock(case: Case, clock: CaseClock, words: str) -> None:
    at, kind = current_act().at, of_case(case).clocks[clock.name]
    firm = kind.of == "reporter" and words == "即将到期"
    people = people_of_reporter(case, at) if firm else officers_of(case.lead_id, at)
    notify(
        people, title=f"{kind.title}{words}：{case.title[:150]}（{case.number}）", kind=Notice.Kind.REMINDER, subject=case,
        link=reverse("own_request" if firm else "policy_request", args=[case.number]),
    )  # fmt: skip


BINDING = Binding(
    kind=KIND,
    title="申报与咨询",
    permissions={"lead": "policies.as_lead", "reporter": "policies.as_reporter"},
    facts=facts,
    hub=hub_of,
    fact_names=("clause", "reason", "granted"),
    fill=fill,
    happened=happened,
    clock_near=clock_near,
    clock_over=clock_over,
    guards={
        one.__name__: one for one in (supply_time_over, amount_fits, another_than_proposer, first_follow_up)
    },
)
