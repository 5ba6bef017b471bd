"""Unified social credit codes by GB 32100-2015: check digit, inner organisation code (GB 11714-1997), proposals; pure.

18 characters: registering department (1), category (1), division of the registering authority (6), organisation code
(9, its last is a check digit mod 11), check digit mod 31. The alphabet leaves out I, O, Z, S and V.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
VALUE = {character: value for value, character in enumerate(ALPHABET)}
WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
LENGTH = 18
MOST_PROPOSALS = 3
TYPES = frozenset(
    [
        "11",
        "12",
        "13",
        "19",
        "21",
        "29",
        "31",
        "32",
        "33",
        "34",
        "35",
        "39",
        "41",
        "49",
        "51",
        "52",
        "53",
        "54",
        "55",
        "59",
        "61",
        "62",
        "69",
        "71",
        "72",
        "79",
        "81",
        "89",
        "91",
        "92",
        "93",
        "A1",
        "A9",
        "N1",
        "N2",
        "N3",
        "N9",
        "Y1",
    ]
)
"""The first two characters that GB 32100-2015 and its later notices give out."""
_USUAL = frozenset(
    ["11", "12", "13", "51", "52", "53", "54", "55", "91", "92", "93", "A1", "N1", "N2", "N3", "Y1"]
)
"""Those that registration files hold: only such codes are proposed."""
_LOOKS_LIKE = str.maketrans("OIZSV", "012" + "5" + "U")
_SLIPS = {
    "0": "DQ8", "1": "7LT", "2": "7", "5": "68", "8": "B0", "B": "8", "D": "0", "Q": "0", "G": "6C", "6": "G5", "C": "G",
    "L": "1", "U": "W", "W": "U", "M": "N", "N": "M", "7": "1T", "T": "17", "P": "R", "R": "P", "K": "X", "X": "K",
}  # fmt: skip


@dataclass(frozen=True)
class UsccReading:
    """A code that stands (`code`), or why it does not (`problem`) with what was probably meant; `warnings` do no harm."""

    code: str = ""
    problem: str = ""
    proposal: str = ""
    warnings: tuple[str, ...] = ()


def check_digit(first17: str) -> str:
    """Return the 18th character for the first 17; KeyError for a character outside the alphabet."""
    rest = sum(VALUE[c] * weight for c, weight in zip(first17, WEIGHTS, strict=True)) % 31
    return ALPHABET[(31 - rest) % 31]


def inner_check_digit(first8: str) -> str:
    """Return the 9th character of an organisation code (GB 11714) for its first eight."""
    values = (int(c, 36) for c in first8)
    rest = 11 - sum(value * weight for value, weight in zip(values, INNER_WEIGHTS, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def is_valid(code: str) -> bool:
    """Tell whether `code` has 18 characters of the alphabet and the right check digit."""
    if len(code) != LENGTH:
        return False
    try:
        return check_digit(code[:17]) == code[17]
    except KeyError:
        return False


def fold(text: str) -> str:
    """Return the text in upper case and plain forms, without blanks, invisible characters, quotes and hyphens."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(
        c
        for c in folded
        if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc") and c not in "-‐–—'‘’`\""
    )


def read_uscc(text: str, is_division: Callable[[str], bool] = str.isdigit) -> UsccReading:
    """Return the code written in `text`, or what is wrong with it and what was probably meant.

    Taken as it stands where only blanks, hyphens, case and full width differ. Anything else that alone would make the
    check right (a look-alike letter, one wrong or missing character, two neighbours swapped) is proposed, not taken;
    `is_division` tells which six digits can be a registering authority's.
    """
    code = fold(text)
    if is_valid(code):
        return UsccReading(code=code, warnings=_warnings(code))
    if not code:
        return UsccReading(problem="没有填写统一社会信用代码", proposal="补填18位代码后重新导入")
    fixes = proposals(code, is_division)
    meant = "、".join(fixes)
    return UsccReading(problem=_problem(code), proposal=meant or _advice(code))


