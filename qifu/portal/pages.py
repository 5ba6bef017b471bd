"""The pages that belong to no service: home, workbench, inbox, help."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_POST, require_safe

from qifu.foundation import access
from qifu.foundation.modules import home_cards
from qifu.foundation.notices import Notice
from qifu.foundation.pages import Request, page
from qifu.portal.actions import mark_notices_read
from qifu.portal.context import held_roles, may, menu_of

NOTICES_A_PAGE = 50


@require_safe
@page("portal.view")
def home(request: Request) -> HttpResponse:
    """Say what one can do here, with live figures from the rooms that have some."""
    roles = held_roles(request)
    cards: list[dict[str, Any]] = []
    for card in home_cards():
        if not may(card.permission, roles):
            continue
        try:
            url = reverse(card.route)
        except NoReverseMatch:
            continue
        figures = card.figures(request.actor, request.today) if card.figures else ()
        cards.append({"card": card, "url": url, "figures": figures})
    return render(request, "portal/home.html", {"cards": cards})


@require_safe
@page("portal.work")
def workbench(request: Request) -> HttpResponse:
    """Show what waits for the person, and the places he or she works in."""
    unread = access.visible(
        Notice.objects.filter(read_at=None), request.actor, "foundation.read_notices", request.at
    )
    roles = held_roles(request)
    places = [entry for entry in menu_of(request, "workbench", roles) if entry["url"] != request.path]
    without_post = roles <= {access.ANYONE, access.SIGNED_IN}
    newest = unread.order_by("-created_at", "-pk")[:5]
    return render(
        request, "portal/workbench.html", {"notices": newest, "places": places, "without_post": without_post}
    )


@require_safe
@page("foundation.read_notices")
def inbox(request: Request) -> HttpResponse:
    """List the person's notices, newest first."""
    rows = access.visible(Notice.objects.all(), request.actor, "foundation.read_notices", request.at)
    only_unread = request.GET.get("show") == "unread"
    shown = rows.filter(read_at=None) if only_unread else rows
    notices = Paginator(shown.order_by("-created_at", "-pk"), NOTICES_A_PAGE).get_page(
        request.GET.get("page")
    )
    tabs = [
        {"title": "全部", "url": "?", "current": not only_unread, "count": rows.count()},
        {
            "title": "未读",
            "url": "?show=unread",
            "current": only_unread,
            "count": rows.filter(read_at=None).count(),
        },
    ]
    return render(request, "portal/inbox.html", {"notices": notices, "tabs": tabs})


@require_POST
@page("foundation.read_notices")
def inbox_read(request: Request) -> HttpResponse:
    """Mark every notice of the person as read."""
    count = mark_notices_read(by=request.actor, at=request.at)
    messages.success(request, f"{count} 条消息已标为已读。" if count else "没有未读消息。")
    return HttpResponseRedirect(reverse("inbox"))


@require_safe
@page("portal.view")
def help_page(request: Request) -> HttpResponse:
    """Say how to use the site."""
    return render(request, "portal/help.html")


@require_safe
@page("portal.view")
def accessibility(request: Request) -> HttpResponse:
    """State how accessible the site is and whom to tell when it is not."""
    return render(request, "portal/accessibility.html")


@require_safe
@page("portal.view")
def robots(request: Request) -> HttpResponse:
    """Tell crawlers to keep out of the workbench and of search results."""
    lines = [
        "User-agent: *",
        "Disallow: /workbench/",
        "Disallow: /inbox/",
        "Disallow: /search/",
        "Disallow: /sign-in/",
    ]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")
