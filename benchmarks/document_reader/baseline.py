"""The plain way to read such a plan, as the peer: a table library per format, columns by their headings, no doubt about anything.

There is no maintained program that reads these plans; this is what a careful script does in an afternoon (python-docx, lxml, pdfplumber, tabs),
so that the figures beside ours say what the work on damage is worth. It never warns: whatever it gets wrong is silently wrong.
"""

from __future__ import annotations

import calendar
import re
from pathlib import Path
from typing import Any

import docx
import pdfplumber
from lxml import html

from .annexes import HEADINGS
from .model import Record, empty_truth

Grid = list[list[str]]


def read(path: Path) -> Record:
    """Contract JSON of a plan, read the plain way."""
    paragraphs, grids = {".docx": _docx, ".html": _html, ".pdf": _pdf, ".txt": _txt}[path.suffix](path)
    reading = empty_truth() | {"irregularities": []}
    year = _head(reading, paragraphs)
    for grid in grids:
        if len(grid) > 1:
            _table(reading, grid, year)
    for text in paragraphs:
        _duty(reading, text)
    return reading


# ---- loading -----------------------------------------------------------------------------------------------------


def _txt(path: Path) -> tuple[list[str], list[Grid]]:
    paragraphs: list[str] = []
    grids: list[Grid] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = (
            line.split("\t")
            if "\t" in line
            else [c.strip() for c in line.strip("| ").split("|")]
            if "|" in line
            else re.split(r" {2,}", line)
        )
        if len(cells) > 2:
            width = len(grids[-1][0]) if grids else 0
            grids[-1].append(cells) if len(cells) == width and not _roles(cells)[0] else grids.append([cells])
        elif line.strip():
            paragraphs.append(line.strip())
    return paragraphs, grids


def _docx(path: Path) -> tuple[list[str], list[Grid]]:
    document = docx.Document(str(path))
    grids = [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]
    return [p.text for p in document.paragraphs if p.text.strip()], grids


def _html(path: Path) -> tuple[list[str], list[Grid]]:
    content = path.read_bytes()
    tree = html.fromstring(content.decode("gb18030" if b"charset=gb2312" in content else "utf-8"))
    grids = [[[cell.text_content().strip() for cell in row.xpath("./td|./th")] for row in table.xpath(".//tr")]
             for table in tree.xpath("//table[not(.//table)]")]  # fmt: skip
    return [
        t for p in tree.xpath("//p[not(ancestor::table[not(.//table)])]") if (t := p.text_content().strip())
    ], grids


def _pdf(path: Path) -> tuple[list[str], list[Grid]]:
    paragraphs: list[str] = []
    grids: list[Grid] = []
    with pdfplumber.open(path) as pdf:
        for page in pdf.pages:
            paragraphs += [line for line in page.extract_text().splitlines() if line.strip()]
            for rows in page.extract_tables():
                grid = [[(cell or "").replace("\n", "") for cell in row] for row in rows]
                if grids and grid and not _roles(grid[0])[0] and len(grid[0]) == len(grids[-1][0]):
                    grids[-1] += grid
                elif grid:
                    grids.append(grid)
    return paragraphs, grids


# ---- reading -----------------------------------------------------------------------------------------------------


def _head(reading: Record, paragraphs: list[str]) -> int | None:
    text = "\n".join(paragraphs[:30])
    number = re.search(r"\S+〔(\d{4})〕\d+号", text)
    issued = re.search(r"^(\d{4})年(\d{1,2})月(\d{1,2})日$", text, re.M)
    reading["document_number"] = number.group(0) if number else None
    reading["issued_on"] = "{}-{:0>2}-{:0>2}".format(*issued.groups()) if issued else None
    reading["title"] = next((p for p in paragraphs[:12] if p.endswith("通知")), None)
    reading["addressees"] = next(
        (p.rstrip("：").split("，") for p in paragraphs[:15] if p.endswith("：")), []
    )
    reading["issuer"] = next((p.removesuffix("文件") for p in paragraphs[:6] if p.endswith("文件")), None)
    return int(number.group(1)) if number else None


def _roles(heading: list[str]) -> tuple[str | None, list[str]]:
    """Which table this is and what its columns hold, by the words of the heading row."""
    best: tuple[int, str, list[str]] = (0, "", [])
    for part, words in HEADINGS.items():
        roles = []
        for cell in heading:
            plain = re.sub(r"\d{4}|\s", "", cell)
            roles.append(
                next(
                    (
                        role
                        for role, options in words.items()
                        if plain and plain in [re.sub(r"\{.\}", "", o) for o in options]
                    ),
                    "",
                )
            )
        known = len({r for r in roles if r})
        best = max(best, (known, part, roles), key=lambda b: b[0])
    return (best[1] if best[0] > 2 else None), best[2]


