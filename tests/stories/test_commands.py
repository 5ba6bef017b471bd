"""The command line as an operator meets it: clear words, the right exit status, nothing done by halves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.site import loaded_demo

ROOT = Path(__file__).resolve().parents[2]


def qifu(
    *arguments: str, data: Path, settings: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `qifu` as a process of its own with a data directory of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QIFU_")}
    environment = kept | {"QIFU_DATA_DIR": str(data), "DATABASE_URL": ""} | (settings or {})
    command = [sys.executable, "-m", "qifu.commands.main", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


def test_without_a_command_it_says_how_to_use_it(tmp_path: Path) -> None:
    done = qifu(data=tmp_path)
    assert done.returncode == 2 and "用法：qifu" in done.stderr
    assert qifu("--help", data=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("QIFU_PORT", "八千", "非负整数"),
        ("QIFU_AS_OF", "2024/6/20", "YYYY-MM-DD"),
        ("QIFU_DEMO", "maybe", "1 或 0"),
        ("DATABASE_URL", "foo://x", "postgresql://"),
    ],
)
def test_a_wrong_variable_is_named_and_nothing_starts(
    name: str, value: str, words: str, tmp_path: Path
) -> None:
    for command in ("serve", "worker", "migrate"):
        done = qifu(command, data=tmp_path, settings={name: value})
        assert done.returncode == 1
        assert name in done.stderr and words in done.stderr and "Traceback" not in done.stderr
    told = qifu("doctor", data=tmp_path, settings={name: value})
    assert told.returncode == 1 and "[错误] 环境变量" in told.stdout and name in told.stdout


def test_a_data_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = qifu("doctor", data=tmp_path / "file" / "data")
    assert done.returncode == 1
    assert "QIFU_DATA_DIR" in done.stderr and "Traceback" not in done.stderr


def test_doctor_finds_what_is_missing_and_is_content_after_migrating(tmp_path: Path) -> None:
    before = qifu("doctor", data=tmp_path)
    assert before.returncode == 1 and "qifu migrate" in before.stdout
    assert qifu("migrate", data=tmp_path).returncode == 0
    after = qifu("doctor", data=tmp_path)
    assert "数据库结构：已是最新" in after.stdout and "没有正在运行的作业进程" in after.stdout
    assert qifu("worker", "--once", data=tmp_path).returncode == 0
    assert "作业进程在运行" in qifu("doctor", data=tmp_path).stdout


def test_doctor_lists_every_variable_with_its_meaning(tmp_path: Path) -> None:
    from django.conf import settings

    listed = qifu("doctor", "--settings", data=tmp_path).stdout
    for variable in settings.VARIABLES:
        assert variable.name in listed and variable.help in listed


def test_demo_commands_refuse_on_a_real_site(tmp_path: Path) -> None:
    assert qifu("migrate", data=tmp_path).returncode == 0
    size = (tmp_path / "qifu.sqlite3").stat().st_size
    for act in ("reset", "load", "accounts"):
        done = qifu("demo", act, data=tmp_path)
        assert done.returncode == 1 and "不是演示站点" in done.stderr
    assert (tmp_path / "qifu.sqlite3").stat().st_size == size


def test_demo_reset_gives_back_what_load_made(tmp_path: Path) -> None:
    demo = {"QIFU_DEMO": "1", "QIFU_AS_OF": "2024-06-20"}
    shutil.copytree(loaded_demo(), tmp_path, symlinks=True, dirs_exist_ok=True)
    again = qifu("demo", "load", data=tmp_path, settings=demo)
    assert again.returncode == 0 and "province" in again.stdout, again.stderr
    done = qifu("demo", "reset", data=tmp_path, settings=demo)
    assert done.returncode == 0 and "演示数据已清空" in done.stdout, done.stderr
    assert "数据库结构：已是最新" in qifu("doctor", data=tmp_path, settings=demo).stdout
