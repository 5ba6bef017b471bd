"""The worst documents of a run, for whoever mends the reader."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .corpus import Document
from .leaves import ABSENT
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
        for leaf in sorted(one.wrong, key=lambda leaf: leaf.warned)[:most]:
            source = leaf.record or leaf.row or {}
            state = "warned" if leaf.warned else "SILENT"
            print(
                f"    {state} {leaf.part} {_short(source.get('number', source.get('text', '')))} {leaf.path}: "
                f"expected {_short(leaf.expected)} read {_short(leaf.actual)}",
                file=out,
            )
        for warning in one.false_warnings[:most]:
            print(f"    FALSE {json.dumps(warning, ensure_ascii=False)[:220]}", file=out)
    print(f"\nfiles: {folder}", file=out)


def _badness(both: tuple[Score, Document]) -> tuple[int, int]:
    one = both[0]
    return (sum(leaf.silent for leaf in one.leaves) + len(one.false_warnings), len(one.wrong))


def _short(value: Any) -> str:
    if value is ABSENT:
        return "—"
    return json.dumps(value, ensure_ascii=False, default=str)[:90]
