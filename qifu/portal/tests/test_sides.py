"""A divided site: each process serves its half, whatever route is asked; links lead across where an address is known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve, reverse

from qifu.foundation import access
from qifu.foundation.access import SYSTEM
from qifu.foundation.pages import demanded_permission
from qifu.portal.sides import BOTH, BY_NAME, STARTS, routes, sides_of
from qifu.portal.tests.test_pages import make_person, signed_in

AT = datetime(2024, 6, 20, 2, tzinfo=UTC)
ALL = list(routes())
NAMES = [name for name, _, _ in ALL]
SHARED = {
    "sign_in",
    "sign_out",
    "own_account",
    "change_own_password",
    "healthz",
    "display",
    "inbox",
    "search",
    "help",
}


@pytest.mark.parametrize(("name", "route", "view"), ALL, ids=NAMES)
def test_every_route_belongs_to_a_half(name: str, route: str, view: Any) -> None:
    sides = sides_of(name, route, view)
    assert sides, f"{name}: name its permission (@page), or its halves in portal/sides.py"
    if route.startswith("workbench/"):
        assert sides == {"workbench"}
    permission = access.permissions().get(demanded_permission(view) or "")
    if "portal" in sides and permission is not None:
        holders = set(permission.grants)
        assert holders - set(access.post_roles()), f"{name} is for staff only and must not be on the portal"
    if name in SHARED:
        assert sides == BOTH


def test_what_is_named_exists() -> None:
    assert BY_NAME.keys() <= set(NAMES)


def test_an_undeclared_view_is_served_by_neither() -> None:
    assert sides_of("anything", "anything/", lambda request: None) == frozenset()


@pytest.mark.django_db
@pytest.mark.parametrize("site", ["portal", "workbench"])
@pytest.mark.parametrize(("name", "route", "view"), ALL, ids=NAMES)
def test_the_other_half_is_not_found(name: str, route: str, view: Any, site: str, settings: Any) -> None:
    settings.SITE, settings.START_ROUTE = site, "home" if site == "portal" else "workbench"
    path = "/" + _filled(route)
    led = resolve(path)
    if (
        led.view_name != name
    ):  # operations of the API may share a path, told apart by method; then also their half
        assert name.startswith("api:") and led.route == route, f"{path} does not lead to {name}"
        assert sides_of(str(led.view_name), route, led.func) == sides_of(name, route, view)
    answer = Client().get(path)
    served = site in sides_of(name, route, view)
    if name in STARTS and not served:
        assert (answer.status_code, answer["Location"]) == (302, reverse(settings.START_ROUTE))
    elif not served:
        assert answer.status_code == 404
    elif name not in ("metrics", "api:api-root") and "<" not in route:
        allowed = (200, 302, 405, 410, 401) if name.startswith("api:") else (200, 302, 405, 410)
        assert answer.status_code in allowed


def _filled(route: str) -> str:
    """Return an address that the pattern matches."""
    kinds = {
        "int": "7",
        "slug": "task",
        "str": "a",
        "path": "a",
        "": "7",
        "uuid": "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
    }
    out, rest = "", route
    while "<" in rest:
        before, _, rest = rest.partition("<")
        inside, _, rest = rest.partition(">")
        kind, colon, _ = inside.partition(":")
        out += before + kinds[kind if colon else ""]
    return out + rest


@pytest.mark.django_db
def test_links_lead_across_only_where_the_address_is_known(settings: Any) -> None:
    person = make_person(by=SYSTEM, at=AT, username="one", role="system_administrator")
    settings.SITE, settings.START_ROUTE = "portal", "home"
    page = signed_in(person).get("/").content.decode()
    assert "/workbench/" not in page
    settings.WORKBENCH_URL = "https://work.example.cn"
    page = signed_in(person).get("/").content.decode()
    assert 'href="https://work.example.cn/workbench/"' in page and 'href="/workbench/' not in page
    settings.SITE, settings.START_ROUTE = "workbench", "workbench"
    page = signed_in(person).get("/workbench/").content.decode()
    assert 'href="/workbench/people/"' in page


@pytest.mark.django_db
def test_static_files_and_errors_work_on_both(settings: Any) -> None:
    for settings.SITE in ("portal", "workbench"):
        assert Client().get("/no-such-page/").status_code == 404
        assert Client().get("/healthz").status_code == 200
