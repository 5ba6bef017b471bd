"""Published plans: list, overview, items by filter, group, unit and deadline, one item with its history."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django_tables2 import RequestConfig

from qifu.foundation.pages import Request, page
from qifu.registers.divisions.queries import names as division_names
from qifu.services.work_plans.content import source_words
from qifu.services.work_plans.fields import FIELDS, shown
from qifu.services.work_plans.pages.filters import ItemFilter
from qifu.services.work_plans.pages.tables import ItemTable
from qifu.services.work_plans.projection import PARTS
from qifu.services.work_plans.queries import plans as queries
from qifu.services.work_plans.queries.changes import item_row, rulings_on

ITEMS_A_PAGE = 50


@require_safe
@page("work_plans.view")
def plans(request: Request) -> HttpResponse:
    """List the plans that the visitor may see."""
    rows = queries.plans(request.actor, request.at)
    shown_page = Paginator(rows, 20).get_page(request.GET.get("page"))
    places = division_names({row.place_code for row in shown_page})
    entries = [{"plan": row, "place": places.get(row.place_code, row.place_code)} for row in shown_page]
    return render(request, "work_plans/plans.html", {"entries": entries, "page": shown_page})


def frame(request: Request, plan: Any, tab: str) -> dict[str, Any]:
    """Return what every page of a plan shows: the version looked at, its summary, tabs and what the visitor may do."""
    asked = request.GET.get("version", "")
    revision = queries.version(request.actor, request.at, plan, int(asked) if asked.isdigit() else None)
    current = plan.revision_id == revision.pk
    query = "" if current else urlencode({"version": revision.number})
    summary = queries.summary(plan, revision)
    return {
        "plan": plan, "revision": revision, "current": current, "query": query, "summary": summary,
        "tabs": _tabs(plan, summary, tab, query), "today": request.today,
        "internal": plan.publicity != queries.PUBLIC,
        "publisher": queries.may_publish(request.actor, request.at, plan),
        "place": division_names([plan.place_code]).get(plan.place_code, plan.place_code),
    }  # fmt: skip


def _tabs(plan: Any, summary: queries.Summary, tab: str, query: str) -> list[dict[str, Any]]:
    def entry(key: str, title: str, route: str, *args: str, count: int | None = None) -> dict[str, Any]:
        url = reverse(route, args=[plan.pk, *args])
        return {
            "title": title,
            "url": f"{url}?{query}" if query else url,
            "current": key == tab,
            "count": count,
        }

    found = [entry("overview", "概览", "plan"), entry("items", "全部事项", "plan_items")]
    for kind, title in queries.KINDS.items():
        if summary.stated[kind] or any(item.kind == kind for item in (*summary.missing, *summary.held)):
            found.append(entry(kind, title, "plan_by_group", kind, count=summary.stated[kind]))
    return [
        *found, entry("units", "责任单位", "plan_units"), entry("deadlines", "期限", "plan_deadlines"),
        entry("versions", "版本", "plan_versions"),
    ]  # fmt: skip


@require_safe
@page("work_plans.view")
def overview(request: Request, pk: int) -> HttpResponse:
    """Show the plan at a glance: figures that lead to their rows, groups, deadlines."""
    plan = queries.plan(request.actor, request.at, pk)
    if plan.revision is None and not request.GET.get("version"):
        return render(request, "work_plans/withdrawn.html", {"plan": plan})
    context = frame(request, plan, "overview")
    rows = list(queries.items(plan, context["revision"]))
    tasks = [item for item in rows if item.kind == "task" and item.standing == "stated"]
    months = queries.timeline(tasks)
    groups = Counter(item.group for item in rows if item.group)
    kinds = {item.group: item.kind for item in rows if item.group}
    open_months = [month for month in months if month.day is not None]
    context |= {
        "groups": [(name, kinds[name], count) for name, count in groups.items()], "months": months,
        "chart": _chart(open_months), "busiest": max(open_months, key=lambda m: len(m.items), default=None),
        "due_counts": dict(Counter(queries.due_state(item, request.today)[1] for item in tasks)), "content": context["revision"].content,
        "generic": queries.generic_count(plan, context["revision"]),
    }  # fmt: skip
    return render(request, "work_plans/overview.html", context)


def _chart(months: list[queries.Month]) -> dict[str, Any] | None:
    if not months:
        return None
    return {
        "kind": "bar", "unit": "项", "label": "期限月份", "categories": [month.title for month in months],
        "series": [{"name": "任务", "values": [len(month.items) for month in months]}],
    }  # fmt: skip


def filtered(request: Request, plan: Any, revision: Any) -> ItemFilter:
    """Return the filter of a version's items with what the visitor asked for; exports use the same."""
    return ItemFilter(
        request.GET or None, queryset=queries.items(plan, revision), groups=queries.group_names(plan, revision),
        units=queries.unit_names(plan, revision), today=request.today,
    )  # fmt: skip


