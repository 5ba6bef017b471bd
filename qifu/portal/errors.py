"""Friendly error pages: what happened, what to do, and the request id that finds it in the logs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from qifu.foundation.request_id import current_request_id
from qifu.portal.api_errors import asks_api, fault


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the form expired."""
    why = "页面停留过久，或浏览器禁用了 Cookie。请返回上一页，刷新后重新提交。"
    return render(request, "403.html", {"why": why}, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that cannot be understood; the page stands alone, since even the host may be wrong."""
    return fault(400) if asks_api(request) else _alone("400.html", 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a refused request."""
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for a page that does not exist, or that the person may not know of."""
    return fault(404) if asks_api(request) else render(request, "404.html", status=404)


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """Answer a source that asks too often; it may come back after `seconds`."""
    response = (
        fault(429, f"请求过于频繁，请在 {seconds} 秒后再试")
        if asks_api(request)
        else _alone("429.html", 429, seconds=seconds)
    )
    response["Retry-After"] = str(seconds)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for our own fault; the page uses neither database, session nor context processors."""
    return fault(500) if asks_api(request) else _alone("500.html", 500)


def _alone(template: str, status: int, **values: object) -> HttpResponse:
    text = render_to_string(template, {"request_id": current_request_id(), **values})
    return HttpResponse(text, status=status)
