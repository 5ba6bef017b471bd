"""The two halves of a divided site: which routes the portal's process serves, which the workbench's, which both.

It follows from what each route declares, so that nothing is listed twice: the permission of its page names the roles that may
open it. What nobody declared is served by neither half.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from qifu.foundation import access
from qifu.foundation.pages import demanded_permission

PORTAL, WORKBENCH = "portal", "workbench"
BOTH = frozenset({PORTAL, WORKBENCH})
WORKBENCH_ADDRESS = "workbench/"

# Views without a page permission, and the two start pages, which permissions cannot tell apart.
BY_NAME = {
    "healthz": BOTH,
    "metrics": BOTH,
    "api:openapi-json": BOTH,
    "api:api-root": BOTH,
    "api:list_plans": BOTH,
    "api:list_items": BOTH,
    "api:list_units": BOTH,
    "api:list_assignments": frozenset({WORKBENCH}),  # work in progress is for those who follow it
    "api:list_events": frozenset({WORKBENCH}),
    # On the portal's half these show the firm's face alone (queries/over_api.py), and policies by its own mandate.
    **{
        f"api:{name}": BOTH
        for name in (
            "report_problem",
            "list_problems",
            "list_own_problems",
            "show_problem",
            "list_problem_events",
            "list_problem_transitions",
            "move_problem",
            "rate_problem",
            "list_policies",
            "show_policy",
            "list_facts",
            "judge_all",
            "judge_one",
            "judge_enterprise",
            "judge_enterprise_one",
            "list_policy_requests",
            "show_policy_request",
            "ask_about_policy",
        )
    },
    **{
        f"api:{name}": frozenset({WORKBENCH})
        for name in (
            "list_problem_parts",
            "ask_problem_part",
            "answer_problem_part",
            "list_problem_asks",
            "ask_about_clock",
            "decide_problem_ask",
            "check_draft",
        )
    },
    "home": frozenset({PORTAL}),
    "workbench": frozenset({WORKBENCH}),
}
STARTS = ("home", "workbench")

Handler = Callable[[HttpRequest], HttpResponse]


def sides_of(name: str, route: str, view: Any) -> frozenset[str]:
    """Return the halves that serve a route: its full name, its address pattern and its view are given.

    Whatever lies under /workbench/ or is for staff only belongs to the workbench; what is for people of enterprises
    only, to the portal; what anyone, or anyone signed in, may open, to both.
    """
    if name in BY_NAME:
        return BY_NAME[name]
    permission = access.permissions().get(demanded_permission(view) or "")
    if permission is None:
        return frozenset()
    if route.startswith(WORKBENCH_ADDRESS):
        return frozenset({WORKBENCH})
    roles = set(permission.grants)
    if roles & {access.ANYONE, access.SIGNED_IN}:
        return BOTH
    staff = roles & set(access.post_roles())
    return frozenset({WORKBENCH} if staff else ()) | frozenset({PORTAL} if roles - staff else ())


class one_side:  # noqa: N801 - middleware, named like its siblings
    """Answer 404 for what the other half serves; the other half's start page leads to this one's."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Let the view run only where this process serves it."""
        match = request.resolver_match
        if settings.SITE == "both" or match is None:
            return None
        if settings.SITE in sides_of(match.view_name, match.route, view):
            return None
        if match.view_name in STARTS:
            return HttpResponseRedirect(reverse(settings.START_ROUTE))
        raise Http404


def address(route: str) -> str:
    """Return where a link to the named route leads: on the other half with its address; "" where it leads nowhere."""
    try:
        path = reverse(route)
    except NoReverseMatch:
        return ""
    if settings.SITE == "both" or settings.SITE in _sides_by_name()[route]:
        return path
    elsewhere = settings.WORKBENCH_URL if settings.SITE == PORTAL else settings.PORTAL_URL
    return f"{elsewhere}{path}" if elsewhere else ""


@functools.cache
def _sides_by_name() -> dict[str, frozenset[str]]:
    return {name: sides_of(name, route, view) for name, route, view in routes()}


def routes(
    patterns: Any = None, prefix: str = "", space: str = ""
) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Yield the full name, the address pattern and the view of every route of the site."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from routes(pattern.url_patterns, route, inner)
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}", route, pattern.callback
