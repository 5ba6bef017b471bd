"""Web pages into blocks: paragraphs and tables in reading order, rowspan and colspan kept."""

from __future__ import annotations

import re

from lxml import etree, html

from .grid import Cell, Paragraph, Row, SourceDocument, UnreadableDocument

_BLOCKS = frozenset(
    [
        "p",
        "div",
        "li",
        "ul",
        "ol",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "blockquote",
        "pre",
        "tr",
        "td",
        "th",
        "dl",
        "dt",
        "dd",
        "center",
        "body",
        "form",
        "fieldset",
        "address",
        "figure",
    ]
)
_DROPPED = frozenset(
    [
        "script",
        "style",
        "title",
        "meta",
        "link",
        "noscript",
        "template",
        "iframe",
        "object",
        "svg",
        "nav",
        "select",
        "button",
        "textarea",
    ]
)
_SPACE = re.compile(r"[ \t\r\n\xa0\u2002\u2003\u3000]+")
_MOST_DEPTH = 200


def load_html(text: str) -> SourceDocument:
    """Blocks of a page; one paragraph or one table row a line."""
    loader = _Loader()
    cleaned = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.replace("\x00", ""))
    try:
        root = html.document_fromstring(
            cleaned, parser=html.HTMLParser(huge_tree=False, recover=True, no_network=True)
        )
        loader.walk(root, 0)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError) as error:
        raise UnreadableDocument(
            "网页文件里没有内容，或已损坏。",
            "请在浏览器中打开原网页，另存为网页或复制到 Word 另存为 .docx 后上传。",
        ) from error
    loader.flush()
    return loader.document


class _Loader:
    def __init__(self) -> None:
        self.document = SourceDocument("html")
        self.line = 0
        self.table = 0
        self.parts: list[str] = []

    def flush(self) -> None:
        """Ends the paragraph under construction."""
        for piece in "".join(self.parts).split("\n"):
            text = _SPACE.sub(" ", piece).strip()
            if text:
                self.line += 1
                self.document.blocks.append(Paragraph(text, self.line))
        self.parts = []

    def walk(self, element: html.HtmlElement, depth: int) -> None:
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag in _DROPPED or not tag or _hidden(element) or depth > _MOST_DEPTH:
            self._tail(element)
            return
        if tag == "table" and not _is_layout(element):
            self.flush()
            self._table(element)
            self._tail(element)
            return
        block = tag in _BLOCKS or tag == "table"
        if block:
            self.flush()
        elif tag == "br":
            self.parts.append("\n")
        if element.text:
            self.parts.append(_flat(element.text))
        for child in element:
            self.walk(child, depth + 1)
        if block:
            self.flush()
        self._tail(element)

    def _tail(self, element: html.HtmlElement) -> None:
        if element.tail:
            self.parts.append(_flat(element.tail))

    def _table(self, table: html.HtmlElement) -> None:
        self.table += 1
        number = self.table
        waiting: dict[int, int] = {}  # grid column -> rows still covered from above
        for tr in _rows(table):
            self.line += 1
            cells: list[Cell] = []
            column = 0
            for order, td in enumerate((c for c in tr if c.tag in ("td", "th")), 1):
                column = self._covered(cells, waiting, column, order)
                width, height = _span(td, "colspan"), _span(td, "rowspan")
                cells.append(Cell(_cell_text(td), self.line, order, None, False, width))
                for covered in range(column, column + width):
                    if height > 1:
                        waiting[covered] = height - 1
                column += width
            self._covered(cells, waiting, column, len(cells) + 1)
            if cells:
                self.document.blocks.append(Row(cells, self.line, None, number, True))

    def _covered(self, cells: list[Cell], waiting: dict[int, int], column: int, order: int) -> int:
        while waiting.get(column, 0) > 0:
            waiting[column] -= 1
            cells.append(Cell("", self.line, order, None, True))
            column += 1
        return column


def _flat(text: str) -> str:
    return _SPACE.sub(" ", text)


def _hidden(element: html.HtmlElement) -> bool:
    style = (element.get("style") or "").replace(" ", "").lower()
    return "display:none" in style or element.get("hidden") is not None


def _span(cell: html.HtmlElement, name: str) -> int:
    text = (cell.get(name) or "1").strip()
    return max(1, min(200, int(text))) if text.isdigit() else 1


def _rows(table: html.HtmlElement) -> list[html.HtmlElement]:
    """The table's own rows, not those of tables inside its cells."""
    rows: list[html.HtmlElement] = []
    for child in table:
        if child.tag == "tr":
            rows.append(child)
        elif child.tag in ("tbody", "thead", "tfoot"):
            rows += [c for c in child if c.tag == "tr"]
    return rows


def _is_layout(table: html.HtmlElement) -> bool:
    """A table that only frames text: one column, or a table or many paragraphs inside its widest cell."""
    rows = _rows(table)
    widths = [sum(1 for c in r if c.tag in ("td", "th")) for r in rows]
    if not widths or max(widths) <= 1:
        return True
    if table.find(".//table") is not None:
        inner = max((len(_rows(t)) for t in table.iterfind(".//table")), default=0)
        return inner >= len(rows)
    return False


def _cell_text(cell: html.HtmlElement) -> str:
    parts: list[str] = []
    _collect(cell, parts, 0)
    lines = [_SPACE.sub(" ", line).strip() for line in "".join(parts).split("\n")]
    return "\n".join(line for line in lines if line)


def _collect(element: html.HtmlElement, parts: list[str], depth: int) -> None:
    tag = element.tag if isinstance(element.tag, str) else ""
    if not tag or tag in _DROPPED or _hidden(element) or depth > _MOST_DEPTH:
        return
    if depth and (tag in _BLOCKS or tag == "br"):
        parts.append("\n")
    if element.text:
        parts.append(_flat(element.text))
    for child in element:
        _collect(child, parts, depth + 1)
        if child.tail:
            parts.append(_flat(child.tail))
    if depth and tag in _BLOCKS and tag not in ("td", "th"):
        parts.append("\n")
    elif tag in ("td", "th") and depth:
        parts.append(" ")
