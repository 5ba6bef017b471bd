"""`qifu worker`: drain the jobs table."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading

from qifu.commands.main import parser
from qifu.foundation import clock, jobs

log = logging.getLogger("qifu.worker")
IDLE_SECONDS = 1.0


def main(argv: list[str]) -> int:
    """Run jobs until told to stop (SIGTERM, SIGINT), or with --once until none is due."""
    arguments = parser("worker", "执行后台作业（读取公文、发送消息、计时）")
    arguments.add_argument("--once", action="store_true", help="执行完当前到期的作业后退出")
    options = arguments.parse_args(argv)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    drain(stop, once=options.once)
    return 0


def drain(stop: threading.Event, *, once: bool = False) -> None:
    """Run due jobs one after another; sleep a second when there is none; beat so that /healthz sees us."""
    from django.db import DatabaseError, OperationalError, close_old_connections

    name = f"{socket.gethostname()}:{os.getpid()}"
    log.info("worker started")
    while not stop.is_set():
        try:
            close_old_connections()
            jobs.beat(worker=name, at=clock.now())
            if jobs.run_one(worker=name, clock=clock.now):
                continue
        except OperationalError:
            log.exception("database not reachable; trying again")
        if once:
            return
        stop.wait(IDLE_SECONDS)
    with contextlib.suppress(DatabaseError):
        jobs.retire(worker=name)
    log.info("worker stopped")
