"""The measure of the document reader is itself measured: its truth, its damage, its count of silent errors."""

from __future__ import annotations

import argparse
import io
import json
import os
import secrets
import zipfile
from random import Random
from typing import Any

import pytest

from benchmarks.document_reader import bench, plan_2024
from benchmarks.document_reader.corpus import AT_LEAST, Document, corpus
from benchmarks.document_reader.generate import FAMILIES, generate
from benchmarks.document_reader.leaves import mark, preferred
from benchmarks.document_reader.model import Plan, Record
from benchmarks.document_reader.mutate import MUTATIONS, mutate
from benchmarks.document_reader.render import FORMATS, render
from benchmarks.document_reader.score import score

needs_plan = pytest.mark.skipif(
    not plan_2024.text_file().exists() and os.environ.get("CI") != "true",
    reason="the 2024 plan's text is not at hand (QIFU_SHARED)",
)


def reading_of(truth: Any) -> Any:
    """The reading of a reader that makes no mistake."""
    kind = mark(truth)
    if kind == "any":
        return reading_of(truth["any"][0])
    if kind == "sha256":
        return truth
    if kind:
        return preferred(truth)
    if isinstance(truth, dict):
        return {key: reading_of(value) for key, value in truth.items()}
    return [reading_of(one) for one in truth] if isinstance(truth, list) else truth


