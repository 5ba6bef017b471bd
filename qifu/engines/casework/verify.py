"""Whether the tables of cases hold together: every rule that the verbs keep, asked of the rows again.

The cases are gone through in the order of their keys, a batch at a time, each by a fixed number of queries, so that the
memory needed is constant. A case in which something seems wrong is looked at again with its row locked: what moved
between two queries of a batch is no fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction

from qifu.engines.casework import invariants
from qifu.engines.casework.models import Case
from qifu.foundation import clock
from qifu.foundation.access import SYSTEM, Actor, Permission, declare_permissions
from qifu.foundation.action import action
from qifu.foundation.jobs import Job, JobRefused, Running, enqueue, handles
from qifu.foundation.working_calendar import load_calendar
from qifu.foundation.working_days import SHANGHAI

VERIFY = "casework.verify"
BATCH = 5000
NIGHTLY = time(2, 30)
SHOWN = 3
"""How many faults the failed job quotes."""

declare_permissions(Permission(VERIFY, "核对事务（后台作业）", {}))


@dataclass(frozen=True)
class Fault:
    """One thing that does not hold: of which case, in Chinese what is wrong. No personal data."""

    case_id: int
    number: str
    text: str

    def __str__(self) -> str:
        return f"{self.number}：{self.text}"


def verify(*, at: datetime, batch: int = BATCH) -> Iterator[Fault]:
    """Yield every fault of every case, ends judged by the calendar in force at `at` (a moment of business)."""
    calendar = load_calendar(at.astimezone(SHANGHAI).date())
    last = 0
    while True:
        rows = list(Case.objects.filter(pk__gt=last).order_by("pk")[:batch])
        if not rows:
            return
        suspects = {case_id for case_id, _ in invariants.broken(rows, at, calendar)}
        last = rows[-1].pk
        for start in range(0, len(suspects), 100):
            yield from _again(sorted(suspects)[start : start + 100], at)


def verify_cases(case_ids: list[int], *, at: datetime) -> list[Fault]:
    """Return every fault of these cases."""
    return list(_again(sorted(case_ids), at))


def _again(case_ids: list[int], at: datetime) -> list[Fault]:
    """Look at cases with their rows locked, so that no verb is halfway through them; by the calendar of now."""
    with transaction.atomic():
        rows = list(Case.objects.select_for_update().filter(pk__in=case_ids).order_by("pk"))
        numbers = {row.pk: row.number for row in rows}
        calendar = load_calendar(at.astimezone(SHANGHAI).date())
        found = invariants.broken(rows, at, calendar)
        return [Fault(case_id, numbers[case_id], text) for case_id, text in found]


@handles(VERIFY)
def run_verify(running: Running) -> None:
    """Verify every case at night; what is wrong fails the job, and so stands on the page 运行状况 until it is looked after."""
    plan_verification(by=SYSTEM, at=running.at)
    faults = 0
    quoted: list[str] = []
    for fault in verify(at=clock.business(running.at)):
        faults += 1
        if len(quoted) < SHOWN:
            quoted.append(str(fault))
        if faults % 100 == 0:
            running.report(faults, 0, f"已发现 {faults} 处不符")
    if faults:
        raise JobRefused(
            f"事务核对发现 {faults} 处不符：{'；'.join(quoted)}。请运行 qifu casework verify 查看全部，并联系维护人员"
        )


@action("casework.plan_verification", title="安排事务核对", permission=VERIFY)
def plan_verification(*, by: Actor, at: datetime) -> None:
    """See to it that the cases are verified the next night; asking again changes nothing."""
    if Job.objects.filter(kind=VERIFY, state=Job.State.WAITING).exists():
        return
    local = at.astimezone(SHANGHAI)
    night = local.replace(hour=NIGHTLY.hour, minute=NIGHTLY.minute, second=0, microsecond=0)
    if night <= local:
        night += timedelta(days=1)
    enqueue(VERIFY, run_at=night, unique_key=f"{VERIFY}-{night.date()}", max_attempts=3)
