"""The benchmark itself: `python -m benchmarks document_reader [--quick] [--size N] [--seed S] [--only KIND] [--show N] [--clean]`."""

from __future__ import annotations

import argparse
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .corpus import Document, corpus
from .model import Record
from .mutate import MUTATIONS
from .score import Score, score
from .show import show

GOALS = {"accuracy": 0.97, "silent": 0.003, "false_warnings": 2.0, "seconds": 2.0}
FIXED_SEED = "2024"
SIZE, QUICK = 420, 8
Reader = Callable[[Path], Record]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--only", choices=sorted(MUTATIONS), help="every document carries this kind of damage"
    )
    parser.add_argument(
        "--show", type=int, default=0, metavar="N", help="print the N worst documents with their wrong leaves"
    )
    parser.add_argument("--clean", action="store_true", help="no damage at all")
    parser.add_argument("--format", dest="form", help="only this format")
    parser.add_argument("--family", help="only this family of plans")


def qifu_reader(path: Path) -> Record:
    from qifu.engines.official_documents import read_plan

    reading = read_plan(path).to_json()
    assert isinstance(reading, dict), "to_json() gives the contract's object"
    return reading


def measure(documents: Iterable[Document], reader: Reader, folder: Path) -> list[Score]:
    """Read and score every document; a reader that breaks scores nothing on it."""
    scores = []
    for document in documents:
        path = folder / document.filename
        path.write_bytes(document.content)
        started = time.perf_counter()
        error = None
        try:
            reading = reader(path)
        except ImportError:
            raise
        except Exception as problem:  # the reader under test may break in any way: that is a result
            reading, error = {}, f"{type(problem).__name__}: {problem}"
        seconds = time.perf_counter() - started
        one = score(document.plan, reading)
        one.seconds, one.error = seconds, error
        scores.append(one)
    return scores


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """The results of the benchmark, one row a job and metric."""
    if options.seed is not None:
        seeds = [str(options.seed)]
    elif options.quick:
        seeds = [FIXED_SEED, secrets.token_hex(4)]
        print(f"seeds: {seeds}", file=sys.stderr)
    else:
        seeds = [FIXED_SEED]
    size = options.size or (QUICK if options.quick else SIZE)
    folder = Path(tempfile.mkdtemp(prefix="plans-"))
    documents = [
        d
        for seed in seeds
        for d in corpus(seed, size, options.only, options.clean)
        if (not options.form or options.form == d.form)
        and (not options.family or options.family == d.plan.family)
    ]
    scores = measure(documents, qifu_reader, folder)
    if options.show:
        show(scores, documents, folder, options.show)
    return results(scores)


def results(scores: list[Score]) -> list[dict[str, Any]]:
    rows = _figures("all", scores)
    times = [s.seconds for s in scores]
    rows += [
        _row("all", "seconds_median", statistics.median(times), "s", GOALS["seconds"]),
        _row("all", "seconds_max", max(times), "s", GOALS["seconds"]),
        _row("all", "documents", len(scores), "documents", None),
        _row("all", "broken", sum(bool(s.error) for s in scores), "documents", 0),
    ]
    rows += _leaf_figures(
        "damaged rows",
        [leaf for s in scores for leaf in s.leaves if leaf.record is not None and _hit(s, leaf)],
    )
    for kind in sorted(MUTATIONS):
        hit = [leaf for s in scores for leaf in s.leaves if kind in leaf.kinds]
        if hit:
            rows += _leaf_figures(f"kind {kind}", hit)
            rows.append(
                _row(
                    f"kind {kind}",
                    "times",
                    sum(d.kind == kind for s in scores for d in s.plan.damages),
                    "times",
                    None,
                )
            )
    return rows


def _hit(one: Score, leaf: Any) -> bool:
    return any(record is leaf.record for damage in one.plan.damages for record in damage.records)


def _figures(job: str, scores: list[Score]) -> list[dict[str, Any]]:
    rows = _leaf_figures(job, [leaf for s in scores for leaf in s.leaves])
    right = sum(s.right_fields for s in scores)
    false = sum(len(s.false_warnings) for s in scores)
    rows.append(
        _row(
            job,
            "false_warnings",
            100 * false / max(1, right),
            "per 100 right fields",
            GOALS["false_warnings"],
        )
    )
    return rows


def _leaf_figures(job: str, leaves: list[Any]) -> list[dict[str, Any]]:
    total = max(1, len(leaves))
    return [
        _row(job, "accuracy", sum(leaf.right for leaf in leaves) / total, "of leaves", GOALS["accuracy"]),
        _row(job, "silent", sum(leaf.silent for leaf in leaves) / total, "of leaves", GOALS["silent"]),
        _row(job, "leaves", len(leaves), "leaves", None),
    ]


def _row(job: str, metric: str, value: float, unit: str, goal: float | None) -> dict[str, Any]:
    return {
        "job": job,
        "metric": metric,
        "value": round(value, 5),
        "unit": unit,
        "goal": goal,
        "peer": None,
        "peer_basis": None,
        "peer_value": None,
        "ratio": None,
        "equal": None,
    }
