"""Ratings of closed cases: solved or not, then stars; a bad one opens the case again for the desk one level above."""

from __future__ import annotations

from datetime import timedelta

from qifu.engines.casework.case_type import Effect, RatingRule
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.merge import CLOSED_WITH_MAIN, SYSTEM
from qifu.engines.casework.models import Case, CaseEvent, Rating
from qifu.engines.casework.moves import move
from qifu.engines.casework.record import lock, moment_of
from qifu.foundation.action import Refused, current_act


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

    The first rating of a source is round 1; one more is taken after rework, none after an exemption. A bad one, of whatever
    source, opens the case again (`dissatisfied`); a merged child is split off first. Refused outside the window.
    """
    row = lock(case, merged=True)
    rule = of_case(row).rating
    if rule is None or source not in rule.sources:
        raise Refused("这类事务不评价")
    _see_open(row, rule)
    given = list(row.ratings.filter(source=source).order_by("round"))
    closing = _closing(row)
    _see_round(rule, given, closing)
    if not 1 <= stars <= 5:
        raise Refused("请选择一至五星", stars="请选择一至五星")
    act = current_act()
    bad = stars <= rule.bad_at_most or (rule.unsolved_is_bad and not solved)
    rating = Rating.objects.create(
        case=row, source=source, round=len(given) + 1, solved=solved, stars=stars, bad=bad, text=text.strip()[:2000],
        at=moment_of(row), by_id=by_id if by_id is not None else act.by.id, channel=channel,
        closed_seq=closing.seq,
    )  # fmt: skip
    if bad:  # a merged child is split off by it: the others are not worked anew
        move(row, rule.dissatisfied, who=SYSTEM)
    return rating


def _see_open(row: Case, rule: RatingRule) -> None:
    if row.closed_at is None:
        raise Refused("办结后才能评价")
    if all(rule.dissatisfied != one.name for one in of_case(row).leaving(row.state)):
        raise Refused("这一件没有进入办理，不评价；如不同意处理结果，可以申诉")
    last = row.closed_at + timedelta(days=rule.open_days)
    if moment_of(row) > last:
        raise Refused(f"评价期为办结后 {rule.open_days} 日，已经结束")


def _closing(row: Case) -> CaseEvent:
    """Return the event by which a closed case was closed last."""
    closes = [one.name for one in of_case(row).transitions.values() if one.effect is Effect.CLOSE]
    return row.events.filter(kind__in=[*closes, CLOSED_WITH_MAIN]).latest("seq")


def _see_round(rule: RatingRule, given: list[Rating], closing: CaseEvent) -> None:
    if len(given) >= rule.rounds:
        raise Refused("您已经评价过了，谢谢")
    if given and given[-1].closed_seq >= closing.seq:
        raise Refused("您已经评价过了；重新办理后还可以追加评价一次")
    if given and closing.kind == rule.exempt:
        raise Refused("您已经评价过了，回访时已向您说明不再重办的理由")
