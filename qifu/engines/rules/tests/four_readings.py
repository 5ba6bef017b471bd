"""The readings of a rule side by side: each says of every (rule, enterprise) pair the same four things.

`difference` takes seeded random rules and enterprises through every reading at hand and tells the first pair on which
one does not say what the judge says.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

import duckdb
import numpy as np
import psycopg
import pyarrow as pa

from qifu.engines.rules import over_rows
from qifu.engines.rules.explain import explain
from qifu.engines.rules.judge import amount, verdict
from qifu.engines.rules.kernel import Sweep, encode
from qifu.engines.rules.over_rows import Rows, unmet_counts
from qifu.engines.rules.python_code import compile_bounds
from qifu.engines.rules.random_rules import boundary_rows, random_bound
from qifu.engines.rules.sql import verdict_query
from qifu.engines.rules.sql_conditions import name
from qifu.engines.rules.tree import Bound, Truth
from qifu.registers.enterprises.fact_book import FactBook, Value
from qifu.registers.enterprises.kept_table import as_strings, table_of

Said = tuple[int, int | None, int, str | None]
"""Truth, amount in fen, number of unmet leaves, the only unmet leaf of an unmet rule."""
RULES, ROWS, EXPLAINED = 20, 100, 25
"""Of one batch, so that a batch is RULES x ROWS pairs."""
LAST = chr(0x10FFFF)
POSTGRES_TYPES = {"int64": "bigint", "int32": "integer", "int8": "smallint", "string": "text"}


@dataclass(frozen=True)
class Batch:
    """Rules and enterprises that are tried with one another; the table is sorted, and `rows` are in its order."""

    bounds: Sequence[Bound]
    rows: Sequence[Mapping[str, Value]]
    table: pa.Table
    facts: FactBook


Reading = Callable[[Batch], list[list[Said]]]
"""Gives what is said of each row, for each rule."""


def batches(seed: str, pairs: int, facts: FactBook) -> Iterator[Batch]:
    """Give random batches that hold at least so many pairs."""
    random = Random(seed)
    for number in range(-(-pairs // (RULES * ROWS))):
        bounds = [
            random_bound(random, facts, code=f"random-{number}-{k}", depth=random.randint(1, 4))
            for k in range(RULES)
        ]
        yield batch_of(bounds, boundary_rows(random, bounds, facts, ROWS, missing=0.12), facts)


def batch_of(bounds: Sequence[Bound], rows: Sequence[Mapping[str, Value]], facts: FactBook) -> Batch:
    """Return the batch of these rules and enterprises."""
    ordered = sorted(rows, key=lambda row: [str(row.get(fact) or LAST) for fact in ("place", "industry")])
    table = table_of(((f"{number:018d}", row) for number, row in enumerate(ordered)), facts)
    return Batch(bounds, ordered, table, facts)


def judged(batch: Batch) -> list[list[Said]]:
    """What the judge says, which the others must say too."""
    found = [[verdict(bound, row) for row in batch.rows] for bound in batch.bounds]
    return [
        [(int(each.truth), each.amount_fen, each.unmet_count, each.unmet_leaf) for each in rows]
        for rows in found
    ]


def plain_table(batch: Batch) -> pa.Table:
    """Return the table as SQL sees it: codes are strings."""
    columns = {title: as_strings(batch.table[title]) for title in batch.table.column_names}
    return pa.table(columns)


def in_duckdb(batch: Batch) -> list[list[Said]]:
    """What DuckDB says."""
    with duckdb.connect() as base:
        base.execute("SET threads = 1")
        base.register("arrow", plain_table(batch))
        base.execute("CREATE TABLE kept AS FROM arrow")
        return [
            [_said(row) for row in base.execute(ordered(bound, "kept", "duckdb")).fetchall()]
            for bound in batch.bounds
        ]


def ordered(bound: Bound, table: str, dialect: Any) -> str:
    return f"SELECT * FROM ({verdict_query(bound, table, dialect)}) AS said ORDER BY uscc"


def in_postgresql(batch: Batch, url: str) -> list[list[Said]]:
    """What PostgreSQL says."""
    table = plain_table(batch)
    columns = ", ".join(f"{name(column.name)} {POSTGRES_TYPES[str(column.type)]}" for column in table.schema)
    with psycopg.connect(url) as base, base.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE kept ({columns})")
        with cursor.copy("COPY kept FROM STDIN") as copy:
            for row in table.to_pylist():
                copy.write_row(list(row.values()))
        return [
            [_said(row) for row in cursor.execute(ordered(bound, "kept", "postgresql")).fetchall()]
            for bound in batch.bounds
        ]


def explained(batch: Batch) -> list[list[Said]]:
    """What the explanation of every EXPLAINED-th enterprise says; the rest is the judge's."""
    found = judged(batch)
    for k, bound in enumerate(batch.bounds):
        for row in range(k % EXPLAINED, len(batch.rows), EXPLAINED):
            said = explain(bound, batch.facts, batch.rows[row])
            unmet = [leaf.id for leaf in said.leaves if leaf.truth == Truth.UNMET]
            only = unmet[0] if said.truth == Truth.UNMET and len(unmet) == 1 else None
            found[k][row] = int(said.truth), said.amount_fen, len(unmet), only
    return found


