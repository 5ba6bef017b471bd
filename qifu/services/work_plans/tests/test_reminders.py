"""Reminders: the rule loses no day and tells nothing twice; the daily job writes one event and the right notices."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation import jobs
from qifu.foundation.access import SYSTEM
from qifu.foundation.jobs import Job
from qifu.foundation.notices import Notice
from qifu.foundation.working_calendar import shipped_calendar
from qifu.foundation.yaml_data import DataError
from qifu.services.work_plans import actions
from qifu.services.work_plans.models import Assignment, Event
from qifu.services.work_plans.queries.personal import feed_events, work_in_hand
from qifu.services.work_plans.queries.verify import faults
from qifu.services.work_plans.reminders import Cause, Course, Reminder, Rules, reminders, rules_of
from qifu.services.work_plans.tests.work import evidence, fresh, load_2024, moment, officer_of, work

RULES = Rules((30, 7, 1), 1, 7, 60, 5, 5)
CALENDAR = shipped_calendar()
YEAR = date(2024, 1, 1)


def walk(course: Course, gaps: list[int]) -> list[tuple[date, Reminder]]:
    """Run the rule over 2024, each run so many days after the one before."""
    told, since = [], YEAR
    for gap in gaps:
        today = since + timedelta(days=gap)
        told += [
            (today, one) for one in reminders(course, RULES, since=since, today=today, calendar=CALENDAR)
        ]
        since = today
    return told


courses = st.builds(
    Course,
    phase=st.sampled_from(["not_started", "under_way", "pending", "closed"]),
    lead_state=st.sampled_from(["none", "proposed", "confirmed"]),
    opened_on=st.dates(date(2024, 1, 2), date(2024, 6, 30)),
    due_on=st.none() | st.dates(date(2024, 1, 2), date(2024, 12, 31)),
    last_report_on=st.none() | st.dates(date(2024, 1, 2), date(2024, 6, 30)),
    submitted_on=st.none() | st.dates(date(2024, 1, 2), date(2024, 6, 30)),
)


@given(courses)
def test_run_each_day_the_marks_are_met_exactly(course: Course) -> None:
    told = walk(course, [1] * 365)
    if course.phase == "closed":
        assert told == []
        return
    due = [one.days for _, one in told if one.cause == Cause.DUE]
    late = [one.days for _, one in told if one.cause == Cause.OVERDUE]
    if course.phase == "pending" or course.due_on is None:
        assert due == late == []
    else:
        ahead = (course.due_on - YEAR).days
        assert due == [days for days in (30, 7, 1) if days < ahead]
        assert late == list(range(1, (date(2024, 12, 31) - course.due_on).days + 1, 7))
    silent = [one.days for _, one in told if one.cause == Cause.SILENT]
    assert all(days % 60 == 0 for days in silent)
    assert not [1 for _, one in told if one.cause == Cause.LEAD and course.lead_state == "confirmed"]


@given(courses, st.lists(st.integers(1, 6), min_size=30, max_size=60))
def test_runs_with_gaps_tell_no_cause_twice_and_lose_no_lateness(course: Course, gaps: list[int]) -> None:
    told = walk(course, gaps)
    assert len(told) == len({(one.cause, one.mark) for _, one in told})
    last = YEAR + timedelta(days=sum(gaps))
    if course.phase in ("not_started", "under_way") and course.due_on and course.due_on < last:
        assert any(one.cause == Cause.OVERDUE for _, one in told)
    assert all(one.days >= 0 and one.words for _, one in told)


def test_the_provinces_rules_hold_and_a_wrong_example_is_told_with_its_line(tmp_path: Path) -> None:
    assert rules_of(Path(site.PROVINCE_DIR)) == RULES
    text = (Path(site.PROVINCE_DIR) / "follow_through.yaml").read_text("utf-8")
    (tmp_path / "follow_through.yaml").write_text(
        text.replace("before_due: [30, 7, 1]", "before_due: [30]"), "utf-8"
    )
    with pytest.raises(DataError, match=r"follow_through\.yaml"):
        rules_of(tmp_path)


@pytest.mark.both_databases
@pytest.mark.django_db
def test_a_days_reminders_are_made_once_and_reach_whom_they_concern(province: Any) -> None:
    load_2024()
    office = officer_of("330000.reform_office", "office", "reform_officer")
    department = officer_of("330000.development_reform", "department")
    row, late = work("task", 9), work("task", 28)
    actions.confirm_lead(assignment=late, by=office, at=moment(1))
    actions.set_due(assignment=late, due_on=date(2024, 6, 19), reason="延期", by=office, at=moment(1))
    actions.set_due(assignment=row, due_on=date(2024, 6, 27), reason="提前", by=office, at=moment(1))
    Notice.objects.all()._raw_delete("default")  # type: ignore[attr-defined]
    day, at = date(2024, 6, 20), datetime(2024, 6, 20, 0, tzinfo=UTC)
    count = actions.remind_units(today=day, by=SYSTEM, at=at)
    assert count > 0 and actions.remind_units(today=day, by=SYSTEM, at=at) == 0
    assert Event.objects.filter(kind="reminded").count() == count
    assert fresh(late).events.get(kind="reminded").text.startswith("已逾期 1 天")
    assert "距期限还有 7 天" in fresh(row).events.get(kind="reminded").text
    titles = {
        who.id: list(Notice.objects.filter(recipient_id=who.id).values_list("title", flat=True))
        for who in (office, department)
    }
    assert any("已逾期 1 天" in title for title in titles[department.id])
    assert any("已逾期 1 天" in title or "需要关注" in title for title in titles[office.id])
    assert not Notice.objects.exclude(kind="reminder").exists()
    assert list(faults()) == []
    assert actions.remind_units(today=date(2024, 6, 21), by=SYSTEM, at=at + timedelta(days=1)) < count
    marks = [
        (event.assignment_id, *mark)
        for event in Event.objects.filter(kind="reminded")
        for mark in event.facts["marks"].items()
    ]
    assert len(marks) == len(set(marks))
    assert Job.objects.filter(kind="work_plans.remind", state="waiting").count() == 1


@pytest.mark.django_db
def test_the_job_runs_and_sets_its_successor(province: Any) -> None:
    load_2024()
    first = Job.objects.get(kind="work_plans.remind")
    assert first.run_at == datetime(2024, 2, 19, 23, 50, tzinfo=UTC)
    assert jobs.run_one(worker="test", clock=lambda: first.run_at)
    first.refresh_from_db()
    assert first.state == "done", first.error
    after = Job.objects.get(kind="work_plans.remind", state="waiting")
    assert after.run_at > first.run_at


@pytest.mark.django_db
def test_what_is_in_hand_and_in_the_calendar(province: Any) -> None:
    load_2024()
    office = officer_of("330000.reform_office", "office", "reform_officer")
    department = officer_of("330000.development_reform", "department")
    assert department.id is not None and office.id is not None
    led = Assignment.objects.filter(lead__code="330000.development_reform").count()
    assert [one.count for one in work_in_hand(department.id, None, moment(1))] == [led, 0]
    row = work("task", 28)
    actions.submit_work(assignment=row, text="完成", by=department, at=moment(1), **evidence())
    assert work_in_hand(department.id, None, moment(1))[0].count == led - 1
    assert work_in_hand(office.id, None, moment(1))[1].count == 1
    actions.set_milestones(
        assignment=work("action", 1), milestones=[actions.MilestoneDraft("中期", date(2024, 6, 1))], by=department,
        at=moment(2),
    )  # fmt: skip
    events = list(feed_events(department, moment(3)))
    due = {event.starts for event in events if event.uid.startswith("assignment-")}
    assert due and all(event.public for event in events if event.uid.startswith("assignment-"))
    step = next(event for event in events if event.uid.startswith("milestone-"))
    assert (step.outside, step.starts) == ("企服待办 专项行动1", date(2024, 6, 1))
    assert not list(feed_events(officer_of("330000.science_technology", "other"), moment(3)))[50:]
