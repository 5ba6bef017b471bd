"""The published policies of a site as rules ready for judging, kept in the process and brought up to date by revision.

`policy_library(day)` is what every reader asks: verdicts, amounts, explanations, simulations stand on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

from django.conf import settings

from qifu.engines.rules.places import PlaceNames
from qifu.engines.rules.python_code import Compiled, compile_bounds
from qifu.engines.rules.rule_book import NotInForce, RuleBook
from qifu.engines.rules.rule_file import read_rule
from qifu.engines.rules.site_book import site_places, site_rules
from qifu.engines.rules.tree import Bound
from qifu.engines.rules.written import Rule, Version
from qifu.foundation.revisions import Revision
from qifu.registers.enterprises.fact_book import fact_book
from qifu.services.policies.content import Content, content_of
from qifu.services.policies.models import Policy


@dataclass(frozen=True, eq=False)
class Live:
    """One policy in force on the day: its rule, its version of the day, that version bound to the day, its terms."""

    policy_id: int
    code: str
    place_code: str
    revision_id: int
    rule: Rule
    version: Version
    bound: Bound
    content: Content


@dataclass(frozen=True, eq=False)
class Library:
    """The published policies in force on a day, by code, and the book of all rules that they stand in."""

    day: date
    book: RuleBook
    live: Mapping[str, Live]
    waiting: Mapping[str, str]
    """Published policies that cannot be judged on the day, by code, and why, in Chinese."""

    @property
    def places(self) -> PlaceNames:
        """The names of places."""
        return site_places(Path(settings.PROVINCE_DIR))

    @cached_property
    def compiled(self) -> Compiled:
        """All bound policies as one generated program for one enterprise, in the order of `live`."""
        return compile_bounds([one.bound for one in self.live.values()])


def draft_book() -> RuleBook:
    """Return the book that a draft is checked in: the rules of the site's files and all published policies."""
    return _book(_published())[0]


def policy_library(day: date) -> Library:
    """Return the published policies in force on `day`; asking again costs two small queries."""
    return _library(day, _published())


_Stamp = tuple[tuple[int, str, str, int, str], ...]


def _published() -> _Stamp:
    """Return (policy id, code, place, revision id, digest) of the published revision of each policy, the latest number of each."""
    rows = (
        Revision.objects.filter(state=Revision.State.PUBLISHED, series__kind="policy")
        .order_by("series_id", "number")
        .values_list("series_id", "pk", "digest")
    )
    latest = {series: (pk, digest) for series, pk, digest in rows}
    return tuple(
        (pk, code, place, *latest[series])
        for pk, code, place, series in Policy.objects.values_list("pk", "code", "place_code", "series_id").order_by("pk")
        if series in latest
    )  # fmt: skip


@lru_cache(maxsize=20_000)
def _read(revision_id: int, digest: str) -> tuple[Rule, Content]:
    """Return the rule and the content of a published revision, which never changes."""
    content = content_of(Revision.objects.get(pk=revision_id).content)
    where = f"政策版本 {revision_id}"
    return read_rule(content.text.encode(), where=where, facts=fact_book(), places=_places()), content


def _places() -> PlaceNames:
    return site_places(Path(settings.PROVINCE_DIR))


def _book(stamp: _Stamp) -> tuple[RuleBook, dict[str, tuple[Rule, Content]]]:
    read = {code: _read(revision, digest) for _, code, _, revision, digest in stamp}
    files = site_rules(Path(settings.PROVINCE_DIR)).book
    return files.with_rules(rule for rule, _ in read.values()), read


@lru_cache(maxsize=4)
def _library(day: date, stamp: _Stamp) -> Library:
    book, read = _book(stamp)
    live, waiting = dict[str, Live](), dict[str, str]()
    for policy_id, code, place, revision, _ in stamp:
        rule, content = read[code]
        version = rule.version_on(day)
        try:
            if version is None:
                raise NotInForce("当天没有生效的版本")
            live[code] = Live(policy_id, code, place, revision, rule, version, book.bind(code, day), content)
        except NotInForce as why:
            waiting[code] = str(why)
    return Library(day, book, live, waiting)
