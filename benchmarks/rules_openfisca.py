"""Ten real rules over 100,000 enterprises, judged by the batch kernel and by OpenFisca on the same data.

The rules are those of provinces/national/rules, and, written once more by hand, of benchmarks/openfisca_rules. Facts are
made up; a third of the rows then take the values of an example of some rule, and about 40 % of all get one value that lies
exactly on a threshold of some rule, or one unit beside it.

OpenFisca knows two truth values. So the rows are made complete first: each missing value is taken from another row, and
`equal` says that all verdicts of all rules were the same. A share of nothing (over 0 or less) is 缺数据 for us and not
reached for OpenFisca; these pairs are counted and left out. Then both judge the rows as they came, with missing values:
`decided_on_missing` counts the pairs that we call 缺数据 and OpenFisca, for which missing is 0 and no, decides all the same;
`met_on_missing` those among them that it calls met.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks import openfisca_peer
from benchmarks.measure import seeds_of, timed
from qifu.engines.rules.edges import facts_of, tests
from qifu.engines.rules.kernel import Encoded, Sweep, encode
from qifu.engines.rules.places import place_names
from qifu.engines.rules.rule_book import RuleBook
from qifu.engines.rules.tree import Bound, Compare, Truth
from qifu.registers.divisions.division_book import load_divisions
from qifu.registers.enterprises.fact_book import FactBook, fact_book
from qifu.registers.enterprises.generate_facts import Making, blocks, place_weights

SIZE, QUICK = 100_000, 5_000
FIXED_SEED = "2024"
DAY = date(2024, 6, 30)
PROVINCES = Path(__file__).parents[1] / "provinces"
RULES = (
    "sme-micro", "sme-small-micro", "small-lowprofit", "six-tax-two-fee", "ui-return", "innovative-sme", "zjtx-sme",
    "little-giant", "hightech-conditions", "tech-sme",
)  # fmt: skip
Ints = npt.NDArray[np.int64]
Columns = dict[str, tuple[Ints, npt.NDArray[np.bool_]]]
"""Of each fact the kept values (industries as numbers) and which are known."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`--cache DIR` keeps OpenFisca's environment there."""
    parser.add_argument("--cache", type=Path)


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the times of both and whether they agree."""
    size = options.size or (QUICK if options.quick else SIZE)
    python = openfisca_peer.python_of(options.cache)
    facts = fact_book()
    book = RuleBook.load([PROVINCES / "national" / "rules"], facts, place_names())
    bounds = [book.bind(code, DAY) for code in RULES]
    results = []
    for seed in seeds_of(options, FIXED_SEED):
        print(f"seed {seed}, {size} rows", file=sys.stderr)
        results.append(compare(python, book, bounds, size, seed))
    return results


def compare(python: Path, book: RuleBook, bounds: Sequence[Bound], size: int, seed: str) -> dict[str, Any]:
    """Return one row of results for `size` enterprises."""
    facts, random = book.facts, np.random.default_rng(list(seed.encode()))
    asked = [test for bound in bounds for test in tests(bound.require)]
    table = made(facts, size, seed)
    wanted = sorted({fact for test in asked for fact in facts_of(test)})
    rows = {name: column(table, name) for name in wanted}
    whole = {name: complete(values, known, random) for name, (values, known) in rows.items()}
    as_examples(whole, book, random)
    on_the_edge(whole, [test for test in asked if isinstance(test, Compare)], random)
    truths, (coding, sweeping) = our_truths(facts, bounds, whole)
    theirs, times = openfisca_peer.judged(
        python, {name: values for name, (values, _) in whole.items()}, DAY, RULES
    )
    other = sum(times.values())
    met = np.array([theirs[code] for code in RULES])
    undecided = truths == Truth.UNKNOWN
    unequal = {
        code: int(count)
        for code, count in zip(RULES, (~undecided & ((truths == Truth.MET) != met)).sum(axis=1), strict=True)
        if count
    }
    gaps, _ = our_truths(facts, bounds, rows)
    blind = {name: np.where(known, values, 0) for name, (values, known) in rows.items()}
    guessed, _ = openfisca_peer.judged(python, blind, DAY, RULES)
    open_pairs = gaps == Truth.UNKNOWN
    if unequal:
        print(f"different verdicts: {unequal}", file=sys.stderr)
    return {
        "job": f"{size:,} enterprises x {len(RULES)} real rules", "metric": "time", "value": round(coding + sweeping, 1), "unit": "ms", "goal": None,
        "peer": f"OpenFisca {openfisca_peer.VERSION}", "peer_basis": "run, vectorised, same rows, 64-bit whole numbers",
        "peer_value": round(other * 1000, 1), "ratio": round(other * 1000 / (coding + sweeping), 2), "equal": not unequal, "seed": seed,
        "coding_ms": round(coding, 1), "sweep_ms": round(sweeping, 1), "peer_input_ms": round(times["set_input"] * 1000, 1),
        "pairs": truths.size, "met": int((truths == Truth.MET).sum()), "left_out_share_of_nothing": int(undecided.sum()),
        "met_by_rule": {code: int(n) for code, n in zip(RULES, (truths == Truth.MET).sum(axis=1), strict=True)},
        "decided_on_missing": int(open_pairs.sum()), "met_on_missing": int((open_pairs & np.array([guessed[code] for code in RULES])).sum()),
    }  # fmt: skip


def made(facts: FactBook, size: int, seed: str) -> pa.Table:
    """Return made-up rows of kept values, all facts."""
    counties = load_divisions(PROVINCES / "zhejiang" / "divisions.yaml").as_of(DAY).of_kind("county")
    weights = place_weights((row.code, row.parent) for row in counties)
    return pa.Table.from_batches(blocks(Making(size, seed, DAY, weights, facts)))


def column(table: pa.Table, name: str) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return a fact's values as numbers, and which are known; an industry counts as known when it has four digits."""
    cells = table[name].combine_chunks()
    if name != "industry":
        return cells.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64), cells.is_valid().to_numpy(
            zero_copy_only=False
        )
    words = cells.cast(pa.string()).to_pylist()
    known = np.array([word is not None and len(word) == 5 for word in words])
    numbers = [
        openfisca_peer.industry_number(word) if fine else 0 for word, fine in zip(words, known, strict=True)
    ]
    return np.array(numbers, np.int64), known


