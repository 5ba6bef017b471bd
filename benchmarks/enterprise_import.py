"""Import of a registration file of 100,000 made-up rows with dirt, from file to last row, judged against the truth.

Runs on SQLite (name index included) or, under `python -m tests.postgres`, PostgreSQL. Judged row by row: what must be
refused is, the remark stands at the right row and column, a single slip in a code is proposed right, what must arrive
stands in the table with exactly the true facts, and nothing clean is remarked on. The peer is a naive loop of
`get_or_create` over the same rows that reads and reports nothing. The 3,000 real rows follow where they are at hand.
"""

from __future__ import annotations

import argparse
import csv
import logging
import os
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import scratch_database, seeds_of

SIZE, QUICK = 100_000, 1_000
FIXED_SEED = "2024"
DIRT = 0.15
NAIVE_ROWS = 2_000
GOAL_SECONDS = 60
AT = datetime(2024, 6, 20, 2, 0, tzinfo=UTC)
SHARED = Path(os.environ.get("QIFU_SHARED") or Path(__file__).resolve().parents[2] / "shared")
REAL = SHARED / "data" / "enterprises" / "zhejiang_registered_3000.csv"


def arguments(parser: argparse.ArgumentParser) -> None:
    """No options of its own; --size is the number of rows."""


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Import made and real files into a database of its own, and return the results."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["QIFU_DATA_DIR"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qifu.portal.settings")
        import django

        django.setup()
        from django.db import connection

        logging.disable(logging.WARNING)
        size = options.size or (QUICK if options.quick else SIZE)
        seeds = seeds_of(options, FIXED_SEED)
        results: list[dict[str, Any]] = []
        for seed in seeds:
            print(f"seed {seed}, {size} rows, {connection.vendor}", file=sys.stderr)
            with scratch_database(connection):
                results += made_rows(Path(folder), size, seed) + real_rows()
        return results


def made_rows(folder: Path, size: int, seed: str) -> list[dict[str, Any]]:
    """Time and judge the import of made rows, once more over the same file, and the naive loop."""
    from django.conf import settings
    from django.db import connection

    from qifu.foundation.access import SYSTEM
    from qifu.registers.divisions.actions import load_divisions
    from qifu.registers.enterprises.demo import counties
    from qifu.registers.enterprises.generate import make, write_csv

    load_divisions(by=SYSTEM, at=AT, path=Path(settings.PROVINCE_DIR) / "divisions.yaml")
    made = list(make(size, seed, counties(AT.date()), dirt=DIRT))
    path = folder / "made.csv"
    write_csv(path, made)
    where = connection.vendor
    row, seconds, processor = import_file(path)
    faults = judge(made, row)
    again, seconds_again, _ = import_file(path)
    naive = naive_loop(path, min(size, NAIVE_ROWS))
    created = sum(one.outcome == "created" for one in made)
    refused = sum(one.outcome == "refused" for one in made)
    whole = row.state == "done" and (row.created, row.refused) == (created, refused)
    idempotent = (again.created, again.updated, again.refused) == (0, 0, refused)
    for fault, examples in faults.items():
        print(f"  {fault}: {len(examples)}, such as {examples[0]}", file=sys.stderr)
    wrong = len({number for examples in faults.values() for number, _ in examples})
    peer = {"peer": "get_or_create loop", "peer_basis": "same_run", "peer_value": round(naive)}
    return [
        result(f"{where}: import of {size:,} rows", "time", seconds, "s", goal=GOAL_SECONDS),
        result(f"{where}: import of {size:,} rows, processor", "time", processor, "s"),
        result(
            f"{where}: rows per second", "rate", size / seconds, "rows/s", **peer, ratio=round(size / seconds / naive, 2)
        ),
        result(f"{where}: rows right in every respect", "share", (size - wrong) / size, "of 1", goal=1, equal=whole),
        result(f"{where}: the same file again", "time", seconds_again, "s", equal=idempotent),
    ]  # fmt: skip


def import_file(path: Path) -> tuple[Any, float, float]:
    """Import a file as the command does; return the import, and seconds of the clock and of the processor."""
    from qifu.foundation.access import SYSTEM
    from qifu.foundation.imports import actions
    from qifu.foundation.imports.kinds import import_kinds
    from qifu.foundation.imports.queries import proposal_for
    from qifu.foundation.imports.run import run_import

    started, worked = time.perf_counter(), time.process_time()
    with path.open("rb") as file:
        proposal = proposal_for(file, import_kinds()["enterprises"])
        row = actions.upload_import(
            kind="enterprises", filename=path.name, content=file, mapping=proposal.mapping, unclassified=True, by=SYSTEM,
            at=AT, limit=4 << 30,
        )  # fmt: skip
    actions.confirm_import(row=row, by=SYSTEM, at=AT, by_worker=False)
    row = run_import(row.pk, clock=lambda: AT, report=lambda *_: None)
    return row, time.perf_counter() - started, time.process_time() - worked


