"""Keeps whom each policy in force reaches: judges what a change touches, and writes only what became different.

Two things change verdicts. A policy's reading (a new revision, a version that comes into force or ends, a day in 满2年 or in
the validity of an honour): its digest then differs from its `JudgeMark`, and all enterprises of its place are judged by it. An
enterprise's facts (recorded since the mark, of a day that has come, of the register's row): it is judged by the policies
that ask one of them. When the year turns, yearly facts mean another year, and everything is judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.db.models import Q, QuerySet

from qifu.engines.rules.edges import facts_asked, open_facts
from qifu.engines.rules.judge import Values, amount
from qifu.registers.enterprises.fact_book import fact_book
from qifu.registers.enterprises.fact_store import CHUNK, fact_rows
from qifu.registers.enterprises.fact_years import answers
from qifu.registers.enterprises.models import Enterprise, FactValue
from qifu.registers.enterprises.register_facts import KNOWN, READINGS
from qifu.registers.mandates.models import Mandate
from qifu.services.policies.library import Library, Live
from qifu.services.policies.models import JudgeMark, PolicyMatch
from qifu.services.policies.sorting import lacking, sort_policies

FACTS = "@facts"
"""The name of the mark of recorded facts; no policy's code begins so."""
ACCOUNT = "@account"
"""Stands among facts for whether an enterprise has an account."""
OVERLAP = timedelta(minutes=5)
"""What was still being written while the last look was made is looked at again."""


@dataclass(frozen=True, slots=True)
class Found:
    """A verdict worth keeping; `short_on` is the leaf that is short, or the missing fact."""

    verdict: str
    amount_fen: int | None
    short_on: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A pair whose kept row is not what was found; one of both may be None."""

    enterprise_id: int
    live: Live
    kept: PolicyMatch | None
    found: Found | None


# ---- what policies say -----------------------------------------------------------------------------------------------


def judged(part: Library, values: Values, *, has_account: bool) -> dict[str, Found]:
    """Return what the policies of a library say of one enterprise, by code, where it is worth keeping."""
    groups = sort_policies(part, values).groups
    found = {
        live.code: Found("met", amount(live.bound.amount, values) if live.bound.amount else None, "")
        for live in groups["met"]
    }
    for live in groups["short"]:
        short = next((leaf.id for leaf in lacking(live.bound, values)), "")
        found[live.code] = Found("short", None, short[:80])
    for live in groups["ask"] if has_account else ():
        if live.content.terms.delivery == "automatic":
            waits = next(iter(open_facts(live.bound.require, values)), "")
            found[live.code] = Found("unknown", None, waits[:80])
    return found


@lru_cache(maxsize=8)
def digests(library: Library) -> Mapping[str, str]:
    """Return by code what a policy's reading is on the day: it changes when its verdicts may."""
    return {
        code: hashlib.sha256(
            repr((live.revision_id, live.content.terms.delivery, live.bound.require, live.bound.amount)).encode()
        ).hexdigest()
        for code, live in library.live.items()
    }  # fmt: skip


@lru_cache(maxsize=8)
def users(library: Library) -> Mapping[str, frozenset[str]]:
    """Return the codes of the policies that ask each fact, by fact id; those that ask for an account under ACCOUNT."""
    found: dict[str, set[str]] = {}
    for code, live in library.live.items():
        for fact in facts_asked(live.bound):
            found.setdefault(fact, set()).add(code)
        if live.content.terms.delivery == "automatic":
            found.setdefault(ACCOUNT, set()).add(code)
    return {fact: frozenset(codes) for fact, codes in found.items()}


@lru_cache(maxsize=32)
def part_of(library: Library, codes: frozenset[str]) -> Library:
    """Return the library of some of the policies: what is not asked need not be judged."""
    if 2 * len(codes) > len(library.live):
        return library
    return replace(library, live={code: live for code, live in library.live.items() if code in codes})