def warn(part: str, number: int | None, field: str | None) -> Record:
    return {
        "code": "x",
        "severity": "warning",
        "where": {"part": part, "number": number, "field": field, "line": None},
        "text": "",
        "proposal": None,
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_a_perfect_reading_of_an_undamaged_plan_is_all_right(family: str) -> None:
    for seed in range(6):
        plan = generate(f"perfect:{seed}", family)
        result = score(plan, reading_of(plan.truth))
        assert len(result.leaves) > 30
        assert not result.wrong, [(leaf.part, leaf.path) for leaf in result.wrong][:5]
        assert not result.false_warnings


def test_a_wrong_leaf_is_silent_until_it_is_named() -> None:
    plan = generate("broken", "three_annexes")
    reading = reading_of(plan.truth)
    reading["tasks"][2]["deadline"] = {"raw": "2031年1月", "kind": "month", "due": "2031-01-31"}
    silent = score(plan, reading)
    assert {leaf.path for leaf in silent.wrong} <= {"deadline.raw", "deadline.kind", "deadline.due"}
    assert len(silent.wrong) >= 2 and all(leaf.silent for leaf in silent.wrong)
    for word, heard in ((warn("tasks", 3, "deadline"), True), (warn("tasks", 3, None), True), (warn("tasks", 3, "measure"), False),
                        (warn("tasks", 4, "deadline"), False), (warn("actions", 3, "deadline"), False)):  # fmt: skip
        named = score(plan, reading | {"irregularities": [word]})
        assert all(leaf.silent != heard for leaf in named.wrong)
        assert len(named.false_warnings) == (0 if heard else 1)
    info = warn("tasks", 3, None) | {"severity": "info"}
    assert all(leaf.silent for leaf in score(plan, reading | {"irregularities": [info]}).wrong)


def test_missing_and_invented_rows_cost_all_their_leaves() -> None:
    plan = generate("rows", "three_annexes")
    reading = reading_of(plan.truth)
    gone = reading["tasks"].pop(1)
    missing = score(plan, reading)
    assert len(missing.wrong) >= 6 + len(gone["responsible"]) and all(leaf.silent for leaf in missing.wrong)
    reading["tasks"].insert(1, gone)
    reading["tasks"].append({**gone, "number": 99, "measure": "从未写过的一项任务"})
    invented = score(plan, reading)
    assert len(invented.wrong) >= 6 and all(leaf.record is None for leaf in invented.wrong)


def test_what_is_lost_must_be_said() -> None:
    plan = mutate(generate("lost", "three_annexes"), ["deadline_lost"], Random(1))
    (damage,) = plan.damages
    reading = reading_of(plan.truth)
    assert [leaf.path for leaf in score(plan, reading).wrong] == ["deadline.due"]
    reading["irregularities"] = [warn(damage.part, damage.records[0]["number"], "deadline")]
    assert not score(plan, reading).wrong


@pytest.mark.parametrize("kind", sorted(MUTATIONS))
def test_every_kind_of_damage_changes_the_document_and_says_where(kind: str) -> None:
    seen = 0
    for seed in range(60):
        plan = generate(f"{kind}:{seed}", FAMILIES[seed % len(FAMILIES)])
        damaged = mutate(plan, [kind], Random(seed))
        if not damaged.damages:
            continue
        seen += 1
        (damage,) = damaged.damages
        assert damage.kind == kind and (damage.records or damage.part == "document")
        form = "pdf_ruled" if kind in ("wraps", "page_noise") else "txt_tab"
        assert render(plan, form) != render(damaged, form), damage
    assert seen >= 5, "the kind finds no place in the plans"


def test_the_same_seed_gives_the_same_documents() -> None:
    for one, other in zip(corpus("twice", 16), corpus("twice", 16), strict=True):
        assert one.filename == other.filename
        assert content(one) == content(other)
    assert content(next(corpus("a", 1))) != content(next(corpus("b", 1)))


def content(document: Document) -> Any:
    """The bytes; of a .docx the parts, for the archive carries the time of writing."""
    if document.form != "docx":
        return document.content
    with zipfile.ZipFile(io.BytesIO(document.content)) as archive:
        return archive.read("word/document.xml")


def test_the_corpus_spreads_formats_families_and_damage() -> None:
    documents = list(corpus("spread", 90))
    counts = {kind: sum(d.kind == kind for doc in documents for d in doc.plan.damages) for kind in MUTATIONS}
    assert all(len(doc.plan.damages) >= AT_LEAST for doc in documents)
    assert min(counts.values()) >= 6, counts
    assert {doc.form for doc in documents} == set(FORMATS)
    assert {doc.plan.family for doc in documents} >= set(FAMILIES)


@needs_plan
def test_the_truth_of_the_2024_plan_stands_in_its_text() -> None:
    plan = plan_2024.load()
    truth = plan.truth
    assert [len(truth[part]) for part in ("indicators", "tasks", "actions", "duties")] == [25, 36, 14, 22]
    assert [gap["number"] for gap in truth["missing"]] == [9, 10]
    assert not score(plan, reading_of(truth)).wrong
    assert sum(isinstance(row, dict) for row in attached(plan)) == 25 + 36 + 14
    carried = max(len(text) for text in strings(plan_2024.truth_2024()) if len(text) != 64)
    assert carried < 45, "the truth carries facts, not the plan's prose"


def attached(plan: Plan) -> list[Record]:
    return [record for table in plan.tables() for row in table.data() for record in row.records]


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for child in children for text in strings(child)]


@pytest.mark.parametrize(
    ("seed", "accuracy", "silent"),
    [(bench.FIXED_SEED, 0.95, 0.01), (secrets.token_hex(4), 0.9, 0.05)],
    ids=["fixed", "random"],
)
def test_the_real_reader_holds_its_promises_on_a_small_sample(
    seed: str, accuracy: float, silent: float
) -> None:
    """The goals of the full run, loosened for eight documents; of the random ones a single table lost is 3 % of all leaves."""
    print(f"python -m benchmarks document_reader --seed {seed} --size {bench.QUICK} --show 3")
    parser = argparse.ArgumentParser()
    bench.arguments(parser)
    options = argparse.Namespace(**vars(parser.parse_args([])), quick=True, size=None, seed=seed)
    rows = bench.run(options)
    figures = {row["metric"]: row["value"] for row in rows if row["job"] == "all"}
    assert json.loads(json.dumps(rows)) == rows
    assert figures["broken"] == 0
    assert figures["accuracy"] >= accuracy, figures
    assert figures["silent"] <= silent, figures
    assert figures["false_warnings"] <= 2, figures
    assert figures["seconds_max"] < 2, figures
