"""Made-up facts of the demo enterprises, by the generator that benchmarks use: told by bodies, by firms, some stale, some missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import numpy as np
from django.conf import settings

from qifu.foundation import clock
from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import Refused, action
from qifu.registers.enterprises.crowd import Crowd, trade_of
from qifu.registers.enterprises.demo import DEMO_USCC
from qifu.registers.enterprises.fact_actions import DECLARED, Given, Recorded, note_counts, write
from qifu.registers.enterprises.fact_book import EPOCH, Fact, fact_book
from qifu.registers.enterprises.fact_models import draw
from qifu.registers.enterprises.fact_years import YEARS_BACK
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.enterprises.register_facts import recordable, register_facts

SEED = (2024, 6)
_KINDS = {"事业单位": 0, "社会组织": 1, "企业": 2, "个体工商户": 3, "农民专业合作社": 4}
"""How `Crowd` numbers kinds."""
_AGE = {"实时": 3, "每月": 20, "每季": 81, "每年": 172, "每批公布": 172}
"""How many days before today the last table of each cycle was."""
_DECLARING, _STALE = 3, 11
"""One enterprise in so many declares what only it knows; of one in so many the last table is a year and a half old."""

_NOT_YET = ("海关", "人民银行", "银行", "供电企业", "证监部门", "残联")
"""Bodies that share nothing with the demo's place yet, so that pages show what is missing."""


def load_demo_facts(at: datetime) -> None:
    """Tell the facts of the demo enterprises; safe to repeat; raise Refused on any site but a demo."""
    if not settings.DEMO:
        raise Refused("这不是演示站点（未设置 QIFU_DEMO=1），不能载入模拟企业")
    add_demo_facts(by=SYSTEM, at=at)


@action("enterprises.add_demo_facts", title="载入模拟企业事实", permission="enterprises.load_demo")
def add_demo_facts(*, by: Actor, at: datetime) -> Recorded:
    """Record made-up facts of every enterprise of a simulated source."""
    day = clock.business(at).date()
    rows = list(Enterprise.objects.filter(source__simulated=True).order_by("uscc"))
    crowd = _crowd(rows, day)
    told: dict[tuple[str, bool], list[Given]] = {}
    for fact in recordable():
        if fact.source in _NOT_YET:
            continue
        source = DECLARED if fact.held == "ask" else f"{fact.source}共享数据（模拟）"
        told.setdefault((source, fact.held == "ask"), []).extend(_given(fact, rows, crowd, day))
    whole = Recorded()
    for (source, declared), given in told.items():
        part = write(given, source=source, declared=declared, by=by, at=at, simulated=True)
        whole.created, whole.unchanged = whole.created + part.created, whole.unchanged + part.unchanged
        whole.corrected, whole.digest = whole.corrected + part.corrected, part.digest or whole.digest
    note_counts(whole)
    return whole


def _crowd(rows: list[Enterprise], day: date) -> Crowd:
    trades = [trade_of(row.industry_code or "F") for row in rows]
    people, per_head, assets, tech = np.array([[t.people, t.per_head, t.assets, t.tech] for t in trades]).T
    titles = fact_book().facts["entity_kind"].choices
    kinds = [
        _KINDS.get(titles[kind] if isinstance(kind := register_facts(row).get("entity_kind"), int) else "", 2)
        for row in rows
    ]
    return Crowd(SEED, (day - EPOCH).days, people, per_head, assets, tech, np.array(kinds, np.int8))


def _given(fact: Fact, rows: list[Enterprise], crowd: Crowd, day: date) -> Iterator[Given]:
    if fact.type in ("place", "industry"):
        for row in rows:
            if row.division_code and (row.uscc == DEMO_USCC or row.pk % _DECLARING == 0):
                yield Given(row.pk, fact, row.division_code, _day(fact, row, day))
        return
    values, missing = draw(crowd, fact)
    for number, row in enumerate(rows):
        tells = fact.held != "ask" or row.uscc == DEMO_USCC or row.pk % _DECLARING == 0
        if tells and not missing[number]:
            yield Given(row.pk, fact, int(values[number]), _day(fact, row, day))


def _day(fact: Fact, row: Enterprise, day: date) -> date:
    """A yearly fact is told as of the end of last year; others as of the last table of their cycle."""
    if YEARS_BACK.get(fact.period, 0):
        return date(day.year - 1, 12, 31)
    if YEARS_BACK.get(fact.period) == 0:
        return date(day.year, 1, 31)
    late = 540 if row.pk % _STALE == 0 else 0
    return day - timedelta(days=_AGE.get(fact.update, 3) + late)
