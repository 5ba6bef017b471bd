"""Dated, immutable revisions: draft, publish, withdraw, as-of, diff. Plans, case types, policies and lists stand on it.

Content is JSON text in one canonical form, so equal content has an equal digest. A published revision is fixed by a
database trigger; a later correction is a new revision. Days are half-open: in force from `effective_from` until the
day before `effective_to`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Max, Q

from qifu.foundation.action import Record, Refused, current_act
from qifu.foundation.request_id import held


def canonical(content: Any) -> str:
    """Return the one JSON text of `content`: sorted keys, no blanks, UTF-8; floats are refused (exact numbers only)."""
    _refuse_floats(content, "")
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _refuse_floats(value: Any, path: str) -> None:
    if isinstance(value, float):
        raise TypeError(f"{path or 'content'} is a float; write it as decimal text or a whole number")
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in pairs:
        _refuse_floats(part, f"{path}/{key}")


def digest_of(content_text: str) -> str:
    """Return the SHA-256 of a canonical text, in hex."""
    return hashlib.sha256(content_text.encode()).hexdigest()


class Series(Record):
    """The line of revisions of one thing: `kind` says what it is, `key` which one."""

    kind = models.CharField("种类", max_length=40)
    key = models.CharField("标识", max_length=120)
    title = models.CharField("名称", max_length=300)
    place_code = models.CharField("区划", max_length=16, blank=True)

    class Meta:
        app_label = "foundation"
        verbose_name = "版本系列"
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="series_once")]


class Revision(Record):
    """One version of a series."""

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        PUBLISHED = "published", "已发布"
        WITHDRAWN = "withdrawn", "已撤回"

    series = models.ForeignKey(Series, models.PROTECT, related_name="revisions", verbose_name="系列")
    number = models.PositiveIntegerField("版本号")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    content_text = models.TextField("内容")
    digest = models.CharField("摘要", max_length=64)
    note = models.CharField("说明", max_length=500, blank=True)
    effective_from = models.DateField("生效日", null=True)
    effective_to = models.DateField("失效日", null=True)
    created_at = models.DateTimeField("起草时间")
    created_by = models.BigIntegerField("起草人", null=True)
    published_at = models.DateTimeField("发布时间", null=True)
    published_by = models.BigIntegerField("发布人", null=True)
    withdrawn_at = models.DateTimeField("撤回时间", null=True)
    withdrawn_by = models.BigIntegerField("撤回人", null=True)
    withdrawal_reason = models.CharField("撤回原因", max_length=500, blank=True)

    class Meta:
        app_label = "foundation"
        verbose_name = "版本"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["series", "number"], name="revision_number_once"),
            models.UniqueConstraint(fields=["series"], condition=Q(state="draft"), name="one_open_draft"),
            models.CheckConstraint(
                condition=Q(state="draft")
                | (Q(published_at__isnull=False) & Q(effective_from__isnull=False)),
                name="published_is_dated",
            ),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True) | Q(effective_to__gt=F("effective_from")),
                name="revision_range_not_empty",
            ),
        ]

    @property
    def content(self) -> Any:
        """Return the content as JSON data."""
        return json.loads(self.content_text)


def open_series(*, kind: str, key: str, title: str, place_code: str = "") -> Series:
    """Return the series of `kind` and `key`, made if need be; inside an act."""
    series, _ = Series.objects.get_or_create(
        kind=kind, key=key, defaults={"title": title, "place_code": place_code}
    )
    return series


def draft(series: Series, content: Any, *, note: str = "") -> Revision:
    """Add a draft with the next number; refused while another draft of the series is open."""
    act = current_act()
    Series.objects.select_for_update().get(pk=series.pk)
    if series.revisions.filter(state=Revision.State.DRAFT).exists():
        raise Refused(f"“{series.title}”已有一个未发布的草稿，请先发布或删除它")
    highest = series.revisions.aggregate(top=Max("number"))["top"] or 0
    text = canonical(content)
    revision = Revision(
        series=series, number=highest + 1, content_text=text, digest=digest_of(text), note=note,
        created_at=act.at, created_by=act.by.id,
    )  # fmt: skip
    revision.save(force_insert=True)
    return revision


def edit(revision: Revision, content: Any, *, expected_digest: str) -> Revision:
    """Replace a draft's content, unless it was changed since `expected_digest` was read."""
    current_act()
    row = Revision.objects.select_for_update().get(pk=revision.pk)
    if row.state != Revision.State.DRAFT:
        raise Refused("已发布的版本不能修改，请另起草新版本")
    if row.digest != expected_digest:
        raise Refused("这份草稿刚被他人修改过，请刷新后再改")
    row.content_text = canonical(content)
    row.digest = digest_of(row.content_text)
    row.save(update_fields=["content_text", "digest"])
    return row


