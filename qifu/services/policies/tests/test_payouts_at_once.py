"""Many hands at the same moment: ten confirmations pay once, eight batches stay within the budget."""

from __future__ import annotations

from typing import Any

import pytest

from qifu.foundation.access import SYSTEM
from qifu.foundation.action import Refused
from qifu.foundation.tests.at_once import at_once
from qifu.registers.conftest import make_person
from qifu.services.policies.actions import payments, payout_entries
from qifu.services.policies.models import PaymentBatch, PaymentLine, PolicyBudget
from qifu.services.policies.tests.payout_world import AFTER_NOTICE, give, world
from qifu.services.policies.verify_payouts import faults

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
__all__ = ["make_person"]


def test_ten_confirmations_pay_once_and_eight_batches_keep_the_budget(make_person: Any) -> None:
    here = world(make_person, 6)
    here.opened()
    budget = here.budget(28_000_00)  # of 37,500
    for firm in here.firms[1:]:
        here.confirm(firm)
    give(here.firms[0])
    entry = here.entry(here.firms[0])
    answers = at_once(*[lambda: payout_entries.confirm(entry=entry, by=SYSTEM, at=AFTER_NOTICE)] * 10)
    assert sum(not isinstance(one, Exception) for one in answers) == 1
    assert sum(isinstance(one, Refused) for one in answers) == 9
    here.financed()
    made = at_once(*[lambda: payments.make_batch(budget=budget, by=here.finance, at=AFTER_NOTICE)] * 8)
    assert sum(isinstance(one, PaymentBatch) for one in made) == 1
    assert sum(isinstance(one, Refused) for one in made) == 7
    budget = PolicyBudget.objects.get()
    assert budget.committed_fen == (10 + 11 + 12 + 13) * 500_00 <= budget.fen
    assert PaymentLine.objects.filter(entry=entry).count() == 1 and faults() == []
    payments.set_budget(
        policy=here.policy, year=2024, fen=40_000_00, how="first_come", document="追加（模拟）", by=here.finance, at=AFTER_NOTICE
    )  # fmt: skip
    at_once(*[lambda: payments.make_batch(budget=budget, by=here.finance, at=AFTER_NOTICE)] * 4)
    assert PaymentLine.objects.count() == 6 and PaymentBatch.objects.count() == 2 and faults() == []
