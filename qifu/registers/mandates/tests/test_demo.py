"""The enterprise accounts of a demo site."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from qifu.foundation.action import Refused
from qifu.registers.enterprises.demo import load_demo_enterprises
from qifu.registers.mandates import queries
from qifu.registers.mandates.demo import DEMO_HOLDERS, load_demo_mandates
from qifu.registers.people import second_factor
from qifu.registers.people.models import Person

pytestmark = pytest.mark.django_db
AT = datetime(2024, 6, 20, 2, 0, tzinfo=UTC)


def test_enterprise_accounts_are_made_on_a_demo_site_only(
    province: Path, quick_passwords: None, settings: Any
) -> None:
    settings.DEMO = False
    with pytest.raises(Refused, match="不是演示站点"):
        load_demo_mandates(AT)
    settings.DEMO = True
    load_demo_enterprises(AT)
    assert load_demo_mandates(AT) == len(DEMO_HOLDERS) and load_demo_mandates(AT) == 0
    legal, handler = (Person.objects.get(username=name) for name in ("legal", "handler"))
    assert "模拟" in legal.name and "模拟" in handler.name
    assert [one.title for one in queries.firms(legal.as_actor(), AT)] == ["法定代表人"] * 2
    assert [one.title for one in queries.firms(handler.as_actor(), AT)] == ["经办人"]
    assert all(
        second_factor.needed(one, AT) and second_factor.methods(one) == ("sms",) for one in (legal, handler)
    )
