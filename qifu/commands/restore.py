"""`qifu restore`: put a backup back into an empty site, or, after asking, in the place of what is there."""

from __future__ import annotations

import sys
from pathlib import Path

from qifu.commands.backup import guarded, make, tell
from qifu.commands.main import parser
from qifu.commands.migrate import collect_static


def main(argv: list[str]) -> int:
    """Restore; 0 done, 1 refused or failed (nothing was changed then)."""
    arguments = parser("restore", "从备份恢复数据库和文件；先核对，后写入，要么全部恢复，要么保持原样")
    arguments.add_argument("file", type=Path, help="备份文件")
    arguments.add_argument("--replace", action="store_true", help="本站已有数据时，用备份取代它们")
    arguments.add_argument("--yes", action="store_true", help="取代时不再询问（用于脚本）")
    arguments.add_argument(
        "--no-backup", action="store_true", help="取代前不先备份现有数据（现有数据库已损坏时用）"
    )
    options = arguments.parse_args(argv)
    return _run(options.file, replace=options.replace, sure=options.yes, first_backup=not options.no_backup)


def _run(path: Path, *, replace: bool, sure: bool, first_backup: bool) -> int:
    from django.db import Error

    from qifu.commands.running import running_processes
    from qifu.foundation.operating import restore

    if not path.is_file():
        print(f"找不到备份文件 {path}：请核对路径", file=sys.stderr)
        return 1
    try:
        empty = restore.site_is_empty()
    except Error as error:
        empty = False
        print(
            f"现有数据库读不出（{type(error).__name__}）；确要取代请用 --replace --no-backup。",
            file=sys.stderr,
        )
    if not empty and not replace:
        print(
            "拒绝：本站已有人员或文件，恢复会取代它们。确要取代请加 --replace；没有作任何改动。",
            file=sys.stderr,
        )
        return 1
    if running := running_processes():
        print("拒绝：站点还在运行（" + "；".join(running) + "）。请先停止再恢复。", file=sys.stderr)
        return 1
    if not empty and not sure and not _asked(path):
        print("已取消，没有作任何改动。", file=sys.stderr)
        return 1
    return guarded(lambda: _restore(path, first_backup=not empty and first_backup))


def _asked(path: Path) -> bool:
    if not sys.stdin.isatty():
        print("没有终端可以确认：请在终端里运行，或加 --yes。", file=sys.stderr)
        return False
    return input(f"将用 {path.name} 取代本站现有的全部数据。输入“恢复”继续：").strip() == "恢复"


def _restore(path: Path, *, first_backup: bool) -> None:
    from qifu.foundation.operating import backup, restore

    if first_backup:
        tell("先备份现有数据")
        print(f"现有数据已备份到 {make()}")
    manifest = restore.restore(path, tell=tell)
    collect_static()
    rows = sum(table.rows for table in manifest.tables.values())
    print(
        f"恢复完成：{len(manifest.tables)} 张表，{rows:,} 行，{len(manifest.members) - 1:,} 个文件，逐表核对无误。"
    )
    missing, _ = backup.unapplied_and_unknown(manifest.migrations)
    if missing:
        print(
            f"备份来自较早的版本（{manifest.version}），还有 {missing} 项数据库升级未执行：请运行 qifu upgrade。"
        )
    else:
        print("请运行 qifu doctor 检查，然后启动站点。")
