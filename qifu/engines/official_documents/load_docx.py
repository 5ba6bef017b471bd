"""Word documents (.docx) into blocks: paragraphs and tables in reading order, merged and nested cells kept apart."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator

from lxml import etree

from .grid import Cell, Paragraph, Row, SourceDocument, UnreadableDocument

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SAVE_AGAIN = "请用 Word 或 WPS 打开，另存为 .docx 后重新上传。"
MOST_UNPACKED = 300 * 1024 * 1024
MOST_RATIO = 200


def load_docx(data: bytes) -> SourceDocument:
    """Blocks of a .docx; one paragraph or one table row a line."""
    root = _document(data)
    body = root.find(f"{_W}body")
    loader = _Loader()
    if body is not None:
        loader.blocks_of(body)
    return loader.document


def check_archive(data: bytes) -> zipfile.ZipFile:
    """Opens a zip archive after checking that it does not unpack to a bomb."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableDocument("文件已损坏，打不开。", _SAVE_AGAIN) from error
    unpacked = sum(i.file_size for i in infos)
    packed = sum(i.compress_size for i in infos) or 1
    if (
        unpacked > MOST_UNPACKED
        or (unpacked > 20 * 1024 * 1024 and unpacked / packed > MOST_RATIO)
        or len(infos) > 5000
    ):
        raise UnreadableDocument(
            "文件解压后大得不正常，为安全起见没有打开。", "请删去其中的图片等内容，另存为 .docx 后重新上传。"
        )
    if any(i.flag_bits & 1 for i in infos):
        raise UnreadableDocument("文件加了密码，打不开。", "请去掉密码后重新上传。")
    return archive


def _document(data: bytes) -> etree._Element:
    with check_archive(data) as archive:
        try:
            text = archive.read("word/document.xml")
        except (
            KeyError,
            OSError,
            ValueError,
            RuntimeError,
            NotImplementedError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            raise UnreadableDocument("这不是 Word 文档，或文件已损坏。", _SAVE_AGAIN) from error
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableDocument("Word 文档内容已损坏。", _SAVE_AGAIN) from error
    if root is None:
        raise UnreadableDocument("Word 文档内容已损坏。", _SAVE_AGAIN)
    return root


class _Loader:
    def __init__(self) -> None:
        self.document = SourceDocument("docx")
        self.line = 0
        self.table = 0

    def blocks_of(self, parent: etree._Element) -> None:
        for element in parent:
            if element.tag == f"{_W}p":
                self._paragraph(element)
            elif element.tag == f"{_W}tbl":
                self._table(element)
            elif element.tag in (
                f"{_W}sdt",
                f"{_W}sdtContent",
                f"{_W}ins",
                f"{_W}smartTag",
                f"{_W}customXml",
            ):
                self.blocks_of(element)

    def _paragraph(self, element: etree._Element) -> None:
        for text in _text(element).split("\n"):
            if text.strip():
                self.line += 1
                self.document.blocks.append(Paragraph(text.strip(), self.line))

    def _table(self, element: etree._Element) -> None:
        rows = list(_rows(element))
        if rows and all(len(list(_cells(r))) == 1 for r in rows):
            for row in rows:  # a frame around text
                for cell in _cells(row):
                    self.blocks_of(cell)
            return
        self.table += 1
        table = self.table
        for row in rows:
            self.line += 1
            cells = [self._cell(c, number) for number, c in enumerate(_cells(row), 1)]
            before = _number(row, "gridBefore")
            cells = [Cell("", self.line, 1) for _ in range(before)] + cells
            self.document.blocks.append(Row(cells, self.line, None, table, True))

    def _cell(self, element: etree._Element, number: int) -> Cell:
        properties = element.find(f"{_W}tcPr")
        span, merged = 1, False
        if properties is not None:
            grid = properties.find(f"{_W}gridSpan")
            span = max(1, min(63, _int(grid.get(f"{_W}val")))) if grid is not None else 1
            vertical = properties.find(f"{_W}vMerge")
            merged = vertical is not None and vertical.get(f"{_W}val", "continue") != "restart"
        return Cell("" if merged else _cell_text(element), self.line, number, None, merged, span)


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    for child in table:
        if child.tag == f"{_W}tr":
            yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"):
            yield from _rows(child)


def _cells(row: etree._Element) -> Iterator[etree._Element]:
    for child in row:
        if child.tag == f"{_W}tc":
            yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}customXml"):
            yield from _cells(child)


def _number(row: etree._Element, name: str) -> int:
    found = row.find(f"{_W}trPr/{_W}{name}")
    return max(0, min(63, _int(found.get(f"{_W}val")))) if found is not None else 0


def _int(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 1


def _cell_text(element: etree._Element) -> str:
    """Paragraphs of a cell as lines; a table inside a cell gives one line a row."""
    lines: list[str] = []
    for child in element:
        if child.tag == f"{_W}p":
            lines.append(_text(child).strip())
        elif child.tag == f"{_W}tbl":
            lines += [" ".join(_cell_text(c) for c in _cells(r)).strip() for r in _rows(child)]
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins"):
            lines.append(_cell_text(child))
    return "\n".join(line for line in lines if line)


def _text(element: etree._Element) -> str:
    parts: list[str] = []
    for child in element:
        if child.tag == _FALLBACK or child.tag in (f"{_W}del", f"{_W}pPr", f"{_W}rPr"):
            continue
        if child.tag == f"{_W}t":
            parts.append(child.text or "")
        elif child.tag in (f"{_W}tab", f"{_W}ptab"):
            parts.append(" ")
        elif child.tag in (f"{_W}br", f"{_W}cr"):
            parts.append("\n" if child.get(f"{_W}type", "textWrapping") == "textWrapping" else "")
        elif child.tag == f"{_W}noBreakHyphen":
            parts.append("-")
        else:
            parts.append(_text(child))
    return "".join(parts)
