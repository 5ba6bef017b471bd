"""The same request at the same moment, in real transactions: one case; different ones: every number once, without gaps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qifu.engines.casework import definitions
from qifu.engines.casework.models import Case, CaseClock, CaseEvent, RequestKey
from qifu.foundation.access import ANONYMOUS, Actor
from qifu.foundation.imports.kinds import SourceRow
from qifu.foundation.tests.at_once import at_once
from qifu.services.enterprise_problems.actions.intake import Receipt, Request, record_request, report_problem
from qifu.services.enterprise_problems.import_kind import import_problems
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.queries.search import search
from qifu.services.enterprise_problems.tests import intake_world as world
from qifu.services.enterprise_problems.tests.intake_world import AT, XIAOSHAN

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
SAID = Request(words="园区停电", place_code=XIAOSHAN, contact_mobile="13800001234")


@pytest.fixture
def clerk(transactional_db: None) -> Actor:
    definitions.forget()
    world.load_province()
    return world.clerk().as_actor()


def test_intake_at_once(clerk: Actor) -> None:
    same = replace(SAID, key="token")
    receipts = at_once(*[lambda: report_problem(by=ANONYMOUS, at=AT, request=same)] * 6)
    assert all(isinstance(one, Receipt) for one in receipts), receipts
    assert len({(one.case.pk, one.query_code) for one in receipts}) == 1
    assert sorted(one.again for one in receipts) == [False] + [True] * 5

    order = replace(SAID, channel="superior", source="市政府办公室", outside_number="1", words="交办")
    receipts = at_once(*[lambda: record_request(by=clerk, at=AT, own_place=XIAOSHAN, request=order)] * 4)
    assert len({one.case.pk for one in receipts}) == 1, receipts

    different = [replace(SAID, words=f"第{n}件", key=f"k{n}") for n in range(6)]
    receipts = at_once(
        *[lambda one=one: report_problem(by=ANONYMOUS, at=AT, request=one) for one in different]
    )
    assert all(isinstance(one, Receipt) for one in receipts), receipts
    numbers = sorted(Case.objects.values_list("number", flat=True))
    assert numbers == [f"330109202406{n:05d}" for n in range(1, 9)]
    assert (
        Case.objects.count()
        == CaseEvent.objects.count()
        == CaseClock.objects.count()
        == Problem.objects.count()
        == 8
    )
    assert RequestKey.objects.count() == 7

    rows = [
        SourceRow(n, {"words": f"工单{n}", "outside_number": str(n), "source": "热线"}) for n in range(2, 42)
    ]
    outcomes = at_once(
        lambda: import_problems(rows=rows, source="import:1", by=clerk, at=AT),
        lambda: report_problem(by=ANONYMOUS, at=AT, request=replace(SAID, words="同时来的", key="z")),
    )
    assert outcomes[0].created == 40 and isinstance(outcomes[1], Receipt), outcomes
    again = import_problems(rows=rows, source="import:2", by=clerk, at=AT)
    assert (again.created, again.unchanged) == (0, 40)
    numbers = sorted(Case.objects.values_list("number", flat=True))
    assert numbers == [f"330109202406{n:05d}" for n in range(1, 50)]
    assert (
        search(Case.objects.all(), "工单7").count() == 1 and search(Case.objects.all(), "停电").count() == 1
    )