def in_python(batch: Batch) -> list[list[Said]]:
    """What the generated Python says: truths alone, the rest is the judge's."""
    compiled = compile_bounds(batch.bounds)
    truths = [compiled.judge(row) for row in batch.rows]
    return [
        [(int(truths[n][k]), *said[1:]) for n, said in enumerate(rows)]
        for k, rows in enumerate(judged(batch))
    ]


def by_kernel(batch: Batch) -> list[list[Said]]:
    """What the kernel says, with the amounts and counts that are added to its rows."""
    encoded = encode(batch.table, batch.facts, batch.bounds)
    sweep = Sweep(encoded, batch.bounds)
    truths = np.zeros((len(batch.bounds), len(batch.rows)), np.int8)
    leaf = np.full(truths.shape, -1)
    for chunk in sweep.rows(met=True, unknown=True, near=True, threads=1):
        for segment in range(len(chunk.policy)):
            place = chunk.policy[segment], chunk.rows(segment)
            assert not truths[place].any(), "a pair is given twice"
            truths[place] = chunk.verdict[segment]
            leaf[place] = chunk.leaf[segment]
    return [_with_amounts(batch, k, truths[k], leaf[k], sweep) for k in range(len(batch.bounds))]


def _with_amounts(batch: Batch, policy: int, truths: Any, leaf: Any, sweep: Sweep) -> list[Said]:
    bound = batch.bounds[policy]
    counts = unmet_counts(bound, Rows(batch.table))
    amounts = _amounts(batch, bound, np.flatnonzero(truths == Truth.MET))
    return [
        (
            int(truth),
            amounts.get(row),
            int(counts[row]),
            None if leaf[row] < 0 else sweep.leaf_id(policy, int(leaf[row])),
        )
        for row, truth in enumerate(truths)
    ]


def _amounts(batch: Batch, bound: Bound, met: Any) -> dict[int, int | None]:
    """Return the amounts of rows that are met; of one that no int64 holds, it is the judge's to say that it is so large."""
    if bound.amount is None or not len(met):
        return {}
    try:
        return dict(zip(met.tolist(), over_rows.amounts(bound, batch.table, met).to_pylist(), strict=True))
    except OverflowError:
        if len(met) > 1:
            return {
                row: given for one in met for row, given in _amounts(batch, bound, np.array([one])).items()
            }
        granted = amount(bound.amount, batch.rows[met[0]])
        assert granted is not None and granted >= 2**63
        return {int(met[0]): granted}


def readings(url: str = os.environ.get("DATABASE_URL", "")) -> dict[str, Reading]:
    """Return the readings beside the judge; PostgreSQL where `url` names one."""
    found: dict[str, Reading] = {
        "explanation": explained,
        "python": in_python,
        "duckdb": in_duckdb,
        "kernel": by_kernel,
    }
    if url.startswith("postgres"):
        found["postgresql"] = partial(in_postgresql, url=url)
    return found


def _said(row: Sequence[Any]) -> Said:
    _, truth, amount, count, leaf = row
    return int(truth), None if amount is None else int(amount), int(count), leaf


@dataclass
class Comparison:
    """How many pairs were compared, and where each reading said something else than the judge."""

    pairs: int = 0
    truths: dict[int, int] = field(default_factory=lambda: {0: 0, 1: 0, 2: 0})
    amounts: int = 0
    differences: dict[str, int] = field(default_factory=dict)
    first: str = ""


def compare(seed: str, pairs: int, facts: FactBook, readings: Mapping[str, Reading]) -> Comparison:
    """Take so many random pairs through the readings."""
    return compare_batches(batches(seed, pairs, facts), readings)


def compare_batches(tried: Iterable[Batch], readings: Mapping[str, Reading]) -> Comparison:
    """Take batches through the readings."""
    found = Comparison(differences=dict.fromkeys(readings, 0))
    for batch in tried:
        expected = judged(batch)
        for said in (each for rows in expected for each in rows):
            found.pairs += 1
            found.truths[said[0]] += 1
            found.amounts += said[1] is not None
        for title, reading in readings.items():
            _count(found, title, batch, expected, reading(batch))
    return found


def _count(
    found: Comparison, title: str, batch: Batch, expected: list[list[Said]], said: list[list[Said]]
) -> None:
    for bound, wanted, given in zip(batch.bounds, expected, said, strict=True):
        for row, ours, theirs in zip(batch.rows, wanted, given, strict=True):
            if ours != theirs:
                found.differences[title] += 1
                if not found.first:
                    found.first = f"{title}: {bound}\n{row}\nthe judge: {ours}\n{title}: {theirs}"
