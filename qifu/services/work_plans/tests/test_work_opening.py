"""Opening and telling: approved rules expand generic units at once, deputies hear of it, the demo holds together."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from qifu.foundation.access import SYSTEM
from qifu.foundation.notices import Notice
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.organisations.actions import approve_expansion
from qifu.registers.people.demo import load_demo_people
from qifu.services.work_plans import actions
from qifu.services.work_plans.demo import PUBLISHED, load_demo
from qifu.services.work_plans.models import Assignment, Event
from qifu.services.work_plans.queries.verify import faults
from qifu.services.work_plans.status import Status, status_on
from qifu.services.work_plans.tests import factories
from qifu.services.work_plans.tests.work import load_2024, moment, officer_of, work

pytestmark = [pytest.mark.django_db]


def test_an_approved_rule_expands_when_work_is_opened_and_when_asked(province: Path) -> None:
    office = officer_of("330000.reform_office", "office", "reform_officer")

    def approve(written: str, *members: str) -> None:
        approve_expansion(
            by=office, at=moment(-1), place_code="330000", written=written, members=list(members), basis="会议纪要",
            effective_from=date(2024, 1, 1),
        )  # fmt: skip

    approve("市、县（市、区）党委改革办", "330100.reform_office", "330200.reform_office")
    load_2024()
    row = work("task", 14)
    assert [unit.expanded_from for unit in row.units.all()] == ["市、县（市、区）党委改革办"] * 2
    assert row.lead is None  # a unit that is not named itself is never proposed as lead
    centre = work("task", 15)
    generic = centre.units.get(generic=True)
    approve(generic.name, "330100.enterprise_service_centre")
    actions.apply_expansions(assignment=centre, today=date(2024, 2, 20), by=office, at=moment(1))
    assert [unit.name for unit in centre.units.all()] == ["杭州市企服中心"]
    assert list(faults()) == []


def test_a_deputy_is_told_what_the_absent_would_be(province: Path) -> None:
    load_2024()
    office = officer_of("330000.reform_office", "office", "reform_officer")
    department = officer_of("330000.development_reform", "department")
    deputy = factories.person("deputy", "").as_actor()
    factories.stand_in(department, deputy)
    actions.confirm_lead(assignment=work("task", 28), by=office, at=moment(1))
    told = Notice.objects.filter(title__startswith="已确认由省发展改革委牵头").values_list(
        "recipient_id", flat=True
    )
    assert set(told) == {department.id, deputy.id}


def test_the_demo_shows_every_status_and_is_laid_once(province: Path, settings: Any) -> None:
    settings.DEMO = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    load_demo_people(at=PUBLISHED)
    load_demo(at=PUBLISHED)
    count = Event.objects.count()
    load_demo(at=PUBLISHED)
    assert Event.objects.count() == count
    assert list(faults()) == []
    rows = Assignment.objects.filter(kind="task", parent=None)
    today = date(2024, 6, 20)
    assert {status_on(row.phase, row.due_on, today) for row in rows} == set(Status)
    assert Assignment.objects.filter(parent__number=26, kind="task").count() == 90
    last = Event.objects.order_by("-at").first()
    assert last is not None and last.at.astimezone(SHANGHAI).date() <= today
    for row in Assignment.objects.filter(last_seq__gt=1):
        moments = [event.at for event in row.events.order_by("seq")]
        assert moments == sorted(moments), row.pk
    assert not Event.objects.filter(kind="closed", by_id=None).exists()
    assert actions.remind_units(today=today, by=SYSTEM, at=moment(200)) == 0
