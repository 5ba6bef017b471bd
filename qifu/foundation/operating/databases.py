"""Copies and digests of the site's database, SQLite or PostgreSQL: taken while it is written to, put back as a whole.

A digest of a table is the sum of its rows' SHA-256, so it depends on every byte and on no order. SQLite is copied by its
backup interface; PostgreSQL by pg_dump in the very snapshot that is digested, and restored by psql in one transaction.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

from django.db import connection

from qifu.foundation.operating.archive import Table

DATABASE_MEMBER = {"sqlite": "database.sqlite3", "postgresql": "database.sql"}
STORED_FILES = "SELECT DISTINCT sha256 FROM foundation_storedfile"
_ROOM = 1 << 256
# How values are written out must not depend on the session that asks.
_PLAIN = (
    "SET TIME ZONE 'UTC'; SET datestyle = 'ISO'; SET intervalstyle = 'postgres'; SET extra_float_digits = 1;"
    " SET bytea_output = 'hex'; SET client_encoding = 'UTF8';"
)


class DatabaseRefused(Exception):
    """The database cannot be copied or restored; the message is Chinese and says what to do."""


def digest_rows(rows: Iterable[bytes]) -> Table:
    """Return the count and the digest of the rows, whatever their order."""
    count = total = 0
    for row in rows:
        count += 1
        total += int.from_bytes(hashlib.sha256(row).digest())
    return Table(count, f"{total % _ROOM:064x}")


# --- SQLite


def sqlite_path() -> Path:
    """Return where the SQLite database of this site lies."""
    return Path(str(connection.settings_dict["NAME"]))


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite database as it stands at this moment, in one transaction of `target`; writers go on meanwhile."""
    with (
        closing(sqlite3.connect(source, timeout=60)) as old,
        closing(sqlite3.connect(target, timeout=60)) as new,
    ):
        old.backup(new)


def settle_sqlite(path: Path) -> None:
    """Make a copy one whole file without a journal beside it, and check that it is sound."""
    with closing(sqlite3.connect(path)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")
        if copy.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise DatabaseRefused(
                "数据库文件已损坏（quick_check 未通过）：请停止站点，检查磁盘，从最近的备份恢复"
            )


def sqlite_tables(path: Path) -> dict[str, Table]:
    """Return every real table of a SQLite file with count and digest (virtual tables consist of such)."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as copy:
        copy.text_factory = bytes
        names = copy.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        )
        return {
            name: digest_rows(map(_sqlite_row, copy.execute(f'SELECT * FROM "{name}"')))
            for name in sorted(row[0].decode() for row in names)
        }


def _sqlite_row(row: tuple[Any, ...]) -> bytes:
    # With bytes for texts, TEXT and BLOB read alike; both must come back as they were.
    return json.dumps([value.hex() if isinstance(value, bytes) else [value] for value in row]).encode()


def ask_sqlite(path: Path, question: str) -> list[str]:
    """Return the first column of an answer from a SQLite file."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as copy:
        return [str(row[0]) for row in copy.execute(question)]


# --- PostgreSQL


def postgres_program(name: str, server: int) -> Path:
    """Return pg_dump or psql of a version not below the server's, the nearest first; raise DatabaseRefused without."""
    folders = [Path(folder) for folder in os.get_exec_path()]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    found: dict[int, Path] = {}
    for candidate in (folder / name for folder in folders):
        if not os.access(candidate, os.X_OK):
            continue
        told = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False).stdout
        if number := re.search(r"\) (\d+)", told):
            found.setdefault(int(number[1]), candidate)
    fitting = sorted(major for major in found if major >= server)
    if fitting:
        return found[fitting[0]]
    if found:
        raise DatabaseRefused(
            f"{name} 是 {max(found)} 版，数据库服务器是 {server} 版；客户端不能比服务器旧：请安装 postgresql-client-{server}"
        )
    raise DatabaseRefused(
        f"找不到 {name}：请安装 postgresql-client-{server}（Debian：apt install postgresql-client）"
    )


def server_major() -> int:
    """Return the major version of the PostgreSQL server."""
    connection.ensure_connection()
    return int(connection.connection.info.server_version) // 10000


def _surroundings() -> dict[str, str]:
    """Return the environment in which PostgreSQL's programs reach our database; no password on a command line."""
    asked = connection.get_connection_params()
    names = {
        "dbname": "PGDATABASE", "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD",
        "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
    }  # fmt: skip
    given = {variable: str(asked[name]) for name, variable in names.items() if asked.get(name)}
    return {**os.environ, "PGCLIENTENCODING": "UTF8", **given}


