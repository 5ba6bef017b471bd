"""Whether all readings of a rule say the same: random rules on enterprises at every boundary, no difference allowed.

The judge is the reference; the explanation (of every 25th enterprise), generated Python, DuckDB, PostgreSQL (a server of
its own) and the kernel are held against it in truth, amount, number of unmet leaves and the only unmet leaf. Generated
Python gives truths alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from benchmarks.measure import seeds_of, timed
from qifu.engines.rules.tests.four_readings import Reading, compare, readings
from qifu.registers.enterprises.fact_book import fact_book
from tests.postgres import running_server

PAIRS, QUICK = 200_000, 2_000
FIXED_SEED = "2024"


def arguments(parser: argparse.ArgumentParser) -> None:
    """--size is the number of (rule, enterprise) pairs."""


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return, for each reading, the number of pairs on which it says something else than the judge."""
    pairs = options.size or (QUICK if options.quick else PAIRS)
    with running_server() as url:
        return _against_the_judge(options, pairs, readings(url))


def _against_the_judge(
    options: argparse.Namespace, pairs: int, tried: Mapping[str, Reading]
) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    for seed in seeds_of(options, FIXED_SEED):
        print(f"seed {seed}, {pairs} pairs", file=sys.stderr)
        found, milliseconds = timed(lambda: compare(seed, pairs, fact_book(), tried))  # noqa: B023
        if found.first:
            print(found.first, file=sys.stderr)
        truths = {"unmet": found.truths[0], "unknown": found.truths[1], "met": found.truths[2]}
        for reading, differences in found.differences.items():
            results.append(
                {
                    "job": f"{reading} against the judge, {found.pairs} pairs, seed {seed}",
                    "metric": "differences",
                    "value": differences,
                    "unit": "pairs",
                    "goal": 0,
                    "peer": None,
                    "peer_basis": None,
                    "peer_value": None,
                    "ratio": None,
                    "equal": differences == 0,
                    "figures": {**truths, "amounts": found.amounts, "seconds": round(milliseconds / 1000)},
                }
            )
    return results
