"""The whole book at once: the batch kernel against OpenFisca, DuckDB and Polars on the same rows in the same run.

Each peer is written as strongly as it allows (see `peer_books` and `openfisca_book`): codes are numbers, tests are shared
(OpenFisca, Polars), only a policy's region is read (DuckDB, Polars). Loading is left out for all; coding the table for
the kernel is a row of its own. `equal` says that met and unknown of every policy are the same. OpenFisca runs in an
environment of its own, made on first use.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks import openfisca_peer
from benchmarks.measure import seeds_of, timed
from benchmarks.peer_books import Numbered, PolarsBook, numbered, program, query
from benchmarks.policy_book import facts_of, figures
from benchmarks.rule_facts import facts_table, only_facts, policy_maker
from qifu.engines.rules.kernel import Sweep, encode
from qifu.engines.rules.tree import Bound
from qifu.registers.enterprises.fact_book import fact_book

ROWS, POLICIES = 1_000_000, 1_000
QUICK_ROWS, QUICK_POLICIES = 10_000, 20
FIXED_SEED = "2024"
CHUNK = 100_000
"""Rows of one OpenFisca simulation: measured, its arrays then stay in the processor's cache."""
GOALS = {"OpenFisca": 300, "DuckDB": 100, "Polars": 40}
Counted = npt.NDArray[np.int64]
"""Met and unknown of each policy."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """--size is the number of enterprises."""
    parser.add_argument("--policies", type=int)
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often the kernel and Polars run; the best counts"
    )
    parser.add_argument("--without-openfisca", action="store_true")


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the kernel's time beside each peer's, and what the book is like."""
    rows = options.size or (QUICK_ROWS if options.quick else ROWS)
    count = options.policies or (QUICK_POLICIES if options.quick else POLICIES)
    results: list[dict[str, Any]] = []
    if not options.without_openfisca:
        try:
            openfisca_peer.python_of()
        except subprocess.CalledProcessError as error:
            print(f"OpenFisca is not measured, it could not be installed: {error}", file=sys.stderr)
            results.append(
                {"job": "OpenFisca could not be installed", "metric": "not measured", "peer": "OpenFisca"}
            )
            options.without_openfisca = True
    for seed in seeds_of(options, FIXED_SEED):
        print(f"seed {seed}, {rows} enterprises, {count} policies", file=sys.stderr)
        bounds = [policy.bound for policy in policy_maker(seed).book(count)]
        table = facts_table(rows, seed, only_facts(facts_of(bounds))).combine_chunks()
        results += compare(f"{rows:,} enterprises × {count:,} policies, seed {seed}", bounds, table, options)
    return results


def compare(
    job: str, bounds: Sequence[Bound], table: pa.Table, options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Run the kernel and every peer, and return the results."""
    encoded, coding = timed(lambda: encode(table, fact_book(), bounds))
    sweep = Sweep(encoded, bounds)
    sweep.counts()  # compiled code is loaded
    counts, ours = best(options.rounds + 2, sweep.counts)
    right = np.stack([counts.met, counts.unknown], axis=1)
    print(f"kernel {ours:.0f} ms, coding {coding:.0f} ms", file=sys.stderr)
    results = [told(f"{job}: coding the table for the kernel", coding)]
    given = numbered(table)
    peers: dict[str, Callable[[], tuple[Counted, float]]] = {
        "Polars": lambda: by_polars(bounds, given, options.rounds), "DuckDB": lambda: by_duckdb(bounds, given),
    }  # fmt: skip
    if not options.without_openfisca:
        peers["OpenFisca"] = lambda: by_openfisca(bounds, given)
    for peer, call in peers.items():
        found, theirs = call()
        print(f"{peer} {theirs:.0f} ms", file=sys.stderr)
        equal = bool(np.array_equal(found, right))
        if not equal:
            odd = np.flatnonzero((found != right).any(axis=1))
            print(f"{peer} differs in {len(odd)} policies, first {bounds[odd[0]].code}", file=sys.stderr)
        results.append(told(f"{job}: counts of met and unknown", ours, peer, theirs, equal, coding))
    results.append({"job": job, "metric": "figures", "figures": figures(bounds, table)})
    return results


def best(times: int, call: Callable[[], Any]) -> tuple[Any, float]:
    """Return what the call returns, and the milliseconds of the fastest."""
    found = [timed(call) for _ in range(times)]
    return min(found, key=lambda one: one[1])


def by_polars(bounds: Sequence[Bound], given: Numbered, rounds: int) -> tuple[Counted, float]:
    book = PolarsBook(bounds, given)
    found, milliseconds = best(rounds, book.counts)
    return found, milliseconds


def by_duckdb(bounds: Sequence[Bound], given: Numbered) -> tuple[Counted, float]:
    """One query per policy over a table of DuckDB's own, sorted as ours."""
    queries = [query(bound, given) for bound in bounds]
    with duckdb.connect(config={"threads": 2}) as base:
        arrow = given.table.drop_columns(["uscc"])
        base.register("arrow_facts", arrow)
        base.execute("CREATE TABLE facts AS FROM arrow_facts")
        for one in queries[:10]:
            base.execute(one).fetchall()
        found, milliseconds = timed(lambda: [base.execute(one).fetchall()[0] for one in queries])
    counts = np.array(found, np.int64)
    return np.stack([counts[:, 0], counts[:, 1] - counts[:, 0]], axis=1), milliseconds


def by_openfisca(bounds: Sequence[Bound], given: Numbered) -> tuple[Counted, float]:
    """Every policy as a Variable, in a process of OpenFisca's own environment."""
    python = openfisca_peer.python_of()
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "program.json").write_text(json.dumps(program(bounds, given)), encoding="utf-8")
        write_columns(Path(name), given)
        script = Path(__file__).with_name("openfisca_book.py")
        done = subprocess.run(
            [str(python), str(script), name, str(CHUNK)], stdout=subprocess.PIPE, text=True, check=True
        )
    said = json.loads(done.stdout)
    met = np.array(said["met"], np.int64)
    return np.stack([met, np.array(said["may"], np.int64) - met], axis=1), said["seconds"] * 1000


def write_columns(folder: Path, given: Numbered) -> None:
    """Write each fact as whole numbers, and where it is known, for another Python to read."""
    for fact in given.table.column_names:
        if fact != "uscc":
            column = given.table[fact].combine_chunks()
            whole = pc.fill_null(column.cast(pa.int64()), 0)
            np.save(folder / f"{fact}.npy", whole.to_numpy(zero_copy_only=False))
            np.save(folder / f"{fact}_known.npy", pc.is_valid(column).to_numpy(zero_copy_only=False))


def told(
    job: str,
    ours: float,
    peer: str | None = None,
    theirs: float | None = None,
    equal: bool | None = None,
    coding: float = 0.0,
) -> dict[str, Any]:
    """Return one row; the ratio is the peer's time over ours, beside it with coding counted as ours."""
    goal = round(theirs / GOALS[peer], 2) if peer and theirs else None
    row = {
        "job": job, "metric": "time", "value": round(ours, 2), "unit": "ms", "goal": goal, "peer": peer,
        "peer_basis": "same_run" if peer else None, "peer_value": None if theirs is None else round(theirs, 1),
        "ratio": None if theirs is None else round(theirs / ours, 1), "equal": equal,
    }  # fmt: skip
    return row | ({"ratio_with_coding": round(theirs / (ours + coding), 1)} if theirs is not None else {})
