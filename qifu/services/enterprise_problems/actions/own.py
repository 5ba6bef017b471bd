"""What a reporter does about an own problem: adds material, appeals, withdraws, answers a request to pause; and the look-up by code.

Each act is for whoever reported, for the firm's people with a mandate, and for whoever shows the proof of the query
code (`proof`, what is kept of the code): the act sees to it itself, so pages cannot forget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from qifu.engines.casework import asks
from qifu.engines.casework.models import Case, CaseAsk, CaseEvent
from qifu.engines.casework.moves import move
from qifu.engines.casework.query_codes import count_attempt, forgive_attempt, query_hash
from qifu.engines.casework.record import Standing, lock, record
from qifu.foundation.access import Actor, NotFound
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.notices import notify
from qifu.services.enterprise_problems.actions.attachments import Upload, attach
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.queries import own
from qifu.services.enterprise_problems.recipients import hub_clerks, officers_of

ACT = "enterprise_problems.follow"
REPORTER = Standing("reporter")
MOST_TEXT = 2000
WRONG = "编号或查询码不正确，请核对收件凭证后重试"


def own_row(by: Actor, at: datetime, case: Case, proof: str) -> Case:
    """Return the case if it is the actor's own, inside an act; NotFound for any other."""
    return own.own_case(by, at, case.number, proof)


@action("enterprise_problems.add_material", title="补充材料", permission=ACT)
def add_material(
    *, by: Actor, at: datetime, case: Case, text: str = "", files: Sequence[Upload] = (), proof: str = ""
) -> CaseEvent:
    """Keep what the reporter adds, for both sides to see; whoever has the problem is told. Refused once it is closed."""
    row = lock(own_row(by, at, case, proof), merged=True)
    said = text.strip()
    if not said and not files:
        raise Refused("请写明要补充的内容，或上传照片、文件", text="请填写，或上传文件")
    if len(said) > MOST_TEXT:
        raise Refused(
            f"最多 {MOST_TEXT} 字，其余请作为附件上传", text=f"最多 {MOST_TEXT} 字，现有 {len(said)} 字"
        )
    if not own.offer(row, current_act().moment).material:
        raise Refused("这件事现在不能补充材料；已办结的，请评价或在回访时提出")
    shown = f"您补充了材料：{said}" if said else "您补充了材料"
    event = record(row, "material", title="补充材料", who=REPORTER, shown=shown)
    attach(event, files, purpose="material")
    leading = row.merged_into or row
    people = [leading.handler_id] if leading.handler_id is not None else officers_of(leading.lead_id, at)
    notify(
        people or hub_clerks(leading, at), title=f"企业补充了材料：{row.title[:120]}（{row.number}）",
        link=reverse("problem", args=[leading.number]), subject=row,
    )  # fmt: skip
    return event


@action("enterprise_problems.appeal", title="对不予纳入提出申诉", permission=ACT)
def appeal(*, by: Actor, at: datetime, case: Case, explanation: str, proof: str = "") -> CaseEvent:
    """Put an exclusion before the level above; once, within the days that the rules allow."""
    return move(
        own_row(by, at, case, proof), "appeal", form={"explanation": explanation.strip()}, who=REPORTER
    )


@action("enterprise_problems.withdraw", title="撤回诉求", permission=ACT)
def withdraw(*, by: Actor, at: datetime, case: Case, explanation: str = "", proof: str = "") -> CaseEvent:
    """Take an own request back; what happened stays on record."""
    form = {"result": "withdrawn", **({"explanation": explanation.strip()} if explanation.strip() else {})}
    return move(own_row(by, at, case, proof), "withdraw", form=form, who=REPORTER)


@action("enterprise_problems.answer_pause", title="答复暂停计时", permission=ACT)
def answer_pause(
    *, by: Actor, at: datetime, case: Case, ask_id: int, given: bool, text: str = "", proof: str = ""
) -> CaseAsk:
    """Say yes or no to a pause that needs the firm's word; without a yes the clock goes on."""
    row = own_row(by, at, case, proof)
    ask = CaseAsk.objects.filter(case=row, pk=ask_id).select_related("case", "clock").first()
    if ask is None:
        raise NotFound(f"ask {ask_id}")
    return asks.consent(ask, given=given, text=text.strip()[:500], who=REPORTER)


# ---- look-up by number and code ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    """What opens one problem for an hour: its number and the proof of its code."""

    number: str
    proof: str


def look_up(*, by: Actor, at: datetime, number: str, code: str, source: str) -> Key:
    """Return the key of a problem by number and query code; Refused, in the same words, for an unknown number and a wrong code.

    Counted before it is checked, as failed, in an act that commits; taken back when the code was right. `source` is
    the address asked from. However many ask at once, no more than the limits are checked.
    """
    wanted, digits = "".join(number.split())[:24], "".join(code.split())[:16]
    if count_look_up(by=by, at=at, number=wanted, source=source):
        raise Refused("输错次数过多，请一小时后再试；有急事请拨打 12345")
    proof = query_hash(wanted, digits)
    problem = Problem.objects.filter(case__number=wanted, case__kind="enterprise_problem").first()
    if not own.proof_fits(problem, proof) or problem is None:
        raise Refused(WRONG)
    open_by_code(by=by, at=at, number=wanted, source=source)
    return Key(wanted, proof)


@action("enterprise_problems.count_look_up", title="查询码尝试", permission=ACT)
def count_look_up(*, by: Actor, at: datetime, number: str, source: str) -> bool:
    """Count an attempt as failed until proven right; tell whether it is barred. Counts end with LOCKED."""
    barred = count_attempt(number, source, at)
    current_act().note(barred=barred)
    return barred


@action("enterprise_problems.open_by_code", title="凭查询码查看", permission=ACT)
def open_by_code(*, by: Actor, at: datetime, number: str, source: str) -> None:
    """Take the count of a right attempt away, and keep that the problem was opened by its code."""
    current_act().about(Case.objects.get(number=number))
    forgive_attempt(number, source)
