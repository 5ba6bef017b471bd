"""The pages that belong to no service: home, workbench, inbox, help."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from qifu.foundation import access
from qifu.foundation.modules import home_cards
from qifu.foundation.notices import Notice
from qifu.foundation.pages import Request, page
from qifu.portal.context import held_roles, may, menu_of
from qifu.portal.sides import address
from qifu.registers.mandates.queries import acts_for_any


@require_safe
@page("portal.view")
def home(request: Request) -> HttpResponse:
    """Say what one can do here, with live figures from the rooms that have some."""
    roles = held_roles(request)
    cards: list[dict[str, Any]] = []
    for card in home_cards():
        if not may(card.permission, roles):
            continue
        url = address(card.route)
        if not url:
            continue
        figures = card.figures(request.actor, request.today) if card.figures else ()
        cards.append({"card": card, "url": url, "figures": figures})
    return render(request, "portal/home.html", {"cards": cards})


@require_safe
@page("portal.work")
def workbench(request: Request) -> HttpResponse:
    """Show what waits for the person, and the places he or she works in."""
    roles = held_roles(request)
    if acts_for_any(request.actor, request.at) and roles.isdisjoint(access.post_roles()):
        return redirect(address("my_enterprise") or "home")  # an enterprise's own people have no desk here
    unread = access.visible(
        Notice.objects.filter(read_at=None), request.actor, "foundation.read_notices", request.at
    )
    places = [entry for entry in menu_of(request, "workbench", roles) if entry["url"] != request.path]
    without_post = roles <= {access.ANYONE, access.SIGNED_IN}
    newest = unread.order_by("-created_at", "-pk")[:5]
    return render(
        request, "portal/workbench.html", {"notices": newest, "places": places, "without_post": without_post}
    )


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
        "Disallow: /feeds/",
        "Disallow: /search/",
        "Disallow: /sign-in/",
    ]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")