# ---- what is kept against what is found ------------------------------------------------------------------------------


def accounts(ids: Collection[int], day: date) -> set[int]:
    """Return those of the enterprises that somebody may act for on the day (suspended handlers count)."""
    return set(_open_mandates(day).filter(enterprise__in=ids).values_list("enterprise_id", flat=True))


def _open_mandates(day: date) -> QuerySet[Mandate]:
    open_ended = Q(ends_on__isnull=True) | Q(ends_on__gt=day)
    return Mandate.objects.filter(open_ended, starts_on__lte=day, revoked_at=None).order_by()


def differences(ids: Sequence[int], library: Library, codes: frozenset[str]) -> list[Difference]:
    """Return where the kept rows of some enterprises differ from what the policies of these codes say of them now."""
    if not codes:
        return []
    part, day = part_of(library, codes), library.day
    by_uscc = dict(Enterprise.objects.filter(pk__in=ids).values_list("uscc", "pk"))
    with_account = accounts(ids, day)
    wanted = {library.live[code].policy_id: code for code in codes}
    kept: dict[int, dict[str, PolicyMatch]] = {}
    for row in PolicyMatch.objects.filter(enterprise__in=ids, policy__in=wanted):
        kept.setdefault(row.enterprise_id, {})[wanted[row.policy_id]] = row
    told = []
    for uscc, values in fact_rows(day, usccs=list(by_uscc)):
        pk = by_uscc[uscc]
        found = judged(part, values, has_account=pk in with_account)
        mine = kept.get(pk, {})
        for code in codes & (found.keys() | mine.keys()):
            live = library.live[code]
            if not _same(mine.get(code), found.get(code), live):
                told.append(Difference(pk, live, mine.get(code), found.get(code)))
    return told


def _same(kept: PolicyMatch | None, found: Found | None, live: Live) -> bool:
    if kept is None or found is None:
        return kept is None and found is None
    was = (kept.verdict, kept.amount_fen, kept.short_on, kept.revision_id)
    return was == (found.verdict, found.amount_fen, found.short_on, live.revision_id)


def write(told: Sequence[Difference], *, cause: str, day: date, at: datetime) -> None:
    """Make the kept rows what was found, inside an act that holds the mark's lock."""
    rows, gone = [], []
    for one in told:
        if one.found is None:
            gone.append(one.kept.pk if one.kept else 0)
            continue
        same = one.kept is not None and one.kept.verdict == one.found.verdict
        rows.append(
            PolicyMatch(
                policy_id=one.live.policy_id, enterprise_id=one.enterprise_id, revision_id=one.live.revision_id,
                verdict=one.found.verdict, amount_fen=one.found.amount_fen, short_on=one.found.short_on,
                cause=one.kept.cause if one.kept and same else cause, since=one.kept.since if one.kept and same else at,
                judged_on=day, judged_at=at,
            )
        )  # fmt: skip
    for start in range(0, len(gone), CHUNK):
        PolicyMatch.objects.filter(pk__in=gone[start : start + CHUNK]).delete()
    PolicyMatch.objects.bulk_create(
        rows, batch_size=CHUNK, update_conflicts=True, unique_fields=["policy", "enterprise"],
        update_fields=["revision", "verdict", "amount_fen", "short_on", "cause", "since", "judged_on", "judged_at"],
    )  # fmt: skip


# ---- what has changed ------------------------------------------------------------------------------------------------


