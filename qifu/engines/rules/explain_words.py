"""An explanation in plain Chinese, the one way to say it: pages, the command line and notices all take their words here.

- `lines_of(told)`: the conditions as a tree laid flat, for a table: `Said` is one condition or the heading of a group of
  them, `SetAside` holds branches that are for other industries or places. Each says what it asks, has and lacks.
- `verdict_words`, `why_words`: the verdict, and why in a sentence or two.
- `granted_words`: the amount, or what it waits for. `way_words`: one way to meet an unmet rule.
- `explanation_words(told)`: all of these as lines of text.

Nothing is worked out here: `told` is what `explain` returns, and `explain(...).as_json()` is the same for machines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from qifu.engines.rules.explain import Explanation, LeafSaid, decimal
from qifu.engines.rules.nearest import Change, ChangeSet
from qifu.engines.rules.places import Places
from qifu.engines.rules.read_aloud import group_words, least_words
from qifu.engines.rules.rule_words import (
    code_words,
    required_words,
    subject_words,
    test_words,
    tree_words,
    value_words,
)
from qifu.engines.rules.tree import CodeIn, Compare, Group, HonourValid, Leaf, Node, Score, Truth, leaves
from qifu.engines.rules.waiting import day_when_met
from qifu.foundation.money import FEN_PER_UNIT, format_money
from qifu.registers.enterprises.fact_book import FactBook

VERDICTS = {Truth.MET: "符合", Truth.UNMET: "不符合", Truth.UNKNOWN: "缺数据"}
MARKS = {Truth.MET: "√", Truth.UNMET: "×", Truth.UNKNOWN: "？"}
_ELSEWHERE = {"industry": "与本行业无关", "place": "与本地无关"}
_NAMED, _LONGEST = 4, 60
"""How many conditions a reason names, and how long a name may be."""


@dataclass(frozen=True, slots=True)
class Said:
    """One condition in words, `depth` steps in; of a group only `text` and `truth`.

    `has` is empty where it is not known, `lacks` where nothing does or no gap makes sense. `items` of a score table are
    (title, points, most points).
    """

    depth: int
    id: str
    text: str
    truth: Truth
    has: str = ""
    asks: str = ""
    lacks: str = ""
    reason: str = ""
    source: str = ""
    items: tuple[tuple[str, str, str], ...] = ()

    @property
    def is_group(self) -> bool:
        """True for the heading of a group of conditions."""
        return not self.asks

    @property
    def known(self) -> str:
        """What the enterprise has, or why that cannot be told."""
        return self.has or self.reason or "现在不知道"


@dataclass(frozen=True, slots=True)
class SetAside:
    """Branches that another industry or place would take: they decide nothing here."""

    depth: int
    count: int
    why: str
    lines: tuple[Said, ...]

    @property
    def text(self) -> str:
        """`15 项与本行业无关`."""
        return f"{self.count} 项{self.why}"


def explanation_words(told: Explanation, places: Places | None = None) -> list[str]:
    """Return the explanation as lines of text."""
    bound = told.bound
    lines = [
        f"{bound.title or bound.code}（{bound.version} 起的版本，按 {bound.as_of}）：{verdict_words(told)}",
        why_words(told),
        *(line for one in lines_of(told, places) for line in _as_text(one)),
    ]
    if told.missing:
        lines.append(f"还要知道：{_labels(told.missing, told.facts)}。")
    if told.truth == Truth.UNMET:
        lines += [f"办法{at}：{way_words(told, way, places)}" for at, way in enumerate(told.nearest, 1)]
        if not told.nearest:
            lines.append("没有找到能达到要求的改变。")
    return lines


def _as_text(one: Said | SetAside) -> list[str]:
    pad = "  " * (one.depth + 1)
    if isinstance(one, SetAside):
        return [f"{pad}（另有 {one.text}）"]
    named = f"{pad}{MARKS[one.truth]} {one.id + ' ' if one.id else ''}{one.text}"
    if one.is_group:
        return [f"{named}："]
    known = f"现为 {one.has}" if one.has else one.known
    source = f"〔{one.source}〕" if one.source else ""
    lines = [f"{named}：{known}，要求 {one.asks}{one.lacks and '，' + one.lacks}{source}"]
    return lines + [f"{pad}    {title}：{points}（最高 {most}）" for title, points, most in one.items]


def verdict_words(told: Explanation) -> str:
    """Return `符合，金额 5 万元`, `符合，金额待定：不知道“研发费用”`, `不符合` or `缺数据`."""
    granted = granted_words(told)
    return VERDICTS[told.truth] + (f"，{granted}" if granted else "")


def granted_words(told: Explanation) -> str:
    """Return `金额 5 万元`, `金额待定：不知道“研发费用”`, or nothing where no amount is a question."""
    if told.amount_fen is not None:
        return f"金额 {format_money(told.amount_fen)}"
    if told.amount_missing is None:
        return ""
    if not told.amount_missing:
        return "金额待定：有比例无法计算"
    return f"金额待定：不知道{_labels(told.amount_missing, told.facts)}"


def lines_of(told: Explanation, places: Places | None = None) -> list[Said | SetAside]:
    """Return the conditions in the file's order, each group under its heading, what is for others after what is not."""
    return list(_Lines(told, places).below(told.bound.require, 0))


