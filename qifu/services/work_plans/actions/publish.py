"""Publication: a review becomes an immutable version and rows to browse; correction, withdrawal, province data."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from qifu.foundation import revisions
from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.revisions import Revision, canonical, digest_of
from qifu.services.work_plans.actions.open_work import sync_work
from qifu.services.work_plans.actions.search_index import index_plan
from qifu.services.work_plans.actions.upload import add_irregularities
from qifu.services.work_plans.content import content_of, storable
from qifu.services.work_plans.models import Irregularity, Plan, PlanReview
from qifu.services.work_plans.projection import project
from qifu.services.work_plans.province_plan import load_province_plan, noon, reading_of, ruled_value
from qifu.services.work_plans.queries.reviews import SERIES_KIND, effective_reading, held_back, series_key
from qifu.services.work_plans.queries.units import known_units, resolver


@action("work_plans.publish_plan", title="发布工作要点", permission="work_plans.publish", on="review")
def publish_plan(
    *,
    review: PlanReview,
    expected_version: int,
    effective_from: date | None = None,
    note: str = "",
    publicity: str | None = None,
    by: Actor,
    at: datetime,
    today: date,
) -> Plan:
    """Publish the effective reading as the next version; items with an open error are held back and listed.

    `effective_from` defaults to the day of issue, else `today`. Refused when anything was ruled since
    `expected_version`, when there is nothing to publish, or when nothing differs from the version in force.
    """
    row = PlanReview.objects.select_for_update().get(pk=review.pk)
    if row.state != PlanReview.State.REVIEW:
        raise Refused(f"这份审核稿{row.get_state_display()}，不能重复发布")
    if row.version != expected_version:
        raise Refused("打开本页后又有人作了裁定，请核对最新的待核情况后再发布")
    if publicity is not None:
        row.publicity = publicity
    return publish_review(row, effective_from=effective_from, note=note, today=today)


def publish_review(
    row: PlanReview, *, effective_from: date | None, note: str, today: date, refuse_same: bool = True
) -> Plan:
    """Publish inside the act under way; with `refuse_same`, not when only the rulings differ from what is in force."""
    act = current_act()
    doubts = list(row.irregularities.all())
    content = _content(row, doubts)
    key = series_key(row, content)
    series = revisions.open_series(
        kind=SERIES_KIND, key=key, title=content["title"][:300], place_code=row.place_code
    )
    newest = series.revisions.filter(state=Revision.State.PUBLISHED).order_by("-number").first()
    if refuse_same and newest is not None and _same(newest.content, content):
        raise Refused(f"内容与现行第 {newest.number} 版相同，没有需要发布的更改")
    issued = date.fromisoformat(content["issued_on"]) if content.get("issued_on") else None
    revision = revisions.draft(series, content, note=storable(note).strip()[:500])
    revision = revisions.publish(revision, effective_from=effective_from or issued or today)
    plan = Plan.objects.filter(key=key).first() or Plan(key=key, place_code=row.place_code)
    plan.publicity = row.publicity
    _describe(plan, revision, content, act.at)
    count = project(plan, revision, content, known_units)
    sync_work(plan)
    index_plan(plan)
    row.state, row.revision, row.title = PlanReview.State.PUBLISHED, revision, content["title"][:300]
    row.document_number = (content.get("document_number") or "")[:80]
    row.version += 1
    row.save()
    act.about(plan)
    act.note(items=count, held_back=len(content["held_back"]), review=row.pk)
    return plan


@action("work_plans.start_correction", title="起草更正", permission="work_plans.publish", on="plan")
def start_correction(*, plan: Plan, by: Actor, at: datetime) -> PlanReview:
    """Open a new draft from the version in force: same reading, same rulings with their signatures, to be added to."""
    row = Plan.objects.select_for_update().get(pk=plan.pk)
    if row.revision_id is None:
        raise Refused("这份工作要点已撤回，没有现行版本可以更正；请重新上传")
    existing = PlanReview.objects.filter(corrects_id=row.revision_id, state=PlanReview.State.REVIEW).first()
    if existing is not None:
        current_act().about(existing)
        return existing
    source = PlanReview.objects.get(revision_id=row.revision_id)
    doubts = list(source.irregularities.all())
    draft = PlanReview(
        place_code=source.place_code, title=source.title, document_number=source.document_number,
        state=PlanReview.State.REVIEW, publicity=source.publicity, file=source.file, filename=source.filename,
        reading_text=source.reading_text, blocks_text=source.blocks_text, version=source.version,
        corrects_id=row.revision_id, created_at=at, created_by=by.id, created_by_name=by.name,
    )  # fmt: skip
    draft.save()
    for doubt in doubts:
        doubt.pk, doubt.review, doubt._state.adding = None, draft, True
    Irregularity.objects.bulk_create(doubts)
    current_act().about(draft)
    current_act().note(corrects=row.revision_id)
    return draft


@action("work_plans.withdraw_plan", title="撤回工作要点", permission="work_plans.publish", on="plan")
def withdraw_plan(*, plan: Plan, reason: str, expected_revision: int, by: Actor, at: datetime) -> Plan:
    """Withdraw the version in force; the one before is in force again, or none, and then nobody else sees the plan."""
    row = Plan.objects.select_for_update().get(pk=plan.pk)
    if row.revision_id is None or row.revision_number != expected_revision:
        raise Refused("现行版本已变化，请刷新页面后再撤回")
    revision = Revision.objects.get(pk=row.revision_id)
    revisions.withdraw(revision, reason=storable(reason)[:500])
    before = revision.series.revisions.filter(state=Revision.State.PUBLISHED).order_by("-number").first()
    if before is None:
        row.revision, row.updated_at = None, at
        row.save()
    else:
        row.publicity = before.content["publicity_level"]
        _describe(row, before, before.content, at)
    sync_work(row)
    index_plan(row)
    current_act().about(row)
    return row


def _content(row: PlanReview, doubts: list[Irregularity]) -> dict[str, Any]:
    reading = effective_reading(row, doubts)
    if not (reading.get("title") or "").strip():
        raise Refused("标题为空，不能发布：请在“文件信息”中更正标题")
    content = content_of(
        reading, place_code=row.place_code, publicity=row.publicity, held=held_back(doubts),
        rulings=[_ruling_record(doubt) for doubt in doubts],
    )  # fmt: skip
    if not any(content[part] for part in ("indicators", "tasks", "actions", "duties")):
        raise Refused("没有可以发布的事项：所有条目都有未裁定的错误，或原件中没有读出指标、任务和行动")
    return content


def _ruling_record(doubt: Irregularity) -> dict[str, Any]:
    return {
        "part": doubt.part, "number": doubt.number, "row": doubt.row, "field": doubt.field, "line": doubt.line,
        "code": doubt.code, "severity": doubt.severity, "text": doubt.text, "proposal": doubt.proposal,
        "state": doubt.state, "value": doubt.value_text, "note": doubt.note, "name": doubt.ruled_name,
        "at": doubt.ruled_at.isoformat() if doubt.ruled_at else None,
    }  # fmt: skip


def _same(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Tell whether two contents publish the same; who ruled and when does not count."""
    return {k: v for k, v in before.items() if k != "rulings"} == {
        k: v for k, v in after.items() if k != "rulings"
    }


