"""Who is on a list: all enterprises of a place judged on a day by one published revision, with the facts it rested on."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

from django.db.models import Q
from django.utils import timezone

from qifu.engines.rules.edges import facts_asked
from qifu.engines.rules.judge import truth
from qifu.engines.rules.tree import Truth
from qifu.registers.enterprises.fact_book import fact_book
from qifu.registers.enterprises.fact_sheet import shown
from qifu.registers.enterprises.fact_store import CHUNK, Told, decisive, told
from qifu.registers.enterprises.models import Enterprise, EnterpriseSource, FactValue
from qifu.registers.enterprises.register_facts import register_facts
from qifu.services.policies.library import Live
from qifu.services.policies.standing import standing_of

Words = Callable[[str, Any], str]
"""How a fact's kept value is said, with its unit."""
REGISTER = "登记信息"
UNKNOWN, DECLARED, NO_AMOUNT = "缺数据", "只有自报数据", "金额不明"
"""Why an enterprise that may be entitled is not on the list."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One enterprise that is to be paid: fen, and the facts as they are frozen."""

    enterprise: int
    uscc: str
    fen: int
    facts: list[dict[str, Any]]


@dataclass
class Counts:
    """How many enterprises were judged, and how many were left out for which reason."""

    judged: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def of_place(place_code: str) -> Q:
    """Return the condition of enterprises of a place: its own, those of what lies in it, its functional areas."""
    prefix = place_code.rstrip("0")
    prefix += "0" * (len(prefix) % 2)
    return Q(division_code__startswith=prefix) | Q(division_code__startswith=f"F{prefix}")


def list_of(live: Live, place_code: str, day: date, known_by: datetime, counts: Counts) -> Iterator[Listed]:
    """Yield who is to be paid, in the order of the register; `counts` is kept meanwhile. Only payable standings count."""
    rows = Enterprise.objects.filter(of_place(place_code)).order_by("pk")
    rows = rows.defer("scope", "readings", "address", "name_text")
    sources = dict(EnterpriseSource.objects.values_list("pk", "name"))
    asked = sorted(facts_asked(live.bound))
    words = lru_cache(maxsize=10_000)(lambda name, kept: shown(fact_book().facts[name], kept, day))
    needed = _with_parts(asked)
    last = 0
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        last = chunk[-1].pk
        stored = told(
            FactValue.objects.filter(enterprise__in=[row.pk for row in chunk], fact__in=needed), known_by
        )
        found = {pk: decisive(group, day) for pk, group in groupby(stored, key=lambda one: one.enterprise)}
        for row in chunk:
            counts.judged += 1
            one = _judged(live, row, found.get(row.pk, {}), asked, sources, words, counts)
            if one is not None:
                yield one


def _with_parts(asked: list[str]) -> list[str]:
    """All facts of the book that are kept; a derived one is made of others, so then none is left out."""
    book = fact_book().facts
    return sorted(book) if any(book[name].derived is not None for name in asked if name in book) else asked


def _judged(
    live: Live, row: Enterprise, rows: dict[str, Told], asked: list[str], sources: dict[int, str], words: Words,
    counts: Counts
) -> Listed | None:  # fmt: skip
    registered = register_facts(row)
    values = {fact: one.value for fact, one in rows.items()} | registered
    if truth(live.bound.require, values) == Truth.UNMET:
        return None
    declared = {fact for fact, one in rows.items() if one.declared and fact not in registered}
    found = standing_of(live.bound, values, declared, live.content.terms)
    if found.truth == Truth.UNKNOWN:
        counts.left_out[UNKNOWN] += 1
    elif not found.payable:
        counts.left_out[DECLARED if found.rests_on else NO_AMOUNT] += 1
    elif not found.payable_fen or found.payable_fen < 0:
        counts.left_out[NO_AMOUNT] += 1
    else:
        return Listed(
            row.pk, row.uscc, found.payable_fen, _frozen(row, rows, registered, asked, sources, words)
        )
    return None


def _frozen(
    row: Enterprise, rows: dict[str, Told], registered: dict[str, Any], asked: list[str], sources: dict[int, str], words: Words
) -> list[dict[str, Any]]:  # fmt: skip
    book, frozen = fact_book().facts, []
    for name in asked:
        fact = book[name]
        if name in registered:
            kept, source, declared = registered[name], REGISTER, False
            as_of = timezone.localdate(row.updated_at).isoformat()
        elif name in rows:
            one = rows[name]
            kept, source, as_of, declared = (
                one.value,
                sources.get(one.source, ""),
                one.as_of.isoformat(),
                one.declared,
            )
        else:
            continue
        frozen.append({
            "fact": name, "label": fact.label, "value": words(name, kept), "kept": kept, "source": source,
            "as_of": as_of, "declared": declared,
        })  # fmt: skip
    return frozen


def frozen_facts(live: Live, row: Enterprise, day: date) -> list[dict[str, Any]]:
    """Return the facts that a policy asks as they stand for one enterprise on a day, in the form in which lists freeze them."""
    rows = decisive(told(FactValue.objects.filter(enterprise=row)), day)
    sources = dict(EnterpriseSource.objects.values_list("pk", "name"))

    def words(name: str, kept: Any) -> str:
        return shown(fact_book().facts[name], kept, day)

    return _frozen(row, rows, register_facts(row), sorted(facts_asked(live.bound)), sources, words)


def digest_of(rows: Iterable[tuple[str, int, list[dict[str, Any]]]]) -> str:
    """Return the SHA-256 of a list: its (code, fen, facts) as lines of JSON in the order of codes."""
    seal = hashlib.sha256()
    for code, fen, facts in sorted(rows, key=lambda one: one[0]):
        seal.update(json.dumps([code, fen, facts], ensure_ascii=False, sort_keys=True).encode())
        seal.update(b"\n")
    return seal.hexdigest()
