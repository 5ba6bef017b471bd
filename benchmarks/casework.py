"""Cases under many hands: no update is lost, how many transitions a second, and everything verified afterwards.

Runs on SQLite or (under `python -m tests.postgres`) PostgreSQL, through the product's own acts, as the clerks, officers
and reporters themselves, each act as one request.

No lost update: eight processes act on ten cases, and some are killed (SIGKILL) in the middle. Each attempt has a token. A
process writes it to a file of its own, synchronised to disk, once the act has committed; the one that takes a dead one's
place asks first whether the last attempt was applied. At the end attempts, acknowledged, applied and events must be one
number. The peer, in the same run, is the plain `get`, add one, `save` of an ORM without lock on rows of its own.

Transitions: four processes lead cases through whole lives: report, accept, assign, take, contact, draft, pass, sign,
close, rate. The test server of PostgreSQL does not wait for the disk.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.measure import scratch_database, seeds_of, timed

ATTEMPTS = {"postgresql": 100_000, "sqlite": 10_000}
QUICK_ATTEMPTS, WORKERS, HOT_CASES = 400, 8, 10
LIVES, QUICK_LIVES, LIFE_WORKERS = 1_000, 12, 4
KILLS, QUICK_KILLS = 12, 3
GOAL_TRANSITIONS = 300
FIXED_SEED = "2024"
AT = datetime(2024, 6, 3, 2, 0, tzinfo=UTC)
COUNTIES = ("330102", "330105", "330106", "330109")
FORK = multiprocessing.get_context("fork")
REPLY = "您反映的惠企补贴未兑现问题已经核实并办结，补贴已拨付到您公司账户。联系人王某（模拟），电话 0571-00000000。"


def arguments(parser: argparse.ArgumentParser) -> None:
    """No options of its own; --size is the number of attempts on the hot cases."""


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Fill a database of its own with people, let processes loose on it, and return the results."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qifu.portal.settings")
    import django

    django.setup()
    from django.db import connection

    attempts = options.size or (QUICK_ATTEMPTS if options.quick else ATTEMPTS[connection.vendor])
    lives = QUICK_LIVES if options.quick else max(QUICK_LIVES, LIVES * attempts // ATTEMPTS["postgresql"])
    kills = QUICK_KILLS if options.quick else KILLS
    results: list[dict[str, Any]] = []
    for seed in seeds_of(options, FIXED_SEED):
        print(f"seed {seed}, {attempts} attempts, {lives} lives, {connection.vendor}", file=sys.stderr)
        with scratch_database(connection), tempfile.TemporaryDirectory() as folder:
            desks = prepare()
            results += no_lost_update(desks, attempts, kills, seed, Path(folder))
            results += lives_a_second(desks, lives, Path(folder))
            results += verified()
    return results


# The people and their counties.


@dataclass(frozen=True)
class Desk:
    """One county: its hub's clerk, two officers of a unit, somebody who reports; as actors."""

    place: str
    unit: int
    clerk: Any
    officer: Any
    second: Any
    reporter: Any


def prepare() -> list[Desk]:
    """Load the province and make the people of four counties."""
    from django.conf import settings

    from qifu.engines.casework.publish import publish_folder
    from qifu.foundation.access import SYSTEM
    from qifu.foundation.action import actions
    from qifu.registers.divisions.actions import load_divisions
    from qifu.registers.organisations.actions import load_organisations

    folder = settings.PROVINCE_DIR
    load_divisions(by=SYSTEM, at=AT, path=folder / "divisions.yaml")
    load_organisations(by=SYSTEM, at=AT, province_dir=folder)
    publish_folder(folder / "enterprise_problems", by=SYSTEM, at=AT)
    _declare()
    made: list[Desk] = actions()["benchmark.fill_desks"](by=SYSTEM, at=AT)
    return made


def _declare() -> None:
    from qifu.foundation.access import Permission, declare_permissions
    from qifu.foundation.action import action, actions

    declare_permissions(Permission("benchmark.fill_desks", "压测建岗位", {}))
    if "benchmark.fill_desks" not in actions():

        @action("benchmark.fill_desks", title="压测建岗位", permission="benchmark.fill_desks")
        def _fill(*, by: Any, at: Any) -> list[Desk]:
            return [_desk(place) for place in COUNTIES]