def _describe(plan: Plan, revision: Revision, content: dict[str, Any], at: datetime) -> None:
    plan.year, plan.title = content.get("year"), content["title"][:300]
    plan.document_number = (content.get("document_number") or "")[:80]
    plan.issuer = (content.get("issuer") or "")[:200]
    plan.issued_on = date.fromisoformat(content["issued_on"]) if content.get("issued_on") else None
    plan.revision, plan.revision_number, plan.updated_at = revision, revision.number, at
    plan.save()


@action("work_plans.load_plan_from_data", title="载入本省工作要点", permission="work_plans.load")
def load_plan_from_data(*, path: Path, by: Actor, at: datetime, today: date) -> Plan:
    """Publish a plan kept as data through the same path as an upload; an unchanged file changes nothing."""
    data = load_province_plan(path)
    reading = reading_of(data, resolver())
    digest = digest_of(canonical({**reading, "rulings": data["rulings"], "publicity": data["publicity"]}))
    loaded = PlanReview.objects.filter(
        place_code=data["place_code"], file_digest=digest, state=PlanReview.State.PUBLISHED
    ).select_related("revision__series").first()  # fmt: skip
    if loaded is not None and loaded.revision is not None:
        plan: Plan = Plan.objects.get(key=loaded.revision.series.key)
        current_act().about(plan)
        return plan
    review = PlanReview(
        place_code=data["place_code"], title=data["title"], document_number=data["document_number"],
        state=PlanReview.State.REVIEW, publicity=data["publicity"], filename=path.name, file_digest=digest,
        reading_text=canonical(reading), created_at=at, created_by_name=data["reviewer"],
    )  # fmt: skip
    review.save()
    doubts = add_irregularities(review, reading, [_as_found(ruling) for ruling in data["rulings"]])
    for order, (doubt, ruling) in enumerate(zip(doubts, data["rulings"], strict=True), start=2):
        doubt.state, doubt.ruled_order, doubt.note = ruling["verdict"], order, ruling.get("note", "")
        doubt.ruled_name, doubt.ruled_at = data["reviewer"], noon(data["reviewed_on"])
        if "before" in ruling:
            doubt.value_text = json.dumps(ruled_value(data, ruling), ensure_ascii=False)
    Irregularity.objects.bulk_update(
        doubts, ["state", "ruled_order", "note", "ruled_name", "ruled_at", "value_text"]
    )
    review.version = len(doubts) + 1
    return publish_review(review, effective_from=None, note="由本省数据载入", today=today, refuse_same=False)


def _as_found(ruling: dict[str, Any]) -> dict[str, Any]:
    where = {
        "part": ruling["part"],
        "number": ruling["number"],
        "field": ruling["field"] or None,
        "line": None,
    }
    return {
        "code": ruling["code"], "severity": ruling["severity"], "where": where, "text": ruling["text"], "proposal": None,
    }  # fmt: skip
