"""API tokens: made with one's password, shown once, kept as digests; they end by time, by word, with the account."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from qifu.foundation.access import NotFound
from qifu.foundation.action import Refused
from qifu.registers.people import actions, api_tokens, retention
from qifu.registers.people.models import ApiToken, Person

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
AT = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
PASSWORD = "correct-horse-2024"
MakePerson = Callable[..., Person]


def token_of(person: Person, at: datetime = AT, days: int = 30) -> api_tokens.NewToken:
    return api_tokens.make_token(by=person.as_actor(), at=at, person=person, title="热线平台", days=days)


def test_a_token_lets_its_holder_act_until_its_end(make_person: MakePerson) -> None:
    person = make_person("clerk", "centre_clerk")
    made = token_of(person)
    assert api_tokens.holder_of(made.text, AT) == person.as_actor()
    assert (
        api_tokens.holder_of(made.text, AT + timedelta(days=30) - timedelta(seconds=1)) == person.as_actor()
    )
    assert api_tokens.holder_of(made.text, AT + timedelta(days=30)) is None
    kept = ApiToken.objects.get()
    assert (
        made.text not in (kept.digest, kept.title)
        and len(kept.digest) == 64
        and kept.ending == made.text[-4:]
    )
    assert kept.last_used_on == timezone.localdate(AT + timedelta(days=30) - timedelta(seconds=1))


@pytest.mark.parametrize(
    "text", ["", "qifu_", "Bearer", "qifu_" + "x" * 43, "qifu_" + "甲" * 20, "x" * 100_000, "\x00"]
)
def test_what_is_no_token_opens_nothing(text: str, make_person: MakePerson) -> None:
    token_of(make_person("clerk", "centre_clerk"))
    assert api_tokens.holder_of(text, AT) is None


def test_the_day_of_use_is_kept_once_a_day(
    make_person: MakePerson, django_assert_num_queries: Callable[..., object]
) -> None:
    made = token_of(make_person("clerk", "centre_clerk"))
    api_tokens.holder_of(made.text, AT)
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        api_tokens.holder_of(made.text, AT + timedelta(hours=1))


def test_a_token_ends_by_its_holder_and_by_the_security_administrator_alone(make_person: MakePerson) -> None:
    holder, other = make_person("holder", "centre_clerk"), make_person("other", "centre_clerk")
    security = make_person("security", "security_administrator")
    first, second = token_of(holder), token_of(holder)
    with pytest.raises(NotFound):
        api_tokens.token_to_revoke(other.as_actor(), AT, first.token.pk)
    with pytest.raises(NotFound):
        api_tokens.revoke_token(by=other.as_actor(), at=AT, token=first.token)
    api_tokens.revoke_token(by=holder.as_actor(), at=AT, token=first.token)
    assert api_tokens.holder_of(first.text, AT) is None
    with pytest.raises(Refused, match="已经吊销"):
        api_tokens.revoke_token(by=holder.as_actor(), at=AT, token=first.token)
    assert [one.holder for one in api_tokens.live_tokens(security.as_actor(), AT)] == [holder.name]
    api_tokens.revoke_token(by=security.as_actor(), at=AT, token=second.token)
    assert api_tokens.live_tokens(security.as_actor(), AT) == []
    with pytest.raises(NotFound):
        api_tokens.live_tokens(holder.as_actor(), AT)


def test_with_the_account_its_tokens_end(make_person: MakePerson) -> None:
    admin, holder = make_person("admin", "system_administrator"), make_person("holder", "centre_clerk")
    made = token_of(holder)
    actions.disable_person(by=admin.as_actor(), at=AT, person=holder)
    assert api_tokens.holder_of(made.text, AT) is None
    actions.enable_person(by=admin.as_actor(), at=AT, person=holder)
    assert api_tokens.holder_of(made.text, AT) is not None
    actions.reset_password(by=admin.as_actor(), at=AT, person=holder)
    assert api_tokens.holder_of(made.text, AT) is None
    assert ApiToken in retention.ERASED


def test_the_password_is_asked_for_and_ten_are_enough(make_person: MakePerson) -> None:
    person = make_person("holder", "centre_clerk")
    with pytest.raises(Refused) as wrong:
        api_tokens.issue(by=person.as_actor(), at=AT, person=person, password="guess", title="x", days=30)
    assert wrong.value.fields == {"password": "口令不正确"}
    for title, days in (("", 30), ("好", 31), ("坏\x00", 30), ("长" * 61, 30)):
        with pytest.raises(Refused):
            api_tokens.make_token(by=person.as_actor(), at=AT, person=person, title=title, days=days)
    for _ in range(api_tokens.MOST_LIVE):
        token_of(person)
    with pytest.raises(Refused, match="最多"):
        token_of(person)


def test_pages_make_show_once_and_end(make_person: MakePerson, client: Client) -> None:
    person = make_person("holder", "centre_clerk")
    client.force_login(person)
    assert (
        client.post("/account/tokens/", {"title": "热线", "days": "30", "password": "guess"}).status_code
        == 422
    )
    made = client.post("/account/tokens/", {"title": "热线", "days": "30", "password": PASSWORD})
    shown = re.search(r"qifu_[A-Za-z0-9_-]{43}", made.content.decode())
    assert shown and "no-store" in made.headers["Cache-Control"]
    page = client.get("/account/tokens/").content.decode()
    assert "热线" in page and shown[0] not in page
    assert api_tokens.holder_of(shown[0], timezone.now()) == person.as_actor()
    token = ApiToken.objects.get()
    security = Client()
    security.force_login(make_person("security", "security_administrator"))
    assert "热线" in security.get("/workbench/security/tokens/").content.decode()
    answer = security.post(f"/account/tokens/{token.pk}/revoke/", {"from": "security"})
    assert answer.headers["Location"] == "/workbench/security/tokens/"
    assert api_tokens.holder_of(shown[0], timezone.now()) is None
