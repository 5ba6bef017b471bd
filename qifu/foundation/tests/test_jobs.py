"""Jobs: there if, and only if, the act commits; run by one worker at a time; retried, cancelled, taken over."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connections

from qifu.foundation import jobs
from qifu.foundation.action import WriteOutsideAct
from qifu.foundation.jobs import (
    FIRST_RETRY,
    LEASE,
    LONGEST_RETRY,
    Job,
    JobCancelled,
    JobRefused,
    Running,
    cancel,
    claim,
    enqueue,
    run_one,
)
from qifu.foundation.tests.acts import AT, act

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

Handler = Callable[[Running], None]


class Clock:
    """A clock that tests move."""

    def __init__(self, at: datetime = AT) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Handler], None]]:
    def install(handler: Handler) -> None:
        monkeypatch.setitem(jobs._handlers, "test", handler)

    install(lambda running: None)
    yield install


def add(**options: object) -> Job:
    job = act(lambda: enqueue("test", **options))
    assert isinstance(job, Job)
    return job


def test_a_job_exists_if_and_only_if_the_act_commits(handle: object) -> None:
    def fail() -> None:
        enqueue("test", n=1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        act(fail)
    assert not Job.objects.exists()
    add(n=2)
    assert Job.objects.get().ids == {"n": 2}
    with pytest.raises(WriteOutsideAct):
        enqueue("test")
    with pytest.raises(LookupError):
        act(lambda: enqueue("no such kind"))


def test_jobs_run_in_order_when_they_are_due(handle: Callable[[Handler], None], clock: Clock) -> None:
    ran: list[int] = []
    handle(lambda running: ran.append(running.ids["n"]))
    add(n=1, run_at=AT + timedelta(hours=2))
    add(n=2)
    add(n=3, run_at=AT - timedelta(hours=1))
    while run_one(worker="w", clock=clock):
        pass
    assert ran == [3, 2]
    clock.at += timedelta(hours=2)
    assert run_one(worker="w", clock=clock) and not run_one(worker="w", clock=clock)
    assert ran == [3, 2, 1] and set(Job.objects.values_list("state", flat=True)) == {"done"}


def test_an_open_job_with_the_same_key_is_not_added_twice(handle: object, clock: Clock) -> None:
    first = add(unique_key="k")
    assert add(unique_key="k") == first and Job.objects.count() == 1
    claim(worker="w", at=AT)
    assert add(unique_key="k") == first
    cancelled = act(lambda: cancel(first.pk, at=AT))
    assert cancelled and add(unique_key="k") != first


def test_a_failure_is_retried_ever_later_and_then_given_up(
    handle: Callable[[Handler], None], clock: Clock
) -> None:
    def fail(running: Running) -> None:
        raise ValueError("坏了")

    handle(fail)
    job = add(max_attempts=3)
    waits = []
    for attempt in (1, 2, 3):
        assert run_one(worker="w", clock=clock)
        job.refresh_from_db()
        assert job.attempts == attempt and job.error == "ValueError: 坏了"
        assert not run_one(worker="w", clock=clock)
        waits.append(job.run_at - clock.at)
        clock.at = max(job.run_at, clock.at)
    assert waits[:2] == [FIRST_RETRY, FIRST_RETRY * 4]
    assert job.state == "failed" and job.finished_at is not None
    clock.at += timedelta(days=365)
    assert not run_one(worker="w", clock=clock)


def test_the_wait_after_many_failures_stays_within_a_day(
    handle: Callable[[Handler], None], clock: Clock
) -> None:
    def fail(running: Running) -> None:
        raise ValueError("坏了")

    handle(fail)
    job = add(max_attempts=100)
    Job.objects.filter(pk=job.pk).update(attempts=60)
    assert run_one(worker="w", clock=clock)
    job.refresh_from_db()
    assert job.state == "waiting" and job.run_at == clock.at + LONGEST_RETRY


def test_a_refusal_is_final(handle: Callable[[Handler], None], clock: Clock) -> None:
    def refuse(running: Running) -> None:
        raise JobRefused("文件无法读取，请另存为 .docx")

    handle(refuse)
    job = add()
    run_one(worker="w", clock=clock)
    job.refresh_from_db()
    assert (job.state, job.error, job.attempts) == ("failed", "文件无法读取，请另存为 .docx", 1)


def test_a_waiting_job_is_cancelled_at_once(handle: object, clock: Clock) -> None:
    job = add()
    with pytest.raises(WriteOutsideAct):
        cancel(job.pk, at=AT)
    assert act(lambda: cancel(job.pk, at=AT)) is True
    assert not run_one(worker="w", clock=clock)
    assert act(lambda: cancel(job.pk, at=AT)) is False


def test_a_running_job_stops_at_its_next_report(handle: Callable[[Handler], None], clock: Clock) -> None:
    steps: list[int] = []

    def work(running: Running) -> None:
        for n in range(5):
            if n == 2:
                act(lambda: cancel(running.job_id, at=AT))
            running.report(n, 5, "正在读取")
            steps.append(n)

    handle(work)
    job = add()
    assert run_one(worker="w", clock=clock)
    job.refresh_from_db()
    assert steps == [0, 1] and (job.state, job.done_count, job.total_count, job.progress) == (
        "cancelled",
        1,
        5,
        "正在读取",
    )


def test_a_lost_lease_is_taken_over_and_the_first_worker_counts_no_more(
    handle: Callable[[Handler], None], clock: Clock
) -> None:
    job = add()
    lost = claim(worker="dead", at=AT)
    assert lost == job and claim(worker="w", at=AT + LEASE) is None
    taken = claim(worker="w", at=AT + LEASE + timedelta(seconds=1))
    assert taken is not None and (taken.pk, taken.worker, taken.attempts) == (job.pk, "w", 2)
    with pytest.raises(JobCancelled):
        Running(job.pk, {}, AT, 1, clock).report(1, 2)
    jobs._finish(lost, Job.State.DONE, at=AT)
    jobs._retry_or_fail(lost, at=AT, error="late")
    taken.refresh_from_db()
    assert (taken.state, taken.attempts, taken.error) == ("running", 2, "")


def test_reporting_keeps_the_lease(handle: object, clock: Clock) -> None:
    add()
    job = claim(worker="w", at=AT)
    assert job is not None
    clock.at = AT + LEASE
    Running(job.pk, {}, AT, job.attempts, clock).report(1, 2, "长" * 500)
    assert claim(worker="x", at=AT + LEASE + timedelta(seconds=1)) is None
    assert claim(worker="x", at=AT + 2 * LEASE + timedelta(seconds=1)) is not None


def test_a_job_that_kills_its_workers_is_given_up(handle: object) -> None:
    for n in range(3):
        add(n=n, max_attempts=1)
    for _ in range(3):
        claim(worker="dies", at=AT)
    assert claim(worker="w", at=AT + LEASE + timedelta(seconds=1)) is None
    assert set(Job.objects.values_list("state", "error")) == {("failed", "多次执行中断，已停止重试")}


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_never_run_a_job_twice(handle: Callable[[Handler], None], clock: Clock) -> None:
    ran: Counter[int] = Counter()
    seen = threading.Lock()
    together = threading.Barrier(4)
    failures: list[BaseException] = []

    def note(running: Running) -> None:
        with seen:
            ran[running.ids["n"]] += 1

    def work(name: str) -> None:
        try:
            together.wait(timeout=20)
            while run_one(worker=name, clock=clock):
                pass
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    handle(note)
    act(lambda: [enqueue("test", n=n) for n in range(60)])
    workers = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert failures == []
    assert ran == Counter(range(60))
    assert set(Job.objects.values_list("state", "attempts")) == {("done", 1)}


@pytest.mark.django_db(transaction=True)
def test_acts_side_by_side_add_one_job_of_a_key(handle: object) -> None:
    together = threading.Barrier(4)
    found: list[int] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            together.wait(timeout=20)
            found.append(add(unique_key="once").pk)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert failures == [] and len(found) == 4 and len(set(found)) == 1 and Job.objects.count() == 1
