"""The site under test as a real one: a fresh demo in a folder of its own, served by `qifu serve --with-worker`."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AS_OF = "2024-06-20"
START_WITHIN = 60
LOAD_WITHIN = 300


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(folder: Path, port: int) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.browser.gallery", "PYTHONPATH": str(ROOT), "QIFU_DEMO": "1",
        "QIFU_DATA_DIR": str(folder), "DATABASE_URL": "", "QIFU_AS_OF": AS_OF, "QIFU_PORT": str(port),
        "QIFU_WORKERS": "1", "QIFU_RATE_LIMITS": "0", "QIFU_DEBUG": "0", "QIFU_LOG_LEVEL": "WARNING",
    }  # fmt: skip


RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{os.getpid()}-{time.time_ns()}"
QIFU = [sys.executable, "-m", "qifu.commands.main"]


def loaded_demo() -> Path:
    """Return the folder of a loaded demo, made once for all processes of a test run; to be copied, never served.

    The first process to come makes it and removes it at its end; the others wait for it.
    """
    home = Path(tempfile.gettempdir()) / f"qifu-demo-{RUN}"
    data, done, failed = home / "data", home / "done", home / "failed"
    try:
        home.mkdir()
    except FileExistsError:
        deadline = time.monotonic() + LOAD_WITHIN
        while not done.exists():
            if failed.exists() or time.monotonic() > deadline:
                raise RuntimeError("qifu demo load failed in another process of this run") from None
            time.sleep(0.2)
        return data
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    load = [*QIFU, "demo", "load"]
    loaded = subprocess.run(load, env=_environment(data, 0), cwd=ROOT, capture_output=True, text=True)
    if loaded.returncode:
        failed.touch()
        raise RuntimeError(f"qifu demo load failed:\n{loaded.stdout}\n{loaded.stderr}")
    done.touch()
    return data


class Site:
    """A running demo site; use it in a `with` block."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="qifu-site-"))
        self.log = self.folder / "log"
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Site:
        shutil.copytree(loaded_demo(), self.folder, symlinks=True, dirs_exist_ok=True)
        environment = _environment(self.folder, self.port)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*QIFU, "serve", "--with-worker"], env=environment, cwd=ROOT, stdout=log, stderr=log
            )
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def verify_cases(self) -> None:
        """Run `qifu casework verify` on the site as it stands; AssertionError with what it found."""
        verify = [*QIFU, "casework", "verify"]
        environment = _environment(self.folder, self.port)
        done = subprocess.run(verify, env=environment, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"

    def _wait(self) -> None:
        deadline = time.monotonic() + START_WITHIN
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.address}/healthz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        self.process.terminate()
        raise RuntimeError(f"the site did not start:\n{self.log.read_text(errors='replace')[-4000:]}")
