"""Delivering: what leaves, what providers answer, and what is done when they do not."""

import socket
import time
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connections

from qifu.foundation import jobs
from qifu.foundation.access import SYSTEM
from qifu.foundation.action import WriteOutsideAct
from qifu.foundation.channels import addresses
from qifu.foundation.channels.actions import retry_failed
from qifu.foundation.channels.config import Channel
from qifu.foundation.channels.delivery import MOST_ATTEMPTS, note_delivery
from qifu.foundation.channels.models import ChannelRest, Delivery
from qifu.foundation.channels.queries import health
from qifu.foundation.channels.stand_in import StandIn
from qifu.foundation.channels.tests.provider import (
    BOSS,
    OTHER,
    SECRET,
    STAFF,
    Book,
    Clock,
    declare,
    running,
    tell,
    work,
    work_through,
)
from qifu.foundation.jobs import LEASE, Job, claim
from qifu.foundation.notices import Notice, finish_to_dos, mark_read, notify
from qifu.foundation.tests.acts import AT, PERSON, AuditRow, act

pytestmark = pytest.mark.django_db


def states() -> list[tuple[str, str]]:
    return list(Delivery.objects.order_by("pk").values_list("state", "reason"))


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_without_channels_a_notice_stays_in_the_inbox(settings: Any) -> None:
    tell(STAFF)
    assert Notice.objects.count() == 1 and not Delivery.objects.exists() and not Job.objects.exists()


def test_a_notice_goes_out_as_a_neutral_sentence_with_a_link(
    settings: Any, provider: Any, clock: Clock
) -> None:
    declare(settings, provider.url)
    (notice,) = tell(STAFF, kind="to_do", link="/enterprises/12/", due_on=date(2024, 3, 8))
    work(clock)
    (taken,) = provider.stand_in.taken
    assert taken.body == {
        "mobile": "13800000007",
        "text": f"【企服】您有一项新的待办，请登录企服查看。 https://qifu.example.org/inbox/{notice.pk}/",
    }
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.provider_number, row.key) == ("sent", 1, "1", taken.key)


def test_what_the_room_lets_out_goes_out_as_it_is(settings: Any, provider: Any, clock: Clock) -> None:
    declare(settings, provider.url)
    tell(STAFF, external="《2024年工作要点》已发布 {link}")
    work(clock)
    text = provider.stand_in.taken[0].body["text"]
    assert text.startswith("【企服】《2024年工作要点》已发布 {link} https://")


def test_neither_text_nor_address_is_kept(settings: Any, provider: Any, clock: Clock) -> None:
    declare(settings, provider.url)
    tell(STAFF, external="只有这一句")
    work(clock)
    for model in (Delivery, Job, AuditRow):
        kept = repr(list(model.objects.values()))
        assert "13800000007" not in kept and "只有这一句" not in kept and "某企业" not in kept


def test_a_delivery_exists_if_and_only_if_the_act_commits(settings: Any, provider: Any) -> None:
    declare(settings, provider.url)

    def fail() -> None:
        notify([STAFF], title="甲")
        assert Delivery.objects.count() == 1
        raise RuntimeError

    with pytest.raises(RuntimeError):
        act(fail)
    assert not Delivery.objects.exists() and not Job.objects.exists()
    with pytest.raises(WriteOutsideAct):
        notify([STAFF], title="甲")


def test_channels_are_for_those_they_are_meant_for(settings: Any, provider: Any) -> None:
    def channel(name: str, audience: str, **more: Any) -> Channel:
        return Channel(name, name, "sms", audience, endpoint=provider.url, secret=SECRET, **more)

    declare(
        settings, provider.url, channel("staff_only", "staff"), channel("firms", "enterprise"),
        channel("all", "everyone"), channel("asked", "everyone", use="offered"),
    )  # fmt: skip
    tell(STAFF, BOSS)
    found = set(Delivery.objects.values_list("recipient_id", "channel"))
    assert found == {(STAFF, "staff_only"), (STAFF, "all"), (BOSS, "firms"), (BOSS, "all")}


def test_whoever_has_no_address_is_skipped(
    settings: Any, provider: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "_books", [Book(STAFF)])
    declare(settings, provider.url)
    tell(STAFF)
    work(clock)
    assert states() == [("skipped", "没有登记手机号")] and provider.stand_in.requests == 0


def test_a_wrong_secret_is_told_and_nothing_is_lost(settings: Any, provider: Any, clock: Clock) -> None:
    declare(settings, provider.url)
    provider.stand_in.secret = "another secret altogether"
    tell(STAFF)
    work(clock)
    assert states() == [("waiting", "对方不接受本站的签名（401）")] and provider.stand_in.taken == []
    (row,) = health(at=clock.at)
    assert (row.level, row.waiting, row.failed, row.reason) == ("bad", 1, 0, "对方不接受本站的签名（401）")
    provider.stand_in.secret = SECRET
    work_through(clock, until=timedelta(minutes=5))
    assert states() == [("sent", "")] and health(at=clock.at)[0].level == "good"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((500, {}), "对方出错（500）"),
        ((429, {}), "对方出错（429）"),
        ((302, {}), "对方出错（302）"),
        ((404, {}), "对方出错（404）"),
        ((200, {"nothing": "here"}), "对方的应答里没有编号"),
    ],
)
def test_a_provider_at_fault_is_tried_again(
    settings: Any, provider: Any, clock: Clock, answer: tuple[int, dict[str, str]], reason: str
) -> None:
    declare(settings, provider.url)
    provider.stand_in.before = lambda: answer
    tell(STAFF)
    work(clock)
    assert states() == [("waiting", reason)]
    provider.stand_in.before = lambda: None
    work_through(clock, until=timedelta(minutes=5))
    assert states() == [("sent", "")] and len(provider.stand_in.taken) == 1


