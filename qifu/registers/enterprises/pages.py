"""Pages of enterprises on the workbench: the list with its filters, one enterprise with its facts and their sources."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from qifu.foundation.pages import Request, page
from qifu.registers.enterprises import fact_pages, fact_sheet, queries
from qifu.registers.enterprises.forms import EnterpriseFilter

PAGE_SIZE = 50


@require_safe
@page("enterprises.view")
def enterprises(request: Request) -> HttpResponse:
    """List the enterprises that one may look up, filtered."""
    choices = queries.division_choices(request.actor, request.at, request.today)
    form = EnterpriseFilter(request.GET, divisions=choices)
    valid = form.is_valid()
    wanted = {name: str(value) for name, value in form.cleaned_data.items()} if valid else {}
    found = queries.search(request.actor, request.at, **wanted) if valid else queries.Found(())
    shown = Paginator(found.pks, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": shown,
        "found": found,
        "lines": queries.lines(list(shown.object_list), request.today),
        "industry_path": queries.industry_path(wanted.get("industry", "")),
        "filtered": any(wanted.values()),
        "may_import": queries.may_import(request.actor, request.at),
    }
    return render(request, "enterprises/list.html", context)


@require_safe
@page("enterprises.view")
def enterprise(request: Request, pk: int) -> HttpResponse:
    """Show one enterprise: each fact with its source and certainty, former names, what changed."""
    detail = queries.enterprise(pk, request.actor, request.at)
    may_see_facts = fact_sheet.may(request.actor, fact_sheet.VIEW, detail.row, request.at)
    return render(request, "enterprises/detail.html", {"detail": detail, "may_see_facts": may_see_facts})


urlpatterns = [
    path("workbench/enterprises/", enterprises, name="enterprises"),
    path("workbench/enterprises/<int:pk>/", enterprise, name="enterprise"),
    *fact_pages.urlpatterns,
]
