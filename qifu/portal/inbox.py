"""The inbox: to-dos first, then what is new; each opened, marked as read or as done."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, Count, DateField, IntegerField, Q, QuerySet, When
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from qifu.foundation import access
from qifu.foundation.notices import Notice
from qifu.foundation.pages import Request, page
from qifu.portal.actions import finish_to_do, mark_notices_read, open_notice

NOTICES_A_PAGE = 50
READ = "foundation.read_notices"
OPEN = Q(kind=Notice.Kind.TO_DO, done_at=None)
NEW = OPEN | Q(read_at=None)
"""What still asks for attention: open to-dos, and whatever is unread."""


@require_safe
@page(READ)
def inbox(request: Request) -> HttpResponse:
    """List the person's notices of one kind or all: open to-dos by due day, then the others, newest first."""
    rows = access.visible(Notice.objects.all(), request.actor, READ, request.at)
    kind = request.GET.get("kind", "")
    kind = kind if kind in Notice.Kind.values else ""
    only_new = request.GET.get("show") == "unread"
    shown = rows.filter(NEW) if only_new else rows
    shown = shown.filter(kind=kind) if kind else shown
    notices = Paginator(_in_order(shown), NOTICES_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "portal/inbox.html",
        {
            "notices": notices,
            "tabs": _tabs(rows, kind, only_new),
            "kind": kind,
            "kind_title": dict(Notice.Kind.choices).get(kind, "消息"),
            "only_new": only_new,
            "other_show": _address(kind, not only_new),
        },
    )


@require_safe
@page(READ)
def inbox_notice(request: Request, notice_id: int) -> HttpResponse:
    """Open one notice: mark it as read and go to where it leads. Messages outside the site lead here."""
    notice = access.find(Notice.objects.all(), request.actor, READ, request.at, pk=notice_id)
    if request.method == "GET" and notice.read_at is None:
        open_notice(notice=notice, by=request.actor, at=request.at)
    return HttpResponseRedirect(notice.link or reverse("inbox"))


@require_POST
@page(READ)
def inbox_read(request: Request) -> HttpResponse:
    """Mark one notice, those of one kind, or all of the person's as read."""
    if chosen := request.POST.get("notice", ""):
        notice = access.find(Notice.objects.all(), request.actor, READ, request.at, pk=chosen)
        open_notice(notice=notice, by=request.actor, at=request.at)
        return _back(request)
    kind = request.POST.get("kind", "")
    count = mark_notices_read(
        kind=kind if kind in Notice.Kind.values else "", by=request.actor, at=request.at
    )
    messages.success(request, f"{count} 条消息已标为已读。" if count else "没有未读消息。")
    return _back(request)


@require_POST
@page(READ)
def inbox_done(request: Request, notice_id: int) -> HttpResponse:
    """End one to-do of the person."""
    notice = access.find(Notice.objects.all(), request.actor, READ, request.at, pk=notice_id)
    done = finish_to_do(notice=notice, by=request.actor, at=request.at)
    messages.success(request, "待办已标为已办。" if done else "这项待办早已办结。")
    return _back(request)


def _back(request: Request) -> HttpResponse:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return HttpResponseRedirect(wanted if safe else reverse("inbox"))


def _in_order(rows: QuerySet[Notice]) -> QuerySet[Notice]:
    """Open to-dos come first, the earliest due day first; the others follow, newest first."""
    waits = Case(When(OPEN, then=0), default=1, output_field=IntegerField())
    due = Case(When(OPEN, then="due_on"), default=None, output_field=DateField())
    return rows.order_by(waits, due.asc(nulls_last=True), "-created_at", "-pk")


def _tabs(rows: QuerySet[Notice], kind: str, only_new: bool) -> list[dict[str, Any]]:
    counts = rows.aggregate(
        all=Count("pk", filter=NEW),
        to_do=Count("pk", filter=OPEN),
        reminder=Count("pk", filter=Q(kind="reminder", read_at=None)),
        message=Count("pk", filter=Q(kind="message", read_at=None)),
    )
    kinds = [("", "全部"), *Notice.Kind.choices]
    return [
        {"title": title, "url": _address(one, only_new), "current": one == kind, "count": counts[one or "all"] or ""}
        for one, title in kinds
    ]  # fmt: skip


def _address(kind: str, only_new: bool) -> str:
    asked = {key: value for key, value in (("kind", kind), ("show", "unread" if only_new else "")) if value}
    return f"?{urlencode(asked)}"


urlpatterns = [
    path("inbox/", inbox, name="inbox"),
    path("inbox/read/", inbox_read, name="inbox_read"),
    path("inbox/<int:notice_id>/", inbox_notice, name="inbox_notice"),
    path("inbox/<int:notice_id>/done/", inbox_done, name="inbox_done"),
]
