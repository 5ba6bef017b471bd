"""Three administrators in three hands: one proposes, one confirms and watches, one reads the trail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from qifu.foundation.access import ANONYMOUS, SYSTEM, NotFound, holds
from qifu.foundation.action import Refused
from qifu.foundation.notices import Notice
from qifu.registers.people import actions, oversight, sign_in
from qifu.registers.people.models import Person, Post

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
AT = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
DAY = date(2024, 3, 1)
AuditRow: Any = apps.get_model("foundation", "AuditRow")
MakePerson = Callable[..., Person]


def propose(by: Person, person: Person, role: str = "auditor") -> Post:
    return actions.add_post(
        by=by.as_actor(), at=AT, person=person, role=role, place_code="330000", starts_on=DAY
    )


def settle(by: Person, post: Post, *, confirm: bool = True) -> None:
    act = actions.confirm_post if confirm else actions.decline_post
    act(by=by.as_actor(), at=AT, person=post.person, post_id=post.pk)


def test_an_administrators_post_waits_for_the_second_person(make_person: MakePerson) -> None:
    admin, security = (
        make_person("admin", "system_administrator"),
        make_person("security", "security_administrator"),
    )
    person = make_person("new")
    post = propose(admin, person)
    assert post.awaits_confirmation and not holds(person.as_actor(), "foundation.read_audit", AT)
    assert Notice.objects.get(recipient_id=security.pk).title == "有一项任职等您确认：审计员"
    for nobody in (admin, person):
        with pytest.raises(NotFound):
            settle(nobody, post)
    settle(security, post)
    assert holds(person.as_actor(), "foundation.read_audit", AT)
    with pytest.raises(Refused, match="已经处理"):
        settle(security, post)
    declined = propose(admin, make_person("other"), "system_administrator")
    settle(security, declined, confirm=False)
    declined.refresh_from_db()
    assert declined.ends_on == declined.starts_on and not holds(
        declined.person.as_actor(), "people.manage", AT
    )
    assert not propose(admin, make_person("officer"), "reform_officer").awaits_confirmation
    assert AuditRow.objects.filter(act="people.confirm_post").count() == 1


def test_only_the_first_security_administrator_needs_no_second(make_person: MakePerson) -> None:
    admin = make_person("admin", "system_administrator")
    early, first, second = make_person("early"), make_person("first"), make_person("second")
    assert propose(admin, early, "system_administrator").awaits_confirmation
    post = propose(admin, first, "security_administrator")
    assert not post.awaits_confirmation and holds(first.as_actor(), "people.secure", AT)
    with pytest.raises(Refused, match="没有安全管理员"):
        actions.end_post(by=admin.as_actor(), at=AT, person=first, post_id=post.pk, ends_on=DAY)
    with pytest.raises(Refused, match="没有安全管理员"):
        actions.disable_person(by=admin.as_actor(), at=AT, person=first)
    puppet = propose(admin, second, "security_administrator")
    assert puppet.awaits_confirmation and not holds(second.as_actor(), "people.secure", AT)
    settle(first, puppet)
    actions.end_post(by=admin.as_actor(), at=AT, person=first, post_id=post.pk, ends_on=DAY)


def test_duties_stay_apart_while_a_post_still_waits(make_person: MakePerson) -> None:
    admin = make_person("admin", "system_administrator")
    make_person("security", "security_administrator")
    person = make_person("new")
    propose(admin, person)
    with pytest.raises(Refused, match="不能由同一人"):
        propose(admin, person, "security_administrator")


def test_no_administrator_takes_over_whom_he_watches(make_person: MakePerson) -> None:
    admin, security = (
        make_person("admin", "system_administrator"),
        make_person("security", "security_administrator"),
    )
    auditor, officer = make_person("auditor", "auditor"), make_person("officer", "reform_officer")

    def reset(by: Person, person: Person) -> Any:
        return actions.reset_password(by=by.as_actor(), at=AT, person=person)

    for watched in (security, auditor):
        with pytest.raises(Refused, match="由安全管理员重置"):
            reset(admin, watched)
    with pytest.raises(Refused, match="由系统管理员重置"):
        reset(security, officer)
    for alone in (admin, security):
        with pytest.raises(Refused, match="我的账号"):
            reset(alone, alone)
    with pytest.raises(NotFound):
        reset(auditor, officer)
    reset(admin, officer)
    reset(security, auditor)
    with pytest.raises(NotFound):
        propose(security, officer)


def test_the_security_administrators_pages_tell_a_story(make_person: MakePerson, client: Client) -> None:
    admin, security = (
        make_person("admin", "system_administrator"),
        make_person("security", "security_administrator"),
    )
    person = make_person("new")
    for name in ("new", "nobody-at-all"):
        for _ in range(5):
            with pytest.raises(Refused):
                sign_in.sign_in(by=ANONYMOUS, at=datetime.now(UTC), username=name, password="wrong")
    client.force_login(admin)
    asked = {
        "role": "auditor",
        "place_code": "330000",
        "organisation_code": "",
        "starts_on": "2024-01-01",
        "ends_on": "",
    }
    assert client.post(f"/workbench/people/{person.pk}/", asked).status_code == 302
    assert "待安全管理员确认" in client.get(f"/workbench/people/{person.pk}/").content.decode()
    for address in ("/workbench/security/", "/workbench/security/roles/", "/workbench/security/retention/"):
        assert client.get(address).status_code == 404
    post = Post.objects.get(person=person)
    assert client.post(f"/workbench/people/{person.pk}/posts/{post.pk}/confirm/").status_code == 404
    client.force_login(security)
    page = client.get("/workbench/security/").content.decode()
    assert "new（模拟）" in page and "没有这样的登录名" in page and "nobody-at-all" not in page
    assert page.count("登录锁定") == 2
    assert client.post(f"/workbench/people/{person.pk}/posts/{post.pk}/confirm/").status_code == 302
    assert "没有待确认的任职" in client.get("/workbench/security/").content.decode()
    assert client.post(f"/workbench/people/{person.pk}/unlock/").status_code == 302
    assert client.get("/workbench/security/").content.decode().count("登录锁定") == 1
    roles = client.get("/workbench/security/roles/").content.decode()
    assert "安全管理员" in roles and "查看审计记录" in roles
    assert "个人信息保护法" in client.get("/workbench/security/retention/").content.decode()
    client.force_login(person)
    assert client.get("/workbench/audit/").status_code == 200
    assert client.get("/workbench/people/").status_code == 404


def test_overviews_are_for_the_security_administrator_only(make_person: MakePerson) -> None:
    auditor = make_person("auditor", "auditor").as_actor()
    for ask in (oversight.proposed_posts, oversight.failed_sign_ins, oversight.role_overview):
        with pytest.raises(NotFound):
            ask(auditor, AT)
    assert oversight.role_overview(SYSTEM, AT)
