"""A policy's text as it stands while it is written: every problem with its line, what can already be read aloud, each example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from qifu.engines.rules.check_book import check_book
from qifu.engines.rules.explain import explain
from qifu.engines.rules.explain_words import VERDICTS, granted_words, why_words
from qifu.engines.rules.read_aloud import Read, rule_read
from qifu.engines.rules.rule_book import RuleBook
from qifu.engines.rules.rule_file import read_rule
from qifu.engines.rules.rule_problems import Problem, RuleProblems
from qifu.engines.rules.tree import Bound
from qifu.engines.rules.written import Rule
from qifu.foundation.action import Refused
from qifu.services.policies.checking import NEW_DRAFT, checked
from qifu.services.policies.library import draft_book

LONGEST_TEXT = 200_000


@dataclass(frozen=True)
class TriedExample:
    """One example: whether it came out as it says (`wrong` says how not), what was found, and why."""

    title: str
    line: int
    wrong: str
    verdict: str
    granted: str
    why: str


@dataclass(frozen=True)
class Tried:
    """What is wrong with a text; where it can be read, its rule bound to `day` (the version's first day when none is in force)."""

    problems: tuple[Problem, ...]
    rule: Rule | None = None
    book: RuleBook | None = None
    bound: Bound | None = None
    day: date | None = None
    examples: tuple[TriedExample, ...] = ()

    @property
    def aloud(self) -> Sequence[Read]:
        """The tree in words, without its heading."""
        if self.book is None or self.rule is None or self.day is None:
            return ()
        return rule_read(self.book, self.rule.code, self.day)[1:]


def tried(text: str, place_code: str, today: date) -> Tried:
    """Read a text for a policy of that place (empty: the nation's) without raising for what its writer can mend."""
    if len(text) > LONGEST_TEXT:
        return Tried((_problem(1, "limit", "文本太长", f"请不要超过 {LONGEST_TEXT} 个字符"),))
    books = draft_book()
    problems: Sequence[Problem] = ()
    try:
        book, rule = checked(text, place_code, book=books)
    except Refused as refused:
        problems = [_problem(1, "form", *_said(refused))]
        return _read_on(text, books, problems, today)
    except RuleProblems as wrong:
        problems = wrong.problems
        if any(problem.code != "example" for problem in problems):
            return Tried(tuple(problems))
        return _read_on(text, books, problems, today)
    return _bound(book, rule, problems, today)


def _read_on(text: str, books: RuleBook, problems: Sequence[Problem], today: date) -> Tried:
    """Read a text whose form is right, though an example or the library's demands are not met."""
    try:
        rule = read_rule(text.encode(), where=NEW_DRAFT, facts=books.facts, places=books.places)
        book = books.with_rules([rule])
    except RuleProblems as wrong:
        return Tried(tuple(wrong.problems))
    more = check_book(book, [rule], set())
    if any(problem.code != "example" for problem in more):
        return Tried(tuple(more))
    return _bound(book, rule, [*problems, *(one for one in more if one not in problems)], today)


def _bound(book: RuleBook, rule: Rule, problems: Sequence[Problem], today: date) -> Tried:
    day = today if rule.version_on(today) else rule.versions[-1].effective_from
    examples = tuple(_example(book, rule, number, problems) for number in range(len(rule.examples)))
    return Tried(tuple(problems), rule, book, book.bind(rule.code, day), day, examples)


def _example(book: RuleBook, rule: Rule, number: int, problems: Sequence[Problem]) -> TriedExample:
    example = rule.examples[number]
    named = f"第 {number + 1} 个示例"
    wrong = next((one for one in problems if one.code == "example" and one.message.startswith(named)), None)
    if rule.version_on(example.as_of) is None:
        told = ("没有判断", "", "")
    else:
        found = explain(book.bind(rule.code, example.as_of), book.facts, dict(example.values))
        told = (VERDICTS[found.truth], granted_words(found), why_words(found))
    return TriedExample(
        example.title or named, example.line, wrong.message.partition("：")[2] or wrong.message if wrong else "", *told
    )  # fmt: skip


def _problem(line: int, code: str, message: str, remedy: str) -> Problem:
    return Problem(NEW_DRAFT, line, code, message, remedy)


def _said(refused: Refused) -> tuple[str, str]:
    return refused.message, "；".join(refused.fields.values())
