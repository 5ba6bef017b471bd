"""`qifu backup`: one archive of the whole site, made while it is in use; `qifu backup verify`: read one through."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from qifu.commands.main import parser


def main(argv: list[str]) -> int:
    """Make a backup, or verify one; 0 done, 1 refused or failed."""
    if argv[:1] == ["verify"]:
        arguments = parser("backup verify", "完整读取一份备份，核对签名和每个文件的摘要")
        arguments.add_argument("file", type=Path, help="备份文件")
        path: Path = arguments.parse_args(argv[1:]).file
        return guarded(lambda: _verify(path))
    arguments = parser("backup", "备份数据库和文件，站点可以继续使用；核对备份用 qifu backup verify 文件")
    arguments.add_argument("folder", nargs="?", type=Path, help="存放目录，默认为 QIFU_BACKUP_DIR")
    arguments.add_argument("--keep", type=int, metavar="份数", help="成功后只保留最近几份，删除更早的")
    options = arguments.parse_args(argv)
    if options.keep is not None and options.keep < 1:
        arguments.error("--keep 至少为 1")
    return guarded(lambda: make(options.folder, keep=options.keep) and None)


def make(folder: Path | None = None, *, keep: int | None = None) -> Path:
    """Make a backup, print what was done and return its path."""
    from django.conf import settings

    from qifu.foundation import clock
    from qifu.foundation.operating import backup, restore

    made = backup.make_backup(folder or settings.BACKUP_DIR, at=clock.now(), keep=keep, tell=tell)
    rows = sum(table.rows for table in made.manifest.tables.values())
    print(f"备份完成：{made.path}")
    print(
        f"  {made.size / 1024**2:,.1f} MB，{len(made.manifest.tables)} 张表，{rows:,} 行，"
        f"{len(made.manifest.members) - 1:,} 个文件，已重新读取核对"
    )
    if made.manifest.missing_files:
        print(f"  注意：有 {len(made.manifest.missing_files)} 个登记的文件在磁盘上缺失或损坏，备份里也没有：")
        print("  " + "、".join(name[:12] for name in made.manifest.missing_files[:5]))
    print(restore.keys_text())
    return made.path


def _verify(path: Path) -> None:
    from qifu.foundation import clock
    from qifu.foundation.operating import backup

    manifest = backup.verify(path, at=clock.now(), tell=tell)
    rows = sum(table.rows for table in manifest.tables.values())
    print(f"备份完好：{path}")
    print(
        f"  {manifest.made_at} 由 {manifest.version} 版制作，{manifest.vendor}，{len(manifest.tables)} 张表，{rows:,} 行，"
        f"{len(manifest.members) - 1:,} 个文件"
    )


def tell(text: str) -> None:
    """Show progress; it is no result, so it goes to standard error."""
    print(text, file=sys.stderr, flush=True)


def guarded(work: Callable[[], None]) -> int:
    """Run `work` and return 0; say in Chinese why it was refused or failed, and return 1."""
    from django.db import Error

    from qifu.foundation.operating.archive import ArchiveRefused
    from qifu.foundation.operating.databases import DatabaseRefused

    try:
        work()
    except (ArchiveRefused, DatabaseRefused) as refused:
        print(str(refused), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"读写文件失败：{error.strerror or error}（{error.filename or ''}）", file=sys.stderr)
        return 1
    except Error as error:
        print(f"数据库出错（{type(error).__name__}）：{error}".strip(), file=sys.stderr)
        return 1
    return 0
