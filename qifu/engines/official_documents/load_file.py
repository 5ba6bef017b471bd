"""Any file into blocks: its kind is told by its first bytes; refusals say what is wrong and what to do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .grid import SourceDocument, UnreadableDocument
from .load_text import decode, load_text

LIMIT = 50 * 1024 * 1024
_AS_DOCX = "请用 Word 或 WPS 打开，另存为 .docx 后重新上传。"
_CONVERSION_SECONDS = 90
_IMAGES = (
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"II*\x00", "图片"),
    (b"MM\x00*", "图片"),
    (b"BM", "图片"),
)
_OTHER = (
    (b"Rar!", "压缩包"),
    (b"7z\xbc\xaf", "压缩包"),
    (b"\x1f\x8b", "压缩包"),
    (b"MZ", "程序"),
    (b"\x7fELF", "程序"),
)


def load_file(path_or_bytes: str | os.PathLike[str] | bytes, filename: str | None = None) -> SourceDocument:
    """The document's blocks; raises `UnreadableDocument` with a reason and a remedy in Chinese."""
    data, name = _bytes(path_or_bytes, filename)
    if len(data) > LIMIT:
        raise _too_large(len(data))
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise UnreadableDocument("文件是空的。", "请检查后重新上传。")
    kind = sniff(data, name)
    if kind == "pdf":
        from .load_pdf import load_pdf

        return load_pdf(data)
    if kind == "docx":
        from .load_docx import load_docx

        return load_docx(data)
    if kind == "html":
        from .load_html import load_html

        return _checked(load_html(_decode_html(data)))
    if kind in ("doc", "ofd", "rtf"):
        return _converted(data, kind)
    return _checked(load_text(decode(data)))


def _bytes(path_or_bytes: str | os.PathLike[str] | bytes, filename: str | None) -> tuple[bytes, str]:
    if isinstance(path_or_bytes, bytes):
        return path_or_bytes, filename or ""
    path = Path(path_or_bytes)
    try:
        if path.is_dir():
            raise UnreadableDocument(f"“{path.name}”是文件夹，不是文件。", "请指定一份通知文件。")
        size = path.stat().st_size
        if size > LIMIT:
            raise _too_large(size)
        return path.read_bytes(), filename or path.name
    except (FileNotFoundError, ValueError) as error:
        raise UnreadableDocument(f"找不到文件“{path}”。", "请检查文件名和路径。") from error
    except OSError as error:
        raise UnreadableDocument(f"文件“{path.name}”打不开。", "请检查是否有读取权限。") from error


def _too_large(size: int) -> UnreadableDocument:
    return UnreadableDocument(
        f"文件有{size // 1024 // 1024}MB，超过{LIMIT // 1024 // 1024}MB的上限。",
        "请删去图片等内容，或只保留通知正文和附件后重新上传。",
    )


def sniff(data: bytes, name: str = "") -> str:
    """txt | html | docx | pdf | doc | rtf | ofd by content; raises for kinds that are never read."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(data)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _compound(data)
    if head.startswith(b"{\\rtf"):
        return "rtf"
    for magic, kind in (*_IMAGES, *_OTHER):
        if data.startswith(magic):
            remedy = (
                "请上传有文字的电子版（.docx、.txt、.html 或文字版 PDF）。"
                if kind == "图片"
                else "请解压后上传其中的通知文件。"
                if kind == "压缩包"
                else "请上传通知文件。"
            )
            raise UnreadableDocument(f"这是{kind}，不是文字文档。", remedy)
    if re.search(
        rb"<(?:!doctype\s+html|html|head|body|meta\s|table|tbody|div|p[\s>])", head[:2048].lower()
    ) and head.startswith(b"<"):
        return "html"
    if name.lower().endswith((".html", ".htm")) and b"<" in head:
        return "html"
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")) and data[:8192].count(b"\x00") > 8:
        raise UnreadableDocument(
            "认不出这是什么文件，里面不是文字。", "请上传 .docx、.txt、.html 或文字版 PDF。"
        )
    return "txt"


def _archive(data: bytes) -> str:
    from .load_docx import check_archive

    with check_archive(data) as archive:
        names = set(archive.namelist())
    if "word/document.xml" in names:
        return "docx"
    if "OFD.xml" in names:
        return "ofd"
    if "xl/workbook.xml" in names:
        raise UnreadableDocument(
            "这是 Excel 表格，不是通知。", "请上传通知原文（.docx、.txt、.html 或文字版 PDF）。"
        )
    if "ppt/presentation.xml" in names:
        raise UnreadableDocument(
            "这是演示文稿，不是通知。", "请上传通知原文（.docx、.txt、.html 或文字版 PDF）。"
        )
    if "content.xml" in names and "mimetype" in names:
        return "doc"
    raise UnreadableDocument("这是压缩包，不是通知文件。", "请解压后上传其中的通知文件。")


def _compound(data: bytes) -> str:
    """Old Office files: Word and WPS texts are converted, protected and other ones refused."""
    marks = data[: 1 << 20]
    if "EncryptedPackage".encode("utf-16-le") in marks:
        raise UnreadableDocument("文件加了密码，打不开。", "请去掉密码后重新上传。")
    if "Workbook".encode("utf-16-le") in marks or "PowerPoint".encode("utf-16-le") in marks:
        raise UnreadableDocument(
            "这是旧版表格或演示文稿，不是通知。", "请上传通知原文（.docx、.txt、.html 或文字版 PDF）。"
        )
    return "doc"


def _converted(data: bytes, kind: str) -> SourceDocument:
    """Old formats by way of LibreOffice where it is installed."""
    label = {"doc": ".doc 或 .wps 旧格式", "rtf": ".rtf 格式", "ofd": "OFD 版式文件"}[kind]
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None or kind == "ofd":
        remedy = "请用 OFD 阅读器打开，另存为 .docx 或文字版 PDF 后重新上传。" if kind == "ofd" else _AS_DOCX
        raise UnreadableDocument(
            f"这是{label}，本机没有安装转换程序。" if kind != "ofd" else f"这是{label}，暂不能直接读取。",
            remedy,
        )
    with tempfile.TemporaryDirectory(prefix="qifu-") as folder:
        source = Path(folder) / f"document.{kind}"
        source.write_bytes(data)
        command = [
            office,
            "--headless",
            "--norestore",
            f"-env:UserInstallation=file://{folder}/profile",
            "--convert-to",
            "docx",
            "--outdir",
            folder,
            str(source),
        ]
        try:
            subprocess.run(
                command,
                check=True,
                timeout=_CONVERSION_SECONDS,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            converted = (Path(folder) / "document.docx").read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise UnreadableDocument(f"这是{label}，转换没有成功。", _AS_DOCX) from error
    from .load_docx import load_docx

    return load_docx(converted)


def _decode_html(data: bytes) -> str:
    declared = re.search(rb"charset\s*=\s*[\"']?([A-Za-z0-9_-]+)", data[:4096])
    if declared and declared[1].lower() in (b"gb2312", b"gbk", b"gb18030"):
        return data.decode("gb18030", errors="replace")
    return decode(data)


def _checked(document: SourceDocument) -> SourceDocument:
    text = "".join(" ".join(b.texts) if hasattr(b, "texts") else b.text for b in document.blocks[:400])
    if not text.strip():
        raise UnreadableDocument("文件里没有文字。", "请检查后重新上传。")
    if not re.search(r"[\u4e00-\u9fff]", text):
        raise UnreadableDocument("文件里没有中文，不像通知。", "请上传工作要点一类的通知原文。")
    return document
