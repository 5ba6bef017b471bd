"""The words of the rule language: comparisons, what a line may look like, and how a text is made plain; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from qifu.engines.rules.tree import Op

OPS: dict[str, Op] = {
    "<=": "<=", "≤": "<=", "≦": "<=", "不超过": "<=", "不高于": "<=", "不大于": "<=", "不多于": "<=", "小于等于": "<=", "至多": "<=",
    ">=": ">=", "≥": ">=", "≧": ">=", "不少于": ">=", "不低于": ">=", "不小于": ">=", "至少": ">=", "大于等于": ">=", "达到": ">=",
    "<": "<", "低于": "<", "少于": "<", "不足": "<", "小于": "<", "不满": "<", "未满": "<", "不到": "<",
    ">": ">", "超过": ">", "大于": ">", "高于": ">", "多于": ">",
    "=": "=", "==": "=", "等于": "=", "为": "=", "!=": "!=", "≠": "!=", "<>": "!=", "不等于": "!=", "不为": "!=",
}  # fmt: skip
SPAN_OPS: dict[str, Op] = {**OPS, "满": ">=", "已满": ">=", "届满": ">="}
DAY_OPS: dict[str, Op] = {
    "不晚于": "<=", "不迟于": "<=", "早于": "<", "晚于": ">", "迟于": ">", "不早于": ">=",
    **{sign: op for sign, op in OPS.items() if not sign.isalpha() or sign in ("等于", "不等于", "为", "不为")},
}  # fmt: skip
IS_WORDS = {
    "不属于": True,
    "不位于": True,
    "不在": True,
    "不是": True,
    "不为": True,
    "!=": True,
    "属于": False,
    "位于": False,
    "在": False,
    "是": False,
    "为": False,
    "=": False,
}
"""Words before a value or a list: whether they deny it."""


def squeeze(text: str) -> str:
    """Return the text without blanks, in half width."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).replace("−", "-").replace("﹣", "-")


def starts(text: str, words: Mapping[str, object]) -> str:
    """Return the longest of `words` that the text begins with, or nothing."""
    return max((word for word in words if text.startswith(word)), key=len, default="")
