"""Checks rules against one another: names known, no cycles, a version for every day, sizes; then their examples; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from qifu.engines.rules.leaf_words import squeeze
from qifu.engines.rules.rule_nodes import MOST_LEAVES
from qifu.engines.rules.rule_problems import Problem
from qifu.engines.rules.run_examples import run_examples
from qifu.engines.rules.written import Meets, Rule, Version, WrittenLeaf
from qifu.engines.rules.written_trees import depth_of, references, trees_of, written_leaves

if TYPE_CHECKING:
    from qifu.engines.rules.rule_book import RuleBook

DEEPEST = 30
"""Levels of a tree with its named rules written out."""
MOST_CYCLES = 20
"""So many cycles are told; with more, nothing else is checked."""


def check_book(book: RuleBook, own: Iterable[Rule], broken: set[str]) -> list[Problem]:
    """Return what is wrong with `own` rules of the book; names in `broken` belong to files that could not be read."""
    wanted = {rule.code: rule for rule in own}
    edges = {code: _named(book, rule) for code, rule in book.rules.items()}
    order, cycles = _order(edges)
    problems = _cycle_problems(book, cycles)
    bad = {code for cycle in cycles for code in cycle}
    sizes = _Sizes(book)
    for code in order:
        if code not in bad:
            rule = book.rules[code]
            found = sizes.problems_of(rule) + _reference_problems(book, rule, broken)
            if found or _names_broken(rule, broken):
                bad.add(code)
            if code in wanted:
                problems += [*found, *_stacking_problems(book, rule, broken)]
    unsound = _reached(edges, bad)
    for code, rule in wanted.items():
        if code not in unsound:
            problems += run_examples(book, rule)
        elif code not in bad:
            problems += _rests_on(book, rule, unsound - set(wanted))
    return problems


def _rests_on(book: RuleBook, rule: Rule, bad: set[str]) -> list[Problem]:
    """Problems of a rule that names one which is wrong itself and is not told of elsewhere."""
    return [
        Problem(
            rule.where, leaf.line, "unknown-rule", f"引用的“{other.title}”自身有错", f"请先改好 {other.where}"
        )
        for version in rule.versions
        for leaf, name in references(version)
        if (other := book.find(name)) is not None and other.code in bad
    ]


def _named(book: RuleBook, rule: Rule) -> set[str]:
    names = {name for version in rule.versions for _, name in references(version)}
    return {other.code for name in names if (other := book.find(name)) is not None}


def _names_broken(rule: Rule, broken: set[str]) -> bool:
    return any(squeeze(name) in broken for version in rule.versions for _, name in references(version))


def _order(edges: dict[str, set[str]]) -> tuple[list[str], list[list[str]]]:
    """Return the codes, named rules first, and the cycles that had to be cut to order them."""
    left = {code: set(named) for code, named in edges.items()}
    cycles: list[list[str]] = []
    while True:
        try:
            return list(TopologicalSorter(left).static_order()), cycles
        except CycleError as error:
            cycle = error.args[1][:-1]
            cycles.append(cycle)
            if len(cycles) > MOST_CYCLES:
                return [], [*cycles, list(left)]
            for code in cycle:
                left[code] -= set(cycle)


def _cycle_problems(book: RuleBook, cycles: list[list[str]]) -> list[Problem]:
    problems = []
    for cycle in cycles[:MOST_CYCLES]:
        ring = [*reversed(cycle)]
        shown = " → ".join([*ring, ring[0]][:12])
        for code in cycle:
            rule = book.rules[code]
            line = next(
                leaf.line for v in rule.versions for leaf, name in references(v)
                if (other := book.find(name)) is not None and other.code in cycle
            )  # fmt: skip
            problems.append(
                Problem(
                    rule.where,
                    line,
                    "cycle",
                    f"规则互相引用成环：{shown}",
                    "请把其中一处引用改成直接写出条件",
                )
            )
    return problems


def _reached(edges: dict[str, set[str]], bad: set[str]) -> set[str]:
    """Return the codes from which a bad one is reached."""
    above: dict[str, set[str]] = {}
    for code, named in edges.items():
        for other in named:
            above.setdefault(other, set()).add(code)
    found, pending = set(bad), list(bad)
    while pending:
        for code in above.get(pending.pop(), ()):
            if code not in found:
                found.add(code)
                pending.append(code)
    return found


def _reference_problems(book: RuleBook, rule: Rule, broken: set[str]) -> list[Problem]:
    problems: list[Problem] = []
    for version in rule.versions:
        gaps: dict[str, date | None] = {}
        for leaf, name in references(version):
            other = book.find(name)
            if other is None:
                if squeeze(name) not in broken:
                    problems.append(
                        Problem(
                            rule.where,
                            leaf.line,
                            "unknown-rule",
                            f"没有名为“{name[:40]}”的规则",
                            _like(book, name),
                        )
                    )
                continue
            if other.code not in gaps:
                gaps[other.code] = _first_gap(version, other)
            gap = gaps[other.code]
            if gap is not None:
                problems.append(
                    Problem(
                        rule.where, leaf.line, "unknown-rule",
                        f"自 {version.effective_from} 起的版本引用“{other.title}”，但它在 {gap} 没有生效的版本",
                        f"请补写 {other.code} 在那一天的版本，或缩短本版本的有效期",
                    )
                )  # fmt: skip
    return problems


def _first_gap(version: Version, other: Rule) -> date | None:
    """Return the first day of `version` on which no version of `other` is in force."""
    day = version.effective_from
    while True:
        found = other.version_on(day)
        if found is None:
            return day
        if found.effective_to is None or (
            version.effective_to is not None and found.effective_to >= version.effective_to
        ):
            return None
        day = found.effective_to


def _like(book: RuleBook, name: str) -> str:
    from difflib import get_close_matches

    titles = {squeeze(rule.title): rule.title for rule in book.rules.values()} | {
        code: code for code in book.rules
    }
    near = get_close_matches(squeeze(name)[:40], list(titles)[:2000], n=3, cutoff=0.4)
    return (
        f"最接近的是：{'、'.join(titles[word] for word in near)}"
        if near
        else "请核对名称或代码，或把那个文件一并给出"
    )


def _stacking_problems(book: RuleBook, rule: Rule, broken: set[str]) -> list[Problem]:
    return [
        Problem(
            rule.where,
            entry.line,
            "unknown-rule",
            f"stacking 写的“{entry.other}”不存在",
            _like(book, entry.other),
        )
        for version in rule.versions
        for entry in version.stacking
        if entry.other and entry.other not in book.rules and entry.other not in broken
    ]


class _Sizes:
    """Leaves and depth of each rule with its named rules written out; the named must be asked for first."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book
        self.of: dict[str, tuple[int, int]] = {}

    def problems_of(self, rule: Rule) -> list[Problem]:
        problems = []
        most_leaves = most_depth = 1
        for version in rule.versions:
            leaves, depth = self._of_version(version)
            most_leaves, most_depth = max(most_leaves, leaves), max(most_depth, depth)
            if leaves > MOST_LEAVES:
                problems.append(
                    Problem(
                        rule.where,
                        version.line,
                        "limit",
                        f"展开引用后共 {_count(leaves)} 个条件，超过 {MOST_LEAVES} 个",
                        "请减少条件或引用",
                    )
                )
            if depth > DEEPEST:
                problems.append(
                    Problem(
                        rule.where,
                        version.line,
                        "limit",
                        f"展开引用后嵌套 {depth} 层，超过 {DEEPEST} 层",
                        "请简化结构或减少逐级引用",
                    )
                )
        self.of[rule.code] = most_leaves, most_depth
        return problems

    def _of_version(self, version: Version) -> tuple[int, int]:
        trees = list(trees_of(version))
        leaves = sum(self._of_leaf(leaf)[0] for tree in trees for leaf in written_leaves(tree))
        return leaves, max(depth_of(tree, lambda leaf: self._of_leaf(leaf)[1]) for tree in trees)

    def _of_leaf(self, leaf: WrittenLeaf) -> tuple[int, int]:
        other = self.book.find(leaf.test.name) if isinstance(leaf.test, Meets) else None
        return self.of.get(other.code, (1, 1)) if other is not None else (1, 1)


def _count(number: int) -> str:
    return str(number) if number < 10**9 else "十亿以上"
