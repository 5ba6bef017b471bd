"""The batch kernel by itself: the whole book over ten million enterprises, beside the floor of one pass over its codes.

The floor is a parallel sum of the same encoded bytes, compiled, warm, best of five, in the same process. Stages run in
processes of their own, each of which tells its peak memory. `counts_of` gives counts to compare other engines with.
"""

from __future__ import annotations

import argparse
import json
import pickle
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numba import njit

from benchmarks.measure import seeds_of
from benchmarks.policy_book import facts_of, figures
from benchmarks.rule_facts import AS_OF, PROVINCE, facts_file, facts_table, only_facts, places, policy_maker
from qifu.engines.rules.kernel import Amounts, Encoded, Sweep, encode
from qifu.engines.rules.rule_book import RuleBook
from qifu.engines.rules.tree import Bound
from qifu.registers.enterprises.fact_book import fact_book

ROWS, POLICIES, MORE = 10_000_000, 1_000, 5_000
QUICK_ROWS, QUICK_POLICIES, QUICK_MORE = 100_000, 40, 200
FIXED_SEED = "2024"
THREADS, TIMES = 2, 5
GOALS = {
    "counts": 30.0, "rows": 45.0, "more": 6.0, "near": 2.0, "three_valued": 2.0, "cold_ms": 2000.0, "peak_mb": 2048.0,
}  # fmt: skip
RULES = (PROVINCE.parent / "national" / "rules", PROVINCE / "rules")


def arguments(parser: argparse.ArgumentParser) -> None:
    """`--folder DIR` keeps policies and facts there, and takes those of an earlier run."""
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--policies", type=int)
    parser.add_argument("--more", type=int, help="policies of the large book")


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the results of every stage."""
    rows = options.size or (QUICK_ROWS if options.quick else ROWS)
    few = options.policies or (QUICK_POLICIES if options.quick else POLICIES)
    more = options.more or (QUICK_MORE if options.quick else MORE)
    results: list[dict[str, Any]] = []
    for seed in seeds_of(options, FIXED_SEED):
        print(f"seed {seed}, {rows} enterprises, {few} and {more} policies", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="rules-") as scratch:
            folder = options.folder or Path(scratch)
            folder.mkdir(parents=True, exist_ok=True)
            made = prepare(folder, rows, few, more, seed)
            names = {
                "few": f"{rows:,} × {few:,}",
                "more": f"{rows:,} × {more:,}",
                "real": f"{rows:,} × real rules",
            }
            told = {name: stage(folder, name, rows) for name in ("cold", "few", "more", "real")}
            results += [*rated(names, told), made]
    return results


def prepare(folder: Path, rows: int, few: int, more: int, seed: str) -> dict[str, Any]:
    """Write policies and facts into the folder unless they lie there; returns what the book is like."""
    stamp = {"rows": rows, "few": few, "more": more, "seed": seed}
    facts, known = folder / "facts.parquet", folder / "made.json"
    if known.exists() and (before := json.loads(known.read_text("utf-8")))["stamp"] == stamp:
        return dict(before["figures"])
    maker = policy_maker(seed)
    bounds = [policy.bound for policy in maker.book(max(more, few))]
    real = RuleBook.load(RULES, fact_book(), places()).bind_all(AS_OF)
    for name, book in {"few": bounds[:few], "more": bounds[:more], "real": real}.items():
        (folder / f"{name}.pickle").write_bytes(pickle.dumps(book))
    facts_file(facts, rows, seed, only_facts(facts_of([*bounds, *real])))
    found = {
        "job": "the books", "metric": "figures",
        "figures": {"made": figures(bounds[:few], maker.sample), "real": figures(real, maker.sample)},
    }  # fmt: skip
    known.write_text(json.dumps({"stamp": stamp, "figures": found}), encoding="utf-8")
    return found


def stage(folder: Path, name: str, rows: int) -> dict[str, Any]:
    """Run one stage in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.rules_book", name, str(folder), str(rows)]
    started = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    told = json.loads(done.stdout)
    print(f"{name}: {time.perf_counter() - started:.0f} s {done.stdout.strip()}", file=sys.stderr)
    return dict(told)


