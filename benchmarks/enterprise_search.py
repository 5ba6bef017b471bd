"""Search among a million enterprises by fragments of names, codes, divisions and trades, beside a plain LIKE.

Meant for PostgreSQL (`python -m tests.postgres python -m benchmarks enterprise_search`); runs on SQLite as well. Rows are
made by the generator and written as an import writes them, but without reading. The peer is `name LIKE '%…%'` with the
same filters and the same first page; `equal` says that both found the same first thousand.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.measure import against_like, scratch_database, seeds_of, timed

SIZE, QUICK = 1_000_000, 10_000
FIXED_SEED = "2024"
ASKED = 12
GOAL_MS = 200
AT = datetime(2024, 6, 20, 2, 0, tzinfo=UTC)


def arguments(parser: argparse.ArgumentParser) -> None:
    """No options of its own; --size is the number of enterprises."""


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Fill a database of its own, ask queries of each kind, and return the results."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qifu.portal.settings")
    import django

    django.setup()
    from django.db import connection

    logging.disable(logging.WARNING)
    size = options.size or (QUICK if options.quick else SIZE)
    seeds = seeds_of(options, FIXED_SEED)
    results: list[dict[str, Any]] = []
    for seed in seeds:
        print(f"seed {seed}, {size} enterprises, {connection.vendor}", file=sys.stderr)
        with scratch_database(connection):
            results += measure(random.Random(seed), size, seed, connection)
    return results


def measure(chooser: random.Random, size: int, seed: str, connection: Any) -> list[dict[str, Any]]:
    """Fill the register and time each kind of question; milliseconds to the first page, counted up to 1,000."""
    from qifu.foundation.access import SYSTEM
    from qifu.registers.enterprises import queries

    started = time.perf_counter()
    names = fill(size, seed, connection)
    print(f"filled in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    day = AT.date()
    results = []
    for kind, asked in questions(chooser, names).items():
        ours, theirs, equal = [], [], True
        for question in asked:
            (found, _), spent = timed(lambda question=question: first_page(queries, SYSTEM, question, day))
            peer, peer_spent = timed(lambda question=question: like(question))
            ours.append(spent)
            theirs.append(peer_spent)
            equal = equal and found.more == (len(peer) > queries.MOST)
            equal = equal and set(found.pks) == set(peer[: queries.MOST])
        results.append(
            against_like(
                f"{connection.vendor}: {kind}",
                statistics.median(ours),
                statistics.median(theirs),
                equal,
                goal=GOAL_MS,
            )
        )
        results.append(against_like(f"{connection.vendor}: {kind}, slowest", max(ours), goal=GOAL_MS))
    return results


def first_page(queries: Any, actor: Any, question: dict[str, str], day: Any) -> tuple[Any, Any]:
    """Search, and fetch what the first page shows."""
    found = queries.search(actor, AT, **question)
    return found, queries.lines(found.pks[:50], day)


def like(question: dict[str, str]) -> list[int]:
    """The first 1,001 numbers as plain SQL finds them, and the rows of the first page."""
    from qifu.registers.divisions.queries import subtree
    from qifu.registers.enterprises.models import Enterprise

    rows = Enterprise.objects.order_by("pk")
    for word in question.get("text", "").split():
        rows = rows.filter(name_text__contains=word)
    if "uscc" in question:
        rows = rows.filter(uscc__startswith=question["uscc"])
    if "division" in question:
        rows = rows.filter(division_code__in=sorted(subtree(question["division"])))
    if "industry" in question:
        rows = rows.filter(industry_code__startswith=question["industry"])
    found = list(rows.values_list("pk", flat=True)[:1001])
    list(Enterprise.objects.filter(pk__in=found[:50]))
    return found


def fill(size: int, seed: str, connection: Any) -> list[str]:
    """Write made enterprises in batches, and return some of their names."""
    from django.conf import settings

    from qifu.foundation.access import SYSTEM, Permission, declare_permissions
    from qifu.foundation.action import action, actions
    from qifu.registers.divisions.actions import load_divisions
    from qifu.registers.enterprises.demo import counties
    from qifu.registers.enterprises.generate import make
    from qifu.registers.enterprises.models import Enterprise, EnterpriseSource
    from qifu.registers.enterprises.name_index import NAMES, text_of

    declare_permissions(Permission("benchmark.fill", "压测填充", {}))
    if "benchmark.fill" not in actions():

        @action("benchmark.fill", title="压测填充", permission="benchmark.fill")
        def _fill(*, facts: list[dict[str, Any]], by: Any, at: datetime) -> None:
            source, _ = EnterpriseSource.objects.get_or_create(name="made", defaults={"added_at": at})
            rows = [
                Enterprise(
                    **one,
                    name_text=text_of(one["name"]),
                    division_certainty="certain",
                    capital_currency="CNY",
                    source=source,
                    updated_at=at,
                )
                for one in facts
            ]
            Enterprise.objects.bulk_create(rows, batch_size=2000)
            NAMES.replace((row.pk, None, row.name_text) for row in rows)

    load_divisions(by=SYSTEM, at=AT, path=Path(settings.PROVINCE_DIR) / "divisions.yaml")
    if connection.vendor == "postgresql":  # an index is made faster over what is there than row by row
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX {NAMES.name}")
    names: list[str] = []
    made = make(size, seed, counties(AT.date()))
    while batch := [one.facts for one in islice(made, 10_000)]:
        actions()["benchmark.fill"](facts=batch, by=SYSTEM, at=AT)
        names += [one["name"] for one in batch[::100]]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '512MB'")
        NAMES.install()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE enterprises_enterprise")
    return names


def questions(chooser: random.Random, names: list[str]) -> dict[str, list[dict[str, str]]]:
    """Return questions of each kind; words are cut out of names that occur, or do not occur."""

    def part(length: int) -> str:
        name = chooser.choice(names)
        start = chooser.randrange(max(1, len(name) - length - 8))
        return name[start : start + length]

    def many(make: Callable[[], dict[str, str]]) -> list[dict[str, str]]:
        return [make() for _ in range(ASKED)]

    brands = "云海天星瑞宏信恒嘉华安达远博创新"
    places = ["330100", "330700", "330300", "331000", "330782", "330109", "330329", "331181"]
    trades = ["F", "F51", "C", "A0141", "M7590", "G", "I65"]
    return {
        "one character": many(lambda: {"text": part(1)}),
        "two characters": many(lambda: {"text": part(2)}),
        "two characters, common": [{"text": word} for word in ("公司", "有限", "贸易", "科技", "杭州", "义乌")],
        "three characters": many(lambda: {"text": part(3)}),
        "five characters": many(lambda: {"text": part(5)}),
        "two words": many(lambda: {"text": f"{part(2)} {chooser.choice(brands)}"}),
        "two common words, never together": [{"text": "义乌 萧山"}, {"text": "慈溪 果业"}, {"text": "贸易 果业"}],
        "absent": many(lambda: {"text": "鑫淼" + part(1)}),
        "code prefix": many(lambda: {"uscc": chooser.choice(("91", "9133", "913307", "92330782", "91330109XX", "93331181XX0"))}),
        "division": many(lambda: {"division": chooser.choice(places)}),
        "industry": many(lambda: {"industry": chooser.choice(trades)}),
        "division and industry": many(lambda: {"division": chooser.choice(places), "industry": chooser.choice(trades)}),
        "word and division": many(lambda: {"text": part(2), "division": chooser.choice(places)}),
        "common word, division, industry": many(
            lambda: {"text": "公司", "division": chooser.choice(places), "industry": chooser.choice(trades)}
        ),
    }  # fmt: skip
