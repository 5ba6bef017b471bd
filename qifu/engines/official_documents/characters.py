"""Characters of official Chinese text: widths, blanks, numerals, look-alikes and likeness of strings."""

from __future__ import annotations

import re
from functools import lru_cache

HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WIDE = HAN + r"\u3000-\u303f\uff00-\uffef\u2014\u2018-\u201d\u2026"
_BLANK_BESIDE_WIDE = re.compile(rf"(?<=[{WIDE}])\s+|\s+(?=[{WIDE}])")
_WIDE_CHAR = re.compile(f"[{WIDE}]")
_AMBIGUOUS = re.compile("[\u2014\u2018-\u201d\u2026]")
_BLANKS = re.compile(r"[\s\u200b\u200c\u200d\ufeff]+")
_INVISIBLE = re.compile(r"[\u200b\u200c\u200d\ufeff\u00ad]")
_FOLD = {0xFF01 + i: 0x21 + i for i in range(94)}
for _kept in "，：；！？（）":  # Chinese punctuation keeps its width
    _FOLD.pop(ord(_kept), None)
_FOLD.update({0x3000: 0x20, 0xA0: 0x20, 0x2002: 0x20, 0x2003: 0x20, 0x2009: 0x20, 0x202F: 0x20})

DIGIT_LOOKALIKES = {
    "O": "0",
    "o": "0",
    "〇": "0",
    "○": "0",
    "Ｏ": "0",
    "Ｏ".lower(): "0",
    "Q": "0",
    "D": "0",
    "l": "1",
    "I": "1",
    "|": "1",
    "丨": "1",
    "i": "1",
    "Z": "2",
    "z": "2",
    "S": "5",
    "s": "5",
    "B": "8",
}
_CN_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {
    "零": 0,
    "○": 0,
    "两": 2,
    "Ｏ": 0,
    "O": 0,
    "0": 0,
}
CIRCLED = {chr(0x2460 + i): i + 1 for i in range(20)}

# Characters that scanners take for one another. Only used together with other evidence.
_LOOKALIKE_GROUPS = (
    "日曰目口",
    "己已巳",
    "未末",
    "人入八",
    "土士",
    "千干于",
    "大太犬",
    "天夫无",
    "治冶",
    "全金",
    "设没",
    "侯候",
    "拔拨",
    "折拆析",
    "部邵",
    "厅斤厂",
    "局居",
    "委季",
    "科料",
    "财材",
    "监临",
    "管官",
    "态志",
    "经径轻",
    "济挤",
    "民氏",
    "政攻",
    "改政",
    "发友",
    "市巿布",
    "省肖",
    "县具",
    "区匹",
    "办为力",
    "院完",
    "商问",
    "务条",
    "关美",
    "信倍",
    "社杜",
    "保堡",
    "通道",
    "运远",
    "交文",
    "水永",
    "农衣",
    "审宙",
    "计什",
    "统绕",
    "司可",
    "法去",
    "公么",
    "安女",
    "教数",
    "育盲",
    "健建",
    "康庚",
    "生主",
    "环坏",
    "境镜",
    "自白",
    "然热",
    "资贸",
    "源原",
    "住往",
    "城诚",
    "乡多",
    "建律",
    "证正",
    "券卷",
    "银根",
    "行仟",
    "贷货",
    "税悦",
    "海每",
    "会合",
    "联关",
    "工土",
    "中巾",
    "心必",
    "府俯",
    "党觉",
    "组且",
    "织识",
    "宣宜",
    "传转",
    "网同",
    "能熊",
    "力刀",
    "度渡",
    "〇O0○o",
    "l1I|",
    "5S",
    "8B",
    "2Z",
    "—一-",
    "，,",
    "、，",
    "：:",
    "；;",
    "。.",
)
_LOOKALIKE: dict[str, set[str]] = {}
for _group in _LOOKALIKE_GROUPS:
    for _char in _group:
        _LOOKALIKE.setdefault(_char, set()).update(set(_group) - {_char})

