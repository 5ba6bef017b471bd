"""Preferences and the daily digest: nothing is lost, nothing told twice, whenever a worker dies."""

import contextlib
from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from qifu.foundation.action import Refused
from qifu.foundation.channels import adapters
from qifu.foundation.channels.actions import choose_channels
from qifu.foundation.channels.adapters import Message, Unreachable
from qifu.foundation.channels.config import Channel
from qifu.foundation.channels.digest import next_digest_at
from qifu.foundation.channels.models import ChannelPreference, ChannelRest, Delivery
from qifu.foundation.channels.planning import quiet_until
from qifu.foundation.channels.queries import own_choices
from qifu.foundation.channels.tests.provider import (
    OTHER,
    PERSON,
    SECRET,
    STAFF,
    Clock,
    declare,
    tell,
    work,
    work_through,
)
from qifu.foundation.jobs import LEASE, Job, claim, handlers
from qifu.foundation.jobs import Running as RunningJob
from qifu.foundation.notices import Notice, mark_read
from qifu.foundation.tests.acts import AT, act
from qifu.foundation.working_calendar import shipped_calendar
from qifu.foundation.working_days import SHANGHAI

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
FRIDAY = datetime(2024, 3, 1, 10, 0, tzinfo=SHANGHAI)
assert FRIDAY == AT


def choose(*channels: str, digest: bool = False, quiet: tuple[time, time] | None = None) -> None:
    start, end = quiet or (None, None)
    choose_channels(channels=channels, quiet_from=start, quiet_to=end, daily_digest=digest, by=PERSON, at=AT)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2024-03-01T08:29:59", "2024-03-01T08:30"),  # a Friday
        ("2024-03-01T08:30:00", "2024-03-04T08:30"),
        ("2024-03-02T07:00:00", "2024-03-04T08:30"),
        ("2024-02-09T12:00:00", "2024-02-18T08:30"),  # the spring festival, then a Sunday that is worked
        ("2024-02-17T07:00:00", "2024-02-18T08:30"),
    ],
)
def test_digests_go_out_on_working_days(now: str, expected: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=SHANGHAI)
    assert next_digest_at(at, shipped_calendar()) == datetime.fromisoformat(expected).replace(tzinfo=SHANGHAI)


@given(st.times(), st.times(), st.datetimes(datetime(2024, 1, 2), datetime(2024, 12, 30)))  # noqa: DTZ001
def test_quiet_hours_end_within_a_day_and_outside_themselves(start: time, end: time, now: datetime) -> None:
    at = now.replace(tzinfo=SHANGHAI)
    row = ChannelPreference(quiet_from=start, quiet_to=end)
    then = quiet_until(row, at)
    assert timedelta(0) <= then - at <= timedelta(days=1)
    assert then == at or then.astimezone(SHANGHAI).time() == end
    assert quiet_until(row, then) == then, "the end of quiet hours is not quiet"


def test_a_message_in_quiet_hours_waits_for_their_end(settings: Any, provider: Any, clock: Clock) -> None:
    declare(settings, provider.url)
    choose("sms", quiet=(time(22, 0), time(7, 0)))
    night = datetime(2024, 3, 1, 23, 0, tzinfo=SHANGHAI)
    clock.at = night
    tell(STAFF, OTHER, at=night)
    work(clock)
    assert [one.body["mobile"] for one in provider.stand_in.taken] == ["13800000008"]
    clock.at = datetime(2024, 3, 2, 7, 0, tzinfo=SHANGHAI)
    work(clock)
    assert len(provider.stand_in.taken) == 2


def test_choices_are_held_to_what_is_offered(settings: Any, provider: Any) -> None:
    fixed = Channel("fixed", "规定的", "sms", use="prescribed", endpoint=provider.url, secret=SECRET)
    free = Channel("free", "可选的", "sms", use="offered", endpoint=provider.url, secret=SECRET)
    declare(settings, provider.url, fixed, free)
    assert [(one.channel.name, one.on, one.fixed) for one in own_choices(PERSON, AT)[0]] == [
        ("fixed", True, True), ("free", False, False),
    ]  # fmt: skip
    for wrong in ("fixed", "pigeon"):
        with pytest.raises(Refused, match="没有开通"):
            choose(wrong)
    with pytest.raises(Refused, match="都填"):
        choose_channels(channels=[], quiet_from=time(1), quiet_to=None, daily_digest=False, by=PERSON, at=AT)
    choose("free")
    tell(STAFF)
    assert set(Delivery.objects.values_list("channel", flat=True)) == {"fixed", "free"}
    choose()
    assert [one.on for one in own_choices(PERSON, AT)[0]] == [True, False]


