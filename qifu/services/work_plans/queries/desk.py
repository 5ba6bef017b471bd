"""What the review screen shows for one doubt: where, what was read, what is proposed, what each act would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qifu.services.work_plans.content import place_words, row_number, row_title, year_of
from qifu.services.work_plans.fields import FIELDS, PART_TITLES, Field, field_of, proposed_value, shown
from qifu.services.work_plans.models import Irregularity, PlanReview
from qifu.services.work_plans.queries import reviews
from qifu.services.work_plans.queries.original import ShownBlock, original, words_of_value
from qifu.services.work_plans.queries.units import resolver
from qifu.services.work_plans.rulings import ADDED, LIST_PARTS, REMOVED, value_at

HEADINGS = {
    "group": ("重点任务", "工作任务", "类别"), "measure": ("举措", "措施", "内容"), "responsible": ("责任单位", "单位"),
    "deadline": ("时限", "期限", "时间"), "dimension": ("维度", "类别"), "name": ("名称", "指标"), "unit": ("单位",),
    "target": ("目标值", "目标"), "frequency": ("频度", "频次"), "goal": ("目标",), "targets": ("指标",),
    "tasks": ("重点任务", "任务"), "lead": ("牵头",), "cooperating": ("协同", "配合"),
}  # fmt: skip
"""Words by which a column's heading says which field it holds; used only to light up a cell."""


@dataclass(frozen=True)
class Filter:
    """Which doubts the reviewer leafs through; empty texts mean all."""

    severity: str = ""
    part: str = ""
    state: str = ""

    def holds(self, doubt: Irregularity) -> bool:
        """Tell whether a doubt is among them."""
        opened = doubt.state == Irregularity.State.OPEN
        return (
            self.severity in ("", doubt.severity)
            and self.part in ("", doubt.part)
            and (self.state == "" or (self.state == "open") == opened)
        )


@dataclass(frozen=True)
class FieldView:
    """One field of the item in doubt: its value in words, whether it is the one in doubt, whether it was ruled on."""

    field: Field
    words: str
    current: bool
    was: str


@dataclass(frozen=True)
class DoubtView:
    """One doubt as the screen shows it."""

    doubt: Irregularity
    where: str
    item: str
    field: Field | None
    value: Any
    value_words: str
    accept_words: str
    changes: bool
    ruled_words: str
    fields: list[FieldView]
    line: int | None
    blocks: list[ShownBlock]
    gap_part: str


@dataclass(frozen=True)
class Desk:
    """A review with its doubts and the one being looked at."""

    review: PlanReview
    doubts: list[Irregularity]
    chosen: list[Irregularity]
    tally: reviews.Tally
    parts: list[tuple[str, str, int]]
    current: DoubtView | None
    position: int
    previous: Irregularity | None
    following: Irregularity | None
    next_open: Irregularity | None
    groups: list[str]


def desk(review: PlanReview, *, wanted: int | None, only: Filter) -> Desk:
    """Return everything the review screen shows; `wanted` names the doubt, by default the first open one."""
    doubts = list(review.irregularities.all())
    chosen = [doubt for doubt in doubts if only.holds(doubt)]
    reading = reviews.effective_reading(review, doubts)
    index = next((i for i, doubt in enumerate(chosen) if doubt.pk == wanted), None)
    if index is None:
        index = next((i for i, doubt in enumerate(chosen) if doubt.state == Irregularity.State.OPEN), 0)
    current = chosen[index] if chosen else None
    later = [*chosen[index + 1 :], *chosen[:index]]
    counts = Counter(doubt.part for doubt in doubts if doubt.state == Irregularity.State.OPEN)
    present = {doubt.part for doubt in doubts}
    return Desk(
        review=review, doubts=doubts, chosen=chosen, tally=reviews.tally(doubts),
        parts=[(part, title, counts[part]) for part, title in PART_TITLES.items() if part in present],
        current=doubt_view(review, current, reading, doubts) if current else None, position=index + 1,
        previous=chosen[index - 1] if index > 0 else None,
        following=chosen[index + 1] if index + 1 < len(chosen) else None,
        next_open=next((doubt for doubt in later if doubt.state == Irregularity.State.OPEN), None),
        groups=groups_of(reading, current.part if current else ""),
    )  # fmt: skip


def groups_of(reading: Mapping[str, Any], part: str) -> list[str]:
    """Return the group headings known in a part, in order, for a list to choose from."""
    key = {"tasks": "group", "indicators": "dimension"}.get(part)
    return list(dict.fromkeys(row[key] for row in reading.get(part) or [] if row.get(key))) if key else []


