"""What a demo site shows on first start: the 2024 plan with half a year of made-up work, a notice that waits for review."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from qifu.foundation.access import SYSTEM
from qifu.foundation.working_days import SHANGHAI
from qifu.services.work_plans.actions import load_plan_from_data, upload_plan
from qifu.services.work_plans.demo_work import lay_demo_work
from qifu.services.work_plans.queries.reviews import was_uploaded

PUBLISHED = datetime(2024, 2, 19, 9, tzinfo=SHANGHAI)
EXAMPLE = "demo_notice.txt"
EXAMPLE_NAME = "示范区企业服务工作任务清单（模拟）.txt"
EXAMPLE_PLACE = "330109"


def load_demo(at: datetime) -> None:
    """Load the province's 2024 plan through the publishing path, play the work on it, upload the example; once each.

    The plan is published on a day of 2024, so that what happens to it afterwards has plausible days.
    """
    plan = load_plan_from_data(
        path=settings.PROVINCE_DIR / "work_plan_2024.yaml", by=SYSTEM, at=PUBLISHED, today=PUBLISHED.date()
    )
    lay_demo_work(plan=plan, by=SYSTEM, at=at)
    if not was_uploaded(EXAMPLE_NAME, EXAMPLE_PLACE):
        with (settings.PROVINCE_DIR / EXAMPLE).open("rb") as content:
            upload_plan(
                place_code=EXAMPLE_PLACE, filename=EXAMPLE_NAME, content=content, publicity="not_public",
                unclassified=True, by=SYSTEM, at=at,
            )  # fmt: skip
