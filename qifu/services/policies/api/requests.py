"""Applications and questions: one's own and one's firms', those of one's unit; a question asked."""

# No postponed annotations here: ninja reads them from the wrapped function, where their names are unknown.
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from qifu.services.policies.actions import requests as acts
from qifu.services.policies.api import shapes
from qifu.services.policies.queries import over_api
from qifu.services.policies.queries import requests_api as queries

router = Router()
PAGE = 50


@router.get(
    "/policy-requests", response=shapes.RequestsOut, summary="申报与咨询：自己和所代表企业的，或本单位办理的"
)
def list_policy_requests(request: HttpRequest, asked: Query[shapes.RequestQuery]) -> Any:
    """List applications and questions, the newest first, a page at a time."""
    who: Any = request
    rows = queries.requests(who.actor, who.at, asked.face)
    first = (asked.page - 1) * PAGE
    return {"count": rows.count(), "items": queries.lines(list(rows[first : first + PAGE]))}


@router.get("/policy-requests/{number}", response=shapes.RequestFullOut, summary="一件申报或咨询")
def show_policy_request(request: HttpRequest, number: shapes.RequestNumber) -> Any:
    """Show an own application or question, or one of the asker's unit, with all that the firm may read of it."""
    who: Any = request
    return queries.one(who.actor, who.at, who.moment, number)


@router.post(
    "/policy-questions", response={201: shapes.AskedOut, 200: shapes.AskedOut}, summary="提一件政策咨询"
)
def ask_about_policy(request: HttpRequest, given: shapes.QuestionIn, key: shapes.Key = "") -> Any:
    """Ask about a policy or in general, for oneself or for an enterprise one acts for: 201, or 200 where it had come before."""
    who: Any = request
    firm = over_api.own_firm(who.actor, who.at, given.uscc) if given.uscc else None
    question = acts.Question(
        given.words,
        given.policy,
        given.place_code,
        firm,
        acts.Contact(given.contact_name, given.contact_mobile),
    )
    receipt = acts.ask(question=question, key=key, by=who.actor, at=who.at)
    case = receipt.case
    made = shapes.AskedOut(number=case.number, again=receipt.again, due_at=case.due_at)
    return Status(200 if receipt.again else 201, made)
