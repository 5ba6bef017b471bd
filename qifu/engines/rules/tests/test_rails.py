"""Trees over bits against the plain judge, and unknown facts that are met together rather than tried one by one."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from hypothesis import given, settings

from qifu.engines.rules.edges import open_facts
from qifu.engines.rules.explain import Explainer, explain
from qifu.engines.rules.judge import truth
from qifu.engines.rules.nearest import nearest
from qifu.engines.rules.rails import Rails
from qifu.engines.rules.tests.small_trees import FACTS, TREES, VALUES
from qifu.engines.rules.tree import Bound, Compare, FlagIs, Group, Leaf, Node, leaves
from qifu.registers.enterprises.fact_book import Value

Values = dict[str, Value]


def bound(require: Node) -> Bound:
    return Bound("rule", "2024-01-01", date(2024, 6, 30), require)


@settings(max_examples=150, deadline=None)
@given(TREES, VALUES)
def test_a_tree_over_bits_says_what_the_judge_says(tree: Node, values: Values) -> None:
    rails = Rails(tree)
    state = rails.state(values)
    assert rails.truth(state) == truth(tree, values)
    assert [line.truth(state) for line in rails.lines] == [truth(leaf, values) for leaf in leaves(tree)]
    waits = rails.tests(rails.root.waits(*state))
    open_too = [
        fact for test in waits for fact in rails.asked if (test, rails.masks[test]) in rails.asked[fact]
    ]
    assert {fact for fact in open_too if values[fact] is None} == set(open_facts(tree, values))


@settings(max_examples=60, deadline=None)
@given(TREES, TREES, VALUES)
def test_one_explainer_says_of_several_rules_what_each_explanation_says(
    one: Node, other: Node, values: Values
) -> None:
    explainer = Explainer(FACTS, values)
    for tree in (one, other, one):
        assert explainer.explain(bound(tree)) == explain(bound(tree), FACTS, values)


def test_a_way_is_found_though_many_ratios_are_unknown() -> None:
    """Ten ratios to missing facts cannot be tried one by one; each can be met by answers of its own."""
    ratios = tuple(
        Leaf(f"r{at}", Compare(((1, f"a{at}"),), "<=", Fraction(1, 2), ((1, f"b{at}"),))) for at in range(10)
    )
    rule = bound(Group("all", 11, (*ratios, Leaf("p", FlagIs("p", True)))))
    values: Values = {"p": 0, **{f"{side}{at}": None for side in "ab" for at in range(10)}}
    (way,) = nearest(rule, values)
    assert [change.fact for change in way.changes] == ["p"] and way.exact
    assert set(way.unknown) == values.keys() - {"p"}
