"""Makes what the tests of this room start from, through the same door as everybody."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Any

from django.utils import timezone

from qifu.foundation import jobs
from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import action
from qifu.registers.people.models import Delegation, Person, Post
from qifu.services.work_plans import actions
from qifu.services.work_plans.models import Irregularity, Plan, PlanReview

AT = datetime(2024, 3, 8, 2, 0, tzinfo=UTC)
TODAY = date(2024, 3, 8)
PLACE = "330109"


@action("tests.work_plans.make_person", title="测试：建人", permission="work_plans.load")
def _make_person(
    *, username: str, role: str, place: str, organisation_id: int | None, by: Actor, at: datetime
) -> Person:
    made = Person(username=username, name=f"{username}（模拟）", created_at=at, password="!")
    made.save()
    if role:
        Post(
            person=made,
            role=role,
            place_code=place,
            organisation_id=organisation_id,
            starts_on=date(2024, 1, 1),
        ).save()
    return made


def person(
    username: str, role: str = "reform_officer", place: str = "330000", organisation_id: int | None = None
) -> Person:
    """Return a person with a post."""
    return _make_person(
        username=username, role=role, place=place, organisation_id=organisation_id, by=SYSTEM, at=AT
    )


@action("tests.work_plans.stand_in", title="测试：委托", permission="work_plans.load")
def _stand_in(*, holder: int, delegate: int, by: Actor, at: datetime) -> None:
    for post in Post.objects.filter(person_id=holder):
        Delegation(
            post=post, delegate_id=delegate, starts_on=date(2024, 1, 1), ends_on=date(2025, 1, 1),
            reason="测试", created_at=at,
        ).save()  # fmt: skip


def stand_in(holder: Actor, delegate: Actor) -> None:
    """Let `delegate` exercise the posts of `holder` during 2024."""
    assert holder.id is not None and delegate.id is not None
    _stand_in(holder=holder.id, delegate=delegate.id, by=SYSTEM, at=AT)


def upload(content: bytes, by: Actor, *, name: str = "清单.txt", **changed: Any) -> PlanReview:
    """Upload a notice."""
    asked = {"place_code": PLACE, "publicity": "not_public", "unclassified": True} | changed
    return actions.upload_plan(filename=name, content=io.BytesIO(content), by=by, at=AT, **asked)


def work() -> None:
    """Run every job that is due, those too that pages enqueued at the present moment."""
    while jobs.run_one(worker="test", clock=timezone.now):
        pass


def read_review(content: bytes, by: Actor, **changed: Any) -> PlanReview:
    """Upload a notice and have it read."""
    review = upload(content, by, **changed)
    work()
    return PlanReview.objects.get(pk=review.pk)


def doubt(review: PlanReview, code: str, number: int | None = None) -> Irregularity:
    """Return the doubt of a review with a code."""
    rows = review.irregularities.filter(code=code)
    return rows.get(number=number) if number is not None else rows.get()


def rule(row: Irregularity, verdict: str, by: Actor, **more: Any) -> Irregularity:
    """Rule on a doubt, having seen the latest version of the review."""
    row = Irregularity.objects.get(pk=row.pk)
    version = more.pop("expected_version", PlanReview.objects.get(pk=row.review_id).version)
    return actions.rule_irregularity(
        irregularity=row, verdict=verdict, expected_version=version, by=by, at=AT, **more
    )


def publish(review: PlanReview, by: Actor, **more: Any) -> Plan:
    """Publish a review as it stands."""
    row = PlanReview.objects.get(pk=review.pk)
    return actions.publish_plan(
        review=row,
        expected_version=more.pop("expected_version", row.version),
        by=by,
        at=AT,
        today=TODAY,
        **more,
    )
