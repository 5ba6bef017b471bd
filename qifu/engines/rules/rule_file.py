"""Reads one rule file (YAML) into a Rule, naming every problem with its line, code, cause and remedy; pure.

What needs other files (named rules, stacking, examples) is checked by `rule_book`.
"""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Literal

from qifu.engines.rules.leaf_grammar import DEFAULT_READING, FIRST_DAY, LAST_DAY, Grammar
from qifu.engines.rules.leaf_members import industry_code
from qifu.engines.rules.leaf_words import squeeze
from qifu.engines.rules.places import Places
from qifu.engines.rules.rule_amounts import AmountReader, money
from qifu.engines.rules.rule_nodes import LONGEST_LIST, MOST_NODES, TreeReader
from qifu.engines.rules.rule_problems import LineProblem, Problems, RuleProblems
from qifu.engines.rules.written import Example, Rule, Stacking, Version
from qifu.foundation.yaml_data import read_nodes
from qifu.foundation.yaml_shapes import DataError, Node, day_remedy
from qifu.registers.enterprises.fact_book import Fact, FactBook, Value, ValueProblem

KINDS = ("rule", "policy")
CONFIDENCES = ("verified", "待核")
STACKINGS = ("可叠加", "就高", "不重复享受")
EXPECTS: dict[str, Literal["met", "unmet", "unknown"]] = {
    "符合": "met",
    "不符合": "unmet",
    "缺数据": "unknown",
}
READINGS = {"含本数": True, "不含本数": False}
CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,59}", re.ASCII)
_RULE_NEEDED = ("code", "title", "kind", "issuers", "document", "versions")
_RULE_KEYS = (*_RULE_NEEDED, "kinds", "tags", "confidence", "examples", "note", "link", "materials")
_VERSION_KEYS = (
    "effective_from", "effective_to", "document", "source", "reading", "require", "amount", "amount_note", "window", "budget", "stacking", "note",
)  # fmt: skip
_EXAMPLE_KEYS = ("title", "as_of", "facts", "expect", "amount", "missing", "note")


def read_rule(raw: bytes, *, where: str, facts: FactBook, places: Places) -> Rule:
    """Return the rule of a file's bytes; raises RuleProblems with everything that is wrong in it."""
    problems = Problems(where)
    try:
        root = read_nodes(raw, where=where, longest=LONGEST_LIST, most_nodes=MOST_NODES)
    except DataError as error:
        limit = any(word in error.cause for word in ("超过", "嵌套"))
        problems.add(error.line, "limit" if limit else "yaml", error.cause, error.remedy)
        raise RuleProblems(problems.found) from None
    reader = _RuleReader(problems, Grammar(facts, places))
    rule = reader.rule(root)
    if problems.found or rule is None:
        raise RuleProblems(problems.found, code=reader.code, title=reader.title)
    return rule


