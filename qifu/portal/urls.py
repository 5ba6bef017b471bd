"""Every route of the site: the portal's own, then those of each room that has pages."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from qifu.portal import (
    case_types,
    channels,
    display,
    errors,
    health,
    imports,
    inbox,
    metrics,
    operations,
    pages,
    search_page,
)
from qifu.portal.api import api

ROOMS_WITH_PAGES = [
    "qifu.registers.people.first_password_pages",  # before the pages of one person
    "qifu.registers.people.pages",
    "qifu.registers.divisions.pages",
    "qifu.registers.organisations.pages",
    "qifu.registers.enterprises.pages",
    "qifu.registers.mandates.pages",
    "qifu.services.work_plans.pages",
    "qifu.services.enterprise_problems.pages",
    "qifu.services.rule_book.pages",
    "qifu.services.policies.pages",
]


def _rooms() -> list[URLResolver]:
    """Return the routes of every room that has any; a room without pages has no `pages` module."""
    found = [name for name in ROOMS_WITH_PAGES if find_spec(name) is not None]
    return [path("", include(name)) for name in found if hasattr(import_module(name), "urlpatterns")]


urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.home, name="home"),
    path("workbench/", pages.workbench, name="workbench"),
    *inbox.urlpatterns,
    *case_types.urlpatterns,
    *channels.urlpatterns,
    *imports.urlpatterns,
    path("search/", search_page.search, name="search"),
    path("help/", pages.help_page, name="help"),
    path("accessibility/", pages.accessibility, name="accessibility"),
    path("display/", display.display, name="display"),
    path("workbench/operations/", operations.operations, name="operations"),
    path("workbench/operations/jobs/<int:job_id>/retry/", operations.retry, name="job_retry"),
    path("workbench/operations/jobs/<int:job_id>/cancel/", operations.cancel, name="job_cancel"),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("robots.txt", pages.robots, name="robots"),
    path("api/v1/", api.urls),
    *_rooms(),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error
