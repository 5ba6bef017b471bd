"""The one spelling under which a unit's name is looked up, and how near two spellings are.

`name_key` forgives only what never changes the meaning: full or half width, blanks, the kind of bracket and quote,
浙江省 for 省, 中共 before a party organ. It never guesses.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_FOLD = str.maketrans(
    {
        "〔": "(",
        "〕": ")",
        "[": "(",
        "]": ")",
        "【": "(",
        "】": ")",
        "﹝": "(",
        "﹞": ")",
        "「": '"',
        "」": '"',
        "『": '"',
        "』": '"',
        "“": '"',
        "”": '"',
        "″": '"',
        "'": '"',
        "‘": '"',
        "’": '"',
        ",": "、",
        "､": "、",
        "・": "·",
        "•": "·",
        "\u200b": None,
        "\u200c": None,
        "\u200d": None,
        "\ufeff": None,
        "\u00ad": None,
    }
)
_PARTY = ("中国共产党", "中共")

# Glyphs that scanning and careless typing mix up in names of units; each group is mutual.
_CONFUSED = (
    "己已巳",
    "人入八",
    "末未",
    "土士",
    "曰日目",
    "干千于",
    "力刀",
    "厅斤",
    "局居",
    "委季",
    "政攻",
    "科料",
    "治冶",
    "市布巾",
    "办为",
    "员贝",
    "商高",
    "联职",
    "口囗",
    "发友",
    "改故",
    "检捡",
    "院皖",
    "税锐",
    "财则",
    "审申",
    "数教",
    "据剧",
    "应庆",
    "杭抗",
    "宁字",
    "州洲",
    "区巨",
    "县具",
    "经径",
    "信倍",
    "工二",
    "总忌",
    "网罔",
    "纪记",
    "监临",
)
_TWINS = {glyph: frozenset(group) for group in _CONFUSED for glyph in group}
_SAME, _TWIN, _OTHER = 0, 1, 2


def fold(text: str) -> str:
    """`text` in compatibility form, without blanks, with one kind of bracket and quote."""
    folded = unicodedata.normalize("NFKC", text).translate(_FOLD)
    return "".join(folded.split())


@lru_cache(maxsize=8192)
def name_key(text: str) -> str:
    """The look-up key of a unit's name as written."""
    key = fold(text)
    for prefix in _PARTY:
        if key.startswith(prefix) and len(key) > len(prefix) + 1:
            key = key[len(prefix) :]
            break
    if key.startswith("浙江省"):
        key = key[2:]
    return key


def distance(left: str, right: str, limit: int) -> int:
    """Edit distance in half steps: a look-alike glyph costs 1, any other change 2; more than `limit` is `limit + 1`."""
    if abs(len(left) - len(right)) * _OTHER > limit:
        return limit + 1
    row = [index * _OTHER for index in range(len(right) + 1)]
    for position, glyph in enumerate(left, 1):
        before, row[0] = row[0], position * _OTHER
        twins = _TWINS.get(glyph, frozenset())
        for index, other in enumerate(right, 1):
            swap = before + (_SAME if glyph == other else _TWIN if other in twins else _OTHER)
            before = row[index]
            row[index] = min(swap, row[index] + _OTHER, row[index - 1] + _OTHER)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)
