"""Standing in: what a delegate may do, on which days, for whom, and what the trail says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as st

from qifu.foundation.access import SYSTEM, NotFound, grants_of
from qifu.foundation.action import Refused
from qifu.foundation.notices import Notice
from qifu.registers.organisations.actions import approve_expansion
from qifu.registers.people import actions, delegations
from qifu.registers.people.models import Delegation, Person, Post

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
AT = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
DAY = date(2024, 3, 1)
AuditRow: Any = apps.get_model("foundation", "AuditRow")
MakePerson = Callable[..., Person]


def stand_in(
    holder: Person, delegate: Person, by: Any = None, at: datetime = AT, **changes: Any
) -> Delegation:
    asked = {
        "post_id": holder.posts.get().pk, "starts_on": DAY, "ends_on": DAY + timedelta(days=7), "reason": "leave",
    }  # fmt: skip
    return delegations.delegate_post(
        by=by or holder.as_actor(), at=at, person=holder, delegate=delegate, **(asked | changes)
    )


def on(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time().replace(hour=9)))


def roles_of(person: Person, at: datetime) -> set[tuple[str, str, int | None]]:
    return {(g.role, g.place, g.on_behalf_of) for g in grants_of(person.as_actor(), at) if g.place}


@given(
    starts=st.integers(0, 20), length=st.integers(1, 20), asked=st.integers(-3, 45),
    post_ends=st.none() | st.integers(21, 60),
)  # fmt: skip
@trials(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_delegate_holds_the_post_on_exactly_the_days_named(
    province: Path, make_person: MakePerson, starts: int, length: int, asked: int, post_ends: int | None
) -> None:
    with transaction.atomic():
        sid = transaction.savepoint()
        holder, other = (
            make_person("holder", "reform_officer"),
            make_person("other", "centre_clerk", "330109"),
        )
        if post_ends is not None:
            actions.end_post(
                by=SYSTEM,
                at=AT,
                person=holder,
                post_id=holder.posts.get().pk,
                ends_on=DAY + timedelta(days=post_ends),
            )
        first, last = DAY + timedelta(days=starts), DAY + timedelta(days=starts + length)
        fits = post_ends is None or starts + length <= post_ends
        if fits:
            stand_in(holder, other, starts_on=first, ends_on=last)
        else:
            with pytest.raises(Refused, match="任期以内"):
                stand_in(holder, other, starts_on=first, ends_on=last)
        day = DAY + timedelta(days=asked)
        expected = {("centre_clerk", "330109", None)}
        if fits and first <= day < last:
            expected.add(("reform_officer", "330000", holder.pk))
        assert roles_of(other, on(day)) == expected
        transaction.savepoint_rollback(sid)


def test_the_trail_says_on_whose_behalf_and_only_where_it_was_needed(make_person: MakePerson) -> None:
    holder = make_person("holder", "reform_officer", "330100")
    delegate = make_person("delegate", "reform_officer", "330200")
    stand_in(holder, delegate)
    seen = {note.recipient_id: note.title for note in Notice.objects.all()}
    assert "由您代理同事的岗位" in seen[delegate.pk] and "由同事代理您的岗位" in seen[holder.pk]
    assert "休假" not in str(seen) and "模拟" not in str(seen), "neither reason nor name leaves the register"

    def approve(place: str) -> dict[str, Any]:
        approve_expansion(
            by=delegate.as_actor(), at=AT, place_code=place, written="市、县（市、区）党委改革办",
            members=[f"{place}.reform_office"], basis="测试", effective_from=DAY,
        )  # fmt: skip
        facts: dict[str, Any] = (
            AuditRow.objects.filter(act="organisations.approve_expansion").latest("pk").facts
        )
        return facts

    assert "on_behalf_of" not in approve("330200")
    assert approve("330100")["on_behalf_of"] == holder.pk
    with pytest.raises(NotFound):
        approve("330300")
    client = Client()
    client.force_login(make_person("auditor", "auditor"))
    trail = client.get("/workbench/audit/", {"act": "organisations.approve_expansion"}).content.decode()
    assert trail.count("delegate（模拟）（代 holder（模拟））") == 1


def test_there_are_no_chains_and_no_administrators_by_delegation(make_person: MakePerson) -> None:
    first, second, third = (make_person(name, "reform_officer", place) for name, place in
                            (("first", "330100"), ("second", "330200"), ("third", "330300")))  # fmt: skip
    stand_in(first, second)
    stand_in(second, third)
    assert roles_of(third, AT) == {
        ("reform_officer", "330300", None),
        ("reform_officer", "330200", second.pk),
    }
    with pytest.raises(Refused, match="选择要代理的岗位"):
        stand_in(second, third, post_id=first.posts.get().pk)
    with pytest.raises(NotFound):
        stand_in(
            first,
            third,
            by=second.as_actor(),
            starts_on=DAY + timedelta(days=30),
            ends_on=DAY + timedelta(days=31),
        )
    for role in ("system_administrator", "security_administrator", "auditor"):
        keeper = make_person(f"a-{role[:5]}", role)
        with pytest.raises(Refused, match="不能委托代理"):
            stand_in(keeper, third)
        with pytest.raises(Refused, match="不能委托代理"):
            stand_in(keeper, third, by=SYSTEM)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ends_on": DAY}, "晚于开始日"), ({"starts_on": DAY - timedelta(days=1)}, "早于今天"),
        ({"ends_on": DAY + timedelta(days=400)}, "最长"), ({"reason": "生病"}, "选择原因"),
        ({"post_id": 2**62}, "选择要代理的岗位"),
    ],
)  # fmt: skip
def test_a_delegation_that_cannot_be_is_refused(
    make_person: MakePerson, changes: dict[str, Any], reason: str
) -> None:
    holder, other = make_person("holder", "reform_officer"), make_person("other")
    with pytest.raises(Refused, match=reason):
        stand_in(holder, other, **changes)
    with pytest.raises(Refused, match="另一位启用"):
        stand_in(holder, holder)
    actions.disable_person(by=SYSTEM, at=AT, person=other)
    with pytest.raises(Refused, match="另一位启用"):
        stand_in(holder, Person.objects.get(pk=other.pk))
    assert not Delegation.objects.exists()


def test_a_delegation_stops_when_ended_disabled_or_the_post_ends(make_person: MakePerson) -> None:
    holder, other = make_person("holder", "reform_officer"), make_person("other")
    made = stand_in(holder, other)
    with pytest.raises(Refused, match="已安排代理"):
        stand_in(
            holder, make_person("third"), starts_on=DAY + timedelta(days=6), ends_on=DAY + timedelta(days=9)
        )
    with pytest.raises(NotFound):
        delegations.end_delegation(by=make_person("fourth").as_actor(), at=AT, delegation=made)
    assert roles_of(other, AT)
    actions.disable_person(by=SYSTEM, at=AT, person=holder)
    assert not roles_of(other, AT)
    actions.enable_person(by=SYSTEM, at=AT, person=holder)
    actions.reset_password(by=SYSTEM, at=AT, person=other)
    assert not roles_of(Person.objects.get(pk=other.pk), AT)
    delegations.end_delegation(by=other.as_actor(), at=AT, delegation=made)
    made.refresh_from_db()
    assert made.ends_on == DAY
    with pytest.raises(Refused, match="已经结束"):
        delegations.end_delegation(by=holder.as_actor(), at=AT, delegation=made)
    again = stand_in(holder, other, starts_on=DAY + timedelta(days=1))
    actions.end_post(by=SYSTEM, at=AT, person=holder, post_id=holder.posts.get().pk, ends_on=DAY)
    assert again.ends_on > DAY and not roles_of(other, on(DAY + timedelta(days=2)))


def test_the_database_holds_the_range_in_order(make_person: MakePerson) -> None:
    from qifu.foundation.tests.acts import act

    holder, other = make_person("holder", "reform_officer"), make_person("other")
    wrong = Delegation(
        post=holder.posts.get(),
        delegate=other,
        starts_on=DAY,
        ends_on=DAY - timedelta(days=1),
        reason="x",
        created_at=AT,
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        act(wrong.save)


def test_a_story_of_a_holiday(make_person: MakePerson, client: Client) -> None:
    today = timezone.localdate()
    holder = make_person("holder", "reform_officer", "330100", "330100.reform_office")
    other = make_person("other", "centre_clerk", "330100", "330100.reform_office")
    client.force_login(holder)
    page = client.get("/account/delegate/").content.decode()
    assert "other（模拟）" in page and "改革办工作人员" in page
    asked = {
        "post_id": holder.posts.get().pk, "delegate_id": other.pk, "starts_on": today.isoformat(),
        "ends_on": (today + timedelta(days=3)).isoformat(), "reason": "leave",
    }  # fmt: skip
    assert client.post("/account/delegate/", asked | {"delegate_id": holder.pk}).status_code == 422
    assert client.post("/account/delegate/", asked).headers["Location"] == "/account/"
    assert "代理中" in client.get("/account/").content.decode()
    hers = Client()
    hers.force_login(other)
    assert hers.get("/workbench/generic-units/").status_code == 200
    account = hers.get("/account/").content.decode()
    assert "holder（模拟）" in account and "代理中" in account
    made = Delegation.objects.get()
    stranger = Client()
    stranger.force_login(make_person("stranger"))
    assert stranger.post(f"/account/delegations/{made.pk}/end/").status_code == 404
    assert hers.post(f"/account/delegations/{made.pk}/end/").headers["Location"] == "/account/"
    assert hers.get("/workbench/generic-units/").status_code == 404
    admin = Client()
    admin.force_login(make_person("admin", "system_administrator"))
    address = f"/workbench/people/{holder.pk}/delegate/"
    assert stranger.get(address).status_code == 404
    assert admin.post(address, asked).headers["Location"] == f"/workbench/people/{holder.pk}/"
    assert Post.objects.count() == 3
