"""What everyone may ask: the policies in force, one of them in full, and how they stand for facts that are told."""

# No postponed annotations here: ninja reads them from the wrapped function, where their names are unknown.
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router
from ninja.pagination import PageNumberPagination, paginate

from qifu.services.policies.api import shapes
from qifu.services.policies.queries import over_api

router = Router()


class Pages(PageNumberPagination):
    """Pages by number."""

    class Input(PageNumberPagination.Input):
        """Which page."""

        page: Annotated[int, Field(ge=1, le=1_000_000)] = 1


@router.get("/policies", response=list[shapes.PolicyOut], summary="现行的惠企政策")
@paginate(Pages, page_size=100)
def list_policies(request: HttpRequest, asked: Query[shapes.ListQuery]) -> Any:
    """List the published policies that are in force today."""
    who: Any = request
    return over_api.policies(who.actor, who.at, who.today, **asked.dict())


@router.get("/policies/{code}", response=shapes.PolicyFullOut, summary="一项政策：全文、读出来、示例")
def show_policy(request: HttpRequest, code: shapes.Code) -> Any:
    """Show a policy in force with its rule text, what it says in words, its examples and the facts that it asks."""
    who: Any = request
    return over_api.policy(who.actor, who.at, who.today, code)


@router.get("/policy-facts", response=list[shapes.FactOut], summary="计算器可以问的事实")
@paginate(Pages, page_size=100)
def list_facts(request: HttpRequest) -> Any:
    """List the facts that may be told to the calculator."""
    who: Any = request
    return over_api.facts(who.actor, who.at)


@router.post("/policy-verdicts", response=shapes.VerdictsOut, summary="政策计算器：全部政策，不保存")
def judge_all(request: HttpRequest, given: shapes.AllIn) -> Any:
    """Judge all policies in force by the facts that are told; nothing is kept."""
    who: Any = request
    found = over_api.told(who.actor, who.at, who.today, given.facts)
    return over_api.verdicts(found, given.groups, given.limit)


@router.post(
    "/policy-verdicts/{code}", response=shapes.ExplainedOut, summary="政策计算器：一项政策，逐条说明，不保存"
)
def judge_one(request: HttpRequest, code: shapes.Code, given: shapes.OneIn) -> Any:
    """Judge one policy by the facts that are told, condition by condition; nothing is kept."""
    who: Any = request
    return over_api.explained(over_api.told(who.actor, who.at, who.today, given.facts), code)
