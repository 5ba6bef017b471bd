"""The judge: Kleene's laws, boundaries, and arithmetic without error."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.engines.rules.judge import amount, code_prefix, points, truth, verdict
from qifu.engines.rules.tests.small_trees import DOMAIN, TREES, VALUES, denied
from qifu.engines.rules.tree import (
    NEGATED,
    Band,
    Bound,
    Bounded,
    Brackets,
    ChoiceIn,
    CodeIn,
    Combine,
    Compare,
    DayIs,
    Fixed,
    FlagIs,
    Group,
    HonourValid,
    Item,
    Leaf,
    Node,
    Op,
    Score,
    Share,
    Test,
    Tiers,
    Truth,
)
from qifu.registers.enterprises.fact_book import LARGEST, Value

MET, UNMET, UNKNOWN = Truth.MET, Truth.UNMET, Truth.UNKNOWN
Values = dict[str, Value]


def said(test: Test, **values: Value) -> Truth:
    return truth(Leaf("1", test), values)


def number(op: Op, bound: int | Fraction) -> Compare:
    return Compare(((1, "x"),), op, Fraction(bound))


def both(*nodes: Node) -> Node:
    return Group("all", len(nodes), nodes)


def either(*nodes: Node) -> Node:
    return Group("any", 1, nodes)


@given(TREES, VALUES)
def test_denying_twice_is_the_same_and_once_swaps_met_and_unmet(tree: Node, values: Values) -> None:
    assert truth(denied(tree), values) == 2 - truth(tree, values)
    assert truth(denied(denied(tree)), values) == truth(tree, values)


@given(TREES, TREES, VALUES)
def test_de_morgan_commutes_absorbs_and_is_idempotent(a: Node, b: Node, values: Values) -> None:
    assert truth(denied(both(a, b)), values) == truth(either(denied(a), denied(b)), values)
    assert truth(both(a, b), values) == truth(both(b, a), values) == min(truth(a, values), truth(b, values))
    assert (
        truth(either(a, b), values) == truth(either(b, a), values) == max(truth(a, values), truth(b, values))
    )
    assert truth(both(a, a), values) == truth(either(a, a), values) == truth(a, values)
    assert truth(both(a, either(a, b)), values) == truth(either(a, both(a, b)), values) == truth(a, values)


@given(TREES, TREES, TREES, VALUES)
def test_all_and_any_distribute(a: Node, b: Node, c: Node, values: Values) -> None:
    assert truth(both(a, either(b, c)), values) == truth(either(both(a, b), both(a, c)), values)


@given(TREES, VALUES, st.sampled_from(list(DOMAIN)), st.data())
def test_an_answer_never_overturns_what_was_decided(
    tree: Node, values: Values, fact: str, data: st.DataObject
) -> None:
    before = truth(tree, {**values, fact: None})
    after = truth(tree, {**values, fact: data.draw(st.sampled_from(DOMAIN[fact]))})
    assert before in (UNKNOWN, after)


@given(TREES, VALUES)
def test_a_key_that_is_not_there_is_missing(tree: Node, values: Values) -> None:
    assert truth(tree, {k: v for k, v in values.items() if v is not None}) == truth(tree, values)


@pytest.mark.parametrize(
    ("op", "below", "on", "above"),
    [
        ("<=", MET, MET, UNMET), ("<", MET, UNMET, UNMET), (">=", UNMET, MET, MET),
        (">", UNMET, UNMET, MET), ("=", UNMET, MET, UNMET), ("!=", MET, UNMET, MET),
    ],
)  # fmt: skip
def test_each_comparison_on_below_and_above_its_bound(op: Op, below: Truth, on: Truth, above: Truth) -> None:
    for at, wanted in ((299, below), (300, on), (301, above)):
        assert said(number(op, 300), x=at) == wanted
        assert said(DayIs("d", op, 300), d=at) == wanted
        assert said(Compare(((1, "x"),), op, Fraction(3), ((1, "y"),)), x=at, y=100) == wanted
    assert said(number(op, 300), x=None) == said(DayIs("d", op, 300), d=None) == UNKNOWN


def test_a_bound_between_two_whole_numbers_is_equalled_by_none() -> None:
    half = Fraction(5, 2)
    assert (said(number(">=", half), x=2), said(number(">=", half), x=3)) == (UNMET, MET)
    assert (said(number("=", half), x=2), said(number("!=", half), x=2)) == (UNMET, MET)


def test_a_tenth_and_two_tenths_are_three_tenths() -> None:
    terms = ((1, "x"), (1, "y"))
    assert said(Compare(terms, "=", Fraction(3, 10), ((1, "z"),)), x=1, y=2, z=10) == MET
    assert said(Compare(terms, ">", Fraction(3, 10), ((1, "z"),)), x=1, y=2, z=10) == UNMET


@given(st.integers(10**14, LARGEST), st.integers(1, 9999))
def test_ratios_of_the_largest_numbers_tell_one_fen_apart(over: int, tenthousandths: int) -> None:
    ratio = Compare(((1, "x"),), ">=", Fraction(tenthousandths, 10_000), ((1, "y"),))
    least = -(-over * tenthousandths // 10_000)
    assert said(ratio, x=least, y=over) == MET
    assert said(ratio, x=least - 1, y=over) == UNMET


@pytest.mark.parametrize("over", [0, -5, None])
def test_a_ratio_to_nothing_says_nothing(over: int | None) -> None:
    for op in NEGATED:
        assert said(Compare(((1, "x"),), op, Fraction(3, 100), ((1, "y"),)), x=7, y=over) == UNKNOWN


def test_a_coarse_code_is_unknown_where_a_finer_one_is_asked() -> None:
    county = CodeIn("place", ("330106",))
    assert [said(county, place=p) for p in ("330106", "330100", "330110", "330000", "000000", None)] == [
        MET, UNKNOWN, UNMET, UNKNOWN, UNKNOWN, UNKNOWN,
    ]  # fmt: skip
    elsewhere = CodeIn("place", ("3301",), negated=True)
    assert [said(elsewhere, place=p) for p in ("330106", "330000", "320500")] == [UNMET, UNKNOWN, MET]
    tobacco = CodeIn("industry", ("C16", "F"))
    assert [said(tobacco, industry=i) for i in ("C1610", "C", "C39", "F5211", "I")] == [
        MET, UNKNOWN, UNMET, MET, UNMET,
    ]  # fmt: skip
    assert [code_prefix(code) for code in ("330100", "330106", "000000", "C3900", "110000")] == [
        "3301", "330106", "", "C3900", "11",
    ]  # fmt: skip


def test_honours_flags_and_choices() -> None:
    held = HonourValid("h", 100)
    assert [said(held, h=h) for h in (0, 100, 101, None)] == [UNMET, UNMET, MET, UNKNOWN]
    assert [said(HonourValid("h", 100, True), h=h) for h in (0, 101, None)] == [MET, UNMET, UNKNOWN]
    assert [said(FlagIs("p", False), p=p) for p in (0, 1, None)] == [MET, UNMET, UNKNOWN]
    assert [said(ChoiceIn("c", (0, 2)), c=c) for c in (0, 1, 2, None)] == [MET, UNMET, MET, UNKNOWN]
    assert [said(ChoiceIn("c", (0, 2), True), c=c) for c in (0, 1, None)] == [UNMET, MET, UNKNOWN]


def test_a_score_lies_between_its_lows_and_highs_and_its_groups_count_too() -> None:
    share = Item(
        "占比", (Band(20, Leaf("", number(">=", 5))), Band(15, Leaf("", number(">=", 3)))), 2, "创新"
    )
    flag = Item("设备", (Band(10, Leaf("", FlagIs("p", True))),), 0, "成长")
    score = Score("s", (share, flag), 25, (("创新", 15),))
    assert [points(share, {"x": x}) for x in (5, 3, 2, None)] == [(20, 20), (15, 15), (2, 2), (2, 20)]
    assert truth(score, {"x": 3, "p": 1}) == MET
    assert truth(score, {"x": 2, "p": None}) == UNMET
    assert truth(score, {"x": 5, "p": None}) == truth(score, {"x": None, "p": 1}) == UNKNOWN
    assert truth(Score("s", (share, flag), 10, (("创新", 15),)), {"x": 2, "p": 1}) == UNMET


def bound(require: Node, given: object = None) -> Bound:
    return Bound("r", "2024-01-01", date(2024, 6, 30), require, given)  # type: ignore[arg-type]


def test_a_verdict_counts_unmet_leaves_and_names_the_only_one() -> None:
    ways = both(Leaf("a", FlagIs("p", True)), either(Leaf("b", FlagIs("q", True)), Leaf("c", number(">", 3))))
    rule = bound(ways, Fixed(100))
    met = verdict(rule, {"p": 1, "q": 0, "x": 9})
    assert (met.truth, met.amount_fen, met.unmet_count, met.unmet_leaf) == (MET, 100, 1, None)
    short = verdict(rule, {"p": 0, "q": 1})
    assert (short.truth, short.amount_fen, short.unmet_count, short.unmet_leaf) == (UNMET, None, 1, "a")
    assert verdict(rule, {"p": 0, "q": 0}).unmet_leaf is None


@pytest.mark.parametrize(
    ("given_amount", "values", "fen"),
    [
        (Share(Fraction(1, 3), ((1, "x"),)), {"x": 5}, 2),  # 5/3 = 1.67
        (Share(Fraction(1, 2), ((1, "x"),)), {"x": 5}, 3),  # half a fen goes up
        (Share(Fraction(1, 5), ((1, "x"),)), {"x": -5}, 0),
        (Share(Fraction(1, 5), ((1, "x"),)), {"x": None}, None),
        (Brackets(((1, "x"),), ((100, Fraction(0)), (300, Fraction(1, 2)), (None, Fraction(1)))), {"x": 450}, 250),
        (Brackets(((1, "x"),), ((100, Fraction(1, 10)), (None, Fraction(1)))), {"x": -4}, 0),
        (Bounded(Fixed(149), unit=100), {}, 100),
        (Bounded(Fixed(150), unit=100), {}, 200),
        (Bounded(Fixed(101), unit=100, how="up"), {}, 200),
        (Bounded(Fixed(199), unit=100, how="down"), {}, 100),
        (Bounded(Fixed(10), floor=500, cap=300), {}, 300),
        (Bounded(Fixed(260), cap=250, unit=100), {}, 250),
        (Tiers(((Leaf("t", number(">", 9)), Fixed(1)),), Fixed(7)), {"x": 9}, 7),
        (Tiers(((Leaf("t", number(">", 9)), Fixed(1)),)), {"x": 9}, 0),
        (Tiers(((Leaf("t", number(">", 9)), Fixed(1)),), Fixed(7)), {}, None),
        (Combine("most", (Fixed(1), Fixed(3))), {}, 3),
        (Combine("least", (Fixed(1), Fixed(3))), {}, 1),
        (Combine("sum", (Share(Fraction(1, 3), ((1, "x"),)),) * 3), {"x": 1}, 1),  # thirds are not rounded on the way
        (Combine("least", (Fixed(1), Share(Fraction(1), ((1, "x"),)))), {}, None),
    ],
)  # fmt: skip
def test_amounts_are_exact_until_the_last_rounding(
    given_amount: object, values: Values, fen: int | None
) -> None:
    assert amount(given_amount, values) == fen  # type: ignore[arg-type]
