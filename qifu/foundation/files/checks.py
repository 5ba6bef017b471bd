"""What a file really is, and whether it may be kept: by its bytes, never by its name. Pure; no Django.

Every refusal is a FileRefused with a Chinese message that says what is wrong and what to do.
"""

from __future__ import annotations

import re
import struct
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from qifu.foundation.files.text import find_encoding

NAME_LIMIT = 120
ZIP_ENTRIES = 10_000
ZIP_TOTAL_BYTES = 512 * 1024 * 1024
ZIP_RATIO = 200
"""A part (of more than 1 MB) that grows more than this many times when unpacked is a bomb, not a document."""

_SAMPLE = 64 * 1024
# What the archive reader raises on damage (ValueError also covers wrong encodings of names).
_DAMAGE = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError,
           OverflowError, RuntimeError, struct.error)  # fmt: skip


class FileRefused(ValueError):
    """The file may not be kept; the message is Chinese and says what to do."""


@dataclass(frozen=True)
class FileType:
    """One type of file: short code, media type, the extensions it goes by, and its Chinese name."""

    code: str
    media_type: str
    extensions: tuple[str, ...]
    title: str


_OFFICE = "application/vnd.openxmlformats-officedocument"
TYPES = {
    kind.code: kind
    for kind in (
        FileType("txt", "text/plain", (".txt", ".text", ".md"), "文本"),
        FileType("csv", "text/csv", (".csv", ".tsv", ".tab"), "CSV 表格"),
        FileType("html", "text/html", (".html", ".htm"), "网页"),
        FileType("pdf", "application/pdf", (".pdf",), "PDF"),
        FileType("docx", f"{_OFFICE}.wordprocessingml.document", (".docx",), "Word 文档"),
        FileType("xlsx", f"{_OFFICE}.spreadsheetml.sheet", (".xlsx",), "Excel 工作簿"),
        FileType("xls", "application/vnd.ms-excel", (".xls", ".et"), "旧版 Excel 工作簿"),
        FileType("parquet", "application/vnd.apache.parquet", (".parquet",), "Parquet 表格"),
        FileType("doc", "application/msword", (".doc",), "旧版 Word 文档"),
        FileType("wps", "application/vnd.ms-works", (".wps",), "WPS 文档"),
        FileType("ofd", "application/ofd", (".ofd",), "OFD 版式文件"),
        FileType("png", "image/png", (".png",), "PNG 图片"),
        FileType("jpg", "image/jpeg", (".jpg", ".jpeg"), "JPEG 图片"),
    )
}
"""Every type that may be kept, by code."""
TABLES = frozenset({"csv", "xlsx", "xls", "parquet"})
USUAL = frozenset(TYPES) - {"xls", "parquet"}
"""What is taken where nothing else is said: .xls and Parquet only where tables are read, since nothing else opens them."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML_START = re.compile(r"<(!doctype\s+html|html|head|body|meta|table|p|div)\b", re.IGNORECASE)
_OTHER: list[tuple[bytes, str]] = [
    (b"MZ", "程序"),
    (b"\x7fELF", "程序"),
    (b"Rar!", "RAR 压缩包"),
    (b"7z\xbc\xaf", "7z 压缩包"),
    (b"\x1f\x8b", "gzip 压缩包"),
    (b"GIF8", "GIF 图片"),
    (b"RIFF", "音视频或 WebP 图片"),
    (b"{\\rtf", "RTF 文档"),
    (b"SQLite format", "数据库"),
]


@dataclass(frozen=True)
class Checked:
    """What the checks found: the type, the size in bytes, a safe name, and whether it is encrypted."""

    type: FileType
    size: int
    name: str
    encrypted: bool


def check(file: BinaryIO, name: str, *, limit: int, allowed: frozenset[str] = USUAL) -> Checked:
    """Return what `file` is, or raise FileRefused; `limit` in bytes, `allowed` type codes. The position is kept at 0."""
    size = file.seek(0, 2)
    file.seek(0)
    if size == 0:
        raise FileRefused("文件是空的，请检查后重新选择")
    if size > limit:
        raise FileRefused(
            f"文件有 {_megabytes(size)}，超过上限 {_megabytes(limit)}，请拆分或压缩图片后再上传"
        )
    safe = safe_name(name)
    found = detect(file, safe)
    if found.code == "xls" and found.code not in allowed:
        raise FileRefused("这是旧版 Excel（.xls），请在 Excel 或 WPS 中另存为 .xlsx 再上传")
    if found.code not in allowed:
        titles = "、".join(TYPES[code].title for code in TYPES if code in allowed)
        raise FileRefused(f"这里不接受{found.title}，可上传：{titles}")
    encrypted = is_encrypted(file, found)
    file.seek(0)
    return Checked(found, size, _with_extension(safe, found), encrypted)


def detect(file: BinaryIO, name: str = "") -> FileType:
    """Return the type by content; `name` only tells text from CSV and .doc from .wps. Raises FileRefused for others."""
    file.seek(0)
    head = file.read(_SAMPLE)
    extension = extension_of(name)
    if head.startswith(b"%PDF-") or b"%PDF-" in head[:1024]:
        return TYPES["pdf"]
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return TYPES["png"]
    if head.startswith(b"\xff\xd8\xff"):
        return TYPES["jpg"]
    if head.startswith(b"PK\x03\x04"):
        return _detect_zipped(file)
    if head.startswith(_OLE):
        return _detect_ole(file, extension)
    if head.startswith(b"PAR1"):
        return TYPES["parquet"]
    for magic, title in _OTHER:
        if head.startswith(magic):
            raise FileRefused(f"这是{title}，不能上传，请改传 .docx、.xlsx、.pdf 等文件")
    return _detect_text(file, extension)


def _detect_zipped(file: BinaryIO) -> FileType:
    names = check_zip(file)
    if "word/document.xml" in names:
        return TYPES["docx"]
    if "xl/workbook.xml" in names:
        return TYPES["xlsx"]
    if "OFD.xml" in names:
        return TYPES["ofd"]
    raise FileRefused("这是压缩包或不支持的文件，请解压后逐个上传 .docx、.xlsx 或 .pdf")


def check_zip(file: BinaryIO) -> frozenset[str]:
    """Return the names in a zip-based document; raise FileRefused for bombs, unsafe paths and damage.

    Sizes are counted while unpacking, because a bomb's own directory may lie.
    """
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > ZIP_ENTRIES:
                raise FileRefused(
                    f"文件内部有 {len(entries)} 个部分，不像正常文档，请另存为新的 .docx 或 .xlsx 再上传"
                )
            total = 0
            for entry in entries:
                _check_entry_name(entry.filename)
                total += _unpacked_size(archive, entry, ZIP_TOTAL_BYTES - total)
            names = frozenset(entry.filename for entry in entries)
            if len(names) < len(entries):
                raise FileRefused("文件内部有重名的部分，请用 Office 或 WPS 打开后另存，再上传")
            return names
    except FileRefused:
        raise
    except _DAMAGE as error:
        raise FileRefused("文件已损坏或不完整，请用 Office 或 WPS 打开后另存，再上传") from error


def _check_entry_name(name: str) -> None:
    parts = name.replace("\\", "/").split("/")
    if (
        name.startswith(("/", "\\"))
        or ".." in parts
        or re.match(r"[A-Za-z]:", name)
        or "\x00" in name
        or len(parts) > 30
    ):
        raise FileRefused("文件内部含有不安全的路径，请用 Office 或 WPS 打开后另存，再上传")


def _unpacked_size(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, allowed: int) -> int:
    """Return how many bytes an entry unpacks to, counted, in pieces; raise FileRefused for a bomb."""
    if entry.flag_bits & 0x1:
        raise FileRefused("文件设有密码，请去掉密码后再上传")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileRefused("文件的压缩方式不常见，请用 Office 或 WPS 打开后另存，再上传")
    if entry.filename.lower().endswith((".zip", ".rar", ".7z", ".exe", ".js", ".vbs")):
        raise FileRefused("文件内部夹带了压缩包或程序，请删除后再上传")
    size = 0
    with archive.open(entry) as part:
        while piece := part.read(1 << 20):
            size += len(piece)
            grown = size > (1 << 20) and size > ZIP_RATIO * max(entry.compress_size, 1)
            if grown or size > allowed:
                raise FileRefused("文件解压后异常巨大，疑似压缩炸弹，不能上传；请另存为新的文件再试")
    return size


def _detect_ole(file: BinaryIO, extension: str) -> FileType:
    """Tell the old binary formats apart by the streams that their directory names (UTF-16)."""
    file.seek(0)
    data = file.read(8 * 1024 * 1024)
    if _stream(data, "EncryptedPackage"):
        return TYPES["xlsx" if extension == ".xlsx" else "docx"]
    if _stream(data, "WordDocument"):
        return TYPES["wps" if extension == ".wps" else "doc"]
    if _stream(data, "Workbook") or _stream(data, "Book"):
        return TYPES["xls"]
    raise FileRefused("不认识这种旧版 Office 文件，请另存为 .docx 或 .xlsx 再上传")


def _stream(data: bytes, name: str) -> bool:
    return (name + "\0").encode("utf-16-le") in data


def _detect_text(file: BinaryIO, extension: str) -> FileType:
    if extension in TYPES["csv"].extensions:
        return _detect_csv(file)
    file.seek(0)
    text = decode_text(file.read())
    start = text[:2000].lstrip()
    if _HTML_START.match(start) or (
        start.startswith(("<?xml", "<!--")) and re.search(r"<html\b", text[:5000], re.I)
    ):
        return TYPES["html"]
    return TYPES["txt"]


def _detect_csv(file: BinaryIO) -> FileType:
    """A table of text may be long and slightly damaged (a NUL, a broken character): its reader tells row by row."""
    file.seek(0)
    if _HTML_START.match(file.read(2000).decode("utf-8", "replace").lstrip("\ufeff \t\r\n")):
        return TYPES["html"]
    if not find_encoding(file).is_text:
        raise FileRefused("这不是 CSV 表格，请在 Excel 或 WPS 中另存为 .xlsx 或 CSV（UTF-8）再上传")
    return TYPES["csv"]


def decode_text(data: bytes) -> str:
    """Return a text of UTF-8 (with or without mark), UTF-16 with mark, or GB18030; raise FileRefused for others."""
    for mark, encoding in (
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
        (b"", "utf-8-sig"),
        (b"", "gb18030"),
    ):
        if data.startswith(mark):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            if not re.search("[\x00-\x08\x0e-\x19\x1b-\x1f]", text):
                return text
            break
    raise FileRefused(
        "不是可识别的文件：既不是 Office、PDF、图片，也不是文本，请另存为 .docx、.pdf 或 .txt 再上传"
    )


def is_encrypted(file: BinaryIO, kind: FileType) -> bool:
    """Tell whether the document is encrypted, so that a password may be needed; the position is not kept."""
    file.seek(0)
    if kind.code != "pdf" and not file.read(8).startswith(_OLE):
        return False
    file.seek(0)
    data = file.read()
    if kind.code == "pdf":
        return _pdf_is_encrypted(data)
    return _stream(data, "EncryptedPackage") or _doc_is_encrypted(data)


def _pdf_is_encrypted(data: bytes) -> bool:
    """Tell whether a trailer (or a cross-reference stream's dictionary) names an encryption dictionary.

    Some such files open without a password (only printing or copying is restricted); a reader has to try.
    """
    return re.search(rb"/Encrypt\s+(\d+\s+\d+\s+R|<<)", data) is not None


def _doc_is_encrypted(data: bytes) -> bool:
    """Read the fEncrypted bit of the Word file information block ([MS-DOC] 2.5.1), which opens a sector."""
    for offset in range(512, min(len(data), 8 * 1024 * 1024) - 12, 512):
        if data[offset : offset + 2] == b"\xec\xa5":
            return bool(int.from_bytes(data[offset + 10 : offset + 12], "little") & 0x0100)
    return False


def safe_name(name: str) -> str:
    """Return a name without path, control or direction characters, at most 120 characters; never empty.

    Direction marks are dropped because they can make `cod.exe` read as `exe.doc`.
    """
    plain = "".join(
        c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c) not in ("Cc", "Cf", "Cs")
    )
    plain = re.split(r"[/\\]", plain)[-1]
    plain = re.sub(r'[<>:"|?*\u2028\u2029]', "_", plain)
    plain = re.sub(r"\s+", " ", plain).strip().rstrip(" .")
    extension = extension_of(plain)
    stem = plain[: len(plain) - len(extension)].strip(" .")[: NAME_LIMIT - len(extension)].rstrip(" .")
    stem = stem or "未命名"
    return stem + extension


def extension_of(name: str) -> str:
    """Return the extension in lower case with its dot (`.docx`), or nothing."""
    found = re.search(r"\.[A-Za-z0-9]{1,8}$", name)
    return found[0].lower() if found else ""


def _with_extension(name: str, kind: FileType) -> str:
    """Return the name with an extension that tells the truth."""
    extension = extension_of(name)
    if extension in kind.extensions:
        return name
    return safe_name(name[: NAME_LIMIT - 8] + kind.extensions[0])


def _megabytes(size: int) -> str:
    tenths = (size * 10 + (1 << 19)) >> 20
    return f"{tenths // 10}.{tenths % 10} MB" if size >= 1 << 20 else f"{max(size >> 10, 1)} KB"
