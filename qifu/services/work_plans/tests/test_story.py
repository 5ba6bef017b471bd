"""The life of a plan: uploaded, read, ruled on, published, browsed, corrected, compared, withdrawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from qifu.foundation.access import SYSTEM, Actor, NotFound
from qifu.foundation.action import Refused
from qifu.foundation.notices import Notice
from qifu.foundation.revisions import as_of
from qifu.foundation.search import find as search
from qifu.services.work_plans import actions
from qifu.services.work_plans.fields import Entry
from qifu.services.work_plans.models import Irregularity, PlanItem, PlanReview, PlanTarget
from qifu.services.work_plans.queries import plans, reviews
from qifu.services.work_plans.queries.changes import changes
from qifu.services.work_plans.tests.factories import (
    AT,
    PLACE,
    TODAY,
    doubt,
    person,
    publish,
    read_review,
    rule,
    upload,
    work,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def test_a_plan_from_upload_to_withdrawal(officer: Actor, notice: bytes) -> None:
    review = read_review(notice, officer)
    assert (review.state, review.document_number) == ("review", "示营商专发〔2024〕3号")
    assert Notice.objects.filter(recipient_id=officer.id, title__contains="已识别").count() == 1
    first_reading = review.reading_text

    # The doubts are ruled on: one corrected, one accepted, one rejected; the gap stays open for now.
    late = rule(doubt(review, "deadline_unreadable"), "corrected", officer, entry=Entry(text="2024年12月"))
    assert (late.state, late.ruled_name, late.ruled_at) == ("corrected", officer.name, AT)
    rule(doubt(review, "row_shifted"), "accepted", officer)
    rule(doubt(review, "stock_or_flow"), "rejected", officer, note="按总数统计")
    review.refresh_from_db()
    assert review.reading_text == first_reading
    assert reviews.effective_reading(review)["tasks"][3]["deadline"]["due"] == "2024-12-31"

    plan = publish(review, officer, publicity="public", note="首次发布")
    held = PlanItem.objects.get(plan=plan, standing="held")
    assert (held.kind, held.number) == ("task", 5)
    assert PlanItem.objects.filter(plan=plan, standing="stated", kind="task").count() == 5
    assert as_of(kind="work_plan", key=plan.key, day=TODAY) == plan.revision
    assert search("联络员", public_only=True).count == 1
    audit = apps.get_model("foundation", "AuditRow").objects
    assert audit.filter(act="work_plans.publish_plan").count() == 1

    # Published is published.
    with pytest.raises(Refused, match="不能再裁定"):
        rule(doubt(review, "name_slip"), "accepted", officer)
    with pytest.raises(DatabaseError), transaction.atomic():
        _overwrite(plan.revision_id)

    # A correction is a new version with its differences in words.
    draft = actions.start_correction(plan=plan, by=officer, at=AT)
    assert actions.start_correction(plan=plan, by=officer, at=AT) == draft
    with pytest.raises(Refused, match="内容与现行"):
        publish(draft, officer)
    actions.correct_field(
        review=draft, part="tasks", row=0, field="deadline", entry=Entry(text="2024年7月"), reason="原件为7月",
        expected_version=draft.version, by=officer, at=AT,
    )  # fmt: skip
    rule(doubt(draft, "number_gap"), "rejected", officer, note="原件如此")
    second = publish(draft, officer, note="更正第1条期限")
    assert (second.pk, second.revision_number) == (plan.pk, 2)
    found = changes(plan.revision.content, second.revision.content)
    words = {(c.part, c.number, c.what): [(f.title, f.before, f.after) for f in c.fields] for c in found}
    assert words[("tasks", 1, "更改")] == [("完成时限", "2024 年 4 月", "2024年7月")]
    assert words[("missing", 5, "完成核对")] == []
    assert len(words) == 2

    # Withdrawn: the version before is in force again, then none.
    plan = actions.withdraw_plan(plan=second, reason="期限有误", expected_revision=2, by=officer, at=AT)
    assert plan.revision_number == 1
    plan = actions.withdraw_plan(plan=plan, reason="整份停用", expected_revision=1, by=officer, at=AT)
    assert plan.revision_id is None
    assert search("联络员", public_only=False).count == 0
    with pytest.raises(NotFound):
        plans.plan(Actor(kind="anonymous"), AT, plan.pk)


def _overwrite(pk: int | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE foundation_revision SET content_text = '{}' WHERE id = %s", [pk])


def test_undo_restores_and_bulk_acceptance_takes_only_information(officer: Actor, notice: bytes) -> None:
    review = read_review(notice, officer)
    before = reviews.effective_reading(review)
    row = rule(doubt(review, "deadline_unreadable"), "corrected", officer, entry=Entry(text="年底"))
    assert reviews.effective_reading(review) != before
    actions.reopen_irregularity(irregularity=row, by=officer, at=AT)
    assert reviews.effective_reading(review) == before
    row.refresh_from_db()
    assert (row.state, row.ruled_at, row.ruled_name) == ("open", None, "")

    made = actions.correct_field(
        review=review, part="document", row=None, field="title", entry=Entry(text="新标题"), reason="红头如此",
        expected_version=99, by=officer, at=AT,
    )  # fmt: skip
    assert reviews.effective_reading(review)["title"] == "新标题"
    actions.reopen_irregularity(irregularity=made, by=officer, at=AT)
    assert not Irregularity.objects.filter(pk=made.pk).exists()
    assert reviews.effective_reading(review) == before

    actions.accept_information(review=review, by=officer, at=AT)
    open_ones = review.irregularities.filter(state="open").values_list("severity", flat=True)
    assert set(open_ones) == {"error", "warning"}


def test_an_item_taken_out_is_not_published(officer: Actor, notice: bytes) -> None:
    review = read_review(notice, officer)
    actions.correct_field(
        review=review, part="tasks", row=0, field="removed", entry=Entry(text="是"), reason="重复",
        expected_version=99, by=officer, at=AT,
    )  # fmt: skip
    plan = publish(review, officer)
    assert not PlanItem.objects.filter(plan=plan, kind="task", number=1).exists()


def test_a_double_click_makes_one_review(officer: Actor, notice: bytes) -> None:
    first, second = upload(notice, officer), upload(notice, officer)
    assert first == second
    other = person("other").as_actor()
    assert upload(notice, other) != first
    work()
    assert upload(notice, officer) == first
    publish(PlanReview.objects.get(pk=first.pk), officer)
    assert upload(notice, officer) != first


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "x.docx", "空的"), (b"MZ" + b"\0" * 100, "x.docx", "程序"), (b"PK\x03\x04broken", "x.docx", "损坏"),
        ("序号,任务\n1,甲".encode(), "x.csv", "不接受"), (b"\x89PNG\r\n\x1a\n", "x.txt", "不接受"),
    ],
)  # fmt: skip
def test_a_hostile_upload_is_refused_and_leaves_nothing(
    officer: Actor, content: bytes, name: str, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        upload(content, officer, name=name)
    assert not PlanReview.objects.exists()


def test_what_cannot_be_read_says_why_and_what_to_do(officer: Actor) -> None:
    review = read_review("今天天气很好。\n".encode(), officer)
    assert review.state == "failed" and review.fault and "另存" in review.remedy
    assert Notice.objects.filter(title__contains="未能识别").count() == 1
    actions.retry_reading(review=review, by=officer, at=AT)
    work()
    review.refresh_from_db()
    assert review.state == "failed"
    with pytest.raises(Refused, match="涉密"):
        upload(b"x", officer, unclassified=False)
    with pytest.raises(Refused, match="公开属性"):
        upload(b"x", officer, publicity="open")


def test_rulings_that_cannot_stand_are_refused(officer: Actor, notice: bytes) -> None:
    review = read_review(notice, officer)
    late = doubt(review, "deadline_unreadable")
    with pytest.raises(Refused, match="看不懂期限"):
        rule(late, "corrected", officer, entry=Entry(text="2024年13月"))
    with pytest.raises(Refused, match="理由"):
        rule(late, "rejected", officer)
    with pytest.raises(Refused, match="请选择"):
        rule(late, "deleted", officer)
    with pytest.raises(Refused, match="没有可直接更正的字段"):
        rule(doubt(review, "row_shifted"), "corrected", officer, entry=Entry(text="甲"))
    with pytest.raises(Refused, match="最多 500"):
        rule(late, "rejected", officer, note="长" * 501)
    with pytest.raises(Refused, match="找不到"):
        actions.correct_field(
            review=review, part="tasks", row=99, field="measure", entry=Entry(text="甲"), reason="乙",
            expected_version=1, by=officer, at=AT,
        )  # fmt: skip
    assert review.irregularities.exclude(state="open").count() == 0


def test_two_reviewers_on_one_place_and_on_two(officer: Actor, notice: bytes) -> None:
    review = read_review(notice, officer)
    other = person("second").as_actor()
    seen = review.version
    rule(doubt(review, "deadline_unreadable"), "accepted", officer, expected_version=seen)
    with pytest.raises(Refused, match=r"officer（模拟）.*刚刚裁定了同一处"):
        rule(doubt(review, "deadline_unreadable"), "accepted", other, expected_version=seen)
    rule(doubt(review, "name_slip"), "accepted", other, expected_version=seen)
    with pytest.raises(Refused, match="又有人作了裁定"):
        publish(review, other, expected_version=seen)


def test_nobody_else_may_touch_a_review(officer: Actor, notice: bytes) -> None:
    review = read_review(notice, officer)
    row = doubt(review, "deadline_unreadable")
    strangers = [
        person("clerk", "centre_clerk", PLACE), person("hangzhou_other", "reform_officer", "330200"),
        person("department", "department_officer"), person("nobody", ""),
    ]  # fmt: skip
    for stranger in [Actor(kind="anonymous"), *(p.as_actor() for p in strangers)]:
        with pytest.raises(NotFound):
            upload(notice, stranger)
        with pytest.raises(NotFound):
            rule(row, "accepted", stranger)
        with pytest.raises(NotFound):
            publish(review, stranger)
        with pytest.raises(NotFound):
            actions.load_plan_from_data(path=None, by=stranger, at=AT, today=TODAY)  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            actions.record_failure(review_id=review.pk, fault="x", remedy="y", by=stranger, at=AT)
    county = person("county", "reform_officer", PLACE).as_actor()
    assert rule(row, "accepted", county).ruled_name == county.name


def test_the_provinces_plan_is_loaded_once_and_exactly(province: Path, tmp_path: Path) -> None:
    path = province / "work_plan_2024.yaml"
    first = actions.load_plan_from_data(path=path, by=SYSTEM, at=AT, today=TODAY)
    again = actions.load_plan_from_data(path=path, by=SYSTEM, at=AT, today=TODAY)
    assert (first.pk, again.revision_number) == (again.pk, 1)
    reworded = tmp_path / path.name
    reworded.write_text(path.read_text("utf-8").replace("与正文二（一）3一致", "与正文一致"), "utf-8")
    changed = actions.load_plan_from_data(path=reworded, by=SYSTEM, at=AT, today=TODAY)
    assert (changed.pk, changed.revision_number) == (first.pk, 2)
    first = changed
    summary = plans.summary(first, first.revision)
    assert summary.stated == {"indicator": 25, "task": 36, "action": 14, "duty": 0}
    assert [item.number for item in summary.missing] == [9, 10] and summary.held == []
    moved = PlanItem.objects.filter(revision=first.revision, kind="task", number__in=[15, 16]).values_list(
        "group", flat=True
    )
    assert set(moved) == {"一体融合落实“民营经济32条”"}
    days = PlanTarget.objects.get(item__revision=first.revision, name__contains="平均审理天数")
    assert (days.direction, str(days.value.normalize())) == ("lower", "65")
    logistics = PlanTarget.objects.get(item__revision=first.revision, name__contains="物流总费用")
    assert (logistics.baseline, logistics.comparator, logistics.direction) == ("全国", "<", "lower")
    unknown = {
        unit.name for item in plans.items(first, first.revision) for unit in item.units.all()
        if unit.kind == "specific" and unit.organisation_id is None
    }  # fmt: skip
    assert unknown == set()
