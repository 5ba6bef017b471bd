"""The month's sample: promised, drawn once, blind, kept apart; the comparison; who may draw and see."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation import clock
from qifu.foundation.access import SYSTEM, NotFound
from qifu.foundation.action import Refused
from qifu.foundation.periods import parse_period
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.people.models import Person
from qifu.services.enterprise_problems import sample
from qifu.services.enterprise_problems.actions import call_backs as acts
from qifu.services.enterprise_problems.actions import sampling
from qifu.services.enterprise_problems.models import CallBack, SampleDraw
from qifu.services.enterprise_problems.queries import call_backs
from qifu.services.enterprise_problems.tests.rated import DAY, START, World, closed, rate, report, world

APRIL = datetime(2024, 4, 1, 9, tzinfo=SHANGHAI)


@pytest.fixture
def people(db: None) -> World:
    return world()


@given(st.integers(0, 400), st.integers(0, 400))
def test_intervals_hold_the_share_and_narrow_with_the_number(part: int, more: int) -> None:
    whole = part + more
    low, high = call_backs.wilson(part, whole)
    assert Decimal(0) <= low <= high <= Decimal(100)
    if whole:
        share = Decimal(100 * part) / whole
        assert low - Decimal("0.05") <= share <= high + Decimal("0.05")
        wide = call_backs.wilson(part * 10, whole * 10)
        assert wide[1] - wide[0] <= high - low


def test_known_intervals() -> None:
    """Checked by hand against the formula of Wilson (1927)."""
    assert call_backs.wilson(5, 10) == (Decimal("23.7"), Decimal("76.3"))
    assert call_backs.wilson(0, 10) == (Decimal("0.0"), Decimal("27.8"))
    assert call_backs.wilson(0, 0) == (Decimal(0), Decimal(100))


def test_promised_before_drawn_once_and_replayable(people: World) -> None:
    made = [closed(people) for _ in range(8)]
    report()  # not closed
    promised = sampling.promise_seed(by=SYSTEM, at=START, desk="330100", month="2024-03")
    with pytest.raises(Refused, match="还没有过完"):
        sampling.draw_sample(by=people.desk, at=START + DAY, desk="330100", month="2024-03")
    drawn = sampling.draw_sample(by=people.desk, at=APRIL, desk="330100", month="2024-03")
    assert drawn.commitment == promised.commitment and sample.keeps(
        bytes.fromhex(drawn.seed), drawn.commitment
    )
    assert drawn.counties == {"330109": [8, 5]}
    with pytest.raises(Refused, match="不能重抽"):
        sampling.draw_sample(by=people.desk, at=APRIL, desk="330100", month="2024-03")
    numbers = [one.case.number for one in made]
    again = sample.draw(bytes.fromhex(drawn.seed), parse_period("2024-03").end, numbers, per_cent=5, least=5)
    assert set(again) == set(CallBack.objects.values_list("case__number", flat=True))
    assert drawn.frame_digest == sample.digest_of({"330109": numbers})
    for who in (
        people.clerk,
        people.drafter,
        people.office,
        people.province_hub,
        people.third,
        people.reporter,
    ):
        with pytest.raises(NotFound):
            sampling.draw_sample(by=who, at=APRIL, desk="330100", month="2024-02")


def test_the_daily_job_promises_this_month_and_draws_the_last_one_that_was_promised(people: World) -> None:
    closed(people)
    assert sampling.draw_due(by=SYSTEM, at=START) == 0
    assert SampleDraw.objects.get().month == "2024-03"
    assert sampling.draw_due(by=SYSTEM, at=APRIL) == 1
    assert sampling.draw_due(by=SYSTEM, at=APRIL + DAY) == 0
    assert set(SampleDraw.objects.values_list("month", flat=True)) == {"2024-03", "2024-04"}


def test_a_seed_promised_too_late_says_so(people: World) -> None:
    closed(people)
    sampling.draw_sample(by=people.desk, at=APRIL, desk="330100", month="2024-03")
    (one,) = call_backs.draws(people.desk, APRIL, APRIL)
    assert one.late and one.seed
    (told,) = call_backs.open_draws(people.clerk, APRIL, APRIL)
    assert told.seed == "" and told.waiting == 1  # the county must not know whom the desk will call
    (later,) = call_backs.open_draws(people.clerk, APRIL, APRIL + timedelta(days=61))
    assert later.seed


def _stands_at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)
    monkeypatch.setattr(clock, "today", lambda: moment.date())


def _browser(who: Any) -> Client:
    client = Client()
    client.force_login(Person.objects.get(pk=who.id))
    return client


def test_a_sample_call_is_blind_and_its_result_kept_apart(
    people: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stands_at(monkeypatch, APRIL)
    made = [closed(people) for _ in range(6)]
    for one in made:
        rate(one, START + DAY, 5, text="非常满意已写好的答案")
    sampling.draw_sample(by=people.desk, at=APRIL, desk="330100", month="2024-03")
    rows = list(CallBack.objects.filter(occasion="sample"))
    client = _browser(people.desk)
    text = client.get(reverse("call_back", args=[rows[0].pk])).content.decode()
    assert "已写好的答案" not in text and "5星，" not in text and "138****1234" in text
    shown = client.post(reverse("call_back_act", args=[rows[0].pk, "reveal"])).content.decode()
    assert "13800001234" in shown
    for n, row in enumerate(rows):
        given = client.post(
            reverse("call_back_act", args=[row.pk, "record"]),
            {
                "outcome-outcome": "reached",
                "outcome-solved": "no" if n < 3 else "yes",
                "outcome-stars": "2" if n < 3 else "5",
                "outcome-text": "称并未解决",
            },
        )
        assert given.status_code == 302, given.content.decode()
    found = call_backs.comparison(people.desk, APRIL, START.date() - 60 * DAY, APRIL.date() + DAY)
    assert (found.reached, found.both, found.agree) == (5, 5, 2)
    assert (found.called_solved.part, found.called_solved.whole, found.own_solved.part) == (2, 5, 5)
    assert found.called_solved.enough and not found.silent_solved.enough
    page = client.get(reverse("call_back_samples")).content.decode()
    assert "11.8 至 76.9 %" in page and "少于五件" in page
    text = client.get(reverse("call_back", args=[rows[0].pk])).content.decode()
    assert "已写好的答案" not in text and "重新打开办理" in text
    acts.reopen_after_call(by=people.desk, at=APRIL, call_back=rows[0], text="请现场核实")
    rows[0].case.refresh_from_db()
    assert rows[0].case.state == "reworking"


def test_pages_of_the_desk_are_404_for_everyone_else(people: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _stands_at(monkeypatch, START + DAY)
    made = closed(people)
    rate(made, START + DAY, 1)
    row = CallBack.objects.get()
    addresses = [
        reverse("call_backs"), reverse("call_back", args=[row.pk]), reverse("call_back_samples"), reverse("call_back_record", args=[row.pk]),
        reverse("rating_rows", args=["330109", "bad"]),
    ]  # fmt: skip
    for who in (*people.staff().values(), people.third, people.auditor, people.reporter):
        for address in addresses:
            assert _browser(who).get(address).status_code == 404, (who.name, address)
    desk = _browser(people.desk)
    for address in addresses:
        assert desk.get(address).status_code == 200, address
    assert desk.get(reverse("rating_rows", args=["330109", "no-such"])).status_code == 404
    assert made.case.number in desk.get(reverse("rating_rows", args=["330109", "bad"])).content.decode()


def test_the_desk_does_the_whole_on_its_page_and_prints_the_record(
    people: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stands_at(monkeypatch, START + DAY)
    made = closed(people)
    rate(made, START + DAY, 1, text="没人来")
    row = CallBack.objects.get()
    desk = _browser(people.desk)
    listed = desk.get(reverse("call_backs")).content.decode()
    assert made.case.number in listed and "还剩1个工作日" in listed
    text = desk.get(reverse("call_back", args=[row.pk])).content.decode()
    assert "没人来" in text and "不要转告办理单位" in text
    for data in (
        {},
        {"outcome-outcome": "reached"},
        {"outcome-outcome": "reached", "outcome-solved": "no"},
        {"outcome-outcome": "reached", "outcome-solved": "no", "outcome-stars": "9"},
    ):
        assert desk.post(reverse("call_back_act", args=[row.pk, "record"]), data).status_code == 422
    assert (
        desk.post(
            reverse("call_back_act", args=[row.pk, "rework"]), {"decision-text": "先不联系"}
        ).status_code
        == 422
    )
    said = {"outcome-outcome": "reached", "outcome-solved": "no", "outcome-text": "仍停电"}
    assert desk.post(reverse("call_back_act", args=[row.pk, "record"]), said).status_code == 302
    assert (
        desk.post(reverse("call_back_act", args=[row.pk, "exempt"]), {"decision-text": "理由"}).status_code
        == 422
    )
    assert (
        desk.post(
            reverse("call_back_act", args=[row.pk, "rework"]), {"decision-text": "现场核实"}
        ).status_code
        == 302
    )
    assert made.fresh().state == "reworking"
    record = desk.get(reverse("call_back_record", args=[row.pk])).content.decode()
    assert "仍停电" in record and "重办：现场核实" in record and "138****1234" in record
    assert "已联系" in desk.get(reverse("call_backs") + "?tab=done").content.decode()