def rated(names: Mapping[str, str], told: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    """Return the rows of results: ours beside the floor, or beside our own other time."""
    few, more, real = told["few"], told["more"], told["real"]
    book, large, rules = names["few"], names["more"], names["real"]

    def row(job: str, ours: float, peer: str, theirs: float, goal: float | None) -> dict[str, Any]:
        return {
            "job": job, "metric": "time", "value": round(ours, 1), "unit": "ms", "peer": peer, "peer_basis": "same_run",
            "peer_value": round(theirs, 1), "times_the_peer": round(ours / theirs, 2), "at_most": goal,
        }  # fmt: skip

    def plain(job: str, value: float, unit: str, goal: float) -> dict[str, Any]:
        return {"job": job, "metric": "value", "value": round(value, 1), "unit": unit, "goal": goal}

    floor = "sum of the same bytes"
    return [
        row(f"{book}: counts", few["counts"], floor, few["floor"], GOALS["counts"]),
        row(f"{book}: met and unknown rows", few["rows"], floor, few["floor"], GOALS["rows"]),
        row(f"{book}: counts and near misses", few["near"], "counts", few["counts"], 1 + GOALS["near"]),
        row(f"{book}: all rows and near misses", few["near_rows"], "rows", few["rows"], 1 + GOALS["near"]),
        row(f"{book}: all rows, near misses and amounts", few["with_amounts"], "rows", few["rows"], 1 + GOALS["near"]),
        plain(f"{book}: policies whose amounts go the slow way", few["slow_amounts"], "policies", 0),
        row(f"{book}: three-valued", few["counts"], "two-valued", few["two_valued"], GOALS["three_valued"]),
        row(f"{large}: counts", more["counts"], book, few["counts"], GOALS["more"]),
        row(f"{rules}: counts", real["counts"], floor, real["floor"], None),
        row(f"{rules}: met and unknown rows", real["rows"], floor, real["floor"], None),
        plain(f"{book}: peak memory, coding included", few["peak_mb"], "MB", GOALS["peak_mb"]),
        plain(f"{book}: coding", few["coding"], "ms", 60_000),
        plain(f"{book}: program", few["program"], "ms", 2_000),
        plain("first answer of a fresh process, compiled code cached", told["cold"]["cold"], "ms", GOALS["cold_ms"]),
    ]  # fmt: skip


# --- in the process of a stage


def coded(path: Path, rows: int, bounds: Sequence[Bound]) -> Encoded:
    """Return the facts file coded for the bounds, a column at a time."""
    return encode(reader(path), fact_book(), bounds, rows=rows, threads=THREADS)


def reader(path: Path) -> Callable[[str], pa.ChunkedArray | None]:
    """Return what reads one column of a Parquet file, or gives None."""
    names = set(pq.read_schema(path).names)
    return lambda name: pq.read_table(path, columns=[name])[name] if name in names else None


def counts_of(table: pa.Table, bounds: Sequence[Bound]) -> Any:
    """Return int64[policies, 2], met and unknown, as other engines' results are compared with."""
    counts = Sweep(encode(table, fact_book(), bounds), bounds).counts()
    return np.stack([counts.met, counts.unknown], axis=1)


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _sum(codes: Any) -> Any:
    total = 0
    for code in codes:
        total += code
    return total


def floor_ms(encoded: Encoded) -> float:
    """Return the milliseconds of a parallel sum of all codes, best of five."""
    parts = [
        part
        for coded in encoded.coded.values()
        for part in np.array_split(coded.codes[: encoded.rows], THREADS)
    ]
    with ThreadPoolExecutor(THREADS) as pool:
        return best(lambda: list(pool.map(_sum, parts)), TIMES + 1)


def best(call: Callable[[], Any], times: int = TIMES) -> float:
    """Return the milliseconds of the fastest of some calls."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        found.append(time.perf_counter() - started)
    return min(found) * 1000


def measure(folder: Path, name: str, rows: int) -> dict[str, float]:
    """Return the times of one book in milliseconds."""
    bounds = pickle.loads((folder / f"{name}.pickle").read_bytes())
    told: dict[str, float] = {}
    started = time.perf_counter()
    encoded = coded(folder / "facts.parquet", rows, bounds)
    told["coding"] = (time.perf_counter() - started) * 1000
    started = time.perf_counter()
    sweep = Sweep(encoded, bounds)
    told["program"] = (time.perf_counter() - started) * 1000
    sweep.counts(threads=THREADS)
    told["floor"] = floor_ms(encoded)
    told["counts"] = best(lambda: sweep.counts(threads=THREADS))
    told["rows"] = best(lambda: sum(len(chunk.offset) for chunk in sweep.rows(threads=THREADS)), 3)
    told["peak_mb"] = peak_mb()
    if name == "few":
        told["near"] = best(lambda: sweep.counts(near=True, threads=THREADS), 3)
        told["near_rows"] = best(
            lambda: sum(len(chunk.offset) for chunk in sweep.rows(near=True, threads=THREADS)), 3
        )
        amounts = Amounts(bounds, reader(folder / "facts.parquet"), rows)
        told["with_amounts"] = best(
            lambda: sum(
                len(chunk.offset) for chunk in sweep.rows(near=True, amounts=amounts.of, threads=THREADS)
            ),
            3,
        )
        told["slow_amounts"] = len(amounts.slow)
        told["two_valued"] = best(two_valued(encoded, bounds))
    return told


def peak_mb() -> float:
    """Return the most memory of this process so far (not of the one that started it, as getrusage would)."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    assert found is not None
    return int(found[1]) / 1024


def two_valued(encoded: Encoded, bounds: Sequence[Bound]) -> Callable[[], Any]:
    """The same sweep over the same codes, read as if nothing were missing: a missing value meets no test."""
    known = {
        column: replace(coded, missing=np.zeros_like(coded.missing))
        for column, coded in encoded.coded.items()
    }
    sweep = Sweep(replace(encoded, coded=known), bounds)
    return lambda: sweep.counts(threads=THREADS)


def cold(folder: Path) -> dict[str, float]:
    """Return how long a fresh process takes from its start to the first counts of one policy, the second time."""
    program = (
        "import pickle,sys\n"
        "from qifu.engines.rules.kernel import Sweep, encode\n"
        "from qifu.registers.enterprises.fact_book import fact_book\n"
        "import pyarrow.parquet as pq\n"
        "bounds = pickle.loads(open(sys.argv[1], 'rb').read())\n"
        "table = pq.read_table(sys.argv[2])\n"
        "Sweep(encode(table, fact_book(), bounds), bounds).counts()\n"
    )
    bounds = pickle.loads((folder / "few.pickle").read_bytes())[:20]
    (folder / "cold.pickle").write_bytes(pickle.dumps(bounds))
    pq.write_table(facts_table(1_000, FIXED_SEED, only_facts(facts_of(bounds))), folder / "cold.parquet")
    command = [sys.executable, "-c", program, str(folder / "cold.pickle"), str(folder / "cold.parquet")]
    subprocess.run(command, check=True)  # fills the cache
    return {"cold": best(lambda: subprocess.run(command, check=True), 3)}


def main(name: str, folder: str, rows: str) -> None:
    told = cold(Path(folder)) if name == "cold" else measure(Path(folder), name, int(rows))
    print(json.dumps({key: round(value, 2) for key, value in told.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
