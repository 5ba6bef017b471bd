"""Generated Python: the judge's verdicts, nothing but numbers in the source, and shapes that could break a compiler."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qifu.engines.rules.explain import explain
from qifu.engines.rules.judge import truth, verdict
from qifu.engines.rules.python_atoms import ratio_key
from qifu.engines.rules.python_code import compile_bounds
from qifu.engines.rules.random_rules import boundary_rows, random_bound
from qifu.engines.rules.tests.small_trees import FACTS, TREES, VALUES
from qifu.engines.rules.tree import (
    Bound,
    ChoiceIn,
    CodeIn,
    Compare,
    DayIs,
    FlagIs,
    Group,
    HonourValid,
    Leaf,
    Node,
    Test,
    Truth,
)
from qifu.registers.enterprises.fact_book import Value, fact_book

Values = dict[str, Value]
BOOK = fact_book()


def bound(require: Node, code: str = "rule") -> Bound:
    return Bound(code, "2024-01-01", date(2024, 6, 30), require)


@settings(max_examples=80, deadline=None)
@given(st.lists(TREES, min_size=1, max_size=6), VALUES)
def test_small_rules_are_judged_as_the_judge_does(trees: list[Node], values: Values) -> None:
    compiled = compile_bounds([bound(tree) for tree in trees])
    assert compiled.judge(values) == [truth(tree, values) for tree in trees]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_rules_are_judged_explained_and_counted_as_the_judge_does(seed: int) -> None:
    random = Random(seed)
    bounds = [random_bound(random, BOOK, code=f"r{at}", depth=3) for at in range(60)]
    rows = boundary_rows(random, bounds, BOOK, 15)
    plain, led = compile_bounds(bounds), compile_bounds(bounds, rows[:5])
    for values in rows:
        said = [verdict(rule, values) for rule in bounds]
        assert plain.judge(values) == led.judge(values) == [one.truth for one in said]
    values = rows[0]
    told = {one.bound.code: one for one in plain.full(values, BOOK)}
    wanted = {
        rule.code for rule in bounds if (one := verdict(rule, values)).truth == Truth.MET or one.unmet_leaf
    }
    assert set(told) == wanted
    for rule in bounds:
        if rule.code in told:
            assert told[rule.code] == explain(rule, BOOK, values)


@given(st.integers(-(10**18), 10**18), st.integers(1, 10**15), st.integers(-(10**6), 10**6))
def test_the_ruler_of_ratios_puts_each_on_its_side_of_every_mark(of: int, over: int, mark: int) -> None:
    key = ratio_key(of, over)
    assert (key >= 2 * mark) == (of >= mark * over)
    assert (key >= 2 * mark + 1) == (of > mark * over)
    assert (key == 2 * mark) == (of == mark * over)


HOSTILE = (
    "x); __import__('os').abort() #", "a1", "values", "out\n  raise SystemExit", '"""', "\\", "exec", "x" * 10_000, "税", "{0}", "%s", "",
)  # fmt: skip


def test_no_text_of_a_rule_reaches_the_source() -> None:
    tests: list[Test] = []
    for word in HOSTILE:
        tests += [
            Compare(((1, word),), ">=", Fraction(3)), Compare(((1, word), (2, word + "2")), "<", Fraction(1, 3), ((1, word + "3"),)),
            DayIs(word, "<=", 5), FlagIs(word + "4", True), ChoiceIn(word + "5", (0, 2)), CodeIn(word + "6", (word or "1",)), HonourValid(word + "7", 9),
        ]  # fmt: skip
    bounds = [
        bound(Group("all", 2, (Leaf(word, test, word, word), Leaf(word, tests[0], word))), word)
        for word in HOSTILE
        for test in tests
    ]
    compiled = compile_bounds(bounds)
    for chunk in compiled.chunks:
        words = set(re.findall(r"[^\W\d]\w*", chunk.source))
        allowed = r"[avtnwlhxokm]\d*|compute|values|full|out|if|is|or|and|else|None|return|def|get|swapped|bisect_right|ratio_key"
        assert not [word for word in words if not re.fullmatch(allowed, word)]
        assert not set(chunk.source) & set("'\"\\#{}%税;")
    values: Values = dict.fromkeys(HOSTILE, 4)
    assert compiled.judge(values) == [truth(rule.require, values) for rule in bounds]


def test_deep_wide_and_empty_books_compile() -> None:
    deep: Node = Leaf("x", Compare(((1, "x"),), ">", Fraction(0)))
    for level in range(60):
        flag = Leaf("p", FlagIs("p" if level % 3 else "q", bool(level % 2)))
        kind = ("all", "any", "k_of_n")[level % 3]
        children = (deep, flag, deep) if level < 6 else (deep, flag)
        least = {"all": len(children), "any": 1, "k_of_n": 2}[kind]
        deep = Group(kind, least, children)  # type: ignore[arg-type]
    wide = Group(
        "any", 1, tuple(Leaf(str(at), Compare(((1, "x"),), "=", Fraction(at))) for at in range(3000))
    )
    compiled = compile_bounds([bound(deep), bound(wide)])
    for values in ({"x": 5, "p": 1, "q": 0}, {"x": 2999}, {"x": -1, "p": None}, {}):
        assert compiled.judge(values) == [truth(deep, values), truth(wide, values)]
    assert compile_bounds([]).judge({"x": 1}) == []
    assert compile_bounds([]).full({"x": 1}, FACTS) == []


def test_more_rules_than_one_function_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qifu.engines.rules.python_code.AT_ONCE", 7)
    random = Random(5)
    bounds = [random_bound(random, BOOK, code=f"r{at}", depth=2) for at in range(30)]
    compiled = compile_bounds(bounds)
    assert len(compiled.chunks) == 5
    for values in boundary_rows(random, bounds, BOOK, 5):
        assert compiled.judge(values) == [truth(rule.require, values) for rule in bounds]
