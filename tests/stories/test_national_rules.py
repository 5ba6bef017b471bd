"""The rule files of the country and of Zhejiang: all load, their examples run and catch every slip at a threshold, and they
say what the collected sources say."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from qifu.engines.rules import judge
from qifu.engines.rules.places import place_names
from qifu.engines.rules.random_rules import boundary_rows
from qifu.engines.rules.rule_book import RuleBook
from qifu.engines.rules.tests.four_readings import batch_of, judged, readings
from qifu.engines.rules.tree import Band, Bound, Compare, Group, Item, Leaf, Node, Score, Truth
from qifu.engines.rules.written import Rule
from qifu.registers.enterprises.fact_book import Value, fact_book

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("QIFU_SHARED", ROOT.parent / "shared"))
NATIONAL, ZHEJIANG = ROOT / "provinces" / "national", ROOT / "provinces" / "zhejiang"
DAY = date(2024, 6, 30)
TRUTHS = {Truth.MET: "met", Truth.UNMET: "unmet", Truth.UNKNOWN: "unknown"}


@cache
def book() -> RuleBook:
    """All rules for enterprises; loading checks them and runs their examples."""
    return RuleBook.load([NATIONAL / "rules", ZHEJIANG / "rules"], fact_book(), place_names(ZHEJIANG))


@cache
def personal_book() -> RuleBook:
    """The policies whose applicant is a person."""
    return RuleBook.load([NATIONAL / "person_rules"], fact_book(), place_names(ZHEJIANG))


def source(name: str) -> Any:
    """Return a file of the collected sources; its absence skips the test, and fails it where all tests must run."""
    file = SHARED / "domain" / name
    if not file.exists():
        reason = f"没有 {name}：请把 QIFU_SHARED 指向共享资料目录"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return json.loads(file.read_text(encoding="utf-8"))


def test_all_files_load_and_their_examples_come_out() -> None:
    rules = book().rules
    assert len(rules) >= 50 and len(personal_book().rules) == 1
    for code, rule in {**rules, **personal_book().rules}.items():
        assert Path(rule.where).stem == code
        shown = {example.expect for example in rule.examples}
        assert shown == {"met", "unmet", "unknown"}, f"{code}：{shown}"


def test_every_verified_policy_is_a_file_or_named_with_the_reason() -> None:
    policies = source("policies.json")
    readme = (NATIONAL / "README.md").read_text(encoding="utf-8")
    left_out = dict(re.findall(r"^\| ([a-z0-9-]+) \| [^|]+ \| ([^|]+) \|$", readme, re.MULTILINE))
    for policy in policies:
        code = policy["id"]
        assert code in book().rules or len(left_out.get(code, "")) > 5, f"{code} 既不是规则，也没有写明原因"
        assert not (code in book().rules and code in left_out), code
    recalled = [p["id"] for p in policies if p["confidence"] == "high"]
    written = [code for code in recalled if code in book().rules]
    assert len(written) >= 20
    assert all(book().get(code).confidence == "待核" for code in written)


OTHER_DATES = {
    "innovative-sme": "工信部企业〔2026〕2号自 2026-04-01 起施行",
    "zjtx-sme": "工信部企业〔2026〕2号自 2026-04-01 起施行",
    "little-giant": "工信部企业〔2026〕2号自 2026-04-01 起施行",
    "hightech-15": "税率出自企业所得税法，2008-01-01 起施行",
    "gov-proc-sme": "10%—20%的扣除出自财库〔2022〕19号，2022-07-01 起执行",
}


def test_the_days_are_those_of_the_sources_half_open() -> None:
    for policy in source("policies.json"):
        if policy["id"] not in book().rules or policy["id"] in OTHER_DATES:
            continue
        versions = book().get(policy["id"]).versions
        last = policy["effective_to"]
        assert versions[0].effective_from == date.fromisoformat(policy["effective_from"]), policy["id"]
        wanted = date.fromisoformat(last) + timedelta(1) if last else None
        assert versions[-1].effective_to == wanted, policy["id"]


# The size table, by a plain function of its own

INDUSTRIES = {
    "农、林、牧、渔业": ["A0111", "A05"], "工业": ["B0610", "C3911", "D4411"], "建筑业": ["E4710"], "批发业": ["F5137"],
    "零售业": ["F5212"], "交通运输业": ["G5431", "G5511", "G5611", "G5810", "G5910"], "仓储业": ["G5920", "G5951", "G5990"],
    "邮政业": ["G6010"], "住宿业": ["H6110"], "餐饮业": ["H6210"], "信息传输业": ["I6311", "I6410"],
    "软件和信息技术服务业": ["I6513"], "房地产开发经营": ["K7010"], "物业管理": ["K7020"], "租赁和商务服务业": ["L7221"],
    "其他未列明行业": ["M7320", "N7711", "O8010", "Q8511", "R8810", "K7030", "K7090"],
}  # fmt: skip
OUTSIDE = ["G5320", "J6621", "K7040", "P8310", "Q8411", "S9111"]
FACTS = {"X": "employees", "Y": "revenue", "Z": "assets"}
KEPT = {"X": 1, "Y": 10_000 * 100, "Z": 10_000 * 100}
CLASSES = {
    "sme-micro": {0}, "sme-small": {1}, "sme-medium": {2}, "sme-large": {3}, "sme-small-micro": {0, 1}, "sme": {0, 1, 2},
}  # fmt: skip


def size_class(limits: Mapping[str, list[int]], values: Mapping[str, int]) -> int:
    """The class (0 micro … 3 large): all lower limits of a class must be reached, else one class down."""
    return min(sum(values[sign] >= limit * KEPT[sign] for limit in row) for sign, row in limits.items())


def test_the_size_table_at_every_threshold_one_below_and_one_above() -> None:
    table = source("sme_size.json")["thresholds"]
    assert set(table) == set(INDUSTRIES)
    bounds = {code: book().bind(code, DAY) for code in CLASSES}
    for name, limits in table.items():
        edges = {
            sign: [limit * KEPT[sign] + step for limit in row for step in (-1, 0, 1)]
            for sign, row in limits.items()
        }
        for number, values in enumerate(product(*edges.values())):
            row = dict(zip(edges, values, strict=True))
            wanted = size_class(limits, row)
            codes = INDUSTRIES[name]
            facts = {"industry": codes[number % len(codes)], **{FACTS[s]: v for s, v in row.items()}}
            for code, good in CLASSES.items():
                met = Truth.MET if wanted in good else Truth.UNMET
                assert judge.truth(bounds[code].require, facts) == met, (name, facts, code)


def test_the_size_table_knows_what_missing_values_leave_open() -> None:
    """With one value missing a class is certain exactly when every value it may have gives the same answer."""
    table = source("sme_size.json")["thresholds"]
    bounds = {code: book().bind(code, DAY) for code in ("sme-small-micro", "sme", "sme-micro", "sme-large")}
    for name, limits in table.items():
        for missing in limits:
            others = {s: [v * KEPT[s] for v in (0, *row)] for s, row in limits.items() if s != missing}
            every = [v * KEPT[missing] for v in (0, *limits[missing])]
            for values in product(*others.values()):
                row = dict(zip(others, values, strict=True))
                facts = {"industry": INDUSTRIES[name][0], **{FACTS[s]: v for s, v in row.items()}}
                for code, bound in bounds.items():
                    answers = {size_class(limits, {**row, missing: v}) in CLASSES[code] for v in every}
                    wanted = (
                        Truth.UNKNOWN if len(answers) == 2 else Truth.MET if True in answers else Truth.UNMET
                    )
                    assert judge.truth(bound.require, facts) == wanted, (name, facts, code)


@pytest.mark.parametrize("industry", OUTSIDE)
def test_industries_outside_the_table_have_no_class(industry: str) -> None:
    facts = {"industry": industry, "employees": 10, "revenue": 10**9, "assets": 10**9}
    for code in CLASSES:
        assert judge.truth(book().bind(code, DAY).require, facts) == Truth.UNMET


def test_unchecked_parts_are_seen() -> None:
    rented = {"industry": "L7221", "employees": 100, "assets": 8000 * KEPT["Z"]}
    medium = book().get("sme-medium")
    assert sorted(set(medium.reviews)) == [
        "从业人数 >= 100人",
        "从业人数 >= 300人",
        "营业收入 >= 1000万元",
        "资产总额 >= 8000万元",
    ]
    assert judge.truth(book().bind("sme-medium", DAY).require, rented) == Truth.MET
    assert any("待核" in leaf.source for leaf in _leaves(book().bind("sme-medium", DAY).require))
    for code in ("zjtx-sme", "little-giant", "tech-sme"):
        assert book().get(code).confidence == "待核" and book().get(code).reviews
    assert not book().get("innovative-sme").reviews


def test_no_checked_rule_rests_on_unchecked_parts_of_another() -> None:
    for code, rule in book().rules.items():
        if rule.confidence == "verified" and not rule.reviews:
            bound = book().bind(code, rule.examples[0].as_of)
            assert not [leaf.text for leaf in _leaves(bound.require) if "待核" in leaf.source], code


def _leaves(node: Node) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
    elif isinstance(node, Group):
        for child in node.children:
            yield from _leaves(child)


def test_all_readings_say_the_same_of_the_real_rules() -> None:
    """Rows on the boundaries of the rules, with gaps, and the rows of the examples."""
    bounds = book().bind_all(DAY)
    rows = boundary_rows(Random(2024), bounds, fact_book(), 100, missing=0.1)
    empty: dict[str, Value] = {fact.id: None for fact in fact_book().stored()}
    rows += [empty | dict(example.values) for rule in book().rules.values() for example in rule.examples[:3]]
    batch = batch_of(bounds, rows, fact_book())
    wanted = judged(batch)
    for name, reading in readings().items():
        for bound, expected, said in zip(bounds, wanted, reading(batch), strict=True):
            wrong = [n for n, (one, two) in enumerate(zip(expected, said, strict=True)) if one != two]
            assert not wrong, (name, bound.code, [(batch.rows[n], expected[n], said[n]) for n in wrong[:1]])


# Examples catch every slip at a threshold: each comparison made strict or lax, and moved a little, must break one of them


def _slips(test: Compare) -> Iterator[Compare]:
    """The comparison made strict or lax, and moved by one kept unit (a ratio by an eighth) to its other side."""
    flipped = {"<=": "<", "<": "<=", ">=": ">", ">": ">="}
    if test.op not in flipped:
        return
    yield dataclasses.replace(test, op=flipped[test.op])  # type: ignore[arg-type]
    step = Fraction(1) if not test.over else max(abs(test.bound) / 8, Fraction(1, 100))
    up = test.op in ("<=", ">")
    yield dataclasses.replace(test, bound=test.bound + (step if up else -step))


def _changed(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield the tree with one own comparison changed; leaves of named rules (ids with /) are tried in their own file."""
    if isinstance(node, Leaf):
        if isinstance(node.test, Compare) and "/" not in node.id:
            for test in _slips(node.test):
                yield f"{node.text} → {test.op} {test.bound}", dataclasses.replace(node, test=test)
    elif isinstance(node, Group):
        for number, child in enumerate(node.children):
            for words, other in _changed(child):
                children = (*node.children[:number], other, *node.children[number + 1 :])
                yield words, dataclasses.replace(node, children=children)
    elif "/" not in node.id:
        yield from _changed_score(node)


