"""Asked twice, made once: one after the other, with other content, and at the same moment."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from qifu.engines.casework.models import Case, RequestKey
from qifu.engines.casework.request_keys import once
from qifu.engines.casework.tests.conftest import AT
from qifu.engines.casework.tests.trial import World, do, open_case
from qifu.foundation.access import SYSTEM
from qifu.foundation.action import Refused


@pytest.mark.django_db
def test_a_key_leads_to_the_case_made_under_it_and_stands_for_one_content(world: World) -> None:
    def ask(key: str, digest: str) -> tuple[Case, bool]:
        return do(
            lambda: once("api", key, digest, lambda: open_case(1, at=AT, lead=world.hub)), by=SYSTEM, at=AT
        )

    first, made = ask("a", "x")
    assert made and ask("a", "x") == (first, False)
    with pytest.raises(Refused, match="已用于另一份内容"):
        ask("a", "y")
    other, made = ask("b", "x")
    assert made and other != first
    assert (
        ask("", "x")[1] and ask("", "x")[1] and Case.objects.count() == 4 and RequestKey.objects.count() == 2
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
def test_who_asks_for_the_same_at_the_same_moment_gets_the_same_case(world: World) -> None:
    ready, answers = threading.Barrier(4), list[tuple[int, bool]]()

    def ask() -> None:
        ready.wait()
        try:
            case, made = do(
                lambda: once("api", "a", "x", lambda: open_case(1, at=AT + timedelta(minutes=1), lead=world.hub)),
                by=SYSTEM, at=AT,
            )  # fmt: skip
            answers.append((case.pk, made))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4 and len({pk for pk, _ in answers}) == 1
    assert sum(made for _, made in answers) == 1 and Case.objects.count() == 1
