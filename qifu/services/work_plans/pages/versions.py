"""The versions of a plan and what changed between them."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from qifu.foundation.pages import Request, page
from qifu.services.work_plans.pages.browse import frame
from qifu.services.work_plans.queries import plans as queries
from qifu.services.work_plans.queries.changes import changes


@require_safe
@page("work_plans.view")
def versions(request: Request, pk: int) -> HttpResponse:
    """List the versions with who published them, since when, and links to their differences."""
    plan = queries.plan(request.actor, request.at, pk)
    day = _day(request.GET.get("on", ""))
    if day is not None:
        found = queries.version_on(request.actor, request.at, plan, day)
        if found is not None:
            return redirect(f"{reverse('plan', args=[pk])}?version={found.number}")
        messages.info(request, f"{day:%Y-%m-%d} 还没有生效的版本。")
    rows = queries.versions(request.actor, request.at, plan)
    pairs = [(row, rows[i + 1] if i + 1 < len(rows) else None) for i, row in enumerate(rows)]
    context = frame(request, plan, "versions") | {"pairs": pairs}
    return render(request, "work_plans/versions.html", context)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@require_safe
@page("work_plans.view")
def compare(request: Request, pk: int, before: int, after: int) -> HttpResponse:
    """Say in words what differs between two versions, item by item."""
    plan = queries.plan(request.actor, request.at, pk)
    old = queries.version(request.actor, request.at, plan, before)
    new = queries.version(request.actor, request.at, plan, after)
    context = frame(request, plan, "versions") | {
        "before": old,
        "after": new,
        "changes": changes(old.content, new.content),
    }
    return render(request, "work_plans/compare.html", context)
