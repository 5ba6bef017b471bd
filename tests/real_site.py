"""A real site in a folder of its own, worked by its commands as processes, on SQLite or a PostgreSQL of our own."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.browser.site import free_port
from tests.postgres import NoPostgres, running_server, server_programs

ROOT = Path(__file__).resolve().parents[1]
VENDORS = ["sqlite", "postgresql"]


@dataclass
class Site:
    """A site: its folder, its database and the environment of its commands."""

    folder: Path
    vendor: str
    url: str
    more: dict[str, str]

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("QIFU_")}
        if self.vendor == "postgresql":  # a machine may have the server of the wheel alone
            kept["PATH"] = f"{kept.get('PATH', '')}{os.pathsep}{server_programs()}"
        return kept | {
            "QIFU_DATA_DIR": str(self.folder), "DATABASE_URL": self.url, "QIFU_LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "qifu.portal.settings", **self.more,
        }  # fmt: skip

    def run(self, *arguments: str, code: int | None = 0, answer: str | None = None) -> str:
        """Run `qifu ARGUMENTS`, hold it to its exit status and return all it said."""
        command = [sys.executable, "-m", "qifu.commands.main", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment(), capture_output=True, text=True, timeout=300,
            input=answer or "",
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert "Traceback" not in said, said
        assert code is None or done.returncode == code, said
        return said

    def script(self, text: str) -> str:
        """Run Python inside the site."""
        command = [sys.executable, "-c", f"import django; django.setup()\n{text}"]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment(), capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def backup(self, *arguments: str) -> Path:
        said = self.run("backup", *arguments)
        return Path(re.findall(r"备份完成：(.+)", said)[0])

    def rows(self) -> dict[str, list[str]]:
        """Return every row of every table as sorted text, read without the program's help."""
        if self.vendor == "sqlite":
            with closing(sqlite3.connect(self.folder / "qifu.sqlite3")) as database:
                names = database.execute(
                    "SELECT name FROM sqlite_master WHERE type='table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
                )
                return {
                    n: sorted(map(repr, database.execute(f'SELECT * FROM "{n}"')))
                    for (n,) in names.fetchall()
                }
        with psycopg.connect(self.url) as database:
            names = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            return {n: sorted(map(repr, database.execute(f'SELECT * FROM "{n}"'))) for (n,) in names}

    def files(self) -> dict[str, str]:
        folder = self.folder / "files"
        return {
            str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in folder.rglob("*") if p.is_file()
        }  # fmt: skip

    @contextmanager
    def served(self, **more: str) -> Iterator[str]:
        """Serve the site and give its address."""
        port = free_port()
        environment = self.environment() | {"QIFU_PORT": str(port), "QIFU_RATE_LIMITS": "0"} | more
        log = self.folder / f"serve-{port}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "qifu.commands.main", "serve"],
                cwd=ROOT,
                env=environment,
                stdout=out,
                stderr=out,
            )
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(300):
                assert process.poll() is None, log.read_text()
                try:
                    urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
                    break
                except (urllib.error.URLError, OSError):
                    time.sleep(0.2)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture(scope="module", name="new_database")
def make_databases() -> Iterator[Callable[[str], str]]:
    """Make an empty database of a vendor and return its DATABASE_URL; one PostgreSQL server serves the whole module."""
    made: list[str] = []
    server = running_server()
    started: list[str] = []

    def make(vendor: str) -> str:
        if vendor == "sqlite":
            return ""
        if not started:
            try:
                started.append(server.__enter__())
            except NoPostgres as error:
                if os.environ.get("CI") == "true":
                    raise
                pytest.skip(str(error).splitlines()[0])
        made.append(f"site{len(made)}")
        with psycopg.connect(started[0], autocommit=True) as database:
            database.execute(f"CREATE DATABASE {made[-1]}")
        return started[0].removesuffix("/postgres") + f"/{made[-1]}"

    yield make
    if started:
        server.__exit__(None, None, None)
