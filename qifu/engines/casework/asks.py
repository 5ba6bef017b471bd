"""延期 and 暂停计时: asked by one, decided by another, limited by the case type; a pause may need the firm's consent."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from qifu.engines.casework import clock_rows
from qifu.engines.casework.case_type import CaseType
from qifu.engines.casework.clocks import Limit, Unit
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseAsk, CaseClock
from qifu.engines.casework.record import lock, record, standing
from qifu.foundation.action import Refused, current_act
from qifu.foundation.working_days import SHANGHAI


def ask_extension(case: Case, *, clock: str, amount: int, text: str, evidence: Any = None) -> CaseAsk:
    """Ask for more time on a clock, in its own unit, inside an act; Refused beyond what the case type allows."""
    row = lock(case)
    definition = of_case(row)
    verbs = definition.verbs
    who = standing(row, verbs.extension_asked_by)
    found = _running(row, definition, clock, verbs.extension_clocks, "延期")
    if found.extensions >= verbs.extension_times:
        raise Refused(f"“{definition.clocks[clock].title}”最多延期 {verbs.extension_times} 次，已用完；确需更长时间的，请申请挂账或上报协调")  # fmt: skip
    most = verbs.extension_most
    if amount < 1 or (most is not None and most.unit == Unit(found.unit) and amount > most.amount):
        most_words = most.words() if most else ""
        raise Refused(f"每次最多延长{most_words}，请写 1 至 {most.amount if most else 1}", amount="请改短")
    if found.due_at is not None and current_act().moment > found.due_at:
        raise Refused("时限已过，不能再申请延期；请尽快办结，并如实说明逾期原因")
    ask = _save(found, CaseAsk.Kind.EXTENSION, text, amount=amount, evidence=evidence)
    facts = {"ask": ask.pk, "clock": clock, "amount": amount, "unit": found.unit}
    record(row, "extension_asked", title="申请延期", who=who, text=ask.text, facts=facts)
    return ask


def ask_pause(
    case: Case, *, clock: str, reason: str, text: str, evidence: Any = None, until_on: date | None = None
) -> CaseAsk:
    """Ask that a clock stand still, on a ground of the case type, inside an act."""
    row = lock(case)
    definition = of_case(row)
    verbs = definition.verbs
    who = standing(row, verbs.pause_asked_by)
    found = _running(row, definition, clock, verbs.pause_clocks, "暂停计时")
    ground = verbs.pause_reasons.get(reason)
    if ground is None:
        titles = "、".join(one.title for one in verbs.pause_reasons.values())
        raise Refused(f"暂停计时的事由只能是：{titles}", reason="请选择事由")
    if ground.evidence and evidence is None:
        raise Refused(f"以“{ground.title}”暂停计时，须附佐证材料", evidence="请上传佐证材料")
    if found.pauses.filter(to_at=None).exists():
        raise Refused("这个时限已在暂停中")
    if found.due_at is not None and current_act().moment > found.due_at:
        raise Refused("时限已过，不能再暂停计时；请尽快办结，并如实说明逾期原因")
    last = current_act().moment.astimezone(SHANGHAI).date() + timedelta(days=verbs.pause_most)
    until = until_on or last
    if until > last:
        raise Refused(f"一次最多暂停 {verbs.pause_most} 日，最迟 {last} 恢复", until_on=f"最迟 {last}")
    ask = _save(found, CaseAsk.Kind.PAUSE, text, reason=reason, evidence=evidence, until_on=until)
    shown = f"办理单位因“{ground.title}”申请暂停计时：{ask.text}。请您表示是否同意" if ground.consent else ""
    record(row, "pause_asked", title="申请暂停计时", who=who, text=ask.text, shown=shown, facts={"ask": ask.pk, "clock": clock, "reason": reason})  # fmt: skip
    return ask


def _running(row: Case, definition: CaseType, name: str, allowed: tuple[str, ...], what: str) -> CaseClock:
    if name not in allowed:
        titles = "、".join(definition.clocks[one].title for one in allowed)
        raise Refused(f"只有这些时限可以{what}：{titles or '无'}", clock="请选择时限")
    found = next((clock for clock in clock_rows.running(row, [name]) if clock.part_id is None), None)
    if found is None:
        raise Refused(f"“{definition.clocks[name].title}”现在没有在计时")
    return found


def _save(clock: CaseClock, kind: CaseAsk.Kind, text: str, **more: Any) -> CaseAsk:
    if not text.strip():
        raise Refused("请写明理由", text="请写明理由")
    if clock.asks.filter(kind=kind, decision=CaseAsk.Decision.OPEN).exists():
        raise Refused(f"已有一项{kind.label}申请正在等待审批")
    act = current_act()
    return CaseAsk.objects.create(
        case=clock.case, clock=clock, kind=kind, text=text.strip()[:500], asked_at=act.moment, asked_by=act.by.id,
        asked_by_name=act.by.name[:60], **more,
    )  # fmt: skip


def consent(ask: CaseAsk, *, given: bool, text: str = "", who: Any = None) -> CaseAsk:
    """Keep the firm's word on a pause, inside its act: without it such a pause cannot be approved; a refusal ends the ask."""
    row = lock(ask.case)
    mine = _open(ask)
    ground = of_case(row).verbs.pause_reasons.get(mine.reason)
    if mine.kind != CaseAsk.Kind.PAUSE or ground is None or not ground.consent:
        raise Refused("这项申请不需要您同意")
    if mine.consent_id is not None:
        raise Refused("您已经表示同意")
    who = who or standing(row, ["reporter"])
    said = "同意暂停计时" if given else "不同意暂停计时"
    event = record(
        row, "pause_consent" if given else "pause_dissent", title=said, who=who, text=text, shown=f"您{said}",
        facts={"ask": mine.pk},
    )  # fmt: skip
    if given:
        mine.consent = event
        mine.save(update_fields=["consent"])
    else:
        _decided(mine, CaseAsk.Decision.REFUSED, "企业不同意暂停计时")
    return mine