class _RuleReader:
    def __init__(self, problems: Problems, grammar: Grammar) -> None:
        self.problems, self.grammar = problems, grammar
        self.code = self.title = ""
        self.reviews: list[str] = []

    def rule(self, root: Node) -> Rule | None:
        parts = self.problems.fields(root, _RULE_KEYS, "规则", _RULE_NEEDED)
        if not parts:
            return None
        self.code = self._word(parts.get("code"), "code", CODE, "小写字母、数字和 -，如 sme-small-micro")
        self.title = self._text(parts, "title", longest=80)
        document = self._text(parts, "document", longest=200)
        versions = [
            self._version(node, document) for node in self.problems.parts(parts.get("versions"), "versions")
        ]
        good = sorted((v for v in versions if v is not None), key=lambda version: version.effective_from)
        self._check_order(good)
        examples = [
            self._example(node)
            for node in (self.problems.parts(parts["examples"], "examples") if "examples" in parts else [])
        ]
        kind = self._one_of(parts.get("kind"), "kind", KINDS, "rule")
        confidence = self._one_of(parts.get("confidence"), "confidence", CONFIDENCES, "待核")
        return Rule(
            code=self.code, title=self.title, kind=kind, issuers=self._words(parts, "issuers"), document=document,  # type: ignore[arg-type]
            kinds=self._words(parts, "kinds"), tags=self._words(parts, "tags"), confidence=confidence,  # type: ignore[arg-type]
            versions=tuple(good), examples=tuple(e for e in examples if e is not None), note=self._text(parts, "note", longest=2000),
            link=self._text(parts, "link", longest=500), reviews=tuple(dict.fromkeys(self.reviews)), where=self.problems.where,
            materials=self._words(parts, "materials"),
        )  # fmt: skip

    def _version(self, node: Node, document: str) -> Version | None:
        parts = self.problems.fields(node, _VERSION_KEYS, "版本", ("effective_from", "require"))
        start, end = self._day(parts.get("effective_from")), self._day(parts.get("effective_to"))
        if start is not None and end is not None and end <= start:
            self.problems.add(
                parts["effective_to"].line,
                "date",
                f"失效日 {end} 不晚于生效日 {start}",
                "失效日当天起不再有效，请改正",
            )
        own_document = self._text(parts, "document", longest=200) or document
        source = self._text(parts, "source", longest=200)
        reading = self._reading(parts.get("reading"))
        tree = TreeReader(
            self.grammar,
            self.problems,
            start or FIRST_DAY,
            own_document,
            source,
            reading,
            reviews=self.reviews,
        )
        require = tree.root(parts["require"]) if "require" in parts else None
        amount = AmountReader(tree).read(parts["amount"]) if "amount" in parts else None
        window = self._window(parts.get("window"))
        budget = self._budget(parts.get("budget"))
        stacking = self._stacking(parts.get("stacking"))
        if start is None or require is None:
            return None
        return Version(
            start, end, own_document, source, tuple(sorted(reading.items())), require, amount,
            self._text(parts, "amount_note", longest=200), window, budget, stacking, node.line,
        )  # fmt: skip

    def _check_order(self, versions: list[Version]) -> None:
        for earlier, later in pairwise(versions):
            if earlier.effective_to is None or earlier.effective_to > later.effective_from:
                self.problems.add(
                    later.line, "version", f"{later.effective_from} 起的版本与第 {earlier.line} 行的版本重叠",
                    f"请在前一版本写 effective_to: {later.effective_from}（当天起按新版本）",
                )  # fmt: skip

    def _reading(self, node: Node | None) -> dict[str, bool]:
        reading = dict(DEFAULT_READING)
        if node is None:
            return reading
        for word, part in self.problems.fields(node, ("以上", "以下"), "reading").items():
            reading[word] = READINGS[self._one_of(part, word, tuple(READINGS), "含本数")]
        return reading

    def _window(self, node: Node | None) -> tuple[date, date] | None:
        if node is None:
            return None
        parts = self.problems.fields(node, ("from", "to"), "window", ("from", "to"))
        start, end = self._day(parts.get("from")), self._day(parts.get("to"))
        if start is None or end is None:
            return None
        if end <= start:
            self.problems.add(
                node.line, "date", f"申报截止 {end} 不晚于开始 {start}", "to 当天起不再受理，请改正"
            )
        return start, end

    def _budget(self, node: Node | None) -> tuple[int, int] | None:
        if node is None:
            return None
        parts = self.problems.fields(node, ("amount", "year"), "budget", ("amount", "year"))
        fen = money(self.problems, parts["amount"]) if "amount" in parts else None
        year = self._word(
            parts.get("year"), "year", re.compile("(?:19[5-9][0-9]|20[0-9]{2})"), "年份，如 2024"
        )
        return (fen, int(year)) if fen is not None and year else None

    def _stacking(self, node: Node | None) -> tuple[Stacking, ...]:
        found: list[Stacking] = []
        for part in self.problems.parts(node, "stacking"):
            fields = self.problems.fields(part, ("with", "how"), "stacking", ("with", "how"))
            other = self._word(fields.get("with"), "with", CODE, "另一规则的代码")
            how = self._one_of(fields.get("how"), "how", STACKINGS, "")
            if other and other == self.code:
                self.problems.add(part.line, "unknown-rule", "stacking 写了自己", "请写另一规则的代码")
            elif any(other == known.other for known in found):
                self.problems.add(part.line, "duplicate", f"与“{other}”的关系写了两次", "请只留一处")
            found.append(Stacking(other, how, part.line))
        return tuple(found)

    def _example(self, node: Node) -> Example | None:
        parts = self.problems.fields(node, _EXAMPLE_KEYS, "示例", ("as_of", "facts", "expect"))
        day = self._day(parts.get("as_of"))
        expect = EXPECTS[self._one_of(parts.get("expect"), "expect", tuple(EXPECTS), "符合")]
        amount = money(self.problems, parts["amount"]) if "amount" in parts else None
        missing = None
        if "missing" in parts:
            missing = tuple(
                fact
                for part in self.problems.parts(parts["missing"], "missing")
                if (fact := self._fact_id(part))
            )
        values = self._values(parts.get("facts"), day or FIRST_DAY)
        if day is None:
            return None
        title = self._text(parts, "title", longest=200)
        return Example(title, day, values, expect, amount, missing, node.line)

    def _values(self, node: Node | None, day: date) -> tuple[tuple[str, Value], ...]:
        if node is None:
            return ()
        if isinstance(node.value, str) and not node.value.strip():
            return ()
        if not isinstance(node.value, dict):
            self.problems.add(node.line, "form", "facts 应为若干“事实: 值”", "如 {从业人数: 300人}")
            return ()
        found: dict[str, Value] = {}
        for name, part in node.value.items():
            with self.problems.at(node.key_lines[name]):
                if "：" in name:
                    raise LineProblem(
                        "form", f"“{name[:40]}”的冒号不对", "请用半角冒号加空格，如 从业人数: 300人"
                    )
                fact = self.grammar.fact_of(name)
                if fact.id in found:
                    self.problems.add(
                        node.key_lines[name], "duplicate", f"“{fact.label}”写了两次", "请只留一个"
                    )
                text = part.value.strip() if isinstance(part.value, str) else None
                if text is None:
                    self.problems.add(part.line, "form", f"“{name}”的值应写成一行", "请改正")
                    continue
                try:
                    found[fact.id] = self._value(fact, text, part, day)
                except ValueProblem as error:
                    self.problems.add(part.line, "value", str(error), "请改正示例")
        return tuple(found.items())

    def _value(self, fact: Fact, text: str, node: Node, day: date) -> Value:
        if fact.type == "place" and text and not text.isdigit():
            return self.grammar.places.prefix(text, day).ljust(6, "0")
        if fact.type == "industry" and (code := industry_code(squeeze(text))):
            return code
        if fact.is_number and fact.unit and re.fullmatch(r"[-+]?[0-9.,]+", text):
            self.problems.add(
                node.line,
                "unit",
                f"“{fact.label}”的值“{text[:20]}”没有单位",
                f"请写成 {text[:20]}{fact.unit}",
            )
        return fact.read(text)

    def _fact_id(self, node: Node) -> str:
        with self.problems.at(node.line):
            return self.grammar.fact_of(self.problems.text(node, "missing")).id
        return ""

    def _day(self, node: Node | None) -> date | None:
        if node is None:
            return None
        with self.problems.at(node.line):
            value = self.problems.text(node, "日期")
            if not value:
                return None
            try:
                day = (
                    date.fromisoformat(value) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) else None
                )
            except ValueError:
                day = None
            if day is None:
                self.problems.add(node.line, "date", f"“{value[:20]}”不是日期", day_remedy(value))
                return None
            if not FIRST_DAY <= day <= LAST_DAY:
                self.problems.add(node.line, "date", f"日期 {day} 超出范围", "应在 1949 年与 2100 年之间")
                return None
            return day
        return None

    def _text(self, parts: dict[str, Node], key: str, *, longest: int) -> str:
        text = self.problems.text(parts.get(key), key)
        if len(text) > longest:
            self.problems.add(
                parts[key].line, "form", f"{key} 有 {len(text)} 个字", f"请不要超过 {longest} 个"
            )
        return text

    def _word(self, node: Node | None, what: str, pattern: re.Pattern[str], wanted: str) -> str:
        text = self.problems.text(node, what)
        if text and not pattern.fullmatch(text):
            assert node is not None
            self.problems.add(node.line, "form", f"{what} 的值“{text[:40]}”不对", f"应为{wanted}")
            return ""
        return text

    def _words(self, parts: dict[str, Node], key: str) -> tuple[str, ...]:
        if key not in parts or (key in ("kinds", "tags", "materials") and not parts[key].value):
            return ()
        return tuple(
            word for node in self.problems.parts(parts[key], key) if (word := self.problems.text(node, key))
        )

    def _one_of(self, node: Node | None, what: str, words: tuple[str, ...], default: str) -> str:
        text = self.problems.text(node, what) if node is not None else ""
        if not text:
            return default
        if text not in words:
            assert node is not None
            self.problems.add(node.line, "form", f"{what} 的值“{text[:40]}”不对", f"可用：{'、'.join(words)}")
            return default
        return text