# Traditional characters of headings, labels and bodies' names, each before its simplified form.
_TRADITIONAL = (
    "責责單单時时間间標标務务實实牽牵頭头辦办協协參参與与負负處处聯联繫系領领導导節节點点進进結结計计劃划達达號号編编項项順顺類类維维塊块環环稱称數数頻频監监測测週周統统報报舉举內内堅坚動动專专總总體体預预"
    "備备註注說说屬属權权來来廳厅財财發发經经縣县區区會会黨党銀银園园機机團团學学關关館馆臺台隊队場场業业國国稅税農农資资規规態态護护運运輸输衛卫審审據据廣广電电應应檢检戰战貿贸僑侨婦妇殘残勞劳險险證证質质"
    "檔档氣气創创術术產产識识醫医藥药鐵铁鎮镇鄉乡門门級级長长續续啟启約约轉转軍军雙双鄰邻濟济"
)
_SIMPLIFIED = str.maketrans(_TRADITIONAL[::2], _TRADITIONAL[1::2])


def simplified(text: str) -> str:
    """The text with traditional characters of headings and bodies' names in simplified form, for matching only; length stays."""
    return text if text.isascii() else text.translate(_SIMPLIFIED)


def fold(text: str) -> str:
    """Full-width letters, digits and signs become plain ones; Chinese punctuation stays."""
    return _INVISIBLE.sub("", text.translate(_FOLD))


def squeeze(text: str) -> str:
    """Blanks beside a Chinese character go, other runs of blanks become one."""
    text = _INVISIBLE.sub("", text).strip()
    return _BLANKS.sub(" ", _BLANK_BESIDE_WIDE.sub("", text))


def bare(text: str) -> str:
    """The text without any blank."""
    return _BLANKS.sub("", text)


@lru_cache(maxsize=8192)
def key(text: str) -> str:
    """What two spellings of the same text have in common: letters and digits only, plain width."""
    folded = fold(text).lower()
    return "".join(c for c in folded if c.isalnum())


def bigrams(text: str) -> set[str]:
    """Pairs of neighbouring characters of `key(text)`."""
    plain = key(text)
    return {plain[i : i + 2] for i in range(len(plain) - 1)} or ({plain} if plain else set())


def likeness(first: str, second: str) -> float:
    """Dice coefficient of the bigrams, 0 to 1."""
    left, right = bigrams(first), bigrams(second)
    if not left or not right:
        return 0.0
    return 2 * len(left & right) / (len(left) + len(right))


def containment(part: str, whole: str) -> float:
    """Share of `part`'s bigrams that stand in `whole`, 0 to 1."""
    left = bigrams(part)
    return len(left & bigrams(whole)) / len(left) if left else 0.0


def distance(first: str, second: str, limit: int = 3) -> int:
    """Edit distance, or `limit` + 1 when it is larger."""
    if abs(len(first) - len(second)) > limit:
        return limit + 1
    previous = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        current = [i]
        for j, b in enumerate(second, 1):
            current.append(min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a != b)))
        if min(current) > limit:
            return limit + 1
        previous = current
    return min(previous[-1], limit + 1)


def look_alike(first: str, second: str) -> bool:
    """True when the strings have equal length and differ only in characters that scanners confuse."""
    return len(first) == len(second) and all(
        a == b or b in _LOOKALIKE.get(a, ()) for a, b in zip(first, second, strict=True)
    )


def plain_digits(text: str) -> str:
    """Digits with their look-alikes (O, l, 〇 ...) replaced; meant for cells that must hold a number."""
    return "".join(DIGIT_LOOKALIKES.get(c, c) for c in fold(text))


def chinese_number(text: str) -> int | None:
    """`十二` -> 12, `二〇二四` -> 2024, `一百零五` -> 105; None for anything else."""
    if not text:
        return None
    if all(c in _CN_DIGITS for c in text):
        return int("".join(str(_CN_DIGITS[c]) for c in text))
    total, digit = 0, 0
    for c in text:
        if c in _CN_DIGITS:
            digit = _CN_DIGITS[c]
        elif c in "十百千":
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[c]
            digit = 0
        else:
            return None
    return total + digit


def shown_width(text: str, *, quotes: int = 2) -> int:
    """Columns the text takes in a terminal: two for a wide character, one for others; programs differ over quotation marks and dashes."""
    wide = len(text) + len(_WIDE_CHAR.findall(text))
    return wide if quotes == 2 else wide - len(_AMBIGUOUS.findall(text))
