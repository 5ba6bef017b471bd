"""The call-back desk one level above: reveals a contact, records what the firm said, decides 重办 or 免于重办."""

from __future__ import annotations

from datetime import datetime, timedelta

from qifu.engines.casework.models import Case, CaseEvent
from qifu.engines.casework.moves import move
from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.sealed import Unreadable
from qifu.registers.people.models import Contact, Person
from qifu.services.enterprise_problems.models import CallBack, Problem
from qifu.services.enterprise_problems.queries.call_backs import CALL, MOST_ATTEMPTS
from qifu.services.enterprise_problems.queries.ratings import DISSATISFIED

APART = timedelta(hours=1)
"""Two attempts count as two when they are so far apart."""
MOST_TEXT = 2000


def _row(call_back: CallBack) -> CallBack:
    """Return the row, locked until the act ends, and name its case in the audit."""
    row = CallBack.objects.select_for_update().get(pk=call_back.pk)
    current_act().about(row)
    return row


@action(
    "enterprise_problems.reveal_call_back_contact",
    title="查看回访对象联系方式",
    permission=CALL,
    on="call_back",
)
def reveal_call_back_contact(*, by: Actor, at: datetime, call_back: CallBack) -> tuple[str, str]:
    """Return name and telephone of whoever reported, for the call that is planned; who looked stays in the audit trail."""
    row = _row(call_back)
    if row.outcome != CallBack.Outcome.WAITING and row.case.state != DISSATISFIED:
        raise Refused("这次回访已经完成，不能再查看联系方式")
    current_act().note(purpose="回访")
    problem = Problem.objects.get(pk=row.case_id)
    name, mobile = problem.contact_name, problem.contact_mobile
    reporter = row.case.reporter_id
    if not mobile and reporter is not None:
        known = Contact.objects.filter(person_id=reporter, kind="mobile").first()
        name, mobile = Person.objects.get(pk=reporter).name, known.value if known else ""
    if isinstance(mobile, Unreadable):
        raise Refused(str(mobile))
    if not mobile:
        raise Refused("没有留下联系电话，请按企业名称查找，或记为未联系上")
    return name, mobile


@action("enterprise_problems.record_call_back", title="登记回访", permission=CALL, on="call_back")
def record_call_back(
    *, by: Actor, at: datetime, call_back: CallBack, outcome: str, solved: bool | None = None, stars: int | None = None,
    text: str = "",
) -> CallBack:  # fmt: skip
    """Record how a call went: reached (with what the firm said), not reached (final the third time), declined."""
    act = current_act()
    row = _row(call_back)
    if row.outcome != CallBack.Outcome.WAITING:
        raise Refused("这次回访已经登记，请刷新页面")
    if len(text.strip()) > MOST_TEXT:
        raise Refused(f"回访记录最多 {MOST_TEXT} 字", text=f"最多 {MOST_TEXT} 字")
    if outcome == CallBack.Outcome.REACHED:
        if solved is None:
            raise Refused("请选择企业认为问题是否解决", solved="请选择")
        if stars is not None and not 1 <= stars <= 5:
            raise Refused("请选择一至五星", stars="请选择一至五星")
        if row.occasion == CallBack.Occasion.BAD_RATING and not text.strip():
            raise Refused("请写明企业的意见", text="请写明企业的意见")
        row.solved, row.stars = solved, stars
    elif outcome not in (CallBack.Outcome.NOT_REACHED, CallBack.Outcome.DECLINED):
        raise Refused("请选择回访结果", outcome="请从列出的结果中选择")
    if row.attempts and row.at is not None and act.moment < row.at + APART:
        raise Refused("距上次拨打不足一小时，请换个时段再打")
    row.attempts += 1
    row.at, row.by_id = act.moment, by.id
    final = outcome != CallBack.Outcome.NOT_REACHED or row.attempts >= MOST_ATTEMPTS
    row.outcome = outcome if final else CallBack.Outcome.WAITING
    said = text.strip()
    if not final:
        said = f"第{row.attempts}次拨打未联系上" + (f"：{said}" if said else "")
    row.text = "\n".join(filter(None, [row.text, said]))
    row.save()
    return row


@action("enterprise_problems.decide_rework", title="回访后决定", permission=CALL, on="call_back")
def decide_rework(
    *, by: Actor, at: datetime, call_back: CallBack, rework: bool, text: str, signer: str = ""
) -> CaseEvent:
    """Order rework, or exempt from it with the reason and who signed; only after contact was made or tried three times.

    `text` of an order is read by the unit, that of an exemption by the firm; neither may hold the rating.
    """
    row = _row(call_back)
    if row.occasion != CallBack.Occasion.BAD_RATING or row.case.state != DISSATISFIED:
        raise Refused("这一件不在等待决定，请刷新页面")
    if row.outcome == CallBack.Outcome.WAITING:
        raise Refused("请先联系企业并登记回访；三次未联系上的，登记后再决定")
    said = text.strip()
    if not said:
        raise Refused("请写明要求" if rework else "请写明免于重办的理由", text="请填写")
    if rework:
        return move(row.case, "rework", form={"explanation": said})
    if not signer.strip():
        raise Refused("免于重办须由负责人签批，请填写签批人", signer="请填写签批人")
    form = {"result": _drafted(row.case), "explanation": said, "signer": signer.strip()[:60]}
    return move(row.case, "exempt", form=form)


@action("enterprise_problems.reopen_after_call", title="据回访重新打开", permission=CALL, on="call_back")
def reopen_after_call(*, by: Actor, at: datetime, call_back: CallBack, text: str) -> CaseEvent:
    """Open a closed case again, because a sampled firm said that it is not solved."""
    row = _row(call_back)
    if row.occasion != CallBack.Occasion.SAMPLE or row.outcome != CallBack.Outcome.REACHED:
        raise Refused("只有随机回访联系上的，才能据此重新打开")
    if not text.strip():
        raise Refused("请写明要求", text="请填写")
    return move(row.case, "reopen", form={"explanation": text.strip()})


def _drafted(case: Case) -> str:
    """Return the result that the rated answer had."""
    problem = Problem.objects.get(pk=case.pk)
    if problem.drafted_result:
        return problem.drafted_result
    closing = (
        case.events.filter(kind__in=("close", "sign_and_close", "closed_with_main")).order_by("-seq").first()
    )
    return str(closing.facts.get("result", "explained")) if closing else "explained"
