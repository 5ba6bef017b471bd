"""Units beside the lead: asked for help or opinion, answering, no longer asked."""

from __future__ import annotations

from datetime import datetime

from qifu.engines.casework import parts
from qifu.engines.casework.models import Case, CasePart
from qifu.engines.casework.record import lock
from qifu.foundation.access import Actor, NotFound
from qifu.foundation.action import Refused, action
from qifu.foundation.notices import finish_to_dos
from qifu.registers.organisations.models import Organisation
from qifu.services.enterprise_problems.actions.files import NewFiles, keep_files


@action(
    "enterprise_problems.ask_part", title="请其他单位参与", permission="enterprise_problems.move", on="case"
)
def ask_part(
    *, by: Actor, at: datetime, case: Case, organisation_id: int, kind: str, request: str,
    expected_version: int | None = None,
) -> CasePart:  # fmt: skip
    """Ask a unit to handle a share of the matter (co_handler) or for its opinion (consulted)."""
    lock(case, expected_version=expected_version)
    if kind not in CasePart.Kind.values:
        raise Refused("请选择协办或征求意见", kind="请选择")
    if not Organisation.objects.filter(pk=organisation_id, effective_to=None).exists():
        raise Refused("没有这个单位", organisation="请从列表中选择")
    return parts.ask_part(case, organisation_id=organisation_id, kind=kind, request=request)


@action(
    "enterprise_problems.answer_part",
    title="答复协办、征求意见",
    permission="enterprise_problems.move",
    on="case",
)
def answer_part(
    *, by: Actor, at: datetime, case: Case, part_id: int, answer: str, files: NewFiles | None = None
) -> CasePart:
    """Give the answer of a unit that was asked; its clock stops."""
    part = parts.answer_part(_part(case, part_id), answer=answer)
    if files is not None and files.uploads:
        event = case.events.order_by("-seq").first()
        assert event is not None
        keep_files(event, files)
    finish_to_dos(part, at=at)
    return part


@action(
    "enterprise_problems.withdraw_part",
    title="撤销协办、征求意见",
    permission="enterprise_problems.move",
    on="case",
)
def withdraw_part(*, by: Actor, at: datetime, case: Case, part_id: int, text: str) -> CasePart:
    """Ask a unit no longer."""
    if not text.strip():
        raise Refused("请写明撤销的理由", text="请写明撤销的理由")
    part = parts.withdraw_part(_part(case, part_id), text=text)
    finish_to_dos(part, at=at)
    return part


def _part(case: Case, part_id: int) -> CasePart:
    found = CasePart.objects.filter(case=case, pk=part_id).select_related("case").first()
    if found is None:
        raise NotFound(f"part {part_id}")
    return found
