"""What differs between two versions, item by item and field by field, in words; what was ruled on an item."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from qifu.services.work_plans.content import place_words, row_title
from qifu.services.work_plans.fields import FIELDS, PART_TITLES, shown
from qifu.services.work_plans.models import Publicity
from qifu.services.work_plans.projection import PARTS
from qifu.services.work_plans.queries.reviews import STATES, value_words


@dataclass(frozen=True)
class FieldChange:
    """One field that differs, in words."""

    title: str
    before: str
    after: str


@dataclass
class ItemChange:
    """One item that differs: `what` is 新增, 删去, 更改 or 改为待核 / 完成核对."""

    part: str
    number: int | None
    title: str
    what: str
    fields: list[FieldChange] = field(default_factory=list)

    @property
    def where(self) -> str:
        """The place in words."""
        return place_words(self.part, self.number)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ItemChange]:
    """Return every difference between two contents, the document's own facts first, then part by part."""
    found = []
    own = _field_changes("document", before, after)
    if before.get("publicity_level") != after.get("publicity_level"):
        own.append(FieldChange("公开属性", _publicity(before), _publicity(after)))
    if own:
        found.append(ItemChange("document", None, str(after.get("title") or ""), "更改", own))
    for part in ("indicators", "tasks", "actions", "missing", "duties"):
        found += _part_changes(part, before, after)
    return found


def _part_changes(part: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ItemChange]:
    old, new = _by_number(part, before), _by_number(part, after)
    found = []
    for number in sorted({*old, *new}):
        was, now = old.get(number), new.get(number)
        if was is None or now is None:
            what = "新增" if was is None else "删去"
            if was is None and number in _held(part, before):
                what = "完成核对"
            elif now is None and number in _held(part, after):
                what = "改为待核"
            row: Mapping[str, Any] = now or was or {}
            found.append(ItemChange(part, number, row_title(part, row), what))
            continue
        inside = _field_changes(part, was, now)
        if inside:
            found.append(ItemChange(part, number, row_title(part, now), "更改", inside))
    return found


def _field_changes(part: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    return [
        FieldChange(one.title, shown(one, before.get(one.name)), shown(one, after.get(one.name)))
        for one in FIELDS[part]
        if before.get(one.name) != after.get(one.name)
    ]


def _by_number(part: str, content: Mapping[str, Any]) -> dict[int, Mapping[str, Any]]:
    return {row["number"]: row for row in content.get(part) or []}


def _held(part: str, content: Mapping[str, Any]) -> set[int]:
    return {row["number"] for row in content.get("held_back") or [] if row["part"] == part}


def _publicity(content: Mapping[str, Any]) -> str:
    return str(dict(Publicity.choices).get(content.get("publicity_level"), ""))


@dataclass(frozen=True)
class RulingWords:
    """One ruling as a reader sees it; who ruled and why is for those who may see internal plans."""

    text: str
    severity: str
    state: str
    field: str
    value: str
    note: str
    name: str
    at: datetime | None


def rulings_on(content: Mapping[str, Any], kind: str, number: int, *, internal: bool) -> list[RulingWords]:
    """Return the rulings that touched an item, in their order; what is still open is internal."""
    part = PARTS[kind]
    rows = [
        ruling
        for ruling in content.get("rulings") or []
        if (internal or ruling["at"])
        and ruling["number"] == number
        and ruling["part"] in (part, "missing")
        and _of_kind(ruling, kind, content)
    ]
    return [
        _words(ruling, internal) for ruling in sorted(rows, key=lambda r: (r["at"] or "", r["line"] or 0))
    ]


def _of_kind(ruling: Mapping[str, Any], kind: str, content: Mapping[str, Any]) -> bool:
    """A ruling on a missing number belongs to the kind that lacks it."""
    if ruling["part"] != "missing":
        return True
    gaps = [*(content.get("missing") or []), *(content.get("held_back") or [])]
    return any(row["number"] == ruling["number"] and row.get("kind") == kind for row in gaps)


def _words(ruling: Mapping[str, Any], internal: bool) -> RulingWords:
    value = json.loads(ruling["value"]) if ruling["value"] else None
    titles = {one.name: one.title for one in FIELDS.get(ruling["part"], ())}
    return RulingWords(
        text=ruling["text"], severity=ruling["severity"], state=STATES.get(ruling["state"], ""),
        field=titles.get(ruling["field"], PART_TITLES.get(ruling["part"], "")),
        value=value_words(ruling["part"], ruling["field"], value) if ruling["value"] else "",
        note=ruling["note"] if internal else "", name=ruling["name"] if internal else "",
        at=datetime.fromisoformat(ruling["at"]) if ruling["at"] else None,
    )  # fmt: skip


def item_row(content: Mapping[str, Any], kind: str, number: int) -> Mapping[str, Any] | None:
    """Return the stored row of an item in a version's content, or None."""
    return _by_number(PARTS[kind], content).get(number)
