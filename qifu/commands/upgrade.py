"""`qifu upgrade`: backup, migrations, registers, static files, check; and how to go back when it fails."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from qifu.commands.main import parser


def main(argv: list[str]) -> int:
    """Upgrade the database to this program; 0 done, 1 refused or failed (then it says how to go back)."""
    arguments = parser("upgrade", "把数据库升级到当前程序的版本；先备份，失败时说明如何回到原来")
    arguments.add_argument("--backup-dir", type=Path, help="升级前备份的存放目录，默认为 QIFU_BACKUP_DIR")
    options = arguments.parse_args(argv)
    from qifu.commands.running import running_processes
    from qifu.foundation.operating import backup

    _, unknown = backup.unapplied_and_unknown(backup.applied_migrations())
    if unknown:
        print(
            f"拒绝：数据库由更新的版本使用过（如 {unknown[0]}），本程序较旧。请装好那个版本；没有作任何改动。",
            file=sys.stderr,
        )
        return 1
    if running := running_processes():
        print(
            "拒绝：站点还在运行（"
            + "；".join(running)
            + "）。旧程序不能与升级后的数据库同时使用，请先停止站点。",
            file=sys.stderr,
        )
        return 1
    return _upgrade(options.backup_dir)


def _upgrade(folder: Path | None) -> int:
    from qifu.commands import backup, doctor, migrate
    from qifu.foundation.operating import upgrade

    made: list[Path] = []
    steps: list[tuple[str, Callable[[], object]]] = [
        ("备份", lambda: made.append(backup.make(folder))),
        ("升级数据库结构", lambda: _tell_migrations(upgrade.migrate())),
        ("收集页面资源", migrate.collect_static),
        ("载入区划与单位", lambda: print("\n".join(migrate.load_registers()))),
    ]
    for title, step in steps:
        print(f"== {title}", flush=True)
        if backup.guarded(lambda: _run(step)):  # noqa: B023 - called at once
            _say_how_to_go_back(title, made)
            return 1
    print("== 检查")
    wrong = doctor.report()
    print(f"\n升级完成。升级前的备份：{made[0]}")
    if wrong:
        print("检查发现错误（见上），请按处理办法改正后再启动站点。", file=sys.stderr)
    else:
        print("现在可以启动站点。确认无误之前请保留这份备份。")
    return wrong


def _run(step: Callable[[], object]) -> None:
    """Run a step; a fault that nobody foresaw is shown whole and counts as a failed step."""
    from django.db import Error

    from qifu.foundation.operating.archive import ArchiveRefused
    from qifu.foundation.operating.databases import DatabaseRefused

    try:
        step()
    except (ArchiveRefused, DatabaseRefused, Error):
        raise
    except Exception as error:
        traceback.print_exc()
        raise ArchiveRefused(f"未能完成：{type(error).__name__}") from error


def _tell_migrations(names: list[str]) -> None:
    print("\n".join(f"  {name}" for name in names) or "  数据库结构已是最新")


def _say_how_to_go_back(title: str, made: list[Path]) -> None:
    if not made:
        print(f"升级停在“{title}”，数据库没有改动，站点可以照原样启动。", file=sys.stderr)
        return
    print(
        f"升级停在“{title}”。没有自动恢复任何东西。排除原因后可以再次运行 qifu upgrade；要回到升级之前：\n"
        "  1. 装回原来版本的程序（git checkout 原版本标签，make setup）\n"
        f"  2. qifu restore --replace --no-backup {made[0]}\n"
        "  3. 启动站点",
        file=sys.stderr,
    )
