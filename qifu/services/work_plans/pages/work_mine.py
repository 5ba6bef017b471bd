"""我的工作: what waits for the person, by what must be done."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from qifu.foundation.pages import Request, page
from qifu.services.work_plans.queries import work as queries
from qifu.services.work_plans.queries import work_mine as mine


@require_safe
@page("work_plans.follow")
def my_work(request: Request) -> HttpResponse:
    """Show what waits, each kind with its rows and the one button that does it; `?show=` opens one kind in full."""
    found = mine.waiting(request.actor, request.at, request.today)
    whole = request.GET.get("show", "")
    places = queries.place_names({row.place_code for kind in found for row in kind.rows})
    kinds = [
        {"kind": kind, "rows": kind.rows if kind.key == whole else kind.rows[: mine.SHOWN],
         "more": 0 if kind.key == whole else max(kind.count - mine.SHOWN, 0)}
        for kind in found
    ]  # fmt: skip
    context = {
        "kinds": kinds, "places": places, "today": request.today, "plans": queries.followed_plans(request.actor, request.at)[:10],
        "figures": [(kind.count, kind.title, f"#{kind.key}") for kind in found],
    }  # fmt: skip
    return render(request, "work_plans/my_work.html", context)
