"""The check of the living plan finds what does not hold, and says so in words; all is well after an ordinary life."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from qifu.foundation.access import SYSTEM
from qifu.services.work_plans import actions
from qifu.services.work_plans.models import Assignment, Event, Precedence
from qifu.services.work_plans.queries.verify import faults
from qifu.services.work_plans.tests.work import (
    evidence,
    load_2024,
    moment,
    officer_of,
    outside_the_rules,
    work,
)

pytestmark = [pytest.mark.django_db]


def damage(how: Callable[[], Any]) -> str:
    outside_the_rules(how)
    return "\n".join(faults())


def test_what_does_not_hold_is_found(province: Path) -> None:
    load_2024()
    office = officer_of("330000.reform_office", "office", "reform_officer")
    row, other = work("task", 28), work("task", 29)
    actions.submit_work(assignment=row, text="完成", by=SYSTEM, at=moment(1), **evidence())
    actions.close_work(assignment=row, by=office, at=moment(2))
    assert list(faults()) == []

    rows = Assignment.objects.filter(pk=row.pk)
    assert "“due_on”为 2024-04-01，按推进记录应为 2024-03-31" in damage(
        lambda: rows.update(due_on=date(2024, 4, 1))
    )
    assert "次序不连续" in damage(lambda: rows.update(due_on=date(2024, 3, 31), last_seq=9))
    found = damage(lambda: rows.update(last_seq=row.events.count(), place_code="330100"))
    assert "不在发文地区" in found
    assert "成环" in damage(
        lambda: Precedence.objects.bulk_create(
            [Precedence(before=row, after=other), Precedence(before=other, after=row)]
        )
    )
    found = damage(
        lambda: Event(
            assignment=other, seq=2, kind="closed", at=datetime(2024, 3, 1, tzinfo=UTC), by_id=1
        ).save()
    )
    assert "不能发生在当时的阶段" in found
    assert "没有落实事项" in damage(
        lambda: Assignment.objects.filter(pk=work("task", 30).pk).update(item=None)
    )
