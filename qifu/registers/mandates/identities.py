"""Signing in from outside: the person behind an identity that a provider has proved, made at the first time.

An identity is linked to an account that exists only by the person who is signed in to it; never by name or number.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import datetime

from django.db import IntegrityError
from django.http import HttpRequest

from qifu.foundation.access import SYSTEM, Actor, find
from qifu.foundation.action import Refused, action, current_act
from qifu.registers.mandates.actions import NO_NAME
from qifu.registers.mandates.models import ExternalIdentity, Invitation
from qifu.registers.mandates.registration import subject_keys
from qifu.registers.people.actions import create_person
from qifu.registers.people.contacts import set_contact
from qifu.registers.people.models import Person
from qifu.registers.people.openid import Identity
from qifu.registers.people.sign_in import admit

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def sign_in_from_outside(
    *, by: Actor, at: datetime, identity: Identity, request: HttpRequest | None = None
) -> Person:
    """Return the person of an identity that `openid.finish` returned, signed in on `request`."""
    try:
        person = enter(by=by, at=at, identity=identity)
    except IntegrityError:  # the same first sign-in twice at once: the other one made the person
        person = enter(by=by, at=at, identity=identity)
    admit(by=person.as_actor(), at=at, person=person, request=request)
    return person


def known(identity: Identity) -> ExternalIdentity | None:
    """Return the stored identity, or None at the first time."""
    rows = ExternalIdentity.objects.filter(issuer=identity.issuer, subject_key__in=subject_keys(identity))
    found: ExternalIdentity | None = rows.select_related("person").first()
    return found


@action("mandates.enter", title="单点登录", permission="people.sign_in")
def enter(*, by: Actor, at: datetime, identity: Identity) -> Person:
    """Return the active person of an identity; at the first time one is made, without password and without post."""
    found = known(identity)
    if found is None:
        person = _new_person(identity, at)
        found = _link(identity, person, at)
    if not found.person.is_active:
        raise Refused("这个账号已停用，请联系企服中心或系统管理员")
    act = current_act()
    act.about(found.person)
    act.note(identity=found.pk)
    person_found: Person = found.person
    return person_found


@action("mandates.link_identity", title="关联登录方式", permission="mandates.link_identity")
def link_identity(*, by: Actor, at: datetime, identity: Identity) -> ExternalIdentity:
    """Link an identity to the account of whoever is signed in; Refused where it belongs to another."""
    found = known(identity)
    if found is not None and found.person_id != by.id:
        raise Refused("这个身份已经关联了另一个账号；请先退出，再用它登录那个账号")
    if found is None:
        found = _link(identity, Person.objects.get(pk=by.id), at)
    act = current_act()
    act.about(found.person)
    act.note(identity=found.pk)
    return found


@action("mandates.unlink_identity", title="取消关联登录方式", permission="mandates.link_identity")
def unlink_identity(*, by: Actor, at: datetime, identity_id: int) -> None:
    """Take an identity away from one's own account; Refused where it is the only way in."""
    row = find(
        ExternalIdentity.objects.select_related("person"), by, "mandates.link_identity", at, pk=identity_id
    )
    others = ExternalIdentity.objects.filter(person=row.person).exclude(pk=row.pk).exists()
    if not others and not row.person.has_usable_password():
        raise Refused("这是您登录的唯一方式，不能取消；请先关联另一种登录方式")
    act = current_act()
    act.about(row.person)
    act.note(identity=row.pk)
    row.delete()


def forget_identities(person: Person) -> None:
    """Delete what is kept of a person here whose personal data is erased, inside that act."""
    ExternalIdentity.objects.filter(person=person).delete()
    Invitation.objects.filter(mandate__person=person).update(name=NO_NAME, mobile="")


def _link(identity: Identity, person: Person, at: datetime) -> ExternalIdentity:
    row = ExternalIdentity(
        issuer=identity.issuer, subject_key=subject_keys(identity)[0], person=person, linked_at=at
    )
    row.save()
    return row


def _new_person(identity: Identity, at: datetime) -> Person:
    name = " ".join("".join(c for c in identity.name if c.isprintable()).split())[:60]
    username = "u" + "".join(secrets.choice(_ALPHABET) for _ in range(11))
    person = create_person(by=SYSTEM, at=at, username=username, name=name or "未提供姓名").person
    person.set_unusable_password()
    person.one_time_until = None
    person.save()
    if identity.mobile:
        with suppress(Refused):  # a number from abroad, or none at all: the person may add one
            set_contact(by=SYSTEM, at=at, person=person, kind="mobile", value=identity.mobile, verified=True)
    return person
