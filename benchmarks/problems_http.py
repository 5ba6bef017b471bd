"""Problems over HTTP with a million of them in the book: life cycles, intake, lists and search, as other systems meet them.

The site is served as `qifu serve` does (granian, workers, one thread each) over a database filled by `problem_book`; callers
are threads of this process with one kept connection and one token each, working in different counties. Rate limits are
off. A life cycle is four calls: POST of a problem, accept, assign, take. Nothing is counted that did not answer 2xx. Recall
compares the search of the workbench with LIKE over every text. Peers are what their makers published on machines of their
own: DIGIT's complaint service (6.3 life cycles/s) and Open Zaak's POST of a case (24/s).
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import logging
import os
import random
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.measure import scratch_database, seeds_of, timed
from benchmarks.problem_book import MATTERS, RARE, Book, lay
from benchmarks.task_board import percentile

SIZE, QUICK = 1_000_000, 3_000
FIXED_SEED = "2024"
SECONDS, QUICK_SECONDS = 20.0, 1.5
CALLERS = 4
WINDOW = 50_000
"""Recall of common words is compared in so many cases, that of rare ones in all."""
PROBLEMS = "/api/v1/problems"
CLASSES = {"board": "public_service", "topic": "transport", "scope": "individual", "difficulty": "general"}
QUEUES = ("all", "received", "pooled", "working", "overdue", "closed")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may be set for a certain machine."""
    parser.add_argument("--seconds", type=float, help="how long each job runs")
    parser.add_argument("--workers", type=int, default=2, help="web processes")
    parser.add_argument("--callers", type=int, default=CALLERS, help="callers at a time")
    parser.add_argument(
        "--laid", action="store_true", help="the database of DATABASE_URL is filled already; it is kept"
    )


@dataclass(frozen=True)
class Caller:
    """A county with the tokens of its clerk and of an officer of its first unit."""

    place: str
    clerk: str
    officer: str
    unit: int


@dataclass
class Tally:
    """What the threads of a job did: milliseconds of each call by name, whole cycles, and what went wrong."""

    times: dict[str, list[float]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def of(self, name: str) -> list[float]:
        """Return the times under a name."""
        return self.times.setdefault(name, [])

    def rate(self, name: str) -> float:
        """Return how many a second were done."""
        return len(self.of(name)) / self.seconds


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Fill a database, serve it, call it, and return the results."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qifu.portal.settings")
    os.environ.setdefault("QIFU_SECRET_KEY", secrets.token_hex(32))  # this process and the server sign alike
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    logging.disable(logging.WARNING)
    settings.ALLOWED_HOSTS, settings.RATE_LIMITS = ["*"], False
    size = options.size or (QUICK if options.quick else SIZE)
    seconds = options.seconds or (QUICK_SECONDS if options.quick else SECONDS)
    results: list[dict[str, Any]] = []
    for seed in seeds_of(options, FIXED_SEED)[: 1 if options.laid else None]:
        print(f"seed {seed}, {size} cases, {connection.vendor}", file=sys.stderr)
        with contextlib.nullcontext() if options.laid else scratch_database(connection):
            chooser = random.Random(seed)
            book = None if options.laid else lay(size, seed, datetime.now(UTC))
            callers = callers_of(book, chooser, 12 if options.quick else 40)
            with served(options.workers) as port:
                results += measured(connection, chooser, callers, port, seconds, options.callers)
            results += in_process(connection, chooser, callers, book, quick=options.quick)
    return results


def callers_of(book: Book | None, chooser: random.Random, count: int) -> list[Caller]:
    """Give tokens to the clerks and officers of some counties."""
    from qifu.foundation import clock
    from qifu.registers.people import api_tokens
    from qifu.registers.people.models import Person, Post

    clerks = sorted(Person.objects.filter(username__startswith="clerk3").values_list("username", flat=True))

    def token(username: str) -> str:
        person = Person.objects.get(username=username)
        made = api_tokens.make_token(
            by=person.as_actor(), at=clock.now(), person=person, title="压测", days=30
        )
        return made.text

    found = []
    for username in chooser.sample(clerks, min(count, len(clerks))):
        place = username.removeprefix("clerk")
        unit = Post.objects.get(person__username=f"officer{place}").organisation_id
        assert unit is not None
        found.append(Caller(place, token(username), token(f"officer{place}"), unit))
    return found