def complete(
    values: Ints, known: npt.NDArray[np.bool_], random: np.random.Generator
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return the column with each missing value taken from another row."""
    others = values[known] if known.any() else np.zeros(1, np.int64)
    filled = np.where(known, values, random.choice(others, len(values)))
    return filled, np.ones(len(values), bool)


def as_examples(whole: Columns, book: RuleBook, random: np.random.Generator) -> None:
    """Give a third of the rows the values of an example of one of the rules; the other facts stay as they are."""
    size = len(next(iter(whole.values()))[0])
    examples = [example for code in RULES for example in book.get(code).examples if len(example.values) > 1]
    chosen = np.where(random.random(size) < 1 / 3, random.integers(0, len(examples), size), -1)
    for number, example in enumerate(examples):
        for name, value in dict(example.values).items():
            if name in whole and value is not None:
                kept = openfisca_peer.industry_number(value) if isinstance(value, str) else value
                whole[name][0][chosen == number] = kept


def on_the_edge(whole: Columns, tests: Sequence[Compare], random: np.random.Generator) -> None:
    """Put the first fact of comparisons exactly on the threshold, or one unit beside it: one such change in two rows."""
    size = len(next(iter(whole.values()))[0])
    for test in tests:
        chosen = random.random(size) < 1 / (2 * len(tests))
        name = test.of[0][1]
        values = whole[name][0]
        total = np.ones(size, np.int64)
        if test.over:
            total = sum((c * whole[fact][0] for c, fact in test.over), np.zeros(size, np.int64))
        rest = sum((c * whole[fact][0] for c, fact in test.of[1:]), np.zeros(size, np.int64))
        edge = -(-test.bound.numerator * total // test.bound.denominator) - rest
        values[chosen] = np.maximum(edge + random.integers(-1, 2, size), 0)[chosen]


def our_truths(
    facts: FactBook, bounds: Sequence[Bound], columns: Columns
) -> tuple[npt.NDArray[np.int8], tuple[float, float]]:
    """Return the kernel's truths (rules x rows), and the milliseconds of coding the columns and of sweeping them."""
    size = len(next(iter(columns.values()))[0])
    arrays = {name: pa.array(values, mask=~known) for name, (values, known) in columns.items()}
    arrays["industry"] = pa.array(
        [industry_code(n) if fine else None for n, fine in zip(*columns["industry"], strict=True)]
    )
    table = pa.table(
        {
            name: cells.cast(pa.string()).dictionary_encode() if name == "industry" else cells
            for name, cells in arrays.items()
        }
    )

    def sweep(coded: Encoded) -> npt.NDArray[np.int8]:
        found = np.zeros((len(bounds), size), np.int8)
        for chunk in Sweep(coded, bounds).rows(met=True, unknown=True):
            row, policy, verdict, _ = chunk.pairs()
            found[policy, row] = verdict
        return found

    sweep(encode(table, facts, bounds))  # compiled
    coded, coding = timed(lambda: encode(table, facts, bounds))
    found, sweeping = timed(lambda: sweep(coded))
    return found, (coding, sweeping)


def industry_code(number: int) -> str:
    """Return C3911 of 33911."""
    return f"{chr(ord('A') + number // 10_000 - 1)}{number % 10_000:04d}"