def test_a_message_at_fault_is_given_up_at_once(settings: Any, provider: Any, clock: Clock) -> None:
    declare(settings, provider.url)
    provider.stand_in.before = lambda: (422, {"error": "号码不正确"})
    tell(STAFF)
    work_through(clock, until=timedelta(days=2))
    assert states() == [("failed", "对方不接受这条消息（422）")] and provider.stand_in.requests == 1
    assert not ChannelRest.objects.exists(), "the provider answered, so others go on"


def test_a_slow_provider_does_not_hold_the_worker(settings: Any, provider: Any, clock: Clock) -> None:
    declare(settings, provider.url)

    def sleep() -> None:
        time.sleep(1.5)

    provider.stand_in.before = sleep
    tell(STAFF)
    began = time.monotonic()
    work(clock)
    assert time.monotonic() - began < 1.4
    assert states() == [("waiting", "对方 1 秒内没有应答")]


def test_a_provider_that_is_away_is_asked_once_and_rests(settings: Any, provider: Any, clock: Clock) -> None:
    port = closed_port()
    dead = Channel("dead", "坏的", "sms", endpoint=f"http://127.0.0.1:{port}/sms", secret=SECRET, timeout=1)
    good = Channel("good", "好的", "sms", endpoint=f"{provider.url}/sms", secret=SECRET, timeout=1)
    declare(settings, provider.url, dead, good)
    tell(*range(100, 120))
    began = time.monotonic()
    work(clock)
    assert len(provider.stand_in.taken) == 20, "a dead provider blocks no other"
    assert time.monotonic() - began < 10
    assert Delivery.objects.filter(channel="dead", attempts__gt=0).count() == 1, "one of them found out"
    rest = ChannelRest.objects.get()
    assert (rest.channel, rest.failures) == ("dead", 1) and rest.until > clock.at
    assert {row.name: row.level for row in health(at=clock.at)} == {"dead": "bad", "good": "good"}


def test_patience_ends_after_about_a_day_and_an_administrator_tries_again(
    settings: Any, provider: Any, clock: Clock
) -> None:
    declare(settings, provider.url)
    provider.stand_in.before = lambda: (503, {})
    tell(STAFF)
    work_through(clock, until=timedelta(hours=12))
    assert states()[0][0] == "waiting"
    work_through(clock, until=timedelta(days=2))
    assert states() == [("failed", "对方出错（503）")]
    assert provider.stand_in.requests == MOST_ATTEMPTS == Delivery.objects.get().attempts
    provider.stand_in.before = lambda: None
    assert retry_failed(channel="sms", by=SYSTEM, at=clock.at) == 1
    work(clock)
    assert states() == [("sent", "")] and len(provider.stand_in.taken) == 1


def test_a_delivery_whose_job_failed_is_seen_and_taken_up_again(
    settings: Any, provider: Any, clock: Clock
) -> None:
    declare(settings, provider.url)
    tell(STAFF, OTHER)
    Job.objects.filter(ids__delivery=Delivery.objects.get(recipient_id=STAFF).pk).update(state="failed")
    assert not health(at=clock.at)[0].stuck
    clock.at += timedelta(days=3)
    assert health(at=clock.at)[0].stuck and health(at=clock.at)[0].level == "warn"
    assert retry_failed(channel="sms", by=SYSTEM, at=clock.at) == 1
    work(clock)
    assert len(provider.stand_in.taken) == provider.stand_in.requests == 2


def test_a_worker_killed_after_sending_never_sends_twice(settings: Any, provider: Any, clock: Clock) -> None:
    declare(settings, provider.url)
    tell(STAFF)
    job = claim(worker="dies", at=clock.at)
    assert job is not None

    def die() -> None:
        raise SystemExit

    class Killed(jobs.Running):
        pass

    running_job = Killed(job.pk, job.ids, clock.at, job.attempts, lambda: die())  # type: ignore[arg-type,return-value]
    with pytest.raises(SystemExit):  # it dies when it asks the clock to note what it did
        jobs.handlers()["channels.deliver"](running_job)
    assert len(provider.stand_in.taken) == 1 and states() == [("waiting", "")]
    clock.at += LEASE + timedelta(seconds=1)
    work(clock)
    assert provider.stand_in.requests == 2 and len(provider.stand_in.taken) == 1
    assert states() == [("sent", "")] and Delivery.objects.get().provider_number == "1"


