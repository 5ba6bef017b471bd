"""Applications and questions in the portal: apply, ask, the receipt, the list, one with what may be done about it, look-up by code."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qifu.engines.casework.query_codes import code_of_key, query_hash
from qifu.foundation.access import NotFound
from qifu.foundation.action import Refused
from qifu.foundation.client_address import client_address
from qifu.foundation.files.storage import open_file
from qifu.foundation.pages import Request, page
from qifu.registers.mandates.queries import CURRENT_ENTERPRISE
from qifu.services.policies.actions import requests as acts
from qifu.services.policies.queries import own as policies
from qifu.services.policies.queries import requests_own as queries
from qifu.services.policies.request_forms import ApplyForm, AskForm, LookUpForm, OwnActForm, show

KEYS, RECEIPT = "policy_request_keys", "policy_request_receipt"
OPEN_FOR, CODE_SHOWN = timedelta(hours=1), timedelta(minutes=30)
MOST_KEYS = 10
DONE = {"supply": "已提交补正，主管部门继续审查", "withdraw": "已撤回", "ask_again": "已追问"}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page("policies.apply")
def policy_apply(request: Request, pk: int, code: str) -> HttpResponse:
    """Show what is known of the enterprise and ask for what is not; what is sent well leads to its receipt."""
    enterprise = policies.own_enterprise(pk, request.actor, request.at)
    shown = policies.own_policy(policies.own(enterprise, request.today), code, request.actor, request.at)
    standing = queries.to_apply(enterprise, shown.live, request.actor, request.at, request.today)
    if standing.number and request.method != "POST":
        return redirect("own_request", standing.number)
    materials = shown.live.content.terms.materials
    form = ApplyForm(request.POST or None, request.FILES or None, materials=materials, initial={"contact_name": request.actor.name})  # fmt: skip
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            receipt = acts.apply(
                enterprise=enterprise, code=code, words=given["words"], contact=form.contact(), files=form.uploads(),
                unclassified=given["unclassified"], key=given["key"], by=request.actor, at=request.at,
            )  # fmt: skip
        except Refused as refused:
            show(form, refused)
        else:
            return _received(request, receipt, given["key"])
    context = {
        "enterprise": enterprise, "shown": shown, "form": form, "why_not": standing.why_not, "chose_files": bool(request.FILES),
    }  # fmt: skip
    return render(request, "policies/request_apply.html", context, status=422 if form.errors else 200)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page("policies.ask")
def policy_ask(request: Request) -> HttpResponse:
    """Take a question about a policy, or about none; whoever is signed in finds it in the list, a visitor gets a query code."""
    code = request.GET.get("policy", "")[:60]
    policy = queries.asked_about(code) if code else None
    if code and policy is None:
        raise NotFound(f"policy {code}")
    firms = [(str(one.id), one.name) for one in policies.own_firms(request.actor, request.at)]
    places = None if policy is not None and policy.place_code else queries.places(request.today)
    chosen = str(request.session.get(CURRENT_ENTERPRISE, "")) if firms else ""
    first = chosen if chosen in dict(firms) else firms[0][0] if firms else ""
    form = AskForm(
        request.POST or None, places=places, firms=firms, initial={"enterprise": first, "contact_name": request.actor.name if request.actor.is_person else ""}
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        question = acts.Question(
            given["words"], code, given.get("place", ""), int(given["enterprise"]) if given.get("enterprise") else None, form.contact()
        )  # fmt: skip
        try:
            receipt = acts.ask(question=question, key=given["key"], by=request.actor, at=request.at)
        except Refused as refused:
            show(form, refused)
        else:
            return _received(request, receipt, given["key"])
    context = {"form": form, "policy": policy}
    return render(request, "policies/request_ask.html", context, status=422 if form.errors else 200)


def _received(request: Request, receipt: acts.Receipt, key: str) -> HttpResponse:
    request.session[RECEIPT] = {
        "number": receipt.case.number, "key": key if receipt.query_code else "", "again": receipt.again, "at": request.at.isoformat(),
    }  # fmt: skip
    return redirect("request_received")


@never_cache
@require_safe
@page("policies.ask")
def request_received(request: Request) -> HttpResponse:
    """Show the receipt of what this browser has just sent: number, what happens next by when; to a visitor also the code."""
    kept = request.session.get(RECEIPT)
    if not kept or request.at - datetime.fromisoformat(kept["at"]) >= CODE_SHOWN:
        return redirect("own_requests")
    code = code_of_key("policies:visitor", kept["key"]) if kept["key"] else ""
    proof = query_hash(kept["number"], code) if code else ""
    case = queries.own_case(request.actor, request.at, kept["number"], proof)
    context = {"view": queries.own_view(case, request.moment), "code": code, "again": kept["again"]}
    return render(request, "policies/request_received.html", context)


@never_cache
@require_safe
@page("policies.follow_requests")
def own_requests(request: Request) -> HttpResponse:
    """List one's own applications and questions and those of the firms one acts for; a visitor looks up by code instead."""
    if not request.actor.is_person:
        return redirect("request_look_up")
    found = queries.own_list(request.actor, request.at, request.GET.get("page"))
    return render(request, "policies/request_own_list.html", {"page": found})


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page("policies.follow_requests")
def request_look_up(request: Request) -> HttpResponse:
    """Open a question by number and query code, for an hour in this browser."""
    form = LookUpForm(request.POST or None, initial={"number": request.GET.get("number", "")[:24]})
    if request.method == "POST" and form.is_valid():
        try:
            number, proof = acts.look_up(
                by=request.actor, at=request.at, source=client_address(request), **form.cleaned_data
            )
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            kept = {**request.session.get(KEYS, {})}
            kept.pop(number, None)
            kept = dict(list(kept.items())[-(MOST_KEYS - 1) :])
            request.session[KEYS] = kept | {number: [proof, (request.at + OPEN_FOR).isoformat()]}
            return redirect("own_request", number)
    return render(
        request, "policies/request_look_up.html", {"form": form}, status=422 if form.errors else 200
    )


