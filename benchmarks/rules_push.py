"""One new policy over every enterprise, from its rule file, against SQL written by hand.

Four policies lie in push_policies, each with the queries that an analyst would write for it in DuckDB: for those who meet
it, and for those who meet it or may (`open`: a value is missing or too coarse). Ours and theirs run over the same sorted
Parquet file in turn; `equal` says that they gave the same enterprises, amounts and verdicts. The time is that of
DuckDB, medians of ROUNDS; reading the rule file and writing its SQL are rows of their own.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from benchmarks.measure import seeds_of, timed
from benchmarks.policy_book import facts_of, figures
from benchmarks.rule_facts import AS_OF, facts_file, only_facts, places
from qifu.engines.rules.rule_book import RuleBook
from qifu.engines.rules.sql import Rows, verdict_query
from qifu.engines.rules.tree import Bound
from qifu.registers.enterprises.fact_book import fact_book

FOLDER = Path(__file__).parent / "push_policies"
SIZE, QUICK = 10_000_000, 30_000
FIXED_SEED = "2024"
ROUNDS = 9
GOAL = 1.1


def arguments(parser: argparse.ArgumentParser) -> None:
    """--size is the number of enterprises."""
    parser.add_argument("--file", type=Path, help="a Parquet file made before, by the same seed and size")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each query runs")


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the rows of each policy, for each seed."""
    size = options.size or (QUICK if options.quick else SIZE)
    results: list[dict[str, Any]] = []
    for seed in seeds_of(options, FIXED_SEED):
        print(f"seed {seed}, {size} enterprises", file=sys.stderr)
        with tempfile.TemporaryDirectory() as folder:
            read = [_read(path) for path in sorted(FOLDER.glob("*.yaml"))]
            file = options.file or Path(folder) / "facts.parquet"
            if not file.exists():
                facts_file(file, size, seed, only_facts(facts_of([bound for bound, *_ in read])))
            with duckdb.connect() as base:
                base.execute("SET enable_progress_bar = false")
                base.execute(f"CREATE VIEW facts AS FROM read_parquet('{file}')")
                for bound, reading, writing in read:
                    results += _policy(base, bound, file, size, seed, options.rounds)
                    results += [
                        _time(f"{bound.code}: {what}", ms)
                        for what, ms in (("reading", reading), ("writing SQL", writing))
                    ]
                results.append(_book([bound for bound, *_ in read], base))
    return results


def _read(path: Path) -> tuple[Bound, float, float]:
    """Return the bound policy of a file, and the milliseconds of reading and binding, and of writing its SQL."""

    def bind() -> Bound:
        return RuleBook.load([path], fact_book(), places()).bind(path.stem, AS_OF)

    bind()  # the books of facts and places are read once for all rules
    bound, reading = timed(bind)
    _, writing = timed(lambda: _ours(bound, Path("facts.parquet"), "met"))
    return bound, reading, writing


def _ours(bound: Bound, file: Path, rows: Rows) -> str:
    return verdict_query(bound, file, "duckdb", rows, ["amount_fen" if rows == "met" else "verdict"])


def _policy(
    base: duckdb.DuckDBPyConnection, bound: Bound, file: Path, size: int, seed: str, rounds: int
) -> list[dict[str, Any]]:
    ours = {"met": _ours(bound, file, "met"), "open": _ours(bound, file, "met_unknown")}
    hand = {asked: (FOLDER / f"{bound.code}.{asked}.sql").read_text(encoding="utf-8") for asked in ours}
    rows = []
    for asked, title in (("met", "those who meet it, with amounts"), ("open", "those who meet it or may")):
        times: tuple[list[float], list[float]] = ([], [])
        found: dict[int, pa.Table] = {}
        for number in range(rounds + 1):
            for who in (0, 1) if number % 2 else (1, 0):
                query = (ours, hand)[who][asked]
                found[who], milliseconds = timed(partial(_fetch, base, query))
                if number:  # the first round warms the file
                    times[who].append(milliseconds)
        keys = [("uscc", "ascending")]
        equal = found[0].sort_by(keys).cast(found[1].schema).equals(found[1].sort_by(keys))
        job = f"{bound.code} over {size} enterprises, {title}: {found[0].num_rows}, seed {seed}"
        rows.append(_time(job, statistics.median(times[0]), statistics.median(times[1]), equal))
    return rows


def _fetch(base: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    return base.sql(query).to_arrow_table()


def _time(job: str, ours: float, hand: float | None = None, equal: bool | None = None) -> dict[str, Any]:
    return {
        "job": job,
        "metric": "time",
        "value": round(ours, 2),
        "unit": "ms",
        "goal": None if hand is None else round(hand * GOAL, 2),
        "peer": None if hand is None else "DuckDB SQL by hand",
        "peer_basis": None if hand is None else "same_run",
        "peer_value": None if hand is None else round(hand, 2),
        "ratio": None if hand is None else round(ours / hand, 3),
        "equal": equal,
    }


def _book(bounds: list[Bound], base: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    sample = _fetch(base, "FROM facts LIMIT 100000")
    return {"job": "the policies", "metric": "figures", "figures": figures(bounds, sample)}
