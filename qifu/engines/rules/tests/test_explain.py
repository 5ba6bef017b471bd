"""Explanations against the judge and against every possible answer: what is missing, and the nearest ways to be met."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import Phase, assume, given, settings

from qifu.engines.rules.edges import missing_facts, open_facts
from qifu.engines.rules.explain import explain
from qifu.engines.rules.explain_words import explanation_words
from qifu.engines.rules.interview import next_questions
from qifu.engines.rules.judge import truth, verdict
from qifu.engines.rules.nearest import nearest
from qifu.engines.rules.tests.small_trees import DOMAIN, FACTS, TREES, VALUES, denied
from qifu.engines.rules.tree import (
    Band,
    Bound,
    ChoiceIn,
    CodeIn,
    Compare,
    DayIs,
    Fixed,
    FlagIs,
    Group,
    HonourValid,
    Item,
    Leaf,
    Node,
    Score,
    Test,
    Truth,
    leaves,
)
from qifu.registers.enterprises.fact_book import EPOCH, Value, fact_book

AS_OF = date(2024, 6, 30)
BOOK = fact_book()
Values = dict[str, Value]


def bound(require: Node) -> Bound:
    return Bound("rule", "2024-01-01", AS_OF, require, Fixed(500_000), "模拟")


def answers(values: Values, facts: tuple[str, ...], *, known: bool = False) -> Iterator[Values]:
    """Every completion of `facts`, missing among the answers unless `known`."""
    for chosen in product(*([*([] if known else [None]), *DOMAIN[fact]] for fact in facts)):
        yield {**values, **dict(zip(facts, chosen, strict=True))}


def few_missing(values: Values, most: int) -> Values:
    """The values with all but the first `most` missing ones answered."""
    absent = [fact for fact, value in values.items() if value is None]
    return {**values, **{fact: DOMAIN[fact][0] for fact in absent[most:]}}


@settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(TREES, VALUES)
def test_missing_names_just_the_facts_on_which_some_completion_turns(tree: Node, values: Values) -> None:
    values = few_missing(values, 2)
    absent = tuple(fact for fact, value in values.items() if value is None)
    pivots = set()
    if truth(tree, values) == Truth.UNKNOWN:
        for fact in absent:
            others = tuple(other for other in absent if other != fact)
            if any(
                truth(tree, case) == Truth.UNKNOWN
                and any(truth(tree, {**case, fact: value}) != Truth.UNKNOWN for value in DOMAIN[fact])
                for case in answers(values, others)
            ):
                pivots.add(fact)
    assert set(missing_facts(bound(tree), values)) == pivots
    assert pivots <= set(open_facts(tree, values)) or not pivots


@settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(TREES, VALUES)
def test_nearest_is_the_fewest_facts_that_any_search_finds_and_all_of_them_count(
    tree: Node, values: Values
) -> None:
    values = few_missing(values, 1)
    if truth(tree, values) == Truth.MET:
        tree = denied(tree)
    assume(truth(tree, values) == Truth.UNMET)
    known = tuple(fact for fact, value in values.items() if value is not None)
    absent = tuple(fact for fact, value in values.items() if value is None)
    ways = nearest(bound(tree), values)
    fewest = next(
        (
            size
            for size in (1, 2)
            for facts in combinations(known, size)
            if any(truth(tree, case) == Truth.MET for case in answers(values, (*facts, *absent)))
        ),
        None,
    )
    surely = next(
        (
            size
            for size in (1, 2)
            for facts in combinations(known, size)
            if any(truth(tree, case) == Truth.MET for case in answers(values, facts, known=True))
        ),
        None,
    )
    certain = [len(way.changes) for way in ways if not way.unknown]
    waiting = [len(way.changes) for way in ways if way.unknown]
    assert [bool(way.unknown) for way in ways] == [False] * len(certain) + [True] * len(waiting)
    assert certain == sorted(certain) and waiting == sorted(waiting)
    for sizes, least in ((certain + waiting, fewest), (certain, surely)):
        assert min(sizes) == least if least else all(size > 2 for size in sizes)
    for way in ways:
        changes = {change.fact: change.after for change in way.changes}
        said = truth(tree, {**values, **changes})
        assert said == (Truth.UNKNOWN if way.unknown else Truth.MET) and set(way.unknown) <= set(absent)
        open_too = absent if way.unknown else ()
        for left_out in changes:
            fewer = {fact: after for fact, after in changes.items() if fact != left_out}
            cases = answers({**values, **fewer}, open_too)
            assert all(truth(tree, case) != Truth.MET for case in cases)
        if len(changes) == 1 and way.exact:
            ((fact, after),) = changes.items()
            cases = answers(values, (fact, *open_too), known=True)
            apart = [abs(int(c[fact]) - int(values[fact])) for c in cases if truth(tree, c) == Truth.MET]  # type: ignore[arg-type]
            assert abs(int(after) - int(values[fact])) == min(apart)  # type: ignore[arg-type]


@settings(max_examples=100, deadline=None)
@given(TREES, VALUES)
def test_an_explanation_says_what_the_judge_says(tree: Node, values: Values) -> None:
    told, judged = explain(bound(tree), FACTS, values), verdict(bound(tree), values)
    assert (told.truth, told.amount_fen) == (judged.truth, judged.amount_fen)
    assert [leaf.truth for leaf in told.leaves] == [truth(leaf, values) for leaf in leaves(tree)]
    assert sum(leaf.truth == Truth.UNMET for leaf in told.leaves) == judged.unmet_count
    assert not told.missing or told.truth == Truth.UNKNOWN
    assert not told.nearest or told.truth == Truth.UNMET
    assert explanation_words(told)[0].startswith("模拟")


@settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(TREES, TREES, VALUES)
def test_an_interview_leaves_nothing_unknown(one: Node, other: Node, values: Values) -> None:
    bounds, known = [bound(one), bound(other)], dict(values)
    for _ in range(len(DOMAIN) + 1):
        questions = next_questions(bounds, FACTS, known)
        if not questions:
            break
        assert [q.weight for q in questions] == sorted((q.weight for q in questions), reverse=True)
        assert known[questions[0].fact] is None
        known[questions[0].fact] = DOMAIN[questions[0].fact][0]
    assert all(truth(rule.require, known) != Truth.UNKNOWN for rule in bounds)


def test_the_question_that_decides_most_comes_first() -> None:
    z, x = Leaf("1", Compare(((1, "z"),), ">", Fraction(3))), Leaf("2", FlagIs("p", True))
    rules = [bound(Group("all", 2, (x, z))), bound(z), bound(z)]
    first, second = next_questions(rules, FACTS, {})
    assert (first.fact, first.text, first.weight, first.decides, first.rules) == (
        "z",
        "丙是多少？",
        Fraction(5, 2),
        2,
        3,
    )
    assert (second.fact, second.weight) == ("p", Fraction(1, 2))


def days(day: str) -> int:
    return (date.fromisoformat(day) - EPOCH).days


def leaf(identity: str, test: Test, text: str = "", source: str = "") -> Leaf:
    return Leaf(identity, test, text, source)


def test_the_json_is_the_contract() -> None:
    share = Compare(((1, "rd_expense"),), ">=", Fraction(3, 100), ((1, "revenue"),))
    rule = bound(
        Group(
            "all",
            2,
            (leaf("rd", share, "研发费用占营业收入比 >= 3%", "第四条"), leaf("staff", Compare(((1, "employees"),), "<=", Fraction(300)))),
        )
    )  # fmt: skip
    values: Values = {"rd_expense": 2_000_00, "revenue": 90_000_00, "employees": 300}
    assert explain(rule, BOOK, values).as_json() == {
        "policy": "rule", "version": "2024-01-01", "as_of": "2024-06-30", "verdict": "unmet", "amount_fen": None,
        "leaves": [
            {"id": "rd", "text": "研发费用占营业收入比 >= 3%", "truth": "unmet", "actual": "2.222222", "required": "3", "gap": "0.777778", "source": "第四条"},
            {"id": "staff", "text": "", "truth": "met", "actual": "300", "required": "300", "gap": None, "source": ""},
        ],
        "missing": [],
        "nearest": [
            {"changes": [{"leaf": "rd", "fact": "rd_expense", "from": "2000", "to": "2700"}], "kind": "all"},
            {"changes": [{"leaf": "rd", "fact": "revenue", "from": "90000", "to": "66666.66"}], "kind": "all"},
        ],
    }  # fmt: skip
    values["rd_expense"] = None
    assert explain(rule, BOOK, values).as_json()["missing"] == ["rd_expense"]
    assert explain(rule, BOOK, {**values, "rd_expense": 2_700_00}).as_json()["amount_fen"] == 500_000


def test_a_ratio_just_short_of_its_bound_does_not_look_met() -> None:
    share = Compare(((1, "rd_expense"),), ">=", Fraction(3, 100), ((1, "revenue"),))
    (said,) = explain(
        bound(leaf("rd", share)), BOOK, {"rd_expense": 3 * 10**13 - 1, "revenue": 10**15}
    ).leaves
    assert (said.actual, said.required, said.truth) == ("2.9999999999999", "3", Truth.UNMET)
    assert said.gap == "0.000001"


def test_a_span_is_met_by_waiting_and_a_fixed_day_is_not() -> None:
    established = DayIs("established_on", "<=", days("2022-06-30"))
    values: Values = {"established_on": days("2022-10-08")}
    for text, day in (("成立时间 满 2年", "2024-10-08"), ("成立时间 不晚于 2022-06-30", "2022-06-30")):
        told = explain(bound(leaf("age", established, text)), BOOK, values)
        assert told.leaves[0].gap == "100"
        assert told.as_json()["nearest"][0]["changes"] == [
            {"leaf": "age", "fact": "established_on", "from": "2022-10-08", "to": day}
        ]
    assert any("等到 2024-10-08" in line for line in explanation_words(explain(bound(leaf("age", established, "成立时间 满 2年")), BOOK, values)))  # fmt: skip


@pytest.mark.parametrize(
    ("test", "value", "actual", "required", "to"),
    [
        (FlagIs("resident_enterprise", True), 0, "否", "是", "是"),
        (ChoiceIn("entity_kind", (0, 2)), 1, "个体工商户", "企业、农民专业合作社", "企业"),
        (CodeIn("place", ("3301",)), "330206", "330206", "330100", "330100"),
        (CodeIn("industry", ("C16",), True), "C1620", "C1620", "不属于 C16", "Z"),
        (HonourValid("little_giant", days("2024-06-30")), 0, "否", "有效（2024-06-30）", "2024-07-01"),
    ],
)
def test_words_and_codes_have_no_gap(
    test: FlagIs | ChoiceIn | CodeIn | HonourValid, value: Value, actual: str, required: str, to: str
) -> None:
    told = explain(bound(leaf("1", test)), BOOK, {test.fact: value})
    (said,) = told.leaves
    assert (said.actual, said.required, said.gap) == (actual, required, None)
    assert told.as_json()["nearest"][0]["changes"][0]["to"] == to


def test_opposite_wishes_for_one_fact_are_no_way() -> None:
    def number(op: str, at: int, name: str) -> Leaf:
        return Leaf(name, Compare(((1, "x"),), op, Fraction(at)))  # type: ignore[arg-type]

    impossible = Group("all", 2, (number(">=", 10, "a"), number("<=", 3, "b")))
    assert nearest(bound(impossible), {"x": 5}) == ()
    other = Group("any", 1, (impossible, Leaf("c", FlagIs("p", True))))
    (way,) = nearest(bound(other), {"x": 5, "p": 0})
    assert [change.leaf for change in way.changes] == ["c"] and way.kind == "any"


def test_a_score_is_met_by_its_cheapest_points() -> None:
    def item(title: str, fact: str, points: int) -> Item:
        return Item(title, (Band(points, Leaf("", FlagIs(fact, True))),))

    score = Score("score", (item("甲", "p", 30), item("乙", "q", 10), Item("丙", (Band(20, Leaf("", Compare(((1, "x"),), ">=", Fraction(5)))),))), 40)  # fmt: skip
    told = explain(bound(score), FACTS, {"p": 0, "q": 1, "x": 1})
    assert [(c.fact, c.after) for way in told.nearest for c in way.changes] == [("p", 1)]
    assert told.as_json()["nearest"][0]["kind"] == "score"
    (said,) = told.leaves
    assert (said.actual, said.required, said.gap) == ("10", "40", "30")
    assert said.as_json()["items"][0] == {"title": "甲", "low": "0", "high": "0"}


def test_certain_ways_stand_before_those_that_hang_on_unknown_facts() -> None:
    flags = tuple(Leaf(name, FlagIs(name, True)) for name in "pqrs")
    ways = nearest(bound(Group("k_of_n", 2, flags)), {"p": None, "q": 0, "r": 0, "s": 0})
    said = ["".join(change.fact for change in way.changes) + "/" + "".join(way.unknown) for way in ways]
    assert said == ["qr/", "qs/", "rs/", "q/p", "r/p", "s/p"]


def test_a_nearer_value_that_hangs_on_an_unknown_fact_is_told_beside_the_certain_one() -> None:
    def least(at: int) -> Leaf:
        return Leaf(str(at), Compare(((1, "x"),), ">=", Fraction(at)))

    either = Group("any", 1, (least(10), Group("all", 2, (least(5), Leaf("p", FlagIs("p", True))))))
    sure, nearer = nearest(bound(either), {"x": 1})
    assert (sure.changes[0].after, sure.unknown) == (10, ())
    assert (nearer.changes[0].after, nearer.unknown) == (5, ("p",))


@pytest.mark.parametrize("known", [{}, {"assets": 10_000}, {"liabilities": 10_000}])
def test_a_way_beside_an_unknown_ratio_names_what_must_be_known(known: Values) -> None:
    debt = Leaf("debt", Compare(((1, "liabilities"),), "<=", Fraction(7, 10), ((1, "assets"),)))
    rule = bound(Group("all", 2, (debt, Leaf("clean", FlagIs("serious_dishonest", False)))))
    values: Values = {**known, "serious_dishonest": 1}
    rows = explain(rule, BOOK, values).as_json()["nearest"]
    assert rows and all(row["unknown"] for row in rows)
    assert {*rows[0]["unknown"]} == {"liabilities", "assets"} - {*known}


def test_a_large_search_is_given_up_with_a_way_that_holds() -> None:
    facts = [fact.id for fact in BOOK.stored() if fact.type == "flag"][:40]
    many = Group("k_of_n", 20, tuple(Leaf(str(at), FlagIs(fact, True)) for at, fact in enumerate(facts)))
    values: Values = dict.fromkeys(facts, 0)
    (way,) = nearest(bound(many), values)
    assert not way.exact and len(way.changes) == 20 and way.kind == "k_of_n"
    assert truth(many, {**values, **{change.fact: change.after for change in way.changes}}) == Truth.MET
