"""Verbs of work plans, each through the door: upload, rule, publish, withdraw; and what is done about each item."""

from qifu.services.work_plans.actions.closing import (
    close_work,
    reopen_work,
    return_work,
    submit_work,
)
from qifu.services.work_plans.actions.decompose import (
    PlaceException,
    decompose,
)
from qifu.services.work_plans.actions.open_work import (
    open_work,
)
from qifu.services.work_plans.actions.progress import (
    Figure,
    add_comment,
    answer_question,
    ask_question,
    report_progress,
)
from qifu.services.work_plans.actions.publish import (
    load_plan_from_data,
    publish_plan,
    start_correction,
    withdraw_plan,
)
from qifu.services.work_plans.actions.remind import remind_units
from qifu.services.work_plans.actions.review import (
    accept_information,
    add_item,
    correct_field,
    reopen_irregularity,
    rule_irregularity,
)
from qifu.services.work_plans.actions.schedule import (
    MilestoneDraft,
    reach_milestone,
    remove_precedence,
    set_due,
    set_milestones,
    set_precedence,
)
from qifu.services.work_plans.actions.units import (
    add_unit,
    apply_expansions,
    change_lead,
    confirm_lead,
    expand_generic,
    remove_unit,
)
from qifu.services.work_plans.actions.upload import (
    discard_review,
    record_failure,
    record_reading,
    retry_reading,
    upload_plan,
)

__all__ = [
    "Figure",
    "MilestoneDraft",
    "PlaceException",
    "accept_information",
    "add_comment",
    "add_item",
    "add_unit",
    "answer_question",
    "apply_expansions",
    "ask_question",
    "change_lead",
    "close_work",
    "confirm_lead",
    "correct_field",
    "decompose",
    "discard_review",
    "expand_generic",
    "load_plan_from_data",
    "open_work",
    "publish_plan",
    "reach_milestone",
    "record_failure",
    "record_reading",
    "remind_units",
    "remove_precedence",
    "remove_unit",
    "reopen_irregularity",
    "reopen_work",
    "report_progress",
    "retry_reading",
    "return_work",
    "rule_irregularity",
    "set_due",
    "set_milestones",
    "set_precedence",
    "start_correction",
    "submit_work",
    "upload_plan",
    "withdraw_plan",
]