def test_a_digest_counts_what_is_unread_and_names_the_next_due_day(
    settings: Any, provider: Any, clock: Clock
) -> None:
    declare(settings, provider.url)
    choose("sms", digest=True)
    tell(STAFF, kind="to_do", due_on=date(2024, 3, 8))
    tell(STAFF, kind="to_do", due_on=date(2024, 3, 6))
    read, _ = tell(STAFF)[0], tell(STAFF, external="公开的一句")
    act(lambda: mark_read(PERSON, at=AT, notice_id=read.pk))
    work(clock)
    assert provider.stand_in.requests == 0
    clock.at = datetime(2024, 3, 4, 8, 30, tzinfo=SHANGHAI)
    work(clock)
    (taken,) = provider.stand_in.taken
    assert taken.body["text"] == (
        "【企服】今天您有2 项待办，最近的 3月6日到期；3 条未读消息。请登录企服查看。 https://qifu.example.org/inbox/"
    )
    told = Counter(Delivery.objects.values_list("purpose", "state"))
    assert told == {("single", "sent"): 3, ("single", "skipped"): 1, ("digest", "sent"): 1}
    work_through(clock, until=timedelta(days=5))
    assert len(provider.stand_in.taken) == 1, "nothing new, nothing told"
    assert Job.objects.filter(kind="channels.digest", state="waiting").count() == 1, "it goes on"


def test_a_digest_of_what_was_all_read_is_not_sent(settings: Any, provider: Any, clock: Clock) -> None:
    declare(settings, provider.url)
    choose("sms", digest=True)
    tell(STAFF)
    act(lambda: mark_read(PERSON, at=AT))
    work_through(clock, until=timedelta(days=5))
    assert provider.stand_in.requests == 0
    assert set(Delivery.objects.values_list("state", "reason")) == {
        ("skipped", "都已读"),
        ("skipped", "已读"),
    }


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["tell", "tell", "hours", "kill", "fail", "switch"]), st.integers(0, 30), st.booleans()
    ),
    min_size=1, max_size=14,
)  # fmt: skip

# A digest that fails on Monday is sent again after another notice came: that one belongs to Tuesday's.
LATE = [
    ("tell", 0, False),
    ("fail", 0, True),
    ("hours", 71, False),
    ("tell", 0, False),
    ("fail", 0, False),
    ("hours", 5, False),
]


@pytest.mark.django_db(transaction=True)
@tries(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, first_digest=st.booleans())
@example(steps=LATE, first_digest=True)
def test_every_notice_is_told_exactly_once_whatever_dies(
    settings: Any, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, int, bool]], first_digest: bool
) -> None:
    """People switch between digest and single; jobs die before, in and after their work; providers fail."""
    for model in (Delivery, Job, ChannelPreference, ChannelRest, Notice):
        act(lambda model=model: model.objects.all().delete())
    settings.CHANNELS = settings.CHANNELS.__class__(
        "企服", "https://qifu.example.org", (Channel("sms", "短信", "sms", endpoint="here"),)
    )
    provider: dict[
        str, tuple[int, ...]
    ] = {}  # key: the notices it told of, as one that honours the key keeps them

    def keep(channel: Channel, message: Message) -> str:
        row = Delivery.objects.get(key=message.key)
        single = (row.notice_id,) if row.notice_id else ()
        members = tuple(row.members.filter(state="waiting").values_list("notice_id", flat=True))
        provider.setdefault(message.key, single or members)  # type: ignore[arg-type]
        if failing:
            raise Unreachable("应答丢失")
        return "1"

    monkeypatch.setattr(adapters, "send", keep)
    clock, failing = Clock(), False
    choose("sms", digest=first_digest)
    for step, number, flag in steps:
        if step == "tell":
            tell(STAFF, at=clock.at)
        elif step == "switch":
            choose("sms", digest=flag)
        elif step == "fail":
            failing = flag
        elif step == "hours":
            work_through(clock, until=timedelta(hours=number))
        elif (job := claim(worker="dies", at=clock.at)) is not None:
            if flag:  # it had done everything but say so
                with contextlib.suppress(Exception):
                    handlers()[job.kind](RunningJob(job.pk, job.ids, clock.at, job.attempts, clock))
            clock.at += LEASE + timedelta(seconds=1)
    failing = False
    work_through(clock, until=timedelta(days=16))
    told = Counter(pk for members in provider.values() for pk in members)
    assert told == Counter(Notice.objects.values_list("pk", flat=True))
    assert set(Delivery.objects.values_list("state", flat=True)) <= {"sent"}
