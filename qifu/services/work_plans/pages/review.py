"""The review screen: original on the left, one doubt on the right, one ruling after another."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.registers.divisions.queries import names as division_names
from qifu.services.work_plans import actions
from qifu.services.work_plans.fields import FIELDS, PART_TITLES, field_of
from qifu.services.work_plans.pages.field_form import (
    COMPARATOR_CHOICES,
    ItemForm,
    ValueForm,
    entries_of,
    entry_of,
    rows_sent,
    target_rows,
)
from qifu.services.work_plans.queries import reviews as queries
from qifu.services.work_plans.queries.desk import Desk, Filter, correction_place, desk
from qifu.services.work_plans.queries.desk import whole as whole_part

WHOLE_PARTS = ("indicators", "tasks", "actions", "missing", "duties", "document")
ADDABLE = ("indicators", "tasks", "actions")


@require_safe
@page("work_plans.review")
def reviews(request: Request) -> HttpResponse:
    """List the uploads that are being read, reviewed or were published."""
    rows = list(queries.reviews(request.actor, request.at)[:100])
    places = division_names({row.place_code for row in rows})
    entries = [(row, places.get(row.place_code, row.place_code)) for row in rows]
    return render(request, "work_plans/reviews.html", {"entries": entries})


@require_safe
@page("work_plans.review")
def review(request: Request, pk: int) -> HttpResponse:
    """Show one doubt beside the original."""
    row = queries.review(request.actor, request.at, pk)
    if row.state in ("reading", "failed"):
        return redirect("plan_reading", pk)
    return _screen(request, row, request.GET.get("item", ""))


def _screen(
    request: Request,
    row: Any,
    wanted: str,
    *,
    tried: QueryDict | None = None,
    faults: dict[str, str] | None = None,
) -> HttpResponse:
    only = _filter(request.GET)
    shown = desk(row, wanted=int(wanted) if wanted.isdigit() else None, only=only)
    context: dict[str, Any] = {
        "desk": shown,
        "review": row,
        "only": only,
        "query": _query(only),
        "faults": faults or {},
    }
    current = shown.current
    if current is not None and current.field is not None:
        if current.field.kind == "targets":
            context["target_rows"] = rows_sent(tried) if tried is not None else target_rows(current.value)
            context["comparators"] = COMPARATOR_CHOICES
        else:
            context["form"] = ValueForm(current.field, current.value, tried, groups=shown.groups)
    context["tried"] = tried
    return render(request, "work_plans/review.html", context, status=422 if faults else 200)


@require_POST
@page("work_plans.review")
def rule(request: Request, pk: int, doubt: int) -> HttpResponse:
    """Rule on a doubt and go on to the next open one."""
    row = queries.irregularity(request.actor, request.at, pk, doubt)
    field = field_of(row.part, row.field)
    verdict = request.POST.get("verdict", "")
    try:
        actions.rule_irregularity(
            irregularity=row, verdict=verdict, expected_version=_version(request.POST),
            entry=entry_of(field, request.POST) if field and verdict == "corrected" else None,
            note=request.POST.get("note", ""), by=request.actor, at=request.at,
        )  # fmt: skip
    except Refused as refusal:
        if refusal.fields:
            review_row = queries.review(request.actor, request.at, pk)
            return _screen(request, review_row, str(doubt), tried=request.POST, faults=dict(refusal.fields))
        messages.error(request, refusal.message)
        return redirect(_address(pk, doubt, _filter(request.GET)))
    return _onward(request, pk, doubt)


def _onward(request: Request, pk: int, doubt: int) -> HttpResponse:
    only = _filter(request.GET)
    shown: Desk = desk(queries.review(request.actor, request.at, pk), wanted=doubt, only=only)
    if shown.next_open is not None:
        return redirect(_address(pk, shown.next_open.pk, only))
    if shown.tally.open:
        messages.success(request, f"这一类已裁定完，还有 {shown.tally.open} 处待裁定。")
        return redirect(_address(pk, None, Filter()))
    messages.success(request, "疑点已全部裁定，可以发布了。")
    return redirect(_address(pk, doubt, Filter()))


@require_POST
@page("work_plans.review")
def undo(request: Request, pk: int, doubt: int) -> HttpResponse:
    """Take a ruling back."""
    row = queries.irregularity(request.actor, request.at, pk, doubt)
    try:
        actions.reopen_irregularity(irregularity=row, by=request.actor, at=request.at)
        messages.success(request, "已撤销，可以重新裁定。")
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect(_address(pk, doubt, _filter(request.GET)))


@require_POST
@page("work_plans.review")
def accept_all_information(request: Request, pk: int) -> HttpResponse:
    """Accept every open doubt of the lowest severity."""
    row = queries.review(request.actor, request.at, pk)
    try:
        count = actions.accept_information(review=row, by=request.actor, at=request.at)
        messages.success(request, f"已采纳 {count} 条提示，识别结果不变。")
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("plan_review", pk)


@require_safe
@page("work_plans.review")
def whole(request: Request, pk: int) -> HttpResponse:
    """Show one part of the reading as a table, every field open to correction."""
    row = queries.review(request.actor, request.at, pk)
    part = request.GET.get("part", "tasks")
    if part not in WHOLE_PARTS:
        raise Http404
    fields, rows, counts = whole_part(row, part)
    here = reverse("plan_whole_reading", args=[pk])
    tabs = [
        {
            "title": PART_TITLES[name],
            "url": f"{here}?part={name}",
            "current": name == part,
            "count": counts[name],
        }
        for name in WHOLE_PARTS
    ]
    context = {
        "review": row,
        "fields": fields,
        "rows": rows,
        "part": part,
        "tabs": tabs,
        "part_title": PART_TITLES[part],
    }
    return render(
        request,
        "work_plans/whole.html",
        context | {"editable": row.state == "review", "addable": part in ADDABLE and row.state == "review"},
    )


@page("work_plans.review")
def correct(request: Request, pk: int, part: str, row: str, field: str) -> HttpResponse:
    """Correct a field that raised no doubt; needs a reason."""
    review_row = queries.review(request.actor, request.at, pk)
    index = int(row) if row.isdigit() else None
    place = correction_place(review_row, part, index, field)
    if place is None:
        raise Http404
    known, value, words, groups = place
    faults: dict[str, str] = {}
    sent = request.POST if request.method == "POST" else None
    if sent is not None:
        try:
            actions.correct_field(
                review=review_row, part=part, row=index, field=field, entry=entry_of(known, sent),
                reason=sent.get("reason", ""), expected_version=_version(sent), by=request.actor, at=request.at,
            )  # fmt: skip
        except Refused as refusal:
            faults = dict(refusal.fields) or {"": refusal.message}
        else:
            messages.success(request, f"{words}已更正。")
            return redirect(f"{reverse('plan_whole_reading', args=[pk])}?part={part}#row-{row}")
    context: dict[str, Any] = {
        "review": review_row, "field": known, "where": words, "groups": groups, "faults": faults, "part": part, "row": row,
        "tried": sent, "comparators": COMPARATOR_CHOICES,
    }  # fmt: skip
    if known.kind == "targets":
        context["target_rows"] = rows_sent(sent) if sent is not None else target_rows(value)
    else:
        context["form"] = ValueForm(known, value, sent, groups=groups)
    return render(request, "work_plans/correct.html", context, status=422 if faults else 200)


@page("work_plans.review")
def add(request: Request, pk: int, part: str) -> HttpResponse:
    """Enter an item that the reader did not find."""
    row = queries.review(request.actor, request.at, pk)
    if part not in ADDABLE or row.state != "review":
        raise Http404
    sent = request.POST if request.method == "POST" else None
    faults: dict[str, str] = {}
    if sent is not None:
        number = sent.get("number", "")
        try:
            actions.add_item(
                review=row, part=part, number=int(number) if number.isascii() and number.isdigit() else 0,
                entries=entries_of(FIELDS[part], sent), reason=sent.get("reason", ""), by=request.actor, at=request.at,
            )  # fmt: skip
        except Refused as refusal:
            faults = dict(refusal.fields) or {"": refusal.message}
        else:
            messages.success(request, f"{PART_TITLES[part]}第{number}条已补录。")
            return redirect(f"{reverse('plan_whole_reading', args=[pk])}?part={part}")
    context = {
        "review": row, "part": part, "part_title": PART_TITLES[part], "faults": faults, "tried": sent,
        "form": ItemForm(FIELDS[part], sent), "number": (sent or request.GET).get("number", ""),
        "target_rows": (rows_sent(sent) if sent is not None else target_rows(None)) if part == "actions" else None,
        "comparators": COMPARATOR_CHOICES,
    }  # fmt: skip
    return render(request, "work_plans/add.html", context, status=422 if faults else 200)


def _version(data: QueryDict) -> int:
    text = data.get("version", "")
    return int(text) if text.isdigit() else 0


def _filter(data: QueryDict) -> Filter:
    return Filter(data.get("severity", ""), data.get("part", ""), data.get("state", ""))


def _query(only: Filter) -> str:
    return urlencode({key: value for key, value in vars(only).items() if value})


def _address(pk: int, doubt: int | None, only: Filter) -> str:
    query = {key: value for key, value in vars(only).items() if value}
    if doubt is not None:
        query["item"] = str(doubt)
    return (
        f"{reverse('plan_review', args=[pk])}?{urlencode(query)}"
        if query
        else reverse("plan_review", args=[pk])
    )
