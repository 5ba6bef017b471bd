"""Refuses with 429 a source or a person that asks too often. What is allowed, and why, stands in settings.RATE_RULES.

Counts are kept for each web process, by hashes of addresses; they hold no personal data and are gone at a restart.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.crypto import salted_hmac

from qifu.foundation.client_address import client_address
from qifu.portal.api_errors import asks_api
from qifu.portal.errors import too_many

Handler = Callable[[HttpRequest], HttpResponse]


def rate_limits(get_response: Handler) -> Handler:
    """Let a request pass while its source and its person are below the limits of its kind."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.RATE_LIMITS and (wait := seconds_to_wait(request, time.time())):
            return too_many(request, wait)
        return get_response(request)

    return middleware


def seconds_to_wait(request: HttpRequest, now: float) -> int:
    """Count the request; return 0 when it may pass, else in how many seconds the next window begins."""
    kind = kind_of(request)
    per_source, per_person, window = settings.RATE_RULES[kind]
    asked = [(f"source:{_hash(client_address(request))}", per_source)]
    person = request.COOKIES.get(settings.SESSION_COOKIE_NAME) or request.META.get("HTTP_AUTHORIZATION")
    if person:
        asked.append((f"person:{_hash(person)}", per_person))
    slot, passed = divmod(int(now), window)
    cache = caches["rate_limits"]
    for who, limit in asked:
        key = f"{kind}:{who}:{slot}"
        if not cache.add(key, 1, timeout=window) and cache.incr(key) > limit:
            return window - passed
    return 0


def kind_of(request: HttpRequest) -> str:
    """Return which rule counts the request: the JSON API, signing in, uploading, searching, or any other page."""
    if asks_api(request):
        return "api"
    sends_files = (request.content_type or "").startswith("multipart/form-data")
    if request.method == "POST" and (sends_files or request.path == _path_of("problem_report")):
        return "upload"
    if request.method == "POST" and request.path in (_path_of("sign_in"), _path_of("sign_in_second")):
        return "sign_in"
    return "search" if request.path == _path_of("search") else "page"


def _hash(text: str) -> str:
    return salted_hmac("qifu.rate_limits", text).hexdigest()[:24]


def _path_of(route: str) -> str:
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""
