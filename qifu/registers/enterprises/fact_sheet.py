"""The facts of one enterprise as a page shows them: value, unit, year, source, day, what was told before, what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from qifu.foundation import clock
from qifu.foundation.access import Actor, find, holds, visible
from qifu.foundation.money import format_money
from qifu.registers.enterprises import industry
from qifu.registers.enterprises.fact_book import Derived, Fact, Value, fact_book
from qifu.registers.enterprises.fact_store import Told, decisive, may_declare, told
from qifu.registers.enterprises.fact_years import is_stale, year_of
from qifu.registers.enterprises.models import Enterprise, EnterpriseSource, FactValue
from qifu.registers.enterprises.places import full_names
from qifu.registers.enterprises.queries import source_titles
from qifu.registers.enterprises.register_facts import READINGS, is_recordable, register_facts

VIEW, VIEW_OWN = "enterprises.view_facts", "enterprises.view_own_facts"
RECORD, DECLARE = "enterprises.record_facts", "enterprises.declare_facts"
HELD = {"held": "本地依法持有", "shareable": "其他单位持有，可申请共享", "ask": "只有企业知道，需要询问"}


def update_words(fact: Fact) -> str:
    """Return how often a fact is told anew: `每年更新`, `每批公布时更新`, `每次询问`."""
    return {"每批公布": "每批公布时更新", "每次": "每次询问"}.get(fact.update, f"{fact.update}更新")


@dataclass(frozen=True)
class KnownFact:
    """A fact and the value that holds on the day; an empty `value` is missing."""

    fact: Fact
    value: str = ""
    year: int | None = None
    as_of: date | None = None
    source: str = ""
    declared: bool = False
    stale: bool = False

    @property
    def may_declare(self) -> bool:
        """Tell whether the enterprise may tell it."""
        return may_declare(self.fact)

    @property
    def recordable(self) -> bool:
        """Tell whether values of it are kept in the store."""
        return is_recordable(self.fact)

    @property
    def held(self) -> str:
        """Who has it, in words."""
        return HELD[self.fact.held]

    @property
    def updated(self) -> str:
        """How often it is told anew, in words."""
        return update_words(self.fact)


@dataclass(frozen=True)
class Version:
    """One value as it was told; an empty `value` took it back."""

    value: str
    year: int | None
    as_of: date
    source: str
    declared: bool
    recorded_at: datetime
    version: int
    note: str


@dataclass(frozen=True)
class Sheet:
    """The facts of an enterprise that are shown, how many of each group are missing, how many of all are known."""

    enterprise: Enterprise
    facts: tuple[KnownFact, ...]
    group: str
    missing: tuple[tuple[str, int], ...]
    known: int
    total: int


def visible_enterprise(pk: int, actor: Actor, at: datetime, *, own: bool) -> Enterprise:
    """Return an enterprise whose facts the actor may see, as its own person or as an officer; raise NotFound."""
    return find(Enterprise.objects.select_related("source"), actor, VIEW_OWN if own else VIEW, at, pk=pk)


def may(actor: Actor, permission: str, enterprise: Enterprise, at: datetime) -> bool:
    """Tell whether the actor holds a permission on an enterprise."""
    mine = Enterprise.objects.filter(pk=enterprise.pk)
    return holds(actor, permission, at) and visible(mine, actor, permission, at).exists()


def sheet(enterprise: Enterprise, day: date, *, group: str = "", missing_only: bool = False) -> Sheet:
    """Return the facts of a group, the first where there is none of that name; or all that are missing on `day`.

    Personal matters, which are never kept, are left out.
    """
    facts = [fact for fact in fact_book().facts.values() if fact.sensitivity != "个人信息"]
    known = _all_known(enterprise, facts, day)
    kept = [one for one in known if one.fact.derived is None]
    lacking = Counter(one.fact.group for one in kept if not one.value)
    names = list(dict.fromkeys(one.fact.group for one in known))
    chosen = group if group in names else names[0]
    shown_ = (
        [one for one in kept if not one.value]
        if missing_only
        else [one for one in known if one.fact.group == chosen]
    )
    return Sheet(
        enterprise, tuple(shown_), "" if missing_only else chosen, tuple((name, lacking[name]) for name in names),
        sum(bool(one.value) for one in kept), len(kept),
    )  # fmt: skip


def _all_known(enterprise: Enterprise, facts: Iterable[Fact], day: date) -> list[KnownFact]:
    rows = decisive(told(FactValue.objects.filter(enterprise=enterprise)), day)
    values: dict[str, Value] = {fact: row.value for fact, row in rows.items()}
    values |= register_facts(enterprise)
    sources = _sources([*(row.source for row in rows.values()), *_register_sources(enterprise)])
    return [_known(fact, enterprise, values, rows.get(fact.id), sources, day) for fact in facts]


def known_facts(enterprise: Enterprise, names: Iterable[str], day: date) -> list[KnownFact]:
    """Return the facts of these ids as they are known on `day`, in the book's order, personal matters too."""
    wanted = set(names)
    return _all_known(enterprise, [one for one in fact_book().facts.values() if one.id in wanted], day)


