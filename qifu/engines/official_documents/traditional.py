"""Headings and labels printed in traditional characters, brought to the form the reader knows; all other text stays."""

from __future__ import annotations

import re
from dataclasses import replace

from .characters import simplified
from .grid import Block, Paragraph, Row, SourceDocument
from .headers import is_heading_row, known_heading

_LABEL = re.compile(r"[\u4e00-\u9fff]{2,10}(?=\s*[:：])")
_BRACKETS = re.compile(r"[（(〔\[【][^（()）〔〕\[\]【】]{2,300}[)）〕\]】]")
_LABEL_WORD = re.compile(
    r"牵头|负责|责任|配合|协同|协办|主办|承办|参与|参加|落实|实施|时限|时间|期限|单位|部门|标题|发文|签发|联系"
)
_ROLE_WORDS = re.compile(r"牽頭|負責|協同|協辦|主辦|承辦|參與|參加|落實")


def with_known_labels(document: SourceDocument) -> tuple[SourceDocument, int | None]:
    """The document with its headings and labels in simplified characters, and the first line where that changed one."""
    first: int | None = None
    blocks: list[Block] = []
    for block in document.blocks:
        changed = _row(block) if isinstance(block, Row) else _paragraph(block)
        if changed is not block and first is None:
            first = block.line
        blocks.append(changed)
    return (document, None) if first is None else (replace(document, blocks=blocks), first)


def _row(row: Row) -> Row:
    plain = [simplified(text) for text in row.texts]
    if plain == row.texts:
        return row
    texts = plain if is_heading_row(plain) else [_labels(text) for text in row.texts]
    if texts == row.texts:
        return row
    return replace(row, cells=[replace(c, text=t) for c, t in zip(row.cells, texts, strict=True)])


def _paragraph(block: Paragraph) -> Paragraph:
    plain = simplified(block.text)
    if plain == block.text:
        return block
    words = re.split(r"[\s,，/；;、]+", plain.strip())
    heading = len(plain) <= 60 and (
        is_heading_row(words) if len(words) > 1 else known_heading(plain) is not None
    )
    text = plain if heading else _labels(block.text)
    return block if text == block.text else replace(block, text=text)


def _labels(text: str) -> str:
    """The text with labels before a colon, and the words for roles in brackets, in simplified characters."""
    text = _LABEL.sub(lambda m: _known(m.group()), text)
    return _BRACKETS.sub(lambda m: _ROLE_WORDS.sub(lambda w: simplified(w.group()), m.group()), text)


def _known(label: str) -> str:
    plain = simplified(label)
    return plain if plain != label and (_LABEL_WORD.search(plain) or known_heading(plain)) else label
