"""One act on many problems (批量纳入、交办、合并): each by itself through the engine, refusals named, undone as one.

A bulk act first writes down its steps, then does them a few at a time, each batch in a transaction of its own: what a
crash leaves waiting is done when the act goes on. A step is {case, number, form | main, outcome, reason}; outcome is
waiting, done, refused, undone or kept (an undo that came too late). Undone is what nobody followed up on the same day:
an assignment goes back to the pool, a taking-up back to the inbox, a merger is split; events are added, never deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from qifu.engines.casework.models import Case
from qifu.foundation.access import Actor, NotFound
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.jobs import JobRefused, Running, enqueue, handles
from qifu.registers.people.models import Person
from qifu.services.enterprise_problems.actions.merging import merge_problems, split_problem
from qifu.services.enterprise_problems.actions.moving import move_problem
from qifu.services.enterprise_problems.models import BulkAct

RUN = "enterprise_problems.run_hub"
JOB = "enterprise_problems.bulk"
AT_ONCE, A_BATCH, MOST = 200, 20, 1_000
UNDONE_BY = {"accept": "unaccept", "assign": "unassign"}
WAITING = {False: "waiting", True: "done"}


@action("enterprise_problems.bulk", title="批量操作", permission=RUN, on="place_code")
def start_bulk(
    *, by: Actor, at: datetime, place_code: str, kind: str, steps: Sequence[tuple[Case, dict[str, Any]]]
) -> BulkAct:
    """Write down a bulk act of at most 1,000 cases: each with its form or, for a merger, {"main": the main's number in the database}.

    Call `go_on` with what is returned; more than 200 are done by a job.
    """
    if kind not in BulkAct.Kind.values:
        raise Refused("没有这种批量操作")
    if not steps:
        raise Refused("请先勾选要处理的问题")
    if len(steps) > MOST:
        raise Refused(f"一次最多处理 {MOST} 件，请缩小范围")
    act = current_act()
    row = BulkAct(kind=kind, place_code=place_code, at=act.moment, by_id=by.id)
    row.steps = [
        {"case": case.pk, "number": case.number, "given": given, "outcome": "waiting", "reason": ""}
        for case, given in steps
    ]
    row.save()
    act.about(row)
    act.note(kind=kind, count=len(row.steps))
    if len(row.steps) > AT_ONCE:
        enqueue(JOB, unique_key=f"bulk-{row.pk}", bulk=row.pk, undo=False)
    return row


@action("enterprise_problems.undo_bulk", title="撤销批量操作", permission=RUN, on="bulk")
def start_undo(*, by: Actor, at: datetime, bulk: BulkAct) -> BulkAct:
    """Begin to undo a bulk act as one; call `go_on` with `undo`. Refused when it is not finished or was undone before."""
    row = BulkAct.objects.select_for_update().get(pk=bulk.pk)
    if row.undone_at is not None:
        raise Refused("这次批量操作已经撤销过")
    if any(step["outcome"] == "waiting" for step in row.steps):
        raise Refused("这次批量操作还没有做完，请等做完后再撤销")
    row.undone_at = current_act().moment
    row.save(update_fields=["undone_at"])
    current_act().about(row)
    if len(row.steps) > AT_ONCE:
        enqueue(JOB, unique_key=f"bulk-{row.pk}", bulk=row.pk, undo=True)
    return row


@action("enterprise_problems.bulk_batch", title="批量操作：逐件办理", permission=RUN, on="bulk")
def do_batch(*, by: Actor, at: datetime, bulk: BulkAct, undo: bool = False) -> int:
    """Do the next 20 waiting steps of a bulk act, or undo them; return how many are left. One that is refused stops no other."""
    row = BulkAct.objects.select_for_update().get(pk=bulk.pk)
    left = [step for step in row.steps if step["outcome"] == WAITING[undo]]
    for step in left[:A_BATCH]:
        try:
            with transaction.atomic():
                _undo(row, step, by, at) if undo else _do(row, step, by, at)
        except Refused as refusal:
            step["outcome"], step["reason"] = ("kept" if undo else "refused"), refusal.message
        except NotFound:
            step["outcome"] = "kept" if undo else "refused"
            step["reason"] = "您不能办理这一件，或它已不在本级"
        else:
            step["outcome"] = "undone" if undo else "done"
    row.save(update_fields=["steps"])
    current_act().about(row)
    return max(0, len(left) - A_BATCH)


def go_on(bulk: BulkAct, *, by: Actor, at: datetime, undo: bool = False) -> BulkAct:
    """Do all steps of a bulk act now, unless there are so many that a job does them; return it as it then stands."""
    if len(bulk.steps) <= AT_ONCE:
        while do_batch(by=by, at=at, bulk=bulk, undo=undo):
            pass
    bulk.refresh_from_db()
    return bulk


def _do(row: BulkAct, step: dict[str, Any], by: Actor, at: datetime) -> None:
    case, given = Case.objects.get(pk=step["case"]), step["given"]
    if row.kind == BulkAct.Kind.MERGE:
        main = Case.objects.get(pk=given["main"])
        merge_problems(by=by, at=at, main=main, children=[case], text="批量合并：同一事项")
        return
    if row.kind == BulkAct.Kind.ASSIGN and not given.get("lead"):
        raise Refused("这个事由在本地还没有责任单位，请先确定，或逐件交办")
    move_problem(by=by, at=at, case=case, transition=str(row.kind), form=given, text="批量办理")


def _undo(row: BulkAct, step: dict[str, Any], by: Actor, at: datetime) -> None:
    case = Case.objects.get(pk=step["case"])
    if row.kind == BulkAct.Kind.MERGE:
        if case.merged_into_id != step["given"]["main"]:
            raise Refused("已不在这次合并里，不需要撤销")
        split_problem(by=by, at=at, case=case, text="撤销批量合并")
        return
    move_problem(by=by, at=at, case=case, transition=UNDONE_BY[row.kind], text="撤销批量操作")


@handles(JOB)
def run_bulk(running: Running) -> None:
    """Do, or undo, a large bulk act in the name of whoever asked, telling how far it is; safe to repeat."""
    row, undo = BulkAct.objects.get(pk=running.ids["bulk"]), bool(running.ids["undo"])
    person = Person.objects.filter(pk=row.by_id).first()
    if person is None:
        raise JobRefused("发起这次批量操作的人员已不在")
    total, left = len(row.steps), 1
    while left:
        at = running.clock()
        left = do_batch(by=person.as_actor(), at=at, bulk=row, undo=undo)
        running.report(total - left, total, f"已办理 {total - left} 件，共 {total} 件")
