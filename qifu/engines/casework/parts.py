"""Units that take part beside the lead: 协办 with a clock of its own, 征求意见 whose opinion is asked."""

from __future__ import annotations

from qifu.engines.casework.binding import binding_of
from qifu.engines.casework.clock_rows import RunningClocks
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CasePart
from qifu.engines.casework.record import lock, moment_of, record, standing
from qifu.foundation.action import Refused, current_act
from qifu.registers.organisations.models import Organisation

ASKED, ANSWERED, WITHDRAWN = "part_asked", "part_answered", "part_withdrawn"


def ask_part(case: Case, *, organisation_id: int, kind: str, request: str) -> CasePart:
    """Ask a unit to take part, inside an act; a co-handler's clock starts. Refused for the lead and the unit complained of."""
    row = lock(case)
    definition = of_case(row)
    who = standing(row, definition.verbs.co_handler_roles)
    if kind not in CasePart.Kind.values:
        raise Refused("参与方式只有协办和征求意见", kind="请选择参与方式")
    if definition.ends(row.state):
        raise Refused("这一件已办结，不能再请其他单位参与")
    if not Organisation.objects.filter(pk=organisation_id, effective_to=None).exists():
        raise Refused("没有这个单位或者已撤销，请重新选择", organisation="请重新选择")
    if organisation_id == row.lead_id:
        raise Refused("主办单位不必再作协办", organisation="请选择其他单位")
    about = [row.complained_id, *row.children.values_list("complained_id", flat=True)]
    if organisation_id in about:
        raise Refused("这件反映的就是该单位或其人员，不能请其参与", organisation="请选择其他单位")
    if not request.strip():
        raise Refused("请写明请对方做什么", request="请写明请对方做什么")
    if CasePart.objects.filter(
        case=row, organisation_id=organisation_id, kind=kind, answered_at=None, withdrawn_at=None
    ).exists():
        raise Refused("已经请该单位参与，正在等待回复", organisation="正在等待该单位回复")
    act = current_act()
    part = CasePart.objects.create(
        case=row, organisation_id=organisation_id, kind=CasePart.Kind(kind), asked_at=moment_of(row), asked_by=act.by.id,
        request=request.strip(),
    )  # fmt: skip
    if part.kind == CasePart.Kind.CO_HANDLER and definition.verbs.co_handler_clock:
        clocks = RunningClocks(row)
        clocks.start([definition.verbs.co_handler_clock], facts=binding_of(row.kind).facts(row), part=part)
        clocks.save()
    facts = {"part": part.pk, "organisation": organisation_id, "kind": part.kind}
    record(row, ASKED, title=part.get_kind_display(), who=who, text=part.request, facts=facts)
    return part


def answer_part(part: CasePart, *, answer: str) -> CasePart:
    """Keep a unit's answer, inside an act by one of its people; its clock stops."""
    row = lock(part.case)
    mine = CasePart.objects.select_for_update().get(pk=part.pk)
    _see_open(mine)
    who = standing(row, ["co_handler"])
    act = current_act()
    if act.by.is_person and who.organisation_id != mine.organisation_id:
        raise Refused("只有被请求的单位可以答复")
    if not answer.strip():
        raise Refused("请写明意见", answer="请写明意见")
    mine.answered_at, mine.answered_by, mine.answer = moment_of(row), act.by.id, answer.strip()
    mine.save(update_fields=["answered_at", "answered_by", "answer"])
    _stop(row, mine)
    record(
        row,
        ANSWERED,
        title=f"{mine.get_kind_display()}答复",
        who=who,
        text=mine.answer,
        facts={"part": mine.pk},
    )
    return mine


def withdraw_part(part: CasePart, *, text: str) -> CasePart:
    """Ask a unit no longer, inside an act; its clock stops."""
    row = lock(part.case)
    mine = CasePart.objects.select_for_update().get(pk=part.pk)
    _see_open(mine)
    who = standing(row, of_case(row).verbs.co_handler_roles)
    mine.withdrawn_at = moment_of(row)
    mine.save(update_fields=["withdrawn_at"])
    _stop(row, mine)
    record(
        row, WITHDRAWN, title=f"撤销{mine.get_kind_display()}", who=who, text=text, facts={"part": mine.pk}
    )
    return mine


def _see_open(part: CasePart) -> None:
    if part.answered_at is not None or part.withdrawn_at is not None:
        raise Refused("这项请求已经答复或撤销，请刷新页面")


def _stop(row: Case, part: CasePart) -> None:
    clocks = RunningClocks(row)
    clocks.stop_rows([clock for clock in clocks.own() if clock.part_id == part.pk])
    clocks.save()