def why_words(told: Explanation) -> str:
    """Return why the verdict is what it is: which conditions decide it, in a group of one also why that one."""
    return f"{_Lines(told, None).why(told.bound.require)}。"


class _Lines:
    """The walk over a told tree."""

    def __init__(self, told: Explanation, places: Places | None) -> None:
        self.told, self.places = told, places
        self.said: Mapping[int, LeafSaid] = {
            id(leaf): said for leaf, said in zip(leaves(told.bound.require), told.leaves, strict=True)
        }

    def truth(self, node: Node) -> Truth:
        if not isinstance(node, Group):
            return self.said[id(node)].truth
        found = [self.truth(child) for child in node.children]
        if found.count(Truth.MET) >= node.least:
            return Truth.MET
        return Truth.UNMET if len(found) - found.count(Truth.UNMET) < node.least else Truth.UNKNOWN

    def below(self, node: Node, depth: int) -> Iterator[Said | SetAside]:
        if not isinstance(node, Group):
            yield self.leaf(node, depth)
            return
        yield Said(depth, node.id, group_words(node), self.truth(node))
        aside = self.aside(node)
        for child in node.children:
            if id(child) not in aside:
                yield from self.below(child, depth + 1)
        for why in dict.fromkeys(aside.values()):
            others = [child for child in node.children if aside.get(id(child)) == why]
            yield SetAside(
                depth + 1, len(others), why, tuple(line for one in others for line in self.whole(one, 0))
            )

    def whole(self, node: Node, depth: int) -> Iterator[Said]:
        """Yield every line of a tree that is set aside."""
        if not isinstance(node, Group):
            yield self.leaf(node, depth)
            return
        yield Said(depth, node.id, group_words(node), self.truth(node))
        for child in node.children:
            yield from self.whole(child, depth + 1)

    def leaf(self, leaf: Leaf | Score, depth: int) -> Said:
        said = self.said[id(leaf)]
        has, asks, lacks = leaf_words(leaf, said, self.told.facts, self.places)
        text = tree_words(leaf, self.told.facts, self.places)
        return Said(depth, said.id, text, said.truth, has, asks, lacks, said.reason, said.source, _points(leaf, said))  # fmt: skip

    def aside(self, group: Group) -> dict[int, str]:
        """Return the children (by `id`) that decide nothing here, with the words why.

        Of several branches where one is enough, those whose industry or place this is not; where a named rule must not
        be met, so that all of them are asked, those that hold because their industry this is not. While the industry is
        unknown, the branches that are settled whatever it is.
        """
        if len(group.children) == 1:
            return {}
        negated = group.kind == "all"
        settled = Truth.MET if negated else Truth.UNMET
        is_open = self.truth(group) == Truth.UNKNOWN
        found: dict[int, str] = {}
        for child in group.children:
            gates = dict(self.gates(child, negated=negated))
            if settled in gates:
                found[id(child)] = _ELSEWHERE[self.told.facts.facts[gates[settled]].type]
            elif is_open and Truth.UNKNOWN in gates and self.truth(child) == settled:
                found[id(child)] = "已有结论，不影响判断"
        return found

    def gates(self, branch: Node, *, negated: bool) -> Iterator[tuple[Truth, str]]:
        """Yield the truth and the fact of each test of a code that settles a branch alone."""
        if isinstance(branch, Group) and branch.kind == ("any" if negated else "all"):
            for child in branch.children:
                if (
                    isinstance(child, Leaf)
                    and isinstance(child.test, CodeIn)
                    and child.test.negated == negated
                ):
                    yield self.truth(child), child.test.fact

    def why(self, node: Node) -> str:
        """Return which conditions decide a tree, and where it is a single group, which decide that."""
        said = self.truth(node)
        if not isinstance(node, Group):
            return f"“{self.name(node)}”{VERDICTS[said]}"
        aside = self.aside(node)
        shown = [child for child in node.children if id(child) not in aside]
        if not shown:
            return f"所列 {len(aside)} 项都{'、'.join(dict.fromkeys(aside.values()))}"
        if len(shown) == 1 and isinstance(shown[0], Group):
            how = f"按“{self.name(shown[0])}”判断，" if aside else f"“{self.name(shown[0])}”："
            return how + self.why(shown[0])
        deciding = [child for child in shown if self.truth(child) == said]
        if node.kind == "any" and said == Truth.UNMET and len(deciding) > 1:
            return f"任一项符合即可，但 {len(deciding)} 项都不符合：{self.listed(deciding)}"
        return self._how(node, said, shown) + (
            "" if said == Truth.MET and node.kind == "all" else self.names(deciding)
        )

    def _how(self, group: Group, said: Truth, shown: list[Node]) -> str:
        if group.kind == "k_of_n":
            met, maybe = (
                sum(self.truth(child) == one for child in shown) for one in (Truth.MET, Truth.UNKNOWN)
            )
            rest = f"、还不能判断 {maybe} 项" if maybe else ""
            return f"至少要符合 {group.least} 项，已符合 {met} 项{rest}；{VERDICTS[said]}的"
        if group.kind == "all":
            return {
                Truth.MET: "各项条件都符合",
                Truth.UNMET: "各项都要符合，不符合的",
                Truth.UNKNOWN: "各项都要符合，没有不符合的，还不能判断的",
            }[said]
        return {
            Truth.MET: "任一项符合即可，符合的",
            Truth.UNMET: "任一项符合即可，不符合的",
            Truth.UNKNOWN: "任一项符合即可，还没有符合的，还不能判断的",
        }[said]

    def names(self, nodes: list[Node]) -> str:
        """Return `是“从业人数 <= 300人”`, `有 2 项：“…”；“…”`; a single group with what decides it."""
        if len(nodes) == 1 and isinstance(nodes[0], Group):
            return f"是{'“' + nodes[0].title + '”' if nodes[0].title else '其中一组'}：{self.why(nodes[0])}"
        return f"是{self.listed(nodes)}" if len(nodes) == 1 else f"有 {len(nodes)} 项：{self.listed(nodes)}"

    def listed(self, nodes: list[Node]) -> str:
        named = "；".join(f"“{self.name(node)}”" for node in nodes[:_NAMED])
        return named + ("等" if len(nodes) > _NAMED else "")

    def name(self, node: Node) -> str:
        words = tree_words(node, self.told.facts)
        return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}……"