def judge(made: list[Any], row: Any) -> dict[str, list[tuple[int, str]]]:
    """Compare every row with its truth; return the faults: what is wrong, and (row number, kind of dirt) of each."""
    from qifu.foundation.imports.queries import remarks
    from qifu.registers.enterprises.columns import COLUMNS
    from qifu.registers.enterprises.models import Enterprise

    told: dict[int, list[Any]] = defaultdict(list)
    for remark in remarks(row).iterator():
        told[remark.row_number].append(remark)
    standing = {one.uscc: one for one in Enterprise.objects.iterator()}
    titles = {column.name: column.title for column in COLUMNS}
    faults: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for number, one in enumerate(made, start=2):
        mine = told[number]
        if any(r.refused for r in mine) != (one.outcome == "refused"):
            faults["outcome"].append((number, one.fault))
        if one.column and all(r.column != titles[one.column] for r in mine):
            faults["not remarked"].append((number, one.fault))
        if not one.column and mine:
            faults["remarked though right"].append((number, one.fault))
        slip = one.fault in ("code_look_alike", "code_cut")
        if slip and all(one.right not in r.proposal for r in mine):
            faults["proposal"].append((number, one.fault))
        if one.outcome == "created" and not facts_agree(one, standing.get(one.facts["uscc"])):
            faults["facts"].append((number, one.fault))
    return faults


def facts_agree(made: Any, row: Any) -> bool:
    """Tell whether the table holds exactly the true facts; empty text and none are the same."""
    return row is not None and all((getattr(row, key) or None) == (value or None) if value != 0 else getattr(row, key) == 0
                                   for key, value in made.facts.items())  # fmt: skip


def naive_loop(path: Path, count: int) -> float:
    """Return rows per second of a loop that takes cells as they are, in one transaction."""
    from qifu.foundation.access import SYSTEM, Permission, declare_permissions
    from qifu.foundation.action import action, actions
    from qifu.registers.enterprises.models import Enterprise, EnterpriseSource

    declare_permissions(Permission("benchmark.naive", "压测", {}))
    if "benchmark.naive" not in actions():

        @action("benchmark.naive", title="压测", permission="benchmark.naive")
        def _naive(*, rows: list[dict[str, str]], by: Any, at: datetime) -> None:
            source, _ = EnterpriseSource.objects.get_or_create(name="naive", defaults={"added_at": at})
            for row in rows:
                Enterprise.objects.get_or_create(
                    uscc="N" + row["统一社会信用代码"][:17],
                    defaults={
                        "name": row["企业名称"], "name_text": row["企业名称"], "address": row["注册地址"], "scope": row["经营范围"],
                        "legal_representative": row["法定代表人"], "source": source, "updated_at": at,
                    },
                )  # fmt: skip

    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row, _ in zip(csv.DictReader(file), range(count), strict=False)]
    started = time.perf_counter()
    actions()["benchmark.naive"](rows=rows, by=SYSTEM, at=AT)
    return len(rows) / (time.perf_counter() - started)


def real_rows() -> list[dict[str, Any]]:
    """Import the 3,000 real registrations: every row arrives or is reported, and capital is read in every form."""
    from qifu.registers.enterprises.models import Enterprise

    if not REAL.is_file():
        print(f"no real rows at {REAL}", file=sys.stderr)
        return []
    row, seconds, _ = import_file(REAL)
    with REAL.open(encoding="utf-8-sig", newline="") as file:
        cells = list(csv.DictReader(file))
    codes = [one["统一社会信用代码"].strip() for one in cells]
    standing = {one.uscc: one for one in Enterprise.objects.filter(uscc__in=codes)}
    stated = [one for one in cells if one["注册资金"].strip()]
    read = sum(standing[one["统一社会信用代码"].strip()].capital is not None for one in stated)
    placed = sum(one.division_certainty in ("certain", "likely") for one in standing.values())
    arrived = row.created + row.updated + row.unchanged + row.refused == len(cells)
    founded = sum(
        one.established_on is not None and one.established_on < date(2024, 6, 20) for one in standing.values()
    )
    return [
        result(f"{len(cells):,} real rows", "time", seconds, "s", equal=arrived),
        result("real rows: in the table", "share", len(standing) / len(cells), "of 1"),
        result("real rows: capital read of those stated", "share", read / len(stated), "of 1"),
        result("real rows: date of establishment read", "share", founded / len(cells), "of 1"),
        result("real rows: county certain or likely", "share", placed / len(cells), "of 1"),
    ]


def result(job: str, metric: str, value: float, unit: str, **more: Any) -> dict[str, Any]:
    """Return one row of results."""
    blank = dict.fromkeys(("goal", "peer", "peer_basis", "peer_value", "ratio", "equal"))
    return {"job": job, "metric": metric, "value": round(value, 4), "unit": unit, **blank, **more}
