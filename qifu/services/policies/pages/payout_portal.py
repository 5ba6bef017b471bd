"""The portal's pages of payouts: the public notice with objections, the firm's own confirmations, payments and account."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qifu.foundation.access import NotFound
from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.registers.mandates.queries import CURRENT_ENTERPRISE
from qifu.services.policies.actions import clawbacks, payout, payout_accounts, payout_entries
from qifu.services.policies.payout_forms import AccountForm, ObjectionForm, ViewForm, show
from qifu.services.policies.queries import payouts as queries


@require_safe
@page(queries.NOTICES)
def payout_notices(request: Request) -> HttpResponse:
    """List the public notices."""
    rows = queries.notices(request.actor, request.at, request.today)
    return render(request, "policies/payout_notices.html", {"rounds": rows})


@sensitive_post_parameters("contact")
@require_http_methods(["GET", "HEAD", "POST"])
@page(queries.NOTICES)
def payout_notice(request: Request, pk: int) -> HttpResponse:
    """Show a public list to anybody; take objections while it runs."""
    row = queries.notice(pk, request.actor, request.at)
    running = queries.is_running(row, request.today)
    form = ObjectionForm(request.POST or None, entries=queries.objectionable(row)) if running else None
    if request.method == "POST" and form is not None and form.is_valid():
        given = dict(form.cleaned_data)
        entry = queries.entry_of(row, int(given.pop("entry")))
        try:
            payout.object_to(payout=row, entry=entry, by=request.actor, at=request.at, **given)
        except Refused as refused:
            show(form, refused)
        else:
            messages.success(request, "异议已收到，主管部门核实处理期间这一户暂不兑付。")
            return redirect("payout_notice", pk)
    text = request.GET.get("text", "")[:60]
    context = {
        "round": row, "running": running, "form": form, "text": text,
        "page": queries.public_entries(row, text, request.GET.get("page")),
    }  # fmt: skip
    return render(
        request, "policies/payout_notice.html", context, status=422 if form and form.errors else 200
    )


@never_cache
@require_safe
@page(queries.CONFIRM)
def payouts(request: Request) -> HttpResponse:
    """Lead to an enterprise that has something to confirm: the one chosen last if it has, else the first; else the one chosen."""
    firms = queries.own_firms(request.actor, request.at)
    chosen = request.session.get(CURRENT_ENTERPRISE)
    waits = queries.waiting_firms([one.id for one in firms])
    ordered = sorted(firms, key=lambda one: (one.id not in waits, one.id != chosen))
    firm = ordered[0] if ordered else None
    if firm is None:
        raise NotFound("enterprise")
    return redirect("own_payouts", firm.id)


@sensitive_post_parameters("number")
@never_cache
@require_safe
@page(queries.CONFIRM)
def own_payouts(request: Request, pk: int) -> HttpResponse:
    """Show what waits for the enterprise, what it has had, its account."""
    return _own(request, pk)


def _own(request: Request, pk: int, bad: AccountForm | None = None) -> HttpResponse:
    firm = queries.own_enterprise(pk, request.actor, request.at)
    if request.session.get(CURRENT_ENTERPRISE) != firm.pk:
        request.session[CURRENT_ENTERPRISE] = firm.pk  # the header shows the enterprise of this page
    asked, others = queries.own_entries(firm)
    accounts = queries.accounts(firm)
    current = next((one for one in accounts if one.state == "current"), None)
    context = {
        "firm": firm, "asked": asked, "others": others, "accounts": accounts, "current": current,
        "proposed": next((one for one in accounts if one.state == "proposed"), None), "actor_id": request.actor.id,
        "form": bad or AccountForm(initial={"holder": firm.name}), "view_form": ViewForm(), "bad": bad,
        "others_of_actor": [one for one in queries.own_firms(request.actor, request.at) if one.id != pk],
    }  # fmt: skip
    return render(request, "policies/own_payouts.html", context, status=422 if bad is not None else 200)


@sensitive_post_parameters("number")
@never_cache
@require_POST
@page(queries.CONFIRM)
def own_account(request: Request, pk: int) -> HttpResponse:
    """Register or change the account; confirm what waits in the same step where it says which."""
    firm = queries.own_enterprise(pk, request.actor, request.at)
    form = AccountForm(request.POST)
    who = {"by": request.actor, "at": request.at}
    if not form.is_valid():
        return _own(request, pk, form)
    try:
        made = payout_accounts.give_account(enterprise=firm, **form.cleaned_data, **who)
    except Refused as refused:
        show(form, refused)
        return _own(request, pk, form)
    if made.state == "proposed":
        messages.success(request, "已提交，另一位经办人或法定代表人确认后启用。")
    else:
        messages.success(request, f"收款账户已登记（尾号 {made.tail}）。")
    return redirect("own_payouts", pk)


@never_cache
@require_POST
@page(queries.CONFIRM)
def own_account_answer(request: Request, pk: int, account: int, answer: str) -> HttpResponse:
    """Agree to a proposed account, or not."""
    firm = queries.own_enterprise(pk, request.actor, request.at)
    row = queries.account(firm, account, request.actor, request.at)
    if answer not in ("agree", "refuse"):
        raise NotFound(answer)
    try:
        payout_accounts.answer_account(account=row, agreed=answer == "agree", by=request.actor, at=request.at)
        messages.success(request, "账户已启用。" if answer == "agree" else "账户变更没有采用。")
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("own_payouts", pk)


@never_cache
@require_POST
@page(queries.CONFIRM)
def own_payout_act(request: Request, pk: int, entry: int, act: str) -> HttpResponse:
    """Confirm, give up, or state one's view on a clawback."""
    firm = queries.own_enterprise(pk, request.actor, request.at)
    row = queries.own_entry(firm, entry, request.actor, request.at)
    who = {"by": request.actor, "at": request.at}
    try:
        if act == "confirm":
            payout_entries.confirm(entry=row, **who)
            messages.success(request, "已确认，主管部门和财政审核后直接打款，到账时会有消息。")
        elif act == "decline":
            payout_entries.decline(entry=row, reason=request.POST.get("reason", "")[:500], **who)
            messages.success(request, "已放弃这一笔。")
        elif act == "state":
            back = next((one for one in queries.clawbacks(row) if one.state == "told"), None)
            if back is None:
                raise NotFound("clawback")
            clawbacks.state_view(clawback=back, words=request.POST.get("words", "")[:4000], **who)
            messages.success(request, "您的意见已经提交。")
        else:
            raise NotFound(act)
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("own_payouts", pk)


urlpatterns = [
    path("policies/notices/", payout_notices, name="payout_notices"),
    path("policies/notices/<int:pk>/", payout_notice, name="payout_notice"),
    path("payouts/", payouts, name="payouts"),
    path("payouts/<int:pk>/", own_payouts, name="own_payouts"),
    path("payouts/<int:pk>/account/", own_account, name="own_pay_account"),
    path(
        "payouts/<int:pk>/account/<int:account>/<slug:answer>/", own_account_answer, name="own_account_answer"
    ),
    path("payouts/<int:pk>/entries/<int:entry>/<slug:act>/", own_payout_act, name="own_payout_act"),
]
