"""Conditions that the case type names: each returns why the act may not happen, with what to do, or None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from qifu.engines.casework.binding import Guard
from qifu.engines.casework.case_type import CaseType
from qifu.engines.casework.models import Case
from qifu.foundation.action import current_act
from qifu.foundation.working_days import SHANGHAI
from qifu.services.enterprise_problems import reply_check
from qifu.services.enterprise_problems.lists import lists
from qifu.services.enterprise_problems.models import Problem

APPEAL_DAYS = 30
LOOKED_AT = 200
"""How many of a unit's cases a draft is compared with."""


def not_the_unit_complained_of(case: Case, given: Mapping[str, Any]) -> str | None:
    """A complaint about a unit never goes to that unit."""
    if case.complained_id is not None and int(given["lead"]) == case.complained_id:
        return "这件反映的就是该单位或其人员，不能交其办理，请交其他单位或报上一级"
    return None


def another_than_drafter(case: Case, given: Mapping[str, Any]) -> str | None:
    """What one person drafted another one checks and signs."""
    if Problem.objects.get(pk=case.pk).drafted_by == current_act().by.id:
        return "拟稿人不能审核、签发自己的答复，请由本单位其他人员办理"
    return None


def another_than_excluder(case: Case, given: Mapping[str, Any]) -> str | None:
    """An appeal is never decided by whoever excluded the request."""
    last = case.events.filter(kind="exclude").order_by("-seq").first()
    if last is not None and last.by_id == current_act().by.id:
        return "作出不予纳入决定的人员不能复核，请由上级其他人员办理"
    return None


def appeal_in_time(case: Case, given: Mapping[str, Any]) -> str | None:
    """An appeal is open for APPEAL_DAYS calendar days, and once."""
    if case.events.filter(kind="appeal").exists():
        return "这件已经复核过一次；如仍不同意，可拨打 12345 或依法申请其他救济"
    if case.closed_at is not None and current_act().moment > case.closed_at + timedelta(days=APPEAL_DAYS):
        return f"申诉应在告知后 {APPEAL_DAYS} 日内提出；如有新的情况，请重新提交诉求"
    return None


def result_as_drafted(case: Case, given: Mapping[str, Any]) -> str | None:
    """The result that is closed with is the one that was checked and signed."""
    drafted = Problem.objects.get(pk=case.pk).drafted_result
    return "办理结果与签发的答复不一致，请退回补办后再办结" if given["result"] != drafted else None


def result_as_closed(case: Case, given: Mapping[str, Any]) -> str | None:
    """An exemption from rework keeps the result that was rated."""
    return result_as_drafted(case, given)


def no_open_co_handling(case: Case, given: Mapping[str, Any]) -> str | None:
    """An answer waits for the units that take part."""
    waiting = case.parts.filter(kind="co_handler", answered_at=None, withdrawn_at=None)
    names = "、".join(part.organisation.name for part in waiting.select_related("organisation"))
    return f"{names}的协办意见还没有回复，请催办或撤销协办后再拟答复" if names else None


def meeting_step_reached(case: Case, given: Mapping[str, Any]) -> str | None:
    """Only what the highest step could not settle may be shelved."""
    return None if case.step == "meeting" else "挂账前应先经会议办研究，请先提升办理层次"


def just_assigned(case: Case, given: Mapping[str, Any]) -> str | None:
    """An assignment is taken back only on its own day and while the unit has done nothing: no clock is gained by it."""
    return _just(case, ("assign", "transfer"), "交办")


def just_accepted(case: Case, given: Mapping[str, Any]) -> str | None:
    """Taking a request up is undone only on its own day and while nothing followed."""
    return _just(case, ("accept",), "纳入问题池")


def _just(case: Case, kinds: tuple[str, ...], title: str) -> str | None:
    last = case.events.exclude(kind="note").order_by("-seq").first()
    if last is None or last.kind not in kinds:
        return f"“{title}”以后已有新的办理记录，不能撤回，请按正常环节办理"
    if last.at.astimezone(SHANGHAI).date() != current_act().moment.astimezone(SHANGHAI).date():
        return f"“{title}”只能在当天撤回，请按正常环节办理"
    return None


def reply_answers(case: Case, given: Mapping[str, Any]) -> str | None:
    """The draft says something of what was asked: what `reply_check` finds hard stops it, by whatever way it comes."""
    hard = [one.words for one in find_in_reply(case, given) if one.hard]
    return "答复没有通过检查：" + "；".join(hard) if hard else None


def find_in_reply(
    case: Case, given: Mapping[str, Any], promises: Sequence[str] = ()
) -> list[reply_check.Finding]:
    """Return what speaks against a draft, looked at beside the last answers of the same unit."""
    problem = Problem.objects.get(pk=case.pk)
    rows = Problem.objects.filter(case__lead=case.lead_id).exclude(pk=case.pk).order_by("-pk")
    recent = rows.values_list("case__number", "enterprise_name", "case__title", "words", "reply")[:LOOKED_AT]
    others = [
        reply_check.Other(number, firm, f"{title}。{words}", reply)
        for number, firm, title, words, reply in recent
    ]
    draft = reply_check.Draft(
        reply=str(given.get("reply") or ""), question=f"{case.title}。{problem.words}", firm=problem.enterprise_name,
        result=str(given.get("result") or ""), promises=tuple(promises),
    )  # fmt: skip
    return reply_check.findings(draft, lists().reply_check, others)


ANSWERS = reply_answers.__name__
"""The guard of a transition whose form is an answer to the firm."""


def drafting_steps(definition: CaseType) -> tuple[str, ...]:
    """Return the transitions by which an answer to the firm is drafted."""
    return tuple(name for name, step in definition.transitions.items() if ANSWERS in step.guards)


GUARDS: dict[str, Guard] = {
    one.__name__: one
    for one in (
        not_the_unit_complained_of,
        another_than_drafter,
        another_than_excluder,
        appeal_in_time,
        result_as_drafted,
        result_as_closed,
        no_open_co_handling,
        meeting_step_reached,
        just_assigned,
        just_accepted,
        reply_answers,
    )
}
