"""The life of one task: opened, taken on, handed to a city and a county, reported, questioned, closed, reopened."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction

from qifu.foundation.access import SYSTEM, NotFound, visible
from qifu.foundation.action import Refused
from qifu.foundation.notices import Notice
from qifu.services.work_plans import actions
from qifu.services.work_plans.actions import Figure, MilestoneDraft, PlaceException
from qifu.services.work_plans.models import Assignment, AssignmentUnit, Event
from qifu.services.work_plans.status import Happening, State, state_after
from qifu.services.work_plans.tests import factories
from qifu.services.work_plans.tests.work import (
    HANGZHOU,
    TODAY,
    XIAOSHAN,
    evidence,
    fresh,
    load_2024,
    moment,
    officer_of,
    organisation,
    work,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def inbox(person_id: int | None) -> list[str]:
    return list(Notice.objects.filter(recipient_id=person_id).order_by("pk").values_list("title", flat=True))


def check_folded(row: Assignment) -> None:
    """Hold the row to its events."""
    row = fresh(row)
    events = list(row.events.order_by("seq"))
    assert [event.seq for event in events] == list(range(1, row.last_seq + 1))
    state = state_after(Happening(e.kind, e.at, e.by_id, e.facts) for e in events)
    assert state == State(**{name: getattr(row, name) for name in State.__dataclass_fields__})


def test_the_2024_plan_opens_36_tasks_and_16_actions(province: Path) -> None:
    load_2024()
    kinds = {
        kind: Assignment.objects.filter(kind=kind).count() for kind in ("indicator", "task", "action", "duty")
    }
    assert kinds == {"indicator": 25, "task": 36, "action": 16, "duty": 0}
    missing = work("action", 9), work("action", 10)
    assert all(row.title and row.item is not None and row.item.standing == "missing" for row in missing)
    twelve = work("task", 12)
    assert (twelve.lead.name, twelve.lead_state, twelve.due_on) == (
        "省委改革办",
        "proposed",
        date(2024, 12, 31),
    )
    assert twelve.plan_due_on == twelve.due_on
    assert work("action", 1).lead.name == "省发展改革委"
    three = work("task", 3)
    assert three.lead is None and three.lead_state == "none"
    assert three.units.filter(generic=True).count() == 3
    assert work("task", 6).due_on is None
    for row in Assignment.objects.all():
        check_folded(row)
    assert load_2024().assignments.count() == 77


def test_office_department_and_county_carry_one_task(province: Path) -> None:
    plan = load_2024()
    office = officer_of("330000.reform_office", "office", "reform_officer")
    second = officer_of("330000.reform_office", "second", "reform_officer")
    department = officer_of("330000.development_reform", "department")
    other = officer_of("330000.science_technology", "other")
    city = officer_of("330100.reform_office", "city", "reform_officer")
    county = officer_of("330109.reform_office", "county", "reform_officer")
    row = work("task", 28)  # 省发展改革委、省数据局：一类事省级指导目录，2024年3月

    # Who sees it: the office and the department, not another department; the county not before it concerns it.
    def sees(who: object) -> bool:
        return visible(Assignment.objects.filter(pk=row.pk), who, "work_plans.follow", moment()).exists()  # type: ignore[arg-type]

    assert [sees(who) for who in (office, department, other, city, county)] == [
        True,
        True,
        False,
        False,
        False,
    ]

    actions.confirm_lead(assignment=row, expected_seq=fresh(row).last_seq, by=department, at=moment(1))
    with pytest.raises(Refused, match="已经确认"):
        actions.confirm_lead(assignment=row, by=office, at=moment(1))
    with pytest.raises(NotFound):
        actions.set_due(assignment=row, due_on=TODAY, reason="x", by=department, at=moment(1))
    seen = fresh(row).last_seq
    actions.set_due(assignment=row, due_on=date(2024, 5, 31), reason="等待国家目录", by=office, at=moment(2))
    with pytest.raises(Refused, match="刚刚作了“调整期限”"):
        actions.set_due(assignment=row, due_on=None, reason="y", expected_seq=seen, by=second, at=moment(2))
    row = fresh(row)
    assert (row.due_on, row.plan_due_on) == (date(2024, 5, 31), date(2024, 3, 31))
    assert any("期限调整" in title for title in inbox(department.id))

    # Handed down: all cities, one left out, one with its own day; asked again nothing is doubled.
    parts = actions.decompose(
        assignment=row, places="cities", requirement="{地区}按省级目录公布本地清单", due_on=date(2024, 6, 30), by=office,
        at=moment(3), exceptions={"330200": PlaceException(left_out=True), "330300": PlaceException(due_on=TODAY)},
    )  # fmt: skip
    assert len(parts) == 10
    assert (
        actions.decompose(assignment=row, places=[HANGZHOU], requirement="x", by=office, at=moment(3)) == []
    )
    hangzhou = work("task", 28, HANGZHOU)
    below = Assignment.objects.filter(parent=row)
    assert visible(below, department, "work_plans.follow", moment()).count() == 10
    assert not visible(below, department, "work_plans.report_work", moment()).exists()
    assert not visible(below, other, "work_plans.follow", moment()).exists()
    assert hangzhou.requirement.startswith("杭州市按") and hangzhou.lead.code == "330100.reform_office"
    assert work("task", 28, "330300").due_on == TODAY
    assert any("分解到本地" in title for title in inbox(city.id))
    assert sees(city) and not sees(county)
    actions.decompose(assignment=hangzhou, places=[XIAOSHAN], requirement="{地区}办好", by=city, at=moment(4))
    part = work("task", 28, XIAOSHAN)
    assert sees(county) and part.parent_id == hangzhou.pk and part.lead.code == "330109.reform_office"
    with pytest.raises(Refused, match="辖区"):
        actions.decompose(assignment=hangzhou, places=["330203"], by=city, at=moment(4))
    with pytest.raises(Refused, match="不能识别"):
        actions.decompose(assignment=hangzhou, places=["330110"], requirement="{市}", by=city, at=moment(4))

    # The county reports; its own office may not close what it submitted itself, nor may the submitter.
    actions.report_progress(assignment=part, text="已公布清单", today=TODAY, by=county, at=moment(10))
    with pytest.raises(Refused, match="佐证"):
        actions.submit_work(assignment=part, text="完成", by=county, at=moment(11))
    with pytest.raises(Refused, match="涉密"):
        actions.submit_work(
            assignment=part, text="完成", files=[("a.txt", io.BytesIO(b"1"))], by=county, at=moment(11)
        )
    actions.submit_work(assignment=part, text="完成", by=county, at=moment(11), **evidence())
    assert any("请核定" in title for title in inbox(city.id))
    colleague = officer_of("330109.reform_office", "county2", "reform_officer")
    with pytest.raises(Refused, match="第二人"):
        actions.close_work(assignment=part, by=county, at=moment(12))
    with pytest.raises(Refused, match="上级改革办"):
        actions.close_work(assignment=part, by=colleague, at=moment(12))
    with pytest.raises(Refused, match="待核"):
        actions.submit_work(assignment=part, text="再报", by=county, at=moment(12), **evidence())
    actions.close_work(assignment=part, text="属实", by=city, at=moment(12))
    assert fresh(part).phase == "closed"
    assert not Notice.objects.filter(kind="to_do", done_at=None, subject_id=str(part.pk)).exists()

    # The department: milestones, figures to a target, a question to the office and its answer.
    actions.set_milestones(
        assignment=row, milestones=[MilestoneDraft("征求意见", date(2024, 3, 20)), MilestoneDraft("印发", date(2024, 5, 20))],
        by=department, at=moment(5),
    )  # fmt: skip
    step = row.milestones.get(title="征求意见")
    actions.reach_milestone(
        assignment=row,
        milestone=step.pk,
        reached_on=date(2024, 3, 18),
        today=TODAY,
        by=department,
        at=moment(30),
    )
    actions.report_progress(
        assignment=row, text="目录已形成征求意见稿", today=TODAY, by=department, at=moment(40), **evidence(),
        figures=[Figure(Decimal("24"), date(2024, 3, 31), name="拟列入事项", unit="项")],
    )  # fmt: skip
    asked = actions.ask_question(assignment=row, text="是否含金融事项？", by=department, at=moment(41))
    actions.submit_work(assignment=row, text="已印发", by=department, at=moment(60))
    facts = row.events.get(kind="submitted").facts
    assert (facts["open_parts"], facts["open_questions"], facts["open_milestones"]) == (10, 1, 1)
    with pytest.raises(NotFound):
        actions.answer_question(assignment=row, question=asked.pk, text="含", by=department, at=moment(61))
    actions.answer_question(assignment=row, question=asked.pk, text="含", by=office, at=moment(61))
    with pytest.raises(Refused, match="已有人答复"):
        actions.answer_question(assignment=row, question=asked.pk, text="含", by=second, at=moment(61))
    actions.return_work(assignment=row, reason="请补印发件", by=office, at=moment(62))
    assert (fresh(row).phase, fresh(row).submitted_at) == ("under_way", None)
    actions.submit_work(assignment=row, text="已补", by=department, at=moment(63), **evidence("印发件.txt"))
    actions.close_work(assignment=row, by=office, at=moment(64))
    with pytest.raises(Refused, match="已销号"):
        actions.report_progress(assignment=row, text="还有", today=TODAY, by=department, at=moment(65))
    actions.add_comment(assignment=row, text="经验可推广", by=city, at=moment(65))
    actions.reopen_work(assignment=row, reason="目录有新增", by=second, at=moment(70))
    with pytest.raises(Refused, match="佐证"):
        actions.submit_work(assignment=row, text="又完成", by=department, at=moment(71))
    for one in Assignment.objects.filter(kind="task", number=28):
        check_folded(one)

    # Withdrawn: nothing is current any more, nothing is lost.
    before = Event.objects.count()
    actions.withdraw_plan(plan=plan, reason="整份停用", expected_revision=1, by=office, at=moment(80))
    assert not Assignment.objects.filter(item__isnull=False).exists()
    assert Event.objects.count() == before + Assignment.objects.count()
    with pytest.raises(Refused, match="不在现行"):
        actions.report_progress(assignment=row, text="还有", today=TODAY, by=department, at=moment(81))


def test_nothing_is_told_twice_and_nothing_is_edited(province: Path) -> None:
    load_2024()
    row = work("task", 28)
    event = row.events.first()
    assert event is not None
    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.filter(pk=event.pk)._raw_delete("default")  # type: ignore[attr-defined]


def test_units_lead_and_generic_units(province: Path) -> None:
    load_2024()
    office = officer_of("330000.reform_office", "office", "reform_officer")
    row, finance = work("task", 17), organisation("330000.finance")
    generic = row.units.get(generic=True)
    assert generic.name == "省级有关部门"
    justice, commerce = organisation("330000.justice"), organisation("330000.commerce")
    actions.expand_generic(
        assignment=row,
        unit_name=generic.name,
        organisations=[justice.pk, commerce.pk],
        by=office,
        at=moment(),
    )
    assert not row.units.filter(generic=True).exists()
    assert row.units.filter(expanded_from=generic.name).count() == 2
    actions.expand_generic(
        assignment=row, unit_name=generic.name, organisations=[justice.pk], by=office, at=moment()
    )
    assert [unit.organisation for unit in row.units.filter(expanded_from=generic.name)] == [justice]
    actions.add_unit(assignment=row, organisation=finance.pk, role="cooperating", by=office, at=moment())
    with pytest.raises(Refused, match="已经参与"):
        actions.add_unit(assignment=row, organisation=finance.pk, role="responsible", by=office, at=moment())
    named = AssignmentUnit.objects.get(assignment=row, organisation=row.lead)
    with pytest.raises(Refused, match="文件载明"):
        actions.remove_unit(assignment=row, unit=named.pk, by=office, at=moment())
    actions.change_lead(assignment=row, organisation=finance.pk, reason="省领导指定", by=office, at=moment())
    added = AssignmentUnit.objects.get(assignment=row, organisation=finance)
    with pytest.raises(Refused, match="牵头"):
        actions.remove_unit(assignment=row, unit=added.pk, by=office, at=moment())
    assert (fresh(row).lead, fresh(row).lead_state) == (finance, "confirmed")
    with pytest.raises(Refused, match="没有可以套用"):
        actions.apply_expansions(assignment=row, today=TODAY, by=office, at=moment())
    check_folded(row)


def test_order_of_tasks_never_runs_in_a_circle(province: Path) -> None:
    load_2024()
    rows = [work("task", number) for number in (17, 18, 19)]
    by = {"by": SYSTEM, "at": moment()}
    actions.set_precedence(assignment=rows[1], before=rows[0], **by)
    actions.set_precedence(assignment=rows[2], before=rows[1], **by)
    circle = " → ".join(rows[n].title for n in (2, 0, 1, 2))
    with pytest.raises(Refused) as refused:
        actions.set_precedence(assignment=rows[0], before=rows[2], **by)
    assert circle in refused.value.message
    with pytest.raises(Refused, match="循环"):
        actions.set_precedence(assignment=rows[0], before=rows[0], **by)
    actions.remove_precedence(assignment=rows[1], before=rows[0], **by)
    actions.set_precedence(assignment=rows[0], before=rows[2], **by)


def test_figures_are_exact_and_not_of_the_future(province: Path) -> None:
    load_2024()
    row = work("indicator", 1)

    def report(figure: Figure) -> Event:
        return actions.report_progress(
            assignment=row, text="月报", figures=[figure], today=TODAY, by=SYSTEM, at=moment()
        )

    for figure, words in (
        (Figure(Decimal("NaN"), TODAY, 1), "填写数字"), (Figure(Decimal("1e18"), TODAY, 1), "填写数字"),
        (Figure(Decimal("0.0000001"), TODAY, 1), "六位"), (Figure(Decimal(1), date(2024, 6, 21), 1), "截至日"),
        (Figure(Decimal(1), TODAY, 9), "现行版本"), (Figure(Decimal(1), TODAY), "数据名称"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=words):
            report(figure)
    kept = report(Figure(Decimal("91.25"), date(2024, 5, 31), 1)).figures.get()
    assert (kept.name, kept.unit, kept.value) == ("涉企问题高效办结率", "%", Decimal("91.25"))


def test_a_later_version_keeps_what_people_decided(officer: object, notice: bytes) -> None:
    by = officer
    review = factories.read_review(notice, by)  # type: ignore[arg-type]
    factories.rule(factories.doubt(review, "row_shifted"), "accepted", by)  # type: ignore[arg-type]
    plan = factories.publish(review, by)  # type: ignore[arg-type]
    place = factories.PLACE
    first, second = work("task", 1, place), work("task", 2, place)
    actions.set_due(assignment=second, due_on=date(2024, 8, 1), reason="延期", by=by, at=moment(30))  # type: ignore[arg-type]
    draft = actions.start_correction(plan=plan, by=by, at=moment(31))  # type: ignore[arg-type]
    for number, month in ((0, "2024年7月"), (1, "2024年9月")):
        draft = actions.correct_field(
            review=draft, part="tasks", row=number, field="deadline", entry=_entry(month), reason="更正", expected_version=99,
            by=by, at=moment(31),  # type: ignore[arg-type]
        ).review  # fmt: skip
    actions.correct_field(
        review=draft, part="tasks", row=2, field="removed", entry=_entry("是"), reason="删去", expected_version=99,
        by=by, at=moment(31),  # type: ignore[arg-type]
    )  # fmt: skip
    third = work("task", 3, place)
    factories.publish(draft, by)  # type: ignore[arg-type]
    assert fresh(first).due_on == fresh(first).plan_due_on == date(2024, 7, 31)
    assert (fresh(second).due_on, fresh(second).plan_due_on) == (date(2024, 8, 1), date(2024, 9, 30))
    assert fresh(third).item is None
    assert fresh(third).events.last().facts == {"standing": "dropped"}
    told = fresh(first).events.get(kind="plan_changed").facts
    assert told["before"]["plan_due_on"] == "2024-04-30"
    plan = actions.withdraw_plan(plan=plan, reason="有误", expected_revision=2, by=by, at=moment(33))  # type: ignore[arg-type]
    assert fresh(third).item is not None and fresh(first).due_on == date(2024, 4, 30)
    for row in Assignment.objects.filter(plan=plan):
        check_folded(row)


def test_a_deputy_closes_nothing_for_whom_he_stands_in(province: Path) -> None:
    load_2024()
    first = officer_of("330000.reform_office", "first", "reform_officer")
    deputy = officer_of("330000.reform_office", "deputy", "reform_officer")
    outside = factories.person("outside", "").as_actor()
    factories.stand_in(first, outside)
    row = work("task", 17)
    actions.submit_work(assignment=row, text="完成", by=first, at=moment(1), **evidence())
    with pytest.raises(Refused, match="代行申请人"):
        actions.close_work(assignment=row, by=outside, at=moment(2))
    actions.return_work(assignment=row, reason="补材料", by=deputy, at=moment(3))
    actions.submit_work(assignment=row, text="代为申请", by=outside, at=moment(4), **evidence())
    assert row.events.get(kind="submitted", seq=fresh(row).last_seq).facts["on_behalf_of"] == first.id
    with pytest.raises(Refused, match="第二人"):
        actions.close_work(assignment=row, by=first, at=moment(5))
    with pytest.raises(Refused, match="须由改革办人员"):
        actions.close_work(assignment=row, by=SYSTEM, at=moment(5))
    actions.close_work(assignment=row, by=deputy, at=moment(5))


def _entry(text: str) -> object:
    from qifu.services.work_plans.fields import Entry

    return Entry(text=text)
