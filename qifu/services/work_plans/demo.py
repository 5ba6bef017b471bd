"""What a demo site shows on first start: the 2024 plan in figures, public."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from qifu.foundation.access import SYSTEM
from qifu.services.work_plans.actions import load_plan_from_data


def load_demo(at: datetime) -> None:
    """Load the province's 2024 plan through the publishing path; safe to repeat."""
    load_plan_from_data(
        path=settings.PROVINCE_DIR / "work_plan_2024.yaml", by=SYSTEM, at=at, today=timezone.localdate(at)
    )
