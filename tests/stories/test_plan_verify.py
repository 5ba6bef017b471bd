"""`qifu plan verify`: 0 when rows and events of the living plan agree, 1 with each disagreement on a line of its own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings as site

from qifu.commands import plan as command
from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import action
from qifu.registers.divisions.actions import load_divisions
from qifu.registers.organisations.actions import load_organisations
from qifu.services.work_plans.models import Assignment
from qifu.services.work_plans.tests.work import load_2024, moment

pytestmark = [pytest.mark.django_db]


@action("tests.stories.damage", title="测试：弄坏", permission="work_plans.load")
def _damage(*, by: Actor, at: datetime) -> None:
    Assignment.objects.filter(kind="task", number=28).update(phase="under_way")


def test_verify_tells_what_disagrees(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(site.PROVINCE_DIR)
    load_divisions(by=SYSTEM, at=moment(), path=folder / "divisions.yaml")
    load_organisations(by=SYSTEM, at=moment(), province_dir=folder)
    load_2024()
    assert command.main(["verify"]) == 0
    assert capsys.readouterr().out == "全部相符。\n"
    _damage(by=SYSTEM, at=moment())
    assert command.main(["verify"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and "重点任务第28项" in lines[0] and lines[1] == "共 1 处不符。"
    assert command.main(["check"]) == 2
