"""The rules of a site by code: read together, checked against one another, their examples run, bound to any day; pure."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from qifu.engines.rules.bind import Binder
from qifu.engines.rules.check_book import check_book
from qifu.engines.rules.leaf_grammar import FIRST_DAY, LAST_DAY
from qifu.engines.rules.leaf_words import squeeze
from qifu.engines.rules.places import Places
from qifu.engines.rules.rule_file import read_rule
from qifu.engines.rules.rule_problems import Problem, RuleProblems
from qifu.engines.rules.tree import Bound
from qifu.engines.rules.written import Rule, Version
from qifu.engines.rules.written_trees import references
from qifu.foundation.yaml_data import LARGEST_BYTES
from qifu.registers.enterprises.fact_book import FactBook

MOST_FILES = 9_999


class NotInForce(LookupError):
    """No rule of that name, or none in force on the day; the message is Chinese."""


@dataclass
class RuleBook:
    """Rules by code, in reading order. `load` makes a checked one."""

    facts: FactBook
    places: Places
    rules: dict[str, Rule] = field(default_factory=dict)
    checked: list[Rule] = field(default_factory=list)
    """The rules of the paths that were asked for, without those beside them."""
    _by_name: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(
        cls, paths: Iterable[Path], facts: FactBook, places: Places, *, beside: Iterable[Path] = ()
    ) -> RuleBook:
        """Return the checked book of rule files and folders; raises RuleProblems with all problems of all files.

        Rules in `beside` may be named by those in `paths`; they are read but not checked, and left out when wrong.
        """
        book, problems, broken = cls(facts, places), list[Problem](), set[str]()
        seen: set[Path] = set()
        for own, group in ((True, paths), (False, beside)):
            for file, where in rule_files(group, problems if own else []):
                if file.resolve() in seen:
                    continue
                seen.add(file.resolve())
                try:
                    rule = read_rule(_bytes(file), where=where, facts=facts, places=places)
                    book._add(rule, own=own)
                except OSError as error:
                    if own:
                        problems.append(_unreadable(where, error))
                except RuleProblems as error:
                    broken |= {squeeze(error.code), squeeze(error.title)}
                    if own:
                        problems += error.problems
        problems += check_book(book, book.checked, broken)
        if problems:
            raise RuleProblems(problems)
        return book

    def _add(self, rule: Rule, *, own: bool) -> None:
        for word, what in ((rule.code, "代码"), (squeeze(rule.title), "名称")):
            other = self._by_name.get(word)
            if other is not None:
                message = f"{what}“{word}”与 {self.rules[other].where} 重复"
                raise RuleProblems(
                    [Problem(rule.where, 1, "duplicate", message, "请换一个，引用才不会有歧义")]
                )
        self._by_name[rule.code] = self._by_name[squeeze(rule.title)] = rule.code
        self.rules[rule.code] = rule
        if own:
            self.checked.append(rule)

    def with_rules(self, rules: Iterable[Rule]) -> RuleBook:
        """Return a book with these rules beside the others, each in place of one of its code; they are not checked.

        Raises RuleProblems where a title is another rule's.
        """
        given = {rule.code: rule for rule in rules}
        book = RuleBook(self.facts, self.places)
        for rule in (*(rule for code, rule in self.rules.items() if code not in given), *given.values()):
            book._add(rule, own=rule.code in given)
        return book

    def with_text(self, raw: bytes, *, where: str) -> tuple[RuleBook, Rule]:
        """Return the book with the rule of a file's bytes, and that rule; raises RuleProblems with all that is wrong.

        Checked is the rule itself, its examples among it, and those that name it.
        """
        rule = read_rule(raw, where=where, facts=self.facts, places=self.places)
        book = self.with_rules([rule])
        naming = [other for other in book.rules.values() if other is not rule and _names(book, other, rule)]
        problems = check_book(book, [rule, *naming], set())
        if problems:
            raise RuleProblems(problems, code=rule.code, title=rule.title)
        return book, rule

    def find(self, name: str) -> Rule | None:
        """Return the rule of that code or title."""
        code = self._by_name.get(squeeze(name))
        return self.rules[code] if code is not None else None

    def get(self, code: str) -> Rule:
        """Return the rule of that code; raises NotInForce."""
        rule = self.rules.get(code)
        if rule is None:
            raise NotInForce(f"没有代码为“{code[:60]}”的规则")
        return rule

    def bind(self, code: str, as_of: date) -> Bound:
        """Return the rule's version in force on the day, bound to it; raises NotInForce."""
        if not FIRST_DAY <= as_of <= LAST_DAY:
            raise NotInForce(f"日期 {as_of} 超出范围，应在 1949 年与 2100 年之间")
        rule = self.get(code)
        version = rule.version_on(as_of)
        if version is None:
            raise NotInForce(f"“{rule.title}”（{rule.code}）在 {as_of} 没有生效的版本")
        binder = Binder(as_of, lambda name: self.in_force(name, as_of))
        amount = binder.amount(version.amount) if version.amount is not None else None
        require = binder.node(version.require)
        return Bound(rule.code, version.effective_from.isoformat(), as_of, require, amount, rule.title)

    def bind_all(self, as_of: date, kind: str | None = None) -> list[Bound]:
        """Return every rule (of `kind`) that has a version in force on the day, bound to it, by code."""
        return [
            self.bind(code, as_of)
            for code, rule in sorted(self.rules.items())
            if (kind is None or rule.kind == kind) and rule.version_on(as_of) is not None
        ]

    def in_force(self, name: str, day: date) -> tuple[Rule, Version]:
        """Return the rule of that code or title and its version of the day; raises NotInForce."""
        rule = self.find(name)
        version = rule.version_on(day) if rule is not None else None
        if rule is None or version is None:
            raise NotInForce(f"没有名为“{name[:60]}”的规则在 {day} 生效")
        return rule, version


