"""Upload of a notice and what the reading job reports back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO

from django.db import IntegrityError, transaction
from django.urls import reverse

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.files.storage import store
from qifu.foundation.jobs import enqueue
from qifu.foundation.notices import notify
from qifu.foundation.revisions import canonical
from qifu.services.work_plans.content import exact, storable
from qifu.services.work_plans.models import Irregularity, PlanReview, Publicity
from qifu.services.work_plans.rulings import find_row

State = PlanReview.State
READABLE = frozenset({"txt", "docx", "html", "pdf", "doc", "wps", "ofd"})
"""Type codes that the reader takes, some of them by conversion."""


@action("work_plans.upload_plan", title="上传公文", permission="work_plans.upload", on="place_code")
def upload_plan(
    *,
    place_code: str,
    filename: str,
    content: BinaryIO,
    publicity: str,
    unclassified: bool,
    by: Actor,
    at: datetime,
) -> PlanReview:
    """Store a notice and have it read; the same file sent again by the same person leads to the same review.

    `unclassified` is the person's word that the file is no state secret; without it nothing is stored.
    Raises Refused with a Chinese message for a file that may not be stored.
    """
    if not unclassified:
        raise Refused("请先确认文件不涉密", unclassified="涉密文件不得上传；确认不涉密后请勾选")
    if publicity not in Publicity.values:
        raise Refused("请选择公开属性", publicity="请选择公开属性")
    stored = store(content, name=filename, place_code=place_code, publicity=publicity, allowed=READABLE)
    same = PlanReview.objects.filter(
        file_digest=stored.sha256,
        created_by=by.id,
        place_code=place_code,
        state__in=[State.READING, State.REVIEW],
    )
    review = same.first() or PlanReview(
        place_code=place_code, title=stored.name, publicity=publicity, file=stored, filename=stored.name,
        file_digest=stored.sha256, created_at=at, created_by=by.id, created_by_name=by.name,
    )  # fmt: skip
    act = current_act()
    repeated = review.pk is not None
    if not repeated:
        try:
            with transaction.atomic():
                review.save()
        except IntegrityError:  # the other click of a double click was a moment earlier
            review, repeated = same.get(), True
    if not repeated:
        _enqueue(review)
    act.about(review)
    act.note(digest=stored.sha256, bytes=stored.size, repeated=repeated)
    return review


@action("work_plans.retry_reading", title="重新识别", permission="work_plans.review", on="review")
def retry_reading(*, review: PlanReview, by: Actor, at: datetime) -> PlanReview:
    """Read a failed upload again."""
    row = PlanReview.objects.select_for_update().get(pk=review.pk)
    if row.state not in (State.FAILED, State.READING):
        raise Refused("这份文件已识别完成，不需要重新识别")
    twin = PlanReview.objects.filter(
        file_digest=row.file_digest, created_by=row.created_by, place_code=row.place_code,
        state__in=[State.READING, State.REVIEW],
    ).exclude(pk=row.pk)  # fmt: skip
    if twin.exists():
        raise Refused("同一文件已在另一份审核稿中，请直接打开那一份")
    row.state, row.fault, row.remedy = State.READING, "", ""
    row.save()
    _enqueue(row)
    current_act().about(row)
    return row


@action("work_plans.discard_review", title="放弃审核稿", permission="work_plans.review", on="review")
def discard_review(*, review: PlanReview, by: Actor, at: datetime) -> None:
    """Give up a review that is not published; the file and the rulings are kept for the record."""
    row = PlanReview.objects.select_for_update().get(pk=review.pk)
    if row.state == State.PUBLISHED:
        raise Refused("已发布的审核稿不能放弃；如需撤下，请在工作要点页面撤回")
    row.state = State.DISCARDED
    row.save(update_fields=["state"])
    current_act().about(row)


@action("work_plans.record_reading", title="记录识别结果", permission="work_plans.read_document")
def record_reading(
    *,
    review_id: int,
    reading: Mapping[str, Any],
    blocks: Sequence[Mapping[str, Any]],
    by: Actor,
    at: datetime,
) -> None:
    """Keep what was read, once: the reading as a draft and its doubts as rows; tells whoever uploaded it."""
    review = PlanReview.objects.select_for_update().get(pk=review_id)
    if review.state != State.READING:
        return
    facts = exact({key: value for key, value in reading.items() if key != "irregularities"})
    review.reading_text = canonical(facts)
    review.blocks_text = json.dumps(exact(list(blocks)), ensure_ascii=False)
    review.title = (facts.get("title") or review.filename)[:300]
    review.document_number = (facts.get("document_number") or "")[:80]
    review.state = State.REVIEW
    review.save()
    doubts = add_irregularities(review, facts, reading.get("irregularities") or [])
    current_act().about(review)
    current_act().note(irregularities=len(doubts))
    if review.created_by is not None:
        link = reverse("plan_review", args=[review.pk])
        notify([review.created_by], title=f"《{review.title[:80]}》已识别，{len(doubts)} 处待核", link=link)


@action("work_plans.record_failure", title="记录识别失败", permission="work_plans.read_document")
def record_failure(*, review_id: int, fault: str, remedy: str, by: Actor, at: datetime) -> None:
    """Keep why an upload could not be read and what to do; tells whoever uploaded it."""
    review = PlanReview.objects.select_for_update().get(pk=review_id)
    if review.state != State.READING:
        return
    review.state, review.fault, review.remedy = State.FAILED, fault[:500], remedy[:500]
    review.save()
    current_act().about(review)
    if review.created_by is not None:
        link = reverse("plan_reading", args=[review.pk])
        notify([review.created_by], title=f"“{review.filename[:80]}”未能识别，请查看原因", link=link)


def add_irregularities(
    review: PlanReview, reading: Mapping[str, Any], found: Sequence[Mapping[str, Any]]
) -> list[Irregularity]:
    """Write the doubts of a reading as open rows, errors first within the order of the document."""
    doubts = []
    for position, item in enumerate(found, start=1):
        where = item["where"]
        part, row = find_row(reading, where["part"], where.get("number"), where.get("line"))
        doubts.append(
            Irregularity(
                review=review, position=position, code=item["code"], severity=item["severity"], part=part, row=row,
                number=where.get("number"), field=where.get("field") or "", line=where.get("line"),
                text=storable(item["text"]), proposal=storable(_words(item.get("proposal"))),
            )
        )  # fmt: skip
    Irregularity.objects.bulk_create(doubts)
    return doubts


def _words(proposal: Any) -> str:
    if proposal is None or isinstance(proposal, str):
        return proposal or ""
    return json.dumps(proposal, ensure_ascii=False)


def _enqueue(review: PlanReview) -> None:
    job = enqueue(
        "work_plans.read", unique_key=f"work_plans.read:{review.pk}", max_attempts=3, review=review.pk
    )
    review.job_id = job.pk
    review.save(update_fields=["job_id"])