class PostgresSnapshot:
    """One moment of a PostgreSQL database: everything asked of it, and its dump, is of that moment."""

    def __init__(self) -> None:
        self._connection = connection.get_new_connection(connection.get_connection_params())
        self._cursor = self._connection.cursor()
        self._cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._cursor.execute(_PLAIN)
        self._name = self.ask("SELECT pg_export_snapshot()")[0]

    def close(self) -> None:
        """Let the moment go."""
        self._connection.close()

    def ask(self, question: str) -> list[str]:
        """Return the first column of an answer."""
        self._cursor.execute(question)
        return [str(row[0]) for row in self._cursor.fetchall()]

    def dump(self, target: Path) -> None:
        """Write the database as SQL to `target`."""
        command = [
            str(postgres_program("pg_dump", server_major())), "--format=plain", "--no-owner", "--no-privileges", "--encoding=UTF8",
            f"--snapshot={self._name}", f"--file={target}",
        ]  # fmt: skip
        done = subprocess.run(command, env=_surroundings(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise DatabaseRefused(f"pg_dump 未成功：{done.stderr.strip()[-500:]}")

    def tables(self) -> dict[str, Table]:
        """Return every table with count and digest."""
        return {name: digest_rows(self._lines(name)) for name in postgres_tables(self.ask)}

    def _lines(self, table: str) -> Iterator[bytes]:
        rest = b""
        with self._cursor.copy(f'COPY public."{table}" TO STDOUT') as rows:
            for piece in rows:
                *lines, rest = (rest + bytes(piece)).split(b"\n")
                yield from lines


def postgres_tables(ask: Any) -> list[str]:
    """Return the names of the tables of the schema public."""
    return sorted(ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))


@contextmanager
def restored_postgres(dump: Path, expected: dict[str, Table]) -> Iterator[None]:
    """Replace the schema public by `dump` in one transaction, compare every table, let the block run, then commit.

    Whatever goes wrong, in the block too, leaves the database as it was.
    """
    command = [
        str(postgres_program("psql", server_major())),
        "-X",
        "-q",
        "-A",
        "-t",
        "-v",
        "ON_ERROR_STOP=1",
        "-f",
        "-",
    ]
    connection.close()
    process = subprocess.Popen(
        command, env=_surroundings(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin and process.stdout and process.stderr
    faults: list[bytes] = []
    listening = threading.Thread(target=lambda: faults.append(process.stderr.read()), daemon=True)  # type: ignore[union-attr]
    listening.start()
    mark = secrets.token_hex(12).encode()
    feeding = threading.Thread(target=_feed, args=(process.stdin, dump, sorted(expected), mark), daemon=True)
    feeding.start()
    try:
        found = _digests(process.stdout, mark)
        if found is None:
            process.wait(timeout=60)
            listening.join(timeout=10)
            told = b"".join(faults).decode(errors="replace").strip()[:500]
            raise DatabaseRefused(f"恢复未完成，数据库保持原样：{told}")
        refuse_difference(found, expected)
        yield
        feeding.join()
        process.stdin.write(b"COMMIT;\n\\echo " + mark + b"committed\n")
        process.stdin.close()
        if mark + b"committed\n" not in process.stdout.read():
            raise DatabaseRefused("提交未成功，数据库保持原样：请查看数据库日志")
    finally:
        process.kill()  # without COMMIT the server takes everything back
        process.wait()


def refuse_difference(found: dict[str, Table], expected: dict[str, Table]) -> None:
    """Raise DatabaseRefused unless every table is as the manifest says."""
    wrong = sorted(name for name in found.keys() | expected if found.get(name) != expected.get(name))
    if wrong:
        raise DatabaseRefused(f"恢复后的内容与备份清单不符（{len(wrong)} 张表，如 {wrong[0]}），已全部撤回")


def _feed(stdin: IO[bytes], dump: Path, tables: list[str], mark: bytes) -> None:
    try:
        stdin.write(
            b"SET lock_timeout = '30s'; BEGIN; DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public;\n"
            b"\\o /dev/null\n"
        )
        with dump.open("rb") as source:
            shutil.copyfileobj(source, stdin, 1 << 20)
        stdin.write(b"\n\\o\n" + _PLAIN.encode() + b"\n")
        for table in tables:
            name = table.replace('"', '""').encode()
            stdin.write(b"\\echo " + mark + table.encode() + b'\nCOPY public."' + name + b'" TO STDOUT;\n')
        stdin.write(b"\\echo " + mark + b"\n")
        stdin.flush()
    except BrokenPipeError:  # psql ended at the first error; it told why
        return


def _digests(stdout: IO[bytes], mark: bytes) -> dict[str, Table] | None:
    """Read what psql writes out, table after table, up to the last mark; None when it ends before."""
    found: dict[str, Table] = {}
    line = stdout.readline()
    while line.startswith(mark):
        name = line[len(mark) : -1].decode()
        if not name:
            return found
        count = total = 0
        while (line := stdout.readline()) and not line.startswith(mark):
            count += 1
            total += int.from_bytes(hashlib.sha256(line[:-1]).digest())
        found[name] = Table(count, f"{total % _ROOM:064x}")
    return None
