"""One-time codes: sent at once, limited, and kept nowhere; a demo shows them."""

from datetime import timedelta
from typing import Any

import pytest

from qifu.foundation.access import ANONYMOUS, SYSTEM
from qifu.foundation.action import Refused
from qifu.foundation.channels import addresses
from qifu.foundation.channels.adapters import Message, Unreachable
from qifu.foundation.channels.codes import can_send_codes, send_code
from qifu.foundation.channels.config import DEMO_CHANNELS, Channel, SiteChannels
from qifu.foundation.channels.delivery import DEMO_KEPT, keep_demo_message
from qifu.foundation.channels.models import Delivery, DemoMessage
from qifu.foundation.channels.tests.provider import SECRET, STAFF, Book, Clock, declare, tell, work
from qifu.foundation.notices import finish_own
from qifu.foundation.tests.acts import AT, AuditRow, act

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
TEXT = "验证码 482913，五分钟内有效。"


def test_a_code_is_sent_at_once_and_kept_nowhere(settings: Any, provider: Any) -> None:
    declare(settings, provider.url)
    assert can_send_codes()
    send_code(mobile="13912345678", text=TEXT, by=ANONYMOUS, at=AT)
    send_code(person_id=STAFF, text=TEXT, by=SYSTEM, at=AT)
    assert [one.body for one in provider.stand_in.taken] == [
        {"mobile": "13912345678", "text": f"【企服】{TEXT}"}, {"mobile": "13800000007", "text": f"【企服】{TEXT}"},
    ]  # fmt: skip
    for model in (Delivery, AuditRow):
        kept = repr(list(model.objects.values()))
        assert "482913" not in kept and "13912345678" not in kept and "13800000007" not in kept
    assert set(Delivery.objects.values_list("purpose", "state")) == {("code", "sent")}


def test_one_number_is_not_sent_many(settings: Any, provider: Any) -> None:
    declare(settings, provider.url)
    at = AT
    for _ in range(3):
        send_code(mobile="13912345678", text=TEXT, by=ANONYMOUS, at=at)
    with pytest.raises(Refused, match="过于频繁"):
        send_code(mobile=" 13912345678 ", text=TEXT, by=ANONYMOUS, at=at)
    send_code(mobile="13912345679", text=TEXT, by=ANONYMOUS, at=at)
    for _ in range(7):
        at += timedelta(minutes=11)
        send_code(mobile="13912345678", text=TEXT, by=ANONYMOUS, at=at)
    with pytest.raises(Refused, match="过于频繁"):
        send_code(mobile="13912345678", text=TEXT, by=ANONYMOUS, at=at + timedelta(minutes=11))
    send_code(mobile="13912345678", text=TEXT, by=ANONYMOUS, at=at + timedelta(days=1, minutes=11))


def test_what_fails_is_told_and_another_channel_is_tried(settings: Any, provider: Any) -> None:
    wrong = Channel(
        "wrong", "错的", "sms", endpoint=f"{provider.url}/sms", secret="not the right one", timeout=1
    )
    right = Channel("right", "对的", "sms", endpoint=f"{provider.url}/sms", secret=SECRET, timeout=1)
    declare(settings, provider.url, wrong)
    with pytest.raises(Refused, match="短信没有发出"):
        send_code(mobile="13912345678", text=TEXT, by=ANONYMOUS, at=AT)
    declare(settings, provider.url, wrong, right)
    send_code(mobile="13912345678", text=TEXT, by=ANONYMOUS, at=AT)
    assert [row.state for row in Delivery.objects.order_by("pk")] == ["failed", "failed", "sent"]


def test_a_code_that_cannot_be_sent_is_refused(
    settings: Any, provider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not can_send_codes()
    with pytest.raises(Refused, match="没有开通短信"):
        send_code(mobile="13912345678", text=TEXT, by=ANONYMOUS, at=AT)
    declare(settings, provider.url)
    monkeypatch.setattr(addresses, "_books", [Book(STAFF)])
    with pytest.raises(Refused, match="没有登记手机号"):
        send_code(person_id=STAFF, text=TEXT, by=SYSTEM, at=AT)
    with pytest.raises(ValueError, match="either"):
        send_code(text=TEXT, by=SYSTEM, at=AT)
    with pytest.raises(RuntimeError, match="not inside"):
        act(lambda: send_code(mobile="13912345678", text=TEXT, by=SYSTEM, at=AT))
    assert provider.stand_in.requests == 0


def test_a_demo_shows_its_messages_and_keeps_a_hundred(settings: Any, clock: Clock) -> None:
    settings.DEMO, settings.CHANNELS = True, SiteChannels()
    send_code(person_id=STAFF, text=TEXT, by=SYSTEM, at=AT)
    assert DemoMessage.objects.get().text == f"【企服】{TEXT}"
    (notice,) = tell(STAFF, kind="to_do")
    work(clock)
    assert set(DemoMessage.objects.values_list("channel", "done")) == {("sms", False), ("to_do", False)}
    act(lambda: finish_own(notice, at=AT))
    work(clock)
    assert DemoMessage.objects.get(channel="to_do").done
    tell(*range(1000, 1120))
    work(clock)
    assert DemoMessage.objects.count() == DEMO_KEPT


def test_a_real_site_keeps_no_text(settings: Any) -> None:
    settings.DEMO = False
    message = Message(key="k", to="", title="", text="字", link="")
    with pytest.raises(Unreachable):
        keep_demo_message(
            channel=DEMO_CHANNELS.channels[0], message=message, recipient_id=1, by=SYSTEM, at=AT
        )
    assert not DemoMessage.objects.exists()
