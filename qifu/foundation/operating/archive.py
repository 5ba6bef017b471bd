"""One file that holds a site: a compressed tar of the database, the stored files and, last, a signed manifest.

It is written and read as a stream, whatever its size. Nothing in it is believed before all of it was read: the manifest
names size and SHA-256 of every member, and its signature depends on a key that is not in the archive.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, cast

FORMAT = 1
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 1 << 30
PIECE = 1 << 20
_MEMBER = re.compile(r"database\.(sqlite3|sql)|files/.+")


class ArchiveRefused(Exception):
    """The archive cannot be used; the message is Chinese and says why and what to do."""


@dataclass(frozen=True)
class Member:
    """One file of the archive: bytes and hex SHA-256."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Table:
    """One table: its rows and a digest of them that does not depend on their order."""

    rows: int
    digest: str


@dataclass(frozen=True)
class Manifest:
    """What the archive says of itself; `migrations` holds the applied ones by app, `missing_files` stored files whose
    content was not there when the backup was made, `seal_key` the fingerprint of the sealing key.
    """

    version: str
    made_at: str
    vendor: str
    server: str
    seal_key: str
    migrations: dict[str, list[str]]
    tables: dict[str, Table]
    members: dict[str, Member]
    missing_files: list[str] = field(default_factory=list)
    format: int = FORMAT

    def text(self) -> str:
        """Return the canonical text that is signed."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Manifest:
        """Return the manifest that `text` writes; ValueError, TypeError or KeyError when it is none."""
        raw = json.loads(text)
        raw["tables"] = {name: Table(**one) for name, one in raw["tables"].items()}
        raw["members"] = {name: Member(**one) for name, one in raw["members"].items()}
        return cls(**raw)


class _Hashing(io.RawIOBase):
    """Reads a file and keeps the digest of what was read."""

    def __init__(self, source: BinaryIO) -> None:
        self.source, self.digest = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self.source.read(size)
        self.digest.update(piece)
        return piece


class Writer:
    """Writes an archive at `path`, which must not exist; its bytes may be read by the owner alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.members: dict[str, Member] = {}
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._zip = gzip.GzipFile(filename="", mode="wb", fileobj=self._file, compresslevel=6)
        self._tar = tarfile.open(  # noqa: SIM115 - closed by `finish`
            mode="w|", fileobj=self._zip, format=tarfile.PAX_FORMAT, bufsize=PIECE
        )

    def add(self, name: str, source: BinaryIO, size: int) -> Member:
        """Add `size` bytes of `source` under `name`."""
        hashing = _Hashing(source)
        self._tar.addfile(self._info(name, size), cast(Any, hashing))
        self.members[name] = Member(size, hashing.digest.hexdigest())
        return self.members[name]

    def finish(self, manifest: Manifest, signature: str) -> None:
        """Write the manifest and close the file, safely on the disk."""
        text = json.dumps({"manifest": manifest.text(), "signature": signature}).encode()
        self._tar.addfile(self._info(MANIFEST, len(text)), io.BytesIO(text))
        self._tar.close()
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def abandon(self) -> None:
        """Close and remove what was written."""
        with contextlib.suppress(OSError, ValueError):
            self._tar.close()
            self._zip.close()
        self._file.close()
        self.path.unlink(missing_ok=True)

    @staticmethod
    def _info(name: str, size: int) -> tarfile.TarInfo:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        return info


Sink = Callable[[str], AbstractContextManager[BinaryIO]]
"""Opens the place where a member of that name is to be kept."""