def _names(book: RuleBook, rule: Rule, named: Rule) -> bool:
    return any(book.find(name) is named for version in rule.versions for _, name in references(version))


def rule_files(paths: Iterable[Path], problems: list[Problem]) -> Iterator[tuple[Path, str]]:
    """Yield each rule file with the name that messages use, folders searched for .yaml; wrong paths become problems."""
    for path in paths:
        try:
            mode = path.stat().st_mode
        except OSError as error:
            problems.append(_unreadable(str(path), error))
            continue
        if stat.S_ISDIR(mode):
            yield from _below(path, problems)
        elif stat.S_ISREG(mode):
            yield path, str(path)
        else:
            problems.append(Problem(str(path), 1, "file", "不是普通文件", "请给出 .yaml 文件或文件夹"))


def _below(folder: Path, problems: list[Problem]) -> Iterator[tuple[Path, str]]:
    found: list[Path] = []
    pending, count = [folder], 0
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                count += 1
                if count > MOST_FILES:
                    message = f"文件夹里超过 {MOST_FILES} 个文件"
                    problems.append(Problem(str(folder), 1, "limit", message, "请分成几个文件夹，或逐个给出"))
                    return
                if entry.is_dir(follow_symlinks=False):
                    pending.append(Path(entry.path))
                elif entry.name.endswith((".yaml", ".yml")) and not entry.name.startswith("."):
                    found.append(Path(entry.path))
    for path in sorted(found):
        if path.is_file():
            yield path, str(path)
        else:
            problems.append(Problem(str(path), 1, "file", "文件打不开（链接失效或成环）", "请删除或改正"))


def _unreadable(where: str, error: OSError) -> Problem:
    known = {
        errno.ENOENT: "不存在",
        errno.ELOOP: "链接成环",
        errno.EACCES: "没有权限",
        errno.ENAMETOOLONG: "名称过长",
    }
    cause = known.get(error.errno or 0, "读取出错")
    return Problem(where, 1, "file", f"文件打不开：{cause}", "请检查路径和权限")


def _bytes(path: Path) -> bytes:
    """The file's bytes, and one more than may be read when it is too large: the reader then refuses it."""
    with path.open("rb") as file:
        return file.read(LARGEST_BYTES + 1)
