"""延期 and 暂停计时: asked by one, decided by another, limited by the case type; a pause may need the firm's consent."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from qifu.engines.casework.clock_rows import RunningClocks
from qifu.engines.casework.clocks import Limit, Unit
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseAsk, CaseClock, ClockPause
from qifu.engines.casework.record import Standing, lock, moment_of, record, standing
from qifu.foundation.access import SYSTEM, Actor, Permission, declare_permissions
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.working_days import SHANGHAI


def ask_extension(case: Case, *, clock: str, amount: int, text: str, evidence: Any = None) -> CaseAsk:
    """Ask for more time on a clock, in its own unit, inside an act; Refused beyond what the case type allows."""
    row = lock(case)
    definition = of_case(row)
    verbs = definition.verbs
    who = standing(row, verbs.extension_asked_by)
    found = _running(RunningClocks(row), clock, verbs.extension_clocks, "延期")
    if found.extensions >= verbs.extension_times:
        raise Refused(f"“{definition.clocks[clock].title}”最多延期 {verbs.extension_times} 次，已用完；确需更长时间的，请申请挂账或上报协调")  # fmt: skip
    most = verbs.extension_most
    if most is None or most.unit != Unit(found.unit):
        raise Refused(f"办理规则没有写明“{definition.clocks[clock].title}”可以延长多少，不能延期")
    if not 1 <= amount <= most.amount:
        raise Refused(
            f"每次最多延长{most.words()}，请写 1 至 {most.amount}", amount=f"请写 1 至 {most.amount}"
        )
    _see_in_time(row, found, "申请延期")
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
    clocks = RunningClocks(row)
    found = _running(clocks, clock, verbs.pause_clocks, "暂停计时")
    ground = verbs.pause_reasons.get(reason)
    if ground is None:
        titles = "、".join(one.title for one in verbs.pause_reasons.values())
        raise Refused(f"暂停计时的事由只能是：{titles}", reason="请选择事由")
    if ground.evidence and evidence is None:
        raise Refused(f"以“{ground.title}”暂停计时，须附佐证材料", evidence="请上传佐证材料")
    if clocks.stands_still(found):
        raise Refused("这个时限已在暂停中")
    _see_in_time(row, found, "暂停计时")
    today = moment_of(row).astimezone(SHANGHAI).date()
    last = today + timedelta(days=verbs.pause_most)
    until = until_on or last
    if not today < until <= last:
        first = today + timedelta(days=1)
        raise Refused(
            f"一次最多暂停 {verbs.pause_most} 日，恢复日请写 {first} 至 {last}",
            until_on=f"请写 {first} 至 {last}",
        )
    ask = _save(found, CaseAsk.Kind.PAUSE, text, reason=reason, evidence=evidence, until_on=until)
    shown = f"办理单位因“{ground.title}”申请暂停计时：{ask.text}。请您表示是否同意" if ground.consent else ""
    record(row, "pause_asked", title="申请暂停计时", who=who, text=ask.text, shown=shown, facts={"ask": ask.pk, "clock": clock, "reason": reason})  # fmt: skip
    return ask


def _running(clocks: RunningClocks, name: str, allowed: tuple[str, ...], what: str) -> CaseClock:
    known = clocks.definition.clocks
    if name not in allowed:
        titles = "、".join(known[one].title for one in allowed)
        raise Refused(f"只有这些时限可以{what}：{titles or '无'}", clock="请选择时限")
    found = clocks.of_lead(name)
    if found is None:
        raise Refused(f"“{known[name].title}”现在没有在计时")
    return found


def _see_in_time(row: Case, clock: CaseClock, what: str) -> None:
    if clock.due_at is not None and moment_of(row) > clock.due_at:
        raise Refused(f"时限已过，不能再{what}；请尽快办结，并如实说明逾期原因")


def _save(clock: CaseClock, kind: CaseAsk.Kind, text: str, **more: Any) -> CaseAsk:
    if not text.strip():
        raise Refused("请写明理由", text="请写明理由")
    if clock.asks.filter(kind=kind, decision=CaseAsk.Decision.OPEN).exists():
        raise Refused(f"已有一项{kind.label}申请正在等待审批")
    act = current_act()
    return CaseAsk.objects.create(
        case=clock.case, clock=clock, kind=kind, text=text.strip()[:500], asked_at=moment_of(clock.case),
        asked_by=act.by.id, asked_by_name=act.by.name[:60], **more,
    )  # fmt: skip


def consent(ask: CaseAsk, *, given: bool, text: str = "", who: Standing | None = None) -> CaseAsk:
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
        _decided(row, mine, CaseAsk.Decision.REFUSED, "企业不同意暂停计时")
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
    clocks = RunningClocks(row)
    name = mine.clock.name
    title = definition.clocks[name].title
    facts: dict[str, Any] = {"ask": mine.pk, "clock": name}
    shown = ""
    if approve and extension:
        facts |= _extend(clocks, mine)
        more = Limit(Unit(mine.clock.unit), mine.amount).words()
        shown = f"“{title}”时限经批准延长{more}：{mine.text}"
    elif approve:
        _pause(clocks, mine)
        shown = f"“{title}”自今日起暂停计时（{verbs.pause_reasons[mine.reason].title}），最迟 {mine.until_on} 恢复"
    _decided(row, mine, CaseAsk.Decision.APPROVED if approve else CaseAsk.Decision.REFUSED, text)
    clocks.save()
    what = f"{'同意' if approve else '不同意'}{mine.get_kind_display()}"
    record(row, f"{mine.kind}_{'approved' if approve else 'refused'}", title=what, who=who, text=text, shown=shown, facts=facts)  # fmt: skip
    return mine


def _extend(clocks: RunningClocks, ask: CaseAsk) -> dict[str, Any]:
    """Give the clock what was asked; the times of extension that the type allows were counted when it was asked."""
    clock = next(row for row in clocks.own() if row.pk == ask.clock_id)
    before = clock.due_at
    clocks.extend(clock, ask.amount)
    return {
        "before": before.isoformat() if before else "",
        "after": clock.due_at.isoformat() if clock.due_at else "",
    }


def _pause(clocks: RunningClocks, ask: CaseAsk) -> None:
    ground = clocks.definition.verbs.pause_reasons[ask.reason]
    if ground.consent and ask.consent_id is None:
        raise Refused(f"以“{ground.title}”暂停计时，须先由企业同意")
    if ask.until_on is not None and ask.until_on <= moment_of(clocks.case).astimezone(SHANGHAI).date():
        raise Refused(f"申请的恢复日 {ask.until_on} 已到，不再暂停；确需暂停的，请重新申请")
    clocks.pause(
        [ask.clock.name], reason=ask.reason, text=ask.text, approved_by_name=current_act().by.name,
        evidence=ask.evidence, consent=ask.consent, until_on=ask.until_on,
    )  # fmt: skip


def withdraw_ask(ask: CaseAsk) -> CaseAsk:
    """Take an ask back, inside an act by the side that asked."""
    row = lock(ask.case)
    mine = _open(ask)
    verbs = of_case(row).verbs
    asked_by = verbs.extension_asked_by if mine.kind == CaseAsk.Kind.EXTENSION else verbs.pause_asked_by
    who = standing(row, asked_by)
    _decided(row, mine, CaseAsk.Decision.WITHDRAWN, "")
    record(
        row,
        f"{mine.kind}_withdrawn",
        title=f"撤回{mine.get_kind_display()}申请",
        who=who,
        facts={"ask": mine.pk},
    )
    return mine


def resume_clock(case: Case, *, clock: str, text: str) -> CaseClock:
    """Let a clock that stands still on an approved ground run again, inside an act by the asking or approving side."""
    row = lock(case)
    verbs = of_case(row).verbs
    who = standing(row, [*verbs.pause_approved_by, *verbs.pause_asked_by])
    grounds = list(verbs.pause_reasons)
    stood = _end(row, ClockPause.objects.filter(clock__name=clock, reason__in=grounds), who, text)
    if not stood:
        raise Refused("这个时限没有因申请而暂停")
    return stood[0]


def _end(row: Case, pauses: QuerySet[ClockPause], who: Standing, text: str) -> list[CaseClock]:
    """End those of the pauses that are open on running clocks of the case; record it where there was one."""
    open_pauses = pauses.filter(clock__case=row, clock__stopped_at=None, to_at=None)
    ids = set(open_pauses.values_list("clock_id", flat=True))
    clocks = RunningClocks(row)
    stood = clocks.resume([one.name for one in clocks.own() if one.pk in ids])
    if stood:
        clocks.save()
        titles = "、".join(clocks.definition.clocks[one.name].title for one in stood)
        facts = {"clock": stood[0].name, "clocks": [one.name for one in stood]}
        record(
            row, "pause_ended", title="恢复计时", who=who, text=text, shown=f"“{titles}”恢复计时", facts=facts
        )
    return stood


declare_permissions(Permission("casework.end_pauses", "暂停到期恢复计时（后台作业）", {}))


@action("casework.end_pauses", title="暂停到期，恢复计时", permission="casework.end_pauses")
def end_pauses_of(*, by: Actor, at: datetime, case_id: int) -> int:
    """Let the clocks of one case run again whose pause has come to its last day; return how many."""
    row = lock(Case(pk=case_id), merged=True)
    return len(_end(row, _due_pauses(current_act().moment), Standing("system"), "暂停期满"))


def end_due_pauses(*, at: datetime) -> int:
    """Let every clock run again whose pause has come to its last day (最迟恢复日), from that day on; return how many."""
    cases = _due_pauses(at).order_by().values_list("clock__case_id", flat=True).distinct()
    return sum(end_pauses_of(by=SYSTEM, at=at, case_id=case_id) for case_id in list(cases))


def _due_pauses(moment: datetime) -> QuerySet[ClockPause]:
    today = moment.astimezone(SHANGHAI).date()
    return ClockPause.objects.filter(to_at=None, until_on__lte=today, clock__stopped_at=None)


def _open(ask: CaseAsk) -> CaseAsk:
    mine = CaseAsk.objects.select_for_update().get(pk=ask.pk)
    if mine.decision != CaseAsk.Decision.OPEN:
        raise Refused("这项申请已经处理，请刷新页面")
    return mine


def _decided(row: Case, ask: CaseAsk, decision: CaseAsk.Decision, text: str) -> None:
    act = current_act()
    ask.decision, ask.decided_at, ask.decided_by = decision, moment_of(row), act.by.id
    ask.decided_by_name, ask.decision_text = act.by.name[:60], text.strip()[:500]
    ask.save(update_fields=["decision", "decided_at", "decided_by", "decided_by_name", "decision_text"])
