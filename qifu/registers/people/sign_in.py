"""Signing in, in one step or two, signing out, and changing one's own password. How attempts count: see `attempts`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import auth
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.registers.people import second_factor
from qifu.registers.people.attempts import (
    LONGEST_PASSWORD,
    WRONG,
    forget_failures,
    recognised,
    sign_in_name,
)
from qifu.registers.people.models import Person
from qifu.registers.people.passwords import refuse_weak
from qifu.registers.people.retention import schedule_retention

BACKEND = "django.contrib.auth.backends.ModelBackend"


class SecondStepNeeded(Refused):
    """The password is right and does not suffice: `person` must give a code besides."""

    def __init__(self, person: Person) -> None:
        super().__init__("还需要第二步验证")
        self.person = person


def sign_in(
    *, by: Actor, at: datetime, username: str, password: str, request: HttpRequest | None = None
) -> Person:
    """Return the person whose name and password these are, signed in on `request`; raise Refused for anyone else.

    The message is one and the same whether the name, the password or both are wrong. Raises SecondStepNeeded, with
    nobody signed in, for a person whose password alone does not do. Never call it inside a transaction that may roll
    back: the count would go with it.
    """
    person = recognised(by=by, at=at, name=sign_in_name(username), password=password)
    if person.one_time_until is not None and person.one_time_until <= at:
        raise Refused("一次性口令已过期，请系统管理员重新设置")
    if second_factor.needed(person, at):
        raise SecondStepNeeded(person)
    admit(by=person.as_actor(), at=at, person=person, request=request)
    return person


def take_second_step(*, at: datetime, code: str, request: HttpRequest) -> str:
    """Sign in whoever is half signed in on `request`, by a code; return where to go on to. Refused for a wrong code."""
    half = second_factor.half_signed_in(request, at)
    if half is None:
        raise Refused(second_factor.EXPIRED)
    by = half.person.as_actor()
    if not second_factor.check(by=by, at=at, person=half.person, code=code):
        raise Refused(second_factor.WRONG_CODE, code=second_factor.WRONG_CODE)
    admit(by=by, at=at, person=half.person, request=request)
    second_factor.forget_half(request)
    return half.onward


def change_own_password(
    *, by: Actor, at: datetime, person: Person, old: str, new: str, request: HttpRequest | None = None
) -> None:
    """Replace one's own password; a wrong old one counts as a failed sign-in. Other sessions end."""
    try:
        known = recognised(by=by, at=at, name=person.username, password=old)
    except Refused as refused:
        message = "现在的口令不正确" if refused.message == WRONG else refused.message
        raise Refused(message, old=message) from None
    replace_own_password(by=by, at=at, person=known, old=old, new=new, request=request)


@action("people.sign_in", title="登录", permission="people.sign_in")
def admit(*, by: Actor, at: datetime, person: Person, request: HttpRequest | None = None) -> None:
    """Forget the failures under the person's name and sign the person in on `request`, under a new session key."""
    forget_failures(person)
    schedule_retention(at)  # on a site upgraded from before there was any, the first to sign in starts it
    current_act().about(person)
    if request is not None:
        auth.login(request, person, backend=BACKEND)


@action("people.sign_out", title="退出登录", permission="people.sign_out")
def sign_out(*, by: Actor, at: datetime, request: HttpRequest) -> None:
    """End the session of `request`."""
    current_act().note(session="ended")
    auth.logout(request)


@action(
    "people.change_own_password", title="修改自己的口令", permission="people.change_own_password", on="person"
)
def replace_own_password(
    *, by: Actor, at: datetime, person: Person, old: str, new: str, request: HttpRequest | None = None
) -> None:
    """Replace the password and keep the session of `request` alive under a new key; called once `old` proved right."""
    row: Any = Person.objects.select_for_update().get(pk=person.pk)
    if not check_password(old[:LONGEST_PASSWORD], row.password):
        raise Refused("现在的口令不正确", old="现在的口令不正确")
    refuse_weak(new, row, old=old)
    row.set_password(new)
    row.one_time_until = None
    row.save()
    forget_failures(row)
    current_act().about(row)
    if request is not None:
        auth.update_session_auth_hash(request, row)
