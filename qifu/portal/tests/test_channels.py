"""Inbox, choices, calendar feed, the administrator's page and the demo's page, as people use them."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import icalendar
import pytest
from django.http import Http404
from django.test import Client, RequestFactory
from django.utils import timezone

from qifu.foundation import access, clock, jobs
from qifu.foundation.access import ANONYMOUS, SYSTEM, Grant
from qifu.foundation.action import action
from qifu.foundation.channels.config import Channel, SiteChannels
from qifu.foundation.channels.models import ChannelPreference, Delivery
from qifu.foundation.notices import Notice, notify
from qifu.portal import channels
from qifu.portal.logs import JsonFormatter
from qifu.portal.tests.test_pages import AT, make_person, signed_in, text_of

pytestmark = pytest.mark.django_db
NOWHERE = Channel("sms", "短信", "sms", endpoint="http://127.0.0.1:9/sms", secret="x" * 16, timeout=1)


@action("portal_tests.tell_all", title="测试：通知多种", permission="people.manage")
def tell_all(*, by: Any, at: Any, whom: int) -> None:
    """Send notices of every kind."""
    notify([whom], title="后办的事", kind="to_do", due_on=date(2024, 7, 1), link="/help/")
    notify([whom], title="先办的事", kind="to_do", due_on=date(2024, 6, 1))
    notify([whom], title="临期提醒", kind="reminder")
    notify([whom], title="一般消息", kind="message")


def worker() -> None:
    while jobs.run_one(worker="w", clock=clock.now):
        pass


def test_the_inbox_puts_to_dos_first_and_groups_by_kind() -> None:
    person = make_person(by=SYSTEM, at=AT, username="one", role="centre_clerk")
    tell_all(by=SYSTEM, at=AT, whom=person.pk)
    client = signed_in(person)
    page = text_of(client.get("/inbox/"))
    order = [page.index(title) for title in ("先办的事", "后办的事", "一般消息", "临期提醒")]
    assert order == sorted(order) and "2024-07-01" in page
    only = text_of(client.get("/inbox/?kind=reminder"))
    assert "临期提醒" in only and "先办的事" not in only
    assert "一般消息" in text_of(client.get("/inbox/?kind=<script>&page=x&show=0"))


def test_a_notice_is_opened_read_and_done_one_by_one() -> None:
    person = make_person(by=SYSTEM, at=AT, username="one", role="centre_clerk")
    tell_all(by=SYSTEM, at=AT, whom=person.pk)
    client = signed_in(person)
    ids = dict(Notice.objects.values_list("title", "pk"))
    assert client.head(f"/inbox/{ids['后办的事']}/").status_code == 302
    assert not Notice.objects.exclude(read_at=None).exists()
    assert client.get(f"/inbox/{ids['后办的事']}/")["Location"] == "/help/"
    assert client.get(f"/inbox/{ids['一般消息']}/")["Location"] == "/inbox/"
    client.post("/inbox/read/", {"notice": ids["临期提醒"], "next": "/inbox/?kind=reminder"})
    assert set(Notice.objects.filter(read_at=None).values_list("title", flat=True)) == {"先办的事"}
    assert "没有消息" in text_of(client.get("/inbox/?kind=reminder&show=unread"))
    assert "后办的事" in text_of(client.get("/inbox/?show=unread")), "it is read, but not done"
    answer = client.post(f"/inbox/{ids['后办的事']}/done/", {"next": "//elsewhere.example/"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/inbox/" and "待办已标为已办" in text_of(answer)
    assert "早已办结" in text_of(client.post(f"/inbox/{ids['后办的事']}/done/", follow=True))
    assert Notice.objects.get(pk=ids["后办的事"]).done_at is not None


def test_pages_of_one_s_own_stand_where_one_works(monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = make_person(by=SYSTEM, at=AT, username="clerk", role="centre_clerk")
    boss = make_person(by=SYSTEM, at=AT, username="boss")

    class Mandates:
        def grants(self, actor_id: int, at: datetime) -> Iterator[Grant]:
            if actor_id == boss.pk:
                yield Grant(role="legal_representative", actor_id=actor_id, enterprise_id=1)

    monkeypatch.setattr(access, "_authorities", [*access._authorities, Mandates()])
    for person, area in ((clerk, "workbench"), (boss, "portal")):
        for path in ("/inbox/", "/account/notices/", "/account/calendar/"):
            page = text_of(signed_in(person).get(path))
            assert ("工作台栏目" in page) == (area == "workbench"), (path, area)


def test_nobody_opens_or_ends_what_is_another_s() -> None:
    one = make_person(by=SYSTEM, at=AT, username="one", role="centre_clerk")
    two = make_person(by=SYSTEM, at=AT, username="two", role="system_administrator")
    tell_all(by=SYSTEM, at=AT, whom=one.pk)
    pk, client = Notice.objects.filter(kind="to_do").latest("pk").pk, signed_in(two)
    assert client.get(f"/inbox/{pk}/").status_code == 404
    assert client.post(f"/inbox/{pk}/done/").status_code == 404
    for wrong in (str(pk), "x", "0", "9" * 30):
        assert client.post("/inbox/read/", {"notice": wrong}).status_code == 404
    assert not Notice.objects.exclude(read_at=None, done_at=None).exists()
    assert Client().get(f"/inbox/{pk}/")["Location"] == f"/sign-in/?next=/inbox/{pk}/"


def test_marking_one_kind_as_read_leaves_the_others() -> None:
    person = make_person(by=SYSTEM, at=AT, username="one", role="centre_clerk")
    tell_all(by=SYSTEM, at=AT, whom=person.pk)
    signed_in(person).post("/inbox/read/", {"kind": "to_do"})
    assert Notice.objects.filter(read_at=None).count() == 2


def test_a_person_chooses_how_to_be_told(settings: Any) -> None:
    person = make_person(by=SYSTEM, at=AT, username="one", role="centre_clerk")
    client = signed_in(person)
    assert "没有开通短信等通知方式" in text_of(client.get("/account/notices/"))
    fixed = Channel("zzd", "浙政钉待办", "to_do", "staff", use="prescribed")
    settings.CHANNELS = SiteChannels("企服", "https://qifu.example.org", (NOWHERE, fixed))
    page = text_of(client.get("/account/notices/"))
    assert "浙政钉待办：由本站规定使用" in page and 'value="sms" ' in page and "checked" in page
    assert "都填" in text_of(client.post("/account/notices/", {"quiet_from": "22:00"}))
    assert client.post("/account/notices/", {"channels": ["pigeon"]}).status_code == 422
    given = {"quiet_from": "22:00", "quiet_to": "07:00", "daily_digest": "on"}
    assert "通知方式已保存" in text_of(client.post("/account/notices/", given, follow=True))
    row = ChannelPreference.objects.get(person_id=person.pk)
    assert (row.channels, row.daily_digest, row.quiet_to.hour) == ([], True, 7)


def test_a_calendar_program_reads_the_feed_until_it_is_revoked() -> None:
    person = make_person(by=SYSTEM, at=AT, username="one", role="centre_clerk")
    tell_all(by=SYSTEM, at=AT, whom=person.pk)
    client = signed_in(person)
    assert "还没有订阅地址" in text_of(client.get("/account/calendar/"))
    found = re.search(r"http://testserver(/feeds/[\w-]{43}\.ics)", text_of(client.post("/account/calendar/")))
    assert found is not None
    assert "不能再次查看" in text_of(client.get("/account/calendar/"))
    answer = Client().get(found[1])
    assert answer["Content-Type"].startswith("text/calendar") and "no-store" in answer["Cache-Control"]
    events = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    assert [event.decoded("dtstart") for event in events] == [date(2024, 6, 1), date(2024, 7, 1)]
    assert "先办的事" not in text_of(answer)
    assert Client().get(f"/feeds/{'a' * 43}.ics").status_code == 404
    disable(by=SYSTEM, at=AT, person=person, active=False)
    assert Client().get(found[1]).status_code == 404
    disable(by=SYSTEM, at=AT, person=person, active=True)
    client = signed_in(person)
    assert "已停用" in text_of(client.post("/account/calendar/", {"act": "revoke"}, follow=True))
    assert Client().get(found[1]).status_code == 404


@action("portal_tests.disable", title="测试：停用", permission="people.manage")
def disable(*, by: Any, at: Any, person: Any, active: bool) -> None:
    """Disable or enable a person."""
    person.is_active = active
    person.save()


def test_the_token_of_a_feed_stays_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="qifu.requests"):
        Client().get("/feeds/secret-token.ics")
    lines = [JsonFormatter().format(record) for record in caplog.records if record.name == "qifu.requests"]
    assert len(lines) == 1 and json.loads(lines[0])["path"] == "/feeds/…" and "secret-token" not in lines[0]


def test_the_administrator_sees_failures_and_sends_again(settings: Any) -> None:
    settings.CHANNELS = SiteChannels("企服", "https://qifu.example.org", (NOWHERE,))
    admin = make_person(by=SYSTEM, at=AT, username="admin", role="system_administrator")
    clerk = make_person(by=SYSTEM, at=AT, username="clerk", role="centre_clerk")
    assert signed_in(clerk).get("/workbench/channels/").status_code == 404
    client = signed_in(admin)
    assert "正常" in text_of(client.get("/workbench/channels/"))
    tell_all(by=SYSTEM, at=timezone.now(), whom=clerk.pk)
    worker()
    age(by=SYSTEM, at=timezone.now())
    page = text_of(client.get("/workbench/channels/"))
    assert "连接不上对方" in page or "没有登记手机号" in page
    assert "重发" in page
    assert "4 条将重新发送" in text_of(client.post("/workbench/channels/sms/retry/", follow=True))


@action("portal_tests.age", title="测试：放弃", permission="people.manage")
def age(*, by: Any, at: Any) -> None:
    """Let every delivery have failed for good, an hour ago."""
    Delivery.objects.update(state="failed", reason="连接不上对方", attempts=14, at=at - timedelta(hours=1))


def test_a_real_site_has_no_page_of_messages(settings: Any) -> None:
    request: Any = RequestFactory().get("/demo/messages/")
    request.actor, request.at = ANONYMOUS, AT
    with pytest.raises(Http404):
        channels.demo_messages(request)
    if not settings.DEMO:
        assert Client().get("/demo/messages/").status_code == 404
    settings.DEMO = True
    settings.CHANNELS = SiteChannels()
    person = make_person(by=SYSTEM, at=AT, username="one", role="centre_clerk")
    tell_all(by=SYSTEM, at=timezone.now(), whom=person.pk)
    worker()
    from django.template.loader import render_to_string

    rows = channels.queries.demo_messages()
    assert len(rows) == 6, "four text messages and two to-dos"
    html = render_to_string(
        "portal/demo_messages.html",
        {"rows": [{"row": r, "to": "甲", "channel": "短信"} for r in rows]},
        request=request,
    )
    assert "您有一项新的待办" in html and "先办的事" not in html
