"""Files that are no notices: each is refused with a reason and a remedy, in one line."""

from __future__ import annotations

import io
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from qifu.engines.official_documents import UnreadableDocument, load_file, read_plan


def archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return out.getvalue()


REFUSED = {
    "empty": (b"", "空"),
    "only blanks": (b" \n\r\n\t", "空"),
    "png": (b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, "图片"),
    "jpeg": (b"\xff\xd8\xff\xe0" + b"\x00" * 40, "图片"),
    "rar": (b"Rar!\x1a\x07\x00" + b"x" * 40, "压缩包"),
    "program": (b"MZ" + b"\x00" * 100, "程序"),
    "noise": (bytes(range(256)) * 20, "认不出"),
    "zip": (archive({"a.txt": b"x"}), "压缩包"),
    "excel": (archive({"xl/workbook.xml": b"<x/>"}), "Excel"),
    "slides": (archive({"ppt/presentation.xml": b"<x/>"}), "演示文稿"),
    "ofd": (archive({"OFD.xml": b"<x/>"}), "OFD"),
    "broken zip": (b"PK\x03\x04" + b"\x00" * 60, "损坏"),
    "broken docx": (archive({"word/document.xml": b"not xml at all"}), ""),
    "broken pdf": (b"%PDF-1.7\n%%EOF", "损坏"),
    "bomb": (archive({"word/document.xml": b"\x00" * (60 * 1024 * 1024)}), "大得不正常"),
    "english": (b"hello world, nothing official here", "没有中文"),
    "old word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "旧格式"),
    "locked word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "密码"),
    "only a remark": ("今天天气很好".encode(), "没有找到通知"),
}


@pytest.mark.parametrize(
    "line", [" " * 8000 + "a", "2024年" * 50_000, "\t" * 5000 + "a", "|" * 9000, "1 " * 30_000]
)
def test_long_lines_are_read_in_time(line: str) -> None:
    begun = time.process_time()
    read_plan(f"关于印发工作要点的通知\n\n1.编制清单。（市财政局牵头）\n\n{line}\n".encode())
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_reason_and_remedy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    data, reason = REFUSED[name]
    with pytest.raises(UnreadableDocument) as refusal:
        read_plan(data)
    assert reason in refusal.value.message_zh
    assert len(refusal.value.remedy_zh) > 5
    assert "\n" not in str(refusal.value)


def test_a_file_of_200_megabytes_is_not_even_opened(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    begun = time.monotonic()
    with pytest.raises(UnreadableDocument, match="200MB"):
        read_plan(path)
    assert time.monotonic() - begun < 1
    assert load_file.LIMIT < 200 * 1024 * 1024


def test_a_table_that_fits_nothing_is_told() -> None:
    text = "关于印发花名册的通知\n\n附件\n\n姓名\t生日\t爱好\n张三\t春天\t读书\n李四\t夏天\t下棋\n"
    plan = read_plan(text.encode()).plan
    assert not plan.tasks and not plan.indicators and not plan.actions
    assert [i.severity for i in plan.irregularities if i.code == "table_unread"] == ["error"]


def test_command_line_exits_2_with_one_line(tmp_path: Path) -> None:
    path = tmp_path / "photo.txt"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    for file, reason in ((path, "图片"), (tmp_path / "none.txt", "找不到")):
        command = [sys.executable, "-m", "qifu.commands.main", "plan", "read", str(file), "--json"]
        shown = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", cwd=Path(__file__).parents[4]
        )
        assert shown.returncode == 2 and shown.stdout == ""
        assert shown.stderr.count("\n") == 1 and reason in shown.stderr


def test_a_scanned_pdf_is_named_as_such() -> None:
    reportlab = pytest.importorskip("reportlab.pdfgen.canvas")
    out = io.BytesIO()
    canvas = reportlab.Canvas(out)
    canvas.rect(50, 50, 400, 600, fill=1)
    canvas.showPage()
    canvas.save()
    with pytest.raises(UnreadableDocument, match="扫描件"):
        read_plan(out.getvalue())


def test_a_deep_page_and_a_wide_table_end_in_time() -> None:
    deep = "<html><body>" + "<div>" * 3000 + "关于印发要点的通知" + "</div>" * 3000 + "</body></html>"
    wide = "关于印发要点的通知\n" + "\n".join("\t".join(f"格{i}" for i in range(400)) for _ in range(60))
    begun = time.process_time()
    for data in (deep, wide, "（" * 50_000, "1." * 50_000 + "通知", "省" * 100_000):
        try:
            read_plan(data.encode())
        except UnreadableDocument:
            continue
    assert time.process_time() - begun < 20
