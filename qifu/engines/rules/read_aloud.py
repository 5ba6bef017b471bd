"""Reads a rule aloud as it is on a day: who said it, since when, what it asks, what it gives; pure.

`rule_read` gives lines and score tables, for a page; `rule_aloud` the same as text, for a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from qifu.engines.rules.bind import DENIED
from qifu.engines.rules.leaf_words import squeeze
from qifu.engines.rules.places import Places
from qifu.engines.rules.rule_book import NotInForce, RuleBook
from qifu.engines.rules.rule_words import amount_words, condition_words, points_words, test_words, tree_words
from qifu.engines.rules.tree import (
    Amount,
    Band,
    Bounded,
    CodeIn,
    Combine,
    DayIs,
    Group,
    Item,
    Leaf,
    Node,
    Score,
    Tiers,
)
from qifu.engines.rules.written import Rule, Version
from qifu.foundation.money import format_money
from qifu.registers.enterprises.fact_book import FactBook


@dataclass(frozen=True, slots=True)
class Line:
    """One line, `depth` steps in."""

    depth: int
    text: str

    def as_text(self) -> list[str]:
        """Return it as text, two blanks a step."""
        return ["  " * self.depth + self.text]


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One line of a score table: its bands as (condition, points), the best that holds counts; `otherwise` when none."""

    id: str
    title: str
    group: str
    bands: tuple[tuple[str, str], ...]
    otherwise: str


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """A score table under its heading, `depth` steps in. `least` tells the least total, and each group's least."""

    depth: int
    text: str
    least: str
    source: str
    rows: tuple[ScoreRow, ...]

    def as_text(self) -> list[str]:
        """Return it as text: the heading, then a line an item."""
        pad = "  " * self.depth
        lines = [f"{pad}{self.text}：{self.least}" + (f"〔{self.source}〕" if self.source else "")]
        for row in self.rows:
            bands = "；".join(f"{when} 得 {points}" for when, points in row.bands)
            group = f"（{row.group}）" if row.group else ""
            lines.append(f"{pad}  {row.id} {row.title}{group}：{bands}；其他得 {row.otherwise}")
        return lines


Read = Line | ScoreTable


def rule_aloud(book: RuleBook, name: str, day: date, *, expand: bool = False) -> list[str]:
    """Return `rule_read` as lines of text."""
    return [line for part in rule_read(book, name, day, expand=expand) for line in part.as_text()]


def rule_read(book: RuleBook, name: str, day: date, *, expand: bool = False) -> list[Read]:
    """Return what a rule (by code or title) says on `day`; raises NotInForce, which tells when it is.

    `expand` writes out the rules that it names, also those in the tiers of its amount.
    """
    rule = book.find(name)
    if rule is None:
        raise NotInForce(f"没有代码或名称为“{name[:60]}”的规则")
    version = rule.version_on(day)
    if version is None:
        spans = "，".join(map(_span, rule.versions))
        raise NotInForce(f"“{rule.title}”（{rule.code}）在 {day} 没有生效的版本；它的版本：{spans}")
    bound = book.bind(rule.code, day)
    inclusive = [f"“{word}”{'含' if included else '不含'}本数" for word, included in version.reading]
    heads = [f"{rule.title}（{rule.code}）", _head(rule, version), f"读法：{'，'.join(inclusive)}。", f"按 {day} 判断："]  # fmt: skip
    parts: list[Read] = [Line(0, head) for head in heads]
    parts += read_tree(bound.require, book.facts, book.places, expand=expand)
    if bound.amount is not None:
        note = f"（{version.amount_note}）" if version.amount_note else ""
        parts.append(Line(0, f"金额{note}：{amount_words(bound.amount, book.facts)}。"))
        for when in _grouped_tiers(bound.amount) if expand else ():
            parts += read_tree(when, book.facts, book.places, 1)
    return [*parts, *(Line(0, text) for text in _around(book, version))]


