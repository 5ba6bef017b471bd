"""What tests of channels stand on: a running stand-in, a book of addresses, a worker whose clock they move."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from qifu.foundation import jobs
from qifu.foundation.access import Actor, Grant
from qifu.foundation.channels.config import Channel, SiteChannels
from qifu.foundation.channels.stand_in import StandIn, serve
from qifu.foundation.jobs import Job
from qifu.foundation.notices import Notice, notify
from qifu.foundation.tests.acts import AT, act

SECRET = "a secret of the tests"
STAFF, OTHER, BOSS = 7, 8, 9
PERSON = Actor("person", STAFF, "甲")


class Book:
    """Addresses of everyone but those in `without`."""

    def __init__(self, *without: int) -> None:
        self.without = without

    def address(self, person_id: int, kind: str) -> str | None:
        """Return a made-up address."""
        if person_id in self.without:
            return None
        return {
            "mobile": f"1380000{person_id:04}",
            "email": f"p{person_id}@example.org",
            "account": f"acc-{person_id}",
        }[kind]


class Everyone:
    """An Authority under which BOSS acts for an enterprise and all others hold a post."""

    def grants(self, actor_id: int, at: datetime) -> Iterator[Grant]:
        """Return one grant."""
        if actor_id == BOSS:
            yield Grant(role="test_keeper", actor_id=actor_id, enterprise_id=3)
        else:
            yield Grant(role="test_keeper", actor_id=actor_id, organisation_id=5, place="330100")


class Clock:
    """A clock that tests move."""

    def __init__(self, at: datetime = AT) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@contextmanager
def running(stand_in: StandIn) -> Iterator[str]:
    """Serve a stand-in on a free port; gives its address."""
    server = serve(stand_in)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def declare(settings: Any, url: str, *channels: Channel, **options: Any) -> None:
    """Let the site have the given channels, or one for text messages at the stand-in."""
    sms = Channel("sms", "短信", "sms", endpoint=f"{url}/sms", secret=SECRET, timeout=1, **options)
    settings.CHANNELS = SiteChannels("企服", "https://qifu.example.org", channels or (sms,))


def tell(*people: int, title: str = "内部：某企业的事", at: datetime = AT, **options: Any) -> list[Notice]:
    """Write a notice to each person; returns the rows."""
    act(lambda: notify(people or [STAFF], title=title, **options), at=at)
    return list(Notice.objects.order_by("-pk")[: len(people) or 1])


def work(clock: Clock) -> int:
    """Run every job that is due now; return how many runs there were."""
    runs = 0
    while jobs.run_one(worker="w", clock=clock):
        runs += 1
        assert runs < 5000, "the jobs never end"
    return runs


def work_through(clock: Clock, *, until: timedelta) -> None:
    """Run jobs as the clock goes on to each next one, up to `until` from now."""
    end = clock.at + until
    work(clock)
    while (
        job := Job.objects.filter(state="waiting", run_at__lte=end).order_by("run_at").first()
    ) is not None:
        clock.at = max(clock.at, job.run_at)
        work(clock)
    clock.at = end
