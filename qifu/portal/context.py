"""What every template may use about the site, the person asking and the menus."""

from __future__ import annotations

import functools
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from qifu.foundation import access
from qifu.foundation.modules import MenuItem, menu
from qifu.foundation.notices import unread_count
from qifu.foundation.request_id import current_request_id
from qifu.portal.display import LARGE_TEXT, SINGLE_KEYS
from qifu.portal.sides import address
from qifu.registers.mandates.queries import CURRENT_ENTERPRISE, firms


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's name, demo mark and 截至日, the actor, the menus he or she may use, and display choices.

    Menus and counts are functions that templates call: a page that shows none costs no query.
    """
    actor = getattr(request, "actor", access.ANONYMOUS)
    held = functools.cache(lambda: held_roles(request))
    return {
        "site_name": "企服",
        "demo": settings.DEMO,
        "as_of": settings.AS_OF,
        "actor": actor,
        "portal_menu": functools.cache(lambda: menu_of(request, "portal", held())),
        "workbench_menu": functools.cache(lambda: menu_of(request, "workbench", held())),
        "firms": functools.cache(lambda: firms_of(request)),
        "unread": functools.cache(lambda: unread_count(actor)),
        "own_base": functools.cache(lambda: own_base(held())),
        "request_id": current_request_id(),
        "large_text": request.COOKIES.get(LARGE_TEXT) == "large",
        "keys_off": request.COOKIES.get(SINGLE_KEYS) == "off",
        "here": request.get_full_path(),
        "sign_in_url": address("sign_in"),
        "sign_out_url": address("sign_out"),
        "account_url": address("own_account"),
        "workbench_url": address("workbench"),
    }


def firms_of(request: HttpRequest) -> dict[str, Any]:
    """Return the enterprises that the person asking may act for, and the one chosen last; nothing for other people."""
    actor, at = getattr(request, "actor", access.ANONYMOUS), getattr(request, "at", None)
    held = firms(actor, at) if at is not None and actor.is_person else []
    chosen = request.session.get(CURRENT_ENTERPRISE) if held else None
    current = next((one for one in held if one.id == chosen), held[0] if held else None)
    return {"current": current, "all": held}


def held_roles(request: HttpRequest) -> frozenset[str]:
    """Return the roles that the person asking holds now."""
    actor, at = getattr(request, "actor", access.ANONYMOUS), getattr(request, "at", None)
    if at is None:
        return frozenset({access.ANYONE})
    return frozenset(grant.role for grant in access.grants_of(actor, at))


def own_base(roles: frozenset[str]) -> str:
    """Return the template that pages of one's own stand in: the portal's for people of enterprises, else the workbench's."""
    by_mandate = roles - access.post_roles().keys() - {access.ANYONE, access.SIGNED_IN}
    of_enterprise = bool(by_mandate) and roles.isdisjoint(access.post_roles())
    return "portal/base_portal.html" if of_enterprise else "portal/base_workbench.html"


def may(permission: str, roles: frozenset[str]) -> bool:
    """Tell whether one of these roles is named by the permission."""
    return not roles.isdisjoint(access.permissions()[permission].grants)


def menu_of(request: HttpRequest, area: str, roles: frozenset[str]) -> list[dict[str, Any]]:
    """Return the menu entries of an area that these roles may use, the longest matching address marked as current."""
    items = [_entry(item) for item in menu(area) if may(item.permission, roles)]
    shown = [item for item in items if item["url"]]
    starts = {address("home"), address("workbench")}  # every address begins like these
    here = [
        item
        for item in shown
        if request.path == item["url"] or (item["url"] not in starts and request.path.startswith(item["url"]))
    ]
    if here:
        best = max(here, key=lambda item: len(item["url"]))
        best["current"] = "page" if request.path == best["url"] else "true"
    return shown


def _entry(item: MenuItem) -> dict[str, Any]:
    return {"title": item.title, "url": address(item.route), "icon": item.icon, "current": ""}
