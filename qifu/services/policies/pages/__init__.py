"""Pages of policies: each file brings its own routes."""

from __future__ import annotations

from qifu.services.policies.pages import (
    calculator,
    library,
    own,
    packages,
    payments,
    payout_portal,
    payouts,
    reach,
    requests,
    requests_own,
    review,
    workbench,
)

urlpatterns = [
    *payout_portal.urlpatterns,
    *payouts.urlpatterns,
    *payments.urlpatterns,
    *requests.urlpatterns,
    *requests_own.urlpatterns,
    *calculator.urlpatterns,
    *own.urlpatterns,
    *workbench.urlpatterns,
    *packages.urlpatterns,
    *reach.urlpatterns,
    *review.urlpatterns,
    *library.urlpatterns,
]