def _proof(request: Request, number: str) -> str:
    found = request.session.get(KEYS, {}).get(number)
    return found[0] if found and datetime.fromisoformat(found[1]) > request.at else ""


@never_cache
@require_safe
@page("policies.follow_requests")
def own_request(request: Request, number: str) -> HttpResponse:
    """Show an own request; a visitor without its code is led to the look-up, anyone else gets 404."""
    proof = _proof(request, number)
    try:
        case = queries.own_case(request.actor, request.at, number, proof)
    except NotFound:
        if request.actor.is_person:
            raise
        return redirect(f"{reverse('request_look_up')}?number={number[:24]}")
    return _show(request, case, proof)


def _show(request: Request, case: Any, proof: str, bad: Form | None = None, act: str = "") -> HttpResponse:
    view = queries.own_view(case, request.moment)
    forms = {name: bad if bad is not None and name == act else OwnActForm(act=name) for name in ("supply", "ask_again") if name in view.offers}  # fmt: skip
    context = {"view": view, "case": case, "forms": forms, "bad_form": bad, "by_code": bool(proof)}
    return render(request, "policies/request_own.html", context, status=422 if bad else 200)


@never_cache
@require_POST
@page("policies.follow_requests")
def own_request_act(request: Request, number: str, act: str) -> HttpResponse:
    """Do what the sender asks about an own request; what is refused comes back with every word."""
    if act not in acts.OWN_ACTS:
        raise NotFound(act)
    proof = _proof(request, number)
    case = queries.own_case(request.actor, request.at, number, proof)
    form = None if act == "withdraw" else OwnActForm(request.POST, request.FILES, act=act)
    if form is not None and not form.is_valid():
        return _show(request, case, proof, form, act)
    given = form.cleaned_data if form is not None else {}
    try:
        acts.act_on_own(case=case, act=act, proof=proof, by=request.actor, at=request.at, **given)
    except Refused as refused:
        if form is None or act not in queries.own_view(case, request.moment).offers:
            messages.error(request, refused.message)
            return redirect("own_request", number)
        show(form, refused)
        return _show(request, case, proof, form, act)
    messages.success(request, DONE[act])
    return redirect("own_request", number)


@never_cache
@require_safe
@page("policies.follow_requests")
def own_request_file(request: Request, number: str, pk: int) -> HttpResponseBase:
    """Download a file that the firm sent or was given; a browser never opens it as a page of this site."""
    case = queries.own_case(request.actor, request.at, number, _proof(request, number))
    stored = queries.file_of(case, pk).file
    try:
        content = open_file(stored)
    except FileNotFoundError as error:
        raise Http404 from error
    answer = FileResponse(
        content, as_attachment=True, filename=stored.name, content_type="application/octet-stream"
    )
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


_ONE = "my-requests/<str:number>/"
urlpatterns = [
    path("my-policies/<int:pk>/one/<slug:code>/apply/", policy_apply, name="policy_apply"),
    path("policies/ask/", policy_ask, name="policy_ask"),
    path("policies/requests/received/", request_received, name="request_received"),
    path("policies/requests/look-up/", request_look_up, name="request_look_up"),
    path("my-requests/", own_requests, name="own_requests"),
    path(_ONE, own_request, name="own_request"),
    path(f"{_ONE}files/<int:pk>/", own_request_file, name="own_request_file"),
    path(f"{_ONE}<slug:act>/", own_request_act, name="own_request_act"),
]
