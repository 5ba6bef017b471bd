"""Signing in by a real local provider: the first time, again, by a licence, linked, and with everything forged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from qifu.foundation.access import ANONYMOUS, NotFound
from qifu.foundation.action import Refused
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates import identities, registration
from qifu.registers.mandates.models import ExternalIdentity, Mandate
from qifu.registers.mandates.tests.conftest import MakeFirm, represent
from qifu.registers.people import openid
from qifu.registers.people.actions import disable_person
from qifu.registers.people.models import Contact, Person
from qifu.registers.people.openid import Identity
from qifu.registers.people.tests.openid_provider import LocalProvider, local_provider, provider_file, resigned

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
MakePerson = Callable[..., Person]
HOST = {"HTTP_HOST": "localhost"}


@pytest.fixture(scope="module")
def running() -> Iterator[LocalProvider]:
    with local_provider() as provider:
        yield provider


@pytest.fixture
def local(running: LocalProvider, tmp_path: Path, settings: Any, quick_passwords: None) -> LocalProvider:
    openid._kept.clear()
    running.spoil = None
    settings.OIDC_PROVIDERS = str(provider_file(tmp_path, running.issuer))
    return running


def arrive(
    client: Client, local: LocalProvider, code: str, subject: str, onward: str = "", **claims: str
) -> Any:
    """Go through the whole flow as a browser does; return the site's answer to the coming back."""
    local.person(subject, **claims)
    away = client.get(f"/sign-in/openid/{code}/", {"next": onward}, **HOST)
    assert away.status_code == 302 and away.headers["Location"].startswith(local.issuer), (
        away.content.decode()
    )
    return come_back(client, local, code, away.headers["Location"], subject)


def come_back(client: Client, local: LocalProvider, code: str, url: str, subject: str, **changes: str) -> Any:
    answer = local.consent(url, subject) | changes
    return client.get(f"/sign-in/openid/{code}/return/", answer, **HOST)


def holder(firm: Enterprise | str, role: str = "法定代表人", name: str = "钱一鸣") -> dict[str, str]:
    return {"name": name, "uscc": firm if isinstance(firm, str) else firm.uscc, "holder": role}


def test_the_first_sign_in_makes_a_person_without_rights_and_later_ones_find_it(
    local: LocalProvider, make_person: MakePerson
) -> None:
    client = Client()
    assert "浙里办（模拟）" in client.get("/sign-in/", **HOST).content.decode()
    given = {"name": "李四", "phone_number": "+86 138 0000 1234"}
    assert arrive(client, local, "zlb", "s-1", **given).headers["Location"] == "/"
    person = Person.objects.get()
    assert Contact.objects.get().value == "13800001234" and Contact.objects.get().verified_at
    assert person.name == "李四" and not person.has_usable_password() and not person.posts.exists()
    assert client.get("/account/", **HOST).status_code == 200
    row = ExternalIdentity.objects.get()
    assert "s-1" not in str(vars(row)) and len(row.subject_key) == 64
    assert arrive(Client(), local, "zlb", "s-1", name="改名").status_code == 302
    assert Person.objects.count() == 1 and Person.objects.get().name == "李四"
    assert client.post("/sign-in/", {"username": person.username, "password": ""}, **HOST).status_code == 422
    disable_person(by=registration.SYSTEM, at=timezone.now(), person=person)
    assert "已停用" in arrive(Client(), local, "zlb", "s-1").content.decode()


def test_a_licence_makes_its_holder_the_legal_representative_of_that_enterprise(
    local: LocalProvider, make_firm: MakeFirm, make_person: MakePerson
) -> None:
    firm, other, former = make_firm(), make_firm(2), make_person("former")
    represent(firm, former, timezone.now())
    client = Client()
    assert arrive(client, local, "licence", "s-1", **holder(firm)).headers["Location"] == "/my-enterprise/"
    assert client.get(f"/my-enterprise/{firm.pk}/", **HOST).status_code == 200
    assert client.get(f"/my-enterprise/{other.pk}/", **HOST).status_code == 404
    assert Mandate.objects.get(person=former).ending == "replaced"
    assert Mandate.objects.get(revoked_at=None).origin == "licence"
    arrive(Client(), local, "licence", "s-1", **holder(firm))
    assert Mandate.objects.filter(revoked_at=None).count() == 1
    arrive(Client(), local, "licence", "s-1", **holder(other))  # the same person, another licence
    assert Mandate.objects.filter(revoked_at=None).count() == 2


