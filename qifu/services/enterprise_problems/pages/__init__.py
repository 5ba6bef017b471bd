"""Pages of enterprise problems: each file brings its own routes."""

from __future__ import annotations

from qifu.services.enterprise_problems.pages import (
    bulk,
    filtering,
    handling,
    hub,
    intake,
    own,
    portal,
    ratings,
    report,
    responsibility,
)

urlpatterns = [
    *own.urlpatterns,
    *report.urlpatterns,
    *portal.urlpatterns,
    *intake.urlpatterns,
    *hub.urlpatterns,
    *bulk.urlpatterns,
    *responsibility.urlpatterns,
    *filtering.urlpatterns,
    *handling.urlpatterns,
    *ratings.urlpatterns,
]