def read_tree(
    node: Node, facts: FactBook, places: Places | None = None, depth: int = 0, *, expand: bool = True
) -> list[Read]:
    """Return a tree as lines and score tables, each leaf with its id and source.

    Without `expand`, a named rule stays its own line.
    """
    if isinstance(node, Leaf):
        said = condition_words(node, facts, places)
        meant = test_words(node.test, facts, places)
        if _needs_words(node) and squeeze(meant) != squeeze(said):
            said += f"，即 {meant}"
        return [Line(depth, f"{node.id}. {said}" + (f"〔{node.source}〕" if node.source else ""))]
    if isinstance(node, Score):
        rows = tuple(_score_row(item, node.decimals, facts) for item in node.items)
        return [
            ScoreTable(depth, f"{node.id}. {node.text or '评分表'}", least_words(node), node.source, rows)
        ]
    named = f"{node.id}. " if node.id else ""
    if not expand and _is_named_rule(node):
        return [Line(depth, f"{named}{node.title}")]
    parts: list[Read] = [Line(depth, f"{named}{group_words(node)}：")]
    for child in node.children:
        parts += read_tree(child, facts, places, depth + 1, expand=expand)
    return parts


def group_words(group: Group) -> str:
    """Return how many of a group's conditions must hold, after its title: `工业：以下各项都要符合`."""
    how = {
        "all": "以下各项都要符合", "any": "以下任一项符合即可", "k_of_n": f"以下各项中至少符合 {group.least} 项"
    }[group.kind]  # fmt: skip
    return f"{group.title}：{how}" if group.title else how


def least_words(score: Score) -> str:
    """Return the least total of a score table and of its groups: `总分不低于 60分，创新能力不低于 20分`."""
    needs = [("总分", score.least), *((title, least) for title, least in score.groups if least)]
    return "，".join(f"{title}不低于 {points_words(least, score.decimals)}" for title, least in needs)


def _score_row(item: Item, decimals: int, facts: FactBook) -> ScoreRow:
    bands = ((_band_words(band, facts), points_words(band.points, decimals)) for band in item.bands)
    return ScoreRow(item.id, item.title, item.group, tuple(bands), points_words(item.otherwise, decimals))


def _band_words(band: Band, facts: FactBook) -> str:
    return tree_words(band.when, facts) if isinstance(band.when, Leaf) or not band.text else band.text


def _is_named_rule(node: Node) -> bool:
    if isinstance(node, Group) and not node.id.count("/") and node.title:
        first = node.children[0]
        return first.id.startswith(f"{node.id}/") or (isinstance(first, Group) and _is_below(first, node.id))
    return False


def _is_below(node: Node, identity: str) -> bool:
    return node.id.startswith(f"{identity}/") or (
        isinstance(node, Group) and _is_below(node.children[0], identity)
    )


def _needs_words(leaf: Leaf) -> bool:
    """A span, a denied line or bare codes are easier to follow with the day, operator or names that they came to."""
    if isinstance(leaf.test, CodeIn) and re.search("[0-9A-T]", leaf.text):
        return True
    return leaf.text.startswith(DENIED) or (isinstance(leaf.test, DayIs) and "-" not in leaf.text)


def _grouped_tiers(amount: Amount) -> Iterator[Node]:
    """Yield the conditions of tiers that have parts, such as named rules."""
    if isinstance(amount, Tiers):
        parts = [part for _, part in amount.tiers] + ([amount.otherwise] if amount.otherwise else [])
        yield from (when for when, _ in amount.tiers if isinstance(when, Group))
    else:
        parts = (
            [amount.amount]
            if isinstance(amount, Bounded)
            else [*amount.amounts]
            if isinstance(amount, Combine)
            else []
        )
    for part in parts:
        yield from _grouped_tiers(part)


def _span(version: Version) -> str:
    return f"{version.effective_from} " + (f"至 {version.effective_to} 前" if version.effective_to else "起")


def _head(rule: Rule, version: Version) -> str:
    unchecked = "" if rule.confidence == "verified" else "；待核，尚未与正式文本核对"
    basis = " ".join(part for part in ("、".join(rule.issuers), version.document, version.source) if part)
    return f"依据：{basis}；{_span(version)}有效{unchecked}。"


def _around(book: RuleBook, version: Version) -> list[str]:
    lines = []
    if version.window is not None:
        lines.append(f"申报：{version.window[0]} 起，{version.window[1]} 前。")
    if version.budget is not None:
        lines.append(f"资金：{version.budget[1]} 年 {format_money(version.budget[0])}。")
    for entry in version.stacking:
        other = book.find(entry.other)
        lines.append(f"与“{other.title if other is not None else entry.other}”{entry.how}。")
    return lines
