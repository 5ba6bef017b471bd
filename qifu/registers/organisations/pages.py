"""Pages of organisations: the public list and details; for reform offices, what generic units mean."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.registers.organisations import actions, queries
from qifu.registers.organisations.forms import ExpansionForm, OrganisationFilter, WordingForm

PAGE_SIZE = 50


@require_GET
@page("organisations.view")
def organisations(request: Request) -> HttpResponse:
    """List organisations, filtered."""
    form = OrganisationFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    shown = Paginator(queries.organisations(**wanted), PAGE_SIZE).get_page(request.GET.get("page"))
    text = wanted.get("text", "")
    meant = queries.resolve_name(text, request.today) if text and not shown.object_list else None
    return render(request, "organisations/list.html", {"form": form, "page": shown, "meant": meant})


@require_GET
@page("organisations.view")
def organisation(request: Request, code: str) -> HttpResponse:
    """Show one organisation with all its names."""
    found = queries.organisation(code)
    if found is None:
        raise Http404
    return render(request, "organisations/detail.html", {"found": found})


@require_GET
@page("organisations.approve_expansion")
def generic_units(request: Request) -> HttpResponse:
    """List the generic units and the rules of one's own places."""
    places = queries.approvable_places(request.actor, request.at)
    context = {
        "units": queries.generic_units(),
        "rules": queries.rule_views(request.actor, request.at, request.today),
        "form": WordingForm(places=places),
    }
    return render(request, "organisations/generic_units.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page("organisations.approve_expansion")
def approve_expansion(request: Request) -> HttpResponse:
    """Choose the organisations that a generic unit means in a place, and approve them."""
    places = queries.approvable_places(request.actor, request.at)
    wording = WordingForm(request.POST if request.method == "POST" else request.GET, places=places)
    meant = queries.wording(wording.cleaned_data["written"]) if wording.is_valid() else None
    if meant is None:
        messages.error(request, "请选择名录中的泛指单位和您管辖的区划")
        return redirect("generic_units")
    place = wording.cleaned_data["place_code"]
    form, status = ExpansionForm(request.POST or None, initial={"effective_from": request.today}), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.approve_expansion(
                    by=request.actor, at=request.at, place_code=place, written=meant.written, members=form.members(),
                    **form.cleaned_data,
                )  # fmt: skip
            except Refused as refused:
                for field in refused.fields.keys() & form.fields.keys():
                    form.add_error(field, refused.fields[field])
                if not refused.fields.keys() & form.fields.keys():
                    form.add_error(None, refused.message)
            else:
                messages.success(request, f"已批准：“{meant.written}”在{places[place]}的文件中按所选单位展开")
                return redirect("generic_units")
    context = {
        "form": form, "meant": meant, "place_code": place, "place": places[place],
        "levels": queries.candidates(meant, place, form.members() if form.is_bound else None),
    }  # fmt: skip
    return render(request, "organisations/approve_expansion.html", context, status=status)


@require_POST
@page("organisations.approve_expansion")
def revoke_expansion(request: Request, rule_id: int) -> HttpResponse:
    """Revoke a rule."""
    rule = queries.expansion_rule(rule_id, request.actor, request.at)
    try:
        actions.revoke_expansion(
            by=request.actor, at=request.at, rule=rule, reason=request.POST.get("reason", "")
        )
        messages.success(request, "已撤销，该单位恢复为泛指")
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("generic_units")


urlpatterns = [
    path("organisations/", organisations, name="organisations"),
    path("organisations/<str:code>/", organisation, name="organisation"),
    path("workbench/generic-units/", generic_units, name="generic_units"),
    path("workbench/generic-units/approve/", approve_expansion, name="approve_expansion"),
    path("workbench/generic-units/rules/<int:rule_id>/revoke/", revoke_expansion, name="revoke_expansion"),
]
