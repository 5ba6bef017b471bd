"""One act for every transition of the case type: who may do it is what the type says, role by role."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from qifu.engines.casework.models import Case, CaseEvent
from qifu.engines.casework.moves import move
from qifu.foundation.access import Actor
from qifu.foundation.action import action


@action("enterprise_problems.move", title="办理涉企问题", permission="enterprise_problems.move", on="case")
def move_problem(
    *,
    by: Actor,
    at: datetime,
    case: Case,
    transition: str,
    form: Mapping[str, Any] | None = None,
    text: str = "",
    expected_version: int | None = None,
) -> CaseEvent:
    """Do one transition of a problem's case; Refused in Chinese where it may not happen, NotFound without the role."""
    return move(case, transition, form=form, text=text, expected_version=expected_version)
