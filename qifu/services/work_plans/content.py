"""From a reading to what is published: exact numbers, items held back, short titles, directions. Pure.

The content of a published plan is the contract's object (without irregularities) with numbers as decimal text, plus
`place_code`, `year`, `publicity_level`, `held_back` and `rulings`, so that a version explains itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from qifu.services.work_plans.fields import PART_TITLES
from qifu.services.work_plans.rulings import ADDED, LIST_PARTS, REMOVED

DOCUMENT_KEYS = (
    "title", "document_number", "issuer", "seal", "issued_on", "addressees", "copied_to", "urgency", "signed_by",
    "publicity",
)  # fmt: skip
_DECIMAL_KEYS = {"target", "value"}
_LOWER = re.compile(r"天数|时长|周期|费率|成本|费用|压缩|压减|缩短|降低")
_YEAR = re.compile(r"(20\d\d)\s*年")


def exact(value: Any, key: str = "") -> Any:
    """Return JSON data with every figure as decimal text, since a stored version refuses floats.

    Characters that no database keeps (NUL, halves of surrogate pairs; both occur in text taken from PDF) are dropped.
    """
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {name: exact(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [exact(part, key) for part in value]
    if isinstance(value, float) or (
        key in _DECIMAL_KEYS and isinstance(value, int) and not isinstance(value, bool)
    ):
        return _plain_decimal(Decimal(repr(value)))
    return value


def storable(text: str) -> str:
    """Return the text without characters that a database refuses."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")


def _plain_decimal(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def short_title(text: str, limit: int = 40) -> str:
    """Return the first clause of a measure, two when the first is very short, cut at `limit` characters."""
    clauses = [part for part in re.split(r"[，。；,;\n]", text.strip()) if part.strip()]
    if not clauses:
        return ""
    title = clauses[0].strip()
    if len(title) < 6 and len(clauses) > 1:
        title = f"{title}，{clauses[1].strip()}"
    return title if len(title) <= limit else title[: limit - 1] + "…"


def year_of(reading: Mapping[str, Any]) -> int | None:
    """Return the year a plan is for: the one in its title, else the year it was issued."""
    found = _YEAR.search(reading.get("title") or "")
    if found:
        return int(found[1])
    issued = reading.get("issued_on") or ""
    return int(issued[:4]) if issued[:4].isdigit() else None


def direction_of(name: str, comparator: str | None, stated: str | None) -> str:
    """Return higher, lower or none: as the reader stated, else by the comparison, else by words like 天数 and 费率."""
    if stated in ("up", "down", "higher", "lower"):
        return {"up": "higher", "down": "lower"}.get(str(stated), str(stated))
    if comparator in ("<=", "<"):
        return "lower"
    if _LOWER.search(name):
        return "lower"
    return "higher" if comparator in (">=", ">") else "none"


def row_number(part: str, row: Mapping[str, Any], index: int) -> int:
    """Return the number an item bears in the document; duties bear none and are counted."""
    return index + 1 if part == "duties" else int(row.get("number") or index + 1)


def row_title(part: str, row: Mapping[str, Any]) -> str:
    """Return what an item is called in lists."""
    text = row.get("title") or row.get("name") or row.get("measure") or row.get("text") or ""
    if part in ("tasks", "duties"):
        return short_title(str(text))
    return str(text)[:200]


def content_of(
    reading: Mapping[str, Any],
    *,
    place_code: str,
    publicity: str,
    held: Mapping[tuple[str, int], list[str]],
    rulings: Iterable[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the content to publish: `held` names by (part, row) the items kept back, with the open errors."""
    content: dict[str, Any] = {key: reading.get(key) for key in DOCUMENT_KEYS}
    content |= {"place_code": place_code, "year": year_of(reading), "publicity_level": publicity}
    held_back = []
    for part in LIST_PARTS:
        rows = []
        for index, row in enumerate(reading.get(part) or []):
            if row.get(REMOVED) or (part == "missing" and is_filled(reading, row)):
                continue
            if (part, index) in held:
                held_back.append(_held_row(part, index, row, held[(part, index)]))
                continue
            kept = {key: value for key, value in row.items() if key not in (REMOVED, ADDED)}
            if part == "duties":
                kept["number"] = index + 1
            rows.append(kept)
        content[part] = rows
    content["held_back"] = held_back
    content["rulings"] = list(rulings)
    return content


def is_filled(reading: Mapping[str, Any], gap: Mapping[str, Any]) -> bool:
    """Tell whether a person has entered the row that the numbering lacked."""
    rows = reading.get(f"{gap['kind']}s") or []
    return any(row.get("number") == gap["number"] and not row.get(REMOVED) for row in rows)


def _held_row(part: str, index: int, row: Mapping[str, Any], reasons: list[str]) -> dict[str, Any]:
    kind = row.get("kind") if part == "missing" else part.rstrip("s") if part != "duties" else "duty"
    number = row_number(part, row, index)
    return {
        "part": part, "kind": kind, "number": number, "reasons": reasons, "title": row_title(part, row),
        "group": row.get("group") or row.get("dimension") or "", "source": row.get("source"),
    }  # fmt: skip


def place_words(part: str, number: int | None) -> str:
    """Return where something is, in words: 重点任务第23条."""
    title = PART_TITLES.get(part, part)
    return f"{title}第{number}条" if number is not None and part != "document" else title


_ANNEX = {"indicators": "附件1", "tasks": "附件2", "actions": "附件3"}


def source_words(
    content: Mapping[str, Any], part: str, number: int, line: int | None, *, missing: bool = False
) -> str:
    """Return the reference to the original: the annex row, and the line of the file where it is known.

    The three annexes are numbered by the order in which they stand in the document.
    """
    order = [p for _, p in sorted((_first_line(content, p), p) for p in _ANNEX if content.get(p))]
    if part in order:
        annex = f"附件{order.index(part) + 1}"
        where = f"{annex}缺第{number}行" if missing else f"{annex}第{number}行"
    else:
        where = "正文"
    return f"{where}（原件第{line}行）" if line else where


def _first_line(content: Mapping[str, Any], part: str) -> tuple[int, str]:
    lines = [row["source"]["line"] for row in content[part] if (row.get("source") or {}).get("line")]
    return (min(lines) if lines else 0, _ANNEX[part])
