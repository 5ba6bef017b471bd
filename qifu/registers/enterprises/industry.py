"""Industries by GB/T 4754-2017: what a code or a name in a registration file means; never guessed from other words; pure.

A code is kept with its section letter before the digits (F, F52, F521, F5211), so that a subtree is a prefix.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from qifu.registers.enterprises.kinds import is_blank

_FILE = Path(__file__).parent / "data" / "industry.csv"
_LAST_DIVISION = {
    "A": 5, "B": 12, "C": 43, "D": 46, "E": 50, "F": 52, "G": 60, "H": 62, "I": 65, "J": 69, "K": 70, "L": 72, "M": 75,
    "N": 79, "O": 82, "P": 83, "Q": 85, "R": 90, "S": 96, "T": 97,
}  # fmt: skip
"""The last two-digit division of each section."""
LEVELS = ("门类", "大类", "中类", "小类")


@dataclass(frozen=True)
class IndustryReading:
    """A code of ours (F5211), empty when not stated (no `problem`) or not known (`problem`)."""

    code: str = ""
    problem: str = ""


def section_of(digits: str) -> str:
    """Return the section letter of a code of two to four digits, or nothing."""
    number = int(digits[:2])
    return next((letter for letter, last in _LAST_DIVISION.items() if 0 < number <= last), "")


@lru_cache(maxsize=1)
def names() -> dict[str, str]:
    """Return every industry's name by our code, in order."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        rows = [(row["code"], row["name"]) for row in csv.DictReader(file)]
    found = {(code if code.isalpha() else section_of(code) + code): name for code, name in rows}
    for code, name in list(found.items()):  # a group of one class, ending in 0, is left out by the list
        if len(code) == 5 and code.endswith("0"):
            found.setdefault(code[:4], name)
    return dict(sorted(found.items()))


@lru_cache(maxsize=1)
def _by_name() -> dict[str, str]:
    """A name leads to the broadest industry of that name; 其他… are not unique and mean none."""
    found: dict[str, set[str]] = {}
    for code, name in names().items():
        found.setdefault(_key(name), set()).add(code)
    return {
        name: min(codes, key=len)
        for name, codes in found.items()
        if all(code.startswith(min(codes, key=len)) for code in codes)
    }


def _key(name: str) -> str:
    return re.sub(r"[\s、,和及与()·\-]", "", unicodedata.normalize("NFKC", name))


def title(code: str) -> str:
    """Return 零售业（F52） for our code; nothing for an unknown one."""
    name = names().get(code)
    return f"{name}（{code}）" if name else ""


def path_to(code: str) -> list[tuple[str, str]]:
    """Return (code, name) from the section down to the code."""
    steps = [code[:length] for length in (1, 3, 4, 5) if length <= len(code)]
    return [(step, names()[step]) for step in steps if step in names()]


def below(code: str) -> list[tuple[str, str]]:
    """Return (code, name) of what lies directly below; of nothing, the sections."""
    length = {0: 1, 1: 3, 3: 4, 4: 5}.get(len(code))
    return [(c, n) for c, n in names().items() if len(c) == length and c.startswith(code)]


def read_industry(texts: Iterable[str]) -> IndustryReading:
    """Return the industry that columns tell, the most exact first: a code, a name, or both in one cell."""
    problem, best = "", ""
    for text in texts:
        if is_blank(text):
            continue
        read = _read_one(text)
        if read.problem:
            problem = problem or read.problem
        elif best and not (best.startswith(read.code) or read.code.startswith(best)):
            problem = problem or f"行业“{text.strip()[:40]}”与“{names()[best]}”不在同一门类体系中"
        elif len(read.code) > len(best):
            best = read.code
    return IndustryReading(best, problem)


@lru_cache(maxsize=4096)
def _read_one(text: str) -> IndustryReading:
    shown = text.strip()[:40]
    plain = unicodedata.normalize("NFKC", text).strip()
    found = re.match(r"^\(?([A-Ta-t])?[-. ]?([0-9]{1,4})?\)?(?![0-9A-Za-z])[\s.:、-]*(.*)$", plain, re.DOTALL)
    tail = re.match(r"^(.*?)[\s(\[]*([A-T])?([0-9]{2,4})[)\]]?$", plain, re.DOTALL)
    code = words = ""
    if found and (found[1] or found[2]):
        code, words = (found[1] or "").upper() + (found[2] or ""), found[3]
    elif tail:
        code, words = (tail[2] or "") + tail[3], tail[1]
    else:
        words = plain
    by_code = _of_code(code) if code else ""
    by_name = _by_words(words)
    if by_code and by_name and not (by_code.startswith(by_name) or by_name.startswith(by_code)):
        return IndustryReading("", f"行业“{shown}”的代码与名称不符（GB/T 4754-2017），行业记为未知")
    code_or_name = max(by_code, by_name, key=len)
    if code and not by_code and not by_name:
        return IndustryReading("", f"行业代码“{shown}”不在 GB/T 4754-2017 中，行业记为未知")
    if not code_or_name:
        return IndustryReading("", f"行业“{shown}”不是 GB/T 4754-2017 的名称，行业记为未知")
    return IndustryReading(code_or_name)


def _of_code(code: str) -> str:
    letter, digits = (code[0], code[1:]) if code[0].isalpha() else ("", code)
    if not digits:
        return letter if letter in _LAST_DIVISION else ""
    if len(digits) == 1:
        digits = "0" + digits
    for candidate in (digits, "0" + digits if len(digits) == 3 else ""):
        if len(candidate) >= 2:
            ours = (letter or section_of(candidate)) + candidate
            if ours in names() and section_of(candidate) == ours[0]:
                return ours
    return ""


def _by_words(words: str) -> str:
    """The industry of a name, or of the last step of a path like 批发和零售业/零售业."""
    steps = [step for step in re.split(r"[/>|\\＞→]+", words) if step.strip()]
    for step in reversed(steps):
        found = _by_name().get(_key(step)) or _by_name().get(_key(step) + "业")
        if found:
            return found
    return ""
