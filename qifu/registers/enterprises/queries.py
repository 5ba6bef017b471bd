"""Questions about enterprises: search by fragment of a name, code, place, trade; one enterprise with its facts and sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from django.db import connections
from django.db.models import Max, Min, QuerySet
from django.urls import reverse
from django.utils import timezone

from qifu.foundation.access import ANYWHERE, Actor, find, grants_of, holds, permissions, visible
from qifu.foundation.imports.models import Import
from qifu.foundation.modules import HomeFigure
from qifu.foundation.search import words_of
from qifu.registers.divisions import queries as divisions
from qifu.registers.enterprises import industry as industries
from qifu.registers.enterprises.capital import format_amount
from qifu.registers.enterprises.models import Enterprise, EnterpriseChange, EnterpriseSource
from qifu.registers.enterprises.name_index import NAMES
from qifu.registers.enterprises.places import full_names, gazetteer
from qifu.registers.enterprises.uscc import LENGTH, fold

VIEW = "enterprises.view"
MOST = 1000
"""So many matches are counted, ordered and paged through; of more it is told that there are more."""
SCANNED = 10_000
"""A register of at most so many rows is read as it is, without asking an index."""
SAMPLED = 600
"""So many rows, evenly spread, tell how common the words and the filters are, and so which way is short."""
COMMON = 15
"""Of the sampled rows so many must match for the first thousand matches to be found by reading on from the start."""
KINDS: dict[str, str] = dict(Enterprise.Kind.choices)
STATUSES: dict[str, str] = dict(Enterprise.Status.choices)
CERTAINTIES: dict[str, str] = dict(Enterprise.Certainty.choices)
FACT_ORDER = (
    "name", "uscc", "kind", "status", "established_on", "approved_on", "capital", "paid_in", "legal_representative",
    "division_code", "address", "industry_code", "scope", "authority", "registration_number", "insured",
)  # fmt: skip


_TITLES = {"division_code": "区划", "industry_code": "行业"}


@dataclass(frozen=True)
class Found:
    """The numbers of at most 1,000 matches; `more` tells that there are others; names that match best stand first."""

    pks: tuple[int, ...]
    more: bool = False

    @property
    def count_text(self) -> str:
        """How many, as shown: 12 or 超过 1,000."""
        return f"超过 {MOST:,}" if self.more else f"{len(self.pks):,}"


def search(
    actor: Actor,
    at: datetime,
    *,
    text: str = "",
    uscc: str = "",
    division: str = "",
    industry: str = "",
    kind: str = "",
    status: str = "",
) -> Found:
    """Return the visible enterprises whose present or former name holds every word of `text` and that pass each filter.

    `uscc` is a prefix, `division` and `industry` stand for all below them. Exact, on both databases. Up to 1,000
    matches come ordered by how well the name fits; of more, the first by number.
    """
    base = visible(Enterprise.objects.all(), actor, VIEW, at).order_by()
    filtered = _filtered(base, uscc, division, industry, kind, status)
    words = words_of(text)
    if filtered is None or (text.strip() and not words):
        return Found(())
    pks = _first(filtered) if not words else _named(filtered, words)
    if len(pks) > MOST:
        return Found(tuple(pks[:MOST]), more=True)
    return Found(tuple(_ranked(pks, words)) if words else tuple(pks))


def _filtered(
    rows: QuerySet[Enterprise], uscc: str, division: str, industry: str, kind: str, status: str
) -> QuerySet[Enterprise] | None:
    """The rows that pass the filters other than words; None when nothing can."""
    prefix = fold(uscc)
    if uscc.strip():
        if not prefix.isalnum() or not prefix.isascii() or len(prefix) > LENGTH:
            return None
        if len(prefix) == LENGTH:
            rows = rows.filter(uscc=prefix)
        elif connections[rows.db].vendor == "sqlite":
            rows = rows.filter(uscc__gte=prefix, uscc__lt=prefix + "~")
        else:
            rows = rows.filter(uscc__startswith=prefix)
    if division:
        rows = rows.filter(division_code__in=_codes_of(division.replace("\0", "")))
    if industry:
        known = industry.replace("\0", "")
        rows = rows.filter(industry_code__gte=known, industry_code__lt=known + "~")
    for column, value in (("kind", kind), ("status", status)):
        if value:
            rows = rows.filter(**{column: value.replace("\0", "")})
    return rows


def _codes_of(division: str) -> list[str]:
    return sorted(divisions.subtree(division))


def _first(rows: QuerySet[Enterprise]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[: MOST + 1])


def _named(rows: QuerySet[Enterprise], words: Sequence[str]) -> list[int]:
    """The first matches by number, found the short way: reading on, through the filters, or through the index of names.

    Common words are found by reading a stretch from the start; else whichever of words and filters is rarer goes first.
    """
    everything = Enterprise.objects.order_by()
    ends = everything.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return []
    span = ends["last"] - ends["first"] + 1
    if span <= SCANNED:
        return _first(_with_words(rows, words))
    spread = range(ends["first"], ends["last"] + 1, max(1, span // SAMPLED))
    named = set(_with_words(everything, words).filter(pk__in=spread).values_list("pk", flat=True))
    passing = set(rows.filter(pk__in=spread).values_list("pk", flat=True))
    both = len(named & passing)
    if both >= COMMON:
        stretch = ends["first"] + 2 * (MOST + 1) * len(spread) // both
        hits = _first(_with_words(rows.filter(pk__lt=stretch), words))
        if len(hits) > MOST:
            return hits
    if len(passing) < len(named):
        return _first(_with_words(rows, words))
    return _first(NAMES.holding(rows, words))


def _with_words(rows: QuerySet[Enterprise], words: Sequence[str]) -> QuerySet[Enterprise]:
    for word in words:
        rows = rows.filter(name_text__contains=word)
    return rows


def _ranked(pks: Sequence[int], words: Sequence[str]) -> list[int]:
    """Names that begin with the first word before others, short ones before long ones, then by number."""
    texts = dict(Enterprise.objects.filter(pk__in=pks).values_list("pk", "name_text"))

    def rank(pk: int) -> tuple[bool, bool, int, int]:
        name = texts[pk].split("\n", 1)[0]
        return words[0] not in name, not name.startswith(words[0]), len(name), pk

    return sorted(pks, key=rank)


@dataclass(frozen=True)
class EnterpriseLine:
    """One enterprise in a list."""

    row: Enterprise
    place: str
    industry: str
    kind: str
    capital: str
    simulated: bool


def lines(pks: Sequence[int], day: date) -> list[EnterpriseLine]:
    """Return the enterprises of these numbers as a list shows them, in the given order."""
    rows = Enterprise.objects.filter(pk__in=pks).select_related("source").defer("scope", "readings").in_bulk()
    places = full_names({row.division_code for row in rows.values() if row.division_code}, day)
    return [
        EnterpriseLine(
            row=rows[pk], place=places.get(rows[pk].division_code, ""),
            industry=industries.names().get(rows[pk].industry_code, ""), kind=rows[pk].get_kind_display(),
            capital=amount_text(rows[pk].capital, rows[pk].capital_currency), simulated=rows[pk].source.simulated,
        )
        for pk in pks
        if pk in rows
    ]  # fmt: skip


def amount_text(amount: int | None, currency: str) -> str:
    """Return 100 万元, 10.5 万美元, or nothing where no amount is known."""
    return "" if amount is None else format_amount(amount, currency)


@dataclass(frozen=True)
class Fact:
    """One fact as shown: its title, its value, how it was read, its source, and whether it is doubtful."""

    name: str
    title: str
    value: str
    reading: str = ""
    source: str = ""
    certainty: str = ""


@dataclass(frozen=True)
class Change:
    """What changed at one time: (title, value before) pairs, and the source that held before."""

    at: datetime
    source: str
    before: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FormerName:
    """A name once borne, until when, and who says so."""

    name: str
    ended_on: date | None
    source: str


@dataclass(frozen=True)
class EnterpriseDetail:
    """One enterprise with every known fact, former names and what changed."""

    row: Enterprise
    facts: tuple[Fact, ...]
    missing: tuple[str, ...]
    former_names: tuple[FormerName, ...]
    changes: tuple[Change, ...] = field(default=())
    simulated: bool = False


def enterprise(pk: int, actor: Actor, at: datetime) -> EnterpriseDetail:
    """Return one visible enterprise; raise NotFound."""
    row = find(Enterprise.objects.select_related("source"), actor, VIEW, at, pk=pk)
    changes = list(row.changes.select_related("source")[:50])
    names = list(row.former_names.select_related("source").order_by("pk"))
    used = {
        row.source_id,
        *row.other_sources.values(),
        *(n.source_id for n in names),
        *(c.source_id for c in changes),
    }
    titles = source_titles(EnterpriseSource.objects.filter(pk__in=used))
    day = timezone.localdate(at)
    facts = [_fact(row, name, titles, day) for name in FACT_ORDER]
    return EnterpriseDetail(
        row=row, facts=tuple(f for f in facts if f.value or f.reading),
        missing=tuple(f.title for f in facts if not f.value and not f.reading),
        former_names=tuple(FormerName(n.name, n.effective_to, titles[n.source_id]) for n in names),
        changes=tuple(_change(row, c, titles[c.source_id], day) for c in changes), simulated=row.source.simulated,
    )  # fmt: skip


def source_titles(sources: Iterable[EnterpriseSource]) -> dict[int, str]:
    """Return how each source is shown: the file of an import with its number, else the source's own name."""
    rows = list(sources)
    named = {
        row.pk: found for row in rows if (found := re.fullmatch(r"import:([0-9]+)(?:/([0-9]+))?", row.name))
    }
    files = Import.objects.in_bulk({int(found[1]) for found in named.values()})
    return {row.pk: _source_title(row, named.get(row.pk), files) for row in rows}


