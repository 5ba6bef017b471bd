"""The life of one case, from its arrival to a bad rating, rework and a second closing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from qifu.engines.casework.moves import move
from qifu.engines.casework.ratings import rate
from qifu.engines.casework.tests import trial
from qifu.engines.casework.tests.conftest import AT
from qifu.engines.casework.tests.trial import CALLBACK, HUB, UNIT_A, UNIT_A2, World, do, open_case, walk

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
CLASSES = {"board": "one", "topic": "one", "scope": "individual", "difficulty": "general"}


def test_a_case_is_handled_rated_badly_reworked_and_closed_again(world: World) -> None:
    case = open_case(1, at=AT, lead=world.hub)
    answer = {"result": "solved", "reply": "已经办好，联系人某某（模拟）"}
    to_closing = [
        ("draft", UNIT_A, answer), ("pass", UNIT_A2, {}), ("sign", UNIT_A2, {"signer": "某某"}),
        ("close", HUB, {"result": "solved"}),
    ]  # fmt: skip
    first = [
        ("accept", HUB, CLASSES), ("assign", HUB, {"lead": world.unit_a}), ("take", UNIT_A, {}),
        ("contact", UNIT_A, {"contact_way": "phone", "explanation": "已联系"}), *to_closing,
    ]  # fmt: skip
    for name, by, form in first:
        with CaptureQueriesContext(connection) as caught:
            do(lambda name=name, form=form: move(case, name, form=form), by=by, at=AT + timedelta(hours=1))
        statements = [one["sql"] for one in caught if "SAVEPOINT" not in one["sql"]]
        assert len(statements) <= 14, (name, statements)
        if name in ("take", "contact", "draft", "pass"):
            assert len(statements) <= 10, (name, statements)
    row = walk(case, [], at=AT)
    assert (row.state, row.result, row.due_at, row.version) == ("closed", "solved", None, 9)
    do(lambda: rate(row, source="enterprise", solved=False, stars=1, channel="portal"), by=trial.reporter(1), at=AT + timedelta(days=1))  # fmt: skip
    row = walk(
        case, [("rework", CALLBACK, {"explanation": "已联系企业"}), *to_closing], at=AT + timedelta(days=2)
    )
    assert (row.state, row.version) == ("closed", 15)
