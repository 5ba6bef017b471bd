"""The second step: nothing opens with the password alone, no code serves twice, guesses are counted and locked."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation.access import ANONYMOUS, SYSTEM, NotFound, holds
from qifu.foundation.action import Refused
from qifu.foundation.channels.config import DEMO_CHANNELS
from qifu.registers.people import actions, contacts, second_factor, sign_in
from qifu.registers.people.apps import _refuse_unknown_roles
from qifu.registers.people.attempts import WRONG
from qifu.registers.people.models import Contact, OneTimeCode, Person, SecondFactor

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
AT = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
PASSWORD = "correct-horse-2024"
AuditRow: Any = apps.get_model("foundation", "AuditRow")
MakePerson = Callable[..., Person]
LATER = timedelta(minutes=2)


def code_at(secret: str, at: datetime) -> str:
    return pyotp.TOTP(secret).at(int(at.timestamp()))


def enrol(person: Person, at: datetime = AT) -> tuple[str, tuple[str, ...]]:
    """Set an authenticator up; return its secret and the recovery codes."""
    by = person.as_actor()
    second_factor.begin(by=by, at=at, person=person)
    shown = second_factor.enrolment(by)
    assert shown is not None
    return shown.secret, second_factor.confirm(by=by, at=at, person=person, code=code_at(shown.secret, at))


@given(seconds=st.integers(0, 2**33), drift=st.integers(-95, 95))
def test_a_code_serves_in_its_step_and_one_to_either_side(seconds: int, drift: int) -> None:
    secret, at = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", datetime.fromtimestamp(seconds + 200, UTC)
    given_at = at + timedelta(seconds=drift)
    code = code_at(secret, given_at)
    step = second_factor.matching_step(secret, code, at)
    apart = abs(int(given_at.timestamp()) // 30 - int(at.timestamp()) // 30)
    near = {code_at(secret, at + timedelta(seconds=30 * n)) for n in (-1, 0, 1)}
    assert (step is not None) == (code in near) and (apart > 1 or step is not None)


def test_the_vectors_of_rfc_6238_hold() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890"
    for seconds, digits in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        at = datetime.fromtimestamp(seconds, UTC)
        assert second_factor.matching_step(secret, digits, at) == seconds // 30
        assert second_factor.matching_step(secret, "000000", at) is None


def test_the_password_alone_opens_nothing_and_no_code_serves_twice(make_person: MakePerson) -> None:
    person = make_person("officer", "reform_officer")
    secret, recovery = enrol(person)
    by = person.as_actor()
    with pytest.raises(sign_in.SecondStepNeeded) as half:
        sign_in.sign_in(by=ANONYMOUS, at=AT, username="officer", password=PASSWORD)
    assert half.value.person == person
    check = {"by": by, "person": person}
    assert not second_factor.check(**check, at=AT, code=code_at(secret, AT)), (
        "the step that confirmed it is used"
    )
    assert second_factor.check(**check, at=AT + LATER, code=code_at(secret, AT + LATER))
    assert not second_factor.check(**check, at=AT + LATER, code=code_at(secret, AT + LATER))
    sign_in.admit(by=by, at=AT, person=person)
    assert second_factor.check(**check, at=AT, code=recovery[0].upper().replace("-", " "))
    assert not second_factor.check(**check, at=AT, code=recovery[0])
    assert second_factor.recovery_codes_left(by) == 9


def test_nothing_of_it_lies_open_in_the_database(make_person: MakePerson) -> None:
    person = make_person("officer")
    secret, recovery = enrol(person)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM people_secondfactor")
        stored = str(cursor.fetchall())
    keys = str(list(OneTimeCode.objects.values_list("code_key", flat=True)))
    assert secret not in stored and not any(c in keys or c.replace("-", "") in keys for c in recovery)
    assert secret not in str(list(AuditRow.objects.values()))
    assert second_factor.enrolment(person.as_actor()) is None, "the secret in use is shown no more"


def test_guessed_codes_lock_the_name_like_guessed_passwords(make_person: MakePerson) -> None:
    person = make_person("officer")
    secret, _ = enrol(person)
    check = {"by": person.as_actor(), "at": AT + LATER, "person": person}
    for number in range(5):
        assert not second_factor.check(**check, code=f"00000{number}")
    with pytest.raises(Refused, match="之后再试"):
        second_factor.check(**check, code=code_at(secret, AT + LATER))
    with pytest.raises(Refused, match="之后再试"):
        sign_in.sign_in(by=ANONYMOUS, at=AT + LATER, username="officer", password=PASSWORD)


@pytest.mark.parametrize("code", ["", " ", "１２３４５６", "0" * 500, "' OR 1=1", "\0", "省", "12345"])
def test_hostile_codes_are_wrong_codes(make_person: MakePerson, code: str) -> None:
    person = make_person("officer")
    enrol(person)
    assert not second_factor.check(by=person.as_actor(), at=AT + LATER, person=person, code=code)


def test_switching_off_needs_the_password_and_nobody_resets_his_own(make_person: MakePerson) -> None:
    person, security = make_person("officer"), make_person("security", "security_administrator")
    admin = make_person("admin", "system_administrator")
    enrol(person)
    enrol(security)
    with pytest.raises(Refused, match="口令不正确"):
        second_factor.switch_off(by=person.as_actor(), at=AT, person=person, password="wrong")
    with pytest.raises(NotFound):
        second_factor.remove_own(by=security.as_actor(), at=AT, person=person)
    with pytest.raises(NotFound):
        second_factor.reset(by=admin.as_actor(), at=AT, person=person)
    with pytest.raises(Refused, match="不能重置自己"):
        second_factor.reset(by=security.as_actor(), at=AT, person=security)
    second_factor.reset(by=security.as_actor(), at=AT, person=person)
    assert not second_factor.needed(person, AT) and not OneTimeCode.objects.filter(person=person).exists()
    second_factor.switch_off(by=security.as_actor(), at=AT, person=security, password=PASSWORD)
    assert not SecondFactor.objects.exists()
    acts = set(AuditRow.objects.values_list("act", flat=True))
    assert {"people.reset_second_factor", "people.switch_off_second_factor"} <= acts


def test_a_role_that_demands_it_grants_nothing_before(
    make_person: MakePerson, settings: Any, client: Client
) -> None:
    settings.REQUIRE_TOTP = ["system_administrator"]
    admin = make_person("admin", "system_administrator")
    assert not holds(admin.as_actor(), "people.manage", AT)
    client.force_login(admin)
    assert client.get("/workbench/people/").headers["Location"] == "/account/second-factor/"
    assert "没有权限" in client.get("/account/second-factor/").content.decode()
    enrol(admin)
    assert holds(admin.as_actor(), "people.manage", AT)
    assert client.get("/workbench/people/").status_code == 200
    assert holds(make_person("officer", "reform_officer").as_actor(), "work_plans.upload", AT)


def test_a_role_misspelt_in_the_setting_stops_the_start() -> None:
    with pytest.raises(ImproperlyConfigured, match="sistem_administrator"):
        _refuse_unknown_roles(["auditor", "sistem_administrator"])
    _refuse_unknown_roles(["auditor"])


@pytest.fixture
def sms(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Demand a second step of everybody called firm-…; the demo site keeps its text messages for all to see."""
    settings.DEMO, settings.CHANNELS = True, DEMO_CHANNELS
    monkeypatch.setattr(second_factor, "_rules", [lambda person, at: person.username.startswith("firm-")])


