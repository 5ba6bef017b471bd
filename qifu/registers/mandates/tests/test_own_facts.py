"""The facts of one's own enterprise: seen with their source, declared where nobody else tells them, by nobody else's people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from qifu.foundation.access import SYSTEM
from qifu.foundation.tests.at_once import at_once
from qifu.registers.enterprises.fact_actions import record_facts
from qifu.registers.enterprises.fact_store import facts_as_of
from qifu.registers.enterprises.models import Enterprise, FactValue
from qifu.registers.mandates.tests.conftest import MakeFirm, represent
from qifu.registers.people.models import Person

MakePerson = Callable[..., Person]
WAN = 1_000_000


def tell(firm: Enterprise, at: datetime, revenue: str) -> Any:
    year_end = date(timezone.localdate(at).year - 1, 12, 31)
    return record_facts(enterprise=firm, values={"revenue": revenue}, as_of=year_end, source="税务部门", by=SYSTEM, at=at)  # fmt: skip


def test_a_firm_sees_and_declares_its_own_and_no_other(
    make_firm: MakeFirm, make_person: MakePerson, client: Client
) -> None:
    firm, other, boss, now = make_firm(1), make_firm(2), make_person("boss"), timezone.now()
    represent(firm, boss, now)
    tell(firm, now, "300万元")
    client.force_login(boss)
    where, today = f"/my-enterprise/{firm.pk}/facts/", timezone.localdate().isoformat()
    page = client.get(where, {"group": "财务"}).content.decode()
    assert "300 万元" in page and "税务部门" in page and f'href="{where}revenue/"' in page
    assert client.get(where + "own_brand/").status_code == 200
    assert client.post(where + "own_brand/", {"value": "", "as_of": today}).status_code == 422
    assert client.post(where + "own_brand/", {"value": "是", "as_of": today}).status_code == 302
    assert "填报" in client.get(where + "own_brand/").content.decode()
    assert client.post(where + "revenue/", {"value": "900万元", "as_of": today}).status_code == 302
    values = facts_as_of(firm, timezone.localdate())
    assert (values["own_brand"], values["revenue"]) == (1, 300 * WAN)
    assert client.post(where + "high_tech/", {"value": "长期", "as_of": today}).status_code == 404
    for name in ("place", "rd_share", "founder_group", "nothing"):
        assert client.get(f"{where}{name}/").status_code == 404
    assert client.get(f"/my-enterprise/{other.pk}/facts/").status_code == 404
    assert client.post(f"/my-enterprise/{other.pk}/facts/own_brand/", {"value": "是"}).status_code == 404
    assert client.get(f"/workbench/enterprises/{firm.pk}/facts/").status_code == 404
    assert set(FactValue.objects.values_list("enterprise", flat=True)) == {firm.pk}


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_of_two_corrections_at_once_each_is_a_version_of_its_own(make_firm: MakeFirm) -> None:
    firm, now = make_firm(1), timezone.now()
    done = at_once(*(lambda text=f"{n}万元": tell(firm, now, text) for n in (1, 2, 3)))
    assert all(type(one).__name__ == "Recorded" for one in done), done
    assert sorted(FactValue.objects.values_list("version", flat=True)) == [0, 1, 2]
    last = FactValue.objects.get(version=2)
    assert facts_as_of(firm, timezone.localdate())["revenue"] == last.number
