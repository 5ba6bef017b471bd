"""What is kept of people who once acted for an enterprise, and until when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from qifu.foundation.access import SYSTEM
from qifu.foundation.action import Refused
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates import actions, identities, registration
from qifu.registers.mandates.authority import bound_until
from qifu.registers.mandates.models import ExternalIdentity, Invitation
from qifu.registers.mandates.tests.conftest import represent
from qifu.registers.people import retention
from qifu.registers.people.models import Person
from qifu.registers.people.openid import Identity

pytestmark = pytest.mark.django_db
MakePerson = Callable[..., Person]


def test_whoever_holds_a_mandate_is_kept_and_later_forgotten(
    firm: Enterprise, make_person: MakePerson
) -> None:
    boss, friend, now = make_person("boss"), make_person("friend"), timezone.now()
    represent(firm, boss, now)
    made = actions.invite_handler(
        by=boss.as_actor(), at=now, enterprise=firm, name=friend.name, mobile="13800001234", scope=["all"],
        ends_on=timezone.localdate() + timedelta(days=9),
    )  # fmt: skip
    actions.accept_invitation(by=friend.as_actor(), at=now, token=made.token)
    identities.link_identity(by=friend.as_actor(), at=now, identity=Identity("https://i.example", "s-1", "x"))
    nobody = make_person("nobody")
    both = [boss.pk, friend.pk, nobody.pk]
    assert bound_until(both, now) == {boss.pk: None, friend.pk: None}
    later = now + timedelta(days=9)
    assert bound_until(both, later) == {boss.pk: None, friend.pk: timezone.localdate(later)}
    registration.end_representative(by=SYSTEM, at=now, enterprise=firm)
    assert bound_until([boss.pk], now) == {boss.pk: timezone.localdate(now)}

    with pytest.raises(Refused):
        retention.erase_person(by=SYSTEM, at=now, person=friend)
    at = later + timedelta(days=retention.retention_rule().days + 1)
    retention.erase_person(by=SYSTEM, at=at, person=friend)
    assert not ExternalIdentity.objects.exists()
    row = Invitation.objects.get()
    assert row.name == actions.NO_NAME and row.mobile == ""


def test_an_invitation_nobody_took_up_forgets_whom_it_was_for(
    firm: Enterprise, make_person: MakePerson
) -> None:
    boss, now = make_person("boss"), timezone.now()
    represent(firm, boss, now)

    def invite(at: object) -> Invitation:
        return actions.invite_handler(
            by=boss.as_actor(), at=at, enterprise=firm, name="李四", mobile="13800001234", scope=["all"],
            ends_on=timezone.localdate(at) + timedelta(days=9),
        ).invitation  # fmt: skip

    first = invite(now)
    assert Invitation.objects.get(pk=first.pk).mobile == "13800001234"
    invite(now + actions.INVITATION_LIFE + actions.FORGOTTEN_AFTER)
    first = Invitation.objects.get(pk=first.pk)
    assert (first.name, first.mobile) == (actions.NO_NAME, "")
