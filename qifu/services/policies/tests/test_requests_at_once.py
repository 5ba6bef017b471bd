"""Colleagues of one firm apply at the same moment, in real transactions: one application, what it froze stays."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from qifu.engines.casework.models import Case
from qifu.foundation.access import SYSTEM
from qifu.foundation.action import Refused
from qifu.foundation.tests.at_once import at_once
from qifu.registers.conftest import make_person
from qifu.services.policies.actions.requests import Contact, Receipt, apply
from qifu.services.policies.models import PolicyRequest
from qifu.services.policies.tests.own_world import PLAIN
from qifu.services.policies.tests.payout_world import firms
from qifu.services.policies.tests.policy_world import AT, JOBS, UNIT, published

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
__all__ = ["make_person"]


def test_one_application_however_many_send_it(make_person: Any, case_types: None) -> None:
    unit = make_person("unit", "department_officer", "330109", UNIT).as_actor()
    published(unit, JOBS, PLAIN)
    firm = firms(1)[0]
    given: dict[str, Any] = {
        "enterprise": firm, "code": "xs-jobs", "words": "申报", "contact": Contact(), "files": [], "unclassified": True, "by": SYSTEM, "at": AT,
    }  # fmt: skip
    answers = at_once(
        *[lambda key=key: apply(**given, key=key) for key in ("same", "same", "same", "a", "b", "c")]
    )
    receipts = [one for one in answers if isinstance(one, Receipt)]
    assert len(receipts) + sum(isinstance(one, Refused) for one in answers) == 6, answers
    assert sum(not one.again for one in receipts) == 1 and len({one.case.pk for one in receipts}) == 1
    row = PolicyRequest.objects.get()
    assert Case.objects.count() == 1 and row.verdict == "met" and row.amount_fen == 5_000_00
    for change in ({"facts": []}, {"words": "改"}, {"amount_fen": 1}, {"period": "2025"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            QuerySet(PolicyRequest).filter(pk=row.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        QuerySet(PolicyRequest).filter(pk=row.pk).delete()
