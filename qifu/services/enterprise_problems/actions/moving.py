"""One act for every transition of the case type: who may do it is what the type says, role by role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qifu.engines.casework.case_type import Effect, Transition
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseEvent
from qifu.engines.casework.moves import move
from qifu.engines.casework.record import standing
from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.sealed import Unreadable
from qifu.services.enterprise_problems.actions.files import WITH_REPLY, NewFiles, give_reply_files, keep_files
from qifu.services.enterprise_problems.actions.promises import NewPromise, draft_promises, make_promises
from qifu.services.enterprise_problems.guards import ANSWERS, find_in_reply
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.recipients import officers_of

REVEALED_TO = ("hub", "lead", "callback", "co_handler", "upper_hub")
REVEAL_REASONS = {"contact": "联系企业办理", "verify": "核实情况", "callback": "回访"}


@dataclass(frozen=True)
class Contact:
    """Whom to reach at the firm, in clear."""

    name: str
    mobile: str


@action("enterprise_problems.move", title="办理涉企问题", permission="enterprise_problems.move")
def move_problem(
    *,
    by: Actor,
    at: datetime,
    case: Case,
    transition: str,
    form: Mapping[str, Any] | None = None,
    text: str = "",
    expected_version: int | None = None,
    files: NewFiles | None = None,
    promises: Sequence[NewPromise] = (),
    confirmed: str = "",
) -> CaseEvent:
    """Do one transition of a problem's case; Refused in Chinese where it may not happen, NotFound without the role.

    The permission must merely be held: the engine asks, under the row lock, for the transition's own role on the case.
    A draft whose text raises doubts is taken only with `confirmed`, the reason why it is right all the same. Files
    given to the firm with a draft reach it when the answer goes out, as do `promises` (what, by which day).
    """
    return do_move(case, transition, form, text, expected_version, files, promises, confirmed)


def do_move(
    case: Case,
    transition: str,
    form: Mapping[str, Any] | None,
    text: str,
    expected_version: int | None,
    files: NewFiles | None = None,
    promises: Sequence[NewPromise] = (),
    confirmed: str = "",
) -> CaseEvent:
    """Do what `move_problem` promises, inside an act that has seen to its permission."""
    step = of_case(case).transitions.get(transition)
    given = dict(form or {})
    if step is not None and step.effect is Effect.CLOSE and len(step.results) == 1:
        given.setdefault("result", step.results[0])
    drafts = step is not None and ANSWERS in step.guards
    if step is not None and (drafts or promises or files or step.effect is Effect.DIVIDE):
        standing(case, step.roles)  # before anything about the case is told in a refusal
    if promises and not drafts:
        raise Refused("承诺只能随答复提出")
    if drafts:
        text = _see_reply(case, given, [one.text for one in promises], confirmed, text)
    if step is not None:
        _see_more(case, step, given, files)
    event = move(case, transition, form=given, text=text, expected_version=expected_version)
    if step is not None:
        _attach(event, step, files, drafts=drafts)
    if drafts:
        draft_promises(event, promises)
    if step is not None and step.effect is Effect.CLOSE and "{reply}" in step.shown:
        give_reply_files(event)
        make_promises(event)
    return event


def _see_more(case: Case, step: Transition, given: Mapping[str, Any], files: NewFiles | None) -> None:
    """See to what the engine cannot know: who works in the lead unit, that a scan came with 线下签批."""
    if step.effect is Effect.DIVIDE and given.get("handler"):
        colleagues = officers_of(case.lead_id, current_act().at)
        if str(given["handler"]) not in map(str, colleagues):
            raise Refused("经办人应是本单位现任工作人员", handler="请从本单位人员中选择")
    if given.get("signed_on_paper") and not (files and files.uploads):
        raise Refused("线下签批的，请上传签批件扫描件", files="请上传签批件扫描件")


def _attach(event: CaseEvent, step: Transition, files: NewFiles | None, *, drafts: bool) -> None:
    if files is None or not files.uploads:
        return
    if files.give and not (step.shown or drafts):
        raise Refused("这一步的内容企业看不到，附件不能提供给企业", give="请取消勾选")
    public = files.give and not drafts
    keep_files(event, files, public=public, purpose=WITH_REPLY if files.give and drafts else "")


def _see_reply(
    case: Case, given: Mapping[str, Any], promises: Sequence[str], confirmed: str, text: str
) -> str:
    """Return the internal text of a draft's event; Refused at the field where the draft may not go on like this."""
    findings = find_in_reply(case, given, promises)
    hard = [one.words for one in findings if one.hard]
    if hard:
        raise Refused("答复没有通过检查：" + "；".join(hard), reply="；".join(hard))
    soft = [one.words for one in findings]
    if soft and not confirmed.strip():
        raise Refused(
            "答复检查有提示，请修改；确认无误的，写明理由后再提交",
            reply="；".join(soft), confirmed="请修改答复，或在这里写明为什么仍按此答复",
        )  # fmt: skip
    if not soft:
        return text
    return "\n".join(part for part in (text, f"答复检查提示：{'；'.join(soft)}", f"拟稿人说明：{confirmed.strip()}") if part)  # fmt: skip


@action(
    "enterprise_problems.see_contact",
    title="查看企业联系方式",
    permission="enterprise_problems.move",
    on="case",
)
def reveal_contact(*, by: Actor, at: datetime, case: Case, reason: str) -> Contact:
    """Return the contact in clear to whoever handles the case; who looked and what for stays in the audit trail.

    Legal basis: 个人信息保护法 第六条 (最小必要), 第五十一条.
    """
    if reason not in REVEAL_REASONS:
        raise Refused("请选择查看的用途", reason="请从列表中选择")
    standing(case, REVEALED_TO)
    problem = Problem.objects.get(pk=case.pk)
    for sealed in (problem.contact_name, problem.contact_mobile):
        if isinstance(sealed, Unreadable):
            raise Refused(str(sealed))
    current_act().about(case)
    current_act().note(reason=REVEAL_REASONS[reason])
    return Contact(problem.contact_name, problem.contact_mobile)