def _source_title(row: EnterpriseSource, found: re.Match[str] | None, files: dict[int, Import]) -> str:
    if found is None:
        return row.name
    file = files.get(int(found[1]))
    if file is None:
        return f"第 {found[1]} 次导入"
    parts = file.read_by.parts
    part = int(found[2] or 1)
    sheet = f"，工作表“{parts[part - 1].sheet}”" if 1 < len(parts) >= part else ""
    return f"第 {found[1]} 次导入（{file.filename}{sheet}）"


def _fact(row: Enterprise, name: str, titles: dict[int, str], day: date) -> Fact:
    value = _shown(row, name, getattr(row, name), day)
    pk = row.other_sources.get(name, row.source_id)
    origin = titles.get(pk, "")
    if pk == row.source_id and row.source_row:
        origin += f" 第 {row.source_row} 行"
    reading = row.readings.get(name, "")
    certainty = row.get_division_certainty_display() if name == "division_code" and value else ""
    if name in ("capital", "paid_in") and value:
        reading = f"原文：{reading}" if reading else ""
    elif reading and not value:
        reading = f"原文：{reading}（未能识别）"
    return Fact(
        name,
        _TITLES.get(name) or str(Enterprise._meta.get_field(name).verbose_name),
        value,
        reading,
        origin,
        certainty,
    )


