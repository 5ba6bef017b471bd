"""The worst documents of a run, for whoever mends the reader."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .corpus import Document
from .leaves import ABSENT, Leaf
from .score import Score


def show(scores: list[Score], documents: list[Document], folder: Path, count: int, most: int = 25) -> None:
    """Print to standard error: file, damage, wrong leaves (silent ones first) and false warnings of the worst documents."""
    out = sys.stderr
    together = sorted(zip(scores, documents, strict=True), key=_badness, reverse=True)
    for one, document in together[:count]:
        silent = sum(leaf.silent for leaf in one.leaves)
        print(f"\n=== {folder / document.filename}", file=out)
        print(
            f"    {len(one.leaves)} leaves, {len(one.wrong)} wrong, {silent} silent, {len(one.false_warnings)} false warnings, {one.seconds:.2f} s",
            file=out,
        )
        if one.error:
            print(f"    BROKE: {one.error}", file=out)
        for damage in one.plan.damages:
            numbers = [r.get("number", str(r.get("text", ""))[:16]) for r in damage.records]
            print(
                f"    damage {damage.kind} {damage.part} {numbers[:6]} {sorted(damage.fields)} {damage.note}",
                file=out,
            )
        for line in _lines(one)[:most]:
            print(f"    {line}", file=out)
        for warning in one.false_warnings[:most]:
            print(f"    FALSE {json.dumps(warning, ensure_ascii=False)[:220]}", file=out)
    print(f"\nfiles: {folder}", file=out)


def _lines(one: Score) -> list[str]:
    """Wrong leaves, silent ones first; a row that is missing or invented as a whole is one line."""
    whole: dict[tuple[int, int], list[Leaf]] = {}
    lines = []
    for leaf in sorted(one.wrong, key=lambda leaf: leaf.warned):
        source = leaf.record or leaf.row or {}
        name = f"{leaf.part} {_short(source.get('number', source.get('text', '')))}"
        if (leaf.record is not None and leaf.row is not None) or leaf.part == "document":
            state = "warned" if leaf.warned else "SILENT"
            lines.append(
                f"{state} {name} {leaf.path}: expected {_short(leaf.expected)} read {_short(leaf.actual)}"
            )
        else:
            whole.setdefault((id(leaf.record), id(leaf.row)), []).append(leaf)
    for leaves in whole.values():
        first = leaves[0]
        source = first.record or first.row or {}
        what = "missing" if first.row is None else "invented"
        texts = [source.get(key) for key in ("number", "measure", "name", "text") if source.get(key)]
        silent = sum(leaf.silent for leaf in leaves)
        lines.insert(0, f"ROW {what} in {first.part}: {_short(texts)}, {len(leaves)} leaves, {silent} silent")
    return lines


def table(rows: list[dict[str, Any]]) -> None:
    """The figures by job, a line each, to standard error."""
    jobs: dict[str, dict[str, float]] = {}
    for one in rows:
        jobs.setdefault(one["job"], {})[one["metric"]] = one["value"]
    print(
        f"\n{'job':28} {'accuracy':>9} {'silent':>8} {'false/100':>9} {'leaves':>7} {'s max':>6} {'times':>5}",
        file=sys.stderr,
    )
    for job, m in jobs.items():
        print(f"{job:28} {m.get('accuracy', 0):9.4f} {m.get('silent', 0):8.4f} {m.get('false_warnings', 0):9.2f} {m.get('leaves', 0):7.0f} "
              f"{m.get('seconds_max', 0):6.2f} {m.get('times', 0):5.0f}", file=sys.stderr)  # fmt: skip


def _badness(both: tuple[Score, Document]) -> tuple[int, int]:
    one = both[0]
    return (sum(leaf.silent for leaf in one.leaves) + len(one.false_warnings), len(one.wrong))


def _short(value: Any) -> str:
    if value is ABSENT:
        return "—"
    return json.dumps(value, ensure_ascii=False, default=str)[:90]
