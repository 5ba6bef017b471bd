"""Verdicts of policies kept up to date: after each of --changes random changes the kept rows equal all judged anew.

`changes`: the time of a look after one change, how many enterprises it judged, and whether kept equals full after every
one; the nightly check must then find nothing, and after a row was tampered with, must find just that. `new policy`: one
policy over --size enterprises with facts, written where it is met or one short: by our look, beside DuckDB over a
snapshot of the same facts, which counts only and writes nothing.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.measure import scratch_database, seeds_of, timed

CHANGES, QUICK_CHANGES = 1_000, 60
ENTERPRISES, POLICIES = 40, 8
SIZE, QUICK_SIZE = 50_000, 500
FIXED_SEED = "2024"


def arguments(parser: argparse.ArgumentParser) -> None:
    """--size is the number of enterprises of the new policy."""
    parser.add_argument("--changes", type=int, help="how many random changes")


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the rows of each seed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qifu.portal.settings")
    import django

    django.setup()
    from django.db import connection

    results: list[dict[str, Any]] = []
    for seed in seeds_of(options, FIXED_SEED):
        for part in (_changes, _new_policy):
            with scratch_database(connection):
                _registers()
                results += part(seed, options)
    return results


def _registers() -> None:
    from django.conf import settings

    from benchmarks.policy_changes import START
    from qifu.foundation.access import SYSTEM
    from qifu.registers.divisions.actions import load_divisions
    from qifu.registers.organisations.actions import load_organisations

    load_divisions(by=SYSTEM, at=START, path=settings.PROVINCE_DIR / "divisions.yaml")
    load_organisations(by=SYSTEM, at=START, province_dir=settings.PROVINCE_DIR)


def _row(job: str, metric: str, value: float | int | bool, unit: str, **more: Any) -> dict[str, Any]:
    return {"job": job, "metric": metric, "value": value, "unit": unit, **more}


def _changes(seed: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    from django.db.models import QuerySet

    from benchmarks.policy_changes import World
    from qifu.services.policies.actions.judge import catch_up, sweep
    from qifu.services.policies.models import PolicyMatch

    count = options.changes or (QUICK_CHANGES if options.quick else CHANGES)
    world = World(seed, ENTERPRISES, POLICIES)
    times, looked, wrong, kinds = list[float](), list[int](), list[str](), dict[str, int]()
    catch_up(at=world.at)
    for number in range(count):
        kind = world.step()
        kinds[kind] = kinds.get(kind, 0) + 1
        done, ms = timed(lambda: catch_up(at=world.at))
        if kind in ("tell", "register", "account"):
            times.append(ms)
            looked.append(done.judged)
        if world.kept() != world.full():
            wrong.append(f"{number} {kind}")
        if number % 100 == 99:
            print(f"{number + 1} changes, {len(wrong)} wrong", file=sys.stderr)
    nothing = sweep(at=world.at).differences
    row = PolicyMatch.objects.order_by("pk").first()
    tampered = 0
    if row is not None:
        QuerySet(PolicyMatch).filter(pk=row.pk).update(amount_fen=1, short_on="x")
        tampered = sweep(at=world.at + timedelta(hours=1)).differences
    job = f"changes, seed {seed}"
    return [
        _row(job, "changes", count, "changes", kinds=kinds, equal=not wrong, wrong=wrong[:10]),
        _row(job, "kept rows at the end", PolicyMatch.objects.count(), "rows"),
        _row(job, "a look after one fact, median", round(statistics.median(times), 1), "ms"),
        _row(job, "enterprises judged after one fact, mean", round(statistics.mean(looked), 2), "enterprises", of=ENTERPRISES),
        _row(job, "nightly check finds", nothing, "differences", goal=0),
        _row(job, "nightly check finds after tampering with one row", tampered, "differences", goal=1),
    ]  # fmt: skip


def _new_policy(seed: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    from benchmarks.policy_changes import START
    from qifu.foundation.access import SYSTEM
    from qifu.services.policies.actions import library
    from qifu.services.policies.actions.judge import catch_up
    from qifu.services.policies.library import policy_library
    from qifu.services.policies.models import PolicyMatch
    from qifu.services.policies.tests.policy_world import JOBS

    size = options.size or (QUICK_SIZE if options.quick else SIZE)
    _enterprises(size)
    catch_up(at=START)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "jobs.yaml").write_text(JOBS, "utf-8")
        library.load_files(folder=Path(folder), place_code="330109", by=SYSTEM, at=START)
    done, ms = timed(lambda: catch_up(at=START + timedelta(minutes=1)))
    live = policy_library(date(2024, 6, 20)).live["xs-jobs"]
    met = PolicyMatch.objects.filter(verdict="met").count()
    theirs, their_ms = _by_snapshot(live.bound)
    return [
        _row(f"new policy, {size} enterprises", "time to judge and write", round(ms), "ms", judged=done.judged, written=done.written, per_second=round(size / ms * 1000)),
        _row(f"new policy, {size} enterprises", "DuckDB over a snapshot, counting only", round(their_ms), "ms", equal=theirs == met, met=met),
        _row(f"new policy, {size} enterprises", "a look with nothing changed", round(timed(lambda: catch_up(at=START + timedelta(hours=2)))[1], 1), "ms"),
    ]  # fmt: skip


def _by_snapshot(bound: Any) -> tuple[int, float]:
    from benchmarks.policy_changes import START
    from qifu.registers.enterprises.fact_snapshots import snapshot_from_store
    from qifu.services.policies.simulate import simulate

    with tempfile.TemporaryDirectory() as folder:
        made = snapshot_from_store(date(2024, 6, 20), at=START, whole=True, root=Path(folder))
        found, ms = timed(lambda: simulate(made, bound))
        return found.total.met, ms


def _enterprises(size: int) -> None:
    from django.db.models import QuerySet

    from benchmarks.policy_changes import START
    from qifu.registers.enterprises.models import Enterprise, EnterpriseSource, FactValue
    from qifu.registers.enterprises.uscc import check_digit

    source = EnterpriseSource(name="登记数据（模拟）", added_at=START, simulated=True)
    QuerySet(EnterpriseSource).bulk_create([source])
    rows = []
    for number in range(size):
        body = f"91330109MA{number:07}"
        rows.append(Enterprise(
            uscc=body + check_digit(body), name=f"第{number}家（模拟）", name_text="", kind="limited_company", division_code="330109",
            division_certainty="certain", source=source, updated_at=START - timedelta(days=9), insured=number % 25, established_on=date(2020, 1, 1),
        ))  # fmt: skip
    QuerySet(Enterprise).bulk_create(rows, batch_size=5000)
    told = {"as_of": date(2023, 12, 31), "source": source, "recorded_at": START - timedelta(days=9)}
    QuerySet(FactValue).bulk_create(
        [
            FactValue(enterprise=row, fact=fact, number=value(at), **told)
            for at, row in enumerate(rows)
            for fact, value in (("employees", lambda at: at % 400), ("revenue", lambda at: at * 100_00), ("rd_expense", lambda at: at * 100))
        ],
        batch_size=5000,
    )  # fmt: skip
