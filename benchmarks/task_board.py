"""The board of 5,000 tasks × 101 divisions, page by page, against a plain loop over the same rows.

Runs on SQLite or (under `python -m tests.postgres`) PostgreSQL. A page is the whole answer to a signed-in officer's
request, from the session to the rendered HTML, on pages in random order. The peer reads the assignments of the same
columns as model objects and counts them one by one; `equal` says that both gave the same cells and totals. Processor
time leaves out what other programs of the machine took; on PostgreSQL it leaves out the server's part too.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import statistics
import sys
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

from benchmarks.measure import scratch_database, seeds_of, timed

TASKS, QUICK = 5_000, 50
FIXED_SEED = "2024"
ASKED, QUICK_ASKED = 60, 10
GOAL_MS, GOAL_QUERIES = 300, 12
AT = datetime(2024, 2, 19, 2, 0, tzinfo=UTC)
TODAY = date(2024, 6, 20)
LEVELS = {"11 cities": "city", "90 counties": "county", "101 divisions": "all"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """No options of its own; --size is the number of tasks."""


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Fill a database of its own with a decomposed plan, ask for pages of its board, and return the results."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qifu.portal.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    logging.disable(logging.INFO)
    settings.AS_OF = TODAY
    settings.ALLOWED_HOSTS = ["*"]
    size = options.size or (QUICK if options.quick else TASKS)
    seeds = seeds_of(options, FIXED_SEED)
    results: list[dict[str, Any]] = []
    for seed in seeds:
        print(f"seed {seed}, {size} tasks, {connection.vendor}", file=sys.stderr)
        with scratch_database(connection):
            results += measure(random.Random(seed), size, QUICK_ASKED if options.quick else ASKED)
    return results


def measure(chooser: random.Random, size: int, asked: int) -> list[dict[str, Any]]:
    """Return the times of pages at each level, the peer's, and the number of queries."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    plan, officer = fill(chooser, size)
    client = Client()
    client.force_login(officer)
    last = max(1, -(-size // 50))
    results = []
    for title, level in LEVELS.items():
        address = f"/workbench/work/plans/{plan.pk}/board/?level={level}"
        client.get(address)
        pages = [f"{address}&page={chooser.randint(1, last)}" for _ in range(asked)]
        times, own, queries, weight = [], [], 0, 0
        for url in pages:
            started = time.process_time()
            answer, milliseconds = timed(lambda url=url: client.get(url))
            own.append((time.process_time() - started) * 1000)
            if answer.status_code != 200:
                raise SystemExit(f"{url} answered {answer.status_code}")
            times.append(milliseconds)
            weight = max(weight, len(answer.content))
        with CaptureQueriesContext(connection) as caught:
            client.get(pages[0])
            queries = len(caught)
        equal, peer = beside_peer(officer, plan, level, chooser.randint(1, last))
        where = f"{connection.vendor}: {size} tasks × {title}"
        results += [
            result(
                f"{where}, p95 of {asked} pages", "time", percentile(times, 95), "ms", GOAL_MS, peer, equal
            ),
            result(
                f"{where}, p95 without waiting for other processes",
                "processor time",
                percentile(own, 95),
                "ms",
            ),
            result(f"{where}, median", "time", statistics.median(times), "ms", GOAL_MS),
            result(f"{where}", "queries a page", queries, "queries", GOAL_QUERIES),
            result(f"{where}", "largest page", weight // 1024, "KiB"),
        ]
    return results


def beside_peer(officer: Any, plan: Any, level: str, number: int) -> tuple[bool, float]:
    """Return whether the board equals a plain count of every assignment, and how long that took."""
    from qifu.services.work_plans.models import Assignment
    from qifu.services.work_plans.queries import work, work_board
    from qifu.services.work_plans.status import status_on

    actor, at = officer.as_actor(), AT + timedelta(days=120)
    places = work.columns("330000", level, TODAY)
    codes = [one.code for one in places]
    orders = work_board.orders(actor, at, plan, codes)
    shown = orders[(number - 1) * 50 : number * 50]
    ours = work_board.board(actor, at, plan, TODAY, places, shown)

    def naive() -> tuple[dict[str, Counter[str]], dict[int, dict[str, tuple[str, int]]]]:
        totals: dict[str, Counter[str]] = {}
        cells: dict[int, dict[str, tuple[str, int]]] = {}
        wanted, asked = set(shown), set(codes)
        for row in Assignment.objects.filter(plan=plan).iterator(chunk_size=5000):
            if row.item_id is None or row.place_code not in asked:
                continue
            status = status_on(row.phase, row.due_on, TODAY).value
            totals.setdefault(row.place_code, Counter())[status] += 1
            if row.order in wanted:
                cells.setdefault(row.order, {})[row.place_code] = (status, row.pk)
        return totals, cells

    (totals, cells), milliseconds = timed(naive)
    same_totals = {code: dict(counts) for code, counts in totals.items()} == dict(ours.totals)
    same_cells = [dict(row.cells) for row in ours.rows] == [cells[order] for order in sorted(cells)]
    return same_totals and same_cells, milliseconds


def fill(chooser: random.Random, size: int) -> tuple[Any, Any]:
    """Write a plan whose every task stands at the province, 11 cities and 90 counties; return it and an officer."""
    from django.conf import settings

    from qifu.foundation.access import SYSTEM, Permission, declare_permissions
    from qifu.foundation.action import action, actions
    from qifu.registers.divisions.actions import load_divisions
    from qifu.registers.organisations.actions import load_organisations

    load_divisions(by=SYSTEM, at=AT, path=settings.PROVINCE_DIR / "divisions.yaml")
    load_organisations(by=SYSTEM, at=AT, province_dir=settings.PROVINCE_DIR)
    declare_permissions(Permission("benchmark.fill_board", "压测建看板", {}))
    if "benchmark.fill_board" not in actions():

        @action("benchmark.fill_board", title="压测建看板", permission="benchmark.fill_board")
        def _fill(*, chooser: random.Random, size: int, by: Any, at: Any) -> tuple[Any, Any]:
            return written(chooser, size)

    made: tuple[Any, Any] = actions()["benchmark.fill_board"](chooser=chooser, size=size, by=SYSTEM, at=AT)
    analyse()
    return made


def written(chooser: random.Random, size: int) -> tuple[Any, Any]:
    from qifu.foundation.revisions import Revision, Series
    from qifu.registers.divisions import queries as divisions
    from qifu.registers.organisations.models import Organisation
    from qifu.registers.people.models import Person, Post
    from qifu.services.work_plans.models import Assignment, Plan, PlanItem

    series = Series(kind="work_plan", key="benchmark")
    series.save()
    revision = Revision(
        series=series,
        number=1,
        content_text="{}",
        state="published",
        digest="0" * 64,
        effective_from=AT.date(),
        created_at=AT,
        published_at=AT,
    )
    revision.save()
    plan = Plan(
        place_code="330000", key="benchmark", title="压测工作要点（模拟）", publicity="public", revision=revision, revision_number=1,
        updated_at=AT,
    )  # fmt: skip
    plan.save()
    items = [
        PlanItem(
            plan=plan,
            revision=revision,
            kind="task",
            number=n,
            order=n,
            title=f"第{n}项模拟任务：{'推进落实' * (1 + n % 4)}",
        )
        for n in range(1, size + 1)
    ]
    PlanItem.objects.bulk_create(items, batch_size=1000)
    codes = [one.code for kind in ("city", "county") for one in divisions.book().of_kind(kind)]
    leads = list(Organisation.objects.order_by("pk").values_list("pk", flat=True)[:400])
    for start in range(0, size, 100):
        batch = [
            assignment(Assignment, plan, item, code, chooser, leads)
            for item in items[start : start + 100]
            for code in ("330000", *codes)
        ]
        Assignment.objects.bulk_create(batch, batch_size=1000)
    officer = Person(username="benchmark", name="压测（模拟）", created_at=AT, password="!")
    officer.save()
    Post(person=officer, role="reform_officer", place_code="330000", starts_on=date(2024, 1, 1)).save()
    return plan, officer


def assignment(kind: Any, plan: Any, item: Any, code: str, chooser: random.Random, leads: list[int]) -> Any:
    phase = chooser.choices(["not_started", "under_way", "pending", "closed"], [3, 4, 1, 2])[0]
    ends = chooser.random()
    due = None if ends < 0.15 else TODAY + timedelta(days=chooser.randint(-90, 190))
    return kind(
        plan=plan, kind="task", number=item.number, place_code=code, item=item, order=item.order, title=item.title,
        lead_id=chooser.choice(leads), lead_state="confirmed", due_on=due, plan_due_on=due, phase=phase, last_seq=3, opened_at=AT,
        last_report_at=None if phase == "not_started" else AT + timedelta(days=60),
        closed_at=AT + timedelta(days=90) if phase == "closed" else None,
    )  # fmt: skip


def analyse() -> None:
    """Let the database learn what it holds, as its own upkeep does on a running site."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE work_plans_assignment")
        else:
            cursor.execute("ANALYZE")


def percentile(values: list[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, -(-len(ordered) * percent // 100) - 1)]


def result(
    job: str, metric: str, ours: float, unit: str, goal: float | None = None, theirs: float | None = None, equal: bool | None = None
) -> dict[str, Any]:  # fmt: skip
    return {
        "job": job,
        "metric": metric,
        "value": round(ours, 1),
        "unit": unit,
        "goal": goal,
        "peer": "plain ORM loop over the same rows" if theirs is not None else None,
        "peer_basis": "same_run" if theirs is not None else None,
        "peer_value": None if theirs is None else round(theirs, 1),
        "ratio": None if theirs is None else round(theirs / ours, 2),
        "equal": equal,
    }
