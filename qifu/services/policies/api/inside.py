"""For staff and enterprises: where an enterprise of this site stands; for those who draft: a text checked."""

# No postponed annotations here: ninja reads them from the wrapped function, where their names are unknown.
from typing import Any

from django.http import HttpRequest
from ninja import Router

from qifu.services.policies.api import shapes
from qifu.services.policies.queries import over_api

router = Router()


@router.post(
    "/enterprise-policy-verdicts",
    response=shapes.VerdictsOut,
    summary="一家企业的政策：可享、差一项、需补充、不符合",
)
def judge_enterprise(request: HttpRequest, given: shapes.FirmIn) -> Any:
    """Judge all policies in force for an enterprise that the caller acts for, or whose facts it may see by its post."""
    who: Any = request
    found = over_api.firm(who.actor, who.at, who.today, given.uscc)
    return over_api.verdicts(found, given.groups, given.limit)


@router.post(
    "/enterprise-policy-verdicts/{code}", response=shapes.ExplainedOut, summary="一家企业的一项政策，逐条说明"
)
def judge_enterprise_one(request: HttpRequest, code: shapes.Code, given: shapes.FirmOneIn) -> Any:
    """Judge one policy for an enterprise that the caller acts for, or whose facts it may see by its post."""
    who: Any = request
    return over_api.explained(over_api.firm(who.actor, who.at, who.today, given.uscc), code)


@router.post("/policy-drafts/check", response=shapes.CheckedOut, summary="检查一份政策草稿，不保存")
def check_draft(request: HttpRequest, given: shapes.DraftIn) -> Any:
    """Check the text of a policy as the workbench does: every problem with its line, cause and remedy."""
    who: Any = request
    return over_api.checked_draft(who.actor, who.at, who.today, given.text, given.place_code)
