"""Two people at once, in two real transactions: one ruling stands, one publication stands, one upload stands."""

from __future__ import annotations

import pytest

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused
from qifu.foundation.revisions import Revision
from qifu.foundation.tests.at_once import at_once
from qifu.services.work_plans.models import PlanReview
from qifu.services.work_plans.tests.factories import doubt, person, publish, read_review, rule, upload

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


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
