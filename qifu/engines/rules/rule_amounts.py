"""Reads the `amount:` of a rule file: fixed, rate, per head, tiers, brackets, best, least, sum, with cap, floor, rounding; pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from qifu.engines.rules.leaf_numbers import Sum, add_up, in_base, read_quantity
from qifu.engines.rules.leaf_words import squeeze
from qifu.engines.rules.rule_nodes import TreeReader
from qifu.engines.rules.rule_problems import LineProblem, Problems
from qifu.engines.rules.tree import Brackets, Fixed, Share
from qifu.engines.rules.written import WrittenAmount, WrittenBounded, WrittenCombine, WrittenTiers
from qifu.foundation.money import FEN_PER_UNIT, MoneyError, parse_money
from qifu.foundation.yaml_shapes import Node
from qifu.registers.enterprises.fact_book import LARGEST

_FORMS = ("amount", "rate", "each", "tiers", "brackets", "best", "least", "sum")
_BOUNDS = ("cap", "floor", "round", "rounding")
_COMBINES: dict[str, Literal["most", "least", "sum"]] = {"best": "most", "least": "least", "sum": "sum"}
ROUNDINGS: dict[str, Literal["half_up", "down", "up"]] = {"四舍五入": "half_up", "舍去": "down", "进位": "up"}


@dataclass
class AmountReader:
    """Reads the amount of one version; conditions of tiers are read by the version's `tree`."""

    tree: TreeReader

    @property
    def _problems(self) -> Problems:
        return self.tree.problems

    def read(self, node: Node, path: str = "amount") -> WrittenAmount | None:
        """Return the amount, or None when something is wrong (noted)."""
        if isinstance(node.value, str):
            fen = self._money(node)
            return Fixed(fen) if fen is not None else None
        parts = self._problems.fields(node, (*_FORMS, "of", "otherwise", *_BOUNDS), "金额")
        forms = [form for form in _FORMS if form in parts]
        if len(forms) != 1:
            self._problems.add(
                node.line,
                "amount",
                f"金额里要写且只写一个 {'、'.join(_FORMS)}",
                "如 {rate: 20%, of: 研发费用, cap: 500万元}",
            )
            return None
        form = forms[0]
        for key, needs in (("of", ("rate", "each")), ("otherwise", ("tiers",))):
            if key in parts and form not in needs:
                self._problems.add(parts[key].line, "amount", f"{form} 不用写 {key}", "请删除")
        inner = self._inner(form, parts, node, path)
        return self._bounded(inner, parts) if inner is not None else None

    def _inner(self, form: str, parts: dict[str, Node], node: Node, path: str) -> WrittenAmount | None:
        if form == "amount":
            return self.read(parts["amount"], path)
        if form in ("rate", "each"):
            return self._share(form, parts, node)
        if form == "tiers":
            return self._tiers(parts, path)
        if form == "brackets":
            return self._brackets(parts["brackets"])
        nodes = self._problems.parts(parts[form], form)
        amounts = [self.read(part, f"{path}.{number}") for number, part in enumerate(nodes, 1)]
        good = tuple(amount for amount in amounts if amount is not None)
        return WrittenCombine(_COMBINES[form], good) if good and len(good) == len(amounts) else None

    def _share(self, form: str, parts: dict[str, Node], node: Node) -> Share | None:
        if "of" not in parts:
            self._problems.add(
                node.line, "amount", f"{form} 没有写 of", "请写明按哪个事实计算，如 of: 研发费用"
            )
            return None
        total = self._sum(parts["of"])
        rate = self._rate(form, parts[form], total) if total is not None else None
        return Share(rate, total.terms) if rate is not None and total is not None else None

    def _rate(self, form: str, node: Node, total: Sum) -> Fraction | None:
        """Fen for one kept unit of the sum."""
        with self._problems.at(node.line):
            if form == "each":
                if total.base == "元":
                    raise LineProblem("amount", f"“{total.label}”是金额，不能按个计算", "请改用 rate: 20%")
                fen = self._money(node)
                return Fraction(fen, total.per_base) if fen is not None else None
            value = read_quantity(squeeze(self._problems.text(node, "rate")))
            if value.unit != "%":
                raise LineProblem("percent", f"比例“{value.text[:20]}”不是百分数", "请写成 20%")
            if total.base != "元":
                raise LineProblem(
                    "unit",
                    f"“{total.label}”的单位是{total.base or '无'}，不能按百分比折算成金额",
                    "请改用 each: 1000元",
                )
            if not 0 <= value.number <= 10_000:
                raise LineProblem("number", f"比例“{value.text[:20]}”超出范围", "应在 0% 与 10000% 之间")
            return value.number / 100
        return None

    def _tiers(self, parts: dict[str, Node], path: str) -> WrittenTiers | None:
        tiers = []
        nodes = self._problems.parts(parts["tiers"], "tiers")
        for number, node in enumerate(nodes, 1):
            fields = self._problems.fields(node, ("when", "amount"), "一档", ("when", "amount"))
            if len(fields) < 2:
                continue
            when = self.tree.node(fields["when"], f"{path}.{number}", self.tree.source)
            amount = self.read(fields["amount"], f"{path}.{number}.amount")
            if when is not None and amount is not None:
                tiers.append((when, amount))
        otherwise = self.read(parts["otherwise"], f"{path}.otherwise") if "otherwise" in parts else None
        return WrittenTiers(tuple(tiers), otherwise) if tiers and len(tiers) == len(nodes) else None

    def _brackets(self, node: Node) -> Brackets | None:
        fields = self._problems.fields(node, ("of", "parts"), "brackets", ("of", "parts"))
        total = self._sum(fields["of"]) if "of" in fields else None
        if total is None or "parts" not in fields:
            return None
        done: list[tuple[int | None, Fraction]] = []
        nodes = self._problems.parts(fields["parts"], "parts")
        for number, part in enumerate(nodes, 1):
            keys = self._problems.fields(part, ("upto", "rate", "each"), "一段")
            form = "rate" if "rate" in keys else "each"
            if form not in keys or {"rate", "each"} <= set(keys):
                self._problems.add(
                    part.line, "amount", "每一段要写且只写一个 rate 或 each", "如 {upto: 500万元, rate: 10%}"
                )
                continue
            rate = self._rate(form, keys[form], total)
            last = number == len(nodes)
            if last == ("upto" in keys):
                self._problems.add(
                    part.line, "amount", "最后一段不写 upto，其他各段都要写", "如最后一段写 {rate: 30%}"
                )
                continue
            upto = self._upto(keys["upto"], total) if not last else None
            if rate is None or (upto is None and not last):
                continue
            if upto is not None and done and done[-1][0] is not None and upto <= done[-1][0]:
                self._problems.add(part.line, "amount", "各段的 upto 应从小到大", "请调整次序")
            done.append((upto, rate))
        return Brackets(total.terms, tuple(done)) if nodes and len(done) == len(nodes) else None

    def _upto(self, node: Node, total: Sum) -> int | None:
        with self._problems.at(node.line):
            value = read_quantity(squeeze(self._problems.text(node, "upto")))
            kept = in_base(value, total.base, total.label) * total.per_base
            if kept.denominator != 1 or not 0 < kept <= LARGEST:
                raise LineProblem("number", f"“{value.text[:20]}”过细、过大或不是正数", "请核对数值和单位")
            return int(kept)
        return None

    def _sum(self, node: Node) -> Sum | None:
        with self._problems.at(node.line):
            grammar = self.tree.grammar
            text = squeeze(self._problems.text(node, "of"))
            if not text:
                return None
            parts, rest = grammar.sum_at(text)
            if rest:
                raise LineProblem(
                    "amount", f"of 里的“{rest[:20]}”读不懂", "只写事实，可相加减，如 研发费用 + 技术改造投入"
                )
            return add_up(parts, grammar.facts)
        return None

    def _bounded(self, inner: WrittenAmount, parts: dict[str, Node]) -> WrittenAmount | None:
        if not any(key in parts for key in _BOUNDS):
            return inner
        cap = self._money(parts["cap"]) if "cap" in parts else None
        floor = self._money(parts["floor"]) if "floor" in parts else None
        if cap is not None and floor is not None and floor > cap:
            self._problems.add(parts["floor"].line, "amount", "下限 floor 高于上限 cap", "请核对")
        unit_word = squeeze(self._problems.text(parts.get("round"), "round"))
        if unit_word and unit_word not in FEN_PER_UNIT:
            self._problems.add(
                parts["round"].line,
                "amount",
                f"取整单位“{unit_word[:10]}”不认识",
                "可用：元、百元、千元、万元、十万元",
            )
        how = self._problems.text(parts.get("rounding"), "rounding") or "四舍五入"
        if how not in ROUNDINGS:
            self._problems.add(
                parts["rounding"].line,
                "amount",
                f"取整方法“{how[:10]}”不认识",
                f"可用：{'、'.join(ROUNDINGS)}",
            )
        return WrittenBounded(
            inner, floor, cap, FEN_PER_UNIT.get(unit_word, 1), ROUNDINGS.get(how, "half_up")
        )

    def _money(self, node: Node) -> int | None:
        return money(self._problems, node)


def money(problems: Problems, node: Node) -> int | None:
    """Return the fen of an amount that is not negative; None when something is wrong (noted)."""
    text = problems.text(node, "金额")
    if not text:
        return None
    try:
        fen = parse_money(text)
    except MoneyError as error:
        problems.add(node.line, "amount", str(error), "写成 50万元、1.5亿元 的样子")
        return None
    if not 0 <= fen <= LARGEST:
        problems.add(node.line, "number", f"金额“{text[:30]}”为负或过大", "请核对数值和单位")
        return None
    return fen
