"""An enterprise's own policies in the portal: the sorted list, one policy with its reasons, telling a missing fact, the check-up."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from qifu.foundation.access import NotFound
from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.registers.enterprises.fact_actions import declare_facts
from qifu.registers.enterprises.forms import FactForm
from qifu.registers.mandates.queries import CURRENT_ENTERPRISE
from qifu.services.policies.actions.push import note_opened
from qifu.services.policies.check_up_word import BASIS, parts, summary, word
from qifu.services.policies.queries import check_up as check_ups
from qifu.services.policies.queries import own as queries
from qifu.services.policies.queries.requests_own import to_apply


@never_cache
@require_safe
@page(queries.SEE)
def own_policies(request: Request) -> HttpResponse:
    """Lead to the policies of the enterprise chosen last, else of the first."""
    firms = queries.own_firms(request.actor, request.at)
    chosen = request.session.get(CURRENT_ENTERPRISE)
    firm = next((one for one in firms if one.id == chosen), firms[0] if firms else None)
    if firm is None:
        raise NotFound("enterprise")
    return redirect("own_policy_list", firm.id)


@never_cache
@require_safe
@page(queries.SEE)
def own_policy_list(request: Request, pk: int) -> HttpResponse:
    """List one group of the enterprise's policies."""
    enterprise = queries.own_enterprise(pk, request.actor, request.at)
    found = queries.own(enterprise, request.today)
    shown = queries.own_list(found, queries.group_of(request.GET.get("group", "")), request.GET.get("page"))
    context = {
        "enterprise": enterprise, "shown": shown, "tabs": queries.tabs(shown, reverse("own_policy_list", args=[pk])),
        "others": [one for one in queries.own_firms(request.actor, request.at) if one.id != pk],
    }  # fmt: skip
    return render(request, "policies/own_list.html", context)


@never_cache
@require_safe
@page(queries.SEE)
def own_policy(request: Request, pk: int, code: str) -> HttpResponse:
    """Show one policy for the enterprise; where it was pushed to it and a person opens it, that is now opened."""
    answer = _shown(request, pk, code)
    if _opened_by_a_person(request):
        note_opened(enterprise=pk, code=code, by=request.actor, at=request.at)
    return answer


def _opened_by_a_person(request: Request) -> bool:
    """Tell a visit from what a browser or a scanner of messages fetches ahead (Fetch Metadata, `Sec-Purpose`)."""
    headers = request.headers
    ahead = f"{headers.get('Sec-Purpose', '')} {headers.get('Purpose', '')}".lower()
    shown = headers.get("Sec-Fetch-Dest", "document") == "document"
    return request.method == "GET" and shown and "prefetch" not in ahead and "prerender" not in ahead


def _shown(request: Request, pk: int, code: str, bad: FactForm | None = None) -> HttpResponse:
    enterprise = queries.own_enterprise(pk, request.actor, request.at)
    shown = queries.own_policy(queries.own(enterprise, request.today), code, request.actor, request.at)
    forms = [
        bad if bad and bad.fact == line.known.fact else FactForm(own=True, fact=line.known.fact, day=request.today, prefix=line.known.fact.id)
        for line in shown.facts
        if line.asked
    ]  # fmt: skip
    context = {
        "enterprise": enterprise, "shown": shown, "forms": forms, "bad_form": bad,
        "to_apply": to_apply(enterprise, shown.live, request.actor, request.at, request.today),
    }  # fmt: skip
    return render(request, "policies/own_policy.html", context, status=422 if bad else 200)


@never_cache
@require_POST
@page(queries.SEE)
def own_policy_fact(request: Request, pk: int, code: str, name: str) -> HttpResponse:
    """Record what the enterprise says of a fact that the policy asks, marked as 自报."""
    enterprise = queries.own_enterprise(pk, request.actor, request.at)
    shown = queries.own_policy(queries.own(enterprise, request.today), code, request.actor, request.at)
    line = next((one for one in shown.facts if one.known.fact.id == name and one.may_tell), None)
    if line is None:
        raise NotFound(f"fact {name}")
    form = FactForm(request.POST, own=True, fact=line.known.fact, day=request.today, prefix=name)
    if not form.is_valid():
        return _shown(request, pk, code, form)
    data = form.cleaned_data
    try:
        declare_facts(
            enterprise=enterprise, values={name: data["value"]}, as_of=data["as_of"], by=request.actor, at=request.at
        )  # fmt: skip
    except Refused as refused:
        for field, message in (refused.fields or {"": refused.message}).items():
            wanted = "value" if field == name else field
            form.add_error(wanted if wanted in form.fields else None, message)
        return _shown(request, pk, code, form)
    messages.success(request, f"“{line.known.fact.label}”已记录，标为自报；权威来源的数据到了以后以它为准")
    return redirect("own_policy", pk, code)


@never_cache
@require_safe
@page(queries.SEE)
def own_check_up(request: Request, pk: int) -> HttpResponse:
    """Show the check-up of the enterprise, made for printing too."""
    enterprise = queries.own_enterprise(pk, request.actor, request.at)
    found = check_ups.own_check_up(enterprise, request.today)
    context = {"enterprise": enterprise, "found": found, "parts": [(title, headings, [list(zip([h for h, _ in headings], row, strict=True)) for row in rows], empty) for title, headings, rows, empty in parts(found)], "summary": summary(found), "basis": BASIS}  # fmt: skip
    return render(request, "policies/check_up.html", context)


@never_cache
@require_safe
@page(queries.SEE)
def own_check_up_word(request: Request, pk: int) -> HttpResponse:
    """Download the check-up as a Word document."""
    enterprise = queries.own_enterprise(pk, request.actor, request.at)
    answer = HttpResponse(
        word(check_ups.own_check_up(enterprise, request.today)),
        content_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    )
    answer["Content-Disposition"] = "attachment; filename=\"policy-check-up.docx\"; filename*=UTF-8''%E6%94%BF%E7%AD%96%E4%BD%93%E6%A3%80.docx"  # fmt: skip
    return answer


_ONE = "my-policies/<int:pk>/"
urlpatterns = [
    path("my-policies/", own_policies, name="own_policies"),
    path(_ONE, own_policy_list, name="own_policy_list"),
    path(f"{_ONE}check-up/", own_check_up, name="own_check_up"),
    path(f"{_ONE}check-up/word/", own_check_up_word, name="own_check_up_word"),
    path(f"{_ONE}one/<slug:code>/", own_policy, name="own_policy"),
    path(f"{_ONE}one/<slug:code>/facts/<slug:name>/", own_policy_fact, name="own_policy_fact"),
]