def _desk(place: str) -> Desk:
    from qifu.registers.organisations.hubs import hub_of
    from qifu.registers.organisations.models import Organisation

    if not Organisation.objects.filter(code=f"{place}.enterprise_service_centre").exists():
        Organisation(
            code=f"{place}.enterprise_service_centre", name=f"{place}企服中心（模拟）", full_name=f"{place}企服中心（模拟）",
            kind="institution", level="county", place_code=place,
        ).save()  # fmt: skip
    unit = Organisation(
        code=f"{place}.benchmark_unit", name=f"{place}压测单位（模拟）", full_name=f"{place}压测单位（模拟）",
        kind="government_department", level="county", place_code=place,
    )  # fmt: skip
    unit.save()
    return Desk(
        place=place,
        unit=unit.pk,
        clerk=_person(f"clerk{place}", "centre_clerk", place, hub_of(place)),
        officer=_person(f"officer{place}", "department_officer", place, unit.pk),
        second=_person(f"second{place}", "department_officer", place, unit.pk),
        reporter=_person(f"reporter{place}"),
    )


def _person(username: str, role: str = "", place: str = "", organisation: int | None = None) -> Any:
    from qifu.registers.people.models import Person, Post

    person = Person(username=username, name="压测（模拟）", created_at=AT, password="!")
    person.save()
    if role:
        Post(
            person=person,
            role=role,
            place_code=place,
            starts_on=date(2024, 1, 1),
            organisation_id=organisation,
        ).save()
    return person.as_actor()


def report(desk: Desk, at: datetime) -> Any:
    """Report a problem of that county; return its case."""
    from qifu.services.enterprise_problems.actions.intake import Request, report_problem

    words = "我公司申报的惠企补贴通过审核后一直没有兑现，请帮助核实（模拟）"
    request = Request(
        words=words, place_code=desk.place, contact_name="模拟联系人", contact_mobile="13900000000"
    )
    return report_problem(by=desk.reporter, at=at, request=request).case


# No lost update.


