"""Puts a backup back: everything is read and compared before anything is touched, and it is all or nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection

from qifu.foundation.operating import backup, databases
from qifu.foundation.operating.archive import ArchiveRefused, Manifest

BEFORE = ".before-restore"
"""Beside the folder of files while its content is exchanged; found later only when the machine stopped in between."""


def site_is_empty() -> bool:
    """Tell whether nobody has begun to use this site: no people, no stored files."""
    people = get_user_model()
    if people._meta.db_table in connection.introspection.table_names() and people._default_manager.exists():
        return False
    return next(iter(backup.stored_files()), None) is None


def restore(path: Path, *, tell: backup.Tell) -> Manifest:
    """Replace database and files by those of the archive; return its manifest.

    Refused, with nothing touched, when the archive is not whole and ours, of another kind of database, or made by a
    later version. Raises ArchiveRefused, DatabaseRefused or OSError.
    """
    files = backup.files_folder()
    files.parent.mkdir(parents=True, exist_ok=True)
    with backup.removed_at_the_end(files.parent / f".restoring-{os.getpid()}") as scratch:
        tell("读取备份，核对清单、签名和每个文件的摘要")
        (scratch / "files").mkdir()
        manifest = backup.read_signed(path, sink=lambda name: _kept(scratch, name), tell=tell)
        _refuse_unfit(manifest)
        copy = scratch / databases.DATABASE_MEMBER[manifest.vendor]
        tell("核对无误；写入数据库")
        if manifest.vendor == "sqlite":
            databases.refuse_difference(databases.sqlite_tables(copy), manifest.tables)
            with _exchanged(scratch / "files", files):
                _replace_sqlite(copy, manifest)
        else:
            with databases.restored_postgres(copy, manifest.tables), _exchanged(scratch / "files", files):
                tell("数据库逐表核对无误；提交")
    return manifest


@contextmanager
def _kept(scratch: Path, name: str) -> Iterator[BinaryIO]:
    """Open the place of a member; `archive.read` let only names through that stay inside."""
    target = scratch / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        os.chmod(target, 0o600)
        yield cast(BinaryIO, file)


def _refuse_unfit(manifest: Manifest) -> None:
    if manifest.vendor != connection.vendor:
        names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
        raise ArchiveRefused(
            f"备份来自 {names.get(manifest.vendor, manifest.vendor)}，本站用的是 {names[connection.vendor]}：请改 DATABASE_URL"
        )
    _, unknown = backup.unapplied_and_unknown(manifest.migrations)
    if unknown:
        raise ArchiveRefused(
            f"备份由更新的版本（{manifest.version}）制作，本程序不认识其中的数据库结构（如 {unknown[0]}）：请先装好那个版本"
        )


def _replace_sqlite(copy: Path, manifest: Manifest) -> None:
    """Copy the checked database over ours in one transaction of SQLite's own, and compare it once more."""
    connection.close()
    target = databases.sqlite_path()
    target.parent.mkdir(parents=True, exist_ok=True)
    databases.copy_sqlite(copy, target)
    databases.refuse_difference(databases.sqlite_tables(target), manifest.tables)


@contextmanager
def _exchanged(fresh: Path, files: Path) -> Iterator[None]:
    """Put the folder `fresh` in the place of `files` for good, unless the block fails: then the old one comes back."""
    before = files.with_name(files.name + BEFORE)
    if before.exists():
        raise ArchiveRefused(f"上一次恢复中断，留下了 {before}：请先按手册“恢复中断之后”处理")
    if files.exists():
        files.rename(before)
    try:
        fresh.rename(files)
        yield
    except BaseException:
        shutil.rmtree(files, ignore_errors=True)
        if before.exists():
            before.rename(files)
        raise
    shutil.rmtree(before, ignore_errors=True)


def interrupted() -> Path | None:
    """Return the folder that a restore cut short has left, or None."""
    files = backup.files_folder()
    before = files.with_name(files.name + BEFORE)
    return before if before.exists() else None


def keys_text() -> str:
    """Say, in Chinese, which keys are in no backup and where they are."""
    folder = settings.DATA_DIR
    places = [
        f"{name}：" + (f"环境变量 {variable}" if settings.ENV.get(variable) else str(folder / name))
        for name, variable in (("secret_key", "QIFU_SECRET_KEY"), ("seal_key", "QIFU_SEAL_KEYS"))
    ]
    return "密钥不在备份里，须另行保管（没有 seal_key，加密的联系方式无法恢复）：\n  " + "\n  ".join(places)