def test_a_handler_by_licence_waits_for_the_legal_representative(
    local: LocalProvider, make_firm: MakeFirm, make_person: MakePerson
) -> None:
    firm, boss, client = make_firm(), make_person("boss"), Client()
    represent(firm, boss, timezone.now())
    assert (
        arrive(client, local, "licence", "s-2", **holder(firm, "经办人", "孙小妹")).headers["Location"] == "/"
    )
    assert "确认后就可以办理" in client.get("/", **HOST).content.decode()
    page = f"/my-enterprise/{firm.pk}/"
    assert client.get(page, **HOST).status_code == 404
    arrive(Client(), local, "licence", "s-2", **holder(firm, "经办人", "孙小妹"))
    waiting = Mandate.objects.get(suspended_at__isnull=False)
    his = Client()
    his.force_login(boss)
    day = (timezone.localdate() + timedelta(days=30)).isoformat()
    assert (
        his.post(f"{page}handlers/{waiting.pk}/confirm/", {"scope": ["all"], "ends_on": day}).status_code
        == 302
    )
    assert client.get(page, **HOST).status_code == 200


@pytest.mark.parametrize("role", ["股东", "", "legal_representative"])
def test_a_licence_without_a_known_role_or_enterprise_gives_nothing(
    local: LocalProvider, make_firm: MakeFirm, role: str
) -> None:
    firm = make_firm()
    client = Client()
    arrive(client, local, "licence", "s-3", **holder(firm, role))
    assert "核对后重试" in client.get("/", **HOST).content.decode()
    arrive(Client(), local, "licence", "s-3", **holder("91330109MA2ZZZZZZZ"))
    arrive(Client(), local, "licence", "s-4", **holder("91330109MA2ZZZZZZZ"))
    assert not Mandate.objects.exists()


def test_a_forged_claim_of_an_enterprise_gives_nothing(local: LocalProvider, make_firm: MakeFirm) -> None:
    firm = make_firm()
    arrive(Client(), local, "zlb", "s-5", **holder(firm))  # a provider of persons says so
    local.spoil = resigned(uscc=firm.uscc, holder="法定代表人")
    failed = arrive(Client(), local, "licence", "s-6", **holder("91330109MA2ZZZZZZZ"))
    assert failed.status_code == 422 and "没有通过核验" in failed.content.decode()
    local.spoil = None
    client = Client()
    local.person("s-7", name="赵")
    url = client.get("/sign-in/openid/licence/", **HOST).headers["Location"]
    come_back(
        client, local, "licence", url, "s-7", uscc=firm.uscc, holder="法定代表人", role="legal_representative"
    )
    assert not Mandate.objects.exists()
    stranger = Person.objects.first()
    assert stranger is not None
    forged = Identity(local.issuer, "somebody-else", "赵", "", firm.uscc, "legal_representative")
    with pytest.raises(NotFound):
        registration.take_licence(by=stranger.as_actor(), at=timezone.now(), identity=forged)
    with pytest.raises(NotFound):
        registration.take_licence(by=ANONYMOUS, at=timezone.now(), identity=forged)