def publish(revision: Revision, *, effective_from: date, effective_to: date | None = None) -> Revision:
    """Publish a draft, in force from `effective_from`; from now on it cannot be changed."""
    act = current_act()
    row = Revision.objects.select_for_update().get(pk=revision.pk)
    if row.state != Revision.State.DRAFT:
        raise Refused("只有草稿可以发布")
    if effective_to is not None and effective_to <= effective_from:
        raise Refused("失效日必须晚于生效日", effective_to="失效日必须晚于生效日")
    row.state = Revision.State.PUBLISHED
    row.effective_from, row.effective_to = effective_from, effective_to
    row.published_at, row.published_by = act.at, act.by.id
    row.save()
    _forget()
    act.note(revision=row.number, digest=row.digest)
    return row


def withdraw(revision: Revision, *, reason: str) -> Revision:
    """Withdraw a published revision; the one before it is in force again."""
    act = current_act()
    row = Revision.objects.select_for_update().get(pk=revision.pk)
    if row.state != Revision.State.PUBLISHED:
        raise Refused("只有已发布的版本可以撤回")
    if not reason.strip():
        raise Refused("请写明撤回原因", reason="请写明撤回原因")
    row.state = Revision.State.WITHDRAWN
    row.withdrawn_at, row.withdrawn_by, row.withdrawal_reason = act.at, act.by.id, reason.strip()
    row.save()
    _forget()
    act.note(revision=row.number, digest=row.digest)
    return row


def discard(revision: Revision) -> None:
    """Delete a draft."""
    current_act()
    row = Revision.objects.select_for_update().get(pk=revision.pk)
    if row.state != Revision.State.DRAFT:
        raise Refused("只有草稿可以删除")
    row.delete()


def as_of(*, kind: str, key: str, day: date, known_at: datetime | None = None) -> Revision | None:
    """Return the revision in force on `day`, as known at `known_at` (default: as known now), or None.

    Of the published revisions whose range holds `day` the latest number counts, since a later one corrects.
    """
    rows = _in_force(kind, key, day)
    if known_at is None:
        rows = rows.filter(state=Revision.State.PUBLISHED)
    else:
        rows = rows.filter(published_at__lte=known_at)
        rows = rows.filter(Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gt=known_at))
    found: Revision | None = rows.first()
    return found


def as_of_without_content(*, kind: str, key: str, day: date) -> Revision | None:
    """Return what `as_of` does without reading the content, for those who keep what they made of it by `digest`.

    Asked once a request: what is published meanwhile by others counts from the next; what this one publishes, at once.
    """
    kept, asked = held(), ("revisions", kind, key, day)
    if kept is not None and asked in kept:
        answer: Revision | None = kept[asked]
        return answer
    rows = _in_force(kind, key, day).filter(state=Revision.State.PUBLISHED)
    found: Revision | None = rows.defer("content_text").first()
    if kept is not None:
        kept[asked] = found
    return found


def _forget() -> None:
    """Ask the table again, within this request too."""
    kept = held() or {}
    for asked in [one for one in kept if one[0] == "revisions"]:
        del kept[asked]


def _in_force(kind: str, key: str, day: date) -> models.QuerySet[Revision]:
    rows = Revision.objects.filter(series__kind=kind, series__key=key, effective_from__lte=day)
    return rows.filter(Q(effective_to__isnull=True) | Q(effective_to__gt=day)).order_by("-number")


@dataclass(frozen=True)
class Change:
    """One difference: where (keys joined by '/'; rows of a list by their number or code), before and after."""

    path: str
    before: Any
    after: Any


ROW_KEYS = ("number", "code", "id", "name")
_ABSENT = object()


def diff(before: Any, after: Any, path: str = "") -> list[Change]:
    """Return every difference between two JSON values, in order of path; none if, and only if, they are equal.

    Rows that only changed places are one difference at their list: the row keys before and after.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        return _diff_keys(before, after, path)
    if isinstance(before, list) and isinstance(after, list):
        rows_before, rows_after = _keyed(before, after), _keyed(after, before)
        changes = _diff_keys(rows_before, rows_after, path)
        kept_before = [key for key in rows_before if key in rows_after]
        kept_after = [key for key in rows_after if key in rows_before]
        return changes if kept_before == kept_after else [Change(path, kept_before, kept_after), *changes]
    if type(before) is type(after) and before == after:
        return []
    return [Change(path, None if before is _ABSENT else before, None if after is _ABSENT else after)]


def _diff_keys(before: dict[str, Any], after: dict[str, Any], path: str) -> list[Change]:
    changes: list[Change] = []
    for key in [*before, *(k for k in after if k not in before)]:
        where = f"{path}/{key}" if path else str(key)
        changes += diff(before.get(key, _ABSENT), after.get(key, _ABSENT), where)
    return changes


def _keyed(rows: list[Any], other: list[Any]) -> dict[str, Any]:
    """Name list rows by the first of ROW_KEYS that is unique and present in both lists, else by position."""
    for key in ROW_KEYS:
        if all(_unique(side, key) for side in (rows, other)):
            return {str(row[key]): row for row in rows}
    return {str(index): row for index, row in enumerate(rows, start=1)}


def _unique(rows: list[Any], key: str) -> bool:
    values = [row.get(key) for row in rows if isinstance(row, dict)]
    return len(values) == len(rows) and None not in values and len(set(map(str, values))) == len(rows)
