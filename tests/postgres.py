"""Run a command against a PostgreSQL of its own: `python -m tests.postgres COMMAND…`.

A temporary server is started (the system's, else the `pgserver` wheel's), DATABASE_URL is set, the command runs, the
server is stopped and its files are removed; the exit code is the command's. Under root the server runs as `postgres`
or `nobody`, since PostgreSQL refuses root. QIFU_TEST_POSTGRES=wheel takes the wheel's server in any case.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

PROGRAMS = ("initdb", "pg_ctl", "postgres")
SPEED = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60"
"""The data of a test server need not survive a power cut."""


class NoPostgres(RuntimeError):
    """No PostgreSQL server can be found or started; the message says what to install."""


def server_programs() -> Path:
    """Return the folder that holds initdb, pg_ctl and postgres: on PATH, Debian's, or the wheel's."""
    if os.environ.get("QIFU_TEST_POSTGRES") != "wheel":
        on_path = shutil.which("pg_ctl")
        debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: p.parent.name, reverse=True)
        for folder in [*([Path(on_path).resolve().parent] if on_path else []), *debian]:
            if all((folder / program).exists() for program in PROGRAMS):
                return folder
    for entry in sys.path:
        folder = Path(entry) / "pgserver" / "pginstall" / "bin"
        if all((folder / program).exists() for program in PROGRAMS):
            return folder
    raise NoPostgres(
        "no PostgreSQL server: install the package postgresql, or the pgserver wheel (requirements-dev)"
    )


def _account() -> pwd.struct_passwd | None:
    """Return the account the server must run as, None for the current one."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("running as root, and neither the account postgres nor nobody exists")


def _run(arguments: list[str], account: pwd.struct_passwd | None, home: Path) -> None:
    identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    with (home / "commands.log").open("ab") as log:
        done = subprocess.run(  # type: ignore[call-overload]
            arguments, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=120, check=False,
            env={**os.environ, "HOME": str(home)}, **identity,
        )  # fmt: skip
    if done.returncode:
        logs = "\n".join(p.read_text(errors="replace")[-3000:] for p in sorted(home.glob("*.log")))
        raise NoPostgres(f"{arguments[0]} ended with {done.returncode}:\n{logs}")


@contextmanager
def running_server() -> Iterator[str]:
    """Start a server of our own and give its DATABASE_URL; stop it and remove its files at the end."""
    account = _account()
    home = Path(tempfile.mkdtemp(prefix="qifu-pg-"))
    try:
        programs = server_programs()
        if account is not None:
            if "pgserver" in programs.parts:  # the wheel may lie where only root can read
                packages = programs.parents[2]
                for part in ("pgserver/pginstall", "pgserver.libs"):
                    if (packages / part).exists():
                        shutil.copytree(packages / part, home / "wheel" / part, symlinks=True)
                programs = home / "wheel" / "pgserver" / "pginstall" / "bin"
            subprocess.run(["chown", "-R", f"{account.pw_uid}:{account.pw_gid}", str(home)], check=True)
        data = str(home / "data")
        init = [
            str(programs / "initdb"),
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        ]
        _run(init, account, home)
        options = f"-c listen_addresses='' -c unix_socket_directories='{home}' {SPEED}"
        control = [str(programs / "pg_ctl"), "-D", data, "-w", "-t", "60"]
        _run([*control, "-l", str(home / "server.log"), "-o", options, "start"], account, home)
        try:
            yield f"postgresql://postgres@{quote(str(home), safe='')}/postgres"
        finally:
            _run([*control, "-m", "immediate", "stop"], account, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main(command: list[str]) -> int:
    """Run `command` with DATABASE_URL set; return its exit code."""
    if not command:
        sys.stderr.write("usage: python -m tests.postgres COMMAND…\n")
        return 2
    # A polite end must still stop the server and remove its files.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with running_server() as url:
            return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=False).returncode
    except NoPostgres as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
