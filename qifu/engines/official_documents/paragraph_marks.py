"""What a paragraph shows of itself: heading level, document number, date, page number, end of a title."""

from __future__ import annotations

import re
from datetime import date

from .characters import bare, chinese_number, fold, plain_digits, squeeze

LEVELS = (
    re.compile(r"^([一二三四五六七八九十]{1,3})\s*[、.．]"),
    re.compile(r"^[（(]\s*([一二三四五六七八九十]{1,3})\s*[)）]"),
    re.compile(r"^(\d{1,2})\s*[.．、](?!\d)"),
    re.compile(r"^[（(]\s*(\d{1,2})\s*[)）]"),
)
_CIRCLED = re.compile(r"^[①-⑳]")
NUMBER = re.compile(
    r"([\u4e00-\u9fff]{1,14}?)\s*[〔\[（(【［﹝]\s*([2２][0-9０-９OoQlI〇○]{3})\s*[〕\]）)】］﹞]\s*第?\s*([0-9０-９OolI〇]{1,4})\s*号"
)
_DATE = re.compile(
    r"^(2[0-9OoQlI〇]{3})\s*年\s*([0-9OolI]{1,2})\s*月\s*([0-9OolI]{1,2})\s*[日曰目号]?(?:印发)?$"
)
_CN_DATE = re.compile(
    r"^([二][〇○零ＯO0一二三四五六七八九]{3})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})日$"
)
TITLE_END = re.compile(
    r"(?:通知|意见|方案|办法|要点|计划|函|批复|报告|决定|公告|通告|规定|细则|措施|清单|行动|规划|安排|纲要|条例|任务书|分工)(?:[（(][^）)]*[)）])?$"
)
SEAL = re.compile(
    r"^[（(〔\[]?\s*(?:由)?([\u4e00-\u9fff（）]{2,30}?)\s*(?:代章|代印|用印|盖章)\s*[)）〕\]]?$"
)
_PAGE_NUMBER = re.compile(
    r"^[\s—\-–－·]*\d{1,3}[\s—\-–－·]*$|^第\s*\d+\s*页(?:\s*[，,/／]?\s*共\s*\d+\s*页)?$|^\d+\s*/\s*\d+$"
)
ANNEX_LIST = re.compile(r"^附\s*件\s*[:：]")


def ends_title(text: str) -> bool:
    """True for a line that ends as titles do."""
    return bool(TITLE_END.search(text.strip()))


def is_page_number(text: str) -> bool:
    """True for `- 3 -`, `第 3 页` and the like."""
    return bool(_PAGE_NUMBER.match(text.strip()))


def heading_level(text: str) -> int:
    """1 for 一、, 2 for （一）, 3 for 1., 4 for （1） or ①, 0 without a number."""
    text = text.strip()
    for level, pattern in enumerate(LEVELS, 1):
        if pattern.match(text):
            return level
    return 4 if _CIRCLED.match(text) else 0


def read_number(text: str) -> str | None:
    """`浙营商专发〔2024〕1号` with any brackets and look-alike digits; None when there is none."""
    match = NUMBER.search(squeeze(text))
    if not match:
        return None
    letters = re.sub(r"^.*(?:文件|根据|按照|《)", "", match[1])
    return f"{letters}〔{plain_digits(match[2])}〕{int(plain_digits(match[3]))}号" if letters else None


def read_date(text: str) -> date | None:
    """A line that is a date and nothing else."""
    plain = bare(fold(text)).strip("（）()")
    plain = re.sub(r"^(?:发文|成文|印发)日期[:：]", "", plain)
    if match := _CN_DATE.match(plain):
        parts = [chinese_number(g.replace("Ｏ", "〇").replace("O", "〇")) for g in match.groups()]
    elif match := _DATE.match(plain):
        parts = [int(plain_digits(g)) for g in match.groups()]
    else:
        return None
    try:
        return date(*(p or 0 for p in parts))
    except (TypeError, ValueError):
        return None
