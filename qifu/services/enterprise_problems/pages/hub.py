"""The hub's and the units' lists: queues with filters, what today brings, export, printed orders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST, require_safe

from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.registers.divisions import queries as divisions
from qifu.services.enterprise_problems.actions.filters import drop_filter, save_filter
from qifu.services.enterprise_problems.actions.moving import reveal_contact
from qifu.services.enterprise_problems.export_queue import excel
from qifu.services.enterprise_problems.pages.hub_forms import QueueForm
from qifu.services.enterprise_problems.queries import queues, saved, today
from qifu.services.enterprise_problems.queries.lines import lines
from qifu.services.enterprise_problems.queries.orders import Order, orders

ROWS_A_PAGE, MOST_EXPORTED = 50, 10_000
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BULK = {
    "received": ("accept", "merge"),
    "pooled": ("assign", "merge"),
    "working": ("merge", "print"),
    "returned": ("merge",),
}


def _asked(request: Request) -> tuple[queues.Desk, queues.Queue, QueueForm]:
    desk = queues.desk_of(request.actor, request.at, request.GET.get("desk", ""))
    queue = queues.queue_of(desk, request.GET.get("queue", ""))
    places = divisions.names(sorted(code for code in desk.places if not code.startswith("F")))
    states = queues.state_titles(desk.place, request.moment)
    return desk, queue, QueueForm(request.GET, desk=desk, queue=queue, places=places, states=states)


@require_safe
@page("enterprise_problems.view")
def queue(request: Request) -> HttpResponse:
    """Show one queue of one desk, narrowed by filters."""
    desk, asked, form = _asked(request)
    filters, kept = form.filters(), form.kept()
    rows = queues.cases(request.actor, request.at, request.moment, desk=desk, queue=asked, filters=filters)
    found = queues.found(rows)
    shown = Paginator(found.pks, ROWS_A_PAGE).get_page(request.GET.get("page"))
    counts = queues.counts(request.actor, request.at, request.moment, desk)
    here = {"desk": desk.key, "queue": asked.name}
    context: dict[str, Any] = {
        "desk": desk, "queue": asked, "form": form, "found": found, "page": shown, "lines": lines(list(shown), request.actor, request.at, request.moment),
        "tabs": [
            {
                "title": one.title, "url": f"?{urlencode({'desk': desk.key, 'queue': one.name})}", "current": one.name == asked.name,
                "count": counts.get(one.name, ""), "urgent": one.name == "overdue" and counts.get(one.name, "0") != "0",
            }
            for one in queues.queues_of(desk)
        ],
        "desks": queues.desks(request.actor, request.at), "narrowed": filters.narrowing, "here": here,
        "saved": saved.filters(request.actor, request.at, asked.name), "query": urlencode(kept),
        "export_query": urlencode(here | kept), "bulk": BULK.get(asked.name, ()) if desk.is_hub else (),
        "more_open": bool(set(kept) - {"text", "level", "sort"}) or bool(form.errors), "most": queues.MOST,
    }  # fmt: skip
    return render(request, "enterprise_problems/queue.html", context)


@require_safe
@page("enterprise_problems.view")
def queue_excel(request: Request) -> HttpResponse:
    """Return what is filtered as a workbook; more than 10,000 rows are refused with words."""
    desk, asked, form = _asked(request)
    rows = queues.cases(
        request.actor, request.at, request.moment, desk=desk, queue=asked, filters=form.filters()
    )
    found = queues.found(rows, MOST_EXPORTED)
    here = {"desk": desk.key, "queue": asked.name} | form.kept()
    if found.more:
        messages.error(
            request,
            f"符合条件的超过 {MOST_EXPORTED:,} 件，一次导不完。请先用地区、环节或期限缩小范围，再导出。",
        )
        return redirect(f"{reverse('problem_queue')}?{urlencode(here)}")
    chosen = f"{desk.title} · {asked.title} · {form.words()} · 截至 {request.today}，共 {len(found.pks)} 件"
    content = excel(
        f"涉企问题：{asked.title}", chosen, lines(list(found.pks), request.actor, request.at, request.moment)
    )
    response = HttpResponse(content, content_type=EXCEL)
    name = quote(f"涉企问题_{asked.title}_{request.today}.xlsx", safe="")
    response["Content-Disposition"] = f"attachment; filename=problems.xlsx; filename*=UTF-8''{name}"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
@page("enterprise_problems.view")
def filter_save(request: Request) -> HttpResponse:
    """Keep the conditions of a queue under a name."""
    asked, query = request.POST.get("queue", ""), request.POST.get("query", "")
    try:
        save_filter(
            by=request.actor, at=request.at, name=request.POST.get("name", ""), queue=asked, query=query
        )
        messages.success(request, "已保存。以后在这个队列上方点名称即可使用。")
    except Refused as refusal:
        messages.error(request, refusal.message)
    here = {"desk": request.POST.get("desk", ""), "queue": asked}
    return redirect(f"{reverse('problem_queue')}?{urlencode(here)}&{query}")


@require_POST
@page("enterprise_problems.view")
def filter_drop(request: Request, pk: int) -> HttpResponse:
    """Forget saved conditions."""
    row = saved.one(request.actor, request.at, pk)
    asked = row.queue
    drop_filter(by=request.actor, at=request.at, saved=row)
    messages.success(request, "已删去这组条件。")
    return redirect(f"{reverse('problem_queue')}?{urlencode({'queue': asked})}")


@require_safe
@page("enterprise_problems.run_hub")
def today_page(request: Request) -> HttpResponse:
    """Show what the hub has before it today."""
    hubs = [desk for desk in queues.desks(request.actor, request.at) if desk.is_hub]
    asked = request.GET.get("desk", "")
    desk = next((one for one in hubs if one.key == asked), hubs[0])
    context = {
        "desk": desk, "desks": hubs, "heaps": today.heaps(request.actor, request.at, request.moment, desk),
        "statutory": today.statutory_counts(request.actor, request.at, desk, request.today),
    }  # fmt: skip
    return render(request, "enterprise_problems/today.html", context)


@require_safe
@page("enterprise_problems.view")
def order(request: Request, number: str) -> HttpResponse:
    """Show the 交办单 of one case, to be printed."""
    return _orders(request, [number])


@require_POST
@page("enterprise_problems.view")
def order_many(request: Request) -> HttpResponse:
    """Show the 交办单 of the cases ticked, each on a page of its own; with the contacts in clear where asked (audited)."""
    return _orders(request, request.POST.getlist("case"), reveal="reveal" in request.POST)


def _orders(request: Request, numbers: list[str], *, reveal: bool = False) -> HttpResponse:
    found = orders(request.actor, request.at, numbers)
    if not found:
        messages.error(request, "所选的还没有交给单位，没有交办单可以打印。请先交办。")
        return redirect("problem_queue")
    if reveal:
        found = [replace(one, contact=_contact(request, one)) for one in found]
    return render(
        request,
        "enterprise_problems/order.html",
        {"orders": found, "revealed": reveal, "left_out": len(set(numbers)) - len(found)},
    )


def _contact(request: Request, one: Order) -> tuple[str, str]:
    """Return the contact in clear; who looked stays in the audit trail. Masked still where it cannot be read."""
    try:
        known = reveal_contact(by=request.actor, at=request.at, case=one.case, reason="contact")
    except Refused as refusal:
        messages.warning(request, f"{one.case.number}：{refusal.message}")
        return one.contact
    return known.name, known.mobile


urlpatterns: list[URLPattern] = [
    path("workbench/problems/", queue, name="problem_queue"),
    path("workbench/problems/excel/", queue_excel, name="problem_queue_excel"),
    path("workbench/problems/filters/save/", filter_save, name="problem_filter_save"),
    path("workbench/problems/filters/<int:pk>/drop/", filter_drop, name="problem_filter_drop"),
    path("workbench/problems/today/", today_page, name="problem_today"),
    path("workbench/problems/orders/", order_many, name="problem_orders"),
    path("workbench/problems/<str:number>/order/", order, name="problem_order"),
]
