"""What happens around every request: its id and log line, who asks and when, the door's errors."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from qifu.foundation import clock
from qifu.foundation.access import NotFound
from qifu.foundation.request_id import request_id
from qifu.registers.people.signed_in import actor_of

log = logging.getLogger("qifu.requests")
Handler = Callable[[HttpRequest], HttpResponse]


def request_ids(get_response: Handler) -> Handler:
    """Give each request an id, answer with it in X-Request-ID, and log one line without query or person."""

    def middleware(request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        with request_id() as chosen:
            cast(Any, request).request_id = chosen  # for what Django logs when this block has ended
            response = get_response(request)
            response["X-Request-ID"] = chosen
            elapsed = round((time.monotonic() - started) * 1000)
            facts = {"method": request.method, "path": loggable(request.path), "status": response.status_code}
            log.info("request", extra=facts | {"milliseconds": elapsed})
            return response

    return middleware


def loggable(path: str) -> str:
    """Return the address as it may stand in a log: without the token of a calendar feed, which opens it."""
    return "/feeds/…" if path.startswith("/feeds/") else path


def who_and_when(get_response: Handler) -> Handler:
    """Put `actor`, `at`, `moment` and `today` on the request (foundation.pages.Request); the clock is read only here.

    The actor is looked up when first needed: a page that asks for none costs no query.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        asked = cast(Any, request)
        asked.at, asked.today = clock.now(), clock.today()
        asked.moment = clock.business(asked.at)
        asked.actor = SimpleLazyObject(lambda: actor_of(request))
        return get_response(request)

    return middleware


def private_pages(get_response: Handler) -> Handler:
    """Keep pages out of shared caches, unless a view says otherwise: most show who is signed in."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    return middleware


class door_errors:  # noqa: N801 - middleware, named like its siblings
    """Turn the door's NotFound into 404, so that a denied row and an absent one look alike."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Re-raise NotFound as Django's Http404."""
        if isinstance(exception, NotFound):
            raise Http404 from exception
