"""Pages of one enterprise's facts: for officers on the workbench, for its own people in the portal."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.registers.enterprises import fact_actions, fact_sheet
from qifu.registers.enterprises.forms import FactForm

OWN, STAFF = "portal/base_portal.html", "portal/base_workbench.html"


def _sheet(request: Request, pk: int, *, own: bool) -> HttpResponse:
    enterprise = fact_sheet.visible_enterprise(pk, request.actor, request.at, own=own)
    missing = request.GET.get("show") == "missing"
    shown = fact_sheet.sheet(
        enterprise, request.today, group=request.GET.get("group", ""), missing_only=missing
    )
    tabs = [
        {
            "title": name,
            "url": f"?{urlencode({'group': name})}",
            "current": name == shown.group,
            "count": lacking or None,
        }
        for name, lacking in shown.missing
    ]
    lacking = shown.total - shown.known
    tabs.append({"title": "全部缺的", "url": "?show=missing", "current": missing, "count": lacking or None})
    context = {
        "base": OWN if own else STAFF,
        "own": own,
        "enterprise": enterprise,
        "sheet": shown,
        "tabs": tabs,
    }
    return render(request, "enterprises/facts.html", context)


def _wanted(own: bool) -> str:
    return fact_sheet.DECLARE if own else fact_sheet.RECORD


def _fact(request: Request, pk: int, name: str, *, own: bool) -> HttpResponse:
    enterprise = fact_sheet.visible_enterprise(pk, request.actor, request.at, own=own)
    known = fact_sheet.known_fact(enterprise, name, request.today)
    if known is None:
        raise Http404
    may_tell = fact_sheet.may(request.actor, _wanted(own), enterprise, request.at) and (
        known.may_declare if own else known.recordable
    )
    form, status = FactForm(request.POST or None, own=own, fact=known.fact, day=request.today), 200
    if request.method == "POST":
        if not may_tell:
            raise Http404
        status = 422
        if form.is_valid() and _tell(request, enterprise, form, own=own):
            messages.success(request, f"“{known.fact.label}”已记录")
            return redirect("own_enterprise_fact" if own else "enterprise_fact", pk, name)
    context = {
        "base": OWN if own else STAFF, "own": own, "enterprise": enterprise, "known": known, "form": form, "may_tell": may_tell,
        "history": fact_sheet.history(enterprise, name, request.today),
    }  # fmt: skip
    return render(request, "enterprises/fact.html", context, status=status)


def _tell(request: Request, enterprise: Any, form: FactForm, *, own: bool) -> bool:
    """Record what the form says; put the reason at its field where it is refused."""
    data = form.cleaned_data
    values = {form.fact.id: None if data.get("take_back") else data["value"]}
    told = {"enterprise": enterprise, "values": values, "as_of": data["as_of"], "by": request.actor, "at": request.at}  # fmt: skip
    try:
        if own:
            fact_actions.declare_facts(**told)
        else:
            fact_actions.record_facts(**told, source=data["source"], note=data["note"])
    except Refused as refused:
        for name, message in (refused.fields or {"": refused.message}).items():
            field = "value" if name == form.fact.id else name
            form.add_error(field if field in form.fields else None, message)
        return False
    return True


@require_safe
@page(fact_sheet.VIEW)
def enterprise_facts(request: Request, pk: int) -> HttpResponse:
    """Show an officer every fact of an enterprise, the missing ones too."""
    return _sheet(request, pk, own=False)


@require_http_methods(["GET", "HEAD", "POST"])
@page(fact_sheet.VIEW)
def enterprise_fact(request: Request, pk: int, name: str) -> HttpResponse:
    """Show an officer one fact with everything told of it, and record a value."""
    return _fact(request, pk, name, own=False)


@never_cache
@require_safe
@page(fact_sheet.VIEW_OWN)
def own_enterprise_facts(request: Request, pk: int) -> HttpResponse:
    """Show an enterprise's own people every fact that is known of it, with its source."""
    return _sheet(request, pk, own=True)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(fact_sheet.VIEW_OWN)
def own_enterprise_fact(request: Request, pk: int, name: str) -> HttpResponse:
    """Show an enterprise's own people one fact, and let them declare it where nobody else tells it."""
    return _fact(request, pk, name, own=True)


urlpatterns = [
    path("workbench/enterprises/<int:pk>/facts/", enterprise_facts, name="enterprise_facts"),
    path("workbench/enterprises/<int:pk>/facts/<slug:name>/", enterprise_fact, name="enterprise_fact"),
    path("my-enterprise/<int:pk>/facts/", own_enterprise_facts, name="own_enterprise_facts"),
    path("my-enterprise/<int:pk>/facts/<slug:name>/", own_enterprise_fact, name="own_enterprise_fact"),
]
