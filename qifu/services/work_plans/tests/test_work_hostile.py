"""What must not happen: strangers act, hostile input is kept, a row of one place is reached from another."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from qifu.foundation.access import ANONYMOUS, Actor, NotFound
from qifu.foundation.action import Refused
from qifu.services.work_plans import actions
from qifu.services.work_plans.actions import MilestoneDraft, PlaceException
from qifu.services.work_plans.models import Assignment, Event
from qifu.services.work_plans.tests import factories
from qifu.services.work_plans.tests.work import (
    TODAY,
    evidence,
    load_2024,
    moment,
    officer_of,
    organisation,
    work,
)

pytestmark = [pytest.mark.django_db]


def verbs(row: Assignment) -> list[tuple[Callable[..., Any], dict[str, Any]]]:
    """Every verb with arguments that would do."""
    unit, other = organisation("330000.finance").pk, work("task", 29)
    return [
        (actions.confirm_lead, {}), (actions.change_lead, {"organisation": unit, "reason": "x"}),
        (actions.add_unit, {"organisation": unit, "role": "responsible"}), (actions.remove_unit, {"unit": 1}),
        (actions.expand_generic, {"unit_name": "x", "organisations": [unit]}), (actions.apply_expansions, {"today": TODAY}),
        (actions.set_milestones, {"milestones": []}), (actions.set_due, {"due_on": TODAY, "reason": "x"}),
        (actions.reach_milestone, {"milestone": 1, "reached_on": TODAY, "today": TODAY}),
        (actions.set_precedence, {"before": other}), (actions.remove_precedence, {"before": other}),
        (actions.decompose, {"places": "cities"}), (actions.report_progress, {"text": "x", "today": TODAY}),
        (actions.add_comment, {"text": "x"}), (actions.ask_question, {"text": "x"}),
        (actions.answer_question, {"question": 1, "text": "x"}), (actions.submit_work, {"text": "x", **evidence()}),
        (actions.return_work, {"reason": "x"}), (actions.close_work, {}), (actions.reopen_work, {"reason": "x"}),
    ]  # fmt: skip


def test_nobody_else_may_do_anything(province: Path) -> None:
    load_2024()
    row = work("task", 28)
    strangers = [
        ANONYMOUS, factories.person("nobody", "").as_actor(), factories.person("clerk", "centre_clerk", "330109").as_actor(),
        officer_of("330000.science_technology", "other"), officer_of("330109.reform_office", "county", "reform_officer"),
        factories.person("loose", "department_officer").as_actor(),
    ]  # fmt: skip
    for run, given in verbs(row):
        for who in strangers:
            with pytest.raises(NotFound):
                run(assignment=row, by=who, at=moment(1), **given)
    with pytest.raises(NotFound):
        actions.remind_units(today=TODAY, by=strangers[1], at=moment(1))
    with pytest.raises(NotFound):
        actions.open_work(by=strangers[1], at=moment(1))
    assert row.events.count() == 2


def test_a_department_may_do_its_part_and_no_more(province: Path) -> None:
    load_2024()
    row = work("task", 28)
    helper = officer_of("330000.data", "helper")  # named beside the lead
    allowed = {actions.report_progress, actions.add_comment, actions.ask_question, actions.reach_milestone}
    for run, given in verbs(row):
        expected = Refused if run is actions.reach_milestone else None if run in allowed else NotFound
        if expected is None:
            run(assignment=row, by=helper, at=moment(1), **given)
        else:
            with pytest.raises(expected):
                run(assignment=row, by=helper, at=moment(1), **given)


def test_hostile_input_is_refused_in_words_and_leaves_nothing(province: Path) -> None:
    load_2024()
    office = officer_of("330000.reform_office", "office", "reform_officer")
    row, before = work("task", 28), Event.objects.count()

    def refused(run: Callable[..., Any], words: str, **given: Any) -> None:
        with pytest.raises(Refused, match=words) as told:
            run(assignment=row, by=office, at=moment(1), **given)
        assert "\0" not in told.value.message

    report, decompose = actions.report_progress, actions.decompose
    refused(report, "进展情况", text=" \0\n", today=TODAY)
    refused(report, "最多 5000 字", text="长" * 5001, today=TODAY)
    bad = {"text": "x", "today": TODAY, "unclassified": True}
    refused(report, "程序", files=[("a.exe", io.BytesIO(b"MZ" + b"\0" * 99))], **bad)
    refused(report, "空的", files=[("a.txt", io.BytesIO(b""))], **bad)
    refused(report, "最多附", files=[("a.txt", io.BytesIO(b"x"))] * 21, **bad)
    refused(report, "不涉密", files=[("a.txt", io.BytesIO(b"x"))], text="x", today=TODAY)
    refused(actions.change_lead, "未登记", organisation=10**9, reason="x")
    refused(actions.change_lead, "理由", organisation=row.lead_id, reason="")
    refused(actions.add_unit, "责任或协同", organisation=row.lead_id, role="lead")
    refused(actions.remove_unit, "没有这个单位", unit=10**9)
    refused(actions.expand_generic, "没有", unit_name="\0' OR 1=1", organisations=[row.lead_id])
    refused(actions.expand_generic, "至少", unit_name="x", organisations=[])
    refused(decompose, "请选择", places="villages")
    refused(decompose, "辖区", places=["330000"])
    refused(decompose, "辖区", places=["440100"])
    refused(decompose, "辖区", places=["\0"])
    refused(decompose, "1 至", places=[])
    refused(decompose, "例外", places="cities", exceptions={"330109": PlaceException(left_out=True)})
    refused(decompose, "未登记", places="cities", exceptions={"330100": PlaceException(lead=10**9)})
    refused(actions.set_milestones, "最多", milestones=[MilestoneDraft(str(n), TODAY) for n in range(31)])
    refused(actions.set_milestones, "同名", milestones=[MilestoneDraft("甲", TODAY)] * 2)
    refused(actions.set_due, "没有变化", due_on=row.due_on, reason="x")
    refused(actions.set_due, "理由", due_on=TODAY, reason="")
    refused(actions.answer_question, "找不到", question=row.events.get(seq=1).pk, text="x")
    refused(actions.close_work, "先申请销号")
    refused(actions.reopen_work, "不能", reason="x")
    actions.set_milestones(assignment=row, milestones=[MilestoneDraft("甲", TODAY)], by=office, at=moment(1))
    step = row.milestones.get().pk
    later = {"milestone": step, "today": date(2024, 5, 1)}
    refused(actions.reach_milestone, "晚于今天", reached_on=date(2024, 5, 2), **later)
    assert Event.objects.count() == before + 1


def test_what_is_said_is_kept_as_said(province: Path) -> None:
    load_2024()
    office = officer_of("330000.reform_office", "office", "reform_officer")
    text = "<script>alert(1)</script> {{7*7}} '; DROP TABLE 𠮷 \u202e"
    event = actions.add_comment(assignment=work("task", 28), text=text, by=office, at=moment(1))
    assert Event.objects.get(pk=event.pk).text == text


def test_a_city_reaches_nothing_of_its_neighbour(province: Path) -> None:
    load_2024()
    office = officer_of("330000.reform_office", "office", "reform_officer")
    ningbo: Actor = officer_of("330200.reform_office", "ningbo", "reform_officer")
    row = work("task", 28)
    actions.decompose(assignment=row, places="cities", by=office, at=moment(1))
    hangzhou, own = work("task", 28, "330100"), work("task", 28, "330200")
    actions.report_progress(assignment=own, text="x", today=TODAY, by=ningbo, at=moment(2))
    for run, given in verbs(hangzhou):
        with pytest.raises(NotFound):
            run(assignment=hangzhou, by=ningbo, at=moment(2), **given)