def _table(reading: Record, grid: Grid, year: int | None) -> None:
    part, roles = _roles(grid[0])
    if part is None:
        return
    above = ""
    for order, row in enumerate(grid[1:], 1):
        cells = dict(zip(roles, row, strict=False))
        number = int(cells["number"]) if cells.get("number", "").isdigit() else order
        fill = "dimension" if part == "indicators" else "group"
        above = cells.get(fill) or above
        if part == "indicators":
            value = re.search(r"\d+(\.\d+)?", cells.get("target", ""))
            target = float(value.group(0)) if value else None
            reading[part].append({"number": number, "dimension": above or None, "name": cells.get("name"), "unit": cells.get("unit") or None, "target": target,
                                  "target_text": cells.get("target"), "comparator": None, "frequency": cells.get("frequency")})  # fmt: skip
        elif part == "tasks":
            units = "、".join(cells[r] for r in ("responsible", "lead", "cooperating") if cells.get(r))
            reading[part].append({"number": number, "group": above or None, "measure": cells.get("measure"), "responsible": _units(units),
                                  "open_list": units.endswith("等"), "deadline": _deadline(cells.get("deadline", ""), year)})  # fmt: skip
        else:
            reading[part].append({"number": number, "name": cells.get("name"), "goal": cells.get("goal"), "targets": _targets(cells.get("targets", "")),
                                  "tasks": _numbered(cells.get("tasks", "")), "lead": _names(cells.get("lead", "")), "cooperating": _names(cells.get("cooperating", ""))})  # fmt: skip


def _names(text: str) -> list[str]:
    return [
        name
        for name in re.split(r"[、，\s]+(?![^（]*）)", re.sub(r"等(单位|部门)?$", "", text))
        if name and name != "/"
    ]


def _units(text: str) -> list[dict[str, Any]]:
    return [
        {
            "raw": n,
            "name": n,
            "kind": "generic" if re.search("各|有关|县（市", n) else "specific",
            "inherited": False,
        }
        for n in _names(text)
    ]


def _numbered(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?:^|\s)\d+\.(?!\d)", text) if part.strip()]


def _targets(text: str) -> list[dict[str, Any]]:
    targets = []
    for line in _numbered(text):
        found = re.search(r"^(.*?)(\d+(?:\.\d+)?)(个工作日|万人次|万?[亿家个项人名户%天分部件]元?)", line)
        if found:
            targets.append({"text": line, "name": found.group(1), "comparator": ">=" if "以上" in line or "不" in line else None, "value": float(found.group(2)),
                            "unit": found.group(3), "baseline": None})  # fmt: skip
    return targets


def _deadline(text: str, year: int | None) -> dict[str, Any]:
    found = re.search(r"(?:(\d{4})年)?(\d{1,2})月", text)
    if found and (found.group(1) or year) and 1 <= int(found.group(2)) <= 12:
        y, m = int(found.group(1) or year or 0), int(found.group(2))
        return {"raw": text, "kind": "month", "due": f"{y}-{m:02d}-{calendar.monthrange(y, m)[1]:02d}"}
    return {"raw": text, "kind": "ongoing" if "持续" in text else None, "due": None}


def _duty(reading: Record, text: str) -> None:
    found = re.search(r"[（(〔]([^（(〔]*?(?:牵头|负责|责任单位).*)[）)〕]。?$", text)
    if not found:
        return
    inside = found.group(1)
    record: Record = {
        "text": text[: found.start()],
        "lead": [],
        "cooperating": [],
        "responsible": [],
        "deadline": None,
    }
    for label, field in (
        ("牵头单位：", "lead"),
        ("责任单位：", "responsible"),
        ("配合单位：", "cooperating"),
    ):
        if label in inside:
            record[field] = _names(inside.split(label)[1].split("；")[0])
    if "牵头，" in inside:
        lead, _, rest = inside.partition("牵头，")
        record["lead"], record["cooperating"] = _names(lead), _names(rest.removesuffix("配合"))
    elif inside.endswith("负责"):
        record["responsible"] = _names(re.sub("按职责分工负责|分别负责|负责", "", inside))
    reading["duties"].append(record)
