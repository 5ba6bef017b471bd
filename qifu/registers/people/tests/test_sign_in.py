"""Signing in: one message for every wrong guess, a lock that no race slips past, a count that a refusal keeps."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connections
from django.test import Client

from qifu.foundation.access import ANONYMOUS, SYSTEM, NotFound
from qifu.foundation.action import Refused
from qifu.registers.people import actions
from qifu.registers.people.attempts import FAILURES_BEFORE_LOCK, WRONG, _nobodys_password
from qifu.registers.people.models import Person, SignInCount
from qifu.registers.people.sign_in import (
    change_own_password,
    replace_own_password,
    sign_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
AT = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
PASSWORD = "correct-horse-2024"
AuditRow: Any = apps.get_model("foundation", "AuditRow")
MakePerson = Callable[..., Person]


def guess(username: str, password: str = "wrong", *, at: datetime = AT) -> str:
    """Try to sign in; return the message of the refusal, or nothing when admitted."""
    try:
        sign_in(by=ANONYMOUS, at=at, username=username, password=password)
    except Refused as refused:
        return refused.message
    return ""


def test_a_person_signs_in_and_the_trail_says_so(make_person: MakePerson) -> None:
    person = make_person("zhang.san")
    assert guess("  Zhang.SAN ", PASSWORD) == "" and guess("ｚhang.san", PASSWORD) == ""
    rows = AuditRow.objects.filter(act="people.sign_in", actor_id=person.pk, subject_id=str(person.pk))
    assert rows.count() == 2 and not SignInCount.objects.exists()
    assert "zhang" not in str(list(AuditRow.objects.values()))


def test_every_wrong_guess_gets_the_same_answer(make_person: MakePerson) -> None:
    disabled = make_person("disabled")
    make_person("known")
    actions.disable_person(by=SYSTEM, at=AT, person=disabled)
    hostile = ["", " ", "\0", "known\0", "省" * 5000, "' OR 1=1", "%", "known' --"]
    answers = {
        guess("known"),
        guess("unknown"),
        guess("disabled", PASSWORD),
        *(guess(name) for name in hostile),
    }
    assert answers == {WRONG}
    assert guess("known", "x" * 100_000) == WRONG and guess("known", PASSWORD + "\0") == WRONG


class CountingHasher(MD5PasswordHasher):
    """Counts how many passwords are hashed."""

    calls = 0

    def encode(self, password: str, salt: str) -> str:
        """Count, then encode."""
        type(self).calls += 1
        return super().encode(password, salt)


def test_the_work_is_the_same_whoever_is_asked_for(make_person: MakePerson, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    _nobodys_password.cache_clear()
    actions.disable_person(by=SYSTEM, at=AT, person=make_person("disabled"))
    nobody = make_person("no-password")
    make_person("known")
    Person.objects.get(pk=nobody.pk).set_unusable_password()
    work = []
    for name in ("known", "unknown", "disabled", "no-password", "\0", "省" * 5000):
        before = CountingHasher.calls
        guess(name)
        work.append(CountingHasher.calls - before)
    assert work == [1] * len(work)


@pytest.mark.parametrize("name", ["known", "unknown"])
def test_the_fifth_failure_locks_known_and_unknown_names_alike(make_person: MakePerson, name: str) -> None:
    make_person("known")
    answers = [guess(name, at=AT) for _ in range(7)]
    assert answers[:4] == [WRONG] * 4
    assert len(set(answers[4:])) == 1 and "3月1日 10:15 之后再试" in answers[4] and "解锁" in answers[4]
    assert guess("known", PASSWORD, at=AT) == ("" if name == "unknown" else answers[4])
    assert guess(name, at=AT + timedelta(minutes=14, seconds=59)) == answers[4]
    assert guess(name, at=AT + timedelta(minutes=15)) == WRONG


def test_locks_grow_to_an_hour_and_are_forgotten_after_a_day(make_person: MakePerson) -> None:
    at, lengths = AT, []
    for _ in range(5):
        for _ in range(FAILURES_BEFORE_LOCK):
            guess("somebody", at=at)
        until = SignInCount.objects.get().locked_until
        lengths.append((until - at).total_seconds() / 60)
        at = until
    assert lengths == [15, 30, 60, 60, 60]
    guess("another", at=at + timedelta(days=2))
    assert SignInCount.objects.get().locks == 0


def test_the_right_password_clears_the_count_and_an_administrator_unlocks(make_person: MakePerson) -> None:
    person, admin = make_person("known"), make_person("admin", "security_administrator").as_actor()
    for _ in range(4):
        guess("known")
    assert guess("known", PASSWORD) == "" and not SignInCount.objects.exists()
    for _ in range(5):
        guess("known")
    with pytest.raises(NotFound):
        actions.unlock_person(by=person.as_actor(), at=AT, person=person)
    actions.unlock_person(by=admin, at=AT, person=person)
    assert guess("known", PASSWORD) == ""
    with pytest.raises(Refused, match="没有被锁定"):
        actions.unlock_person(by=admin, at=AT, person=person)


@pytest.mark.django_db(transaction=True)
def test_guesses_side_by_side_check_five_passwords_at_most(make_person: MakePerson) -> None:
    make_person("known")
    together, answers, failures = threading.Barrier(12), list[str](), list[BaseException]()

    def attack(number: int) -> None:
        try:
            together.wait(timeout=20)
            answers.append(guess("known", f"guess-{number}"))
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=attack, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    told = Counter("wrong" if answer == WRONG else "locked" for answer in answers)
    assert told == {"wrong": FAILURES_BEFORE_LOCK - 1, "locked": 12 - FAILURES_BEFORE_LOCK + 1}
    count = SignInCount.objects.get()
    assert (count.failures, count.locks) == (FAILURES_BEFORE_LOCK, 1)


def test_a_one_time_password_opens_nothing_but_its_own_replacement(
    make_person: MakePerson, client: Client
) -> None:
    admin = make_person("admin", "system_administrator").as_actor()
    person = make_person("officer", "reform_officer")
    given = actions.reset_password(by=admin, at=AT, person=person)
    assert guess("officer", PASSWORD) == WRONG
    assert guess("officer", given.password) == ""
    assert "已过期" in guess("officer", given.password, at=given.until)
    client.force_login(Person.objects.get(pk=person.pk))
    assert client.get("/workbench/generic-units/").status_code in (302, 404)
    new = {"old": given.password, "new": "another-horse-2024", "again": "another-horse-2024"}
    assert client.post("/account/password/", new).headers["Location"] == "/account/"
    assert client.get("/workbench/generic-units/").status_code == 200
    assert guess("officer", "another-horse-2024") == ""


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("short", "至少 10"),
        ("1234567890123", "不能全是数字"),
        ("password123456"[:11] + "", "常见|至少|登录名"),
        ("officer-2024-x", "登录名"),
        (PASSWORD, "相同"),
        ("x" * 257, "最多"),
    ],
)
def test_weak_passwords_are_refused_in_chinese(make_person: MakePerson, new: str, reason: str) -> None:
    person = make_person("officer")
    with pytest.raises(Refused, match=reason):
        change_own_password(by=person.as_actor(), at=AT, person=person, old=PASSWORD, new=new)
    assert guess("officer", PASSWORD) == ""


def test_guessing_the_old_password_is_counted_and_locked(make_person: MakePerson) -> None:
    person = make_person("officer")
    messages = []
    for _ in range(6):
        with pytest.raises(Refused) as refused:
            change_own_password(
                by=person.as_actor(), at=AT, person=person, old="wrong", new="another-horse-1"
            )
        messages.append(refused.value.fields["old"])
    assert messages[0] == "现在的口令不正确" and "之后再试" in messages[5]
    with pytest.raises(NotFound):
        other = make_person("other")
        replace_own_password(by=other.as_actor(), at=AT, person=person, old=PASSWORD, new="another-horse-1")


def test_the_sign_in_page_rotates_the_session_and_stays_on_the_site(
    make_person: MakePerson, client: Client
) -> None:
    make_person("officer", "reform_officer")
    login = {"username": "officer", "password": PASSWORD}
    for onward, expected in {
        "/workbench/generic-units/": "/workbench/generic-units/",
        "//evil.example/": "/workbench/",
        "https://evil.example/": "/workbench/",
        "/\\evil.example": "/workbench/",
        "javascript:alert(1)": "/workbench/",
        "\0": "/workbench/",
    }.items():
        client.cookies.clear()
        client.get("/sign-in/")
        before = client.session.session_key
        answer = client.post("/sign-in/", login | {"next": onward})
        assert answer.status_code == 302 and answer.headers["Location"] == expected
        assert client.session.session_key != before
    assert client.get("/sign-in/").headers["Location"] == "/workbench/"
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").headers["Location"] == "/"
    assert client.get("/account/").headers["Location"] == "/sign-in/?next=/account/"
    assert client.post("/sign-out/").status_code == 302


def test_the_sign_in_page_shows_the_refusal_and_never_the_password(
    make_person: MakePerson, client: Client
) -> None:
    make_person("officer")
    answer = client.post("/sign-in/", {"username": "officer", "password": "my-secret-guess"})
    page = answer.content.decode()
    assert answer.status_code == 422 and WRONG in page and "my-secret-guess" not in page
    assert "no-store" in answer.headers["Cache-Control"]
    assert client.post("/sign-in/", {}).status_code == 422
    assert client.post("/sign-in/", {"username": "a\0b", "password": "x\0y"}).status_code == 422


def test_changing_the_password_ends_other_sessions(make_person: MakePerson, client: Client) -> None:
    person, elsewhere = make_person("officer"), Client()
    client.force_login(person)
    elsewhere.force_login(person)
    new = {"old": PASSWORD, "new": "another-horse-2024", "again": "another-horse-2024"}
    assert client.post("/account/password/", new | {"again": "different-1"}).status_code == 422
    assert client.post("/account/password/", new).status_code == 302
    assert client.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302


def test_a_disabled_person_is_out_at_the_next_request(make_person: MakePerson, client: Client) -> None:
    person = make_person("officer", "reform_officer")
    client.force_login(person)
    assert client.get("/workbench/generic-units/").status_code == 200
    actions.disable_person(by=SYSTEM, at=AT, person=person)
    assert client.get("/workbench/generic-units/").status_code == 302