def no_lost_update(
    desks: list[Desk], attempts: int, kills: int, seed: str, folder: Path
) -> list[dict[str, Any]]:
    """Let eight processes loose on ten cases, kill some, and count."""
    from django.db import connection

    from qifu.engines.casework.models import Case, CaseEvent

    cases = [report(desks[number % len(desks)], AT) for number in range(HOT_CASES)]
    quota = [attempts // WORKERS + (number < attempts % WORKERS) for number in range(WORKERS)]
    before = sum(case.version for case in Case.objects.filter(pk__in=[case.pk for case in cases]))

    def work(number: int) -> None:
        hot_worker(
            number,
            quota[number],
            [(case.pk, desks[n % len(desks)]) for n, case in enumerate(cases)],
            seed,
            folder,
        )

    killed, milliseconds = timed(lambda: with_kills(work, kills, seed, folder, quota))
    acknowledged = [line for number in range(WORKERS) for line in acknowledged_by(number, folder)]
    notes = CaseEvent.objects.filter(kind="note", case__in=cases).values_list("text", flat=True)
    applied = list(notes)
    versions = sum(Case.objects.filter(pk__in=[case.pk for case in cases]).values_list("version", flat=True))
    events = CaseEvent.objects.filter(case__in=cases).count()
    lost = len(set(acknowledged) - set(applied)) + (len(applied) - (versions - before))
    exact = (
        len(acknowledged) == len(set(acknowledged)) == len(applied) == versions - before == attempts
        and events == versions
    )
    naive_lost, naive_of = naive(attempts, seed)
    where = f"{connection.vendor}: {WORKERS} workers on {HOT_CASES} hot cases, {killed} killed"
    rows = [
        row(where, "attempts", attempts, "acts"),
        row(where, "acknowledged", len(acknowledged), "acts", goal=attempts),
        row(where, "applied", versions - before, "acts", goal=attempts),
        row(where, "events", events - before, "events", goal=attempts),
        row(where, "acts a second", len(applied) / (milliseconds / 1000), "acts/s"),
    ]
    share = round(100 * naive_lost / naive_of, 1)
    rows.append(
        row(
            where,
            "lost updates",
            lost,
            "acts",
            goal=0,
            peer="get and save without lock, % lost",
            theirs=share,
            equal=exact,
        )
    )
    return rows


def acknowledged_by(number: int, folder: Path) -> list[str]:
    """Return the tokens that a worker wrote down; a line that was cut short by the kill was not written."""
    path = folder / f"hot-{number}"
    return (
        [line for line in path.read_text().splitlines(keepends=False) if line.endswith(".")]
        if path.exists()
        else []
    )


def hot_worker(number: int, quota: int, cases: list[tuple[int, Desk]], seed: str, folder: Path) -> None:
    """Do what is left of a worker's attempts, each acknowledged after its commit; first settle the last one of who was killed."""
    from django.db import OperationalError

    from qifu.engines.casework.models import Case
    from qifu.foundation.request_id import request_id
    from qifu.services.enterprise_problems.actions.moving import move_problem

    done = len(acknowledged_by(number, folder))
    with (folder / f"hot-{number}").open("a") as log:
        log.write("\n")
        for attempt in range(done, quota):
            mine = token(number, attempt)
            key, desk = random.Random(f"{seed}-{mine}").choice(cases)
            applied = attempt == done and was_applied(key, mine)
            while not applied:
                try:
                    with request_id(mine):
                        move_problem(
                            by=desk.clerk, at=AT, case=Case.objects.get(pk=key), transition="note", text=mine
                        )
                    applied = True
                except OperationalError:  # the database was locked for too long: nothing was done
                    applied = was_applied(key, mine)
            log.write(f"{mine}\n")
            log.flush()
            os.fdatasync(log.fileno())


def was_applied(key: int, mine: str) -> bool:
    """Tell whether an attempt was applied, once whoever may still be committing it has let go of the case."""
    from django.db import transaction

    from qifu.engines.casework.models import Case

    with transaction.atomic():
        case = Case.objects.select_for_update().get(pk=key)
        return case.events.filter(kind="note", text=mine).exists()


def token(number: int, attempt: int) -> str:
    """Return the name of one attempt of one worker."""
    return f"{number}-{attempt}."


def with_kills(work: Callable[[int], None], kills: int, seed: str, folder: Path, quota: list[int]) -> int:
    """Run the workers, kill some while they work, each replaced at once; return how many were killed."""
    chooser, killed = random.Random(f"kills {seed}"), 0
    total = sum(len(token(number, attempt)) for number in range(WORKERS) for attempt in range(quota[number]))
    running = {number: forked(work, number) for number in range(WORKERS)}
    marks = sorted(chooser.sample(range(total // 20, total * 3 // 4), kills))
    while running:
        time.sleep(0.02)
        done = sum(path.stat().st_size for path in folder.glob("hot-*"))
        while marks and done >= marks[0]:
            marks.pop(0)
            alive = [number for number, process in running.items() if process.is_alive()]
            if alive:
                number = chooser.choice(alive)
                os.kill(running[number].pid or 0, signal.SIGKILL)
                running[number].join()
                killed += running[number].exitcode == -signal.SIGKILL
                running[number] = forked(work, number)
        finished(running)
    return killed


def finished(running: dict[int, Any]) -> None:
    """Take out the processes that have ended; raise SystemExit for one that failed."""
    for number, process in list(running.items()):
        if not process.is_alive():
            process.join()
            if process.exitcode:
                raise SystemExit(f"worker {number} ended with {process.exitcode}")
            del running[number]


def forked(work: Callable[[int], None], number: int) -> Any:
    """Start a process that works with connections of its own."""
    from django.db import connections

    connections.close_all()
    process = FORK.Process(target=work, args=(number,))
    process.start()
    return process


def naive(attempts: int, seed: str) -> tuple[int, int]:
    """Return how many updates are lost, of how many, when rows are read, changed and saved without a lock."""
    from django.db.models import QuerySet

    from qifu.engines.casework.models import CaseNumber

    each = max(50, min(attempts, 8_000) // WORKERS)
    months = [f"n{number}" for number in range(HOT_CASES)]
    QuerySet(CaseNumber).bulk_create([CaseNumber(place_code="0", month=month, last=0) for month in months])

    def work(number: int) -> None:
        from django.db import OperationalError

        chooser = random.Random(f"naive {seed} {number}")
        for _ in range(each):
            done = False
            while not done:
                with suppress(OperationalError):
                    found = CaseNumber.objects.get(place_code="0", month=chooser.choice(months))
                    QuerySet(CaseNumber).filter(pk=found.pk).update(last=found.last + 1)
                    done = True

    running = {number: forked(work, number) for number in range(WORKERS)}
    while running:
        time.sleep(0.02)
        finished(running)
    kept = sum(CaseNumber.objects.filter(place_code="0").values_list("last", flat=True))
    return each * WORKERS - kept, each * WORKERS


# Whole lives.

LIFE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("accept", "clerk", {"board": "", "topic": "", "scope": "individual", "difficulty": "general"}),
    ("assign", "clerk", {"lead": 0}),
    ("take", "officer", {}),
    ("contact", "officer", {"contact_way": "phone", "explanation": "已电话联系（模拟）"}),
    ("draft", "officer", {"result": "solved", "reply": REPLY}),
    ("pass", "second", {}),
    ("sign", "second", {"signer": "李某（模拟）"}),
    ("close", "clerk", {"result": "solved"}),
)
"""Transition, who does it, its form; ten acts with the report and the rating."""


def lives_a_second(desks: list[Desk], lives: int, folder: Path) -> list[dict[str, Any]]:
    """Let four processes lead cases through their lives; return transitions (the opening among them) a second."""
    from django.db import connection

    def work(number: int) -> None:
        mine = [life for life in range(lives) if life % LIFE_WORKERS == number]
        took = [live(desks[life % len(desks)]) for life in mine]
        (folder / f"life-{number}").write_text("\n".join(f"{one:.3f}" for life in took for one in life))

    def all_lives() -> None:
        running = {number: forked(work, number) for number in range(LIFE_WORKERS)}
        while running:
            time.sleep(0.02)
            finished(running)

    queries = queries_of_a_life(
        desks[0]
    )  # and what a running site holds in memory is read before the processes part
    before = processor_time()
    _, milliseconds = timed(all_lives)
    own = processor_time() - before
    took = sorted(
        float(line)
        for number in range(LIFE_WORKERS)
        for line in (folder / f"life-{number}").read_text().split()
    )
    acts = lives * (len(LIFE) + 1)
    where = f"{connection.vendor}: {lives} lives of {len(LIFE) + 2} acts, {LIFE_WORKERS} workers"
    return [
        row(
            where,
            "transitions a second",
            acts / (milliseconds / 1000),
            "transitions/s",
            goal=GOAL_TRANSITIONS,
        ),
        row(where, "processor time of an act, the server's left out", own * 1000 / (acts + lives), "ms"),
        row(where, "p95 of an act", took[len(took) * 95 // 100], "ms"),
        row(where, "queries of a transition, median", queries[len(queries) // 2], "queries"),
        row(where, "queries of a transition, most", queries[-1], "queries"),
    ]


def processor_time() -> float:
    """Return the seconds of processor time that ended child processes took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def live(desk: Desk, each: Callable[[str, Callable[[], Any]], Any] | None = None) -> list[float]:
    """Lead one case through its life; return the milliseconds of each act."""
    from qifu.engines.casework.models import Case
    from qifu.foundation.request_id import request_id
    from qifu.services.enterprise_problems.actions.moving import move_problem
    from qifu.services.enterprise_problems.actions.rating import rate_problem
    from qifu.services.enterprise_problems.lists import lists

    took: list[float] = []
    topic = next(iter(lists().topics))
    filled = {"board": lists().topics[topic]["board"], "topic": topic, "lead": desk.unit}

    def act(name: str, body: Callable[[], Any]) -> Any:
        with request_id(f"{name}-{len(took)}-{time.monotonic_ns()}"):
            found, milliseconds = timed(lambda: each(name, body) if each else body())
        took.append(milliseconds)
        return found

    at = AT
    case = act("report", lambda: report(desk, at))
    for name, who, form in LIFE:
        at += timedelta(minutes=20)
        given = {key: value or filled[key] for key, value in form.items()}
        act(
            name,
            lambda name=name, who=who, given=given, at=at: move_problem(
                by=getattr(desk, who), at=at, case=Case.objects.get(pk=case.pk), transition=name, form=given, confirmed="已核实",
            ),
        )  # fmt: skip
    act(
        "rate",
        lambda: rate_problem(
            by=desk.reporter, at=at, case=Case.objects.get(pk=case.pk), solved=True, stars=5
        ),
    )
    return took


def queries_of_a_life(desk: Desk) -> list[int]:
    """Return how many statements each transition of a life takes, fewest first, savepoints not counted."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []

    def each(name: str, body: Callable[[], Any]) -> Any:
        with CaptureQueriesContext(connection) as caught:
            found = body()
        if name not in ("report", "rate"):
            counts.append(sum("SAVEPOINT" not in one["sql"] for one in caught))
        return found

    live(desk, each)
    return sorted(counts)


def verified() -> list[dict[str, Any]]:
    """Verify every case that was made."""
    from django.db import connection

    from qifu.engines.casework.models import Case
    from qifu.engines.casework.verify import verify

    faults, milliseconds = timed(lambda: [str(fault) for fault in verify(at=AT)])
    for fault in faults[:10]:
        print(fault, file=sys.stderr)
    where = f"{connection.vendor}: qifu casework verify over {Case.objects.count()} cases"
    return [
        row(where, "faults", len(faults), "faults", goal=0, equal=not faults),
        row(where, "time", milliseconds, "ms"),
    ]


def row(
    job: str, metric: str, value: float, unit: str, *, goal: float | None = None, peer: str | None = None,
    theirs: float | None = None, equal: bool | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "job": job, "metric": metric, "value": round(value, 1), "unit": unit, "goal": goal, "peer": peer,
        "peer_basis": "same_run" if peer else None, "peer_value": theirs, "ratio": None, "equal": equal,
    }  # fmt: skip
