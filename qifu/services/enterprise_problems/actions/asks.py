"""延期 and 暂停计时: asked for, consented to by the firm where it must be, decided, taken back, ended."""

from __future__ import annotations

from datetime import date, datetime

from qifu.engines.casework import asks
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseAsk, CaseClock, ClockPause
from qifu.engines.casework.record import lock
from qifu.foundation.access import Actor, NotFound
from qifu.foundation.action import Refused, action
from qifu.foundation.files.models import StoredFile
from qifu.foundation.notices import finish_to_dos
from qifu.services.enterprise_problems.actions.files import NewFiles, store_files


@action(
    "enterprise_problems.ask_extension", title="申请延期", permission="enterprise_problems.move", on="case"
)
def ask_extension(
    *, by: Actor, at: datetime, case: Case, clock: str, amount: int, text: str, files: NewFiles | None = None,
    expected_version: int | None = None,
) -> CaseAsk:  # fmt: skip
    """Ask for `amount` more of the clock's own unit, with the reason."""
    row = lock(case, expected_version=expected_version)
    return asks.ask_extension(row, clock=clock, amount=amount, text=text, evidence=_evidence(row, files))


@action(
    "enterprise_problems.ask_pause", title="申请暂停计时", permission="enterprise_problems.move", on="case"
)
def ask_pause(
    *, by: Actor, at: datetime, case: Case, clock: str, reason: str, text: str, until_on: date | None = None,
    files: NewFiles | None = None, expected_version: int | None = None,
) -> CaseAsk:  # fmt: skip
    """Ask that a clock stand still on a ground of the case type; where the ground needs it, the firm is asked first."""
    row = lock(case, expected_version=expected_version)
    return asks.ask_pause(
        row, clock=clock, reason=reason, text=text, until_on=until_on, evidence=_evidence(row, files)
    )


@action(
    "enterprise_problems.decide_ask",
    title="审批延期、暂停计时",
    permission="enterprise_problems.move",
    on="case",
)
def decide_ask(
    *, by: Actor, at: datetime, case: Case, ask_id: int, approve: bool, text: str = "",
    expected_version: int | None = None,
) -> CaseAsk:  # fmt: skip
    """Approve or refuse what was asked for; the clock moves with the approval."""
    lock(case, expected_version=expected_version)
    ask = asks.decide(_ask(case, ask_id), approve=approve, text=text)
    finish_to_dos(ask, at=at)
    return ask


@action(
    "enterprise_problems.withdraw_ask",
    title="撤回延期、暂停计时申请",
    permission="enterprise_problems.move",
    on="case",
)
def withdraw_ask(*, by: Actor, at: datetime, case: Case, ask_id: int) -> CaseAsk:
    """Take back what was asked for and is not decided."""
    ask = asks.withdraw_ask(_ask(case, ask_id))
    finish_to_dos(ask, at=at)
    return ask


@action(
    "enterprise_problems.resume_clock", title="恢复计时", permission="enterprise_problems.move", on="case"
)
def resume_clock(*, by: Actor, at: datetime, case: Case, clock: str, text: str = "") -> CaseClock:
    """Let a clock that stands still by a request run again; what a transition stopped (挂账) its own transition resumes."""
    grounds = of_case(case).verbs.pause_reasons
    if (
        ClockPause.objects.filter(clock__case=case, clock__name=clock, to_at=None)
        .exclude(reason__in=grounds)
        .exists()
    ):
        raise Refused("这个时限因挂账暂停，请由中枢恢复办理")
    return asks.resume_clock(case, clock=clock, text=text)


def _evidence(case: Case, files: NewFiles | None) -> StoredFile | None:
    kept = store_files(case.place_code, case.lead_id, files) if files is not None else []
    return kept[0] if kept else None


def _ask(case: Case, ask_id: int) -> CaseAsk:
    found = CaseAsk.objects.filter(case=case, pk=ask_id).select_related("case", "clock").first()
    if found is None:
        raise NotFound(f"ask {ask_id}")
    return found
