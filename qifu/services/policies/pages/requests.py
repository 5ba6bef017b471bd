"""Applications and questions in the workbench: the unit's list, one with its steps, its files, the contact in clear."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from qifu.foundation.action import Refused
from qifu.foundation.files.storage import open_logged
from qifu.foundation.money import format_money
from qifu.foundation.pages import Request, page
from qifu.services.policies.actions import requests as acts
from qifu.services.policies.queries import requests as queries
from qifu.services.policies.request_forms import QueueFilter, StepForm, show


@require_safe
@page(queries.HANDLE)
def policy_requests(request: Request) -> HttpResponse:
    """List the applications and questions of one's unit, what is due first."""
    form = QueueFilter(request.GET, choices=queries.filter_choices(request.actor, request.at, request.today))
    given = form.cleaned_data if form.is_valid() else {}
    found = queries.queue(request.actor, request.at, request.moment, page=request.GET.get("page"), **given)
    return render(
        request, "policies/requests.html", {"page": found, "form": form, "filtered": any(given.values())}
    )


@require_safe
@page(queries.HANDLE)
def policy_request(request: Request, number: str) -> HttpResponse:
    """Show one with all that is known of it and the steps that may be done."""
    return _shown(request, _page(request, number))


def _page(request: Request, number: str) -> queries.RequestPage:
    return queries.request_page(request.actor, request.at, request.moment, number)


def _form(found: queries.RequestPage, name: str, request: Request, data: Any = None) -> StepForm | None:
    step = next((one for one in found.offers if one.name == name), None)
    if step is None:
        return None
    row = found.request
    known = {
        "clause": row.clause or row.said.get("clause", ""), "reason": row.reason if row.clause else "",
        "amount": format_money(row.amount_fen).replace(" ", "") if row.amount_fen else "",
    }  # fmt: skip
    units = queries.units_for(found.case, request.today) if "lead" in step.form else []
    return StepForm(data, step=step, definition=found.definition, known=known, units=units)


@require_POST
@page(queries.HANDLE)
def policy_request_act(request: Request, number: str, name: str) -> HttpResponse:
    """Do one step; what is refused comes back with every word."""
    found = _page(request, number)
    form = _form(found, name, request, request.POST)
    if form is None:
        messages.error(request, "现在不能这样做：情况刚刚有变化，或要由另一位人员办理。请看下面的办理记录。")
        return redirect("policy_request", number)
    if form.is_valid():
        seen = request.POST.get("seen", "")
        try:
            acts.move_request(
                case=found.case, transition=name, form=form.given(), by=request.actor, at=request.at,
                expected_version=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else None,
            )  # fmt: skip
        except Refused as refused:
            show(form, refused)
        else:
            messages.success(request, f"已{form.step.title}。")
            handed_on = "lead" in form.step.form
            return redirect("policy_requests") if handed_on else redirect("policy_request", number)
    return _shown(request, found, bad=form)


def _shown(
    request: Request, found: queries.RequestPage, *, bad: StepForm | None = None, contact: acts.Contact | None = None
) -> HttpResponse:  # fmt: skip
    forms = [
        bad if bad is not None and bad.step.name == one.name else _form(found, one.name, request)
        for one in found.offers
    ]
    context = {
        "page": found,
        "case": found.case,
        "row": found.request,
        "forms": forms,
        "bad_form": bad,
        "contact": contact,
    }
    return render(request, "policies/request.html", context, status=422 if bad else 200)


@require_POST
@page(queries.HANDLE)
def policy_request_contact(request: Request, number: str) -> HttpResponse:
    """Show the contact in clear, once; it is kept in the audit trail."""
    found = _page(request, number)
    try:
        contact = acts.reveal_contact(case=found.case, by=request.actor, at=request.at)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("policy_request", number)
    answer = _shown(request, found, contact=contact)
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
@page(queries.HANDLE)
def policy_request_file(request: Request, number: str, pk: int) -> HttpResponseBase:
    """Download a material; who opened it is kept in the audit trail."""
    stored = queries.file_of(request.actor, request.at, number, pk).file
    try:
        content = open_logged(stored, by=request.actor, at=request.at, purpose="查看政策申报材料")
    except FileNotFoundError as error:
        raise Http404 from error
    answer = FileResponse(
        content, as_attachment=True, filename=stored.name, content_type="application/octet-stream"
    )
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


HERE = "workbench/policy-requests/"
urlpatterns = [
    path(HERE, policy_requests, name="policy_requests"),
    path(f"{HERE}<slug:number>/", policy_request, name="policy_request"),
    path(f"{HERE}<slug:number>/contact/", policy_request_contact, name="policy_request_contact"),
    path(f"{HERE}<slug:number>/files/<int:pk>/", policy_request_file, name="policy_request_file"),
    path(f"{HERE}<slug:number>/act/<slug:name>/", policy_request_act, name="policy_request_act"),
]