def known_fact(enterprise: Enterprise, name: str, day: date) -> KnownFact | None:
    """Return one fact of an enterprise on `day`; None for one that values are not kept of."""
    fact = fact_book().facts.get(name)
    if fact is None or not is_recordable(fact):
        return None
    return _all_known(enterprise, [fact], day)[0]


def history(enterprise: Enterprise, name: str, day: date) -> list[Version]:
    """Return everything that was told of a fact, newest first."""
    fact = fact_book().facts[name]
    rows = list(FactValue.objects.filter(enterprise=enterprise, fact=name).order_by("-recorded_at", "-pk"))
    sources = _sources([row.source_id for row in rows])
    return [
        Version(
            shown(fact, row.code or row.number, day), year_of(fact, row.as_of), row.as_of, sources[row.source_id],
            row.declared, clock.business(row.recorded_at), row.version, row.note,
        )
        for row in rows
    ]  # fmt: skip


def _known(
    fact: Fact, enterprise: Enterprise, values: Mapping[str, Value], row: Told | None, sources: Mapping[int, str], day: date,
) -> KnownFact:  # fmt: skip
    if fact.derived is not None:
        return KnownFact(fact, derived_text(fact, values, day), source="由其他事实算出")
    text = shown(fact, values.get(fact.id), day)
    if fact.id in READINGS:
        field = READINGS[fact.id][1]
        source = sources.get(enterprise.other_sources.get(field, enterprise.source_id), "")
        return KnownFact(fact, text, source=source if text else "")
    if row is None:
        return KnownFact(fact)
    told_of = fact_book().facts[row.fact]
    return KnownFact(
        fact, text, year_of(told_of, row.as_of), row.as_of, sources[row.source], row.declared,
        is_stale(fact, row.as_of, day) and year_of(fact, row.as_of) is None,
    )  # fmt: skip


def _register_sources(row: Enterprise) -> list[int]:
    return [row.source_id, *row.other_sources.values()]


def _sources(pks: Iterable[int]) -> dict[int, str]:
    return source_titles(EnterpriseSource.objects.filter(pk__in=set(pks)))


def shown(fact: Fact, value: Value, day: date) -> str:
    """Return a kept value as people read it on `day`, with its unit; empty where it is missing."""
    if value is None:
        return ""
    if fact.type == "money":
        return format_money(int(value))
    if fact.is_number:
        number = fact.decimal(int(value)).normalize()
        return f"{number:,f}" + ("%" if fact.unit == "%" else f" {fact.unit}")
    if fact.type == "honour":
        text = fact.written(value)
        return {"否": "没有", "9999-12-31": "有，长期有效"}.get(text) or f"有，{text} 起失效"
    if fact.type == "industry":
        return f"{industry.names().get(str(value), '')}（{value}）"
    if fact.type == "place":
        return f"{full_names({str(value)}, day).get(str(value), '')}（{value}）"
    return fact.written(value)


def derived_text(fact: Fact, values: Mapping[str, Value], day: date) -> str:
    """Return a derived fact for the eye: a share to two decimals of a percent, a sum exactly; empty where a term is missing."""
    derived = fact.derived or Derived(())
    of, over = (_sum(terms, values) for terms in (derived.of, derived.over))
    if of is None or (derived.over and (over is None or over <= 0)):
        return ""
    if not derived.over or over is None:
        return shown(fact, of, day)
    share = (Decimal(100 * of) / Decimal(over)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{share:,f}%"


def _sum(terms: tuple[tuple[int, str], ...], values: Mapping[str, Value]) -> int | None:
    total = 0
    for coefficient, name in terms:
        value = values.get(name)
        if not isinstance(value, int):
            return None
        total += coefficient * value
    return total
