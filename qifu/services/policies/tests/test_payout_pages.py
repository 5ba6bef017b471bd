"""The enterprise's payout pages: which of one's enterprises opens, and that the header shows the same."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from qifu.registers.conftest import MakePerson
from qifu.registers.mandates.queries import CURRENT_ENTERPRISE
from qifu.services.policies.tests.payout_world import AFTER_NOTICE, firms, mandate, world


@pytest.fixture(autouse=True)
def _as_of(settings: Any) -> None:
    settings.AS_OF = AFTER_NOTICE.date()


def test_the_enterprise_with_something_to_confirm_opens_first(make_person: MakePerson) -> None:
    here = world(make_person, 1)
    here.opened()
    boss = make_person("boss")
    (idle,) = firms(1, start=50)
    for one in (idle, here.firms[0]):
        mandate(boss, one)
    client = Client()
    client.force_login(boss)
    client.get(reverse("own_payouts", args=[idle.pk]))
    assert client.session[CURRENT_ENTERPRISE] == idle.pk
    asked = reverse("own_payouts", args=[here.firms[0].pk])
    assert client.get(reverse("payouts")).headers["Location"] == asked
    assert "确认截止" in client.get(asked).content.decode()
    assert client.session[CURRENT_ENTERPRISE] == here.firms[0].pk
    here.confirm(here.firms[0])
    client.get(reverse("own_payouts", args=[idle.pk]))
    assert client.get(reverse("payouts")).headers["Location"] == reverse("own_payouts", args=[idle.pk])
