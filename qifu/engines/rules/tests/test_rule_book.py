"""Rules together: names, versions, days; 非 pushed down; ids; examples that decide whether a file is used."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.engines.rules import judge, random_rules
from qifu.engines.rules.bind import Binder
from qifu.engines.rules.rule_book import NotInForce, RuleBook
from qifu.engines.rules.rule_problems import Problem, RuleProblems
from qifu.engines.rules.tests.rule_texts import FACTS, HEAD, PLACES, read, rule_text
from qifu.engines.rules.tree import (
    NEGATED,
    Amount,
    Bound,
    CodeIn,
    Compare,
    DayIs,
    Fixed,
    Group,
    HonourValid,
    Leaf,
    Node,
    Score,
    Truth,
    leaves,
)
from qifu.engines.rules.written import (
    HonourHeld,
    WrittenBand,
    WrittenGroup,
    WrittenItem,
    WrittenLeaf,
    WrittenNode,
    WrittenScore,
    WrittenTest,
)
from qifu.registers.enterprises.fact_book import EPOCH

DAY = date(2024, 6, 30)
SWAPPED = {Truth.MET: Truth.UNMET, Truth.UNMET: Truth.MET, Truth.UNKNOWN: Truth.UNKNOWN}


def book_of(folder: Path, *texts: str, beside: tuple[str, ...] = ()) -> RuleBook:
    paths = []
    for number, text in enumerate((*texts, *beside)):
        path = folder / f"{number}.yaml"
        path.write_text(text, "utf-8")
        paths.append(path)
    return RuleBook.load(paths[: len(texts)], FACTS, PLACES, beside=paths[len(texts) :])


def problems_of(folder: Path, *texts: str, beside: tuple[str, ...] = ()) -> list[tuple[str, int, str]]:
    return [(Path(p.where).name, p.line, p.code) for p in all_problems(folder, *texts, beside=beside)]


def all_problems(folder: Path, *texts: str, beside: tuple[str, ...] = ()) -> list[Problem]:
    with pytest.raises(RuleProblems) as caught:
        book_of(folder, *texts, beside=beside)
    return caught.value.problems


def versions(*spans: tuple[str, str, str], code: str = "dated", title: str = "分期规则") -> str:
    text = HEAD.format(code=code, title=title, kind="rule")
    for start, end, require in spans:
        text += (
            f"- effective_from: {start}\n"
            + (f"  effective_to: {end}\n" if end else "")
            + f"  require: {require}\n"
        )
    return text


SMALL = rule_text(
    "{all: [从业人数 <= 300人, {is: 营业收入 <= 2000万元, id: money}, {any: [成立时间 满 2年, 有效期内的 高新技术企业]}]}",
    code="small",
    title="小企业",
)


def test_named_rules_are_written_out_with_their_leafs_id_before(tmp_path: Path) -> None:
    book = book_of(
        tmp_path,
        SMALL,
        rule_text(
            "{all: [从业人数 >= 3人, 符合 小企业, {is: 不符合 small, id: big}]}", code="user", title="用的"
        ),
    )
    root = book.bind("user", DAY).require
    assert isinstance(root, Group)
    _, met, denied = root.children
    assert isinstance(met, Group) and (met.id, met.title, met.kind) == ("2", "符合 小企业（待核）", "all")
    assert [leaf.id for leaf in leaves(met)] == ["2/1", "2/money", "2/3.1", "2/3.2"]
    assert isinstance(denied, Group) and (denied.id, denied.kind, denied.least) == ("big", "any", 1)
    inner = denied.children[2]
    assert isinstance(inner, Group) and (inner.kind, inner.least, inner.id) == ("all", 2, "big/3")
    assert [leaf.id for leaf in leaves(denied)] == ["big/1", "big/money", "big/3.1", "big/3.2"]
    first = denied.children[0]
    assert isinstance(first, Leaf) and first.text == "并非 从业人数 <= 300人"
    assert isinstance(first.test, Compare) and first.test.op == ">"
    ids = [leaf.id for leaf in leaves(root)]
    assert len(ids) == len(set(ids))


def test_a_day_picks_the_law_and_the_spans_of_that_day(tmp_path: Path) -> None:
    book = book_of(
        tmp_path,
        versions(("2020-01-01", "2022-01-01", "从业人数 <= 100人"), ("2022-01-01", "", "成立时间 满 1年")),
        rule_text("{all: [符合 分期规则]}", code="user", title="用的", start="2021-01-01"),
    )
    old, new = book.bind("user", date(2021, 12, 31)), book.bind("user", date(2022, 1, 1))
    assert isinstance(leaves(old.require)[0].test, Compare)  # type: ignore[union-attr]
    assert leaves(new.require)[0].test == DayIs("established_on", "<=", (date(2021, 1, 1) - EPOCH).days)  # type: ignore[union-attr]
    assert (book.bind("dated", date(2021, 12, 31)).version, book.bind("dated", date(2022, 1, 1)).version) == (
        "2020-01-01",
        "2022-01-01",
    )
    assert [bound.code for bound in book.bind_all(date(2020, 6, 1))] == ["dated"]
    assert [bound.code for bound in book.bind_all(DAY, "rule")] == ["dated", "user"]
    assert book.bind_all(DAY, "policy") == []
    for code, day, said in (
        ("dated", date(2019, 12, 31), "没有生效"),
        ("none", DAY, "没有代码"),
        ("dated", date(2200, 1, 1), "2100"),
    ):
        with pytest.raises(NotInForce, match=said):
            book.bind(code, day)


def test_an_honour_is_asked_on_the_day(tmp_path: Path) -> None:
    book = book_of(tmp_path, rule_text("有效期内的 高新技术企业"))
    for day in (date(2021, 1, 1), DAY):
        assert book.bind("a-rule", day).require == Leaf(
            "1", HonourValid("high_tech", (day - EPOCH).days), "有效期内的 高新技术企业", "某部发〔2020〕1号"
        )


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        ((rule_text("符合 没有的规则"),), [("0.yaml", 9, "unknown-rule")]),
        ((SMALL, rule_text("从业人数 > 1人", code="small", title="另一个")), [("1.yaml", 1, "duplicate")]),
        ((SMALL, rule_text("从业人数 > 1人", code="other", title="小 企业")), [("1.yaml", 1, "duplicate")]),
        ((rule_text("符合 a-rule"),), [("0.yaml", 9, "cycle")]),
        (
            (rule_text("符合 b", code="a", title="甲"), rule_text("{not: 符合 c}", code="b", title="乙"), rule_text("{any: [从业人数 > 1人, 符合 甲]}", code="c", title="丙")),
            [("0.yaml", 9, "cycle"), ("1.yaml", 9, "cycle"), ("2.yaml", 9, "cycle")],
        ),
        ((SMALL, rule_text("符合 小企业", code="early", title="早", start="2019-12-31")), [("1.yaml", 9, "unknown-rule")]),
        (
            (versions(("2020-01-01", "2021-01-01", "从业人数 > 1人"), ("2021-01-02", "", "从业人数 > 1人")), rule_text("符合 分期规则", code="gap", title="缺")),
            [("1.yaml", 9, "unknown-rule")],
        ),
        ((versions(("2020-01-01", "2021-01-01", "从业人数 > 1人")), rule_text("符合 分期规则", code="gap", title="缺")), [("1.yaml", 9, "unknown-rule")]),
        ((rule_text("从业人数 > 1人", more="  stacking: [{with: none, how: 可叠加}]\n"),), [("0.yaml", 10, "unknown-rule")]),
        ((rule_text("从业人数 > 1人", more="  amount: {tiers: [{when: 符合 某某, amount: 1元}]}\n"),), [("0.yaml", 10, "unknown-rule")]),
        ((rule_text("从业 > 1人"), rule_text("符合 a-rule", code="b", title="乙")), [("0.yaml", 9, "unknown-fact")]),
    ],
)  # fmt: skip
def test_what_is_wrong_between_files(
    tmp_path: Path, texts: tuple[str, ...], wanted: list[tuple[str, int, str]]
) -> None:
    assert problems_of(tmp_path, *texts) == wanted


def test_a_gap_is_named_with_its_first_day_and_a_wrong_name_with_the_nearest(tmp_path: Path) -> None:
    gap = versions(("2020-01-01", "2021-01-01", "从业人数 > 1人"), ("2021-06-01", "", "从业人数 > 1人"))
    found = all_problems(
        tmp_path, gap, rule_text("{any: [符合 分期规则, 符合 分期规]}", code="b", title="乙")
    )
    assert any("在 2021-01-01 没有生效的版本" in p.message for p in found)
    assert any("最接近的是：分期规则" in p.remedy for p in found)


def test_versions_that_end_in_time_need_no_later_version(tmp_path: Path) -> None:
    short = versions(("2020-02-01", "2021-01-01", "符合 分期规则"), code="short", title="短")
    assert book_of(tmp_path, versions(("2020-01-01", "2021-01-01", "从业人数 > 1人")), short).bind(
        "short", date(2020, 12, 31)
    )


def test_rules_beside_may_be_named_and_are_not_told_of_unless_relied_on(tmp_path: Path) -> None:
    user = rule_text("符合 小企业", code="user", title="用的")
    book = book_of(tmp_path, user, beside=(SMALL, rule_text("从业 > 1人", code="bad", title="坏的")))
    assert [rule.code for rule in book.checked] == ["user"] and book.find("小企业") is not None
    wrong = rule_text("符合 无此规则", code="small", title="小企业")
    assert problems_of(tmp_path, user, beside=(wrong,)) == [("0.yaml", 9, "unknown-rule")]


EXAMPLES = """\
examples:
- {as_of: 2024-06-30, facts: {从业人数: 2人}, expect: 符合, amount: 2元}
- {as_of: 2024-06-30, facts: {从业人数: 1人}, expect: 不符合}
- {as_of: 2024-06-30, facts: {}, expect: 缺数据, missing: [从业人数]}
"""


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("", "", 0, ""),
        ("2人}, expect: 符合", "1人}, expect: 符合", 12, "应为符合，算出不符合"),
        ("符合, amount: 2元", "符合, amount: 3元", 12, "金额应为 3 元，算出 2 元"),
        ("{从业人数: 1人}", "{}", 13, "应为不符合，算出缺数据"),
        ("missing: [从业人数]", "missing: [营业收入]", 14, "缺的事实应为营业收入，算出从业人数"),
        ("2024-06-30, facts: {从业人数: 2人}", "2019-06-30, facts: {从业人数: 2人}", 12, "没有生效的版本"),
        ("不符合", "缺数据", 13, "应为缺数据"),
    ],
)
def test_examples_decide(tmp_path: Path, before: str, after: str, line: int, said: str) -> None:
    text = rule_text("从业人数 > 1人", more="  amount: 2元\n" + EXAMPLES)
    if not line:
        assert book_of(tmp_path, text).checked
        return
    found = all_problems(tmp_path, text.replace(before, after, 1))
    assert (found[-1].line, found[-1].code) == (line, "example") and said in found[-1].message


def test_a_verified_rule_needs_examples_of_both_kinds(tmp_path: Path) -> None:
    text = rule_text("从业人数 > 1人").replace("kind: rule", "kind: rule\nconfidence: verified")
    assert [p.message for p in all_problems(tmp_path, text)] == ["缺少符合和不符合的示例"]


def test_amounts_are_bound_with_their_conditions(tmp_path: Path) -> None:
    more = "  amount: {tiers: [{when: {not: 符合 小企业}, amount: 1元}], otherwise: 2元}\n"
    bound = book_of(tmp_path, SMALL, rule_text("从业人数 > 0人", code="b", title="乙", more=more)).bind(
        "b", DAY
    )
    amount: Amount | None = bound.amount
    values = {"employees": 301, "revenue": 0, "established_on": 0, "high_tech": 0}
    assert judge.verdict(bound, values).amount_fen == 100
    assert judge.verdict(bound, {**values, "employees": 300}).amount_fen == 200
    assert amount is not None and amount != Fixed(200)


def written(node: Node, path: str = "1") -> WrittenNode:
    """The written tree that would bind to a bound one."""
    if isinstance(node, Leaf):
        return WrittenLeaf(path, written_test(node), node.text, "", 1)
    if isinstance(node, Score):
        items = tuple(
            WrittenItem(f"{path}.{n}", i.title, tuple(WrittenBand(b.points, written(b.when, f"{path}.{n}.{m}"), "") for m, b in enumerate(i.bands)), i.otherwise, i.group)
            for n, i in enumerate(node.items)
        )  # fmt: skip
        score = WrittenScore(path, "", items, node.least, node.groups, node.decimals, "", 1)
        return WrittenGroup("", "not", 1, (score,), 1) if node.negated else score
    children = tuple(written(child, f"{path}.{n}") for n, child in enumerate(node.children))
    return WrittenGroup(path, node.kind, node.least, children, 1)


def written_test(leaf: Leaf) -> WrittenTest:
    test = leaf.test
    return HonourHeld(test.fact, test.negated) if isinstance(test, HonourValid) else test


@given(st.integers(0, 2**32))
def test_denying_a_tree_swaps_its_truth_and_leaves_no_not(seed: int) -> None:
    chance = random.Random(seed)
    bound = random_rules.random_bound(chance, FACTS)
    binder = Binder(bound.as_of, lambda name: (_ for _ in ()).throw(LookupError(name)))
    tree = written(bound.require)
    plain, denied = binder.node(tree), binder.node(tree, negated=True)
    twice = binder.node(WrittenGroup("", "not", 1, (tree,), 1), negated=True)
    assert twice == plain
    for values in random_rules.boundary_rows(chance, [bound, Bound("b", "", bound.as_of, denied)], FACTS, 20):
        truth = judge.truth(plain, values)
        assert judge.truth(denied, values) == SWAPPED[truth]


def test_every_comparison_has_its_opposite() -> None:
    assert all(NEGATED[NEGATED[op]] == op for op in NEGATED)


def test_a_place_means_what_it_meant_when_the_version_took_effect() -> None:
    for start, code in (("2021-04-08", "330103"), ("2021-04-09", None)):
        text = rule_text("注册地 属于 下城区", start=start)
        if code is None:
            with pytest.raises(RuleProblems, match="下城区"):
                read(text)
        else:
            leaf = read(text).versions[0].require
            assert isinstance(leaf, WrittenLeaf) and leaf.test == CodeIn("place", (code,))
