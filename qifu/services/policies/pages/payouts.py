"""Staff pages of payouts: the lists, one list with its entries, one entry with its facts, steps and clawbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qifu.foundation.access import NotFound
from qifu.foundation.action import Refused
from qifu.foundation.imports.sheets import workbook
from qifu.foundation.pages import Request, page
from qifu.services.policies.actions import clawbacks, payout, payout_entries
from qifu.services.policies.payout_forms import ClawbackForm, ListForm, ReasonForm, RepaymentForm, show
from qifu.services.policies.queries import payouts as queries

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_http_methods(["GET", "HEAD", "POST"])
@page(queries.SEE)
def payout_rounds(request: Request) -> HttpResponse:
    """List the rounds; begin one."""
    policies = queries.startable(request.actor, request.at)
    form = ListForm(
        request.POST or None, policies=[(str(one.pk), one.title) for one in policies], initial={"judged_on": request.today}
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        chosen = queries.policy(form.cleaned_data["policy"], request.actor, request.at, queries.LIST)
        try:
            made = payout.start_round(
                policy=chosen, judged_on=form.cleaned_data["judged_on"], by=request.actor, at=request.at
            )
        except Refused as refused:
            show(form, refused)
        else:
            return redirect("payout_round", made.pk)
    context = {
        "page": queries.rounds(request.actor, request.at, request.GET.get("page")), "form": form if policies else None,
        "finance": queries.may_pay(request.actor, request.at),
    }  # fmt: skip
    return render(request, "policies/payout_rounds.html", context, status=422 if form.errors else 200)


@require_safe
@page(queries.SEE)
def payout_round(request: Request, pk: int) -> HttpResponse:
    """Show a list, its figures and its entries."""
    row = queries.round_of(pk, request.actor, request.at)
    state, text = request.GET.get("state", ""), request.GET.get("text", "")[:60]
    shown = queries.counts(row)
    here = reverse("payout_round", args=[pk])
    tabs = [{"title": "全部", "url": here, "current": not state, "count": row.entry_count}] + [
        {
            "title": one.title,
            "url": f"{here}?state={one.state}",
            "current": state == one.state,
            "count": one.count,
        }
        for one in shown
    ]
    found = queries.entries(row, state, text, request.GET.get("page"))
    offers = queries.offers(row, shown, request.actor, request.at)
    context = {
        "round": row, "tabs": tabs, "page": found, "offers": offers, "text": text, "state": state,
        "chosen": next((one for one in offers if one[3] == state), None), "steps": queries.steps(row),
        "may_list": queries.allowed(row, request.actor, queries.LIST, request.at),
        "may_strike": queries.allowed(row, request.actor, queries.APPROVE, request.at),
        "objections": queries.objections(row) if queries.allowed(row, request.actor, queries.LIST, request.at) else [],
    }  # fmt: skip
    return render(request, "policies/payout_round.html", context)


@require_safe
@page(queries.SEE)
def payout_list(request: Request, pk: int) -> HttpResponse:
    """The frozen list as a workbook."""
    row = queries.round_of(pk, request.actor, request.at)
    content = workbook(
        queries.HEADINGS, queries.sheet(row), title="兑付名单", widths=(36, 22, 10, 16, 16, 16, 14, 80)
    )
    name = f"payout-{row.pk}-{row.digest[:8]}.xlsx"
    return HttpResponse(
        content, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@require_POST
@page(queries.SEE)
def payout_act(request: Request, pk: int, act: str) -> HttpResponse:
    """Do something with a list or with entries of it."""
    if act not in _ROUND_ACTS:
        raise NotFound(act)
    permission, run = _ROUND_ACTS[act]
    row = queries.round_of(pk, request.actor, request.at, permission)
    ids = [int(one) for one in request.POST.getlist("entry")[:5000] if one.isascii() and one.isdigit()]
    given: dict[str, Any] = {"payout": row, "by": request.actor, "at": request.at}
    try:
        messages.success(request, run(given, ids, request.POST.get("reason", "")[:1000]))
    except Refused as refused:
        messages.error(request, "；".join([refused.message, *refused.fields.values()]))
    return redirect("payout_round", pk)


def _notice(given: dict[str, Any], ids: list[int], reason: str) -> str:
    payout.give_notice(**given)
    return "已开始公示，任何人都可以在公示页面提出异议。"


def _cancel(given: dict[str, Any], ids: list[int], reason: str) -> str:
    payout.cancel_round(**given, reason=reason)
    return "名单已作废。"


def _approve(given: dict[str, Any], ids: list[int], reason: str) -> str:
    return f"审核通过 {payout_entries.approve(**given, ids=ids or None)} 户。"


def _check(given: dict[str, Any], ids: list[int], reason: str) -> str:
    passed, struck = payout_entries.check(**given, ids=ids or None)
    return f"核查通过 {passed} 户，剔除 {struck} 户；剔除的理由见各户办理记录。"


def _finance(given: dict[str, Any], ids: list[int], reason: str) -> str:
    return f"财政审核通过 {payout_entries.finance(**given, ids=ids or None)} 户，可以生成支付批次。"


def _strike(given: dict[str, Any], ids: list[int], reason: str) -> str:
    return f"已剔除 {payout_entries.strike(**given, ids=ids, reason=reason)} 户。"


_ROUND_ACTS: dict[str, tuple[str, Callable[[dict[str, Any], list[int], str], str]]] = {
    "notice": (queries.LIST, _notice), "cancel": (queries.LIST, _cancel), "approve": (queries.APPROVE, _approve),
    "check": (queries.APPROVE, _check), "finance": (queries.FINANCE, _finance), "strike": (queries.APPROVE, _strike),
}  # fmt: skip


@require_POST
@page(queries.LIST)
def payout_objection(request: Request, pk: int) -> HttpResponse:
    """Rule an objection."""
    row = queries.objection(pk, request.actor, request.at)
    form = ReasonForm(request.POST)
    upheld = request.POST.get("ruling") == "upheld"
    if not form.is_valid():
        messages.error(request, "请写明处理的理由")
    else:
        try:
            payout.rule_objection(
                objection=row,
                upheld=upheld,
                reason=form.cleaned_data["reason"],
                by=request.actor,
                at=request.at,
            )
            messages.success(request, "异议成立，已从名单中剔除。" if upheld else "异议不成立，已记录理由。")
        except Refused as refused:
            messages.error(request, refused.message)
    return redirect("payout_round", row.entry.round_id)


@require_http_methods(["GET", "HEAD", "POST"])
@page(queries.SEE)
def payout_entry(request: Request, pk: int, entry: int) -> HttpResponse:
    """Show one entry: frozen facts, steps, clawbacks; ask money back, decide, record what came back."""
    row = queries.round_of(pk, request.actor, request.at)
    one = queries.entry_of(row, entry)
    act, bad = request.POST.get("act", ""), None
    if request.method == "POST":
        form, run = _clawback_act(request, row, one, act)
        if form.is_valid():
            try:
                run(form.cleaned_data)
                messages.success(request, "已记录，企业会收到消息。")
                return redirect("payout_entry", pk, entry)
            except Refused as refused:
                show(form, refused)
        bad = form
    forms = {"tell": ClawbackForm(), "decide": ClawbackForm(), "repay": RepaymentForm(initial={"received_on": request.today})}  # fmt: skip
    if bad is not None:
        forms[act] = bad
    context = {
        "round": row, "entry": one, "steps": one.steps.all(), "lines": one.lines.all(), "backs": queries.clawbacks(one),
        "forms": forms, "may_claw": queries.allowed(row, request.actor, queries.CLAW, request.at),
        "may_record": queries.allowed(row, request.actor, queries.FINANCE, request.at),
        "objections": one.objections.exclude(ruling=""),
    }  # fmt: skip
    return render(request, "policies/payout_entry.html", context, status=422 if bad is not None else 200)


def _clawback_act(request: Request, row: Any, one: Any, act: str) -> tuple[Form, Callable[[Any], Any]]:
    who = {"by": request.actor, "at": request.at}
    if act == "tell":
        queries.round_of(row.pk, request.actor, request.at, queries.CLAW)
        return ClawbackForm(request.POST), lambda given: clawbacks.tell(entry=one, **given, **who)
    number = request.POST.get("clawback", "")
    permission = {"decide": queries.CLAW, "repay": queries.FINANCE}.get(act)
    if permission is None or not number.isascii() or not number.isdigit() or len(number) > 12:
        raise NotFound(act)
    back = queries.clawback(int(number), request.actor, request.at, permission)
    if act == "decide":
        return ClawbackForm(request.POST), lambda given: clawbacks.decide(clawback=back, **given, **who)
    return RepaymentForm(request.POST), lambda given: clawbacks.record_repayment(
        entry=one, clawback=back, **given, **who
    )


_LISTS = "workbench/policies/payouts/"
urlpatterns = [
    path(_LISTS, payout_rounds, name="payout_rounds"),
    path(f"{_LISTS}<int:pk>/", payout_round, name="payout_round"),
    path(f"{_LISTS}<int:pk>/list.xlsx", payout_list, name="payout_list"),
    path(f"{_LISTS}<int:pk>/entries/<int:entry>/", payout_entry, name="payout_entry"),
    path(f"{_LISTS}<int:pk>/<slug:act>/", payout_act, name="payout_act"),
    path("workbench/policies/objections/<int:pk>/", payout_objection, name="payout_objection"),
]
