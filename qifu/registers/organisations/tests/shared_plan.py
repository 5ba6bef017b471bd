"""The unit strings of the shared 2024 plan, taken out by a reader of the tests' own, much simpler than the engine's."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
SHARED = Path(os.environ.get("QIFU_SHARED", ROOT.parent / "shared"))
PROVINCE = ROOT / "provinces" / "zhejiang"
_DEADLINE = re.compile(r"\d{4}\s*年\s*\d{1,2}\s*月|持续推进中?")
_LEVELS = ("省、市、县（市、区）", "市、县（市、区）")


def shared_file(*parts: str) -> Path:
    """A file of the shared data; skips where it is absent, fails where CI promises it."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must have the shared data: {path.name}")
        pytest.skip(f"shared data absent: {path.name} (set QIFU_SHARED)")
    return path


def unit_cells() -> list[str]:
    """Every cell of annexes 2 and 3 that holds responsible, leading or cooperating units."""
    text = shared_file("plan", "work-plan-2024.txt").read_text(encoding="utf-8")
    annexes = text[text.index("附件 2") :]
    second, third = annexes[: annexes.index("附件 3")], annexes[annexes.index("附件 3") :]
    cells = []
    for line in second.splitlines():
        row = line.split("\t")
        cells += [row[at - 1] for at, cell in enumerate(row) if at and _DEADLINE.fullmatch(cell.strip())]
    for line in third.splitlines():
        row = [cell.strip() for cell in line.split("\t")]
        if len(row) > 2 and row[0] != "序号":
            cells += [cell for cell in row[-2:] if re.search(r"[\u4e00-\u9fff]", cell)]
    return cells


def leading_cells() -> list[str]:
    """The leading units that the body states in brackets, one string a bracket."""
    text = shared_file("plan", "work-plan-2024.txt").read_text(encoding="utf-8")
    return re.findall(r"[（(〔]牵头单位：(.+?)[）)〕]\s*$", text, re.MULTILINE)


def units_of(cell: str) -> list[str]:
    """The units of one cell as written; words for levels keep their inner commas and are carried on to bare bodies."""
    whole = cell.strip()
    if whole == "省人社厅 省保厅":
        return [whole]
    for at, level in enumerate(_LEVELS):
        whole = whole.replace(level, chr(0xE000 + at))
    whole = whole.replace("党委、政府", chr(0xE010))
    found = []
    for piece in re.split(r"[、，\s]+(?![^（]*）)", whole):
        piece = re.sub(r"等(设区市)?$", "", piece.replace(chr(0xE010), "党委、政府"))
        for at, level in enumerate(_LEVELS):
            piece = piece.replace(chr(0xE000 + at), level)
        if piece:
            found.append(piece)
    return found