def _points(leaf: Leaf | Score, said: LeafSaid) -> tuple[tuple[str, str, str], ...]:
    """Return each item of a score table with its points and the most it can give."""
    if not isinstance(leaf, Score):
        return ()
    found = []
    for item, (title, low, high) in zip(leaf.items, said.items, strict=True):
        most = max([item.otherwise, *(band.points for band in item.bands)])
        points = f"{low}分" if low == high else f"{low}至{high}分"
        found.append((title, points, f"{decimal(Fraction(most, 10**leaf.decimals))}分"))
    return tuple(found)


def leaf_words(
    leaf: Leaf | Score, said: LeafSaid, facts: FactBook, places: Places | None = None
) -> tuple[str, str, str]:
    """Return what the enterprise has, what is asked and what lacks, with names, operators and units; empty where unknown.

    What lacks is `差 10人`; of a strict bound that a ratio stands on, `须大于 70%`.
    """
    if isinstance(leaf, Score):
        has = f"{said.actual}分" if said.actual is not None else ""
        asks = f"{said.required}分" if leaf.negated else least_words(leaf)
        return has, asks, f"差 {said.gap}分" if said.gap is not None else ""
    test = leaf.test
    asks = required_words(test, facts, places)
    if not isinstance(test, Compare):
        has = said.actual or ""
        if isinstance(test, CodeIn) and has:
            name = code_words(facts.facts[test.fact], has, places)
            has = name if has in name else f"{has} {name}"
        return has, asks, f"差 {said.gap}天" if said.gap is not None else ""
    lacks = f"差 {_with_unit(said.gap, test, facts)}" if said.gap is not None else ""
    if said.truth == Truth.UNMET and said.gap is None and test.over and test.op in ("<", ">"):
        lacks = ("须大于 " if test.op == ">" else "须小于 ") + _with_unit(said.required, test, facts)
    return _with_unit(said.actual, test, facts), asks, lacks


