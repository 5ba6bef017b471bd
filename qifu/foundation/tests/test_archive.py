"""An archive is believed whole or not at all, whatever was done to it on the way."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation.operating import archive
from qifu.foundation.operating.archive import ArchiveRefused, Manifest, Table
from qifu.foundation.operating.databases import digest_rows

Remake = Callable[[str, bytes], list[tuple[str, bytes]]]
CONTENT = {
    "database.sqlite3": bytes(range(256)) * 999,
    "files/aa/one": b"1",
    "files/ab/二": b"",
    "files/b": b"3" * 512,
}
MANIFEST = Manifest("0.1", "2024-06-20T10:00:00+08:00", "sqlite", "3", "abc", {"people": ["0001_initial"]},
                    {"t": Table(1, "0")}, {})  # fmt: skip


def signature(text: str) -> str:
    return hashlib.sha256(b"key" + text.encode()).hexdigest()


def signed(text: str, given: str, fingerprint: str) -> str:
    return "" if given == signature(text) else "签名不对"


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "whole.tar.gz"
    writer = archive.Writer(path)
    for name, data in CONTENT.items():
        writer.add(name, io.BytesIO(data), len(data))
    manifest = Manifest(**{**vars(MANIFEST), "members": writer.members})
    writer.finish(manifest, signature(manifest.text()))
    return path


def remade(path: Path, change: Remake) -> bytes:
    out = io.BytesIO()
    with tarfile.open(path) as old, tarfile.open(mode="w:gz", fileobj=out) as new:
        for member in old:
            file = old.extractfile(member)
            assert file is not None
            for name, data in change(member.name, file.read()):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                new.addfile(info, io.BytesIO(data))
    return out.getvalue()


def linked(path: Path, kind: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(mode="w:gz", fileobj=out) as new:
        info = tarfile.TarInfo("files/link")
        info.type, info.linkname = kind, "/etc/passwd"
        new.addfile(info)
    return out.getvalue()


def in_manifest(name: str, data: bytes, old: bytes, new: bytes) -> list[tuple[str, bytes]]:
    assert name != archive.MANIFEST or old in data
    return [(name, data.replace(old, new) if name == archive.MANIFEST else data)]


def first(*names: str) -> Callable[[Path], bytes]:
    return lambda path: remade(
        path, lambda n, b: [*((name, b"x") for name in names), (n, b)] if n[0] == "d" else [(n, b)]
    )


BROKEN: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "cut": (lambda p: p.read_bytes()[:700], "不完整或已损坏"),
    "cut at the end": (lambda p: p.read_bytes()[:-5], "不完整或已损坏"),
    "no archive": (lambda p: b"hello", "不完整或已损坏"),
    "nothing": (lambda p: b"", "不完整或已损坏"),
    "an empty archive": (lambda p: remade(p, lambda n, b: []), "不完整或已损坏"),
    "appended": (lambda p: p.read_bytes() + gzip.compress(b"more"), "末尾多出内容"),
    "an archive appended": (lambda p: p.read_bytes() * 2, "末尾多出内容"),
    "garbage appended": (lambda p: p.read_bytes() + b"more", "不完整或已损坏"),
    "leading out": (first("files/../../evil"), "不应出现"),
    "leading out at once": (first("../evil"), "不应出现"),
    "absolute": (first("/etc/evil"), "不应出现"),
    "empty part": (first("files//evil"), "不应出现"),
    "backslash": (first("files/..\\evil"), "不应出现"),
    "another name": (first("secret_key"), "不应出现"),
    "two databases": (first("database.sql"), "与清单不符"),
    "symbolic link": (lambda p: linked(p, tarfile.SYMTYPE), "不应出现"),
    "hard link": (lambda p: linked(p, tarfile.LNKTYPE), "不应出现"),
    "device": (lambda p: linked(p, tarfile.CHRTYPE), "不应出现"),
    "twice": (lambda p: remade(p, lambda n, b: [(n, b), (n, b)]), "不应出现"),
    "after the manifest": (
        lambda p: remade(p, lambda n, b: [(n, b), ("files/z", b"")] if n == archive.MANIFEST else [(n, b)]), "不应出现",
    ),
    "other bytes": (lambda p: remade(p, lambda n, b: [(n, b[::-1])] if n[0] == "d" else [(n, b)]), "与清单不符"),
    "one file less": (lambda p: remade(p, lambda n, b: [] if n == "files/b" else [(n, b)]), "与清单不符"),
    "one file more": (first("files/more"), "与清单不符"),
    "no manifest": (lambda p: remade(p, lambda n, b: [] if n == archive.MANIFEST else [(n, b)]), "不完整或已损坏"),
    "manifest of nothing": (lambda p: remade(p, lambda n, b: [(n, b"[]" if n[0] == "m" else b)]), "不完整或已损坏"),
    "other manifest": (lambda p: remade(p, lambda n, b: in_manifest(n, b, b"0001", b"0002")), "签名不对"),
    "later format": (
        lambda p: remade(p, lambda n, b: in_manifest(n, b, b'\\"format\\":1', b'\\"format\\":9')), "备份格式为第 9 版",
    ),
}  # fmt: skip


def test_what_was_written_is_read(whole: Path) -> None:
    kept: dict[str, bytes] = {}

    class Sink(io.BytesIO):
        name = ""

        def close(self) -> None:
            kept[self.name] = self.getvalue()

    def sink(name: str) -> io.BytesIO:
        made = Sink()
        made.name = name
        return made

    manifest = archive.read(whole, signed=signed, sink=sink)
    assert kept == CONTENT and manifest.tables == MANIFEST.tables
    assert whole.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", BROKEN)
def test_what_was_changed_is_refused(name: str, whole: Path, tmp_path: Path) -> None:
    change, words = BROKEN[name]
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(change(whole))
    with pytest.raises(ArchiveRefused, match=words):
        archive.read(broken, signed=signed)


def test_any_one_byte_that_matters_is_noticed(whole: Path, tmp_path: Path) -> None:
    content = whole.read_bytes()
    broken = tmp_path / "broken.tar.gz"
    for place in range(10, len(content), max(len(content) // 200, 1)):
        broken.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        with pytest.raises(ArchiveRefused):
            archive.read(broken, signed=signed)


def test_neither_a_folder_nor_an_absent_file_is_an_archive(tmp_path: Path) -> None:
    with pytest.raises(ArchiveRefused, match="是目录"):
        archive.read(tmp_path, signed=signed)
    with pytest.raises(ArchiveRefused, match="找不到"):
        archive.read(tmp_path / "none", signed=signed)


def test_a_file_that_became_shorter_fails_the_writing(tmp_path: Path) -> None:
    writer = archive.Writer(tmp_path / "a.tar.gz")
    with pytest.raises(OSError):
        writer.add("files/a", io.BytesIO(b"12"), 3)
    writer.abandon()
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.binary(max_size=4), max_size=6), st.randoms())
def test_a_digest_depends_on_every_row_and_on_no_order(rows: list[bytes], chance: object) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert digest_rows(rows) == digest_rows(shuffled)
    assert digest_rows([*rows, b"x"]) != digest_rows(rows)
    for place, row in enumerate(rows):
        assert digest_rows([*rows[:place], row + b"x", *rows[place + 1 :]]) != digest_rows(rows)
