"""What a demo site shows on first start: the 2024 plan in figures, public, and a made-up notice that waits for review."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from qifu.foundation.access import SYSTEM
from qifu.services.work_plans.actions import load_plan_from_data, upload_plan
from qifu.services.work_plans.queries.reviews import was_uploaded

EXAMPLE = "demo_notice.txt"
EXAMPLE_NAME = "示范区企业服务工作任务清单（模拟）.txt"
EXAMPLE_PLACE = "330109"


def load_demo(at: datetime) -> None:
    """Load the province's 2024 plan through the publishing path and upload the example once; safe to repeat."""
    today = timezone.localdate(at)
    load_plan_from_data(path=settings.PROVINCE_DIR / "work_plan_2024.yaml", by=SYSTEM, at=at, today=today)
    if not was_uploaded(EXAMPLE_NAME, EXAMPLE_PLACE):
        with (settings.PROVINCE_DIR / EXAMPLE).open("rb") as content:
            upload_plan(
                place_code=EXAMPLE_PLACE, filename=EXAMPLE_NAME, content=content, publicity="not_public",
                unclassified=True, by=SYSTEM, at=at,
            )  # fmt: skip