def _with_unit(text: str | None, test: Compare, facts: FactBook) -> str:
    """Return a number of an explanation with its unit."""
    if text is None:
        return ""
    of, number = facts.facts[test.of[0][1]], f"{Decimal(text):,f}"
    if test.over:
        over = facts.facts[test.over[0][1]]
        return f"{text}%" if of.base_unit == over.base_unit else f"{number}{of.unit}/{over.unit}"
    if of.type == "money":
        fen = Fraction(text) * FEN_PER_UNIT[of.unit]
        return format_money(int(fen)) if fen.denominator == 1 else f"{number}{of.unit}"
    return f"{number}{of.unit}"


def way_words(told: Explanation, way: ChangeSet, places: Places | None = None) -> str:
    """Return one set of changes as a sentence: `把研发费用从 10万元 提高到 30万元；等到 2025-05-01。`"""
    said = "；".join(_change(told, change, places) for change in way.changes)
    if way.unknown:
        said += f"；另外还要知道{_labels(way.unknown, told.facts)}，并且符合要求"
    if not way.exact:
        said += "（条件很多，可能还有更少的改变）"
    return said + "。"


def _change(told: Explanation, change: Change, places: Places | None) -> str:
    fact = told.facts.facts[change.fact]
    waiting = day_when_met(told.bound, change)
    if waiting is not None:
        return f"等到 {waiting.isoformat()}（{fact.label} {value_words(fact, change.before)}）"
    leaf = next((one for one in leaves(told.bound.require) if one.id == change.leaf), None)
    test = leaf.test if isinstance(leaf, Leaf) else None
    if isinstance(test, HonourValid):
        return f"使“{fact.label}”{'不再' if test.negated else '在'}有效期内"
    if isinstance(test, CodeIn):
        wanted = test_words(test, told.facts, places)
        return f"使{wanted}（现为 {value_words(fact, change.before, places)}）"
    before, after = value_words(fact, change.before, places), value_words(fact, change.after, places)
    if fact.is_number and isinstance(change.before, int) and isinstance(change.after, int):
        verb = "提高到" if change.after > change.before else "降低到"
        made_up = isinstance(test, Compare) and (test.over or len(test.of) > 1)
        for_what = f"，使{subject_words(test, told.facts)}达到要求" if made_up and test else ""
        return f"把{fact.label}从 {before} {verb} {after}{for_what}"
    return f"{fact.label}由“{before}”变为“{after}”"


def _labels(ids: tuple[str, ...], facts: FactBook) -> str:
    return "、".join(f"“{facts.facts[name].label}”" for name in ids)
