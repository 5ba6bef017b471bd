"""Questions about reviews: the queue of doubts, the effective reading, what would be held back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO

from django.db.models import Count, Max, Q, QuerySet

from qifu.foundation import access
from qifu.foundation.access import Actor
from qifu.foundation.files.storage import open_file, open_logged
from qifu.foundation.jobs import Job
from qifu.foundation.revisions import Revision, Series
from qifu.services.work_plans import rulings
from qifu.services.work_plans.content import is_filled, place_words, row_number, row_title, year_of
from qifu.services.work_plans.fields import PART_TITLES, field_of, shown
from qifu.services.work_plans.models import Irregularity, PlanReview, Publicity

SEVERITIES = dict(Irregularity.Severity.choices)
STATES = dict(Irregularity.State.choices)
PUBLICITIES = Publicity.choices
SERIES_KIND = "work_plan"
HEAVY = ("reading_text", "blocks_text")


def reviews(actor: Actor, at: datetime) -> QuerySet[PlanReview]:
    """Return the reviews the actor may work on, newest first, with how many doubts are open."""
    rows = access.visible(PlanReview.objects.all(), actor, "work_plans.review", at).defer(*HEAVY)
    still_open = Q(irregularities__state=Irregularity.State.OPEN)
    return rows.exclude(state=PlanReview.State.DISCARDED).annotate(
        open_count=Count("irregularities", filter=still_open),
        open_errors=Count("irregularities", filter=still_open & Q(irregularities__severity="error")),
        doubt_count=Count("irregularities"),
    )


def review(actor: Actor, at: datetime, pk: int) -> PlanReview:
    """Return one review; raises access.NotFound."""
    return access.find(
        PlanReview.objects.select_related("revision", "corrects"), actor, "work_plans.review", at, pk=pk
    )


def irregularity(actor: Actor, at: datetime, review_pk: int, pk: int) -> Irregularity:
    """Return one doubt of a review; raises access.NotFound."""
    return access.find(Irregularity.objects.all(), actor, "work_plans.review", at, pk=pk, review_id=review_pk)


def job_of(row: PlanReview) -> Job | None:
    """Return the job that reads the upload, or None."""
    return Job.objects.filter(pk=row.job_id).first() if row.job_id else None


def places_for_upload(actor: Actor, at: datetime) -> list[str]:
    """Return the division codes of the posts with which the actor may upload, without repetition."""
    allowed = access.permissions()["work_plans.upload"].grants
    grants = access.grants_of(actor, at)
    return list(dict.fromkeys(grant.place for grant in grants if grant.role in allowed and grant.place))


def effective_reading(row: PlanReview, doubts: list[Irregularity] | None = None) -> dict[str, Any]:
    """Return the reading with all rulings applied."""
    rows = list(row.irregularities.all()) if doubts is None else doubts
    return rulings.effective(
        row.reading, [ruling for doubt in rows if (ruling := doubt.ruling()) is not None]
    )


def held_back(doubts: list[Irregularity]) -> dict[tuple[str, int], list[str]]:
    """Return the items that an open error keeps from publication: (part, row) to the errors' texts."""
    held: dict[tuple[str, int], list[str]] = {}
    for doubt in doubts:
        if doubt.state == Irregularity.State.OPEN and doubt.severity == "error" and doubt.row is not None:
            held.setdefault((doubt.part, doubt.row), []).append(doubt.text)
    return held


@dataclass(frozen=True)
class Tally:
    """How many doubts are open, by severity, and how many there are."""

    error: int
    warning: int
    info: int
    total: int

    @property
    def open(self) -> int:
        """All open doubts."""
        return self.error + self.warning + self.info

    @property
    def ruled(self) -> int:
        """All doubts ruled on."""
        return self.total - self.open


def tally(doubts: list[Irregularity]) -> Tally:
    """Count the open doubts."""
    still_open = [doubt.severity for doubt in doubts if doubt.state == Irregularity.State.OPEN]
    return Tally(*(still_open.count(s) for s in ("error", "warning", "info")), total=len(doubts))


