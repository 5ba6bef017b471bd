"""Two people at once, in two real transactions: one ruling stands, one publication stands, one upload stands."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused
from qifu.foundation.revisions import Revision
from qifu.services.work_plans.models import PlanReview
from qifu.services.work_plans.tests.factories import doubt, person, publish, read_review, rule, upload

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run acts in threads that start together; return what each returned or raised."""
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(index: int) -> None:
        try:
            barrier.wait(timeout=20)
            results[index] = acts[index]()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def test_rulings_publications_and_uploads_collide_safely(officer: Actor, notice: bytes) -> None:
    other = person("second").as_actor()
    review = read_review(notice, officer)
    row, seen = doubt(review, "deadline_unreadable"), review.version
    results = at_once(
        lambda: rule(row, "accepted", officer, expected_version=seen),
        lambda: rule(row, "rejected", other, expected_version=seen, note="照原件"),
    )
    assert sorted(isinstance(result, Refused) for result in results) == [False, True], results
    row.refresh_from_db()
    assert row.state in ("accepted", "rejected")

    version = PlanReview.objects.get(pk=review.pk).version
    results = at_once(
        lambda: publish(review, officer, expected_version=version),
        lambda: publish(review, other, expected_version=version),
    )
    assert sorted(isinstance(result, Refused) for result in results) == [False, True], results
    assert Revision.objects.filter(state="published").count() == 1

    uploads = at_once(lambda: upload(notice, other), lambda: upload(notice, other))
    assert len({result.pk for result in uploads}) == 1, uploads
    assert PlanReview.objects.filter(created_by=other.id).count() == 1, uploads
