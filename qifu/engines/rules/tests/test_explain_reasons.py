"""What an explanation says where nothing can be worked out: ratios to nothing, amounts that hang on what is unknown, strict bounds."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from qifu.engines.rules.explain import Explanation, explain
from qifu.engines.rules.explain_words import Said, SetAside, explanation_words, lines_of, why_words
from qifu.engines.rules.tree import (
    Amount,
    Band,
    Bound,
    CodeIn,
    Combine,
    Compare,
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
    Tiers,
    leaves,
)
from qifu.registers.enterprises.fact_book import FOREVER, Value, fact_book

BOOK = fact_book()
Values = dict[str, Value]
GROWTH = Compare(((1, "exports"), (-1, "exports_y1")), ">=", Fraction(1, 10), ((1, "exports_y1"),))
PUBLIC = Leaf("p", FlagIs("dishonest_debtor", False))


def said(require: Node, values: Values, amount: Amount | None = None) -> dict[str, Any]:
    rule = Bound("rule", "2024-01-01", date(2024, 6, 30), require, amount, "模拟")
    return explain(rule, BOOK, values).as_json()


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (0, "前一年出口额为 0，无法计算比例"),
        (-5, "前一年出口额为负数，无法计算比例"),
        (5, None),
        (None, None),
    ],
)
def test_a_ratio_to_nothing_says_why_it_is_unknown(before: Value, reason: str | None) -> None:
    values: Values = {"exports": 100, "exports_y1": before}
    assert said(Leaf("1", GROWTH), values)["leaves"][0].get("reason") == reason
    score = Score("s", (Item("增长", (Band(10, Leaf("", GROWTH)),)),), 10)
    assert said(score, values)["leaves"][0].get("reason") == reason


def test_a_met_rule_says_what_its_amount_waits_for() -> None:
    tiers = Tiers(
        ((Leaf("", FlagIs("little_giant", True)), Fixed(5)),), Share(Fraction(1, 5), ((1, "rd_expense"),))
    )
    amount = Combine("sum", (tiers, Share(Fraction(1, 10), ((1, "revenue"),))))
    met: Values = {"dishonest_debtor": 0}
    assert said(PUBLIC, met, amount)["amount_missing"] == ["little_giant", "revenue"]
    assert said(PUBLIC, {**met, "little_giant": 0}, amount)["amount_missing"] == ["rd_expense", "revenue"]
    assert said(PUBLIC, {**met, "little_giant": 1}, amount)["amount_missing"] == ["revenue"]
    known = said(PUBLIC, {**met, "little_giant": 1, "revenue": 100}, amount)
    assert known["amount_fen"] == 15 and "amount_missing" not in known
    unmet = said(PUBLIC, {"dishonest_debtor": 1}, amount)
    assert unmet["amount_fen"] is None and "amount_missing" not in unmet
    growing = Tiers(((Leaf("", GROWTH), Fixed(5)),))
    assert said(PUBLIC, {**met, "exports": 1, "exports_y1": 0}, growing)["amount_missing"] == []


@pytest.mark.parametrize(("op", "gap"), [(">", None), ("<", None), (">=", "1"), (">=", "0.5")])
def test_a_ratio_on_the_bound_that_it_must_pass_has_no_gap(op: Op, gap: str | None) -> None:
    bound = Fraction(7, 10) + Fraction(gap or 0) / 100
    share = Compare(((1, "rd_expense"),), op, bound, ((1, "revenue"),))
    assert said(Leaf("1", share), {"rd_expense": 7000, "revenue": 10000})["leaves"][0]["gap"] == gap


def test_an_honour_without_an_end_is_long_lasting() -> None:
    lasting = Leaf("1", HonourValid("little_giant", 20_000, True))
    found = said(lasting, {"little_giant": FOREVER})
    assert found["leaves"][0]["actual"] == "长期"
    assert found["nearest"][0]["changes"][0]["from"] == "长期"


def test_the_words_have_names_units_operators_and_reasons() -> None:
    def words(require: Node, values: Values, amount: Amount | None = None) -> str:
        rule = Bound("rule", "2024-01-01", date(2024, 6, 30), require, amount, "模拟")
        return "\n".join(explanation_words(explain(rule, BOOK, values)))

    money = Leaf("1", Compare(((1, "revenue"),), ">=", Fraction(30_000_000_000)))
    assert "现为 2.5 亿元，要求 不低于 3 亿元，差 5,000 万元" in words(money, {"revenue": 25_000_000_000})
    share = Leaf("1", Compare(((1, "rd_expense"),), ">", Fraction(7, 10), ((1, "revenue"),)))
    assert "现为 70%，要求 超过 70%，须大于 70%" in words(share, {"rd_expense": 70, "revenue": 100})
    assert "（C3911）" in words(Leaf("1", CodeIn("industry", ("F",))), {"industry": "C3911"})
    assert "前一年出口额为 0，无法计算比例" in words(Leaf("1", GROWTH), {"exports": 1, "exports_y1": 0})
    granted = words(PUBLIC, {"dishonest_debtor": 0}, Share(Fraction(1, 5), ((1, "rd_expense"),)))
    assert "符合，金额待定：不知道“研发费用”" in granted


def branch(number: int, industry: str, least: int, *, negated: bool = False) -> Group:
    """`industry` and at least so many people; or, denied, another industry or fewer."""
    people = Compare(((1, "employees"),), "<" if negated else ">=", Fraction(least))
    parts = (
        Leaf(f"{number}.1", CodeIn("industry", (industry,), negated)),
        Leaf(f"{number}.2", people),
    )
    return Group("any" if negated else "all", 1 if negated else 2, parts, str(number), f"{industry}业")


def told_of(require: Node, values: Values) -> Explanation:
    return explain(Bound("rule", "2024-01-01", date(2024, 6, 30), require, None, "模拟"), BOOK, values)


@pytest.mark.parametrize("negated", [False, True])
def test_branches_of_other_industries_are_set_aside_and_kept(negated: bool) -> None:
    branches = tuple(branch(n, code, 10 * n, negated=negated) for n, code in enumerate("ABCE", 1))
    tree = Group("all", 4, branches) if negated else Group("any", 1, branches)

    def shown(values: Values) -> tuple[list[str], list[tuple[str, list[str]]]]:
        lines = lines_of(told_of(tree, values))
        kept = [line.id for line in lines if isinstance(line, Said) and not line.is_group]
        aside = [(one.text, [line.id for line in one.lines if not line.is_group]) for one in lines if isinstance(one, SetAside)]  # fmt: skip
        assert sorted([*kept, *(leaf for _, found in aside for leaf in found)]) == sorted(
            leaf.id for leaf in leaves(tree)
        )
        return kept, aside

    own = (["3.1", "3.2"], [("3 项与本行业无关", ["1.1", "1.2", "2.1", "2.2", "4.1", "4.2"])])
    assert shown({"industry": "C3911", "employees": 30}) == own
    assert shown({"industry": "C3911"}) == own
    assert shown({"industry": "J66", "employees": 30})[0] == []
    # the industry is not known: what the number settles alone decides no more
    assert shown({"employees": 30})[1] == [("1 项已有结论，不影响判断", ["4.1", "4.2"])]


def test_the_reason_names_what_decides() -> None:
    branches = Group(
        "any", 1, tuple(branch(n, code, 10) for n, code in enumerate("ABC", 1)), "2", "符合 某规模"
    )
    tree = Group("all", 2, (PUBLIC, branches))

    def why(**values: Value) -> str:
        return why_words(told_of(tree, values))

    assert why(dishonest_debtor=0, industry="C3911", employees=10) == "各项条件都符合。"
    short = why(dishonest_debtor=0, industry="C3911", employees=9)
    assert (
        short
        == "各项都要符合，不符合的是“符合 某规模”：按“C业”判断，各项都要符合，不符合的是“从业人数 不低于 10人”。"
    )
    assert why(dishonest_debtor=1, industry="J66").endswith(
        "不符合的有 2 项：“失信被执行人 为 否”；“符合 某规模”。"
    )
    assert why(industry="J66", dishonest_debtor=0).endswith("“符合 某规模”：所列 3 项都与本行业无关。")
    assert "没有不符合的，还不能判断的是“失信被执行人 为 否”" in why(industry="C3911", employees=10)
    text = "\n".join(
        explanation_words(told_of(tree, {"dishonest_debtor": 0, "industry": "C3911", "employees": 9}))
    )
    assert "（另有 2 项与本行业无关）" in text and "差 1人" in text and "A业" not in text
