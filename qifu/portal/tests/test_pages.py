"""The portal's own pages: who sees what, what errors say, what monitors read, what logs keep."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.test import Client

from qifu.foundation import jobs
from qifu.foundation.access import SYSTEM
from qifu.foundation.action import action
from qifu.foundation.notices import Notice, notify
from qifu.portal.logs import JsonFormatter
from qifu.registers.people.models import Person, Post

AT = datetime(2024, 6, 20, 1, 0, tzinfo=UTC)


@action("portal_tests.make_person", title="测试：造人", permission="people.manage")
def make_person(*, by: Any, at: datetime, username: str, role: str = "") -> Person:
    """Make a person, with a post over the province where a role is given."""
    person = Person(username=username, name=f"测试{username}", created_at=at)
    person.set_password("not-used-here")
    person.save()
    if role:
        Post(person=person, role=role, place_code="330000", starts_on=date(2024, 1, 1)).save()
    return person


@action("portal_tests.tell", title="测试：通知", permission="people.manage")
def tell(*, by: Any, at: datetime, whom: int, title: str, link: str = "") -> None:
    """Send a notice."""
    notify([whom], title=title, link=link)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.django_db
def test_home_is_for_everyone_and_hides_the_workbench_from_visitors() -> None:
    answer = Client().get("/")
    assert answer.status_code == 200
    assert "进入工作台" in text_of(answer)
    assert "工作台栏目" not in text_of(answer)


@pytest.mark.django_db
def test_the_workbench_asks_to_sign_in_and_comes_back() -> None:
    answer = Client().get("/workbench/?a=1")
    assert answer.status_code == 302
    assert answer["Location"] == "/sign-in/?next=/workbench/%3Fa%3D1"


@pytest.mark.django_db
def test_menus_follow_roles() -> None:
    clerk = signed_in(make_person(by=SYSTEM, at=AT, username="clerk", role="centre_clerk"))
    admin = signed_in(make_person(by=SYSTEM, at=AT, username="admin", role="system_administrator"))
    assert "人员与岗位" not in text_of(clerk.get("/workbench/"))
    assert "人员与岗位" in text_of(admin.get("/workbench/"))


@pytest.mark.django_db
def test_a_person_without_a_post_is_told_what_to_do() -> None:
    client = signed_in(make_person(by=SYSTEM, at=AT, username="nobody"))
    assert "您的账号还没有岗位" in text_of(client.get("/workbench/"))


@pytest.mark.django_db
def test_the_inbox_shows_only_ones_own_and_marks_them_read() -> None:
    one = make_person(by=SYSTEM, at=AT, username="one", role="centre_clerk")
    two = make_person(by=SYSTEM, at=AT, username="two", role="centre_clerk")
    tell(by=SYSTEM, at=AT, whom=one.pk, title="请审核第3项", link="/help/")
    tell(by=SYSTEM, at=AT, whom=two.pk, title="别人的消息")
    client = signed_in(one)
    page = text_of(client.get("/inbox/"))
    assert "请审核第3项" in page and "别人的消息" not in page
    assert client.get("/inbox/read/").status_code == 405
    assert "1 条消息已标为已读" in text_of(client.post("/inbox/read/", follow=True))
    assert Notice.objects.filter(recipient_id=two.pk, read_at=None).count() == 1
    assert "没有消息" in text_of(client.get("/inbox/?show=unread"))


@pytest.mark.django_db
def test_pages_of_the_workbench_cost_few_queries(django_assert_max_num_queries: Any) -> None:
    person = make_person(by=SYSTEM, at=AT, username="one", role="system_administrator")
    for n in range(60):
        tell(by=SYSTEM, at=AT, whom=person.pk, title=f"消息{n}")
    client = signed_in(person)
    for path in ("/workbench/", "/inbox/"):
        client.get(path)
        with django_assert_max_num_queries(14):
            client.get(path)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "back", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""]
)
def test_display_choices_never_lead_off_the_site(back: str) -> None:
    answer = Client().post("/display/", {"text": "large", "next": back})
    assert answer["Location"] == "/"
    assert answer.cookies["qifu_text"].value == "large"


@pytest.mark.django_db
def test_display_takes_only_known_values() -> None:
    answer = Client().post("/display/", {"text": "<script>", "keys": "maybe", "next": "/help/"})
    assert answer["Location"] == "/help/"
    assert not answer.cookies


@pytest.mark.django_db
def test_an_absent_page_says_what_to_do_and_names_its_request() -> None:
    answer = Client().get("/no-such-page/")
    assert answer.status_code == 404
    assert answer["X-Request-ID"] in text_of(answer)


@pytest.mark.django_db
def test_a_form_without_its_token_is_refused_in_chinese() -> None:
    answer = Client(enforce_csrf_checks=True).post("/display/", {"text": "large"})
    assert answer.status_code == 403
    assert "页面停留过久" in text_of(answer)


def test_an_unknown_host_is_refused_without_a_database() -> None:
    answer = Client(headers={"host": "elsewhere.example"}).get("/")
    assert answer.status_code == 400
    assert "请求无法识别" in text_of(answer)


def test_our_own_fault_needs_neither_database_nor_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page itself opens the database nowhere here: the test has none."""
    answer = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 500
    assert "系统出错了" in text_of(answer)
    assert answer["X-Request-ID"] in text_of(answer)


@pytest.mark.django_db
def test_health_tells_of_the_worker() -> None:
    client = Client()
    assert client.get("/healthz").json()["status"] == "degraded"
    now = datetime.now(UTC)
    jobs.beat(worker="w", at=now)
    body = client.get("/healthz").json()
    assert body["status"] == "ok" and body["worker"]["seconds_since_beat"] < 60
    jobs.Worker.objects.update(beat_at=now - timedelta(hours=1))
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_every_page_sends_the_security_headers() -> None:
    answer = Client().get("/")
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "style-src 'self'" in policy and "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Cache-Control"] == "private, no-cache"
    assert not re.search(r"<style|style=|<script(?![^>]*(src=|application/json))| on[a-z]+=", text_of(answer))


@pytest.mark.parametrize(
    "error", [IntegrityError("Key (username)=(zhang) exists"), ValidationError("zhang 不对")]
)
def test_logs_leave_out_what_databases_and_forms_quote(error: Exception) -> None:
    try:
        raise error
    except type(error):
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", None, sys.exc_info())
    line = JsonFormatter().format(record)
    assert "zhang" not in line
    assert type(error).__name__ in json.loads(line)["exception"]


@pytest.mark.django_db
def test_request_lines_hold_neither_query_nor_person(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="qifu.requests"):
        Client().get("/search/?q=13800000000", headers={"user-agent": "someone"})
    lines = [JsonFormatter().format(record) for record in caplog.records if record.name == "qifu.requests"]
    assert len(lines) == 1
    assert "13800000000" not in lines[0] and "someone" not in lines[0] and "127.0.0.1" not in lines[0]


@pytest.mark.django_db
def test_a_part_fetched_after_the_session_ended_leads_the_whole_page_to_sign_in() -> None:
    answer = Client().get("/inbox/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/sign-in/?next=/inbox/")
