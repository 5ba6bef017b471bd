"""A policy from its text to the figures of the workbench, over a snapshot of 1 and 10 million enterprises.

The four policies of push_policies are read, checked and bound in the book of the site's rules, and simulated with the sizes
of enterprises: reach and cost by county, section and size, the amounts for the sliders, and what may be shown. One row more
has a version before, both judged in one pass. The peer is the batch kernel, which codes the same columns and counts; `equal`
says that both gave the same met, unknown and one-short enterprises, and that the cost is the sum of the kernel's rows.
Medians of ROUNDS, the first round left out.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.measure import seeds_of, timed
from benchmarks.rule_facts import AS_OF, PROVINCE, making, only_facts
from qifu.engines.rules.edges import facts_asked
from qifu.engines.rules.kernel import Sweep, encode
from qifu.engines.rules.over_rows import amounts
from qifu.engines.rules.site_book import site_rules
from qifu.engines.rules.tree import Bound, Truth
from qifu.registers.enterprises import snapshot as snapshots
from qifu.registers.enterprises.generate_facts import blocks
from qifu.services.policies.simulate import simulate, size_bounds
from qifu.services.policies.small_cells import Veil, shown_by, shown_total

FOLDER = Path(__file__).parent / "push_policies"
SIZES, QUICK = (1_000_000, 10_000_000), 20_000
FIXED_SEED = "2024"
ROUNDS = 7
GOAL_MS, GOAL_SIZE = 1000, 1_000_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """--size is the number of enterprises; without it 1 and 10 million."""
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--folder", type=Path, help="where the snapshot is made for the time of the run")


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the rows of each policy, for each size and seed."""
    sizes = [options.size] if options.size else [QUICK] if options.quick else SIZES
    results: list[dict[str, Any]] = []
    for seed in seeds_of(options, FIXED_SEED):
        for size in sizes:
            print(f"seed {seed}, {size} enterprises", file=sys.stderr)
            with tempfile.TemporaryDirectory(dir=options.folder, prefix="simulation-") as folder:
                results += _measured(Path(folder), size, seed, options.rounds)
    return results


def _measured(folder: Path, size: int, seed: str, rounds: int) -> list[dict[str, Any]]:
    texts = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.yaml"))}
    bounds = {code: _read(code, raw)[0] for code, raw in texts.items()}
    first = next(iter(bounds.values()))
    classes = [one for one in size_bounds(site_rules(PROVINCE).book, first) if one is not None]
    facts = only_facts({fact for one in (*bounds.values(), *classes) for fact in facts_asked(one)})
    snapshot = snapshots.build(
        folder, blocks(making(size, seed, facts)), facts, as_of=AS_OF, at=datetime(2024, 6, 30, tzinfo=UTC),
        source="benchmark", in_order=True,
    )  # fmt: skip
    rows = [_row(code, raw, None, snapshot, size, seed, rounds) for code, raw in texts.items()]
    before = list(bounds.values())[-1]
    return [*rows, _row(first.code, texts[first.code], before, snapshot, size, seed, rounds)]


def _read(code: str, raw: bytes) -> tuple[Bound, Any]:
    book, _ = site_rules(PROVINCE).book.with_text(raw, where=f"{code}.yaml")
    return book.bind(code, AS_OF), book


def _row(
    code: str, raw: bytes, before: Bound | None, snapshot: snapshots.Snapshot, size: int, seed: str, rounds: int
) -> dict[str, Any]:  # fmt: skip
    ours, theirs = list[float](), list[float]()
    for number in range(rounds + 1):
        found, milliseconds = timed(lambda: _figures(code, raw, before, snapshot))
        told, kernel = timed(lambda: _kernel(_read(code, raw)[0], snapshot))
        if number:  # the first round warms the files and the kernel
            ours.append(milliseconds)
            theirs.append(kernel)
    total = found.total
    value, peer = statistics.median(ours), statistics.median(theirs)
    beside = ", with the version before" if before is not None else ""
    return {
        "job": f"{code} from its text to the figures over {size} enterprises{beside}: {total.met} met, seed {seed}",
        "metric": "time",
        "value": round(value, 1),
        "unit": "ms",
        "goal": GOAL_MS if size <= GOAL_SIZE else None,
        "peer": "batch kernel, counts and cost in total",
        "peer_basis": "same_run",
        "peer_value": round(peer, 1),
        "ratio": round(peer / value, 2),
        "equal": (total.met, total.unknown, total.short, total.fen) == told,
    }


def _figures(code: str, raw: bytes, before: Bound | None, snapshot: snapshots.Snapshot) -> Any:
    bound, book = _read(code, raw)
    found = simulate(snapshot, bound, size_bounds(book, bound), before=before)
    veil = Veil(b"benchmark")
    shown_total(found, veil)
    for key in ("city", "place", "section", "size"):
        shown_by(found, key, veil)
    found.amounts.caps()
    return found


def _kernel(bound: Bound, snapshot: snapshots.Snapshot) -> tuple[int, int, int, int]:
    """What the kernel counts: met, unknown, one short; and the sum of the amounts of the met."""
    facts = only_facts(facts_asked(bound))
    table = snapshots.read(snapshot, ["uscc", *facts.facts])
    sweep = Sweep(encode(table, facts, [bound]), [bound])
    counts = sweep.counts(near=True)
    met = [
        chunk.rows(segment)
        for chunk in sweep.rows(met=True, unknown=False)
        for segment in range(len(chunk.policy))
        if chunk.verdict[segment] == Truth.MET
    ]
    cost = 0
    if met and bound.amount is not None:
        given = amounts(bound, table, np.concatenate(met))
        cost = pc.sum(given.cast(pa.decimal128(38, 0))).as_py() or 0
    assert counts.short is not None
    return int(counts.met[0]), int(counts.unknown[0]), int(counts.short[0]), int(cost)
