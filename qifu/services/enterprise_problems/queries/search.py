"""Which problems hold some words, in their number, the outside number, the firm's name or what was said; exact from one character."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from django.db import connections
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from qifu.engines.casework.models import Case
from qifu.foundation.gram_index import GramIndex
from qifu.foundation.search import words_of
from qifu.services.enterprise_problems.models import Problem

WORDS = GramIndex(
    table="enterprise_problems_problem", column="search_text", name="enterprise_problems_grams", alone=True
)
RARE = 2_000
"""Words that at most so many problems hold are asked of the index; others are read along the list, which finds them soon."""

SAMPLE, OFTEN = 500, 25
"""Of the newest SAMPLE problems OFTEN hold it: such a word is common, and the index, which reads every match, is not asked."""


def index_words(texts: Iterable[tuple[int, str]]) -> None:
    """Make new problems findable: (case number in the database, `search_text`) pairs; inside the act that makes them."""
    WORDS.replace((pk, None, text) for pk, text in texts)


def matching(text: str) -> Q | None:
    """Return the condition on cases that every word of a text is found in the problem; None where there is no word."""
    words = words_of(text)
    if not words:
        return None
    rows: QuerySet[Problem] = Problem.objects.order_by()
    if not _common(words):
        found = list(WORDS.holding(rows, words).values_list("pk", flat=True)[: RARE + 1])
        if len(found) <= RARE:
            return Q(pk__in=_numbers(rows.db, found))
    return Q(Exists(_holding(Problem.objects.filter(pk=OuterRef("pk")), words)))


def _common(words: Sequence[str]) -> bool:
    """Tell whether many of the newest problems hold all words, for one light query."""
    newest = Problem.objects.order_by("-pk").values("pk")[:SAMPLE]
    return _holding(Problem.objects.filter(pk__in=newest), words).count() >= OFTEN


def _numbers(using: str, pks: Sequence[int]) -> RawSQL:
    """Return many numbers as one parameter: hundreds of parameters cost more than the question itself."""
    if connections[using].vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[])", [list(pks)])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(pks))])


def _holding(rows: QuerySet[Problem], words: Sequence[str]) -> QuerySet[Problem]:
    for word in words:
        rows = rows.filter(search_text__contains=word)
    return rows


def search(rows: QuerySet[Case], text: str) -> QuerySet[Case]:
    """Narrow cases to those that hold every word of a text; a text without a word narrows nothing."""
    condition = matching(text)
    return rows if condition is None else rows.filter(condition)
