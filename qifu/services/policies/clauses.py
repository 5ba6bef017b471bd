"""The clauses of a policy's version one by one, as they are read aloud, so that plain words can stand beside each; pure.

A rule that is named is one clause: its own conditions are explained where it is kept. The amount is the last clause.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from qifu.engines.rules.read_aloud import Line, Read, read_tree
from qifu.engines.rules.rule_book import RuleBook
from qifu.engines.rules.rule_words import amount_words
from qifu.engines.rules.tree import Bound, Group, Node
from qifu.engines.rules.written import Rule, Version

AMOUNT = "amount"
"""The key of the amount's plain words among the interpretations."""


@dataclass(frozen=True)
class Clause:
    """One clause: its lines as read aloud, and the leaf's id; `id` is empty for headings, which need no plain words."""

    id: str
    part: Read
    plain: str = ""

    @property
    def text(self) -> str:
        """What the clause says, in one line."""
        return self.part.text


def clause_name(key: str) -> str:
    """Return how a clause is called by its id."""
    return "金额" if key == AMOUNT else f"第 {key} 条"


def version_of(rule: Rule, day: date) -> tuple[Version, date]:
    """Return the version that is read on `day` and the day to read it on: the next one, else the last, where none is in force."""
    found = rule.version_on(day)
    if found is not None:
        return found, day
    coming = [one for one in rule.versions if one.effective_from > day]
    chosen = coming[0] if coming else rule.versions[-1]
    return chosen, chosen.effective_from


def clauses_of(
    book: RuleBook, bound: Bound, plain: Mapping[str, str] | None = None, *, amount_note: str = ""
) -> list[Clause]:
    """Return a bound policy's clauses in the file's order, each with its plain words where `plain` has some."""
    words = plain or {}
    found = [
        Clause(key, part, words.get(key, "") if key else "") for key, part in _walk(book, bound.require, 0)
    ]
    if bound.amount is not None:
        note = f"（{amount_note}）" if amount_note else ""
        text = f"金额{note}：{amount_words(bound.amount, book.facts)}"
        found.append(Clause(AMOUNT, Line(0, text), words.get(AMOUNT, "")))
    return found


def without_plain_words(clauses: list[Clause]) -> list[Clause]:
    """Return the clauses that still lack plain words."""
    return [one for one in clauses if one.id and not one.plain.strip()]


def _walk(book: RuleBook, node: Node, depth: int) -> Iterator[tuple[str, Read]]:
    parts = read_tree(node, book.facts, book.places, depth, expand=False)
    if not isinstance(node, Group) or (len(parts) == 1 and node.id):
        yield node.id, parts[0]
        return
    yield "", parts[0]
    for child in node.children:
        yield from _walk(book, child, depth + 1)
