"""Intake, lists, one problem and its steps."""

# No postponed annotations here: ninja reads them from the wrapped function, where their names are unknown.
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from qifu.services.enterprise_problems.actions import receiving
from qifu.services.enterprise_problems.actions.intake import Request
from qifu.services.enterprise_problems.api import shapes
from qifu.services.enterprise_problems.queries import over_api
from qifu.services.enterprise_problems.queries.queues import Filters

router = Router()


@router.post("/problems", response={201: shapes.ReceiptOut, 200: shapes.ReceiptOut}, summary="反映问题")
def report_problem(request: HttpRequest, given: shapes.ProblemIn, key: shapes.Key = "") -> Any:
    """Take a request in: 201, or 200 with the same number where it had come before (by key, or by source and number)."""
    who: Any = request
    asked = Request(**given.dict(), key=key)
    receipt = receiving.receive_problem(by=who.actor, at=who.at, request=asked)
    case = receipt.case
    made = shapes.ReceiptOut(
        number=case.number,
        again=receipt.again,
        query_code=receipt.query_code,
        opened_at=case.opened_at,
        due_at=case.due_at,
    )
    return Status(200 if receipt.again else 201, made)


@router.get("/problems", response=shapes.LinesOut, summary="工作台队列中的问题")
def list_problems(request: HttpRequest, asked: Query[shapes.ListQuery]) -> Any:
    """List the problems of a queue of one's desk, a page at a time."""
    who: Any = request
    said = asked.dict()
    paging = {name: said.pop(name) for name in ("desk", "queue", "cursor", "limit")}
    over_api.see_inside()
    found = over_api.page(who.actor, who.at, over_api.Asked(filters=Filters(**said), **paging))
    return over_api.staff_page(found)


@router.get("/own-problems", response=shapes.OwnLinesOut, summary="自己和所代表企业反映的问题")
def list_own_problems(request: HttpRequest, asked: Query[shapes.PageQuery]) -> Any:
    """List what one reported, and what was reported for the firms one acts for, the newest first."""
    who: Any = request
    return over_api.own_lines(over_api.own_page(who.actor, who.at, over_api.Asked(**asked.dict())))


@router.get("/problems/{number}", response=shapes.ProblemOut | shapes.OwnProblemOut, summary="一件问题")
def show_problem(request: HttpRequest, number: str) -> Any:
    """Show a problem with the face that the caller may see."""
    who: Any = request
    return _shown(who, over_api.face_of(who.actor, who.at, number))


def _shown(who: Any, face: over_api.Face) -> shapes.ProblemOut | shapes.OwnProblemOut:
    if face.face == over_api.STAFF:
        return shapes.ProblemOut(**over_api.inside(face.case, who.actor, who.at))
    return shapes.OwnProblemOut(**over_api.outside(face.case, who.at))


@router.get("/problems/{number}/events", response=list[shapes.EventOut], summary="办理记录")
def list_problem_events(request: HttpRequest, number: str) -> Any:
    """List what happened to a problem in its order; the firm reads only what was shown to it."""
    who: Any = request
    return over_api.events(over_api.face_of(who.actor, who.at, number), who.actor, who.at)


@router.get("/problems/{number}/transitions", response=list[shapes.TransitionOut], summary="现在可以办的步骤")
def list_problem_transitions(request: HttpRequest, number: str) -> Any:
    """List what the caller may do with a problem now."""
    who: Any = request
    return over_api.transitions(over_api.face_of(who.actor, who.at, number), who.actor, who.at)


@router.post("/problems/{number}/transitions/{name}", response=shapes.MovedOut, summary="办理一个步骤")
def move_problem(
    request: HttpRequest, number: str, name: str, given: shapes.MoveIn, key: shapes.Key = ""
) -> Any:
    """Do one step, once for each Idempotency-Key; the answer is how the problem stands then."""
    who: Any = request
    case = over_api.to_move(who.actor, who.at, number)
    event = receiving.move_once(by=who.actor, at=who.at, case=case, transition=name, key=key, **given.dict())
    return over_api.moved(case, event, who.actor, who.at)
