"""Whom policies reach in an officer's place: matched, told, opened, confirmed, paid; where most are one condition short; the nightly checks.

Counted are enterprises, each once. Counts of fewer than five are not shown; rows are, to those in whose place they stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet

from qifu.engines.rules.rule_words import tree_words
from qifu.engines.rules.tree import leaves
from qifu.foundation import clock
from qifu.foundation.access import Actor, NotFound, visible
from qifu.foundation.money import format_money
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.divisions.queries import names as division_names
from qifu.registers.enterprises.fact_book import fact_book
from qifu.services.policies.library import Live, policy_library
from qifu.services.policies.models import JudgeMark, Policy, PolicyMatch, PolicyPush, SweepReport
from qifu.services.policies.small_cells import is_small

VIEW, SWEEPS = "policies.see_reach", "policies.see_sweeps"
PAGE_SIZE, WEEKS = 50, 12
VERDICTS = {"met": ("good", "可享"), "short": ("warn", "差一项"), "unknown": ("info", "需补充")}
STEPS = ("pushed", "opened", "confirmed", "paid")


@dataclass(frozen=True)
class Funnel:
    """How many enterprises were told, opened, confirmed, were paid, said 与我无关."""

    pushed: int = 0
    opened: int = 0
    confirmed: int = 0
    paid: int = 0
    dismissed: int = 0

    @property
    def cells(self) -> list[tuple[str, str]]:
        """Each step with its count and share of the told, as it may be shown."""
        titles = ("推送", "打开", "确认", "到账")
        return [(title, self._cell(name)) for title, name in zip(titles, STEPS, strict=True)]

    def _cell(self, name: str) -> str:
        count = int(getattr(self, name))
        shown = figure(count)
        if name == "pushed" or is_small(count) or is_small(self.pushed) or not self.pushed:
            return shown
        return f"{shown}（{percent(count, self.pushed)}）"

    @property
    def irrelevant(self) -> str:
        """The share that said 与我无关, as it may be shown."""
        if not self.pushed or is_small(self.dismissed) or is_small(self.pushed):
            return figure(self.dismissed) if self.pushed else "—"
        return percent(self.dismissed, self.pushed)


def figure(count: int) -> str:
    """Return a count as it may be shown."""
    return "少于 5" if is_small(count) else f"{count:,}"


def percent(part: int, whole: int) -> str:
    """Return `12.5%`, halves up."""
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10}%"


_FUNNEL = {
    "pushed": Count("enterprise", distinct=True),
    "opened": Count("enterprise", distinct=True, filter=Q(opened_at__isnull=False)),
    "confirmed": Count("enterprise", distinct=True, filter=Q(confirmed_at__isnull=False)),
    "paid": Count("enterprise", distinct=True, filter=Q(paid_at__isnull=False)),
    "dismissed": Count("enterprise", distinct=True, filter=Q(dismissed_at__isnull=False)),
}


@dataclass(frozen=True)
class PolicyLine:
    """One policy: how many meet it, are one short, wait; and its funnel."""

    code: str
    title: str
    place: str
    met: int
    short: int
    unknown: int
    funnel: Funnel

    @property
    def matched(self) -> Mapping[str, str]:
        """The counts as they may be shown."""
        return {"met": figure(self.met), "short": figure(self.short), "unknown": figure(self.unknown)}


@dataclass(frozen=True)
class Week:
    """One week's pushes, from Monday on."""

    monday: date
    funnel: Funnel


@dataclass(frozen=True)
class Reach:
    """The page: policies, the funnel of all and of each week, and when everything was last judged."""

    lines: Sequence[PolicyLine]
    total: Funnel
    weeks: Sequence[Week]
    judged_at: datetime | None

    @cached_property
    def met(self) -> int:
        """How many verdicts are met."""
        return sum(line.met for line in self.lines)


def _rows(actor: Actor, at: datetime) -> tuple[QuerySet[PolicyMatch], QuerySet[PolicyPush]]:
    return (
        visible(PolicyMatch.objects.order_by(), actor, VIEW, at),
        visible(PolicyPush.objects.order_by(), actor, VIEW, at),
    )


def reach(actor: Actor, at: datetime, day: date) -> Reach:
    """Return whom the policies in force reach among the enterprises of the actor's place, the most met first."""
    matches, pushes = _rows(actor, at)
    counted: dict[int, dict[str, int]] = {}
    for policy, verdict, count in matches.values_list("policy", "verdict").annotate(count=Count("pk")):
        counted.setdefault(policy, {})[verdict] = count
    told = {row.pop("policy"): Funnel(**row) for row in pushes.values("policy").annotate(**_FUNNEL)}
    lives = {live.policy_id: live for live in policy_library(day).live.values()}
    places = division_names([live.place_code for live in lives.values() if live.place_code])
    lines = [
        PolicyLine(
            live.code, live.rule.title, places.get(live.place_code, "全国") if live.place_code else "全国",
            *_counts(counted.get(pk, {})), told.get(pk, Funnel()),
        )
        for pk, live in lives.items()
        if pk in counted or pk in told
    ]  # fmt: skip
    lines.sort(key=lambda line: (-line.funnel.pushed, -line.met, line.code))
    mark = JudgeMark.objects.filter(name="@facts").first()
    return Reach(
        lines,
        Funnel(**pushes.aggregate(**_FUNNEL)),
        _weeks(pushes, day),
        clock.business(mark.until) if mark else None,
    )


def _counts(counts: Mapping[str, int]) -> tuple[int, int, int]:
    return counts.get("met", 0), counts.get("short", 0), counts.get("unknown", 0)


