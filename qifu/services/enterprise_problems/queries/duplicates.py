"""Which other problems may be the same one, and why: the same firm or telephone, the same outside number, like words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from qifu.engines.casework.models import Case
from qifu.foundation.access import Actor, find, visible
from qifu.foundation.search import normalise
from qifu.services.enterprise_problems.case_binding import KIND
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.queries.lines import Line, lines
from qifu.services.enterprise_problems.queries.ratings import children_seen
from qifu.services.enterprise_problems.queries.search import WORDS
from qifu.services.enterprise_problems.suggestions import Stretch, likeness, marked, pieces

WITHIN = timedelta(days=90)
MOST_READ, MOST_SHOWN = 400, 20
VIEW = "enterprise_problems.view"


@dataclass(frozen=True)
class Candidate:
    """Another problem that may be the same: why, in words, and what it says with the shared stretches marked."""

    line: Line
    reasons: tuple[str, ...]
    words: tuple[Stretch, ...]
    percent: int


def problem_of(actor: Actor, at: datetime, number: str) -> tuple[Case, Problem]:
    """Return a visible case with its problem; NotFound."""
    case = find(Case.objects.select_related("lead"), actor, VIEW, at, number=number, kind=KIND)
    return case, Problem.objects.get(pk=case.pk)


def children_of(actor: Actor, at: datetime, case: Case, moment: datetime) -> list[Line]:
    """Return what is merged into a case."""
    rows = visible(children_seen(case, actor, at), actor, VIEW, at).order_by("pk")
    return lines(list(rows.values_list("pk", flat=True)), actor, at, moment)


def candidates(actor: Actor, at: datetime, moment: datetime, case: Case, problem: Problem) -> list[Candidate]:
    """Return the visible problems of the same place within 90 days that may be the same, the surest first.

    Nothing is decided: a person looks and merges. Those merged already are left out.
    """
    near = Q(opened_at__gte=case.opened_at - WITHIN, opened_at__lte=case.opened_at + WITHIN)
    around = visible(Case.objects.filter(near, kind=KIND, place_code=case.place_code), actor, VIEW, at)
    around = around.filter(merged_into=None).exclude(pk=case.pk)
    same_who = Q(pk__in=_same_phone(problem))
    if case.enterprise_id is not None:
        same_who |= Q(enterprise_id=case.enterprise_id)
    numbers = Q(pk__in=_same_number(problem))
    alike = Q(pk__in=_like_words(case, problem))
    pks = list(
        around.filter(same_who | numbers | alike)
        .order_by("-opened_at")
        .values_list("pk", flat=True)[:MOST_READ]
    )
    texts = Problem.objects.filter(pk__in=pks).select_related("case").defer("search_text", "reply")
    judged = [(other, *_reasons(case, problem, other)) for other in texts]
    kept = sorted((row for row in judged if row[1]), key=lambda row: (-row[2], -len(row[1]), -row[0].pk))
    shown = {
        line.case.pk: line for line in lines([row[0].pk for row in kept[:MOST_SHOWN]], actor, at, moment)
    }
    return [
        Candidate(shown[other.pk], tuple(reasons), tuple(marked(other.words, problem.words)), percent)
        for other, reasons, percent in kept[:MOST_SHOWN]
        if other.pk in shown
    ]  # fmt: skip


def _same_phone(problem: Problem) -> Sequence[int]:
    if not problem.mobile_key:
        return []
    rows = Problem.objects.filter(mobile_key=problem.mobile_key).order_by("-pk")
    return list(rows.values_list("pk", flat=True)[:MOST_READ])


def _same_number(problem: Problem) -> Sequence[int]:
    if not problem.outside_number:
        return []
    rows = Problem.objects.filter(outside_number=problem.outside_number).exclude(source=problem.source)
    return list(rows.values_list("pk", flat=True)[:MOST_READ])


def _like_words(case: Case, problem: Problem) -> set[int]:
    """Return the problems of the place and the time that hold one of the pieces of the words, asked of the index."""
    near = {"case__opened_at__gte": case.opened_at - WITHIN, "case__opened_at__lte": case.opened_at + WITHIN}
    around = Problem.objects.filter(case__place_code=case.place_code, **near).order_by()
    found: QuerySet[Problem] | None = None
    for piece in pieces(problem.words):
        holding = WORDS.holding(around, [normalise(piece)])
        found = holding if found is None else found | holding
    return set() if found is None else set(found.values_list("pk", flat=True)[:MOST_READ])


def _reasons(case: Case, problem: Problem, other: Problem) -> tuple[list[str], int]:
    reasons = []
    if case.enterprise_id is not None and other.case.enterprise_id == case.enterprise_id:
        reasons.append("同一企业")
    if problem.mobile_key and other.mobile_key == problem.mobile_key:
        reasons.append("同一联系电话")
    if problem.outside_number and other.outside_number == problem.outside_number:
        reasons.append("外部编号相同，来源不同")
    how = likeness(problem.words, other.words)
    percent = how.containment_percent
    if how.alike:
        reasons.append(f"内容相近（{percent}% 相同）")
    return reasons, percent
