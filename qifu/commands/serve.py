"""`qifu serve`: the web server, with the worker beside it when asked."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from qifu.commands.main import parser
from qifu.commands.running import known_as_running


def main(argv: list[str]) -> int:
    """Serve until stopped; when one of the two processes ends, the other is ended too."""
    arguments = parser("serve", "启动网站")
    arguments.add_argument("--with-worker", action="store_true", help="同时启动后台作业进程")
    arguments.add_argument("--host", default="127.0.0.1", help="监听地址，默认仅本机")
    options = arguments.parse_args(argv)
    from django.conf import settings

    port = int(settings.ENV["QIFU_PORT"])
    if _taken(options.host, port):
        print(
            f"端口 {port} 已被占用：请停止占用它的程序，或用 QIFU_PORT=其他端口 重新启动。", file=sys.stderr
        )
        return 1
    with known_as_running(port), measured_together(port) as environment:
        web = _web_command(options.host, port, settings.ENV["QIFU_WORKERS"])
        children = [subprocess.Popen(web, env=environment)]
        if options.with_worker:
            children.append(subprocess.Popen([sys.executable, "-m", "qifu.commands.main", "worker"]))
        _announce(options.host, port)
        return _watch(children)


@contextmanager
def measured_together(port: int) -> Iterator[dict[str, str]]:
    """Give the environment in which the web processes count into one new folder, so that /metrics tells their sum."""
    from django.conf import settings

    folder = Path(settings.DATA_DIR) / f"metrics-{port}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _announce(host: str, port: int) -> None:
    """Print the address once the server answers (or after 20 seconds, whatever it does)."""
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if probe.connect_ex((host, port)) == 0:
                break
        time.sleep(0.2)
    print(f"\n网站已启动：http://{host}:{port}/    按 Ctrl+C 停止", flush=True)


def _web_command(host: str, port: int, workers: int) -> list[str]:
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", str(workers), "--blocking-threads", "1", "--log-level", "warning", "--no-access-log",
        "qifu.portal.wsgi:application",
    ]  # fmt: skip


def _taken(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def _watch(children: list[subprocess.Popen[bytes]]) -> int:
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not stopping and all(child.poll() is None for child in children):
        time.sleep(0.2)
    failed = [child.returncode for child in children if child.poll() not in (None, 0)]
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    for child in children:
        try:
            child.wait(timeout=15)
        except subprocess.TimeoutExpired:
            child.kill()
    if not stopping:
        print("一个进程意外停止，网站已关闭；原因见上方日志。可运行 qifu doctor 检查。", file=sys.stderr)
    return 1 if failed and not stopping else 0
