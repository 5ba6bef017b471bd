"""Who does the work: a unit's page, units and divisions side by side, units that the document leaves open."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django_tables2 import RequestConfig

from qifu.foundation import access
from qifu.foundation.pages import Request, page
from qifu.services.work_plans.pages.work import LEVELS, frame
from qifu.services.work_plans.pages.work_list import ROWS_A_PAGE, WorkTable
from qifu.services.work_plans.queries import work as queries
from qifu.services.work_plans.queries import work_units as units

OPEN_A_PAGE = 50
PARTS = {"lead": "牵头", "responsible": "责任", "cooperating": "协同"}


@require_safe
@page("work_plans.follow")
def unit(request: Request, code: str) -> HttpResponse:
    """Show one unit: its parts, how its work stands, the rows, its last reports."""
    row = units.unit(request.actor, request.at, code)
    rows = units.rows_of_unit(request.actor, request.at, row)
    counts = queries.count_by(rows, request.today).get((), {})
    status = request.GET.get("status", "")
    shown = (
        rows.filter(queries.status_filter(status, request.today)) if status in queries.STATUS_CODES else rows
    )
    part = request.GET.get("part", "")
    shown = shown.filter(units.part_filter(row, part)) if part in PARTS else shown
    ordered = shown.select_related("lead", "item").order_by("plan_id", "order", "place_code")
    table = WorkTable(
        ordered, today=request.today, places=queries.every_place_name(), template_name="portal/table.html"
    )
    RequestConfig(request, paginate={"per_page": ROWS_A_PAGE}).configure(table)
    parts = units.parts_of_unit(rows, row)
    context = {
        "unit": row, "place": queries.place_name(row.place_code), "today": request.today, "table": table,
        "figures": queries.figures(counts, reverse("work_unit", args=[code])), "narrowed": bool(status or part),
        "parts": [(title, parts[key], f"?part={key}") for key, title in PARTS.items()], "count": sum(counts.values()),
        "reports": units.reports_of_unit(rows, row),
    }  # fmt: skip
    return render(request, "work_plans/work_unit.html", context)


@require_safe
@page("work_plans.follow")
def compare(request: Request, pk: int) -> HttpResponse:
    """Show leading units and divisions side by side, without a ranking."""
    context = frame(request, pk, "compare")
    plan, place = context["plan"], context["place"]
    level = request.GET.get("level", "")
    level = level if level in LEVELS else "city"
    context |= {
        "leads": units.leads_compared(request.actor, request.at, plan, place, request.today),
        "divisions": units.divisions_compared(request.actor, request.at, plan, place, level, request.today),
        "above": queries.place_above(place, plan.place_code), "below": queries.columns(place, "city", request.today)[1:],
        "level": level, "several": queries.kind_of_place(place) == "province", "levels": list(LEVELS.items()),
    }  # fmt: skip
    return render(request, "work_plans/work_compare.html", context)


@require_safe
@page("work_plans.follow")
def generic(request: Request, pk: int) -> HttpResponse:
    """List the generic units that wait to be expanded, as work for a person."""
    context = frame(request, pk, "generic")
    plan = context["plan"]
    codes = [one.code for one in queries.columns(context["place"], "all", request.today)]
    rows = queries.assignments_at(request.actor, request.at, plan, codes)
    found = units.open_units(rows)
    context |= {
        "page": Paginator(found, OPEN_A_PAGE).get_page(request.GET.get("page")),
        "work": sum(one.count for one in found),
        "approver": access.holds(request.actor, "organisations.approve_expansion", request.at),
    }  # fmt: skip
    return render(request, "work_plans/work_generic.html", context)
