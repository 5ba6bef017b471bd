"""Verbs of work plans, each through the door: upload and read, rule on doubts, publish, correct, withdraw."""

from qifu.services.work_plans.actions.publish import (
    load_plan_from_data,
    publish_plan,
    start_correction,
    withdraw_plan,
)
from qifu.services.work_plans.actions.review import (
    accept_information,
    add_item,
    correct_field,
    reopen_irregularity,
    rule_irregularity,
)
from qifu.services.work_plans.actions.upload import (
    discard_review,
    record_failure,
    record_reading,
    retry_reading,
    upload_plan,
)

__all__ = [
    "accept_information",
    "add_item",
    "correct_field",
    "discard_review",
    "load_plan_from_data",
    "publish_plan",
    "record_failure",
    "record_reading",
    "reopen_irregularity",
    "retry_reading",
    "rule_irregularity",
    "start_correction",
    "upload_plan",
    "withdraw_plan",
]
