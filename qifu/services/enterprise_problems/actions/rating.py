"""Ratings: by the firm, by the grassroots and by a third party, each source apart; and their publication in groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Count, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce

from qifu.engines.casework import ratings as engine
from qifu.engines.casework.definitions import KIND as CASE_TYPE
from qifu.engines.casework.definitions import of_revision
from qifu.engines.casework.models import Case, CaseEvent, Rating
from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.periods import Period, containing, periods_between
from qifu.foundation.revisions import Revision
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.organisations.models import Organisation
from qifu.services.enterprise_problems.actions.own import own_row
from qifu.services.enterprise_problems.models import CallBack, RatingGroup
from qifu.services.enterprise_problems.queries.assessments import source_of
from qifu.services.enterprise_problems.queries.call_backs import desk_of
from qifu.services.enterprise_problems.queries.ratings import CLOSINGS, DISSATISFIED, LEAST, blocks

MOST_TEXT = 2000


@action("enterprise_problems.rate", title="评价", permission="enterprise_problems.follow")
def rate_problem(
    *, by: Actor, at: datetime, case: Case, solved: bool, stars: int, text: str = "", proof: str = ""
) -> Rating:
    """Keep the firm's rating of an own problem: solved or not, one to five stars, words if it likes; the same for each star."""
    row = own_row(by, at, case, proof)
    _see_text(text)
    channel = "portal" if by.is_person else "code"
    rating = engine.rate(
        row,
        source=Rating.Source.ENTERPRISE,
        solved=solved,
        stars=stars,
        text=text.strip(),
        channel=channel,
        by_id=by.id,
    )
    _plan_call_back(rating, at)
    return rating


@action(
    "enterprise_problems.assess", title="基层、第三方评价", permission="enterprise_problems.assess", on="case"
)
def assess_problem(
    *, by: Actor, at: datetime, case: Case, solved: bool, stars: int, text: str = ""
) -> Rating:
    """Keep the rating of the grassroots or of a third party, whichever the assessor's post makes it; once for each case."""
    source = source_of(by, at, case)
    _see_text(text)
    if case.state == DISSATISFIED:  # in words that betray nothing: nobody but the desk knows of it yet
        raise Refused("这一件暂时不能评价，请先评其他件")
    rating = engine.rate(
        case, source=source, solved=solved, stars=stars, text=text.strip(), channel="workbench", by_id=by.id
    )
    _plan_call_back(rating, at)
    return rating


def _see_text(text: str) -> None:
    if len(text.strip()) > MOST_TEXT:
        raise Refused(f"最多 {MOST_TEXT} 字", text=f"最多 {MOST_TEXT} 字，现有 {len(text.strip())} 字")


def _plan_call_back(rating: Rating, at: datetime) -> None:
    """Put a case that a rating has reopened on the list of the desk one level above, once."""
    case = Case.objects.get(pk=rating.case_id)
    if not rating.bad or case.state == "closed" or case.closed_at is not None:
        return
    waiting = CallBack.objects.filter(case=case, occasion="bad_rating", outcome="waiting")
    if not waiting.exists():
        CallBack.objects.create(
            case=case,
            occasion="bad_rating",
            place_code=desk_of(case.place_code, at),
            planned_at=rating.at,
        )


# ---- groups for units ----------------------------------------------------------------------------------------------


@dataclass
class _Quarter:
    closed: int = 0
    ratings: list[tuple[bool, int]] = field(default_factory=list)


def window_days() -> int:
    """Return the longest rating window of all published case types, in calendar days."""
    rows = Revision.objects.filter(series__kind=CASE_TYPE, state=Revision.State.PUBLISHED)
    rules = [of_revision(row).rating for row in rows]
    return max([rule.open_days for rule in rules if rule is not None], default=0)


def last_final_quarter(day: date, window: int) -> Period:
    """Return the last quarter of closings whose rating windows are all over on `day`."""
    return containing(day - timedelta(days=window), "quarter").previous()


@action(
    "enterprise_problems.publish_rating_groups",
    title="公布成组评价",
    permission="enterprise_problems.run_jobs",
)
def publish_rating_groups(*, by: Actor, at: datetime) -> int:
    """Publish the groups that are complete: whole quarters whose windows are over, five ratings or more; return how many.

    What is published is never touched again; a quarter with fewer waits and joins the next.
    """
    act = current_act()
    final = last_final_quarter(act.moment.astimezone(SHANGHAI).date(), window_days())
    made: list[RatingGroup] = []
    for source in Rating.Source.values:
        made += _groups_of(source, final, act.moment)
    RatingGroup.objects.bulk_create(made)
    act.note(groups=len(made))
    return len(made)


def _groups_of(source: str, final: Period, moment: datetime) -> Iterable[RatingGroup]:
    until = dict(
        RatingGroup.objects.filter(source=source).values("organisation_id").annotate(last=Max("ends_on"))
        .values_list("organisation_id", "last")
    )  # fmt: skip
    tables = _tables(source, final)
    units = Organisation.objects.in_bulk(list(tables))
    for unit, quarters in sorted(tables.items()):
        start = max(until.get(unit, date.min), min(quarters))
        span = list(periods_between(start, final.end, "quarter"))
        for first, last in blocks([len(quarters[one.start].ratings) for one in span], LEAST):
            yield _group(units[unit], source, span[first:last], quarters, moment)


def _group(
    unit: Organisation, source: str, span: list[Period], quarters: dict[date, _Quarter], moment: datetime
) -> RatingGroup:
    given = [one for part in span for one in quarters[part.start].ratings]
    stars = [count for _, count in given]
    return RatingGroup(
        organisation=unit, place_code=unit.place_code, source=source, starts_on=span[0].start, ends_on=span[-1].end,
        closed=sum(quarters[part.start].closed for part in span), rated=len(given), solved=sum(solved for solved, _ in given),
        satisfied=sum(one >= 4 for one in stars), fair=sum(one == 3 for one in stars), bad=sum(one <= 2 for one in stars),
        published_at=moment,
    )  # fmt: skip


def _tables(source: str, final: Period) -> dict[int, dict[date, _Quarter]]:
    """Return, by unit and first day of a quarter, what was closed then and how that was rated."""
    found: dict[int, dict[date, _Quarter]] = defaultdict(lambda: defaultdict(_Quarter))
    end = datetime.combine(final.end, datetime.min.time(), SHANGHAI)
    lead = Coalesce("case__merged_into__lead", "case__lead")
    closings = CaseEvent.objects.filter(kind__in=CLOSINGS, at__lt=end, case__kind="enterprise_problem")
    by_day = closings.annotate(unit=lead).values("unit", "at__date").annotate(count=Count("pk")).order_by()
    for unit, day, count in by_day.values_list("unit", "at__date", "count"):
        found[unit][containing(day, "quarter").start].closed += count
    closing = CaseEvent.objects.filter(case=OuterRef("case"), seq=OuterRef("closed_seq"))
    rows = Rating.objects.filter(source=source, case__kind="enterprise_problem").annotate(
        unit=lead, shut_at=Subquery(closing.values("at")[:1])
    )
    for unit, shut_at, solved, stars in rows.filter(shut_at__lt=end).values_list(
        "unit", "shut_at", "solved", "stars"
    ):
        day = shut_at.astimezone(SHANGHAI).date()
        found[unit][containing(day, "quarter").start].ratings.append((solved, stars))
    return found
