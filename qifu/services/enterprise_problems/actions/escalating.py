"""上报协调: a hub puts a case before the level above with an evidence pack; that level answers."""

from __future__ import annotations

import io
from datetime import datetime

from qifu.engines.casework import escalate as engine
from qifu.engines.casework.models import Case, Escalation
from qifu.engines.casework.record import lock
from qifu.foundation.access import Actor, NotFound, grants_of
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.files.storage import store_made
from qifu.foundation.notices import finish_to_dos
from qifu.registers.organisations.hubs import hub_of, upper_place
from qifu.services.enterprise_problems.evidence_pack import pack_of
from qifu.services.enterprise_problems.queries.offers import answers_for


@action("enterprise_problems.escalate", title="上报协调", permission="enterprise_problems.move", on="case")
def escalate(
    *, by: Actor, at: datetime, case: Case, reason: str, expected_version: int | None = None
) -> Escalation:
    """Put a case before the place right above whose hub is another than its own, with everything done so far as a pack."""
    row = lock(case, expected_version=expected_version)
    place, hub = _above(row)
    pack = None
    if reason.strip():
        content = pack_of(row, at=current_act().moment)
        pack = store_made(
            io.BytesIO(content), name=f"{row.number}-证据包.zip", media_type="application/zip",
            place_code=row.place_code, owner_organisation_id=hub,
        )  # fmt: skip
    return engine.escalate(row, to_place=place, to_organisation_id=hub, reason=reason, pack=pack)


def _above(case: Case) -> tuple[str, int]:
    place = upper_place(case.place_code)
    while place is not None:
        hub = hub_of(place)
        if hub not in (hub_of(case.place_code), case.complained_id):
            return place, hub
        place = upper_place(place)
    raise Refused("已在省级，没有更上一级可以上报；请由省级专班牵头研究")


@action(
    "enterprise_problems.answer_escalation",
    title="答复上报",
    permission="enterprise_problems.move",
    on="case",
)
def answer_escalation(
    *, by: Actor, at: datetime, case: Case, escalation_id: int, decision: str, text: str, lead_id: int | None = None,
    expected_version: int | None = None,
) -> Escalation:  # fmt: skip
    """Answer from above: advised (批转意见), taken_over (提级办理, by `lead_id` or the hub), sent_back (退回下级办理)."""
    row = lock(case, expected_version=expected_version)
    raised = Escalation.objects.filter(case=row, pk=escalation_id).select_related("case", "clock").first()
    if raised is None:
        raise NotFound(f"escalation {escalation_id}")
    if by.is_person and not answers_for(raised.to_place, grants_of(by, at)):
        raise NotFound(f"escalation {escalation_id}")
    if decision not in ("advised", "taken_over", "sent_back"):
        raise Refused("请选择批转意见、提级办理或退回下级办理", decision="请选择")
    if lead_id is not None and lead_id == row.complained_id:
        raise Refused("这件反映的就是该单位或其人员，不能交其办理", lead="请选择其他单位")
    answered = engine.answer(
        raised, decision=decision, text=text, lead_id=lead_id if decision == "taken_over" else None
    )
    finish_to_dos(answered, at=at)
    return answered
