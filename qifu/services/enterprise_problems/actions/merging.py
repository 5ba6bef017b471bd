"""Merging problems about one matter and splitting them again: each undoes the other, nothing of a reporter is lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from qifu.engines.casework import merge
from qifu.engines.casework.models import Case, CaseEvent
from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act


@action("enterprise_problems.merge", title="合并涉企问题", permission="enterprise_problems.as_hub", on="main")
def merge_problems(
    *, by: Actor, at: datetime, main: Case, children: Sequence[Case], text: str = ""
) -> list[CaseEvent]:
    """Merge problems into one; Refused names the number that may not be merged and why."""
    if not text.strip():
        raise Refused("请写明为什么是同一件事", text="请写明为什么是同一件事")
    current_act().about(main)
    return merge.merge(main, children, text=text.strip())


@action("enterprise_problems.split", title="拆分涉企问题", permission="enterprise_problems.as_hub", on="case")
def split_problem(*, by: Actor, at: datetime, case: Case, text: str) -> CaseEvent:
    """Split a merged problem off again: it goes on under its own number, by its own clocks."""
    if not text.strip():
        raise Refused("请写明为什么拆分", text="请写明为什么拆分")
    current_act().about(case)
    return merge.split(case, text=text.strip())
