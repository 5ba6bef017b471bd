"""Ratings by others than the firm: the grassroots (a reform office that had no part in it) and third parties; contacts never shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet

from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseEvent, CasePart, Rating
from qifu.foundation.access import Actor, Grant, NotFound, find, grants_of, permissions, visible
from qifu.registers.divisions.queries import names
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.queries.ratings import CLOSED_STATE, CLOSINGS, DISSATISFIED

ASSESS = "enterprise_problems.assess"
SOURCES = {"third_party_assessor": "third_party", "reform_officer": "grassroots"}
TITLES = {"third_party": "第三方评价", "grassroots": "基层评价"}
PAGE_SIZE = 20
WINDOW = timedelta(days=366)


def _grants(actor: Actor, at: datetime) -> list[Grant]:
    allowed = permissions()[ASSESS].grants
    return [one for one in grants_of(actor, at) if one.role in allowed]


def source_of(actor: Actor, at: datetime, case: Case) -> str:
    """Return as which source somebody assesses a case: by post; NotFound for whoever had a part in handling it."""
    for grant in _grants(actor, at):
        if case.place_code in grant.places and not _took_part(case, grant.organisation_id):
            return SOURCES[grant.role]
    raise NotFound(f"assess {case.pk}")


def _took_part(case: Case, organisation_id: int | None) -> bool:
    if organisation_id is None:
        return False
    parts = CasePart.objects.filter(case=case, organisation_id=organisation_id)
    events = CaseEvent.objects.filter(case=case, organisation_id=organisation_id)
    return case.lead_id == organisation_id or parts.exists() or events.exists()


@dataclass(frozen=True)
class ToAssess:
    """A closed problem as an assessor has it before him: words and answer, neither firm nor contact."""

    case: Case
    words: str
    answer: str
    place: str
    source: str
    levels: tuple[tuple[int, str], ...]


def to_assess(actor: Actor, at: datetime, moment: datetime, page: str | None) -> Page[Case]:
    """Return the closed problems that the actor may still assess, the last opened first; none that it had a part in."""
    rows = _open(actor, at, moment).select_related("lead").order_by("-opened_at", "-pk")
    return Paginator(rows, PAGE_SIZE).get_page(page)


def _open(actor: Actor, at: datetime, moment: datetime) -> QuerySet[Case]:
    worked = Case.objects.filter(kind="enterprise_problem", state__in=(CLOSED_STATE, DISSATISFIED))
    rows = visible(worked, actor, ASSESS, at)
    units = [one.organisation_id for one in _grants(actor, at) if one.organisation_id is not None]
    sources = [SOURCES[one.role] for one in _grants(actor, at)]
    mine = CaseEvent.objects.filter(case=OuterRef("pk"), organisation_id__in=units)
    taken = CasePart.objects.filter(case=OuterRef("pk"), organisation_id__in=units)
    rated = Rating.objects.filter(case=OuterRef("pk"), source__in=sources)
    not_mine = ~Q(lead_id__in=units) & ~Exists(mine) & ~Exists(taken) & ~Exists(rated)
    return rows.filter(not_mine, opened_at__gt=moment - WINDOW)


def one_to_assess(actor: Actor, at: datetime, number: str) -> ToAssess:
    """Return a problem to assess; NotFound where the actor may not."""
    case = find(
        Case.objects.filter(kind="enterprise_problem").select_related("lead"),
        actor,
        ASSESS,
        at,
        number=number,
    )
    source = source_of(actor, at, case)
    closing = CaseEvent.objects.filter(case=case, kind__in=CLOSINGS).order_by("-seq").first()
    if case.state not in (CLOSED_STATE, DISSATISFIED) or closing is None:
        raise NotFound(f"assess {number}")
    rule = of_case(case).rating
    levels = tuple(enumerate(rule.levels, start=1)) if rule else ()
    place = names([case.place_code]).get(case.place_code, case.place_code)
    return ToAssess(case, Problem.objects.get(pk=case.pk).words, closing.shown, place, source, levels)
