"""A rating, good and bad: call-back, rework, one more rating; exemption; silence. Who learns what."""

from __future__ import annotations

import pytest

from qifu.engines.casework.models import CaseEvent, Rating
from qifu.foundation.access import ANONYMOUS, NotFound
from qifu.foundation.action import Refused
from qifu.foundation.notices import Notice
from qifu.services.enterprise_problems.actions import call_backs as acts
from qifu.services.enterprise_problems.actions import rating as rating_acts
from qifu.services.enterprise_problems.models import CallBack
from qifu.services.enterprise_problems.queries import call_backs, own, ratings
from qifu.services.enterprise_problems.tests.rated import (
    DAY,
    START,
    World,
    answer,
    closed,
    proof,
    rate,
    report,
    world,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> World:
    return world()


def test_a_good_rating_leaves_no_trace_on_the_case(people: World) -> None:
    made = closed(people)
    before = made.fresh()
    rating = rate(made, START + DAY, 5, text="很快")
    after = made.fresh()
    assert (rating.round, rating.bad, rating.solved, rating.stars) == (1, False, True, 5)
    assert (after.version, after.last_event_at, after.state) == (
        before.version,
        before.last_event_at,
        "closed",
    )
    assert not CallBack.objects.exists()
    with pytest.raises(Refused, match="已经评价过"):
        rate(made, START + 2 * DAY, 1)


def test_bad_call_back_rework_additional_rating_and_a_second_bad_one(people: World) -> None:
    made = closed(people)
    rate(made, START + DAY, 1, solved=False, text="根本没人来")
    assert made.fresh().state == "dissatisfied"
    row = CallBack.objects.get()
    assert (row.place_code, row.occasion) == ("330100", "bad_rating")
    told = Notice.objects.filter(recipient_id=people.desk.id, kind="to_do", done_at=None).get()
    assert told.due_on == (START + 2 * DAY).date()  # one working day
    late = START + 2 * DAY
    with pytest.raises(Refused, match="请先联系企业"):
        acts.decide_rework(by=people.desk, at=late, call_back=row, rework=True, text="重新核实停电原因")
    assert acts.reveal_call_back_contact(by=people.desk, at=late, call_back=row) == ("赵经理", "13800001234")
    acts.record_call_back(
        by=people.desk, at=late, call_back=row, outcome="reached", solved=False, text="称供电仍不稳定"
    )
    acts.decide_rework(by=people.desk, at=late, call_back=row, rework=True, text="请会同供电所现场核实并答复")
    case = made.fresh()
    assert case.state == "reworking" and case.closed_at is None
    clock = case.clocks.get(name="rework", stopped_at=None)
    assert (clock.amount, clock.unit) == (15, "working_days")
    assert Notice.objects.filter(recipient_id=people.drafter.id, title__contains="重办").exists()
    answer(people, case, START + 10 * DAY)
    second = rate(made, START + 11 * DAY, 2, solved=True)
    assert (second.round, second.bad, made.fresh().state) == (2, True, "dissatisfied")
    assert CallBack.objects.filter(case=case, occasion="bad_rating").count() == 2
    again = CallBack.objects.order_by("-pk")[0]
    acts.record_call_back(by=people.desk, at=START + 11 * DAY, call_back=again, outcome="declined")
    acts.decide_rework(
        by=people.desk,
        at=START + 11 * DAY,
        call_back=again,
        rework=False,
        text="所提要求无法律依据，已当面说明",
        signer="许主任",
    )
    assert made.fresh().state == "closed"
    with pytest.raises(Refused, match="已经评价过"):
        rate(made, START + 12 * DAY, 1)


def test_an_exemption_needs_a_reason_and_a_signer_and_ends_it(people: World) -> None:
    made = closed(people)
    rate(made, START + DAY, 2)
    row = CallBack.objects.get()
    for n in range(3):
        acts.record_call_back(by=people.desk, at=START + DAY * (n + 1), call_back=row, outcome="not_reached")
        row.refresh_from_db()
        assert row.outcome == ("waiting" if n < 2 else "not_reached")
    with pytest.raises(Refused, match="签批人"):
        acts.decide_rework(
            by=people.desk, at=START + 4 * DAY, call_back=row, rework=False, text="三次未联系上"
        )
    with pytest.raises(Refused, match="理由"):
        acts.decide_rework(
            by=people.desk, at=START + 4 * DAY, call_back=row, rework=False, text=" ", signer="许主任"
        )
    acts.decide_rework(
        by=people.desk, at=START + 4 * DAY, call_back=row, rework=False, text="三次未联系上", signer="许主任"
    )
    assert made.fresh().state == "closed"
    with pytest.raises(Refused, match="不再重办"):
        rate(made, START + 5 * DAY, 4)
    assert not own.offer(made.fresh(), START + 5 * DAY).rate


def test_attempts_count_only_an_hour_apart(people: World) -> None:
    made = closed(people)
    rate(made, START + DAY, 1)
    row = CallBack.objects.get()
    acts.record_call_back(
        by=people.desk, at=START + DAY, call_back=row, outcome="not_reached", text="无人接听"
    )
    with pytest.raises(Refused, match="不足一小时"):
        acts.record_call_back(by=people.desk, at=START + DAY + DAY / 48, call_back=row, outcome="not_reached")
    row.refresh_from_db()
    assert (row.attempts, row.text) == (1, "第1次拨打未联系上：无人接听")


def test_silence_is_counted_as_silence(people: World) -> None:
    rated, silent = closed(people), closed(people)
    rate(rated, START + DAY, 5)
    (line,) = ratings.desk_figures(people.desk, START + 2 * DAY, START - DAY, START + 3 * DAY)
    assert (line.closed, line.rated, line.silent, line.solved, line.bad) == (2, 1, 1, 1, 0)
    with pytest.raises(Refused, match="评价期"):
        rate(silent, START + 61 * DAY, 5)


def test_only_the_own_firm_rates_and_nobody_rates_what_was_never_worked(people: World) -> None:
    made, mine = closed(people), closed(people, by=people.reporter)
    firms = closed(people, by=people.legal, enterprise_id=people.firm.pk)
    other = report(START)
    for who, case in (
        (people.stranger, mine),
        (people.legal, mine),
        (people.drafter, made),
        (people.clerk, made),
        (people.desk, made),
        (ANONYMOUS, mine),
        (people.reporter, firms),
    ):
        with pytest.raises(NotFound):
            rating_acts.rate_problem(by=who, at=START + DAY, case=case.fresh(), solved=True, stars=5)
    with pytest.raises(NotFound):
        rating_acts.rate_problem(
            by=ANONYMOUS, at=START + DAY, case=made.fresh(), solved=True, stars=5, proof=proof(mine)
        )
    with pytest.raises(Refused, match="办结后"):
        rate(other, START + DAY, 5)
    assert (
        rating_acts.rate_problem(
            by=people.reporter, at=START + DAY, case=mine.fresh(), solved=True, stars=3
        ).by_id
        == people.reporter.id
    )
    assert (
        rating_acts.rate_problem(
            by=people.legal, at=START + DAY, case=firms.fresh(), solved=True, stars=3
        ).round
        == 1
    )
    assert Rating.objects.count() == 2


def test_calls_are_the_desks_one_level_above_alone(people: World) -> None:
    made = closed(people)
    rate(made, START + DAY, 1)
    row = CallBack.objects.get()
    for who in (*people.staff().values(), people.third, people.auditor, people.reporter, ANONYMOUS):
        with pytest.raises(NotFound):
            acts.reveal_call_back_contact(by=who, at=START + DAY, call_back=row)
        with pytest.raises(NotFound):
            acts.record_call_back(by=who, at=START + DAY, call_back=row, outcome="declined")
        with pytest.raises(NotFound):
            call_backs.call(who, START + DAY, row.pk, START + DAY)
        assert not list(call_backs.listed(who, START + DAY, "bad", None, START + DAY).object_list)
    seen = call_backs.call(people.desk, START + DAY, row.pk, START + DAY)
    assert seen.mobile == "138****1234" and seen.rating is not None and seen.undecided


def test_to_everyone_but_the_desk_a_badly_rated_case_reads_as_closed(people: World) -> None:
    made = closed(people)
    shut = made.fresh()
    rate(made, START + DAY, 1, text="敷衍了事")
    for who in people.staff().values():
        told = ratings.seen(made.fresh(), who, START + DAY)
        assert (told.state, told.closed_at, told.result, told.due_at) == (
            "closed",
            shut.closed_at,
            "solved",
            None,
        )
        assert told.last_event_at == shut.last_event_at and told.masked
        assert not ratings.events_seen(made.fresh(), who, START + DAY).filter(kind="rate_badly").exists()
        assert not ratings.clocks_seen(made.fresh(), who, START + DAY).filter(name="callback").exists()
    assert ratings.seen(made.fresh(), people.desk, START + DAY).state == "dissatisfied"
    row = CallBack.objects.get()
    acts.record_call_back(
        by=people.desk, at=START + DAY, call_back=row, outcome="reached", solved=True, text="误点"
    )
    acts.decide_rework(
        by=people.desk, at=START + DAY, call_back=row, rework=False, text="企业称误点", signer="许主任"
    )
    told = ratings.seen(made.fresh(), people.clerk, START + 2 * DAY)
    assert (told.state, told.closed_at, told.last_event_at) == ("closed", shut.closed_at, shut.last_event_at)


def test_notices_of_a_bad_rating_reach_the_desk_alone(people: World) -> None:
    made = closed(people)
    before = set(Notice.objects.values_list("pk", flat=True))
    rate(made, START + DAY, 1, text="敷衍了事")
    fresh = Notice.objects.exclude(pk__in=before)
    assert {one.recipient_id for one in fresh} == {people.desk.id}
    assert all("敷衍" not in one.title and "星" not in one.title for one in fresh)
    row = CallBack.objects.get()
    acts.record_call_back(
        by=people.desk, at=START + DAY, call_back=row, outcome="reached", solved=True, text="误点"
    )
    acts.decide_rework(
        by=people.desk, at=START + DAY, call_back=row, rework=False, text="企业称误点", signer="许主任"
    )
    assert {one.recipient_id for one in Notice.objects.exclude(pk__in=before)} == {people.desk.id}


def test_what_the_unit_reads_of_a_rework_is_the_order(people: World) -> None:
    made = closed(people)
    rate(made, START + DAY, 1, text="敷衍了事")
    row = CallBack.objects.get()
    acts.record_call_back(
        by=people.desk, at=START + DAY, call_back=row, outcome="reached", solved=False, text="企业很生气"
    )
    acts.decide_rework(by=people.desk, at=START + DAY, call_back=row, rework=True, text="请现场核实")
    told = list(ratings.events_seen(made.fresh(), people.drafter, START + 2 * DAY).order_by("seq"))
    assert told[-1].kind == "rework" and told[-1].facts["explanation"] == "请现场核实"
    whole = " ".join(f"{one.title} {one.text} {one.shown} {one.facts}" for one in told)
    assert "敷衍" not in whole and "生气" not in whole and "star" not in whole
    assert CaseEvent.objects.filter(case=made.case, kind="rate_badly").exists()
