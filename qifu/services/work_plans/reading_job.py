"""The job that reads an upload: file in, reading and doubts out; safe to repeat."""

from __future__ import annotations

from typing import Any

from qifu.engines.official_documents import UnreadableDocument, read_plan
from qifu.foundation.access import SYSTEM
from qifu.foundation.jobs import Running, handles
from qifu.registers.organisations.queries import name_book_from_rows
from qifu.services.work_plans.actions.upload import record_failure, record_reading
from qifu.services.work_plans.content import exact
from qifu.services.work_plans.queries.reviews import file_to_read


@handles("work_plans.read")
def read(running: Running) -> None:
    """Read the upload of a review and record the outcome, good or bad."""
    review_id = int(running.ids["review"])
    upload = file_to_read(review_id)
    if upload is None:
        return
    running.report(0, 3, "正在打开文件")
    name, content = upload
    try:
        running.report(1, 3, "正在识别表格和条目")
        found = read_plan(content, filename=name, names=name_book_from_rows())
    except UnreadableDocument as fault:
        record_failure(
            review_id=review_id, fault=fault.message_zh, remedy=fault.remedy_zh, by=SYSTEM, at=running.at
        )
        return
    running.report(2, 3, "正在整理疑点")
    reading = exact(found.to_json())
    _keep_directions(reading, found)
    blocks = found.document.to_json()
    record_reading(review_id=review_id, reading=reading, blocks=blocks, by=SYSTEM, at=running.at)


def _keep_directions(reading: dict[str, Any], found: object) -> None:
    """Carry over which figures are better when lower; the printed contract has no key for it."""
    plan = getattr(found, "plan", None)
    for row, action in zip(reading.get("actions", ()), getattr(plan, "actions", ()), strict=False):
        for target, typed in zip(row["targets"], action.targets, strict=False):
            target["direction"] = getattr(typed, "direction", None)
