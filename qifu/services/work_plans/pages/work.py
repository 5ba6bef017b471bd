"""The plan's work at a glance: the board of tasks and divisions, and the columns of each status."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from qifu.foundation.pages import Request, page
from qifu.services.work_plans.queries import work as queries
from qifu.services.work_plans.queries import work_board as boards

SHOWN_KINDS = ("task", "action", "indicator")
LEVELS = {"city": "设区市", "county": "县（市、区）", "all": "市和县"}
TABS = (
    ("board", "看板", "work_board"),
    ("statuses", "按状态", "work_statuses"),
    ("list", "清单", "work_list"),
    ("timeline", "时间线", "work_timeline"),
    ("calendar", "日历", "work_calendar"),
    ("compare", "比较", "work_compare"),
    ("generic", "待分解", "work_generic"),
)


@require_safe
@page("work_plans.follow")
def work_plans(request: Request) -> HttpResponse:
    """Lead to the board of the only plan with work, or list them."""
    plans = list(queries.followed_plans(request.actor, request.at)[:50])
    if len(plans) == 1:
        return redirect("work_board", plans[0].pk)
    places = queries.place_names({plan.place_code for plan in plans})
    entries = [{"plan": plan, "place": places.get(plan.place_code, "")} for plan in plans]
    return render(request, "work_plans/work_plans.html", {"entries": entries})


def frame(request: Request, pk: int, tab: str) -> dict[str, Any]:
    """Return what every page of a plan's work shows: the plan, its tabs, and the place looked at."""
    plan = queries.plan_of_work(request.actor, request.at, pk)
    tabs = [
        {"title": title, "url": reverse(route, args=[plan.pk]), "current": key == tab}
        for key, title, route in TABS
    ]
    place = request.GET.get("place", "")
    if not queries.is_under(place, plan.place_code):
        place = queries.home_place(request.actor, request.at, plan)
    return {
        "plan": plan, "tabs": tabs, "tab": tab, "today": request.today, "place": place,
        "place_name": queries.place_name(place), "internal": plan.publicity != queries.PUBLIC,
    }  # fmt: skip


@require_safe
@page("work_plans.follow")
def board(request: Request, pk: int) -> HttpResponse:
    """Show tasks by divisions, fifty tasks a page, with totals of all."""
    context = frame(request, pk, "board")
    plan, place = context["plan"], context["place"]
    level = request.GET.get("level", "")
    level = level if level in LEVELS else "city"
    candidates = queries.columns(place, level, request.today)
    codes = [one.code for one in candidates]
    kind = request.GET.get("kind", SHOWN_KINDS[0])  # what is handed down; an empty one asks for all
    kind = kind if kind in queries.KINDS else ""
    orders = boards.orders(request.actor, request.at, plan, codes, kind)
    if not orders and "kind" not in request.GET:
        kind, orders = "", boards.orders(request.actor, request.at, plan, codes)
    shown = Paginator(orders, boards.ROWS).get_page(request.GET.get("page"))
    found = boards.board(request.actor, request.at, plan, request.today, candidates, list(shown), kind)
    context |= {
        "board": found, "page": shown, "level": level, "levels": _levels(place, level, kind), "kind": kind,
        "kinds": [("", "全部"), *((key, queries.KINDS[key]) for key in SHOWN_KINDS)],
        "own": [
            (queries.KINDS[key], sum(counts.values()), queries.figures(counts, reverse("work_list", args=[pk]), place=place, level="own", kind=key))
            for key in SHOWN_KINDS if (counts := found.own.get(key))
        ],
        "above": queries.place_above(place, plan.place_code),
    }  # fmt: skip
    return render(request, "work_plans/work_board.html", context)


def _levels(place: str, level: str, kind: str) -> list[dict[str, Any]]:
    """Return the levels that can be columns; only a province has both cities and counties."""
    if queries.kind_of_place(place) != "province":
        return []
    return [
        {"title": title, "url": f"?place={place}&level={key}&kind={kind}", "current": key == level}
        for key, title in LEVELS.items()
    ]


@require_safe
@page("work_plans.follow")
def statuses(request: Request, pk: int) -> HttpResponse:
    """Show the work of a place in six columns by status: counts, and the first of each."""
    context = frame(request, pk, "statuses")
    place = context["place"]
    rows = queries.assignments_at(request.actor, request.at, context["plan"], [place])
    counts = queries.count_by(rows, request.today).get((), {})
    cards = boards.first_cards(rows, request.today)
    figures = queries.figures(counts, reverse("work_list", args=[pk]), place=place, level="own")
    context |= {
        "columns": [{"figure": one, "cards": cards[one.status], "more": one.count - len(cards[one.status])} for one in figures],
        "above": queries.place_above(place, context["plan"].place_code),
        "below": queries.columns(place, "city", request.today)[1:],
        "count": sum(counts.values()),
    }  # fmt: skip
    return render(request, "work_plans/work_statuses.html", context)