def test_an_answer_lost_on_the_way_does_not_send_twice(settings: Any, provider: Any, clock: Clock) -> None:
    declare(settings, provider.url)
    provider.stand_in.after = lambda: (502, {})
    tell(STAFF)
    work(clock)
    provider.stand_in.after = lambda: None
    work_through(clock, until=timedelta(minutes=5))
    assert len(provider.stand_in.taken) == 1 and states() == [("sent", "")]


def test_no_more_than_the_rate_goes_out_in_a_minute(settings: Any, provider: Any, clock: Clock) -> None:
    declare(settings, provider.url, per_minute=3)
    tell(*range(100, 110))
    work(clock)
    assert len(provider.stand_in.taken) == 3
    work_through(clock, until=timedelta(seconds=65))
    assert len(provider.stand_in.taken) == 6
    work_through(clock, until=timedelta(minutes=4))
    assert len(provider.stand_in.taken) == 10


def test_a_to_do_is_made_on_the_platform_and_ended_there(settings: Any, provider: Any, clock: Clock) -> None:
    to_do = Channel(
        "zzd",
        "浙政钉待办",
        "to_do",
        "staff",
        endpoint=f"{provider.url}/to-dos",
        secret=SECRET,
        template="{title}",
    )
    declare(settings, provider.url, to_do)
    (subject,) = tell(OTHER)
    assert not Delivery.objects.exists(), "a message is no to-do"
    act(lambda: notify([STAFF, OTHER], title="审核", kind="to_do", due_on=date(2024, 3, 8), subject=subject))
    work(clock)
    assert [one.body["due_on"] for one in provider.stand_in.taken] == ["2024-03-08"] * 2
    assert act(lambda: finish_to_dos(subject, at=AT, recipient_id=STAFF)) == 1
    work(clock)
    done = {one.body["account"]: one.done for one in provider.stand_in.taken}
    assert done == {f"acc-{STAFF}": True, f"acc-{OTHER}": False}
    assert act(lambda: finish_to_dos(subject, at=AT)) == 1
    assert act(lambda: finish_to_dos(subject, at=AT)) == 0
    work(clock)
    assert all(one.done for one in provider.stand_in.taken)
    assert Notice.objects.filter(kind="to_do", done_at=AT, read_at=AT).count() == 2


def test_a_to_do_ended_before_it_was_sent_is_never_sent(settings: Any, provider: Any, clock: Clock) -> None:
    to_do = Channel("zzd", "浙政钉待办", "to_do", endpoint=f"{provider.url}/to-dos", secret=SECRET)
    declare(settings, provider.url, to_do)
    tell(STAFF, kind="to_do", subject=Notice(pk=5))
    act(lambda: finish_to_dos(Notice(pk=5), at=AT))
    work_through(clock, until=timedelta(hours=1))
    assert provider.stand_in.requests == 0
    assert states() == [("skipped", "已办结"), ("skipped", "平台上没有这项待办")]


def test_what_was_read_meanwhile_is_not_sent(settings: Any, provider: Any, clock: Clock) -> None:
    declare(settings, provider.url)
    tell(STAFF)
    act(lambda: mark_read(PERSON, at=AT))
    work(clock)
    assert states() == [("skipped", "已读")] and provider.stand_in.requests == 0


def test_a_channel_taken_out_of_the_file_is_skipped(settings: Any, provider: Any, clock: Clock) -> None:
    declare(settings, provider.url)
    tell(STAFF)
    declare(settings, provider.url, Channel("other", "另一个", "sms"))
    assert [row.declared for row in health(at=clock.at)] == [True, False]
    work(clock)
    assert states() == [("skipped", "渠道已停用")]


@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/", "//elsewhere.example", "javascript:x", "/\\x"]
)
def test_a_notice_leads_nowhere_else(link: str) -> None:
    with pytest.raises(ValueError, match="path of this site"):
        act(lambda: notify([STAFF], title="甲", link=link))
    with pytest.raises(ValueError, match="kind"):
        act(lambda: notify([STAFF], title="甲", kind="shout"))


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_send_each_once(settings: Any, clock: Clock) -> None:
    import threading

    stand_in, failures = StandIn(SECRET), []
    with running(stand_in) as url:
        declare(settings, url, per_minute=6000)
        tell(*range(100, 130))

        def drain(name: str) -> None:
            try:
                while jobs.run_one(worker=name, clock=clock):
                    pass
            except BaseException as error:
                failures.append(error)
            finally:
                connections.close_all()

        workers = [threading.Thread(target=drain, args=(f"w{n}",)) for n in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(timeout=60)
    assert failures == [] and len(stand_in.taken) == stand_in.requests == 30
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 1)}


@pytest.mark.both_databases
def test_a_late_worker_changes_nothing(settings: Any, provider: Any, clock: Clock) -> None:
    declare(settings, provider.url)
    tell(STAFF)
    row = Delivery.objects.get()
    work(clock)
    note_delivery(
        delivery=row, state="failed", reason="晚了", number="", tried=True, answered=True, by=SYSTEM, at=AT
    )
    assert states() == [("sent", "")] and Delivery.objects.get().attempts == 1
