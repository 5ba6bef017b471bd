"""The door for reads: a page names the permission it demands; who asks and when come with the request."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from qifu.foundation import access
from qifu.foundation.access import Actor


class Request(HttpRequest):
    """A request as views see it: `actor` asks at `at`, which business counts as `moment`, on the business day `today`."""

    actor: Actor
    at: datetime
    moment: datetime
    today: date


View = Callable[..., HttpResponseBase]


def page(permission: str) -> Callable[[View], View]:
    """Let a view run only for whoever holds `permission`; a visitor is led to sign in, anyone else gets 404.

    The view still reads rows by `access.visible` or `access.find`: a permission says nothing about a row.
    `permission` is kept on the view, so that a test can hold every route to naming one.
    """

    def mark(view: View) -> View:
        @functools.wraps(view)
        def run(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if access.holds(request.actor, permission, request.at):
                return view(request, *args, **kwargs)
            if not request.actor.is_person:
                return _to_sign_in(request)
            raise access.NotFound(permission)

        cast(Any, run).permission = permission
        return run

    return mark


def _to_sign_in(request: Request) -> HttpResponseBase:
    """Lead to the sign-in page; a part fetched by htmx (its session has ended) takes the whole page there."""
    answer = redirect_to_login(request.get_full_path())
    if "HX-Request" in request.headers:
        return HttpResponse(status=204, headers={"HX-Redirect": answer.url})
    return answer


def demanded_permission(view: Any) -> str | None:
    """Return the permission that a view (or the class behind it) names, or None."""
    return cast("str | None", getattr(view, "permission", None))
