"""The pages of people as an administrator, an auditor and others find them; the demo accounts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from qifu.foundation.access import ANONYMOUS, SYSTEM, NotFound, roles
from qifu.foundation.action import Refused
from qifu.registers.people import actions, sign_in
from qifu.registers.people.demo import DEMO_PASSWORD, DEMO_PEOPLE, load_demo_people
from qifu.registers.people.models import Person, Post

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
AT = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
MakePerson = Callable[..., Person]


def test_an_administrator_makes_a_person_who_starts_to_work(make_person: MakePerson, client: Client) -> None:
    client.force_login(make_person("admin", "system_administrator"))
    made = client.post("/workbench/people/new/", {"name": "张三（模拟）", "username": "Zhang.San"})
    shown = re.search(r"<code[^>]*>([a-z0-9-]{14})</code>", made.content.decode())
    assert shown and "no-store" in made.headers["Cache-Control"]
    person = Person.objects.get(username="zhang.san")
    address = f"/workbench/people/{person.pk}/"
    assert shown[1] not in client.get(address).content.decode()
    post = {"role": "reform_officer", "place_code": "330100", "organisation_code": "330100.reform_office",
            "starts_on": "2024-01-01", "ends_on": ""}  # fmt: skip
    assert client.post(address, post).status_code == 302
    assert client.post(address, post).status_code == 422
    assert "杭州市委改革办" in client.get(address).content.decode()

    hers = Client()
    answer = hers.post("/sign-in/", {"username": "zhang.san", "password": shown[1]})
    assert answer.headers["Location"] == "/account/password/"
    new = {"old": shown[1], "new": "a-new-one-2024", "again": "a-new-one-2024"}
    assert hers.post("/account/password/", new).status_code == 302
    assert hers.get("/workbench/generic-units/").status_code == 200
    held = Post.objects.get(person=person)
    ended = {"post": held.pk, "ends_on": timezone.localdate().isoformat()}
    assert client.post(f"{address}end-post/", ended).status_code == 302
    assert hers.get("/workbench/generic-units/").status_code == 404
    client.post(f"{address}disable/")
    assert hers.get("/account/").status_code == 302
    assert "停用" in client.get(address).content.decode()


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"name": "", "username": "abc"}, "姓名"), ({"name": "甲", "username": "1abc"}, "字母开头"),
        ({"name": "甲", "username": "ab"}, "3 至 32"), ({"name": "甲", "username": "ADMIN"}, "已有人使用"),
        ({"name": "甲", "username": "a b c"}, "字母开头"), ({"name": "长" * 61, "username": "abc"}, "60"),
    ],
)  # fmt: skip
def test_a_person_who_cannot_be_is_refused(
    make_person: MakePerson, client: Client, form: dict[str, str], reason: str
) -> None:
    client.force_login(make_person("admin", "system_administrator"))
    answer = client.post("/workbench/people/new/", form)
    assert answer.status_code == 422 and reason in answer.content.decode()
    assert Person.objects.count() == 1


def test_everyone_else_finds_nothing_there(make_person: MakePerson, client: Client) -> None:
    person = make_person("officer", "reform_officer")
    pages = [
        "/workbench/people/",
        "/workbench/people/new/",
        f"/workbench/people/{person.pk}/",
        "/workbench/audit/",
    ]
    acts = [
        f"/workbench/people/{person.pk}/{act}/" for act in ("disable", "unlock", "reset-password", "end-post")
    ]
    for address in pages:
        assert client.get(address).headers["Location"].startswith("/sign-in/?next=")
    client.force_login(person)
    assert {client.get(address).status_code for address in pages} == {404}
    assert {client.post(address).status_code for address in acts} == {404}
    with pytest.raises(NotFound):
        actions.create_person(by=person.as_actor(), at=AT, username="abc", name="甲")
    client.force_login(make_person("auditor", "auditor"))
    assert [client.get(address).status_code for address in pages] == [404, 404, 404, 200]
    assert {client.post(address).status_code for address in [pages[2], *acts]} == {404}
    client.force_login(make_person("security", "security_administrator"))
    assert [client.get(address).status_code for address in pages] == [200, 404, 200, 404]
    assert client.post(pages[2], {"role": "auditor"}).status_code in (404, 422)
    assert [client.post(address).status_code for address in (acts[0], acts[3])] == [404, 404]
    assert Person.objects.get(pk=person.pk).is_active and Post.objects.filter(person=person).count() == 1


def test_lists_cost_the_same_however_long_they_are(
    make_person: MakePerson, client: Client, django_assert_max_num_queries: Any
) -> None:
    client.force_login(make_person("admin", "system_administrator"))
    for number in range(8):
        make_person(f"person-{number}", "reform_officer", "330100", "330100.reform_office")
    with django_assert_max_num_queries(11):
        page = client.get("/workbench/people/").content.decode()
    assert page.count("杭州市委改革办") == 8
    client.force_login(make_person("auditor", "auditor"))
    with django_assert_max_num_queries(11):
        assert client.get("/workbench/audit/").status_code == 200


def test_filters_take_every_text_for_what_it_is(make_person: MakePerson, client: Client) -> None:
    client.force_login(make_person("admin", "system_administrator"))
    for text in ("%", "_", "' OR 1=1", "\0", "省" * 3000):
        assert (
            "没有符合条件" in client.get("/workbench/people/", {"text": text}).content.decode()
            or "\0" in text
            or len(text) > 60
        )
        assert client.get("/workbench/people/", {"text": text, "page": "9" * 30}).status_code == 200
    assert client.get("/workbench/people/", {"role": "king", "state": "\0"}).status_code == 200
    page = client.get(
        "/workbench/people/", {"role": "system_administrator", "state": "active"}
    ).content.decode()
    assert "admin（模拟）" in page
    assert client.get(f"/workbench/people/{2**70}/").status_code == 404
    bad = {"post": "x" * 40, "ends_on": "2024-13-01"}
    address = f"/workbench/people/{Person.objects.get().pk}/"
    assert client.post(f"{address}end-post/", bad).status_code == 302


def test_an_auditor_reads_who_did_what_when(make_person: MakePerson, client: Client) -> None:
    auditor, officer = make_person("auditor", "auditor"), make_person("officer", "reform_officer")
    for _ in range(5):
        with pytest.raises(Refused):
            sign_in.sign_in(by=ANONYMOUS, at=AT, username="officer", password="wrong")
    actions.unlock_person(by=SYSTEM, at=AT, person=officer)
    client.force_login(auditor)

    def rows(**wanted: str) -> str:
        return client.get("/workbench/audit/", wanted).content.decode().split("<tbody>")[-1]

    assert rows(act="people.count_sign_in", day="2024-03-01").count("登录尝试") >= 5
    assert "officer（模拟）" in rows(act="people.unlock_person") and "登录尝试" not in rows(
        act="people.unlock_person"
    )
    assert "修改自己的口令" in rows(username="officer") and "解除登录锁定" not in rows(username="officer")
    for nothing in ({"username": "nobody"}, {"day": "2020-01-01"}, {"username": "%"}):
        assert "没有符合条件的记录" in rows(**nothing)
    assert client.get("/workbench/audit/", {"act": "x\0", "day": "no", "page": "-1"}).status_code == 200


def test_demo_people_are_made_on_a_demo_site_only(
    province: Path, quick_passwords: None, settings: Any
) -> None:
    settings.DEMO = False
    with pytest.raises(Refused, match="不是演示站点"):
        load_demo_people(AT)
    assert not Person.objects.exists()
    settings.DEMO = True
    assert load_demo_people(AT) == len(DEMO_PEOPLE) and load_demo_people(AT) == 0
    assert all("模拟" in name for name in Person.objects.values_list("name", flat=True))
    assert set(Post.objects.values_list("role", flat=True)) <= set(roles())
    assert Post.objects.filter(organisation=None).count() == 3
    for entry in DEMO_PEOPLE[:2]:
        assert sign_in.sign_in(by=ANONYMOUS, at=AT, username=entry.username, password=DEMO_PASSWORD)