@contextlib.contextmanager
def served(workers: int) -> Iterator[int]:
    """Serve the database of this process by `qifu serve`; give the port."""
    from django.db import connection

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "serve.log"
        environment = os.environ | {
            "DATABASE_URL": _url(connection), "QIFU_DATA_DIR": folder, "QIFU_PORT": str(port), "QIFU_RATE_LIMITS": "0",
            "QIFU_WORKERS": str(workers), "QIFU_LOG_LEVEL": "ERROR", "QIFU_HOSTS": "127.0.0.1",
        }  # fmt: skip
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "qifu.commands.main", "serve"], env=environment, stdout=out, stderr=out
            )
        try:
            _wait(port, process, log)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise SystemExit(log.read_text(encoding="utf-8", errors="replace"))
        try:
            status, _ = Line(port, "").call("GET", "/healthz")
        except OSError:
            status = 0
        if status == 200:
            return
        time.sleep(0.2)
    raise SystemExit("the site does not answer")


def _url(connection: Any) -> str:
    """Return the address of the database that this process works with now."""
    said = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{said['NAME']}"
    who = (
        f"{quote(said['USER'])}:{quote(said['PASSWORD'])}@" if said["PASSWORD"] else f"{quote(said['USER'])}@"
    )
    port = f":{said['PORT']}" if said["PORT"] else ""
    return f"postgresql://{who}{quote(said['HOST'], safe='')}{port}/{said['NAME']}"


class Line:
    """One kept connection with one token."""

    def __init__(self, port: int, token: str) -> None:
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.head = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and answer."""
        sent = json.dumps(body).encode() if body is not None else None
        head = self.head | ({"Content-Type": "application/json"} if sent else {})
        self.line.request(method, path, body=sent, headers=head)
        answer = self.line.getresponse()
        text = answer.read()
        plain = answer.headers.get_content_type() == "application/json"
        return answer.status, json.loads(text) if plain else None


Job = Callable[[Caller, Line, Line, Tally, random.Random], None]


def together(job: Job, callers: list[Caller], port: int, seconds: float, at_once: int, seed: int) -> Tally:
    """Let `at_once` threads do a job again and again for some seconds, each from county to county."""
    tally, started = Tally(), time.perf_counter()
    ends = started + seconds

    def work(number: int) -> None:
        chooser = random.Random(seed + number)
        mine = callers[number::at_once] or callers
        lines = {one.place: (Line(port, one.clerk), Line(port, one.officer)) for one in mine}
        turn = 0
        while time.perf_counter() < ends and len(tally.faults) < 10:
            caller = mine[turn % len(mine)]
            turn += 1
            try:
                job(caller, *lines[caller.place], tally, chooser)
            except (OSError, http.client.HTTPException) as error:
                tally.faults.append(repr(error))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.seconds = time.perf_counter() - started
    if tally.faults:
        raise SystemExit("\n".join(tally.faults[:5]))
    return tally


def _called(tally: Tally, name: str, line: Line, method: str, path: str, body: Any = None) -> Any:
    (status, answer), milliseconds = timed(lambda: line.call(method, path, body))
    if status not in (200, 201):
        raise OSError(f"{method} {path} answered {status}: {answer}")
    tally.of(name).append(milliseconds)
    return answer


def _request(caller: Caller, chooser: random.Random) -> dict[str, str]:
    words = MATTERS[chooser.choice(list(MATTERS))].format(o="数控机床", d="近一个月")
    firm = f"{''.join(chooser.choices(RARE, k=3))}科技有限公司（模拟）"
    return {
        "words": f"我公司{firm}反映：{words}，请协调解决。", "place_code": caller.place, "source": "压测平台",
        "outside_number": secrets.token_hex(8), "enterprise_name": firm,
    }  # fmt: skip


def intake(caller: Caller, clerk: Line, officer: Line, tally: Tally, chooser: random.Random) -> None:
    """POST one problem."""
    _called(tally, "post", clerk, "POST", PROBLEMS, _request(caller, chooser))


def life_cycle(caller: Caller, clerk: Line, officer: Line, tally: Tally, chooser: random.Random) -> None:
    """POST, accept, assign, take."""
    started = time.perf_counter()
    number = _called(tally, "call", clerk, "POST", PROBLEMS, _request(caller, chooser))["number"]
    for line, step, form in (
        (clerk, "accept", CLASSES),
        (clerk, "assign", {"lead": caller.unit}),
        (officer, "take", {}),
    ):
        _called(tally, "call", line, "POST", f"{PROBLEMS}/{number}/transitions/{step}", {"form": form})
    tally.of("cycle").append((time.perf_counter() - started) * 1000)


def listing(caller: Caller, clerk: Line, officer: Line, tally: Tally, chooser: random.Random) -> None:
    """One list of fifty from a county's desk."""
    queue = chooser.choice(QUEUES)
    _called(tally, queue, clerk, "GET", f"{PROBLEMS}?queue={queue}&limit=50")


