"""Exact search by character grams against LIKE, on SQLite or (under `python -m tests.postgres`) PostgreSQL.

Documents are made of the demo province's own phrases and random credit codes. The peer is the database's LIKE over
the same column in the same run; `equal` says that both found the same entries for every query.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import against_like, scratch_database, seeds_of, timed

SIZE, QUICK = 58_496, 600
FIXED_SEED = "2024"
ASKED = 20
GOAL_MS = 100


def arguments(parser: argparse.ArgumentParser) -> None:
    """No options of its own."""


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Fill a database of its own, ask queries of each kind, and return the results."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qifu.portal.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    size = options.size or (QUICK if options.quick else SIZE)
    seeds = seeds_of(options, FIXED_SEED)
    results: list[dict[str, Any]] = []
    for seed in seeds:
        print(f"seed {seed}, {size} documents, {connection.vendor}", file=sys.stderr)
        with scratch_database(connection):
            results += measure(random.Random(seed), size, settings.PROVINCE_DIR, connection)
    return results


def phrases(folder: Path) -> list[str]:
    """Return the Chinese phrases of the province's data."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml")))
    return sorted(set(re.findall(r"[\u4e00-\u9fff、，（）]{6,60}", text)))


def document(chooser: random.Random, known: list[str]) -> str:
    code = "91" + "".join(chooser.choices("0123456789ABCDEFGHJKLMNPQRTUWXY", k=16))
    return "。".join([*chooser.choices(known, k=chooser.randint(15, 60)), code])


def measure(chooser: random.Random, size: int, province: Path, connection: Any) -> list[dict[str, Any]]:
    """Index `size` documents and time each kind of query beside LIKE; milliseconds."""
    from qifu.foundation.search import SearchEntry, find, normalise

    known = phrases(province)
    texts = [document(chooser, known) for _ in range(size)]
    started = time.perf_counter()
    fill(texts, known, chooser)
    per_document = (time.perf_counter() - started) / size * 1000
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE foundation_searchentry")
    results = [against_like(f"{connection.vendor}: index one document", per_document, goal=GOAL_MS)]
    for kind, words in queries(chooser, texts).items():
        ours: list[float] = []
        theirs: list[float] = []
        equal = True
        for word in words:
            parts = [normalise(part) for part in word.split()]
            rows = SearchEntry.objects.all()
            for part in parts:
                rows = rows.filter(text__contains=part)
            found, milliseconds = timed(lambda word=word: find(word, public_only=False, limit=20))
            count, peer = timed(rows.count)
            ours.append(milliseconds)
            theirs.append(peer)
            equal = equal and found.count == count
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


def fill(texts: list[str], known: list[str], chooser: random.Random) -> None:
    from datetime import UTC, datetime

    from qifu.foundation.access import SYSTEM, Permission, declare_permissions
    from qifu.foundation.action import action, actions
    from qifu.foundation.search import index

    declare_permissions(Permission("benchmark.index", "压测建索引", {}))
    if "benchmark.index" not in actions():

        @action("benchmark.index", title="压测建索引", permission="benchmark.index")
        def _index(*, first: int, batch: list[str], by: Any, at: Any) -> None:
            for number, text in enumerate(batch, start=first):
                index("document", number, title=chooser.choice(known), text=text)

    write = actions()["benchmark.index"]
    for first in range(0, len(texts), 1000):
        write(first=first, batch=texts[first : first + 1000], by=SYSTEM, at=datetime(2024, 3, 1, tzinfo=UTC))


def queries(chooser: random.Random, texts: list[str]) -> dict[str, list[str]]:
    """Return words that occur (of several lengths), pairs of words, parts of codes, and words that do not occur."""

    def part(length: int) -> str:
        while True:
            text = chooser.choice(texts)
            start = chooser.randrange(len(text) - length)
            word = text[start : start + length]
            if re.fullmatch(r"[\u4e00-\u9fff]+", word):
                return word

    return {
        "one character": [part(1) for _ in range(ASKED)],
        "two characters": [part(2) for _ in range(ASKED)],
        "four characters": [part(4) for _ in range(ASKED)],
        "eight characters": [part(8) for _ in range(ASKED)],
        "two words": [f"{part(2)} {part(3)}" for _ in range(ASKED)],
        "part of a code": [chooser.choice(texts)[-9:-1] for _ in range(ASKED)],
        "absent": ["鑫" + part(3) for _ in range(ASKED)],
    }
