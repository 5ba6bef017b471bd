"""`qifu plan verify`: 0 when rows and events of the living plan agree, 1 with each disagreement on a line of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings as site

from qifu.commands import plan as command
from qifu.foundation.access import SYSTEM
from qifu.registers.divisions.actions import load_divisions
from qifu.registers.organisations.actions import load_organisations
from qifu.services.work_plans.models import Assignment
from qifu.services.work_plans.tests.work import load_2024, moment, outside_the_rules

pytestmark = [pytest.mark.django_db]


def test_verify_tells_what_disagrees(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(site.PROVINCE_DIR)
    load_divisions(by=SYSTEM, at=moment(), path=folder / "divisions.yaml")
    load_organisations(by=SYSTEM, at=moment(), province_dir=folder)
    load_2024()
    assert command.main(["verify"]) == 0
    assert capsys.readouterr().out == "全部相符。\n"
    rows = Assignment.objects.filter(kind="task", number=28)
    outside_the_rules(lambda: rows.update(phase="under_way"))
    assert command.main(["verify"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and "重点任务第28项" in lines[0] and lines[1] == "共 1 处不符。"
    assert command.main(["check"]) == 2
