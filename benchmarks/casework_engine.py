"""Transitions a second at model level: the engine alone, on the general case type, without notices or a service's tables.

Four processes lead cases through whole lives under the trial service of the engine's tests: door, audit, locks, roles,
conditions, clocks, record. Runs on SQLite or (under `python -m tests.postgres`) PostgreSQL, whose test server does not
wait for the disk. The same life through the whole product is measured by `casework`.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import resource
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.casework import row
from benchmarks.measure import scratch_database, timed

LIVES, QUICK_LIVES, WORKERS = 1_000, 8, 4
GOAL = 300
AT = datetime(2024, 6, 3, 2, 0, tzinfo=UTC)
FORK = multiprocessing.get_context("fork")
CLASSES = {"board": "one", "topic": "one", "scope": "individual", "difficulty": "general"}
LIFE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("accept", "HUB", CLASSES),
    ("assign", "HUB", {"lead": 0}),
    ("take", "UNIT_A", {}),
    ("contact", "UNIT_A", {"contact_way": "phone", "explanation": "已电话联系（模拟）"}),
    ("draft", "UNIT_A", {"result": "solved", "reply": "已经办结（模拟）"}),
    ("pass", "UNIT_A2", {}),
    ("sign", "UNIT_A2", {"signer": "李某（模拟）"}),
    ("close", "HUB", {"result": "solved"}),
)
"""Transition, who does it, its form; nine acts with the opening."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """No options of its own; --size is the number of lives."""


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Lead cases through their lives in a database of its own and return the results."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qifu.portal.settings")
    import django

    django.setup()
    from django.db import connection

    from qifu.engines.casework.models import Case
    from qifu.engines.casework.tests import trial
    from qifu.foundation import access

    lives = options.size or (QUICK_LIVES if options.quick else LIVES)
    with scratch_database(connection):
        world = trial.prepare(AT)
        access._authorities[:] = [world]
        live(world, 0)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        _, milliseconds = timed(lambda: all_lives(world, lives))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        closed = Case.objects.exclude(closed_at=None).count()
        acts = lives * (len(LIFE) + 1)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        job = f"{connection.vendor}: {lives} lives of {len(LIFE) + 1} acts, {WORKERS} workers, engine alone"
        return [
            row(
                job,
                "transitions a second",
                round(acts / (milliseconds / 1000), 1),
                "transitions/s",
                goal=GOAL,
            ),
            row(job, "processor time of an act, the server's left out", round(used * 1000 / acts, 2), "ms"),
            row(job, "lives that did not end", lives + 1 - closed, "lives", goal=0),
        ]


def all_lives(world: Any, lives: int) -> None:
    """Share the lives among processes with connections of their own."""
    from django.db import connections

    def work(number: int) -> None:
        gc.freeze()  # as a web process does (portal/wsgi.py)
        gc.set_threshold(20_000, 20, 20)
        for life in range(number, lives, WORKERS):
            live(world, life)

    connections.close_all()
    running = [FORK.Process(target=work, args=(number,)) for number in range(WORKERS)]
    for process in running:
        process.start()
    for process in running:
        process.join()
    if any(process.exitcode for process in running):
        raise SystemExit("a worker failed")


def live(world: Any, number: int) -> None:
    """Lead one case through its life."""
    from qifu.engines.casework.moves import move
    from qifu.engines.casework.tests import trial
    from qifu.foundation.request_id import request_id

    at = AT
    with request_id(f"life-{number}"):
        case = trial.open_case(number, at=at, lead=world.hub)
    for name, who, form in LIFE:
        at += timedelta(minutes=20)
        given = form | ({"lead": world.unit_a} if "lead" in form else {})
        with request_id(f"life-{number}-{name}"):
            trial.do(
                lambda name=name, given=given: move(case, name, form=given), by=getattr(trial, who), at=at
            )