def _shown(row: Enterprise, name: str, value: object, day: date) -> str:
    if value in (None, "", "unknown"):
        return ""
    match name:
        case "kind":
            extra = row.get_investment_display() if row.investment else ""
            return KINDS[str(value)] + (f"（{extra}）" if extra else "")
        case "status":
            return STATUSES[str(value)]
        case "capital":
            return amount_text(row.capital, row.capital_currency or "CNY")
        case "paid_in":
            return amount_text(row.paid_in, row.paid_in_currency or "CNY")
        case "division_code":
            return f"{gazetteer(day).full_name(str(value))}（{value}）"
        case "industry_code":
            return " › ".join(title for _, title in industries.path_to(str(value))) + f"（{value}）"
        case "insured":
            return f"{value} 人"
    return str(value)


def _change(row: Enterprise, change: EnterpriseChange, source: str, day: date) -> Change:
    known = {name: getattr(row, name) for name in ("investment", "capital_currency", "paid_in_currency")}
    past = Enterprise(**known | {k: v for k, v in change.before.items() if v is not None and k in _FIELDS})
    shown = [
        (str(Enterprise._meta.get_field(name).verbose_name), _shown(past, name, value, day) or "未填")
        for name, value in change.before.items()
        if name in FACT_ORDER
    ]
    return Change(change.at, source, tuple(shown))


_FIELDS = frozenset(f.name for f in Enterprise._meta.concrete_fields)


def division_choices(actor: Actor, at: datetime, day: date) -> list[tuple[str, str]]:
    """Return the divisions over which the actor may look enterprises up, cities before their counties."""
    known = divisions.book(day)
    rows = [row for kind in ("province", "city", "county") for row in known.of_kind(kind)]
    rows.sort(key=lambda row: row.code)
    within = places_of(actor, VIEW, at)
    rows = [row for row in rows if within is None or row.code in within]
    return [(row.code, ("　" if row.kind == "county" else "") + row.name) for row in rows]


def places_of(actor: Actor, permission: str, at: datetime) -> frozenset[str] | None:
    """Return the division codes over which the actor holds `permission`; None for everywhere."""
    if actor.kind == "system":
        return None
    allowed = permissions()[permission].grants
    grants = [grant for grant in grants_of(actor, at) if grant.role in allowed]
    if any(ANYWHERE in allowed[grant.role] for grant in grants):
        return None
    return frozenset().union(*(grant.places for grant in grants))


def industry_choices(chosen: str) -> list[tuple[str, str]]:
    """Return sections, and around the chosen industry what lies above and below it."""
    shown = dict(industries.below(""))
    for code, _ in industries.path_to(chosen):
        shown |= dict(industries.below(code))
    depth = {1: 0, 3: 1, 4: 2, 5: 3}
    return [(code, "　" * depth[len(code)] + f"{code} {name}") for code, name in sorted(shown.items())]


def industry_path(chosen: str) -> list[tuple[str, str]]:
    """Return (code, name) from the section down to the chosen industry."""
    return industries.path_to(chosen)


def may_import(actor: Actor, at: datetime) -> str:
    """Return the address where the actor can import enterprises; nothing where they may not."""
    return reverse("import_upload") + "?kind=enterprises" if holds(actor, "enterprises.import", at) else ""


def home_figures(actor: Actor, today: date) -> list[HomeFigure]:
    """Return how many enterprises the actor may look up; beyond 1,000 nothing is counted."""
    at = timezone.make_aware(datetime.combine(today, time(12)))
    count = visible(Enterprise.objects.all(), actor, VIEW, at).order_by()[: MOST + 1].count()
    if not count:
        return []
    label = "可查询的企业" if count <= MOST else f"可查询的企业（超过 {MOST:,} 家，只计到这里）"
    return [HomeFigure(min(count, MOST), "家", label, "/workbench/enterprises/")]
