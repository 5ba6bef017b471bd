"""The life of a mandate: counter, invitation, acceptance, work, a change of representative, confirmation, an end."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from qifu.foundation.access import SYSTEM, NotFound, grants_of
from qifu.foundation.action import Refused
from qifu.foundation.notices import Notice
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates import actions, queries, registration
from qifu.registers.mandates.models import Invitation, Mandate
from qifu.registers.mandates.tests.conftest import MakeFirm, represent
from qifu.registers.people import second_factor
from qifu.registers.people.models import Contact, Person

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
MakePerson = Callable[..., Person]
NEW = {"new": "handler-horse-2024", "again": "handler-horse-2024"}


def in_days(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def offer_form(name: str, **other: Any) -> dict[str, Any]:
    return {
        "name": name,
        "mobile": "138 0000 1234",
        "scope": ["enterprise_profile"],
        "ends_on": in_days(90),
    } | other


def link_in(page: str) -> str:
    found = re.search(r'value="http://testserver(/invitation/\?token=[\w-]{43})"', page)
    assert found, page
    return found[1]


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def boss(make_person: MakePerson, firm: Enterprise) -> Person:
    person = make_person("boss")
    represent(firm, person, timezone.now())
    return person


def test_the_counter_makes_the_account_of_the_legal_representative(
    make_person: MakePerson, make_firm: MakeFirm, client: Client
) -> None:
    firm = make_firm(representative="钱一鸣")
    elsewhere = make_firm(2, division="330203")
    client.force_login(make_person("clerk", "centre_clerk", "330109"))
    assert firm.name in client.get("/workbench/enterprise-people/", {"text": "第1家"}).content.decode()
    assert "本辖区没有找到" in client.get("/workbench/enterprise-people/", {"text": "第2家"}).content.decode()
    page = f"/workbench/enterprise-people/{firm.pk}/"
    assert client.get(page).status_code == 200
    for path in ("", "register/"):
        assert client.get(f"/workbench/enterprise-people/{elsewhere.pk}/{path}").status_code == 404
    form = {
        "name": "钱一鸣",
        "document": "licence_and_identity",
        "known": "new",
        "username": "qian.yiming",
        "mobile": "13800001111",
    }
    wrong = client.post(f"{page}register/", form | {"name": "赵二"})
    assert wrong.status_code == 422 and "与所填不一致" in wrong.content.decode()
    assert client.post(f"{page}register/", form | {"mobile": ""}).status_code == 422
    assert client.post(f"{page}register/", form | {"document": "none"}).status_code == 422
    assert not Person.objects.filter(username="qian.yiming").exists()
    made = client.post(f"{page}register/", form)
    shown = re.search(r"<code[^>]*>([a-z0-9-]{14})</code>", made.content.decode())
    assert made.status_code == 200 and shown and "no-store" in made.headers["Cache-Control"]
    assert (
        "138****1111" in client.get(page).content.decode()
        and "13800001111" not in client.get(page).content.decode()
    )

    his, person = Client(), Person.objects.get(username="qian.yiming")
    assert his.post("/sign-in/", {"username": "qian.yiming", "password": shown[1]}).status_code == 302
    assert list(queries.firms(person.as_actor(), timezone.now())) == []
    assert his.post("/account/password/", {"old": shown[1], **NEW}).status_code == 302
    assert his.get("/my-enterprise/").headers["Location"] == f"/my-enterprise/{firm.pk}/"
    assert second_factor.needed(person, timezone.now()) is False or Mandate.objects.get().person == person
    assert second_factor.needed(Person.objects.get(pk=person.pk), timezone.now())


def test_a_handler_is_invited_joins_works_and_is_out_at_once(
    boss: Person, firm: Enterprise, make_firm: MakeFirm
) -> None:
    his = signed_in(boss)
    page = f"/my-enterprise/{firm.pk}/"
    assert "邀请经办人" in his.get(page).content.decode()
    link = link_in(his.post(f"{page}handlers/invite/", offer_form("孙小妹")).content.decode())
    row = Invitation.objects.get()
    assert link[-43:] not in str(vars(row)) and "138****1234" in his.get(f"{page}handlers/").content.decode()

    hers = Client()
    assert hers.get(link).headers["Location"] == "/invitation/"
    shown = hers.get("/invitation/").content.decode()
    assert firm.name in shown and "孙**" in shown and "孙小妹" not in shown and link[-43:] not in shown
    assert (
        hers.post("/invitation/join/", {"username": "sun", "new": "short", "again": "short"}).status_code
        == 422
    )
    assert hers.post("/invitation/join/", {"username": "sun.xiaomei", **NEW}).status_code == 302
    person = Person.objects.get(username="sun.xiaomei")
    assert person.name == "孙小妹" and Contact.objects.get(person=person).value == "13800001234"
    assert hers.get(page).status_code == 404
    assert hers.post("/invitation/accept/").headers["Location"] == page
    assert "您是经办人" in hers.get(page).content.decode()

    actor, now = person.as_actor(), timezone.now()
    assert queries.may(actor, firm.pk, "enterprise_profile", now) and not queries.may(
        actor, firm.pk, "all", now
    )
    assert not queries.may(actor, make_firm(9).pk, "enterprise_profile", now)
    assert {g.role for g in grants_of(actor, now)} >= {"enterprise_handler", "handler_of_enterprise_profile"}
    assert "legal_representative" not in {g.role for g in grants_of(actor, now)}
    for path in ("deeds/", "handlers/invite/"):
        assert hers.get(page + path).status_code == 404
    mandate = Mandate.objects.get(person=person)
    assert hers.post(f"{page}handlers/{mandate.pk}/revoke/").status_code == 404

    deeds = his.get(f"{page}deeds/").content.decode()
    assert "接受经办邀请" in deeds and "孙小妹" in deeds and "登记法定代表人" not in deeds
    assert his.post(f"{page}handlers/{mandate.pk}/revoke/").status_code == 302
    assert hers.get(page).status_code == 404
    assert not queries.may(actor, firm.pk, "enterprise_profile", timezone.now())
    told = list(Notice.objects.filter(recipient_id=person.pk).values_list("title", flat=True))
    assert any("撤销" in title for title in told) and not any("孙小妹" in title for title in told)


def test_an_invitation_serves_once_and_only_whom_it_names(
    boss: Person, firm: Enterprise, make_person: MakePerson
) -> None:
    his, page = signed_in(boss), f"/my-enterprise/{firm.pk}/"
    friend, other = make_person("friend"), make_person("other")
    link = link_in(his.post(f"{page}handlers/invite/", offer_form(friend.name)).content.decode())
    theirs, hers = signed_in(other), signed_in(friend)
    theirs.get(link)
    assert "不一致" in theirs.get("/invitation/").content.decode()
    theirs.post("/invitation/accept/")
    assert not Mandate.objects.filter(person=other).exists()
    hers.get(link)
    assert hers.post("/invitation/accept/").headers["Location"] == page
    hers.get(link)
    assert hers.get("/invitation/").status_code == 410
    again = Client()
    again.get(link)
    assert again.get("/invitation/").status_code == 410
    assert again.post("/invitation/join/", {"username": "thief", **NEW}).status_code == 422
    assert not Person.objects.filter(username="thief").exists()
    # a second appointment takes the place of the first
    link = link_in(
        his.post(f"{page}handlers/invite/", offer_form(friend.name, scope=["all"])).content.decode()
    )
    hers.get(link)
    hers.post("/invitation/accept/")
    assert queries.may(friend.as_actor(), firm.pk, "all", timezone.now())
    assert Mandate.objects.filter(person=friend, revoked_at=None).count() == 1


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "%00", "' OR 1=1 --", "省" * 5000])
def test_a_guessed_token_opens_nothing(boss: Person, firm: Enterprise, token: str, client: Client) -> None:
    actions.invite_handler(
        by=boss.as_actor(), at=timezone.now(), enterprise=firm, name="甲", mobile="13800001234", scope=["all"],
        ends_on=timezone.localdate() + timedelta(days=9),
    )  # fmt: skip
    client.get("/invitation/", {"token": token})
    page = client.get("/invitation/")
    assert page.status_code == 410 and firm.name not in page.content.decode()
    with pytest.raises(Refused, match="联系邀请您的企业"):
        actions.join(
            by=SYSTEM, at=timezone.now(), token=token, username="guesser", password="guessing-2024-x"
        )


def test_expired_declined_and_revoked_invitations_are_dead(
    boss: Person, firm: Enterprise, make_person: MakePerson
) -> None:
    friend, now = make_person("friend"), timezone.now()
    day = timezone.localdate()

    def invite(days: int = 90) -> actions.Invited:
        return actions.invite_handler(
            by=boss.as_actor(), at=now, enterprise=firm, name=friend.name, mobile="13800001234", scope=["all"],
            ends_on=day + timedelta(days=days),
        )  # fmt: skip

    def accept(token: str, at: Any = now) -> Mandate:
        return actions.accept_invitation(by=friend.as_actor(), at=at, token=token)

    with pytest.raises(Refused, match="已过期"):
        accept(invite().token, now + actions.INVITATION_LIFE)
    with pytest.raises(Refused, match="有效期已过"):
        accept(invite(days=2).token, now + timedelta(days=3))
    gone = invite()
    actions.decline_invitation(by=friend.as_actor(), at=now, token=gone.token)
    with pytest.raises(Refused):
        accept(gone.token)
    gone = invite()
    actions.revoke_invitation(by=boss.as_actor(), at=now, enterprise=firm, invitation_id=gone.invitation.pk)
    with pytest.raises(Refused):
        accept(gone.token)
    with pytest.raises(Refused, match="已被处理"):
        actions.revoke_invitation(
            by=boss.as_actor(), at=now, enterprise=firm, invitation_id=gone.invitation.pk
        )
    for wrong in (0, -1, 3 * 366 + 1):
        with pytest.raises(Refused, match="有效期"):
            invite(days=wrong)
    accept(invite(days=5).token)
    for days, held in ((4, True), (5, False)):
        at = now + timedelta(days=days)
        assert queries.may(friend.as_actor(), firm.pk, "enterprise_profile", at) is held


@pytest.mark.parametrize(
    "wrong",
    [{"scope": []}, {"scope": ["king"]}, {"ends_on": "2020-01-01"}, {"ends_on": "soon"}, {"name": "\0"}, {"name": "长" * 61},
     {"mobile": "110"}, {"mobile": ""}],
)  # fmt: skip
def test_an_invitation_that_will_not_do_is_refused(
    boss: Person, firm: Enterprise, wrong: dict[str, Any]
) -> None:
    answer = signed_in(boss).post(f"/my-enterprise/{firm.pk}/handlers/invite/", offer_form("甲") | wrong)
    assert answer.status_code == 422 and not Invitation.objects.exists()


def test_nobody_reaches_another_enterprise(
    boss: Person, firm: Enterprise, make_firm: MakeFirm, make_person: MakePerson
) -> None:
    other_firm, other = make_firm(2), make_person("other")
    represent(other_firm, other, timezone.now())
    theirs = actions.invite_handler(
        by=other.as_actor(), at=timezone.now(), enterprise=other_firm, name="甲", mobile="13800001234", scope=["all"],
        ends_on=timezone.localdate() + timedelta(days=9),
    ).invitation  # fmt: skip
    his = signed_in(boss)
    page = f"/my-enterprise/{other_firm.pk}/"
    for path in ("", "handlers/", "handlers/invite/", "deeds/", "handlers/1/confirm/"):
        assert his.get(page + path).status_code == 404, path
    for path in (
        "handlers/invite/",
        f"invitations/{theirs.pk}/revoke/",
        "handlers/1/revoke/",
        "handlers/resign/",
    ):
        assert his.post(page + path, offer_form("乙")).status_code == 404, path
    # one's own enterprise in the address, another's number behind it
    assert his.post(f"/my-enterprise/{firm.pk}/invitations/{theirs.pk}/revoke/").status_code == 404
    assert his.get(f"/my-enterprise/{2**70}/").status_code == 404
    with pytest.raises(NotFound):
        actions.invite_handler(
            by=boss.as_actor(), at=timezone.now(), enterprise=other_firm, name="乙", mobile="13800001234",
            scope=["all"], ends_on=timezone.localdate() + timedelta(days=9),
        )  # fmt: skip
    assert Invitation.objects.get().state_at(timezone.now()) == "open"
    clerk = make_person("clerk", "centre_clerk", "330109")
    assert signed_in(clerk).get(f"/my-enterprise/{firm.pk}/").status_code == 404
    assert his.get("/workbench/enterprise-people/").status_code == 404
    assert his.post(f"/workbench/enterprise-people/{firm.pk}/end/").status_code == 404


def test_a_new_representative_ends_the_formers_mandate_and_confirms_handlers(
    boss: Person, firm: Enterprise, make_person: MakePerson
) -> None:
    now, handler, heir = timezone.now(), make_person("handler"), make_person("heir")
    made = actions.invite_handler(
        by=boss.as_actor(), at=now, enterprise=firm, name=handler.name, mobile="13800001234", scope=["all"],
        ends_on=timezone.localdate() + timedelta(days=9),
    )  # fmt: skip
    mandate = actions.accept_invitation(by=handler.as_actor(), at=now, token=made.token)
    waiting = actions.invite_handler(
        by=boss.as_actor(), at=now, enterprise=firm, name=heir.name, mobile="13800001234", scope=["all"],
        ends_on=timezone.localdate() + timedelta(days=9),
    )  # fmt: skip
    old, hers, his = signed_in(boss), signed_in(handler), signed_in(heir)
    page = f"/my-enterprise/{firm.pk}/"
    assert {client.get(page).status_code for client in (old, hers)} == {200}

    represent(firm, heir, now)
    assert {client.get(page).status_code for client in (old, hers)} == {404}
    assert old.post(f"{page}handlers/invite/", offer_form("乙")).status_code == 404
    with pytest.raises(Refused):
        actions.accept_invitation(by=heir.as_actor(), at=now, token=waiting.token)
    assert Notice.objects.filter(recipient_id=handler.pk, title__contains="暂停").exists()
    assert "待确认" in his.get(page).content.decode()

    confirm = f"{page}handlers/{mandate.pk}/confirm/"
    assert his.get(confirm).status_code == 200
    assert his.post(confirm, {"scope": ["enterprise_profile"], "ends_on": "2020-01-01"}).status_code == 422
    assert his.post(confirm, {"scope": ["enterprise_profile"], "ends_on": in_days(30)}).status_code == 302
    assert hers.get(page).status_code == 200
    assert not queries.may(handler.as_actor(), firm.pk, "all", timezone.now())
    assert his.get(confirm).status_code == 404
    assert hers.post(f"{page}handlers/resign/").status_code == 302 and hers.get(page).status_code == 404
    assert Mandate.objects.get(pk=mandate.pk).ending == "resigned"
    assert (
        represent(firm, heir, now).pk == Mandate.objects.get(kind="legal_representative", revoked_at=None).pk
    )

    registration.end_representative(by=SYSTEM, at=now, enterprise=firm)
    assert his.get(page).status_code == 404
    with pytest.raises(Refused):
        registration.end_representative(by=SYSTEM, at=now, enterprise=firm)


def test_one_person_acts_for_several_and_switches(
    boss: Person, firm: Enterprise, make_firm: MakeFirm
) -> None:
    second = make_firm(2)
    represent(second, boss, timezone.now())
    his = signed_in(boss)
    assert his.get("/my-enterprise/").headers["Location"] == f"/my-enterprise/{firm.pk}/"
    page = his.get(f"/my-enterprise/{second.pk}/").content.decode()
    assert f"/my-enterprise/{firm.pk}/" in page and firm.name in page
    assert his.get("/my-enterprise/").headers["Location"] == f"/my-enterprise/{second.pk}/"
    home = his.get("/").content.decode()
    assert "办本企业的事" in home and second.name in home
    registration.end_representative(by=SYSTEM, at=timezone.now(), enterprise=second)
    assert his.get("/my-enterprise/").headers["Location"] == f"/my-enterprise/{firm.pk}/"


def test_a_disabled_person_and_one_with_a_handed_password_hold_nothing(
    boss: Person, firm: Enterprise
) -> None:
    from qifu.registers.people.actions import disable_person, reset_password

    actor, now = boss.as_actor(), timezone.now()
    assert queries.may(actor, firm.pk, "all", now)
    reset_password(by=SYSTEM, at=now, person=boss)
    assert not queries.may(actor, firm.pk, "all", now)
    disable_person(by=SYSTEM, at=now, person=boss)
    assert queries.firms(actor, now) == []


def test_nobody_registers_himself(make_person: MakePerson, firm: Enterprise) -> None:
    clerk = make_person("clerk", "centre_clerk", "330109")
    with pytest.raises(Refused, match="不能为自己登记"):
        registration.register_representative(
            by=clerk.as_actor(), at=timezone.now(), enterprise=firm, name=clerk.name, document="notarised",
            username="clerk", known=True,
        )  # fmt: skip
    with pytest.raises(Refused, match="姓名与所填姓名不一致"):
        registration.register_representative(
            by=clerk.as_actor(), at=timezone.now(), enterprise=firm, name="某人", document="notarised",
            username="nobody\0", known=True,
        )  # fmt: skip


def test_pages_cost_the_same_however_many_people_there_are(
    boss: Person, firm: Enterprise, make_person: MakePerson, django_assert_max_num_queries: Any
) -> None:
    now = timezone.now()
    for number in range(6):
        handler = make_person(f"handler-{number}")
        made = actions.invite_handler(
            by=boss.as_actor(), at=now, enterprise=firm, name=handler.name, mobile="13800001234", scope=["all"],
            ends_on=timezone.localdate() + timedelta(days=9),
        )  # fmt: skip
        actions.accept_invitation(by=handler.as_actor(), at=now, token=made.token)
    his = signed_in(boss)
    his.get(f"/my-enterprise/{firm.pk}/")
    with django_assert_max_num_queries(14):
        assert his.get(f"/my-enterprise/{firm.pk}/").status_code == 200