@require_safe
@page("work_plans.view")
def items(request: Request, pk: int) -> HttpResponse:
    """Show the items that match a filter as one sortable table."""
    plan = queries.plan(request.actor, request.at, pk)
    context = frame(request, plan, "items")
    chosen = filtered(request, plan, context["revision"])
    table = ItemTable(
        chosen.qs, today=request.today, query=context["query"], template_name="portal/table.html"
    )
    RequestConfig(request, paginate={"per_page": ITEMS_A_PAGE}).configure(table)
    asked = {key: value for key, value in request.GET.items() if value and key not in ("page", "sort")}
    context |= {
        "filter": chosen,
        "table": table,
        "export_query": urlencode(asked),
        "asked": bool(set(asked) - {"version"}),
    }
    return render(request, "work_plans/items.html", context)


@require_safe
@page("work_plans.view")
def by_group(request: Request, pk: int, kind: str) -> HttpResponse:
    """Show the items of one kind under their groups or dimensions, in the document's order."""
    if kind not in queries.KINDS:
        raise Http404
    plan = queries.plan(request.actor, request.at, pk)
    context = frame(request, plan, kind)
    rows = queries.items(plan, context["revision"]).filter(kind=kind)
    groups: dict[str, list[Any]] = {}
    for item in rows:
        groups.setdefault(item.group, []).append(item)
    missing = sum(item.standing == "missing" for item in rows)
    context |= {"groups": groups, "kind": kind, "kind_title": queries.KINDS[kind], "missing": missing}
    return render(request, "work_plans/by_group.html", context)


@require_safe
@page("work_plans.view")
def units(request: Request, pk: int) -> HttpResponse:
    """Show every unit with the items it leads, is responsible for or cooperates in."""
    plan = queries.plan(request.actor, request.at, pk)
    context = frame(request, plan, "units")
    rows = queries.units(plan, context["revision"])
    context["sections"] = [
        ("登记在册的单位", "specific", [u for u in rows if u.kind == "specific"]),
        ("泛指单位（待分解）", "generic", [u for u in rows if u.kind == "generic"]),
        ("点名的地区", "division", [u for u in rows if u.kind == "division"]),
    ]
    return render(request, "work_plans/units.html", context)


@require_safe
@page("work_plans.view")
def deadlines(request: Request, pk: int) -> HttpResponse:
    """Show the items by month of their deadline, the ongoing ones apart."""
    plan = queries.plan(request.actor, request.at, pk)
    context = frame(request, plan, "deadlines")
    rows = list(queries.items(plan, context["revision"]))
    months = queries.timeline(rows)
    context |= {"months": months, "without": sum(1 for item in rows if not item.deadline_kind)}
    return render(request, "work_plans/deadlines.html", context)


@require_safe
@page("work_plans.view")
def item(request: Request, pk: int, kind: str, number: int) -> HttpResponse:
    """Show all facts of an item, where they come from, what was ruled on it, and how it changed."""
    if kind not in queries.KINDS:
        raise Http404
    plan = queries.plan(request.actor, request.at, pk)
    context = frame(request, plan, kind)
    rows = queries.item_rows(plan, context["revision"], kind, number)
    internal = queries.sees_internal(request.actor, request.at, plan)
    content = context["revision"].content
    before, after = queries.neighbours(rows[0])
    context |= {
        "rows": rows, "item": rows[0], "kind": kind, "previous": before, "next": after,
        "source": source_words(content, PARTS[kind], number, rows[0].source_line, missing=rows[0].source_part == "missing"),
        "held": [one for one in content.get("held_back", []) if internal and one["kind"] == kind and one["number"] == number],
        "insider": internal,
        "rulings": rulings_on(content, kind, number, internal=internal),
        "history": _history(request, plan, kind, number), "directions": queries.DIRECTIONS,
    }  # fmt: skip
    return render(request, "work_plans/item.html", context)


@require_safe
@page("work_plans.view")
def item_by_key(request: Request, key: str) -> HttpResponse:
    """Lead from a search hit (plan-kind-number) to the item."""
    parts = key.split("-")
    if len(parts) != 3 or not (parts[0].isdigit() and parts[2].isdigit()):
        raise Http404
    return redirect("plan_item", int(parts[0]), parts[1], int(parts[2]))


def _history(request: Request, plan: Any, kind: str, number: int) -> list[dict[str, Any]]:
    """Return what each later version changed of an item, newest first; versions that left it alone are not named."""
    found = []
    rows = queries.versions(request.actor, request.at, plan)
    contents = [(row, item_row(row.revision.content, kind, number) if row.revision else None) for row in rows]
    for (row, now), (_, was) in pairwise(contents):
        if now == was:
            continue
        fields = [
            (one.title, shown(one, (was or {}).get(one.name)), shown(one, (now or {}).get(one.name)))
            for one in FIELDS[PARTS[kind]]
            if (was or {}).get(one.name) != (now or {}).get(one.name)
        ]
        found.append({"version": row, "fields": fields, "added": was is None, "gone": now is None})
    return found