def last_message() -> str:
    """Return the six digits of the text message that came last."""
    row: Any = apps.get_model("foundation", "DemoMessage").objects.latest("pk")
    found = re.search(r"[0-9]{6}", row.text)
    assert found is not None
    return found[0]


def test_a_code_by_text_message_where_a_rule_demands_it(
    make_person: MakePerson, client: Client, sms: None
) -> None:
    person = make_person("firm-owner")
    login = {"username": "firm-owner", "password": PASSWORD}
    refused = client.post("/sign-in/", login)
    assert refused.status_code == 422 and "没有登记手机号" in refused.content.decode()
    contacts.set_contact(by=person.as_actor(), at=AT, person=person, kind="mobile", value="138 0000 1234")
    assert client.post("/sign-in/", login | {"next": "/inbox/"}).headers["Location"] == "/sign-in/second/"
    assert client.get("/account/").status_code == 302
    page = client.post("/sign-in/second/", {"send": "1"}).content.decode()
    assert "138****1234" in page and "13800001234" not in page
    first = last_message()
    assert client.post("/sign-in/second/", {"code": "999999x"}).status_code == 422
    client.post("/sign-in/second/", {"send": "1"})
    again = last_message()
    assert again == first or client.post("/sign-in/second/", {"code": first}).status_code == 422
    assert client.post("/sign-in/second/", {"code": again}).headers["Location"] == "/inbox/"
    assert Contact.objects.get(person=person).verified_at is not None
    assert not second_factor.check(by=person.as_actor(), at=timezone.now(), person=person, code=again)


