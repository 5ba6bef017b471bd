"""Merging and splitting: a child keeps its number, state, reporter, clocks and right to rate, whatever the main case does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from qifu.engines.casework import asks, merge, parts, ratings
from qifu.engines.casework.models import Case, CaseAsk
from qifu.engines.casework.moves import move
from qifu.engines.casework.tests.conftest import AT
from qifu.engines.casework.tests.test_verify import ANSWER, CLASSES, CLOSING
from qifu.engines.casework.tests.trial import CALLBACK, HUB, UNIT_A, World, do, open_case, reporter, walk
from qifu.engines.casework.verify import verify
from qifu.foundation.action import Refused

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(days=2)


def again(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def merged(world: World, *, complained: int | None = None) -> tuple[Case, Case]:
    """Return a main case and a child of another reporter."""
    main, child = (
        open_case(1, at=AT, lead=world.hub),
        open_case(2, at=AT, lead=world.hub, complained=complained),
    )
    do(lambda: merge.merge(main, [child], text="同一件事"), by=HUB, at=AT)
    return again(main), again(child)


def handled(world: World, main: Case) -> Case:
    steps = [("accept", HUB, CLASSES), ("assign", HUB, {"lead": world.unit_a}), ("take", UNIT_A, {})]
    return walk(main, steps, at=AT + timedelta(hours=1))


@pytest.fixture(autouse=True)
def everything_holds_together(world: World) -> Iterator[None]:
    """After each test, every rule of the verification holds."""
    yield
    assert [str(fault) for fault in verify(at=LATER)] == []


def test_the_closing_of_the_main_case_closes_each_child_with_an_event_of_its_own(world: World) -> None:
    main, child = merged(world)
    main = walk(handled(world, main), CLOSING, at=LATER)  # type: ignore[arg-type]
    child = again(child)
    assert (child.state, child.result, child.due_at) == ("closed", "solved", None)
    last = child.events.latest("seq")
    assert (last.kind, last.facts["main"], last.state) == ("closed_with_main", main.number, "closed")
    assert "已经办好" in last.shown
    assert not child.clocks.filter(stopped_at=None).exists()


def test_a_child_cannot_move_on_its_own_until_it_is_split(world: World) -> None:
    main, child = merged(world)
    with pytest.raises(Refused, match=f"已并入 {main.number}"):
        do(lambda: move(child, "accept", form=CLASSES), by=HUB, at=AT)
    do(lambda: merge.split(child, text="不是一件事"), by=HUB, at=AT)
    do(lambda: move(child, "accept", form=CLASSES), by=HUB, at=AT)
    assert again(child).state == "pooled"


def test_a_split_child_goes_on_in_its_own_state_and_its_clock_begins_anew(world: World) -> None:
    main, child = merged(world)
    handled(world, main)
    assert again(child).state == "received" and not child.clocks.filter(stopped_at=None).exists()
    do(lambda: merge.split(child, text="不是一件事"), by=HUB, at=LATER)
    child = again(child)
    assert (child.state, child.merged_into_id, child.lead_id) == ("received", None, world.hub)
    clock = child.clocks.get(stopped_at=None)
    assert (clock.name, clock.started_at) == ("filter", LATER)
    do(lambda: merge.merge(again(main), [child]), by=HUB, at=LATER)
    assert again(child).merged_into_id == main.pk


def test_a_childs_bad_rating_splits_it_off_and_it_alone_is_reworked(world: World) -> None:
    main, child = merged(world)
    main = walk(handled(world, main), CLOSING, at=AT + timedelta(hours=3))  # type: ignore[arg-type]
    do(
        lambda: ratings.rate(child, source="enterprise", solved=False, stars=1, channel="portal"),
        by=reporter(2),
        at=LATER,
    )
    assert (again(child).state, again(child).merged_into_id) == ("dissatisfied", None)
    assert (again(main).state, again(main).result) == ("closed", "solved")
    do(
        lambda: ratings.rate(main, source="enterprise", solved=True, stars=5, channel="portal"),
        by=reporter(1),
        at=LATER,
    )
    assert again(main).state == "closed"
    walk(child, [("rework", CALLBACK, {"explanation": "已联系"})], at=LATER)
    assert (again(child).state, again(child).lead_id) == ("reworking", world.hub)


def test_what_the_mains_reporter_takes_back_is_taken_back_for_that_one_alone(world: World) -> None:
    main, child = merged(world)
    handled(world, main)
    do(lambda: move(main, "withdraw"), by=reporter(1), at=LATER)
    assert again(main).state == "withdrawn"
    child = again(child)
    assert (child.state, child.result, child.merged_into_id) == ("received", "", None)
    assert child.clocks.get(stopped_at=None).name == "filter"


def test_a_child_that_was_excluded_with_its_main_case_may_appeal_for_itself(world: World) -> None:
    main, child = merged(world)
    walk(main, [("exclude", HUB, {"reason_code": "one", "explanation": "不属于涉企问题"})], at=AT)
    assert again(child).state == "excluded"
    do(lambda: move(again(child), "appeal", form={"explanation": "属于"}), by=reporter(2), at=LATER)
    assert (again(child).state, again(child).merged_into_id) == ("appealed", None)
    assert again(main).state == "excluded"


def test_the_main_case_never_goes_to_a_unit_of_which_a_child_complains(world: World) -> None:
    main, child = merged(world, complained=world.unit_b)
    walk(main, [("accept", HUB, CLASSES)], at=AT)
    with pytest.raises(Refused, match=child.number):
        do(lambda: move(main, "assign", form={"lead": world.unit_b}), by=HUB, at=AT)
    with pytest.raises(Refused, match="反映的就是该单位"):
        do(
            lambda: parts.ask_part(main, organisation_id=world.unit_b, kind="consulted", request="请核实"),
            by=HUB,
            at=AT,
        )
    walk(main, [("assign", HUB, {"lead": world.unit_a})], at=AT)


def test_what_still_waits_for_an_answer_is_settled_before_a_case_becomes_a_child(world: World) -> None:
    main, child = open_case(1, at=AT, lead=world.hub), handled(world, open_case(2, at=AT, lead=world.hub))
    part = do(
        lambda: parts.ask_part(child, organisation_id=world.unit_b, kind="consulted", request="请核实"),
        by=HUB,
        at=AT,
    )
    with pytest.raises(Refused, match="未答复的协办"):
        do(lambda: merge.merge(main, [child]), by=HUB, at=AT)
    do(lambda: parts.withdraw_part(part, text="不需要了"), by=HUB, at=AT)
    do(lambda: merge.merge(main, [child]), by=HUB, at=AT)


def test_closing_withdraws_what_waits_and_says_so(world: World) -> None:
    case = handled(world, open_case(1, at=AT, lead=world.hub))
    ask = do(lambda: asks.ask_extension(case, clock="handle", amount=3, text="复杂"), by=UNIT_A, at=AT)
    part = do(
        lambda: parts.ask_part(case, organisation_id=world.unit_b, kind="consulted", request="请核实"),
        by=HUB,
        at=AT,
    )
    walk(case, CLOSING, at=LATER)  # type: ignore[arg-type]
    assert CaseAsk.objects.get(pk=ask.pk).decision == "withdrawn"
    closing = again(case).events.latest("seq")
    assert (closing.facts["withdrawn_asks"], closing.facts["withdrawn_parts"]) == ([ask.pk], [part.pk])


def test_a_new_lead_neither_inherits_the_asks_of_the_former_nor_helps_itself(world: World) -> None:
    case = handled(world, open_case(1, at=AT, lead=world.hub))
    ask = do(lambda: asks.ask_extension(case, clock="handle", amount=3, text="复杂"), by=UNIT_A, at=AT)
    part = do(
        lambda: parts.ask_part(case, organisation_id=world.unit_b, kind="co_handler", request="请协办"),
        by=HUB,
        at=AT,
    )
    walk(case, [("return", UNIT_A, {"explanation": "不是本单位职责"})], at=AT)
    assert CaseAsk.objects.get(pk=ask.pk).decision == "withdrawn"
    walk(case, [("rule", HUB, {"lead": world.unit_b, "explanation": "由该单位主办"})], at=AT)
    part.refresh_from_db()
    assert part.withdrawn_at is not None and not part.clocks.filter(stopped_at=None).exists()
    assert again(case).lead_id == world.unit_b


def test_who_waited_for_the_lock_counts_from_what_came_before(world: World) -> None:
    """An act that began earlier but came later neither goes back in time nor breaks the order of events."""
    case = handled(world, open_case(1, at=AT, lead=world.hub))
    do(lambda: move(case, "draft", form=ANSWER), by=UNIT_A, at=AT - timedelta(hours=5))
    times = list(again(case).events.values_list("at", flat=True))
    assert times == sorted(times) and times[-1] == AT + timedelta(hours=1)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"lead": "abc"}, "没有这个单位"), ({"lead": 10**30}, "没有这个单位"), ({"lead": 999_999}, "没有这个单位"),
        ({"lead": [1]}, "没有这个单位"), ({"lead": True}, "没有这个单位"), ({}, "请填写“主办单位”"), ({"lead": None}, "请填写"),
        ({"lead": 1, "odd": 1}, "不收这些内容"), ({"lead": 1, "instruction": "\x00"}, "无法保存"),
        ({"lead": 1, "instruction": {"a": 1}}, "应为文字"), ({"lead": 1, "instruction": "长" * 10_001}, "最多 10000 字"),
    ],
)  # fmt: skip
def test_a_form_with_something_wrong_is_refused_with_what_is_wrong(
    world: World, form: dict[str, object], said: str
) -> None:
    case = walk(open_case(1, at=AT, lead=world.hub), [("accept", HUB, CLASSES)], at=AT)
    given = {
        name: world.unit_a if value == 1 and name == "lead" and value is not True else value
        for name, value in form.items()
    }
    with pytest.raises(Refused, match=said):
        do(lambda: move(case, "assign", form=given), by=HUB, at=AT)
    assert again(case).version == case.version


def test_words_of_a_firm_are_shown_as_they_are_even_if_they_look_like_a_field(world: World) -> None:
    case = handled(world, open_case(1, at=AT, lead=world.hub))
    do(lambda: move(case, "report", form={"progress": "见 {lead} 与 {result}"}), by=UNIT_A, at=AT)
    assert again(case).events.latest("seq").shown == "见 {lead} 与 {result}"