def test_an_answer_serves_once_in_its_own_browser_for_its_own_provider(local: LocalProvider) -> None:
    client = Client()
    local.person("s-1", name="李四")
    url = client.get("/sign-in/openid/zlb/", **HOST).headers["Location"]
    answer = local.consent(url, "s-1")
    back = "/sign-in/openid/zlb/return/"
    for stranger, address in ((Client(), back), (client, "/sign-in/openid/licence/return/")):
        refused = stranger.get(address, answer, **HOST)
        assert refused.status_code == 422 and "重新开始" in refused.content.decode()
    assert client.get(back, answer, **HOST).status_code == 422  # used up by the wrong address
    url = client.get("/sign-in/openid/zlb/", **HOST).headers["Location"]
    answer = local.consent(url, "s-1")
    assert client.get(back, answer, **HOST).status_code == 302
    assert client.get(back, answer, **HOST).status_code == 422
    assert not Person.objects.exclude(name="李四").exists()
    for wrong in ({}, {"state": "x" * 5000}, {"code": "a", "state": ""}, {"error": "<b>x</b>", "state": "y"}):
        page = Client().get(back, wrong, **HOST)
        assert page.status_code == 422 and "<b>x</b>" not in page.content.decode()
    assert Client().get("/sign-in/openid/nobody/", **HOST).status_code == 404
    assert Client().get("/sign-in/openid/nobody/return/", **HOST).status_code == 404


@pytest.mark.parametrize(
    "onward", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example", "\0"]
)
def test_nobody_is_led_off_the_site_after_signing_in(local: LocalProvider, onward: str) -> None:
    assert arrive(Client(), local, "zlb", "s-1", onward, name="李四").headers["Location"] == "/"


def test_one_goes_on_to_where_one_wanted_to_go(local: LocalProvider) -> None:
    assert arrive(Client(), local, "zlb", "s-1", "/account/", name="李四").headers["Location"] == "/account/"


def test_an_account_is_linked_only_by_whoever_is_signed_in_to_it(
    local: LocalProvider, make_person: MakePerson
) -> None:
    person, other = make_person("person"), make_person("other")
    client = Client()
    client.force_login(person)
    local.person("s-9", name="随便")
    assert client.get("/account/identities/zlb/", **HOST).status_code == 405
    begun = client.post("/account/identities/zlb/", **HOST)
    url = begun.context["url"]
    assert parse_qs(urlsplit(url).query)["state"]
    assert come_back(client, local, "zlb", url, "s-9").headers["Location"] == "/account/identities/"
    assert "已关联" in client.get("/account/identities/", **HOST).content.decode()
    fresh = Client()
    arrive(fresh, local, "zlb", "s-9")
    assert person.name in fresh.get("/account/", **HOST).content.decode()
    theirs = Client()
    theirs.force_login(other)
    url = theirs.post("/account/identities/zlb/", **HOST).context["url"]
    assert "另一个账号" in come_back(theirs, local, "zlb", url, "s-9").content.decode()
    # begun by one, finished by another who signed in to the same browser meanwhile
    url = theirs.post("/account/identities/zlb/", **HOST).context["url"]
    theirs.force_login(person)
    assert come_back(theirs, local, "zlb", url, "s-10").status_code == 422
    row = ExternalIdentity.objects.get()
    theirs.force_login(other)
    assert theirs.post(f"/account/identities/{row.pk}/unlink/", **HOST).status_code == 404
    assert client.post(f"/account/identities/{row.pk}/unlink/", **HOST).status_code == 302
    assert not ExternalIdentity.objects.exists()


def test_the_only_way_in_cannot_be_taken_away(local: LocalProvider) -> None:
    person = identities.sign_in_from_outside(
        by=ANONYMOUS,
        at=timezone.now(),
        identity=Identity("https://i.example", "s", "\0\u202e " + "长" * 80, "not a number"),
    )
    assert person.name == "长" * 60
    with pytest.raises(Refused, match="唯一方式"):
        identities.unlink_identity(
            by=person.as_actor(), at=timezone.now(), identity_id=ExternalIdentity.objects.get().pk
        )


def test_a_provider_that_is_down_is_told_and_the_password_still_serves(tmp_path: Path, settings: Any) -> None:
    with local_provider() as local:
        settings.OIDC_PROVIDERS = str(provider_file(tmp_path, local.issuer))
    page = Client().get("/sign-in/openid/zlb/", **HOST)
    assert (
        page.status_code == 422
        and "暂时连不上" in page.content.decode()
        and "回到登录页" in page.content.decode()
    )
