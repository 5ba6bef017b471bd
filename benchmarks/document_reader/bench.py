"""The benchmark itself: `python -m benchmarks document_reader [--quick] [--size N] [--seed S] [--only KIND] [--show N] [--clean]`."""

from __future__ import annotations

import argparse
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from . import baseline
from .corpus import Document, corpus, families
from .leaves import Leaf
from .model import Record
from .mutate import MUTATIONS
from .render import FORMATS
from .score import Score, placed, score
from .show import show, table

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
    """Read and score every document; a reader that breaks scores nothing on it.

    Seconds are the processor's, so that a busy machine does not change the figure; the wall clock's are kept beside them.
    """
    scores = []
    for document in documents:
        path = folder / document.filename
        path.write_bytes(document.content)
        started, worked = time.perf_counter(), time.process_time()
        error = None
        try:
            reading = reader(path)
        except ImportError:
            raise
        except Exception as problem:  # the reader under test may break in any way: that is a result
            reading, error = {}, f"{type(problem).__name__}: {problem}"
        wall, seconds = time.perf_counter() - started, time.process_time() - worked
        one = score(document.plan, reading)
        one.seconds, one.wall, one.error = seconds, wall, error
        if document.form.startswith("txt"):
            one.placed = placed(one, document.content.decode())
        scores.append(one)
    return scores


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """The results of the benchmark, one row a job and metric, the plain reader beside ours on the same files."""
    if options.seed is not None:
        seeds = [str(options.seed)]
    elif options.quick:
        seeds = [FIXED_SEED, secrets.token_hex(4)]
        print(f"seeds: {seeds}", file=sys.stderr)
    else:
        seeds = [FIXED_SEED]
    size = options.size or (QUICK if options.quick else SIZE)
    documents = [
        d
        for seed in seeds
        for d in corpus(seed, size, options.only, options.clean)
        if options.form in (None, d.form) and options.family in (None, d.plan.family)
    ]
    folder = Path(tempfile.mkdtemp(prefix="plans-"))
    ours = measure(documents, qifu_reader, folder)
    plain = measure(documents, baseline.read, folder)
    rows = results(ours, documents, plain)
    if options.show:
        show(ours, documents, folder, options.show)
        table(rows)
    else:
        shutil.rmtree(folder)
    return rows


def results(ours: list[Score], documents: list[Document], plain: list[Score]) -> list[dict[str, Any]]:
    """Figures over all documents, over damaged rows alone, by format, by family and by kind of damage."""

    def job(name: str, chosen: Callable[[int], bool]) -> list[dict[str, Any]]:
        picked = [i for i in range(len(ours)) if chosen(i)]
        return figures(name, [ours[i] for i in picked], [plain[i] for i in picked]) if picked else []

    rows = job("all", lambda i: True)
    rows.append(row("all", "documents", len(ours), "documents"))
    rows.append(row("all", "broken", sum(bool(s.error) for s in ours), "documents", 0))
    lines = [sum(one.placed[i] for one in ours) for i in (0, 1)]
    if lines[1]:
        rows.append(row("all", "source_line", lines[0] / lines[1], "of rows in txt files", 1.0))
    rows += leaf_figures("damaged rows", hit(ours), hit(plain))
    for form in FORMATS:
        rows += job(f"format {form}", lambda i, form=form: documents[i].form == form)  # type: ignore[misc]
    for family in families():
        rows += job(f"family {family}", lambda i, family=family: documents[i].plan.family == family)  # type: ignore[misc]
    for kind in sorted(MUTATIONS):
        times = sum(d.kind == kind for s in ours for d in s.plan.damages)
        if times:
            rows += leaf_figures(f"kind {kind}", of_kind(ours, kind), of_kind(plain, kind))
            rows.append(row(f"kind {kind}", "times", times, "times", 30 if len(ours) >= 200 else None))
    return rows


def hit(scores: list[Score]) -> list[Leaf]:
    """Leaves of rows that some damage touched."""
    leaves = []
    for one in scores:
        touched = {id(record) for damage in one.plan.damages for record in damage.records}
        leaves += [leaf for leaf in one.leaves if leaf.record is not None and id(leaf.record) in touched]
    return leaves


def of_kind(scores: list[Score], kind: str) -> list[Leaf]:
    return [leaf for s in scores for leaf in s.leaves if kind in leaf.kinds]


def figures(job: str, ours: list[Score], plain: list[Score]) -> list[dict[str, Any]]:
    rows = leaf_figures(
        job, [leaf for s in ours for leaf in s.leaves], [leaf for s in plain for leaf in s.leaves]
    )
    false = [
        100 * sum(len(s.false_warnings) for s in scores) / max(1, sum(s.right_fields for s in scores))
        for scores in (ours, plain)
    ]
    rows.append(
        row(job, "false_warnings", false[0], "per 100 right fields", GOALS["false_warnings"], false[1])
    )
    seconds = [[s.seconds for s in scores] for scores in (ours, plain)]
    rows.append(
        row(
            job,
            "seconds_median",
            statistics.median(seconds[0]),
            "s",
            GOALS["seconds"],
            statistics.median(seconds[1]),
        )
    )
    rows.append(row(job, "seconds_max", max(seconds[0]), "s", GOALS["seconds"], max(seconds[1])))
    rows.append(
        row(job, "wall_seconds_max", max(s.wall for s in ours), "s", None, max(s.wall for s in plain))
    )
    return rows


def leaf_figures(job: str, ours: list[Leaf], plain: list[Leaf]) -> list[dict[str, Any]]:
    def share(leaves: list[Leaf], name: str) -> float:
        return sum(bool(getattr(leaf, name)) for leaf in leaves) / max(1, len(leaves))

    return [
        row(
            job,
            "accuracy",
            share(ours, "right"),
            "of leaves",
            GOALS["accuracy"],
            share(plain, "right"),
            more=True,
        ),
        row(job, "silent", share(ours, "silent"), "of leaves", GOALS["silent"], share(plain, "silent")),
        row(job, "leaves", len(ours), "leaves"),
    ]


def row(
    job: str,
    metric: str,
    value: float,
    unit: str,
    goal: float | None = None,
    peer: float | None = None,
    more: bool = False,
) -> dict[str, Any]:
    """One result; `more`: more is better. A ratio over nothing is null."""
    ratio = None
    if peer is not None and (peer if more else value):
        ratio = value / peer if more else peer / value
    return {
        "job": job, "metric": metric, "value": round(value, 5), "unit": unit, "goal": goal,
        "peer": None if peer is None else "plain table extraction", "peer_basis": None if peer is None else "same_run",
        "peer_value": None if peer is None else round(peer, 5), "ratio": None if ratio is None else round(ratio, 3), "equal": None if peer is None else False,
    }  # fmt: skip
