"""Packages of promises for staff."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from qifu.foundation.pages import Request, page
from qifu.services.policies.queries import packages as queries


@require_safe
@page(queries.VIEW)
def packages(request: Request) -> HttpResponse:
    """List the packages with how many of their promises are live."""
    found = queries.packages(request.actor, request.at, request.today)
    return render(request, "policies/packages.html", {"pages": found})


@require_safe
@page(queries.VIEW)
def package(request: Request, code: str) -> HttpResponse:
    """Show one package: promises without a live item, money owed, every detail."""
    found = queries.package(code, request.actor, request.at, request.today)
    return render(request, "policies/package.html", {"page": found})


urlpatterns = [
    path("workbench/policies/packages/", packages, name="policy_packages"),
    path("workbench/policies/packages/<slug:code>/", package, name="policy_package"),
]
