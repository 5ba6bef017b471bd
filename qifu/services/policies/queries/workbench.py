"""The quantification workbench: the text in hand, what it says, whom it reaches and what it costs in the actor's own places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.crypto import salted_hmac

from qifu.engines.rules.leaf_words import DAY_OPS, IS_WORDS, OPS
from qifu.engines.rules.schema import POLICY_KINDS, rule_schema
from qifu.engines.rules.skeleton import skeleton
from qifu.engines.rules.tree import Bound
from qifu.foundation.access import Actor, NotFound, find, grants_of, permissions, visible
from qifu.foundation.jobs import Job
from qifu.foundation.money import format_rounded
from qifu.registers.divisions import queries as divisions
from qifu.registers.enterprises import industry
from qifu.registers.enterprises.fact_book import fact_book
from qifu.registers.enterprises.fact_snapshots import folder
from qifu.registers.enterprises.queries import places_of
from qifu.registers.enterprises.snapshot import Snapshot, current
from qifu.registers.enterprises.snapshot_job import SNAPSHOT
from qifu.registers.enterprises.snapshot_parts import Part, SnapshotProblem
from qifu.registers.organisations.models import Organisation
from qifu.services.policies.amounts import AT_LEAST, Amounts
from qifu.services.policies.content import Terms, content_of
from qifu.services.policies.library import draft_book, policy_library
from qifu.services.policies.models import Policy
from qifu.services.policies.queries.library import draft, published
from qifu.services.policies.simulate import (
    SIZE_WORDS,
    Simulation,
    city_of,
    parts_in,
    simulate_parts,
    size_bounds,
)
from qifu.services.policies.small_cells import (
    FEW,
    Shown,
    ShownChange,
    Veil,
    shown_by,
    shown_change,
    shown_total,
    shown_unpriced,
)
from qifu.services.policies.trying import Tried

SIMULATE, DRAFT = "policies.simulate", "policies.draft"
NEW_CODE = "new-policy"
BUDGET_STEPS = 20


@dataclass(frozen=True)
class Desk:
    """What the workbench opens with: a policy (None: a new text), its text, the draft's digest, its terms, who may save."""

    policy: Policy | None
    text: str
    digest: str
    terms: Terms
    place_code: str
    owner: Organisation | None
    may_save: bool
    interpretations: Mapping[str, str] = field(default_factory=dict)


def desk(code: str | None, actor: Actor, at: datetime) -> Desk:
    """Return the desk of a policy, or of a new text; raises NotFound. A unit's draft is shown to those who may draft only; what came
    from files and has no unit in charge, to all.
    """
    if code is None:
        owner = own_unit(actor, at)
        place = "" if owner is None else owner.place_code
        return Desk(None, new_text(place), "", Terms(), place, owner, owner is not None)
    policy = find(Policy.objects.select_related("series", "owner"), actor, SIMULATE, at, code=code)
    mine = visible(Policy.objects.filter(pk=policy.pk), actor, DRAFT, at).exists()
    open_draft = draft(policy) if mine or policy.owner is None else None
    row = open_draft or published(policy)
    if row is None:
        raise NotFound(f"policy {code}")
    content = content_of(row.content)
    digest = open_draft.digest if open_draft else ""
    return Desk(
        policy, content.text, digest, content.terms, policy.place_code, policy.owner, mine, content.interpretations
    )  # fmt: skip


def new_text(place_code: str) -> str:
    """Return the text that a new policy of a place starts from, which can be read and simulated as it is."""
    text = skeleton(NEW_CODE, policy=True)
    if not place_code:
        return text
    name = divisions.names([place_code]).get(place_code, place_code)
    first = "    - 从业人数 <= 300人\n"
    text = text.replace(first, f"    - 注册地 属于 {name}\n{first}")
    return text.replace("facts: {", f"facts: {{注册地: {place_code}, ")


