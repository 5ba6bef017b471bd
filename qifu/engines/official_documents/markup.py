"""Leftover HTML inside text is taken out; paragraphs and list items become lines."""

from __future__ import annotations

import html
import re

_BLOCK = re.compile(r"</?(?:p|li|br|div|tr|ol|ul|td|h[1-6])\b[^<>]*/?>?", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:span|b|i|u|em|strong|font|a|sub|sup|table|tbody|thead|th|img|style|o:p|w:\w+|v:\w+|st1:\w+|center|hr)\b[^<>]*/?>",
    re.IGNORECASE,
)
_GLUED = re.compile(
    r"</?\s*(?:p|li|br|div|ol|ul|span|td|tr)\s*(?:(?:style|class|align|lang|type|start|id)\s*=[^<>]*)?/?\s*>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:nbsp|amp|lt|gt|quot|ldquo|rdquo|mdash|hellip|middot|#\d{2,5}|#x[0-9a-fA-F]{2,4});")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def has_markup(text: str) -> bool:
    """True when tags or entities are left in the text."""
    return bool(_GLUED.search(text) or _BLOCK.search(text) or _TAG.search(text) or _ENTITY.search(text))


def without_markup(text: str) -> str:
    """The text without tags and entities."""
    if "<" not in text and "&" not in text:
        return text
    text = _COMMENT.sub("", text)
    text = _TAG.sub("", _BLOCK.sub("\n", _GLUED.sub("\n", text)))
    text = _ENTITY.sub(lambda m: html.unescape(m.group()), text)
    return re.sub(r"[ \t\xa0]*\n\s*", "\n", text).strip()
