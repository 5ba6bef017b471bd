"""A request comes in, by whatever channel: kept in its own words, numbered, its clock started, its receipt given."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from qifu.engines.casework.models import Case
from qifu.engines.casework.moves import new_case, opened
from qifu.engines.casework.record import Standing
from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.sealed import lookup_key
from qifu.foundation.search import normalise
from qifu.services.enterprise_problems.case_binding import KIND
from qifu.services.enterprise_problems.hubs import hub_of, upper_place
from qifu.services.enterprise_problems.lists import case_type_of
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.queries.search import index_words

MOST_WORDS = 5000


@dataclass(frozen=True)
class Request:
    """What came in: `words` as they were said; the rest as far as known. `place_code` where it is to be handled."""

    words: str
    place_code: str
    channel: str = "portal"
    title: str = ""
    source: str = ""
    outside_number: str = ""
    outside_at: datetime | None = None
    occasion: str = ""
    enterprise_id: int | None = None
    enterprise_name: str = ""
    contact_name: str = ""
    contact_mobile: str = ""
    complained_id: int | None = None
    reporter_id: int | None = None
    simulated: bool = False
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Receipt:
    """What the reporter is given: the case and, once only, the code to look it up with."""

    case: Case
    query_code: str


def places_above(code: str) -> tuple[str, ...]:
    """Return the codes of the places above one, nearest first."""
    found: list[str] = []
    while (upper := upper_place(code)) is not None:
        found.append(upper)
        code = upper
    return tuple(found)


def query_hash(number: str, code: str) -> str:
    """Return what is kept of a query code."""
    return hashlib.sha256(f"{number}:{code}".encode()).hexdigest()


@action("enterprise_problems.report", title="反映问题", permission="enterprise_problems.report")
def report_problem(*, by: Actor, at: datetime, request: Request) -> Receipt:
    """Keep a request and open its case; Refused in Chinese where something is missing."""
    return take_in(request)


def take_in(request: Request) -> Receipt:
    """Open the case of a request, inside an act of intake; a complaint about a place's hub goes to the place above."""
    act = current_act()
    words = request.words.strip()
    if not words:
        raise Refused("请写明要反映的问题", words="请写明要反映的问题")
    if len(words) > MOST_WORDS:
        raise Refused(
            f"最多 {MOST_WORDS} 字，现有 {len(words)} 字", words=f"最多 {MOST_WORDS} 字，其余请作为附件上传"
        )
    place = request.place_code
    lead = hub_of(place)
    while lead == request.complained_id and (upper := upper_place(place)) is not None:
        place, lead = upper, hub_of(upper)
    case = new_case(
        kind=KIND, type_key=case_type_of(place, places_above(place)), place_code=place,
        title=request.title.strip() or words.splitlines()[0][:60], lead_id=lead, enterprise_id=request.enterprise_id,
        reporter_id=request.reporter_id, complained_id=request.complained_id,
    )  # fmt: skip
    code = f"{secrets.randbelow(10**6):06d}"
    problem = Problem.objects.create(
        case=case, channel=request.channel, source=request.source, outside_number=request.outside_number,
        outside_at=request.outside_at, occasion=request.occasion, words=words,
        search_text=normalise(f"{case.number} {case.title} {request.enterprise_name} {words} {request.outside_number}"),
        enterprise_name=request.enterprise_name, contact_name=request.contact_name,
        contact_mobile=request.contact_mobile, query_code=query_hash(case.number, code), simulated=request.simulated,
        mobile_key=lookup_key(request.contact_mobile, "mobile") if request.contact_mobile else "",
    )  # fmt: skip
    index_words([(case.pk, problem.search_text)])
    act.about(case)
    opened(case, who=Standing("reporter"), starts=("filter",), shown="已收到您反映的问题")
    return Receipt(case, code)
