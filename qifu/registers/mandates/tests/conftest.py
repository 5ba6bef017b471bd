"""Two synthetic enterprises in Xiaoshan, and people who come to act for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db.models import QuerySet

from qifu.foundation.access import SYSTEM
from qifu.registers.enterprises.models import Enterprise, EnterpriseSource
from qifu.registers.enterprises.uscc import check_digit
from qifu.registers.mandates import registration
from qifu.registers.mandates.models import Mandate
from qifu.registers.people.models import Person

MakeFirm = Callable[..., Enterprise]


def code(number: int) -> str:
    """Return a valid unified social credit code."""
    body = f"91330109MA2{number:06}"
    return body + check_digit(body)


@pytest.fixture
def make_firm(db: None) -> MakeFirm:
    """Return a function that makes an enterprise; written past the door, since other rooms' acts are not tested here."""

    def make(
        number: int = 1, name: str = "", division: str = "330109", representative: str = ""
    ) -> Enterprise:
        at = datetime(2024, 1, 1, tzinfo=UTC)
        source = EnterpriseSource.objects.first()
        if source is None:
            source = EnterpriseSource(name="登记数据（模拟）", added_at=at, simulated=True)
            QuerySet(EnterpriseSource).bulk_create([source])
        firm = Enterprise(
            uscc=code(number), name=name or f"第{number}家企业有限公司（模拟）", name_text="", division_code=division,
            legal_representative=representative, source=source, updated_at=at,
        )  # fmt: skip
        QuerySet(Enterprise).bulk_create([firm])
        return firm

    return make


@pytest.fixture
def firm(make_firm: MakeFirm) -> Enterprise:
    """Return an enterprise in Xiaoshan."""
    return make_firm()


def represent(firm: Enterprise, person: Person, at: datetime) -> Mandate:
    """Register a person with an account as legal representative, as the counter does."""
    done = registration.register_representative(
        by=SYSTEM, at=at, enterprise=firm, name=person.name, document="licence_and_identity",
        username=person.username, known=True, differs=True,
    )  # fmt: skip
    return done.mandate
