"""Two at once: one token, one first sign-in, one office of legal representative; held by locks and constraints."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from qifu.foundation.access import ANONYMOUS
from qifu.foundation.tests.at_once import at_once
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates import actions, identities
from qifu.registers.mandates.models import ExternalIdentity, Mandate
from qifu.registers.mandates.tests.conftest import represent
from qifu.registers.people.models import Person
from qifu.registers.people.openid import Identity

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
MakePerson = Callable[..., Person]


def test_of_two_who_accept_at_once_one_becomes_the_handler(firm: Enterprise, make_person: MakePerson) -> None:
    boss, now = make_person("boss"), timezone.now()
    represent(firm, boss, now)
    people = [make_person("handler-1"), make_person("handler-2")]
    for person in people:  # of one name, so that the name does not decide
        QuerySet(Person).filter(pk=person.pk).update(name="同名（模拟）")
    made = actions.invite_handler(
        by=boss.as_actor(), at=now, enterprise=firm, name="同名（模拟）", mobile="13800001234", scope=["all"],
        ends_on=timezone.localdate() + timedelta(days=9),
    )  # fmt: skip
    done = at_once(
        *(
            lambda who=person: actions.accept_invitation(by=who.as_actor(), at=now, token=made.token)
            for person in people
        )
    )
    assert sorted(type(one).__name__ for one in done) == ["Mandate", "Refused"], done
    assert Mandate.objects.filter(kind="handler").count() == 1


def test_of_two_registered_at_once_one_is_the_legal_representative(
    firm: Enterprise, make_person: MakePerson
) -> None:
    people, now = [make_person("one"), make_person("two")], timezone.now()
    done = at_once(*(lambda who=person: represent(firm, who, now) for person in people))
    assert [type(one).__name__ for one in done] == ["Mandate", "Mandate"], done
    assert Mandate.objects.filter(kind="legal_representative", revoked_at=None).count() == 1
    assert Mandate.objects.filter(ending="replaced").count() == 1


def test_the_same_first_sign_in_twice_at_once_makes_one_person(db: None) -> None:
    identity, now = Identity("https://i.example", "s-1", "李四"), timezone.now()
    done = at_once(*[lambda: identities.sign_in_from_outside(by=ANONYMOUS, at=now, identity=identity)] * 2)
    assert [type(one).__name__ for one in done] == ["Person", "Person"], done
    assert Person.objects.count() == 1 and ExternalIdentity.objects.count() == 1


def test_the_database_itself_holds_one_representative_and_an_order(
    firm: Enterprise, make_person: MakePerson
) -> None:
    one, two, now = make_person("one"), make_person("two"), timezone.now()
    represent(firm, one, now)
    day = timezone.localdate()

    def row(**other: object) -> Mandate:
        fields = {
            "person": two,
            "enterprise": firm,
            "kind": "handler",
            "origin": "counter",
            "starts_on": day,
            "given_at": now,
        }
        return Mandate(**(fields | other))

    wrong = [
        row(kind="legal_representative"), row(ends_on=day), row(kind="legal_representative", ends_on=day + timedelta(9)),
        row(revoked_at=now), row(ending="revoked"),
    ]  # fmt: skip
    for bad in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            QuerySet(Mandate).bulk_create([bad])
    QuerySet(Mandate).bulk_create([row()])
    with pytest.raises(IntegrityError), transaction.atomic():
        QuerySet(Mandate).bulk_create([row()])
