"""反映问题: the report form of the portal and its receipt."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.registers.mandates.queries import CURRENT_ENTERPRISE
from qifu.services.enterprise_problems.actions.intake import KeyUsed, Receipt, report_problem
from qifu.services.enterprise_problems.actions.intake import Request as Reported
from qifu.services.enterprise_problems.intake_forms import ReportForm
from qifu.services.enterprise_problems.queries import intake as queries

RECEIPT, LAST_PLACE = "problem_receipt", "problem_place"
CODE_SHOWN = timedelta(minutes=30)
"""So long the receipt page may be opened again in the same browser, to print it or to write the code down."""


def _form(request: Request, own: queries.OwnDetails) -> ReportForm:
    chosen = request.session.get(CURRENT_ENTERPRISE)
    firm = next((one for one in own.firms if one[0] == chosen), own.firms[0] if own.firms else None)
    places = queries.place_choices(request.today, *([firm[2]] if firm else []))
    initial: dict[str, Any] = {"place": request.session.get(LAST_PLACE, "")}
    if firm:
        initial |= {"enterprise": str(firm[0]), "place": firm[2] or initial["place"]}
    initial |= {"contact_name": own.name, "contact_mobile": own.mobile}
    return ReportForm(request.POST or None, request.FILES or None, own=own, places=places, initial=initial)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page("enterprise_problems.report")
def report(request: Request) -> HttpResponse:
    """Show the form; what is sent well leads to its receipt, what is not comes back with every word."""
    own = queries.own_details(request.actor, request.at)
    form = _form(request, own)
    if request.method == "POST" and form.is_valid():
        try:
            receipt = report_problem(by=request.actor, at=request.at, request=_reported(form, own))
        except KeyUsed:
            form.sent_before()
        except Refused as refused:
            form.show(refused)
        else:
            keep_receipt(request, receipt, "portal", form.cleaned_data["key"], form.cleaned_data["place"])
            request.session[LAST_PLACE] = form.cleaned_data["place"]
            return redirect("problem_received")
    context = {"form": form, "own": own, "chose_files": bool(request.FILES)}
    return render(request, "enterprise_problems/report.html", context, status=422 if form.errors else 200)


def _reported(form: ReportForm, own: queries.OwnDetails) -> Reported:
    given = form.cleaned_data
    firm = next((one for one in own.firms if str(one[0]) == given.get("enterprise")), None)
    return Reported(
        words=given["words"], place_code=given["place"], contact_name=given["contact_name"],
        contact_mobile=given["contact_mobile"], enterprise_id=firm[0] if firm else None,
        enterprise_name=firm[1] if firm else given.get("enterprise_name", ""), complained_id=given["complained_id"],
        note=form.complained_note, key=given["key"], files=given["files"],
    )  # fmt: skip


def keep_receipt(request: Request, receipt: Receipt, scope: str, key: str, place: str) -> None:
    """Remember in the session which receipt may be shown; the code itself is not kept there."""
    request.session[RECEIPT] = {
        "number": receipt.case.number, "scope": scope, "key": key, "place": place, "again": receipt.again,
        "at": request.at.isoformat(),
    }  # fmt: skip


def kept_receipt(request: Request, scope: str) -> dict[str, Any] | None:
    """Return what `keep_receipt` kept for these pages, None when there is nothing or it is too long ago."""
    kept = request.session.get(RECEIPT)
    if not kept or not str(kept["scope"]).startswith(scope):
        return None
    return dict(kept) if request.at - datetime.fromisoformat(kept["at"]) < CODE_SHOWN else None


@never_cache
@require_safe
@page("enterprise_problems.report")
def received(request: Request) -> HttpResponse:
    """Show the receipt of what this browser has just sent: number, code, what happens next by when."""
    kept = kept_receipt(request, "portal")
    if kept is None:
        return redirect("problem_report")
    view = queries.receipt(
        kept["number"], key_scope=kept["scope"], key=kept["key"], asked_place=kept["place"]
    )
    return render(request, "enterprise_problems/receipt.html", {"receipt": view, "again": kept["again"]})


@require_GET
@page("enterprise_problems.report")
def report_units(request: Request) -> HttpResponse:
    """The part of the form that lists units by a fragment of their names."""
    text = request.GET.get("complained_name", "")
    context = {
        "units": queries.units(text),
        "asked": len(text.strip()) >= queries.SHORTEST_SEARCH,
        "name": text,
    }
    return render(request, "enterprise_problems/report_units.html", context)


urlpatterns = [
    path("problems/report/", report, name="problem_report"),
    path("problems/report/received/", received, name="problem_received"),
    path("problems/report/units/", report_units, name="problem_report_units"),
]