def searching(caller: Caller, clerk: Line, officer: Line, tally: Tally, chooser: random.Random) -> None:
    """A rare word of two characters in a county's list."""
    word = "".join(chooser.choices(RARE, k=2))
    _called(tally, "rare", clerk, "GET", f"{PROBLEMS}?queue=all&limit=50&text={quote(word)}")


def measured(
    connection: Any, chooser: random.Random, callers: list[Caller], port: int, seconds: float, at_once: int
) -> list[dict[str, Any]]:
    """Return the rows of what is measured over HTTP."""
    where, seed = (
        f"{connection.vendor}{_durability(connection)}, {count(connection)} cases",
        chooser.randrange(2**31),
    )
    together(
        life_cycle, callers, port, min(seconds, 2.0), at_once, seed + 1000
    )  # warm: caches, tokens of the day
    cycles = together(life_cycle, callers, port, seconds, at_once, seed)
    posts = together(intake, callers, port, seconds, at_once, seed + 1)
    lists = together(listing, callers, port, seconds, at_once, seed + 2)
    found = together(searching, callers, port, seconds, at_once, seed + 3)
    every = [one for times in lists.times.values() for one in times]
    who = f"{at_once} callers"
    return [
        row(
            f"{where}, {who}: four-call life cycles",
            "rate",
            cycles.rate("cycle"),
            "1/s",
            25,
            "DIGIT complaints",
            6.3,
        ),
        row(
            f"{where}, {who}: four-call life cycles",
            "p95 of a whole cycle",
            percentile(cycles.of("cycle"), 95),
            "ms",
            300,
        ),
        row(
            f"{where}, {who}: four-call life cycles",
            "p95 of a call",
            percentile(cycles.of("call"), 95),
            "ms",
            300,
        ),
        row(f"{where}, {who}: POST of a case", "rate", posts.rate("post"), "1/s", 100, "Open Zaak", 24),
        row(f"{where}, {who}: POST of a case", "p95", percentile(posts.of("post"), 95), "ms"),
        row(f"{where}, {who}: list of 50 in a county", "p95", percentile(every, 95), "ms", 200),
        *[
            row(f"{where}, {who}: list of 50 in a county, {name}", "p95", percentile(times, 95), "ms", 200)
            for name, times in sorted(lists.times.items())
        ],
        row(f"{where}, {who}: search for a rare word", "p95", percentile(found.of("rare"), 95), "ms", 100),
    ]