def decide(ask: CaseAsk, *, approve: bool, text: str = "") -> CaseAsk:
    """Approve or refuse an ask, inside an act by the approver; the clock moves with the approval."""
    row = lock(ask.case)
    mine = _open(ask)
    definition = of_case(row)
    verbs = definition.verbs
    extension = mine.kind == CaseAsk.Kind.EXTENSION
    who = standing(row, verbs.extension_approved_by if extension else verbs.pause_approved_by)
    if current_act().by.is_person and mine.asked_by == current_act().by.id:
        raise Refused("申请人不能审批自己的申请，请由其他人员审批")
    if not approve and not text.strip():
        raise Refused("请写明不同意的理由", text="请写明不同意的理由")
    title = definition.clocks[mine.clock.name].title
    facts: dict[str, Any] = {"ask": mine.pk, "clock": mine.clock.name}
    shown = ""
    if approve and extension:
        facts |= _extend(mine.clock, definition, mine.amount)
        more = Limit(Unit(mine.clock.unit), mine.amount).words()
        shown = f"“{title}”时限经批准延长{more}：{mine.text}"
    elif approve:
        ground = verbs.pause_reasons[mine.reason]
        if ground.consent and mine.consent_id is None:
            raise Refused(f"以“{ground.title}”暂停计时，须先由企业同意")
        clock_rows.pause(
            row, [mine.clock.name], reason=mine.reason, text=mine.text, approved_by_name=current_act().by.name,
            evidence=mine.evidence, consent=mine.consent, until_on=mine.until_on,
        )  # fmt: skip
        shown = f"“{title}”自今日起暂停计时（{ground.title}），最迟 {mine.until_on} 恢复"
    _decided(mine, CaseAsk.Decision.APPROVED if approve else CaseAsk.Decision.REFUSED, text)
    clock_rows.refresh_due(row)
    what = f"{'同意' if approve else '不同意'}{mine.get_kind_display()}"
    record(row, f"{mine.kind}_{'approved' if approve else 'refused'}", title=what, who=who, text=text, shown=shown, facts=facts)  # fmt: skip
    return mine


def _extend(clock: CaseClock, definition: CaseType, amount: int) -> dict[str, Any]:
    before = clock.due_at
    clock.extended += amount
    clock.extensions += 1
    clock.warned_at = clock.overdue_at = None
    clock_rows.set_due(clock, definition, clock_rows.pauses_of(clock))
    clock.save(update_fields=["extended", "extensions", "due_at", "provisional", "warned_at", "overdue_at"])
    return {
        "before": before.isoformat() if before else "",
        "after": clock.due_at.isoformat() if clock.due_at else "",
    }


def withdraw_ask(ask: CaseAsk) -> CaseAsk:
    """Take an ask back, inside an act by the side that asked."""
    row = lock(ask.case)
    mine = _open(ask)
    verbs = of_case(row).verbs
    asked_by = verbs.extension_asked_by if mine.kind == CaseAsk.Kind.EXTENSION else verbs.pause_asked_by
    who = standing(row, asked_by)
    _decided(mine, CaseAsk.Decision.WITHDRAWN, "")
    record(
        row,
        f"{mine.kind}_withdrawn",
        title=f"撤回{mine.get_kind_display()}申请",
        who=who,
        facts={"ask": mine.pk},
    )
    return mine


def resume_clock(case: Case, *, clock: str, text: str) -> CaseClock:
    """Let a clock that stands still run again, inside an act by the asking or approving side."""
    row = lock(case)
    definition = of_case(row)
    verbs = definition.verbs
    who = standing(row, [*verbs.pause_approved_by, *verbs.pause_asked_by])
    stood = clock_rows.resume(row, [clock])
    if not stood:
        raise Refused("这个时限没有暂停")
    clock_rows.refresh_due(row)
    title = definition.clocks[clock].title
    record(
        row,
        "pause_ended",
        title="恢复计时",
        who=who,
        text=text,
        shown=f"“{title}”恢复计时",
        facts={"clock": clock},
    )
    return stood[0]


def _open(ask: CaseAsk) -> CaseAsk:
    mine = CaseAsk.objects.select_for_update().get(pk=ask.pk)
    if mine.decision != CaseAsk.Decision.OPEN:
        raise Refused("这项申请已经处理，请刷新页面")
    return mine


def _decided(ask: CaseAsk, decision: CaseAsk.Decision, text: str) -> None:
    act = current_act()
    ask.decision, ask.decided_at, ask.decided_by = decision, act.moment, act.by.id
    ask.decided_by_name, ask.decision_text = act.by.name[:60], text.strip()[:500]
    ask.save(update_fields=["decision", "decided_at", "decided_by", "decided_by_name", "decision_text"])
