"""Units beside the lead, more time and pauses, the firm's word, ratings."""

# No postponed annotations here: ninja reads them from the wrapped function, where their names are unknown.
from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from qifu.services.enterprise_problems.actions import asks, parts, rating
from qifu.services.enterprise_problems.api import shapes
from qifu.services.enterprise_problems.queries import over_api

router = Router()


@router.get("/problems/{number}/parts", response=list[shapes.PartOut], summary="协办和征求意见")
def list_problem_parts(request: HttpRequest, number: str) -> Any:
    """List the units beside the lead, those no longer asked included."""
    who: Any = request
    return over_api.parts(over_api.inside_of(who.actor, who.at, number))


@router.post("/problems/{number}/parts", response={201: shapes.PartOut}, summary="请其他单位参与")
def ask_problem_part(request: HttpRequest, number: str, given: shapes.PartIn) -> Any:
    """Ask a unit to take part."""
    who: Any = request
    case = over_api.inside_of(who.actor, who.at, number)
    made = parts.ask_part(by=who.actor, at=who.at, case=case, **given.dict())
    return Status(201, over_api.part(made))


@router.post("/problems/{number}/parts/{part}/answer", response=shapes.PartOut, summary="答复协办、征求意见")
def answer_problem_part(
    request: HttpRequest, number: str, part: shapes.Number, given: shapes.AnswerIn
) -> Any:
    """Give the answer of one's unit."""
    who: Any = request
    case = over_api.inside_of(who.actor, who.at, number)
    return over_api.part(
        parts.answer_part(by=who.actor, at=who.at, case=case, part_id=part, answer=given.answer)
    )


@router.get("/problems/{number}/asks", response=list[shapes.AskOut], summary="延期和暂停计时申请")
def list_problem_asks(request: HttpRequest, number: str) -> Any:
    """List what was asked for about clocks, decided or not."""
    who: Any = request
    return over_api.asks(over_api.inside_of(who.actor, who.at, number))


@router.post("/problems/{number}/asks", response={201: shapes.AskOut}, summary="申请延期、暂停计时")
def ask_about_clock(request: HttpRequest, number: str, given: shapes.AskIn) -> Any:
    """Ask for more time, or that a clock stand still."""
    who: Any = request
    case = over_api.inside_of(who.actor, who.at, number)
    common: dict[str, Any] = {
        "by": who.actor, "at": who.at, "case": case, "clock": given.clock, "text": given.text,
    }  # fmt: skip
    if given.kind == "extension":
        made = asks.ask_extension(amount=given.amount, **common)
    else:
        made = asks.ask_pause(reason=given.reason, until_on=given.until_on, **common)
    return Status(201, over_api.ask(made))


@router.post("/problems/{number}/asks/{ask}/decision", response=shapes.AskOut, summary="审批延期、暂停计时")
def decide_problem_ask(
    request: HttpRequest, number: str, ask: shapes.Number, given: shapes.DecisionIn
) -> Any:
    """Approve or refuse what was asked for."""
    who: Any = request
    case = over_api.inside_of(who.actor, who.at, number)
    return over_api.ask(asks.decide_ask(by=who.actor, at=who.at, case=case, ask_id=ask, **given.dict()))


@router.post("/problems/{number}/ratings", response={201: shapes.RatedOut}, summary="评价自己反映的问题")
def rate_problem(request: HttpRequest, number: str, given: shapes.RatingIn) -> Any:
    """Rate one's own closed problem; staff never do, and never learn of it here."""
    who: Any = request
    case = over_api.own_case(who.actor, who.at, number)
    made = rating.rate_problem(by=who.actor, at=who.at, case=case, **given.dict())
    return Status(201, shapes.RatedOut(round=made.round))