def own_unit(actor: Actor, at: datetime) -> Organisation | None:
    """Return the unit for which the actor may draft; None where there is none."""
    allowed = permissions()[DRAFT].grants
    units = [g.organisation_id for g in grants_of(actor, at) if g.role in allowed and g.organisation_id]
    return Organisation.objects.filter(pk=units[0]).first() if units else None


def snapshot_at_hand() -> Snapshot | None:
    """Return the site's snapshot of facts; None where there is none yet."""
    try:
        return current(folder())
    except SnapshotProblem:
        return None


def snapshot_job(at: datetime) -> Job | None:
    """Return the job that is making the snapshot, due or running; the last one that failed where there is none."""
    jobs = Job.objects.filter(kind=SNAPSHOT).order_by("-pk")
    open_one = jobs.filter(state__in=[Job.State.WAITING, Job.State.RUNNING], run_at__lte=at).first()
    return open_one or jobs.filter(state=Job.State.FAILED).first()


@dataclass(frozen=True)
class Line:
    """One line of a table of figures, or one tile: `level` 0 to 4 says how many it holds beside the others."""

    key: str
    title: str
    shown: Shown
    level: int = 0


@dataclass(frozen=True)
class CityTiles:
    """A city and its counties."""

    city: Line
    counties: tuple[Line, ...]


@dataclass(frozen=True)
class FiguresPage:
    """The figures of a text in the actor's own places, fit to be shown."""

    as_of: date
    scope: str
    enterprises: int
    total: Shown
    unpriced: int | None
    """As it may be shown; 0 where every amount is known."""
    has_amount: bool
    change: ShownChange | None
    compared: bool
    cities: tuple[CityTiles, ...]
    sizes: tuple[Line, ...]
    sections: tuple[Line, ...]
    simulation: Simulation

    @property
    def fen_change(self) -> int | None:
        """The change of cost against the version before, of the figures shown."""
        before = None if self.change is None else self.change.fen_before
        return None if before is None or self.total.fen is None else self.total.fen - before

    @property
    def fen_less(self) -> int:
        """By how much the cost falls."""
        return -(self.fen_change or 0)

    @property
    def few(self) -> str:
        """What is said of a count that is not shown."""
        return FEW


def scope_of(actor: Actor, at: datetime) -> frozenset[str] | None:
    """Return the places whose enterprises the actor may have counted; None for all, also those whose place is not known."""
    places = places_of(actor, SIMULATE, at)
    if places is not None and any(code.endswith("0000") for code in places):
        return None
    return places


def veil() -> Veil:
    """Return the site's veil over figures: its draws hang on the site's secret key."""
    return Veil(salted_hmac("qifu.policies.small_cells", "", algorithm="sha256").digest())


def figures(
    found: Tried, policy: Policy | None, snapshot: Snapshot, actor: Actor, at: datetime
) -> FiguresPage:
    """Return the figures of a text that can be read, in the actor's own places; raises TooLarge for numbers past reason."""
    assert found.bound is not None and found.book is not None and found.day is not None
    places = scope_of(actor, at)
    before = _before(policy, found.day)
    sizes = size_bounds(found.book, found.bound)
    parts = parts_in(snapshot, places)
    simulation = _simulated(parts, snapshot.folder, snapshot.recorded_until, found.bound, sizes, before)
    return _page(simulation, snapshot, places, found.bound, before)


@lru_cache(maxsize=8)
def _simulated(
    parts: tuple[Part, ...], root: Path, recorded_until: datetime, bound: Bound, sizes: tuple[Bound | None, ...], before: Bound | None
) -> Simulation:  # fmt: skip
    """The same text over the same snapshot is simulated once: sliders and reloads ask again."""
    return simulate_parts(root, parts, bound, sizes, before=before)


def _before(policy: Policy | None, day: date) -> Bound | None:
    if policy is None:
        return None
    live = policy_library(day).live.get(policy.code)
    return None if live is None else live.bound