def doubt_view(
    review: PlanReview, doubt: Irregularity, reading: Mapping[str, Any], doubts: list[Irregularity]
) -> DoubtView:
    """Return one doubt for the screen."""
    field = field_of(doubt.part, doubt.field)
    value = value_at(reading, doubt.part, doubt.row, doubt.field) if field else None
    proposed = None
    if field is not None and doubt.state == Irregularity.State.OPEN:
        proposed = proposed_value(field, doubt.proposal, value, year=year_of(reading), resolve=resolver())
    words = shown(field, value) if field else ""
    line = doubt.line or _source_line(reading, doubt)
    accept_words = "保持现在的识别结果"
    if field and proposed is not None:
        accept_words = f"改为“{shown(field, proposed)}”"
    elif doubt.part == "missing":
        accept_words = "公开列明这一项“附件缺行”，只列正文里查得到的内容"
    return DoubtView(
        doubt=doubt, where=reviews.place_of(doubt, reading), item=reviews.item_words(reading, doubt.part, doubt.row),
        field=field, value=value, value_words=words,
        accept_words=accept_words,
        changes=proposed is not None, ruled_words=_ruled_words(doubt), fields=_fields(review, reading, doubt), line=line,
        gap_part=_gap_part(reading, doubt),
        blocks=original(
            review.blocks, line=line, words=_words_in_original(review, doubt, value),
            headings=HEADINGS.get(doubt.field, ()),
            doubts=Counter(one.line for one in doubts if one.line and one.state == Irregularity.State.OPEN),
        ),
    )  # fmt: skip


def _gap_part(reading: Mapping[str, Any], doubt: Irregularity) -> str:
    """Return the part that lacks the number in doubt, or an empty text where nothing is missing."""
    return (
        f"{reading['missing'][doubt.row]['kind']}s"
        if doubt.part == "missing" and doubt.row is not None
        else ""
    )


def _ruled_words(doubt: Irregularity) -> str:
    ruling = doubt.ruling()
    if ruling is None:
        return ""
    if ruling.field == ADDED:
        return "补录这一条"
    if ruling.field == REMOVED:
        return "删去本条" if ruling.value else "恢复本条"
    return reviews.value_words(doubt.part, doubt.field, ruling.value) or "（空）"


def _source_line(reading: Mapping[str, Any], doubt: Irregularity) -> int | None:
    rows = reading.get(doubt.part) or [] if doubt.part in LIST_PARTS else []
    if doubt.row is None or not 0 <= doubt.row < len(rows):
        return None
    line: int | None = (rows[doubt.row].get("source") or {}).get("line")
    return line


def _words_in_original(review: PlanReview, doubt: Irregularity, value: Any) -> list[str]:
    """The value as first read, since a ruling may have moved away from what the document says."""
    first = value_at(review.reading, doubt.part, doubt.row, doubt.field) if doubt.field else value
    return words_of_value(first)


def _fields(review: PlanReview, reading: Mapping[str, Any], doubt: Irregularity) -> list[FieldView]:
    if doubt.part in LIST_PARTS and doubt.row is None:
        return []
    first = review.reading
    views = []
    for field in FIELDS.get(doubt.part, ()):
        words = shown(field, value_at(reading, doubt.part, doubt.row, field.name))
        was = shown(field, value_at(first, doubt.part, doubt.row, field.name))
        views.append(FieldView(field, words, field.name == doubt.field, was if was != words else ""))
    return views


@dataclass(frozen=True)
class WholeRow:
    """One item of the reading in the full table."""

    row: int
    number: int
    title: str
    cells: list[tuple[Field, str]]
    errors: int
    warnings: int
    removed: bool
    corrected: frozenset[str]


def whole(review: PlanReview, part: str) -> tuple[list[Field], list[WholeRow], dict[str, int]]:
    """Return the fields and rows of one part of the effective reading, and how many rows each part has."""
    doubts = list(review.irregularities.all())
    reading = reviews.effective_reading(review, doubts)
    counts = {name: len(reading.get(name) or []) for name in LIST_PARTS} | {"document": 1}
    fields = list(FIELDS[part])
    sources = [reading] if part == "document" else reading.get(part) or []
    rows = []
    for index, row in enumerate(sources):
        mine = [d for d in doubts if d.part == part and d.row == (None if part == "document" else index)]
        still_open = [d.severity for d in mine if d.state == Irregularity.State.OPEN]
        cells = [(field, shown(field, row.get(field.name))) for field in fields]
        number = 1 if part == "document" else row_number(part, row, index)
        corrected = frozenset(d.field for d in mine if d.value_text)
        if row.get(ADDED):
            corrected |= {field.name for field in fields}
        rows.append(
            WholeRow(
                index, number, "文件信息" if part == "document" else row_title(part, row), cells, still_open.count("error"),
                still_open.count("warning"), bool(row.get(REMOVED)), corrected,
            )
        )  # fmt: skip
    return fields, rows, counts


def correction_place(
    review: PlanReview, part: str, row: int | None, name: str
) -> tuple[Field, Any, str, list[str]] | None:
    """Return (field, value, place in words, group headings) of a field that may be corrected, or None."""
    reading = reviews.effective_reading(review)
    rows = reading.get(part) or [] if part in LIST_PARTS else []
    known = (
        Field(REMOVED, "删去本条", "flag") if name == REMOVED and part in LIST_PARTS else field_of(part, name)
    )
    if (
        known is None
        or (part in LIST_PARTS) != (row is not None)
        or (row is not None and not 0 <= row < len(rows))
    ):
        return None
    number = row_number(part, rows[row], row) if row is not None else None
    value = value_at(reading, part, row, name)
    return known, value, f"{place_words(part, number)}“{known.title}”", groups_of(reading, part)
