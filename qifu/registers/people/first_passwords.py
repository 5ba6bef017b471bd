"""First passwords of people who were imported: made when they are handed over, told once, kept nowhere in clear."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from qifu.foundation.access import Actor, visible
from qifu.foundation.action import Refused, action, current_act
from qifu.registers.people.actions import OneTimePassword, reset_password
from qifu.registers.people.models import Person

AT_ONCE = 100
"""Hashing a password takes about a tenth of a second on purpose."""


def waiting(actor: Actor, at: datetime) -> QuerySet[Person]:
    """Return the people that the actor manages who never had a password, in order of sign-in name."""
    rows = visible(Person.objects.all(), actor, "people.manage", at)
    never = rows.filter(
        is_active=True, erased_at=None, one_time_until__isnull=False, password__startswith="!"
    )
    return never.order_by("username")


@action("people.hand_out_passwords", title="发放首次口令", permission="people.manage")
def hand_out_passwords(*, by: Actor, at: datetime) -> list[OneTimePassword]:
    """Give up to AT_ONCE waiting people a one-time password each, and return them: they cannot be told again.

    Whose password this administrator may not set (administrators and auditors) keeps waiting.
    """
    given = []
    for person in waiting(by, at)[:AT_ONCE]:
        try:
            given.append(reset_password(by=by, at=at, person=person))
        except Refused:
            continue
    if not given:
        raise Refused("没有等待首次口令的人员，或他们的口令须由安全管理员设置")
    current_act().note(people=len(given))
    return given