def _page(
    simulation: Simulation, snapshot: Snapshot, places: frozenset[str] | None, bound: Bound, before: Bound | None
) -> FiguresPage:  # fmt: skip
    codes = [
        part.place or "" for part in snapshot.parts if snapshot.folder / part.file in snapshot.files(places)
    ]
    over = veil()
    return FiguresPage(
        snapshot.as_of, _scope_words(places), simulation.enterprises, shown_total(simulation, over),
        shown_unpriced(simulation, over), bound.amount is not None, shown_change(simulation, over), before is not None,
        _tiles(simulation, codes, over),
        _lines(shown_by(simulation, "size", over), _size_title, [*map(str, range(len(SIZE_WORDS))), ""]),
        _lines(shown_by(simulation, "section", over), _section_title), simulation,
    )  # fmt: skip


def _scope_words(places: frozenset[str] | None) -> str:
    if places is None:
        return "全省"
    top = min(places, key=lambda code: (len(code.rstrip("0")), code), default="")
    return divisions.names([top]).get(top, "") if top else "没有辖区"


def _size_title(key: str) -> str:
    return f"{SIZE_WORDS[int(key)]}企业" if key else "规模不明"


def _section_title(key: str) -> str:
    return industry.names().get(key, key) if key else "行业不明"


def _lines(
    rows: dict[str, Shown], title: Callable[[str], str], order: Iterable[str] | None = None
) -> tuple[Line, ...]:
    keys = [key for key in order if key in rows] if order is not None else sorted(rows, key=lambda key: (not key, key))  # fmt: skip
    return tuple(Line(key, title(key), rows[key]) for key in keys)


