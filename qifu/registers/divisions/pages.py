"""The public pages of divisions."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path

from qifu.foundation.pages import Request, page
from qifu.registers.divisions import queries


@page("divisions.view")
def division_tree(request: Request) -> HttpResponse:
    """Show the divisions of one day as a tree, and those that had ended by then."""
    text = request.GET.get("day", "")
    try:
        day, fault = (date.fromisoformat(text) if text else request.today), ""
    except ValueError:
        day, fault = request.today, "日期不对，请写成 2024-03-31 的样子；下面显示的是今天的区划"
    ended = queries.ended(day)
    context = {"day": day, "fault": fault, "provinces": queries.tree(day), "ended": ended}
    return render(request, "divisions/tree.html", context | {"counts": queries.counts(day)})


@page("divisions.view")
def division_history(request: Request, code: str) -> HttpResponse:
    """Show everything known of one code."""
    found = queries.history(code, request.today)
    if found is None:
        raise Http404
    return render(request, "divisions/history.html", {"history": found})


urlpatterns = [
    path("divisions/", division_tree, name="divisions"),
    path("divisions/<slug:code>/", division_history, name="division"),
]
