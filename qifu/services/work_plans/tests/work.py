"""Makes what tests of the living plan start from: the 2024 plan opened, people of offices and departments."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings as site

from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import action
from qifu.registers.organisations.models import Organisation
from qifu.services.work_plans import actions
from qifu.services.work_plans.models import Assignment, Plan
from qifu.services.work_plans.tests import factories

OPENED = datetime(2024, 2, 19, 2, 0, tzinfo=UTC)
TODAY = date(2024, 6, 20)
HANGZHOU, XIAOSHAN = "330100", "330109"
EVIDENCE = b"\xe8\xaf\x81\xe6\x98\x8e\xe6\x9d\x90\xe6\x96\x99 2024\n"


def moment(days: int = 0, hours: int = 0) -> datetime:
    """Return a moment after the plan was opened."""
    return OPENED + timedelta(days=days, hours=hours)


@action("tests.work_plans.outside_the_rules", title="测试：越过规则写入", permission="work_plans.load")
def _outside_the_rules(*, how: Callable[[], Any], by: Actor, at: datetime) -> None:
    how()


def outside_the_rules(how: Callable[[], Any]) -> None:
    """Write what no action would write, so that a check has something to find."""
    _outside_the_rules(how=how, by=SYSTEM, at=moment())


def load_2024() -> Plan:
    """Publish the province's 2024 plan, which opens its work."""
    path = Path(site.PROVINCE_DIR) / "work_plan_2024.yaml"
    return actions.load_plan_from_data(path=path, by=SYSTEM, at=OPENED, today=OPENED.date())


def work(kind: str, number: int, place: str = "330000") -> Assignment:
    """Return an assignment by the number of its item."""
    return Assignment.objects.get(kind=kind, number=number, place_code=place)


def fresh(row: Assignment) -> Assignment:
    """Return the row as it stands."""
    return Assignment.objects.get(pk=row.pk)


def organisation(code: str) -> Organisation:
    """Return a registered organisation."""
    return Organisation.objects.get(code=code)


def officer_of(code: str, username: str, role: str = "department_officer") -> Actor:
    """Return a person with an officer's post at an organisation, over its place."""
    unit = organisation(code)
    made = factories.person(username, role, unit.place_code, unit.pk)
    return made.as_actor()


def evidence(name: str = "证明.txt") -> dict[str, Any]:
    """Return the arguments of a file that bears something out."""
    return {"files": [(name, io.BytesIO(EVIDENCE))], "unclassified": True}