def _weeks(pushes: QuerySet[PolicyPush], day: date) -> list[Week]:
    monday, found = day - timedelta(days=day.weekday()), []
    for _ in range(WEEKS):
        first = datetime(monday.year, monday.month, monday.day, tzinfo=SHANGHAI)
        within = pushes.filter(pushed_at__gte=first, pushed_at__lt=first + timedelta(days=7))
        found.append(Week(monday, Funnel(**within.aggregate(**_FUNNEL))))
        monday -= timedelta(days=7)
    return [week for week in found if week.funnel.pushed]


@dataclass(frozen=True)
class ShortLine:
    """One condition that enterprises are short of, or one fact that they lack, and how many."""

    key: str
    text: str
    count: int

    @property
    def shown(self) -> str:
        """The count as it may be shown."""
        return figure(self.count)


@dataclass(frozen=True)
class MatchRow:
    """One enterprise of the officer's place."""

    enterprise_id: int
    name: str
    place: str
    state: tuple[str, str]
    amount: str
    short: str
    since: datetime
    pushed_at: datetime | None
    opened_at: datetime | None


@dataclass(frozen=True)
class PolicyReach:
    """One policy: its line, the conditions most are short of, and a page of rows."""

    live: Live
    line: PolicyLine
    short: Sequence[ShortLine]
    unknown: Sequence[ShortLine]
    rows: Sequence[MatchRow]
    page: Page[PolicyMatch]
    verdict: str
    key: str


def policy_reach(
    code: str, actor: Actor, at: datetime, day: date, *, verdict: str = "", key: str = "", number: str | None = None
) -> PolicyReach:  # fmt: skip
    """Return whom one policy reaches in the actor's place; raises NotFound."""
    live = policy_library(day).live.get(code)
    if live is None or not visible(Policy.objects.filter(code=code), actor, "policies.view", at).exists():
        raise NotFound(f"policy {code}")
    matches, pushes = _rows(actor, at)
    matches, pushes = matches.filter(policy=live.policy_id), pushes.filter(policy=live.policy_id)
    counts = dict(matches.values_list("verdict").annotate(count=Count("pk")))
    place = division_names([live.place_code]).get(live.place_code, "") if live.place_code else "全国"
    line = PolicyLine(
        code, live.rule.title, place, *_counts(counts), Funnel(**pushes.aggregate(**_FUNNEL))
    )  # fmt: skip
    verdict = verdict if verdict in VERDICTS else "met"
    wanted = matches.filter(verdict=verdict, **({"short_on": key} if key else {}))
    page = Paginator(wanted.select_related("enterprise").order_by("-since", "pk"), PAGE_SIZE).get_page(number)
    return PolicyReach(
        live, line, _short(matches, live, "short"), _short(matches, live, "unknown"), _match_rows(page, pushes, live),
        page, verdict, key,
    )  # fmt: skip


def _short(matches: QuerySet[PolicyMatch], live: Live, verdict: str) -> list[ShortLine]:
    rows = matches.filter(verdict=verdict).values_list("short_on").annotate(count=Count("pk"))
    found = [ShortLine(key, key_words(live, verdict, key), count) for key, count in rows]
    return sorted(found, key=lambda one: (-one.count, one.key))


def key_words(live: Live, verdict: str, key: str) -> str:
    """Return the condition or the fact that `PolicyMatch.short_on` names."""
    book = fact_book()
    if verdict == "unknown":
        return book.facts[key].label if key in book.facts else key
    leaf = next((one for one in leaves(live.bound.require) if one.id[:80] == key), None)
    return (leaf.text or tree_words(leaf, book)) if leaf is not None else key


def _match_rows(page: Page[PolicyMatch], pushes: QuerySet[PolicyPush], live: Live) -> list[MatchRow]:
    rows = list(page.object_list)
    told: dict[int, PolicyPush] = {}
    for push in pushes.filter(enterprise__in=[row.enterprise_id for row in rows]).order_by("pk"):
        told[push.enterprise_id] = push
    places = division_names({row.enterprise.division_code for row in rows})
    return [
        MatchRow(
            row.enterprise_id, row.enterprise.name, places.get(row.enterprise.division_code, ""), VERDICTS[row.verdict],
            format_money(row.amount_fen) if row.amount_fen is not None else "",
            key_words(live, row.verdict, row.short_on) if row.short_on else "", row.since,
            sent.pushed_at if (sent := told.get(row.enterprise_id)) else None, sent.opened_at if sent else None,
        )
        for row in rows
    ]  # fmt: skip


# ---- the nightly check -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SweepLine:
    """One check as it is shown."""

    row: SweepReport

    @property
    def state(self) -> tuple[str, str]:
        """Its colour and word."""
        return ("bad", f"{self.row.differences} 处差异") if self.row.differences else ("good", "无差异")

    @property
    def started_at(self) -> datetime:
        """When it began, as business counts."""
        return clock.business(self.row.started_at)

    @property
    def seconds(self) -> int:
        """How long it took."""
        return int((self.row.finished_at - self.row.started_at).total_seconds())

    @property
    def pairs(self) -> list[tuple[int, str, str, str]]:
        """The first differences: enterprise, policy, kept, found."""
        return [
            (one["enterprise"], one["policy"], _said(one["kept"]), _said(one["found"]))
            for one in self.row.pairs
        ]


def _said(one: Sequence[object] | None) -> str:
    if one is None:
        return "没有"
    verdict, fen, short, revision = one
    words = VERDICTS.get(str(verdict), ("", str(verdict)))[1]
    money = f"，{format_money(fen)}" if isinstance(fen, int) else ""
    return f"{words}{money}{f'，差 {short}' if short else ''}（版本 {revision}）"


def sweeps(actor: Actor, at: datetime, number: str | None) -> Page[SweepReport]:
    """Return a page of the nightly checks, the newest first."""
    return Paginator(visible(SweepReport.objects.all(), actor, SWEEPS, at), 30).get_page(number)
