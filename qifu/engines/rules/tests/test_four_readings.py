"""All readings say the same of random rules and enterprises, and obey Kleene's laws."""

from __future__ import annotations

import secrets
from datetime import date
from pathlib import Path
from random import Random

import pytest

from qifu.engines.rules.places import place_names
from qifu.engines.rules.random_rules import boundary_rows, random_bound
from qifu.engines.rules.rule_book import RuleBook
from qifu.engines.rules.sql_conditions import opposite
from qifu.engines.rules.tests.four_readings import batch_of, compare, compare_batches, judged, readings
from qifu.engines.rules.tree import Bound, Group, Leaf, Node, Score, Truth
from qifu.registers.enterprises.fact_book import FactBook, fact_book

PROVINCES = Path(__file__).parents[4] / "provinces"
PAIRS = 2_000
SEEDS = ["2024", secrets.token_hex(4)]


@pytest.fixture(scope="module")
def facts() -> FactBook:
    return fact_book()


@pytest.mark.both_databases
@pytest.mark.parametrize("seed", SEEDS, ids=["fixed", "random"])
def test_every_reading_says_what_the_judge_says(seed: str, facts: FactBook) -> None:
    """A full run is `python -m benchmarks rules_equal`."""
    found = compare(seed, PAIRS, facts, readings())
    assert not any(found.differences.values()), f"seed {seed}: {found.differences}\n{found.first}"
    assert found.pairs == PAIRS and found.amounts > PAIRS // 20
    assert min(found.truths.values()) > PAIRS // 20, f"seed {seed}: one-sided rules, {found.truths}"


@pytest.mark.both_databases
def test_every_reading_says_the_same_of_the_real_rules(facts: FactBook) -> None:
    """Sixty enterprises on the boundaries of the rules and policies that are shipped."""
    folders = [PROVINCES / "national" / "rules", PROVINCES / "zhejiang" / "rules"]
    book = RuleBook.load(folders, facts, place_names(PROVINCES / "zhejiang"))
    bounds = book.bind_all(date(2024, 6, 30))
    rows = boundary_rows(Random("2024"), bounds, facts, 60, missing=0.05)
    found = compare_batches([batch_of(bounds, rows, facts)], readings())
    assert not any(found.differences.values()), f"{found.differences}\n{found.first}"
    assert len(bounds) >= 40 and min(found.truths.values()) > 0


def all_of(*children: Node) -> Node:
    return Group("all", len(children), children)


def any_of(*children: Node) -> Node:
    return Group("any", 1, children)


def negation(node: Node) -> Node:
    """Return the tree that 非 is written out to: every leaf is turned, all becomes any, k of n becomes n-k+1 of n."""
    if isinstance(node, Leaf):
        return Leaf(node.id, opposite(node.test))
    if isinstance(node, Score):
        return Score(node.id, node.items, node.least, node.groups, not node.negated)
    least = len(node.children) - node.least + 1
    return Group("k_of_n", least, tuple(negation(child) for child in node.children))


def laws(a: Node, b: Node, c: Node) -> dict[str, tuple[Node, Node]]:
    """Pairs of trees that are equal in Kleene's logic, whatever a, b and c are."""
    return {
        "and commutes": (all_of(a, b), all_of(b, a)),
        "or commutes": (any_of(a, b), any_of(b, a)),
        "and associates": (all_of(a, all_of(b, c)), all_of(all_of(a, b), c)),
        "or associates": (any_of(a, any_of(b, c)), any_of(any_of(a, b), c)),
        "and distributes": (all_of(a, any_of(b, c)), any_of(all_of(a, b), all_of(a, c))),
        "or distributes": (any_of(a, all_of(b, c)), all_of(any_of(a, b), any_of(a, c))),
        "and absorbs": (all_of(a, any_of(a, b)), a),
        "or absorbs": (any_of(a, all_of(a, b)), a),
        "idempotence": (all_of(a, a), any_of(a, a)),
        "not is its own inverse": (negation(negation(a)), a),
        "de morgan": (negation(all_of(a, b)), any_of(negation(a), negation(b))),
        "de morgan again": (negation(any_of(a, b)), all_of(negation(a), negation(b))),
        "one of n is any": (Group("k_of_n", 1, (a, b, c)), any_of(a, b, c)),
        "n of n is all": (Group("k_of_n", 3, (a, b, c)), all_of(a, b, c)),
        "two of three": (Group("k_of_n", 2, (a, b, c)), any_of(all_of(a, b), all_of(a, c), all_of(b, c))),
        "normality": (all_of(a, negation(a)), all_of(a, negation(a), any_of(b, negation(b)))),
    }


@pytest.mark.both_databases
@pytest.mark.parametrize("seed", SEEDS, ids=["fixed", "random"])
def test_kleenes_laws_hold_in_every_reading(seed: str, facts: FactBook) -> None:
    random = Random(seed)
    parts = [random_bound(random, facts, depth=depth) for depth in (2, 1, 1)]
    rows = boundary_rows(random, parts, facts, 60, missing=0.2)
    a, b, c = (part.require for part in parts)
    sides = [side for law in laws(a, b, c).values() for side in law]
    extra = [a, negation(a), any_of(a, negation(a)), all_of(a, negation(a))]
    bounds = [
        Bound(f"law-{k}", "2024-01-01", parts[0].as_of, side) for k, side in enumerate([*sides, *extra])
    ]
    batch = batch_of(bounds, rows, facts)
    for title, reading in {"judge": judged, **readings()}.items():
        truths = [[said[0] for said in rows] for rows in reading(batch)]
        for number, law in enumerate(laws(a, b, c)):
            assert truths[2 * number] == truths[2 * number + 1], f"{title}: {law}, seed {seed}"
        _check_negation(title, seed, *truths[-4:])


def _check_negation(
    title: str, seed: str, plain: list[int], negated: list[int], either: list[int], both: list[int]
) -> None:
    for one, other, any_holds, all_hold in zip(plain, negated, either, both, strict=True):
        assert other == 2 - one, f"{title}: not, seed {seed}"
        unknown = one == Truth.UNKNOWN
        assert any_holds == (Truth.UNKNOWN if unknown else Truth.MET), (
            f"{title}: excluded middle, seed {seed}"
        )
        assert all_hold == (Truth.UNKNOWN if unknown else Truth.UNMET), f"{title}: contradiction, seed {seed}"
