"""The API tells of work what the pages would tell the same person, and nothing to anybody else."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from qifu.foundation.access import SYSTEM
from qifu.registers.people.models import Person
from qifu.services.work_plans import actions
from qifu.services.work_plans.actions import Figure
from qifu.services.work_plans.tests.work import (
    evidence,
    load_2024,
    moment,
    officer_of,
    work,
)

pytestmark = [pytest.mark.django_db]


def test_work_by_status_with_its_events(province: Any, settings: Any) -> None:
    settings.AS_OF = date(2024, 6, 20)
    load_2024()
    department = officer_of("330000.development_reform", "department")
    officer_of("330000.science_technology", "other")
    row = work("task", 28)
    actions.report_progress(
        assignment=row, text="征求意见", today=date(2024, 6, 20), by=department, at=moment(1), **evidence(),
        figures=[Figure(Decimal("24.50"), date(2024, 5, 31), name="事项", unit="项")],
    )  # fmt: skip
    asked = actions.ask_question(assignment=row, text="含金融？", by=department, at=moment(2))
    actions.answer_question(assignment=row, question=asked.pk, text="含", by=SYSTEM, at=moment(3))
    client = Client()
    assert client.get("/api/v1/assignments").json()["items"] == []
    assert client.get(f"/api/v1/assignments/{row.pk}/events").status_code == 404

    client.force_login(Person.objects.get(username="department"))
    late = client.get("/api/v1/assignments", {"status": "overdue", "kind": "task"}).json()
    (found,) = [one for one in late["items"] if one["number"] == 28]
    assert {name: found[name] for name in ("lead", "status", "phase", "due_on", "plan_due_on")} == {
        "lead": "省发展改革委", "status": "overdue", "phase": "under_way", "due_on": "2024-03-31",
        "plan_due_on": "2024-03-31",
    }  # fmt: skip
    assert client.get("/api/v1/assignments", {"status": "typed"}).json()["items"] == []
    events = client.get(f"/api/v1/assignments/{row.pk}/events").json()
    assert [one["kind"] for one in events] == ["opened", "lead_proposed", "reported", "asked", "answered"]
    assert events[2]["figures"][0] == {
        "name": "事项", "value": "24.5", "unit": "项", "as_of": "2024-05-31", "target_order": None,
    }  # fmt: skip
    assert events[2]["evidence"][0]["name"] == "证明.txt" and events[2]["organisation"] == "省发展改革委"
    assert events[4]["answers"] == 4

    client.force_login(Person.objects.get(username="other"))
    assert client.get(f"/api/v1/assignments/{row.pk}/events").status_code == 404
    assert 28 not in {
        one["number"] for one in client.get("/api/v1/assignments").json()["items"] if one["kind"] == "task"
    }