def test_a_sent_code_is_old_after_five_minutes(make_person: MakePerson, sms: None) -> None:
    person = make_person("firm-owner")
    contacts.set_contact(by=person.as_actor(), at=AT, person=person, kind="mobile", value="13800001234")
    digits = second_factor.make_sent_code(by=person.as_actor(), at=AT, person=person)
    asked = {"by": person.as_actor(), "person": person, "code": digits}
    assert not second_factor.check(**asked, at=AT + second_factor.SENT_LIFE)
    assert second_factor.check(**asked, at=AT + second_factor.SENT_LIFE - timedelta(seconds=1))


def test_a_story_from_setting_up_to_signing_in(make_person: MakePerson, client: Client) -> None:
    make_person("officer", "reform_officer")
    login = {"username": "officer", "password": PASSWORD}
    assert client.post("/sign-in/", login).headers["Location"] == "/workbench/"
    assert client.post("/account/second-factor/begin/").status_code == 302
    page = client.get("/account/second-factor/").content.decode()
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page)
    assert secret and "<svg" in page and "style=" not in page.split("<figure")[1].split("</figure>")[0]
    assert client.post("/account/second-factor/confirm/", {"code": "000"}).status_code == 422
    now = timezone.now()
    shown = client.post("/account/second-factor/confirm/", {"code": code_at(secret[1], now)})
    assert "no-store" in shown.headers["Cache-Control"]
    recovery = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", shown.content.decode())
    assert len(recovery) == 10
    client.post("/sign-out/")
    assert client.get("/sign-in/second/").headers["Location"] == "/sign-in/"
    assert client.post("/sign-in/", login | {"password": "wrong"}).status_code == 422
    assert client.post("/sign-in/", login | {"next": "/inbox/"}).headers["Location"] == "/sign-in/second/"
    assert client.get("/workbench/generic-units/").status_code == 302, "half signed in is not signed in"
    wrong = client.post("/sign-in/second/", {"code": "123456"})
    assert (
        wrong.status_code == 422
        and "验证码不正确" in wrong.content.decode()
        and WRONG not in wrong.content.decode()
    )
    assert client.post("/sign-in/second/", {"code": recovery[3]}).headers["Location"] == "/inbox/"
    assert client.get("/workbench/generic-units/").status_code == 200
    assert "9 个" in client.get("/account/").content.decode()
    assert client.post("/account/second-factor/", {"password": "wrong"}).status_code == 422
    assert client.post("/account/second-factor/", {"password": PASSWORD}).headers["Location"] == "/account/"
    client.post("/sign-out/")
    assert client.post("/sign-in/", login).headers["Location"] == "/workbench/"


def test_half_a_sign_in_ends_after_five_minutes_or_with_the_password(
    make_person: MakePerson, client: Client
) -> None:
    person = make_person("officer")
    _, recovery = enrol(person)
    login = {"username": "officer", "password": PASSWORD}
    client.post("/sign-in/", login)
    session = client.session
    session["second_step"] |= {"until": (timezone.now() - timedelta(seconds=1)).isoformat()}
    session.save()
    assert client.post("/sign-in/second/", {"code": recovery[0]}).headers["Location"] == "/sign-in/"
    client.post("/sign-in/", login)
    actions.reset_password(by=SYSTEM, at=AT, person=person)
    assert client.post("/sign-in/second/", {"code": recovery[0]}).headers["Location"] == "/sign-in/"
    assert client.get("/account/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_one_code_given_four_times_at_once_serves_once(make_person: MakePerson) -> None:
    person = make_person("officer")
    secret, recovery = enrol(person)
    at, by = AT + LATER, person.as_actor()
    for code in (code_at(secret, at), recovery[0]):
        together, answers, failures = threading.Barrier(4), list[bool](), list[BaseException]()

        def use(
            code: str = code, together: Any = together, answers: Any = answers, failures: Any = failures
        ) -> None:
            try:
                together.wait(timeout=20)
                answers.append(second_factor.check(by=by, at=at, person=person, code=code))
            except BaseException as error:
                failures.append(error)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert failures == [] and sorted(answers) == [False, False, False, True]
        sign_in.admit(by=by, at=at, person=person)