def _problem(code: str) -> str:
    if re.fullmatch(r"[0-9]{15}", code):
        return f"“{code}”是15位旧注册号，不是统一社会信用代码"
    if re.fullmatch(r"[0-9]{13}", code):
        return f"“{code}”是13位旧注册号，不是统一社会信用代码"
    if re.fullmatch(r"[0-9A-Z]{9}", code):
        return f"“{code}”是9位组织机构代码，不是统一社会信用代码"
    if re.fullmatch(r"[0-9.]+E\+?[0-9]+", code):
        return f"“{code[:30]}”是表格软件改成的科学计数，原来的代码已经丢失"
    if "*" in code:
        return "代码被遮盖（含 * 号），不能识别"
    if len(code) != LENGTH:
        return f"代码“{code[:30]}”有 {len(code)} 位，应为18位"
    wrong = sorted({c for c in code if c not in VALUE})
    if wrong:
        return f"代码“{code}”含有不会出现的字符 {'、'.join(wrong)}（代码不用 I、O、Z、S、V）"
    if re.fullmatch(r"[1-9][0-9]{5}(19|20)[0-9]{9}[0-9X]", code):
        return "填写的像是居民身份证号码，不是统一社会信用代码"
    return f"代码“{code}”的校验位不对，至少有一位写错"


def _advice(code: str) -> str:
    if re.fullmatch(r"[0-9]{13}|[0-9]{15}", code):
        return "按注册号或名称查到18位代码后填写"
    if re.fullmatch(r"[0-9.]+E\+?[0-9]+", code):
        return "把该列设为文本格式，从原始数据重新导出"
    return "对照营业执照改正后重新导入"


def proposals(code: str, is_division: Callable[[str], bool] = str.isdigit) -> list[str]:
    """Return up to three codes that one slip explains, the likeliest first; empty when too many would fit."""
    steps = (
        _lookalikes(code),
        [*_neighbours_swapped(code), *_slips(code)],
        _length_slips(code),
        _one_wrong(code),
    )
    found: dict[str, None] = {}
    for number, candidates in enumerate(steps):
        right = (c for c in candidates if is_valid(c) and _plausible(c, code) and is_division(c[2:8]))
        found.update(dict.fromkeys(right))
        if number == 0 and found:
            break
    return list(found) if len(found) <= MOST_PROPOSALS else []


def _lookalikes(code: str) -> list[str]:
    return [code.translate(_LOOKS_LIKE)]


def _neighbours_swapped(code: str) -> list[str]:
    base = code.translate(_LOOKS_LIKE)
    return [
        base[:i] + b + a + base[i + 2 :]
        for i, (a, b) in enumerate(pairwise(base))
        if a != b and len(base) == LENGTH
    ]


def _slips(code: str) -> list[str]:
    base = code.translate(_LOOKS_LIKE)
    return [base[:i] + other + base[i + 1 :] for i, c in enumerate(base) for other in _SLIPS.get(c, "")]


def _length_slips(code: str) -> list[str]:
    base = code.translate(_LOOKS_LIKE)
    if len(base) == LENGTH + 1:  # one character twice or too many
        return [base[:i] + base[i + 1 :] for i in range(len(base))]
    if len(base) == LENGTH - 1 and all(c in VALUE for c in base):
        return [base + check_digit(base)]
    return []


def _one_wrong(code: str) -> list[str]:
    if len(code) != LENGTH or sum(c not in VALUE for c in code) > 1:
        return []
    return [code[:i] + other + code[i + 1 :] for i in range(LENGTH) for other in ALPHABET if other != code[i]]


def _plausible(code: str, written: str) -> bool:
    """Whether a code may be proposed: inner check digit right, and a type that is usual, or the one written."""
    usual = code[:2] == written[:2] if written[:2] in _USUAL else code[:2] in _USUAL
    return usual and code[2:8].isdigit() and inner_check_digit(code[8:16]) == code[16]


def _warnings(code: str) -> tuple[str, ...]:
    found = []
    if inner_check_digit(code[8:16]) != code[16]:
        found.append(f"代码中的组织机构代码“{code[8:17]}”校验位不符（GB 11714），请对照执照核对")
    if code[:2] not in TYPES:
        found.append(f"代码前两位“{code[:2]}”不是已公布的登记管理部门和机构类别")
    if not code[2:8].isdigit():
        found.append(f"代码第3至8位“{code[2:8]}”不是行政区划代码")
    return tuple(found)
