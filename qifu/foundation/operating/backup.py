"""Makes a backup of the whole site while it is in use, reads it again to be sure, and keeps the last so many."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from qifu.foundation import sealed
from qifu.foundation.operating import archive, databases
from qifu.foundation.operating.archive import ArchiveRefused, Manifest, Table

NAME = re.compile(r"qifu-\d{8}-\d{6}(-\d+)?\.tar\.gz")
SPARE = 50 << 20
"""Bytes that must stay free on the disk beyond what a backup is thought to need."""
OLD_AFTER = timedelta(hours=26)
"""A site is backed up every day; a nightly timer may start up to two hours later than the day before."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Made:
    """A backup that was made and read again."""

    path: Path
    size: int
    manifest: Manifest


@dataclass(frozen=True)
class LastBackup:
    """The last backup of this site: when it was made and last read through (None: found damaged), where it lies."""

    made_at: datetime
    path: Path
    size: int
    verified_at: datetime | None

    @property
    def present(self) -> bool:
        """Tell whether the file is where it was written."""
        return self.path.is_file()


def make_backup(folder: Path, *, at: datetime, keep: int | None = None, tell: Tell) -> Made:
    """Write `qifu-DATE-TIME.tar.gz` into `folder`, verify it, delete all but the newest `keep`; return what was made.

    The archive gets its name only when it is whole and was read through. Raises ArchiveRefused, DatabaseRefused or OSError.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _refuse_full(folder)
    final = _free_name(folder, at)
    part = folder / f".{final.name}.{os.getpid()}.part"
    with tempfile.TemporaryDirectory(prefix=".qifu-", dir=folder) as scratch:
        writer = archive.Writer(part)
        try:
            _write(writer, Path(scratch), at, tell)
            tell("重新读取，核对每个文件的摘要")
            manifest = read_signed(part)
            part.rename(final)
        except BaseException:
            writer.abandon()
            raise
    _note(LastBackup(at, final.resolve(), final.stat().st_size, at))
    for old in _superfluous(folder, keep):
        old.unlink()
        tell(f"已删除旧备份 {old.name}")
    return Made(final, final.stat().st_size, manifest)


def verify(path: Path, *, at: datetime, tell: Tell = lambda text: None) -> Manifest:
    """Read an archive through and return its manifest; raise ArchiveRefused where anything in it is not right."""
    last = last_backup()
    mine = last is not None and last.path == path.resolve()
    try:
        manifest = read_signed(path, tell=tell)
    except ArchiveRefused:
        if mine and last is not None:
            _note(LastBackup(last.made_at, last.path, last.size, None))
        raise
    if mine and last is not None:
        _note(LastBackup(last.made_at, last.path, last.size, at))
    return manifest


def read_signed(path: Path, *, sink: archive.Sink | None = None, tell: Tell = lambda text: None) -> Manifest:
    """Read an archive that a site with our sealing key made."""

    def count(members: int) -> None:
        if members % 500 == 0:
            tell(f"已读 {members:,} 个文件")

    if sink is None:
        return archive.read(path, signed=_distrust, tell=count)
    return archive.read(path, signed=_distrust, sink=sink, tell=count)


def _distrust(text: str, signature: str, fingerprint: str) -> str:
    if signature in sealed.lookup_keys(text, "backup"):
        return ""
    if fingerprint == sealed.key_fingerprint():
        return "备份的签名不对：文件被改动过，已拒绝，没有作任何改动"
    return (
        f"这份备份是用另一把加密密钥（指纹 {fingerprint}）的站点做的，本站的密钥指纹是 {sealed.key_fingerprint()}："
        f"请先把原站点的 seal_key 放到 {settings.DATA_DIR / 'seal_key'}（或设好 QIFU_SEAL_KEYS）再试；"
        "没有原来的密钥，备份里加密的联系方式无法读出"
    )


# --- writing


def _write(writer: archive.Writer, scratch: Path, at: datetime, tell: Tell) -> None:
    vendor = connection.vendor
    copy = scratch / databases.DATABASE_MEMBER[vendor]
    tell("复制数据库（站点可以继续使用）")
    tables, expected, migrations = _copied(copy)
    tell(f"数据库：{len(tables)} 张表，{sum(table.rows for table in tables.values()):,} 行")
    with copy.open("rb") as source:
        writer.add(copy.name, source, copy.stat().st_size)
    copy.unlink()
    stored = _add_files(writer, tell)
    manifest = Manifest(
        version=version("qifu"), made_at=at.isoformat(timespec="seconds"), vendor=vendor, server=_server(),
        seal_key=sealed.key_fingerprint(), migrations=migrations, tables=tables, members=writer.members,
        missing_files=sorted(set(expected) - stored),
    )  # fmt: skip
    writer.finish(manifest, sealed.lookup_key(manifest.text(), "backup"))


def _copied(copy: Path) -> tuple[dict[str, Table], list[str], dict[str, list[str]]]:
    """Copy the database; return its tables, the digests of the files it speaks of, the migrations applied to it."""
    applied = "SELECT app || '.' || name FROM django_migrations ORDER BY id"
    if connection.vendor == "sqlite":
        databases.copy_sqlite(databases.sqlite_path(), copy)
        databases.settle_sqlite(copy)
        names = databases.ask_sqlite(copy, applied)
        return (
            databases.sqlite_tables(copy),
            databases.ask_sqlite(copy, databases.STORED_FILES),
            _by_app(names),
        )
    snapshot = databases.PostgresSnapshot()
    try:
        snapshot.dump(copy)
        names = snapshot.ask(applied)
        return snapshot.tables(), snapshot.ask(databases.STORED_FILES), _by_app(names)
    finally:
        snapshot.close()


def _by_app(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        app, _, migration = name.partition(".")
        found.setdefault(app, []).append(migration)
    return found


def files_folder() -> Path:
    """Return the folder of stored files."""
    return Path(str(getattr(default_storage, "location", settings.DATA_DIR / "files")))


def stored_files() -> Iterator[Path]:
    """Yield every stored file, in an order that stays."""
    folder = files_folder()
    for parent, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(parent) / name for name in sorted(names) if not (Path(parent) / name).is_symlink())


def _add_files(writer: archive.Writer, tell: Tell) -> set[str]:
    """Add every stored file; return the names of those whose content is what their name says."""
    folder, good, done = files_folder(), set[str](), 0
    for path in stored_files():
        try:
            with path.open("rb") as source:
                member = writer.add(
                    f"files/{path.relative_to(folder).as_posix()}", source, path.stat().st_size
                )
        except (
            FileNotFoundError
        ):  # deleted since we saw it: no row of our moment may need it, else it is told as missing
            continue
        if member.sha256 == path.name:
            good.add(path.name)
        done += 1
        if done % 200 == 0:
            tell(f"文件：{done:,} 个")
    tell(f"文件：{done:,} 个")
    return good


def _server() -> str:
    if connection.vendor == "sqlite":
        import sqlite3

        return sqlite3.sqlite_version
    return str(databases.server_major())


# --- names, room, what was last


def _free_name(folder: Path, at: datetime) -> Path:
    stem = f"qifu-{timezone.localtime(at):%Y%m%d-%H%M%S}"
    path, number = folder / f"{stem}.tar.gz", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.tar.gz"
    return path


def backups_in(folder: Path) -> list[Path]:
    """Return the backups that lie in a folder, the oldest first."""
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(
        (path for path in found if NAME.fullmatch(path.name)),
        key=lambda path: (path.name[:20], len(path.name), path.name),
    )


def _superfluous(folder: Path, keep: int | None) -> list[Path]:
    return [] if keep is None else backups_in(folder)[:-keep]


def _refuse_full(folder: Path) -> None:
    database, files = database_size(), sum(path.stat().st_size for path in stored_files())
    needed = 2 * database + files + SPARE
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ArchiveRefused(
            f"{folder} 所在磁盘剩余 {free >> 20:,} MB，备份最多需要 {needed >> 20:,} MB：请清理磁盘，或换一个目录"
        )


def database_size() -> int:
    """Return how many bytes the database takes."""
    if connection.vendor == "sqlite":
        path = databases.sqlite_path()
        return sum(one.stat().st_size for one in (path, Path(f"{path}-wal")) if one.exists())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def _record() -> Path:
    return Path(settings.DATA_DIR) / "last_backup.json"


def _note(last: LastBackup) -> None:
    """Keep what was last in the data directory, beside the database: it must be known when the database is gone."""
    raw = {
        "made_at": last.made_at.isoformat(), "path": str(last.path), "size": last.size,
        "verified_at": last.verified_at and last.verified_at.isoformat(),
    }  # fmt: skip
    mine = _record().with_suffix(f".{os.getpid()}")
    mine.write_text(json.dumps(raw, ensure_ascii=False))
    mine.replace(_record())


def last_backup() -> LastBackup | None:
    """Return the last backup that was made here, or None."""
    try:
        raw = json.loads(_record().read_text())
        verified = raw["verified_at"]
        return LastBackup(
            datetime.fromisoformat(raw["made_at"]), Path(raw["path"]), int(raw["size"]),
            datetime.fromisoformat(verified) if verified else None,
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None


def unapplied_and_unknown(migrations: dict[str, list[str]]) -> tuple[int, list[str]]:
    """Return how many of our migrations are missing from `migrations`, and which of those we do not know."""
    from django.db.migrations.loader import MigrationLoader

    ours = set(MigrationLoader(None).disk_migrations)
    theirs = {(app, name) for app, names in migrations.items() for name in names}
    return len(ours - theirs), sorted(f"{app}.{name}" for app, name in theirs - ours)


def applied_migrations() -> dict[str, list[str]]:
    """Return the migrations applied to this database, by app."""
    return _by_app(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


@contextmanager
def removed_at_the_end(path: Path) -> Iterator[Path]:
    """Give a new folder at `path`; whatever is in it at the end goes."""
    path.mkdir(mode=0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
