"""Friendly error pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the form expired."""
    return render(request, "403.html", {"reason": "页面停留过久，请返回上一页刷新后重试。"}, status=403)