def in_process(
    connection: Any, chooser: random.Random, callers: list[Caller], book: Book | None, *, quick: bool
) -> list[dict[str, Any]]:
    """Return the rows of what is counted and compared: queries of a list, recall against LIKE, rules of cases."""
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    caller, most = chooser.choice(callers), 0
    for queue in (*QUEUES, "warm"):
        with CaptureQueriesContext(connection) as caught:
            answer = Client().get(
                f"{PROBLEMS}?queue={queue if queue != 'warm' else 'all'}",
                headers={"Authorization": f"Bearer {caller.clerk}"},
            )
        assert answer.status_code == 200, answer.content
        most = len(caught) if queue == QUEUES[1] else max(most, len(caught))
    where = f"{connection.vendor}, {count(connection)} cases"
    return [
        row(f"{where}: list of 50 in a county", "queries", most, "queries", 12),
        *recall(where, chooser, 12),
        *verified(where, chooser, 50 if quick else 1000),
    ]


def recall(where: str, chooser: random.Random, asked: int) -> list[dict[str, Any]]:
    """Compare the search with LIKE over every text, for words of two characters: any in a window of cases, rare ones in all."""
    from qifu.engines.casework.models import Case
    from qifu.services.enterprise_problems.models import Problem
    from qifu.services.enterprise_problems.queries.search import search

    last, right = Case.objects.order_by("-pk").values_list("pk", flat=True)[0], 0
    for number in range(asked):
        first = chooser.randint(1, last)
        text = Problem.objects.filter(pk__gte=first).order_by("pk").values_list("search_text", flat=True)[0]
        start = chooser.randrange(len(text) - 2)
        word, window = text[start : start + 2].strip() or "公司", {"pk__gte": first, "pk__lt": first + WINDOW}
        if number % 2:
            word, window = "".join(chooser.choices(RARE, k=2)), {}
        found = set(search(Case.objects.filter(**window), word).values_list("pk", flat=True))
        like = Problem.objects.filter(search_text__contains=word, **window)
        right += found == set(like.values_list("pk", flat=True))
    return [
        row(f"{where}: {asked} words of two characters", "recall against LIKE", 100 * right / asked, "%", 100, equal=right == asked)
    ]  # fmt: skip


def verified(where: str, chooser: random.Random, sample: int) -> list[dict[str, Any]]:
    """Ask the rules of cases of some laid ones and of the newest, which came over HTTP."""
    from qifu.engines.casework.models import Case
    from qifu.engines.casework.verify import verify_cases
    from qifu.foundation import clock

    newest = list(Case.objects.order_by("-pk").values_list("pk", flat=True)[:sample])
    some = {*newest, *(chooser.randint(1, newest[0]) for _ in range(sample))}
    faults = list(verify_cases(sorted(some), at=clock.now()))
    for fault in faults[:5]:
        print(fault, file=sys.stderr)
    return [row(f"{where}: rules of {len(some)} cases", "faults", len(faults), "faults", 0, equal=not faults)]


def count(connection: Any) -> str:
    """Return how many cases there are, in words."""
    from qifu.engines.casework.models import Case

    return f"{Case.objects.count():,}"


def _durability(connection: Any) -> str:
    """Tell whether the database waits for its disk: a test server does not."""
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute("SHOW fsync")
        synced = cursor.fetchone()[0] == "on"
        cursor.execute("SHOW synchronous_commit")
        return "" if synced and cursor.fetchone()[0] == "on" else " without waiting for the disk"


def row(
    job: str, metric: str, ours: float, unit: str, goal: float | None = None, peer: str | None = None, theirs: float | None = None,
    *, equal: bool | None = None,
) -> dict[str, Any]:  # fmt: skip
    ratio = None
    if theirs:
        ratio = round(ours / theirs if unit == "1/s" else theirs / ours, 2)
    return {
        "job": job, "metric": metric, "value": round(ours, 1), "unit": unit, "goal": goal, "peer": peer,
        "peer_basis": "published" if peer else None, "peer_value": None if theirs is None else round(theirs, 1), "ratio": ratio, "equal": equal,
    }  # fmt: skip
