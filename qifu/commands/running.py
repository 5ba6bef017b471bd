"""Which processes of this site run: what replaces or changes the whole database must find none."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def known_as_running(port: int) -> Iterator[None]:
    """Leave a note with our process number in the data directory while the web server runs."""
    from django.conf import settings

    note = Path(settings.DATA_DIR) / f"serve-{port}.pid"
    note.write_text(str(os.getpid()))
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def running_processes() -> list[str]:
    """Return, in Chinese, the web servers of this machine and the workers that are alive; empty when the site stands still.

    A worker of this machine counts only while its process lives; one elsewhere while it beats.
    """
    from django.conf import settings
    from django.db import Error

    from qifu.foundation import clock, jobs

    found: list[str] = []
    for note in sorted(Path(settings.DATA_DIR).glob("serve-*.pid")):
        with contextlib.suppress(OSError):  # it ended just now
            if _lives(process := note.read_text()):
                found.append(f"网站进程 {process}（端口 {note.stem.removeprefix('serve-')}）")
    with contextlib.suppress(Error):  # a database without our tables has no workers
        found += [
            f"作业进程 {one.name}"
            for one in jobs.workers(at=clock.now())
            if one.alive and (one.host != socket.gethostname() or _lives(one.process))
        ]
    return found


def _lives(process: str) -> bool:
    """Tell whether a process of ours has that number; after a restart of the machine another program may have it."""
    try:
        os.kill(int(process), 0)
        command = Path(f"/proc/{int(process)}/cmdline")
        return not command.exists() or b"qifu" in command.read_bytes()
    except PermissionError:
        return True
    except (ValueError, OSError):
        return False
