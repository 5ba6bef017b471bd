"""Files are known by their bytes; what is unsafe, damaged or unknown is refused with what to do."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation import access
from qifu.foundation.action import Refused, WriteOutsideAct
from qifu.foundation.files import checks
from qifu.foundation.files.checks import TYPES, Checked, FileRefused, check, check_zip, safe_name
from qifu.foundation.files.models import StoredFile
from qifu.foundation.files.storage import open_file, open_logged, store
from qifu.foundation.tests.acts import AT, PERSON, AuditRow, OneRole, act

LIMIT = 1 << 20


def zipped(parts: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return buffer.getvalue()


def ole(*streams: str, flags: int | None = None) -> bytes:
    """Return bytes that look like an old Office file with these streams (and, with `flags`, a Word block)."""
    body = b"".join((name + "\0").encode("utf-16-le").ljust(128, b"\0") for name in streams).ljust(
        1024, b"\0"
    )
    word = b"" if flags is None else (b"\xec\xa5" + b"\0" * 8 + struct.pack("<H", flags)).ljust(512, b"\0")
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + word + body


DOCX = zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<document/>"})
XLSX = zipped({"xl/workbook.xml": b"<workbook/>"})
OFD = zipped({"OFD.xml": b"<OFD/>", "Doc_0/Document.xml": b"<Document/>"})
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 30


def look(data: bytes, name: str = "a.bin", limit: int = LIMIT) -> Checked:
    return check(io.BytesIO(data), name, limit=limit)


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (DOCX, "计划.docx", "docx"),
        (DOCX, "计划.txt", "docx"),
        (XLSX, "表.xlsx", "xlsx"),
        (OFD, "文.ofd", "ofd"),
        (b"%PDF-1.7\n%%EOF", "文.pdf", "pdf"),
        (b"\n\n%PDF-1.4\n", "文.pdf", "pdf"),
        (PNG, "图.png", "png"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 20, "图.jpeg", "jpg"),
        (ole("WordDocument"), "旧.doc", "doc"),
        (ole("WordDocument"), "旧.wps", "wps"),
        ("浙江省\n工作要点".encode(), "文.txt", "txt"),
        ("浙江省\n工作要点".encode("gb18030"), "文.txt", "txt"),
        ("浙江省".encode("utf-16"), "文.txt", "txt"),
        (b"\xef\xbb\xbfa,b\n1,2", "表.csv", "csv"),
        ("<!DOCTYPE html><p>正文</p>".encode(), "网.txt", "html"),
        (b"<?xml version='1.0'?><html><body/></html>", "网.html", "html"),
    ],
)
def test_the_type_follows_from_the_bytes(data: bytes, name: str, code: str) -> None:
    found = look(data, name)
    assert found.type == TYPES[code] and found.size == len(data) and not found.encrypted
    assert found.name.endswith(TYPES[code].extensions)


def lying_bomb() -> bytes:
    """Return an archive whose directory says a part of 40 MB has 10 bytes."""
    data = bytearray(zipped({"word/document.xml": b"\0" * (40 << 20)}))
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = data.index(mark) + offset
        data[at : at + 4] = struct.pack("<I", 10)
    return bytes(data)


def with_flag(data: bytes, flag: int) -> bytes:
    changed = bytearray(data)
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = -1
        while (at := changed.find(mark, at + 1)) >= 0:
            changed[at + offset] |= flag
    return bytes(changed)


@pytest.mark.parametrize(
    ("data", "name", "part"),
    [
        (b"", "空.docx", "空的"),
        (b"x" * (LIMIT + 1), "大.txt", "超过上限 1.0 MB"),
        (b"MZ\x90\0" + b"\0" * 100, "计划.docx", "程序"),
        (b"\x7fELF" + b"\0" * 100, "a.txt", "程序"),
        (b"Rar!\x1a\x07", "a.rar", "RAR"),
        (bytes(range(256)) * 4, "a.txt", "不是可识别的文件"),
        (b"abc\0def", "a.txt", "不是可识别的文件"),
        (zipped({"a.txt": b"1"}), "a.zip", "压缩包"),
        (DOCX[:-30], "坏.docx", "已损坏"),
        (DOCX[:60], "坏.docx", "已损坏"),
        (b"PK\x03\x04" + b"\0" * 50, "坏.docx", "已损坏"),
        (zipped({"word/document.xml": b"\0" * (40 << 20)}), "弹.docx", "压缩炸弹"),
        (lying_bomb(), "弹.docx", "压缩炸弹|已损坏"),
        (zipped({"../word/document.xml": b"1", "word/document.xml": b"1"}), "a.docx", "不安全的路径"),
        (zipped({"/etc/passwd": b"1", "word/document.xml": b"1"}), "a.docx", "不安全的路径"),
        (zipped({"C:\\x": b"1", "word/document.xml": b"1"}), "a.docx", "不安全的路径"),
        (zipped({"a/" * 40 + "x": b"1", "word/document.xml": b"1"}), "a.docx", "不安全的路径"),
        (zipped({"word/document.xml": b"1", "word/embeddings/x.zip": b"1"}), "a.docx", "夹带"),
        (zipped({f"p{n}": b"" for n in range(10_001)}), "a.docx", "10001 个部分"),
        (with_flag(DOCX, 1), "a.docx", "设有密码"),
        (ole("Workbook"), "a.xls", "另存为 .xlsx"),
        (ole("Other"), "a.doc", "另存为 .docx"),
    ],
    ids=lambda value: "bytes" if isinstance(value, bytes) else str(value),
)
def test_other_files_are_refused_with_a_remedy(data: bytes, name: str, part: str) -> None:
    with pytest.raises(FileRefused, match=part) as caught:
        look(data, name, limit=max(LIMIT, len(data)) if len(data) != LIMIT + 1 else LIMIT)
    assert "请" in str(caught.value) or "可上传" in str(caught.value)


def test_two_parts_of_one_name_are_refused() -> None:
    buffer = io.BytesIO(DOCX)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("word/document.xml", b"<other/>")
    with pytest.raises(FileRefused, match="重名"):
        look(buffer.getvalue(), "a.docx")


def test_a_type_that_is_not_wanted_here_is_refused_by_name() -> None:
    with pytest.raises(FileRefused, match="不接受PNG 图片，可上传：PDF、Word 文档"):
        check(io.BytesIO(PNG), "a.png", limit=LIMIT, allowed=frozenset({"pdf", "docx"}))


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"%PDF-1.7\ntrailer <</Root 1 0 R /Encrypt 5 0 R>>", "密.pdf"),
        (ole("EncryptedPackage", "EncryptionInfo"), "密.docx"),
        (ole("EncryptedPackage"), "密.xlsx"),
        (ole("WordDocument", flags=0x0100), "密.doc"),
    ],
)
def test_encrypted_documents_are_marked(data: bytes, name: str) -> None:
    assert look(data, name).encrypted


def test_a_plain_old_document_is_not_marked() -> None:
    assert not look(ole("WordDocument", flags=0x0200), "旧.doc").encrypted


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("计划.docx", "计划.docx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\计划.DOCX", "计划.docx"),
        ("", "未命名"),
        ("...", "未命名"),
        (".docx", "未命名.docx"),
        ("a\x00b\n.txt", "ab.txt"),
        ("发票\u202excod.exe", "发票xcod.exe"),
        ('a<b>:"c|?*.txt', "a_b___c___.txt"),
        ("  多  空\u3000格 .txt", "多 空 格.txt"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(max_size=400))
def test_any_name_becomes_a_safe_one(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe) <= checks.NAME_LIMIT
    assert not set(safe) & set('/\\:*?"<>|\0\n\r\u202e') and safe.strip(" .") == safe
    assert safe_name(safe) == safe


@given(
    st.binary(min_size=1, max_size=300),
    st.sampled_from([b"", b"PK\x03\x04", b"%PDF-", DOCX[:80], ole("WordDocument")]),
)
def test_any_bytes_are_a_known_type_or_refused(data: bytes, head: bytes) -> None:
    try:
        found = look(head + data)
    except FileRefused as error:
        assert str(error)
    else:
        assert found.type.code in TYPES


@given(st.integers(0, len(DOCX) - 1), st.integers(0, 255))
def test_a_damaged_archive_is_read_or_refused(position: int, value: int) -> None:
    damaged = bytearray(DOCX)
    damaged[position] = value
    try:
        names = check_zip(io.BytesIO(bytes(damaged)))
    except FileRefused as error:
        assert str(error)
    else:
        assert len(names) <= 2


@pytest.fixture
def keep(db: None) -> Callable[..., StoredFile]:
    def call(data: bytes, name: str, **options: object) -> StoredFile:
        return act(lambda: store(SimpleUploadedFile(name, data), name=name, **options))  # type: ignore[arg-type]

    return call


def test_equal_content_is_kept_once_and_opens_as_it_was(keep: Callable[..., StoredFile]) -> None:
    first = keep(DOCX, "甲.docx", place_code="330100", owner_organisation_id=5)
    second = keep(DOCX, "乙.docx")
    assert first.sha256 == second.sha256 and first.pk != second.pk and second.name == "乙.docx"
    folder = str(Path(first.stored_at).parent)
    assert default_storage.listdir(folder)[1] == [first.sha256]
    with open_file(second) as file:
        assert file.read() == DOCX
    assert (first.publicity, first.uploaded_at, first.size) == ("not_public", AT, len(DOCX))


def test_content_cut_off_while_writing_is_written_again(keep: Callable[..., StoredFile]) -> None:
    stored = keep(OFD, "甲.ofd")
    Path(default_storage.path(stored.stored_at)).write_bytes(OFD[:10])
    keep(OFD, "甲.ofd")
    with open_file(stored) as file:
        assert file.read() == OFD


def test_what_is_refused_leaves_nothing(keep: Callable[..., StoredFile]) -> None:
    with pytest.raises(Refused, match="空的") as caught:
        keep(b"", "空.docx")
    assert "file" in caught.value.fields
    encrypted = b"%PDF-1.7 trailer <</Encrypt 5 0 R>>"
    with pytest.raises(Refused, match="设有密码"):
        keep(encrypted, "密.pdf", refuse_encrypted=True)
    assert not StoredFile.objects.exists()
    assert keep(encrypted, "密.pdf").encrypted


def test_storing_needs_an_act(db: None) -> None:
    with pytest.raises(WriteOutsideAct):
        store(io.BytesIO(DOCX), name="a.docx")


def test_whoever_opens_a_file_is_in_the_trail_and_a_visitor_never_opens_one(
    keep: Callable[..., StoredFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "_authorities", [OneRole()])
    stored = keep(DOCX, "甲的病历.docx", place_code="330100")
    with open_logged(stored, by=PERSON, at=AT, purpose="下载公文原件") as content:
        assert content.read() == DOCX
    row = AuditRow.objects.get(act="files.open_file")
    assert (row.actor_id, row.subject_kind, row.subject_id) == (7, "foundation.storedfile", str(stored.pk))
    assert (
        row.place_code == "330100" and row.facts["purpose"] == "下载公文原件" and "病历" not in str(row.facts)
    )
    with pytest.raises(access.NotFound):
        open_logged(stored, by=access.ANONYMOUS, at=AT, purpose="下载公文原件")
    assert AuditRow.objects.filter(act="files.open_file").count() == 1


def test_who_may_see_a_file_follows_from_its_relations(keep: Callable[..., StoredFile]) -> None:
    mine = keep(DOCX, "甲.docx", owner_organisation_id=5, place_code="330100")
    other = keep(XLSX, "乙.xlsx", publicity="public")
    grant = access.Grant(
        role="x", actor_id=7, organisation_id=5, place="330100", places=frozenset({"330100"})
    )
    nobody = access.Grant(role="x")

    def seen(relation: str, by: access.Grant) -> list[int]:
        return list(StoredFile.objects.filter(StoredFile.reach[relation](by)).values_list("pk", flat=True))

    assert seen("public", nobody) == [other.pk]
    assert seen("own_organisation", grant) == [mine.pk] and seen("in_place", grant) == [mine.pk]
    assert seen("own_organisation", nobody) == seen("in_place", nobody) == seen("uploader", nobody) == []