class _Nowhere(AbstractContextManager[BinaryIO]):
    """Keeps nothing: for reading an archive through without unpacking it."""

    def __enter__(self) -> BinaryIO:
        return cast(BinaryIO, self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def write(self, piece: bytes) -> int:
        return len(piece)


def read(
    path: Path,
    *,
    signed: Callable[[str, str, str], str],
    sink: Sink = lambda name: _Nowhere(),
    tell: Callable[[int], None] = lambda count: None,
) -> Manifest:
    """Read the whole archive through `sink` and return its manifest; raise ArchiveRefused unless every byte is right.

    `signed(text, signature, fingerprint)` returns why the manifest's signature is not to be believed, or "". What the
    sink received may be used only after this returned.
    """
    broken = f"备份文件 {path.name} 不完整或已损坏，没有作任何改动；请换用另一份备份"
    try:
        with gzip.open(path) as unzipped:
            found, text = _members(cast(BinaryIO, unzipped), sink, tell)
            while rest := unzipped.read(PIECE):  # to the end: only there does gzip check its sum
                if rest.strip(b"\0"):
                    raise ArchiveRefused(f"备份文件 {path.name} 末尾多出内容，可能被改动过，已拒绝")
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, UnicodeError) as error:
        raise ArchiveRefused(broken) from error
    except FileNotFoundError as error:
        raise ArchiveRefused(f"找不到备份文件 {path}：请核对路径") from error
    except IsADirectoryError as error:
        raise ArchiveRefused(f"{path} 是目录，不是备份文件") from error
    if text is None:
        raise ArchiveRefused(broken)
    return _believed(text, found, signed, broken)


def _members(
    unzipped: BinaryIO, sink: Sink, tell: Callable[[int], None]
) -> tuple[dict[str, Member], str | None]:
    found: dict[str, Member] = {}
    text: str | None = None
    with tarfile.open(mode="r|", fileobj=unzipped, bufsize=tarfile.RECORDSIZE) as tar:  # reads no further
        for info in tar:
            source = tar.extractfile(info) if info.isreg() else None
            if text is not None or source is None or info.name in found or not _is_ours(info.name):
                raise ArchiveRefused(
                    f"备份文件中有不应出现的内容（{info.name[:60]!r}），已拒绝，没有作任何改动"
                )
            if info.name == MANIFEST:
                if info.size > LARGEST_MANIFEST:
                    raise ArchiveRefused("备份文件的清单过大，已拒绝")
                text = source.read().decode()
                continue
            hashing = _Hashing(cast(BinaryIO, source))
            with sink(info.name) as kept:
                while piece := hashing.read(PIECE):
                    kept.write(piece)
            found[info.name] = Member(info.size, hashing.digest.hexdigest())
            tell(len(found))
    return found, text


def _is_ours(name: str) -> bool:
    """Tell whether a member of that name belongs in an archive; none may lead out of its folder."""
    if name == MANIFEST:
        return True
    plain = all(part not in ("", ".", "..") for part in name.split("/"))
    return plain and "\\" not in name and "\0" not in name and _MEMBER.fullmatch(name) is not None


def _believed(
    text: str, found: dict[str, Member], signed: Callable[[str, str, str], str], broken: str
) -> Manifest:
    try:
        outer = json.loads(text)
        inner, signature = str(outer["manifest"]), str(outer["signature"])
        raw = json.loads(inner)
        made_by, seal_key = int(raw["format"]), str(raw["seal_key"])
    except (ValueError, TypeError, KeyError) as error:
        raise ArchiveRefused(broken) from error
    if made_by != FORMAT:
        raise ArchiveRefused(f"备份格式为第 {made_by} 版，本程序只认第 {FORMAT} 版：请用制作它的那个版本恢复")
    if reason := signed(inner, signature, seal_key):
        raise ArchiveRefused(reason)
    try:
        manifest = Manifest.read(inner)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ArchiveRefused(broken) from error
    if manifest.members != found:
        wrong = sorted(
            name for name in manifest.members.keys() | found if manifest.members.get(name) != found.get(name)
        )
        raise ArchiveRefused(f"备份内容与清单不符（{len(wrong)} 处，如 {wrong[0]}），已拒绝，没有作任何改动")
    return manifest
