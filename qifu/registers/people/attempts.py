"""Counting attempts: nothing told to a guesser, nothing lost of the count.

A refused act writes nothing, so one act cannot both refuse and count. Therefore an attempt is counted first, as a
failure, by an act that commits; then the password or code is checked, outside any transaction (hashing is slow on
purpose and must not hold a lock); only the act that admits the person takes the count away again. However many
attempts run at once, at most `FAILURES_BEFORE_LOCK` are checked under one name before it is locked.

Names that nobody bears are counted, checked and locked in just the same way.
Source: GB/T 22239-2019 8.1.4.1 (身份鉴别: 登录失败处理); NIST SP 800-63B 5.2.2 (throttling).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.contrib.auth.hashers import check_password, make_password
from django.db import connection
from django.utils import timezone
from django.utils.crypto import salted_hmac

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.registers.people.models import Person, SignInCount

FAILURES_BEFORE_LOCK = 5
LOCKS = (timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1))
FORGOTTEN_AFTER = timedelta(days=1)
LONGEST_NAME, LONGEST_PASSWORD = 32, 256
WRONG = "登录名或口令不正确，请核对后重试"


@dataclass(frozen=True)
class Attempt:
    """One counted attempt: `barred` when the name was locked before it, `locked_until` when it is locked now."""

    barred: bool
    locked_until: datetime | None


def sign_in_name(written: str) -> str:
    """Return the one form of a sign-in name: NFKC, lower case, without blanks around."""
    return unicodedata.normalize("NFKC", written[: LONGEST_NAME * 4]).strip().lower()


def name_key(name: str) -> str:
    """Return the keyed hash under which attempts are counted; the name itself is not stored."""
    return salted_hmac("qifu.people.sign_in", name, algorithm="sha256").hexdigest()


def recognised(*, by: Actor, at: datetime, name: str, password: str) -> Person:
    """Count the attempt, then return the active person of that name and password; raise Refused for anyone else."""
    attempt = attempt_under(by=by, at=at, name=name)
    person = _bearer(name)
    right = _is_right(password, person)
    if person is None or not right or not person.is_active:
        raise Refused(_locked_message(attempt) if attempt.locked_until else WRONG)
    return person


def attempt_under(*, by: Actor, at: datetime, name: str) -> Attempt:
    """Count an attempt under a name; raise Refused while the name is locked."""
    attempt = count_sign_in(by=by, at=at, name=name)
    if attempt.barred:
        raise Refused(_locked_message(attempt))
    return attempt


def _bearer(name: str) -> Person | None:
    storable = name.isprintable() and len(name) <= LONGEST_NAME
    found: Person | None = Person.objects.filter(username=name).first() if storable else None
    return found


def _is_right(password: str, person: Person | None) -> bool:
    """Check a password with the same work whether or not there is such a person."""
    nobody = _nobodys_password()
    encoded = person.password if person is not None and person.has_usable_password() else nobody
    return check_password(password[:LONGEST_PASSWORD], encoded) and encoded is not nobody


@lru_cache(maxsize=1)
def _nobodys_password() -> str:
    return make_password("no such person")


def _locked_message(attempt: Attempt) -> str:
    until = timezone.localtime(attempt.locked_until)
    # Rounded up to the minute: whoever comes back at the time shown is let in.
    shown = until if until.second == until.microsecond == 0 else until + timedelta(minutes=1)
    return f"登录失败次数过多，请在{shown.month}月{shown.day}日 {shown:%H:%M} 之后再试；有急事请联系安全管理员解锁"


@action("people.count_sign_in", title="登录尝试", permission="people.sign_in")
def count_sign_in(*, by: Actor, at: datetime, name: str) -> Attempt:
    """Count an attempt under a name as failed until proven right; lock the name at the fifth, ever longer."""
    key, act, bearer = name_key(name), current_act(), _bearer(name)
    if bearer is not None:
        act.about(bearer)
    _forget_old_counts(at)
    # The upsert takes the row's lock for the rest of the transaction: attempts under one name come one by one.
    SignInCount.objects.bulk_create(
        [SignInCount(name_key=key, last_failed_at=at)],
        update_conflicts=True,
        unique_fields=["name_key"],
        update_fields=["last_failed_at"],
    )
    row: SignInCount = SignInCount.objects.get(name_key=key)
    if row.locked_at(at):
        act.note(barred=True)
        return Attempt(barred=True, locked_until=row.locked_until)
    if row.locked_until is not None:
        row.locked_until, row.failures = None, 0
    row.failures += 1
    if row.failures >= FAILURES_BEFORE_LOCK:
        row.locked_until = at + LOCKS[min(row.locks, len(LOCKS) - 1)]
        row.locks += 1
    row.save()
    act.note(name_key=key[:12], failures=row.failures, locks=row.locks)
    return Attempt(barred=False, locked_until=row.locked_until)


def _forget_old_counts(at: datetime) -> None:
    old = SignInCount.objects.filter(last_failed_at__lt=at - FORGOTTEN_AFTER)
    skip = connection.features.has_select_for_update_skip_locked
    keys = [row.pk for row in old.select_for_update(skip_locked=skip).order_by("pk")[:200]]
    if keys:
        SignInCount.objects.filter(pk__in=keys).delete()


def forget_failures(person: Person) -> int:
    """Take away the count of failures under a person's name, inside an act; return how many names were unlocked."""
    return int(SignInCount.objects.filter(name_key=name_key(person.username)).delete()[0])
