"""A book of made-up policies (模拟) for the benchmarks of rules: as rule files, and bound to a day; seeded.

Conditions are drawn line by line from the grids that real notices use (300人, 2000万元, 3%, 满2年), so that many
policies share a threshold, then put together as notices are: a place, a few broad conditions, ways of which one is
enough, at least two of four, score tables, 非. A draft is kept when 0.5 to 5 % of a sample meet it, leaving its place
aside. `figures` says what the book is like; benchmarks print it beside their results.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from benchmarks.policy_lines import Lines
from qifu.engines.rules import edges
from qifu.engines.rules.bind import Binder
from qifu.engines.rules.kernel import Sweep, encode
from qifu.engines.rules.leaf_grammar import Grammar
from qifu.engines.rules.over_rows import Rows, truths
from qifu.engines.rules.places import PlaceNames
from qifu.engines.rules.rule_amounts import AmountReader
from qifu.engines.rules.rule_nodes import Problems, TreeReader
from qifu.engines.rules.tree import Bound, CodeIn, Compare, Group, Node, Score, Terms, Truth, leaves
from qifu.foundation.yaml_shapes import Node as Written
from qifu.registers.enterprises.fact_book import FactBook, fact_book
from qifu.registers.enterprises.kept_table import as_strings

SINCE = date(2024, 1, 1)
LEAST_MET, MOST_MET = 0.005, 0.05
SOURCE = "模拟文件"
Draft = Any
"""What stands under `require:` or `amount:` of a rule file: text, list or mapping."""


@dataclass(frozen=True)
class Policy:
    """One policy: as written, and bound."""

    code: str
    place: str
    require: Draft
    amount: Draft
    bound: Bound
    met: float
    """The share of the sample that meets it, leaving its place aside."""

    def yaml(self) -> str:
        """Return the rule file."""
        version = {
            "effective_from": SINCE,
            "source": "第一条",
            "require": self.require,
            "amount": self.amount,
        }
        rule = {
            "code": self.code, "title": self.bound.title, "kind": "policy", "issuers": ["模拟"], "document": SOURCE,
            "kinds": ["资金"], "tags": ["模拟"], "confidence": "待核", "versions": [version],
        }  # fmt: skip
        return yaml.safe_dump(rule, allow_unicode=True, sort_keys=False, width=1000)


@dataclass
class PolicyMaker:
    """Draws policies that suit a sample of enterprises (kept values); `counties` are (code, city's code) pairs."""

    random: Random
    sample: pa.Table
    facts: FactBook
    places: PlaceNames
    counties: Sequence[tuple[str, str]]
    as_of: date
    lines: Lines = field(init=False)
    _truths: dict[str, Any] = field(init=False, default_factory=dict)
    _grammar: Grammar = field(init=False)
    _rows: Rows = field(init=False)

    def __post_init__(self) -> None:
        self.lines = Lines(self.random)
        self._grammar = Grammar(self.facts, self.places)
        self._rows = Rows(self.sample)

    def book(self, count: int) -> list[Policy]:
        """Return `count` policies."""
        return [self.policy(f"made-{number:05d}") for number in range(1, count + 1)]

    def policy(self, code: str) -> Policy:
        """Return one policy that 0.5 to 5 % meet where it holds."""
        while True:
            parts = self.lines.parts()
            met = float((self._truth({"all": parts}) == Truth.MET).mean())
            if LEAST_MET <= met <= MOST_MET:
                break
        place = self._place()
        require = {"all": [*([f"注册地 属于 {place}"] if place else []), *parts]}
        amount = self.lines.amount()
        return Policy(code, place, require, amount, self.bind(code, require, amount), met)

    def bind(self, code: str, require: Draft, amount: Draft) -> Bound:
        """Return a draft bound by the reader of rule files."""
        problems = Problems(code)
        reader = TreeReader(self._grammar, problems, SINCE, SOURCE, "第一条")
        tree, given = reader.root(_written(require)), AmountReader(reader).read(_written(amount))
        assert tree is not None and given is not None and not problems.found, problems.found
        binder = Binder(self.as_of, self._no_rule)
        title = f"模拟政策{code[-5:]}"
        return Bound(code, SINCE.isoformat(), self.as_of, binder.node(tree), binder.amount(given), title)

    def _place(self) -> str:
        """Return nothing or 浙江省 (two of five), a city's or a county's code."""
        draw = self.random.random()
        if draw < 0.4:
            return self.random.choice(("", "330000"))
        county, city = self.random.choice(self.counties)
        return city if draw < 0.65 else county

    def _truth(self, draft: Draft) -> Any:
        """Return the truth of a draft for each row of the sample; a line is asked once."""
        if isinstance(draft, str):
            if draft not in self._truths:
                self._truths[draft] = truths(self._bound_line(draft), self._rows)
            return self._truths[draft]
        ((kind, inner),) = draft.items()
        if kind == "not":
            return 2 - self._truth(inner)
        if kind == "at_least":
            each = np.array([self._truth(part) for part in inner["of"]])
            certain, possible = (each == 2).sum(0), (each > 0).sum(0)
            return (certain >= inner["count"]).astype(np.int8) + (possible >= inner["count"])
        if kind == "score":
            return self._score(inner)
        each = np.array([self._truth(part) for part in inner])
        return each.min(0) if kind == "all" else each.max(0)

    def _score(self, score: Draft) -> Any:
        given = np.zeros((2, self.sample.num_rows), np.int32)
        for item in score["items"]:
            for rail in (0, 1):
                points = [band["points"] * (self._truth(band["when"]) >= 2 - rail) for band in item["bands"]]
                given[rail] += np.max(points, axis=0)
        least = int(score["least"].removesuffix("分"))
        return (given[0] >= least).astype(np.int8) + (given[1] >= least)

    def _bound_line(self, line: str) -> Node:
        problems = Problems("line")
        tree = TreeReader(self._grammar, problems, SINCE, "", "").root(_written(line))
        assert tree is not None, problems.found
        return Binder(self.as_of, self._no_rule).node(tree)

    @staticmethod
    def _no_rule(name: str) -> Any:
        raise LookupError(name)


def _written(draft: Draft) -> Written:
    """Return a draft as the nodes of a YAML file."""
    if isinstance(draft, dict):
        return Written(
            1, {key: _written(value) for key, value in draft.items()}, key_lines=dict.fromkeys(draft, 1)
        )
    if isinstance(draft, list):
        return Written(1, [_written(value) for value in draft])
    return Written(1, str(draft))


def write_book(policies: Sequence[Policy], folder: Path) -> None:
    """Write the policies as rule files."""
    folder.mkdir(parents=True, exist_ok=True)
    for policy in policies:
        (folder / f"{policy.code}.yaml").write_text(policy.yaml(), encoding="utf-8")


def depth(node: Node) -> int:
    """Return how many groups and leaves lie above one another; a leaf alone is 1, a score table 2 or more."""
    if isinstance(node, Group):
        return 1 + max(depth(child) for child in node.children)
    if isinstance(node, Score):
        return 1 + max(depth(band.when) for item in node.items for band in item.bands)
    return 1


def facts_of(bounds: Sequence[Bound]) -> set[str]:
    """Return the facts that the tests of these policies read."""
    return {fact for bound in bounds for test in edges.rule_tests(bound) for fact in edges.facts_of(test)}


def figures(bounds: Sequence[Bound], table: pa.Table) -> dict[str, Any]:
    """Return what the book is like, and how much is missing in the columns that it reads; printed beside results."""
    counts = [len(leaves(bound.require)) for bound in bounds]
    tests = [list(edges.rule_tests(bound)) for bound in bounds]
    every = [test for some in tests for test in some]
    used = sorted(facts_of(bounds))
    missing = [table[fact].null_count / max(1, table.num_rows) for fact in used if fact in table.column_names]
    thresholds: dict[tuple[Terms, Terms], set[object]] = {}
    for test in every:
        if isinstance(test, Compare):
            thresholds.setdefault((test.of, test.over), set()).add((test.op in ("<", ">="), test.bound))
    wide = sum(len(_place_of(bound.require)) <= 2 for bound in bounds)
    return {
        "policies": len(bounds),
        "province_wide_percent": round(100 * wide / len(bounds), 1),
        "leaves_median": statistics.median(counts),
        "leaves_most": max(counts),
        "depth_least": min(depth(bound.require) for bound in bounds),
        "depth_median": statistics.median(depth(bound.require) for bound in bounds),
        "tests": len(every),
        "different_tests": len(set(every)),
        "facts_used": len(used),
        "thresholds_of_one_number_most": max((len(found) for found in thresholds.values()), default=0),
        "ratios_and_sums": sum(
            isinstance(test, Compare) and bool(test.over or len(test.of) > 1) for test in every
        ),
        "missing_percent_mean": round(100 * statistics.mean(missing), 1),
        "missing_percent_range": [round(100 * min(missing), 1), round(100 * max(missing), 1)],
        **_met(bounds, table),
    }


def _met(bounds: Sequence[Bound], table: pa.Table) -> dict[str, float]:
    """Return how many of the enterprises at hand meet the policies, in all and in the place that a policy is for."""
    counts = Sweep(encode(table, fact_book(), bounds), bounds).counts()
    codes = as_strings(table["place"])
    within: dict[str, int] = {}
    for prefix in {_place_of(bound.require) for bound in bounds}:
        inside = pc.sum(pc.starts_with(codes, prefix)).as_py() or 0
        within[prefix] = inside if prefix else table.num_rows
    asked = sum(within[_place_of(bound.require)] for bound in bounds)
    pairs = max(1, len(bounds) * table.num_rows)
    return {
        "met_percent": round(100 * int(counts.met.sum()) / pairs, 2),
        "met_percent_in_its_place": round(100 * int(counts.met.sum()) / max(1, asked), 2),
        "unknown_percent": round(100 * int(counts.unknown.sum()) / pairs, 2),
    }


def _place_of(node: Node) -> str:
    """Return the beginning of the codes of the one place that a policy asks for, or nothing."""
    for leaf in leaves(node):
        test = getattr(leaf, "test", None)
        if isinstance(test, CodeIn) and test.fact == "place" and len(test.prefixes) == 1 and not test.negated:
            return test.prefixes[0]
    return ""