def place_of(doubt: Irregularity, reading: Mapping[str, Any]) -> str:
    """Return where a doubt is, in words: 重点任务第23条“完成时限”."""
    where = place_words(doubt.part, doubt.number)
    if doubt.part == "missing" and doubt.row is not None:
        row = reading["missing"][doubt.row]
        where = place_words(f"{row['kind']}s", row["number"]) + "（缺行）"
    field = field_of(doubt.part, doubt.field)
    return f"{where}“{field.title}”" if field else where


def value_words(part: str, name: str, value: Any) -> str:
    """Return a value of a field in words."""
    field = field_of(part, name)
    if field is None:
        return "" if value in (None, "", [], True) else str(value)
    return shown(field, value)


def item_words(reading: Mapping[str, Any], part: str, row: int | None) -> str:
    """Return the number and short title of the item that a doubt is about, or an empty text."""
    rows = reading.get(part) or []
    if row is None or part not in rulings.LIST_PARTS or not 0 <= row < len(rows):
        return ""
    return f"第{row_number(part, rows[row], row)}条 {row_title(part, rows[row])}"


def file_to_read(pk: int) -> tuple[str, bytes] | None:
    """Return the name and content of an upload that still waits to be read, or None."""
    row = PlanReview.objects.select_related("file").filter(pk=pk, state=PlanReview.State.READING).first()
    if row is None or row.file is None:
        return None
    with open_file(row.file) as content:
        return row.filename, content.read()


def original_file(row: PlanReview, *, by: Actor, at: datetime) -> BinaryIO | None:
    """Open the uploaded file of a review for a person (the audit trail says so), or None where there is none."""
    return open_logged(row.file, by=by, at=at, purpose="下载公文原件") if row.file is not None else None


@dataclass(frozen=True)
class HeldItem:
    """One item that would be held back, and the doubts that hold it."""

    where: str
    title: str
    reasons: list[Irregularity]


@dataclass(frozen=True)
class Outlook:
    """What publishing a review would do."""

    counts: list[tuple[str, int]]
    held: list[HeldItem]
    missing: list[dict[str, Any]]
    tally: Tally
    issued_on: date | None
    title: str
    next_number: int
    published: Revision | None


def outlook(row: PlanReview) -> Outlook:
    """Return what would be published, held back and shown as missing."""
    doubts = list(row.irregularities.all())
    reading = effective_reading(row, doubts)
    held = held_back(doubts)
    counts = []
    for part in ("indicators", "tasks", "actions", "duties"):
        kept = [
            i
            for i, item in enumerate(reading.get(part) or [])
            if not item.get(rulings.REMOVED) and (part, i) not in held
        ]
        counts.append((PART_TITLES[part], len(kept)))
    items = []
    for part, index in sorted(held):
        if reading[part][index].get(rulings.REMOVED) or (
            part == "missing" and is_filled(reading, reading[part][index])
        ):
            continue
        mine = [
            d
            for d in doubts
            if (d.part, d.row) == (part, index) and d.severity == "error" and d.state == "open"
        ]
        items.append(HeldItem(place_of(mine[0], reading), row_title(part, reading[part][index]), mine))
    missing = [
        gap
        for gap in reading.get("missing") or []
        if not is_filled(reading, gap) and not gap.get(rulings.REMOVED)
    ]
    issued = reading.get("issued_on")
    series = Series.objects.filter(
        kind=SERIES_KIND, key=series_key(row, {**reading, "year": year_of(reading)})
    ).first()
    number = series.revisions.aggregate(top=Max("number"))["top"] if series else None
    published = (
        series.revisions.filter(state=Revision.State.PUBLISHED).order_by("-number").first()
        if series
        else None
    )
    return Outlook(
        counts, items, missing, tally(doubts), date.fromisoformat(issued) if issued else None, reading.get("title") or "",
        (number or 0) + 1, published,
    )  # fmt: skip


def series_key(row: PlanReview, content: Mapping[str, Any]) -> str:
    """Return what a plan is known by: its place and document number; without a number, its year and title."""
    if row.corrects is not None:
        return str(row.corrects.series.key)
    name = content.get("document_number") or f"{content.get('year') or ''}:{content.get('title') or ''}"
    return f"{row.place_code}:{name}"[:120]


def was_uploaded(filename: str, place_code: str) -> bool:
    """Tell whether a file of that name was ever uploaded for a place."""
    return PlanReview.objects.filter(filename=filename, place_code=place_code).exists()
