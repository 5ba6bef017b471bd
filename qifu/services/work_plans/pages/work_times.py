"""A plan's work along time: the timeline by months and the calendar of one month."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from qifu.foundation.pages import Request, page
from qifu.services.work_plans.pages.work import frame
from qifu.services.work_plans.queries import work as queries
from qifu.services.work_plans.queries import work_times as times

BARS_A_PAGE = 40


@require_safe
@page("work_plans.follow")
def timeline(request: Request, pk: int) -> HttpResponse:
    """Show the work of a place as bars from opening to deadline, months as columns."""
    context = frame(request, pk, "timeline")
    place = context["place"]
    rows = queries.assignments_at(request.actor, request.at, context["plan"], [place])
    found = times.with_milestones(rows).order_by("order")
    shown = Paginator(found, BARS_A_PAGE).get_page(request.GET.get("page"))
    context |= {
        "page": shown, "line": times.timeline(list(shown), request.today),
        "above": queries.place_above(place, context["plan"].place_code),
        "below": queries.columns(place, "city", request.today)[1:],
    }  # fmt: skip
    return render(request, "work_plans/work_timeline.html", context)


@require_safe
@page("work_plans.follow")
def month(request: Request, pk: int) -> HttpResponse:
    """Show a month with the days on which work of a place is due and milestones are to be reached."""
    context = frame(request, pk, "calendar")
    place = context["place"]
    rows = queries.assignments_at(request.actor, request.at, context["plan"], [place])
    first = times.month_of(request.GET.get("month", ""), request.today)
    weeks, provisional = times.month_grid(rows, times.milestones_of(rows), first, request.today)
    context |= {
        "weeks": weeks, "month": first, "before": times.month_before(first), "after": times.month_after(first),
        "provisional": provisional, "above": queries.place_above(place, context["plan"].place_code),
        "below": queries.columns(place, "city", request.today)[1:],
        "days": [day for week in weeks for day in week if day.inside and (day.due or day.milestones)],
    }  # fmt: skip
    return render(request, "work_plans/work_calendar.html", context)
