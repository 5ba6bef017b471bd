"""`qifu channels` as an operator uses it: the example file leads to the stand-in, and a message goes all the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx

from qifu.commands.channels import DEMO_SECRET, SECRET_NAME
from qifu.foundation.channels import adapters
from qifu.foundation.channels.adapters import Message
from qifu.foundation.channels.config import parse_channels

QIFU = [sys.executable, "-m", "qifu.commands.main", "channels"]


def test_the_example_leads_to_the_stand_in(tmp_path: Path) -> None:
    environ = {**os.environ, "QIFU_DATA_DIR": str(tmp_path), SECRET_NAME: DEMO_SECRET}
    environ.pop("QIFU_CHANNELS", None)
    server = subprocess.Popen(
        [*QIFU, "stand-in", "--port", "0"], stdout=subprocess.PIPE, text=True, env=environ
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        address = line.split("：")[1].split()[0].rstrip("/")
        port = address.rpartition(":")[2]
        example = subprocess.run(
            [*QIFU, "example", "--port", port], capture_output=True, text=True, env=environ, check=True
        ).stdout
        site = parse_channels(example.encode(), environ)
        message = Message(key="k", to="13800000007", title="题", text="您有一条新的消息", link="")
        assert adapters.send(site.channels[0], message) == "1"
        assert "您有一条新的消息" in httpx.get(address, trust_env=False).text
    finally:
        server.terminate()
        server.wait(timeout=20)


def test_a_wrong_file_stops_the_start_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "url: https://qifu.example.org\nchannels:\n  - name: sms\n    title: 短信\n    kind: pigeon\n",
        "utf-8",
    )
    environ = {**os.environ, "QIFU_DATA_DIR": str(tmp_path), "QIFU_CHANNELS": str(tmp_path / "c.yaml")}
    ran = subprocess.run([*QIFU, "check"], capture_output=True, text=True, env=environ, check=False)
    assert ran.returncode == 1
    assert "QIFU_CHANNELS" in ran.stderr and "c.yaml 第 3 行" in ran.stderr and "endpoint" in ran.stderr
