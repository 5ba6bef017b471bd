"""Several processes write one log file while it is rotated away under them: no line is lost, none is torn."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

PROCESSES, LINES = 3, 150
WRITER = """
import logging, logging.handlers, sys
from qifu.portal.logs import JsonFormatter
path, name, lines = sys.argv[1:]
handler = logging.handlers.WatchedFileHandler(path, encoding="utf-8")
handler.setFormatter(JsonFormatter())
log = logging.getLogger("writer")
log.addHandler(handler)
for number in range(int(lines)):
    log.warning("%s %s %s", name, number, "长" * (number % 7) * 3000)
"""


def test_rotation_under_several_writers(tmp_path: Path) -> None:
    log = tmp_path / "qifu.log"
    log.touch()
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(log), str(n), str(LINES)], stderr=subprocess.PIPE)
        for n in range(PROCESSES)
    ]
    rotated = 0
    while any(writer.poll() is None for writer in writers):
        if log.exists() and log.stat().st_size > 100_000:
            rotated += 1
            log.rename(tmp_path / f"qifu.log.{rotated}")
        time.sleep(0.005)
    for writer in writers:
        assert writer.stderr is not None and writer.wait() == 0, writer.stderr.read()
    seen = []
    for path in tmp_path.glob("qifu.log*"):
        for line in path.read_text("utf-8").splitlines():
            process, number, text = json.loads(line)["message"].split(" ")
            assert text == "长" * (int(number) % 7) * 3000
            seen.append((process, int(number)))
    assert rotated >= 1
    assert sorted(seen) == sorted((str(p), n) for p in range(PROCESSES) for n in range(LINES))
