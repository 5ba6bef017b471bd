"""What the hub's desk is tested in: places, units, people with posts, and problems that came in by the one way in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from qifu.engines.casework.models import Case, CaseEvent
from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import action
from qifu.registers.organisations.models import Organisation
from qifu.services.enterprise_problems.actions.intake import Request, take_in
from qifu.services.enterprise_problems.actions.moving import move_problem
from qifu.services.enterprise_problems.tests import intake_world as base
from qifu.services.enterprise_problems.tests.intake_world import (
    AT,
    HANGZHOU,
    XIAOSHAN,
    clerk,
    load_province,
    person,
)

YUHANG = "330110"
__all__ = ["AT", "HANGZHOU", "XIAOSHAN", "YUHANG", "clerk", "load_province", "person"]
firm = base.firm


@action("tests.hub.take_in", title="测试：收件", permission="enterprise_problems.load_demo")
def _take_in(*, by: Actor, at: datetime, request: Request) -> Case:
    return take_in(request).case


def problem(
    words: str = "客户拖欠货款三个月，请协调", at: datetime = AT, place: str = XIAOSHAN, **more: Any
) -> Case:
    """Take a problem in."""
    return _take_in(by=SYSTEM, at=at, request=Request(words=words, place_code=place, **more))


def unit(code: str) -> Organisation:
    """Return a unit by its code."""
    return Organisation.objects.get(code=code)


def officer(name: str, code: str) -> Actor:
    """Make an officer of a unit."""
    return person(name, "department_officer", code.split(".")[0], code).as_actor()


def move(by: Actor, case: Case, transition: str, at: datetime = AT, **form: Any) -> CaseEvent:
    """Do one transition."""
    return move_problem(by=by, at=at, case=case, transition=transition, form=form)


def accepted(by: Actor, case: Case, topic: str = "arrears", at: datetime = AT) -> Case:
    """Take a problem up into the pool."""
    move(by, case, "accept", at, topic=topic, board="finance", scope="individual", difficulty="general")
    return Case.objects.get(pk=case.pk)