def changed_enterprises(since: datetime, before: date, day: date) -> dict[int, set[str]]:
    """Return the facts, by enterprise, that may have another value than when everything was judged: recorded after
    `since`, of a day after `before` that has come, of a row of the register that changed, or whether it has an account."""
    book, found = fact_book(), dict[int, set[str]]()
    recorded = Q(recorded_at__gt=since) | Q(as_of__gt=before, as_of__lte=day)
    rows = FactValue.objects.filter(recorded, as_of__lte=day).order_by()
    for pk, name, as_of in rows.values_list("enterprise_id", "fact", "as_of").distinct().iterator(CHUNK):
        fact = book.facts.get(name)
        asked = answers(book, fact, as_of, day) if fact else ""
        if asked:
            found.setdefault(pk, set()).add(asked)
    for pk in Enterprise.objects.filter(updated_at__gt=since).values_list("pk", flat=True).iterator(CHUNK):
        found.setdefault(pk, set()).update(READINGS)
    told = Q(given_at__gt=since) | Q(revoked_at__gt=since)
    come = Q(starts_on__gt=before, starts_on__lte=day) | Q(ends_on__gt=before, ends_on__lte=day)
    for pk in Mandate.objects.filter(told | come).values_list("enterprise_id", flat=True):
        found.setdefault(pk, set()).add(ACCOUNT)
    return found


@dataclass(frozen=True)
class Task:
    """Some enterprises to judge by some policies, because of a `PolicyMatch.Cause`."""

    ids: tuple[int, ...]
    codes: frozenset[str]
    cause: str


def fact_tasks(changed: Mapping[int, Collection[str]], library: Library) -> Iterator[Task]:
    """Yield what changed facts make to judge, enterprises that are asked alike together."""
    asking, alike = users(library), dict[frozenset[str], list[int]]()
    for pk, facts in changed.items():
        codes = frozenset[str]().union(*(asking.get(fact, frozenset()) for fact in facts))
        if codes:
            alike.setdefault(codes, []).append(pk)
    for codes, ids in alike.items():
        for start in range(0, len(ids), CHUNK):
            yield Task(tuple(sorted(ids)[start : start + CHUNK]), codes, PolicyMatch.Cause.FACT)


def policy_tasks(codes: frozenset[str], library: Library) -> Iterator[Task]:
    """Yield the enterprises that the policies may concern: of their places, of a place that is not known so finely, with an
    account, or kept for one of them."""
    rows, places = Enterprise.objects.order_by("pk"), {library.live[code].place_code for code in codes}
    if codes and "" not in places:
        near = ~KNOWN["place"] | Q(pk__in=_open_mandates(library.day).values("enterprise"))
        near |= Q(pk__in=PolicyMatch.objects.filter(policy__in=[library.live[code].policy_id for code in codes]).values("enterprise"))  # fmt: skip
        for place in places:
            above = [place[:size].ljust(6, "0") for size in (2, 4)]
            near |= Q(division_code__startswith=under(place)) | Q(division_code__in=above)
        rows = rows.filter(near)
    last = 0
    while codes and (ids := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:CHUNK])):
        last = ids[-1]
        yield Task(tuple(ids), codes, PolicyMatch.Cause.POLICY)


def under(place: str) -> str:
    """Return what the codes under a place begin with: 330109 -> 330109, 330100 -> 3301."""
    while place.endswith("00"):
        place = place[:-2]
    return place


@dataclass(frozen=True)
class Standing:
    """Against the marks: the policies whose reading changed, those in force no more, the mark of facts (None: never judged)."""

    moved: frozenset[str]
    gone: frozenset[str]
    mark: JudgeMark | None


def standing(library: Library) -> Standing:
    """Return what there is to judge anew on the library's day."""
    marks = {mark.name: mark for mark in JudgeMark.objects.exclude(name__startswith="@")}
    mark = JudgeMark.objects.filter(name=FACTS).first()
    reading = digests(library)
    turned = mark is None or mark.day.year != library.day.year or mark.day > library.day
    moved = [code for code in reading if turned or code not in marks or marks[code].digest != reading[code]]
    return Standing(frozenset(moved), frozenset(marks.keys() - reading.keys()), mark)


def enterprise_ids(*, after: int) -> list[int]:
    """Return the next CHUNK enterprises in order."""
    return list(Enterprise.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:CHUNK])