def _tiles(simulation: Simulation, codes: list[str], over: Veil) -> tuple[CityTiles, ...]:
    counties, cities = shown_by(simulation, "place", over), shown_by(simulation, "city", over)
    none = Shown()
    known = {city_of(code) for code in codes if code} | set(codes)
    names = divisions.names({code for code in known if code})
    most = max((one.met or 0 for one in counties.values()), default=0)

    def line(code: str, rows: dict[str, Shown], title: str) -> Line:
        shown = rows.get(code, none)
        level = 0 if not shown.met else 1 + min(3, 4 * shown.met // (most + 1))
        return Line(code, title, shown, level)

    found: dict[str, list[Line]] = {}
    for code in sorted(codes, key=lambda code: (not code, code)):
        own = code == city_of(code)
        city = names.get(city_of(code), "")
        title = "地区不明" if not code else "只知道到市" if own else names.get(code, code).removeprefix(city)
        if not own or code in counties:
            found.setdefault(city_of(code), []).append(line(code, counties, title))
    return tuple(
        CityTiles(line(city, cities, names.get(city, "地区不明")), tuple(below))
        for city, below in found.items()
    )


@dataclass(frozen=True)
class Answer:
    """What another cap or a budget would mean, as it may be shown; `fen` is the cost under the cap, `step` that it is told in.

    `enough` where the budget covers it; else `fewest` to `most` are served first come (None is few), or everyone gets `share`
    thousandths.
    """

    cap: int | None
    budget: int | None
    fen: int
    step: int
    enough: bool = False
    fewest: int | None = None
    most: int | None = None
    share: int = 0


def answer(simulation: Simulation, cap: int | None, budget: int | None, over: Veil) -> Answer | None:
    """Answer cap and budget from the amounts, without another pass; None where too few enterprises have an amount."""
    used = simulation.cap if cap is None else cap
    return _answer(simulation.amounts, simulation.total.marks[0], used, budget, over)


def _answer(amounts: Amounts, mark: int, used: int | None, budget: int | None, over: Veil) -> Answer | None:
    count = len(amounts.rising)
    if over.count(count, mark) is None:
        return None
    largest = int(amounts.rising[-1]) if used is None else min(int(amounts.rising[-1]), used)
    fen, step = over.money(amounts.cost(used), count, largest, mark)
    if budget is None:
        return Answer(used, None, fen, step)
    if budget >= fen:
        return Answer(used, budget, fen, step, enough=True)
    served = amounts.served(used, budget // step * step)  # a budget moved by a fen tells nothing of an amount
    return Answer(
        used, budget, fen, step, False, _in_fives(served.fewest), _in_fives(served.most), budget * 1000 // fen
    )


def _in_fives(count: int) -> int | None:
    return None if count < AT_LEAST else count // AT_LEAST * AT_LEAST


def slider_data(simulation: Simulation, over: Veil) -> dict[str, Any] | None:
    """Return what the sliders show for each cap and budget, ready to be read; None where there are too few enterprises."""
    full = answer(simulation, None, None, over)
    if full is None or not full.fen:
        return None
    caps: list[int | None] = list(simulation.amounts.caps())
    if simulation.cap not in caps:
        caps.append(simulation.cap)
    caps.sort(key=lambda cap: (cap is None, cap or 0))
    budgets = [full.fen * step // BUDGET_STEPS for step in range(1, BUDGET_STEPS + 1)]
    return {
        "caps": [_cap_step(simulation, cap, budgets, over) for cap in caps],
        "cap": caps.index(simulation.cap),
        "budgets": [_money(budget) for budget in budgets],
    }


def _cap_step(simulation: Simulation, cap: int | None, budgets: list[int], over: Veil) -> dict[str, Any]:
    mark = simulation.total.marks[0]
    every = (_answer(simulation.amounts, mark, cap, budget, over) for budget in budgets)
    found = [one for one in every if one is not None]
    return {
        "words": "不设上限" if cap is None else _money(cap),
        "cost": cost_words(found[0].fen, found[0].step),
        "served": [served_words(one) for one in found],
    }


def cost_words(fen: int, step: int) -> str:
    """Return `约 12.5 万元`, or `不到 5 万元` where it is less than one step."""
    return f"约 {_money(fen)}" if fen else f"不到 {_money(step)}"


def served_words(one: Answer) -> str:
    """Return how far a budget goes, in a sentence."""
    if one.enough:
        return "预算足够。"
    few, most = (f"{count:,} 家" if count is not None else "几家" for count in (one.fewest, one.most))
    first = "只够几家" if one.most is None else f"可兑付约 {few.removesuffix(' 家')} 至 {most}"
    return f"预算不够：先到先得{first}；按比例兑付每家得应得的约 {one.share / 10:.1f} %。"


def _money(fen: int) -> str:
    unit = "亿元" if fen >= 10**10 else "万元" if fen >= 10**6 else "元"
    return format_rounded(fen, unit, 2)


def place_names() -> list[str]:
    """Return the names of the divisions that rules may say."""
    rows = divisions.book().rows
    return [row.name for row in rows if row.kind != "functional_area"]


@lru_cache(maxsize=2)
def completions(places: tuple[str, ...]) -> dict[str, Any]:
    """Return what the editor offers: lines about each fact, fact labels with their units, comparators, places, keywords."""
    schema: Any = rule_schema(fact_book())
    words = {*schema["properties"], *schema["$defs"]["version"]["properties"]}
    for form in ("node", "amount"):
        words |= set(schema["$defs"][form]["anyOf"][1]["properties"])
    rules = [rule.title for rule in draft_book().rules.values() if rule.kind == "rule"]
    return {
        "facts": [fact.label for fact in fact_book().facts.values()],
        "lines": schema["$defs"]["line"]["examples"],
        "operators": [word for word in dict.fromkeys([*OPS, *DAY_OPS, *IS_WORDS, "满"]) if len(word) > 1],
        "places": list(places),
        "keywords": sorted(f"{word}:" for word in words),
        "values": [*POLICY_KINDS, *(f"符合 {title}" for title in rules)],
    }