def _changed_score(score: Score) -> Iterator[tuple[str, Node]]:
    for number, item in enumerate(score.items):
        for place, band in enumerate(item.bands):
            for words, when in _changed(band.when):
                bands: tuple[Band, ...] = (
                    *item.bands[:place],
                    dataclasses.replace(band, when=when),
                    *item.bands[place + 1 :],
                )
                new: Item = dataclasses.replace(item, bands=bands)
                items = (*score.items[:number], new, *score.items[number + 1 :])
                yield f"{item.title}：{words}", dataclasses.replace(score, items=items)


NO_DIFFERENCE = {
    # what lies beyond the limit meets the milder condition of the next band anyway
    "hightech-conditions：营业收入 <= 5000万元 → <= 5000000001",
    "hightech-conditions：营业收入 <= 2亿元 → <= 20000000001",
    "little-giant：营业收入 < 1亿元 → <= 10000000000",
    "startup-loan-sme：从业人数 <= 100人 → <= 101",
    # asked for by the entry conditions already
    "zjtx-sme：从事特定细分市场年限，每满两年1分：从事特定细分市场年限 >= 2年 → >= 1",
    "zjtx-sme：上年度研发费用投入：研发费用 >= 100万元 → > 100000000",
    "zjtx-sme：上年度研发费用投入：研发费用 >= 100万元 → >= 99999999",
    "zjtx-sme：上年度研发费用投入：研发费用占营业收入比 >= 3% → > 3/100",
    "zjtx-sme：上年度研发费用投入：研发费用占营业收入比 >= 3% → >= 1/50",
}


def _come_out(rule: Rule, day: date, bound: Bound) -> bool:
    return all(
        TRUTHS[judge.truth(bound.require, dict(example.values))] == example.expect
        for example in rule.examples
        if example.as_of == day
    )


def test_examples_catch_every_slip_at_a_threshold() -> None:
    uncaught = []
    for rules in (book(), personal_book()):
        for code, rule in rules.rules.items():
            day = rule.examples[0].as_of
            bound = rules.bind(code, day)
            assert _come_out(rule, day, bound)
            for words, require in _changed(bound.require):
                if _come_out(rule, day, dataclasses.replace(bound, require=require)):
                    uncaught.append(f"{code}：{words}")
    assert set(uncaught) == NO_DIFFERENCE, "\n".join(uncaught)
