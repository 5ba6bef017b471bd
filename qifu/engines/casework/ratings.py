"""Ratings of closed cases: solved or not, then stars; a bad one opens the case again for the desk one level above."""

from __future__ import annotations

from datetime import timedelta

from qifu.engines.casework.case_type import RatingRule
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.merge import split
from qifu.engines.casework.models import Case, Rating
from qifu.engines.casework.moves import move
from qifu.engines.casework.record import Standing, lock
from qifu.foundation.action import Refused, current_act

SYSTEM = Standing("system")


def rate(
    case: Case,
    *,
    source: str,
    solved: bool,
    stars: int,
    text: str = "",
    channel: str,
    by_id: int | None = None,
) -> Rating:
    """Keep a rating, inside an act of the rater (who the service has seen is the one); nothing of it is told in an event.

    The first rating of a source is round 1; one more is taken after rework. Refused outside the window.
    """
    row = lock(case, merged=True)
    rule = of_case(row).rating
    if rule is None or source not in rule.sources:
        raise Refused("这类事务不评价")
    _see_open(row, rule)
    given = list(row.ratings.filter(source=source).order_by("round"))
    _see_round(row, rule, given)
    if not 1 <= stars <= 5:
        raise Refused("请选择一至五星", stars="请选择一至五星")
    act = current_act()
    closing = row.events.order_by("-seq").first()
    bad = stars <= rule.bad_at_most or (rule.unsolved_is_bad and not solved)
    rating = Rating.objects.create(
        case=row, source=source, round=len(given) + 1, solved=solved, stars=stars, bad=bad, text=text.strip()[:2000],
        at=act.moment, by_id=by_id if by_id is not None else act.by.id, channel=channel,
        closed_seq=closing.seq if closing else 0,
    )  # fmt: skip
    if bad and source == Rating.Source.ENTERPRISE:
        if row.merged_into_id is not None:  # the others of the merge are not worked anew for it
            split(row, text="单独办理", who=SYSTEM)
        move(row, rule.dissatisfied, who=SYSTEM)
    return rating


def _see_open(row: Case, rule: RatingRule) -> None:
    if row.closed_at is None:
        raise Refused("办结后才能评价")
    if all(rule.dissatisfied != one.name for one in of_case(row).leaving(row.state)):
        raise Refused("这一件没有进入办理，不评价；如不同意处理结果，可以申诉")
    last = row.closed_at + timedelta(days=rule.open_days)
    if current_act().moment > last:
        raise Refused(f"评价期为办结后 {rule.open_days} 日，已经结束")


def _see_round(row: Case, rule: RatingRule, given: list[Rating]) -> None:
    if len(given) >= rule.rounds:
        raise Refused("您已经评价过了，谢谢")
    if given and given[-1].at >= (row.closed_at or given[-1].at):
        raise Refused("您已经评价过了；重新办理后还可以追加评价一次")
