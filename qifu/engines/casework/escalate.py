"""上报协调: a case put before the level above, which sees it live and answers by advice, by taking it over, or by sending it back."""

from __future__ import annotations

from qifu.engines.casework.binding import binding_of
from qifu.engines.casework.clock_rows import RunningClocks
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, Escalation
from qifu.engines.casework.moves import leave_lead, see_lead
from qifu.engines.casework.record import lock, lock_family, moment_of, record, standing
from qifu.foundation.action import Refused, current_act
from qifu.foundation.files.models import StoredFile

SHOWN = {"advised": "上一级已提出协调意见", "taken_over": "已由上一级直接办理", "sent_back": ""}
"""What the firm reads of each answer."""


def escalate(
    case: Case, *, to_place: str, to_organisation_id: int, reason: str, pack: StoredFile | None = None
) -> Escalation:
    """Put a case before the place above, inside an act of the hub; its own clock for the answer starts."""
    row = lock(case)
    definition = of_case(row)
    verbs = definition.verbs
    who = standing(row, verbs.escalate_roles)
    if row.state not in verbs.escalate_states:
        raise Refused(f"这一件现为“{definition.states[row.state].title}”，不能上报协调")
    if row.escalations.filter(decision=Escalation.Decision.OPEN).exists():
        raise Refused("已经上报，正在等待上级答复")
    if to_organisation_id == row.complained_id:
        raise Refused("这件反映的就是接收单位或其人员，请报更上一级")
    if not reason.strip():
        raise Refused("请写明上报理由：办了什么、难在哪里、请上级做什么", reason="请写明上报理由")
    act = current_act()
    clocks = RunningClocks(row)
    named = [verbs.escalation_clock] if verbs.escalation_clock else []
    clocks.start(named, facts=binding_of(row.kind).facts(row))
    clocks.save()
    clock = clocks.of_lead(verbs.escalation_clock) if named else None
    raised = Escalation.objects.create(
        case=row, from_place=row.place_code, to_place=to_place, to_organisation_id=to_organisation_id, at=moment_of(row),
        by_id=act.by.id, reason=reason.strip(), pack=pack, clock=clock,
    )  # fmt: skip
    record(
        row, "escalated", title="上报协调", who=who, text=raised.reason, shown="已报上一级协调",
        facts={"escalation": raised.pk, "to_place": to_place},
    )  # fmt: skip
    return raised


def answer(escalation: Escalation, *, decision: str, text: str, lead_id: int | None = None) -> Escalation:
    """Answer an escalation, inside an act of the level above.

    `taken_over`: the case moves to that level with its hub, or the unit named, as lead; `advised` and `sent_back`
    leave it where it is.
    """
    row, children = lock_family(escalation.case)
    mine = Escalation.objects.select_for_update().get(pk=escalation.pk)
    if mine.decision != Escalation.Decision.OPEN:
        raise Refused("这项上报已经答复或撤回，请刷新页面")
    who = standing(row, ["upper_hub"])
    if decision not in SHOWN:
        titles = "、".join(Escalation.Decision(one).label for one in SHOWN)
        raise Refused(f"请选择答复方式：{titles}", decision="请选择答复方式")
    if not text.strip():
        raise Refused("请写明答复意见", text="请写明答复意见")
    lead = lead_id or mine.to_organisation_id
    if decision == Escalation.Decision.TAKEN_OVER:
        see_lead(row, children, lead)
    elif lead_id is not None:
        raise Refused("只有提级办理才能另定主办单位", lead="请选择提级办理，或不填主办单位")
    mine.decision, mine.answer = Escalation.Decision(decision), text.strip()
    mine.answered_at, mine.answered_by = moment_of(row), current_act().by.id
    mine.save(update_fields=["decision", "answer", "answered_at", "answered_by"])
    clocks = RunningClocks(row)
    clocks.stop_rows([clock for clock in clocks.own() if clock.pk == mine.clock_id])
    if decision == Escalation.Decision.TAKEN_OVER:
        changed = row.lead_id != lead
        row.place_code, row.lead_id, row.handler_id = mine.to_place, lead, None
        if changed:
            leave_lead(row, clocks)
    clocks.save()
    facts = {"escalation": mine.pk, "decision": decision, "lead": row.lead_id, **clocks.withdrawn}
    record(
        row, "escalation_answered", title=mine.get_decision_display(), who=who, text=mine.answer, shown=SHOWN[decision],
        facts=facts,
    )  # fmt: skip
    return mine
