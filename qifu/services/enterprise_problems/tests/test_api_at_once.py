"""The same request sent by many hands at the same moment is done once, and each is answered alike."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from qifu.engines.casework.models import Case, CaseEvent
from qifu.foundation.tests.at_once import at_once
from qifu.services.enterprise_problems.tests.intake_world import clerk, load_province
from qifu.services.enterprise_problems.tests.test_api import CLASSES, PROBLEMS, WORDS, System

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
HANDS = 6


def test_one_case_and_one_step_whoever_is_first(settings: Any) -> None:
    settings.AS_OF = date(2024, 6, 20)
    load_province()
    hub = System(clerk())
    answers = at_once(
        *[lambda: hub.post(PROBLEMS, WORDS | {"source": "热线", "outside_number": "1"}, key="post")] * HANDS
    )
    assert sorted(one.status_code for one in answers) == [200] * (HANDS - 1) + [201]
    numbers = {one.json()["number"] for one in answers}
    assert len(numbers) == 1 and Case.objects.count() == 1
    address = f"{PROBLEMS}/{numbers.pop()}/transitions/accept"
    moved = at_once(*[lambda: hub.post(address, {"form": CLASSES}, key="accept")] * HANDS)
    assert [one.status_code for one in moved] == [200] * HANDS
    assert len({one.json()["version"] for one in moved}) == 1
    assert list(CaseEvent.objects.order_by("seq").values_list("kind", flat=True)) == ["opened", "accept"]
    unkeyed = at_once(
        *[
            lambda: hub.post(
                f"{address[:-7]}/refer",
                {"form": {"statutory_channel": "petition", "notice": "请向信访部门提出"}},
            )
        ]
        * HANDS
    )
    assert sorted(one.status_code for one in unkeyed) == [200] + [409] * (HANDS - 1)
