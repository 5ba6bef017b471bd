"""What lies behind the facts of made-up enterprises: size, productivity, growth, technology, merit; vectorised and pure.

A `Crowd` is a block of enterprises. Every random stream is named and seeded by the block and the name, so that a new
fact changes no other. Figures are plausible for Zhejiang, not statistics of it.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from qifu.registers.enterprises.fact_book import Fact

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

PREFIXES = ("12", "52", "91", "92", "93")
"""First two characters of the codes made, in order: 事业单位, 民办非企业, 企业, 个体工商户, 农民专业合作社."""
KINDS = ("事业单位", "社会组织", "企业", "个体工商户", "农民专业合作社")


@dataclass(frozen=True)
class Trade:
    """What is usual in an industry: share of entities, people, revenue per head (万元), assets per revenue, technology 0-1."""

    weight: float
    people: float
    per_head: float
    assets: float
    tech: float
    kinds: tuple[float, ...] = (0, 0, 72, 28, 0)


_F, _H, _P = (0, 0, 45, 55, 0), (0, 0, 30, 70, 0), (0, 3, 90, 7, 0)
TRADES: dict[str, Trade] = {
    "A": Trade(3.5, 5, 22, 1.2, 0.08, (0, 0, 35, 20, 45)), "B": Trade(0.1, 25, 80, 1.8, 0.1), "C": Trade(4.0, 14, 62, 1.1, 0.4, (0, 0, 82, 18, 0)),
    "D": Trade(0.3, 12, 140, 3.0, 0.2, _P), "E": Trade(5.0, 14, 45, 0.9, 0.2, _P), "F": Trade(32.0, 4, 130, 0.5, 0.06, _F), "G": Trade(4.0, 6, 55, 0.9, 0.08),
    "H": Trade(8.0, 4, 14, 0.8, 0.02, _H), "I": Trade(4.5, 8, 42, 0.9, 0.75, _P), "J": Trade(0.4, 9, 160, 8.0, 0.2, _P), "K": Trade(2.0, 7, 60, 5.0, 0.03, _P),
    "L": Trade(7.5, 5, 38, 2.2, 0.15, _P), "M": Trade(5.5, 6, 36, 1.1, 0.8, _P), "N": Trade(0.4, 12, 32, 2.5, 0.2, (8, 2, 88, 2, 0)), "O": Trade(5.0, 3, 11, 0.6, 0.02, _H),
    "P": Trade(0.8, 16, 15, 1.2, 0.05, (25, 40, 35, 0, 0)), "Q": Trade(0.5, 18, 22, 1.0, 0.1, (35, 35, 25, 5, 0)), "R": Trade(1.0, 5, 16, 1.4, 0.12, (3, 7, 70, 20, 0)),
    "S": Trade(0.3, 9, 8, 1.0, 0.01, (35, 60, 5, 0, 0)), "C17": Trade(3.0, 16, 55, 1.0, 0.3), "C18": Trade(3.2, 18, 35, 0.8, 0.2), "C19": Trade(1.2, 18, 36, 0.8, 0.2),
    "C24": Trade(1.5, 14, 38, 0.8, 0.3), "C26": Trade(0.6, 24, 150, 1.2, 0.6), "C27": Trade(0.2, 50, 95, 1.6, 0.9), "C29": Trade(2.2, 14, 60, 1.0, 0.45),
    "C33": Trade(3.0, 13, 55, 1.0, 0.45), "C34": Trade(3.2, 14, 58, 1.1, 0.6), "C35": Trade(1.6, 15, 56, 1.2, 0.7), "C36": Trade(0.9, 30, 75, 1.2, 0.65),
    "C38": Trade(2.2, 18, 75, 1.1, 0.65), "C39": Trade(0.7, 30, 80, 1.2, 0.9), "C40": Trade(0.4, 18, 60, 1.2, 0.85), "I65": Trade(3.2, 8, 42, 0.9, 0.9),
    "M73": Trade(0.6, 10, 36, 1.5, 1.0),
}  # fmt: skip
"""By section, and by division where it differs; a division takes its weight out of no other."""


def trade_of(code: str) -> Trade:
    """Return what is usual in an industry of any depth."""
    return TRADES.get(code[:3]) or TRADES.get(code[:1]) or TRADES["F"]


@dataclass
class Crowd:
    """A block of made enterprises. `tech` 0-1, `people` and `per_head` by industry, `kind` positions in PREFIXES."""

    seed: tuple[int, ...]
    as_of: int
    people_usual: Floats
    per_head_usual: Floats
    assets_usual: Floats
    tech_usual: Floats
    kind: npt.NDArray[np.int8]
    _groups: dict[str, Flags] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.kind)

    def stream(self, name: str) -> np.random.Generator:
        """Return the random numbers of that name, the same at every call."""
        return np.random.Generator(np.random.SFC64([*self.seed, zlib.crc32(name.encode())]))

    def normal(self, name: str) -> Floats:
        return self.stream(name).standard_normal(len(self), dtype=np.float32).astype(np.float64)

    def uniform(self, name: str) -> Floats:
        return self.stream(name).random(len(self), dtype=np.float32).astype(np.float64)

    @cached_property
    def size(self) -> Floats:
        """How large an enterprise is in its industry: standard normal with a longer upper end."""
        drawn = self.normal("size")
        return drawn + 0.12 * np.maximum(drawn, 0) ** 2

    @cached_property
    def people(self) -> Floats:
        """Employees at the end of last year."""
        business = np.where(self.kind == 3, 0.35, np.where(self.kind == 4, 1.2, 1.0))
        spread = np.where(self.kind == 3, 0.6, 1.15)
        return np.maximum(np.rint(self.people_usual * business * np.exp(spread * self.size)), 0)

    @cached_property
    def turnover(self) -> Floats:
        """What an enterprise of its people and industry turns over in 元."""
        head = self.per_head_usual * np.exp(0.75 * self.normal("productivity"))
        return (self.people + 0.5) * head * 1e4

    @cached_property
    def revenue(self) -> Floats:
        """Revenue of last year in 元; one in thirty has none."""
        return np.where(self.uniform("idle") < 0.033, 0.0, self.turnover)

    @cached_property
    def assets(self) -> Floats:
        """Total assets at the end of last year in 元."""
        return self.turnover * self.assets_usual * np.exp(0.7 * self.normal("assets"))

    @cached_property
    def payroll(self) -> Floats:
        """Wages of last year in 元."""
        return self.people * 78_000 * np.exp(0.3 * self.normal("wages"))

    @cached_property
    def gain(self) -> Floats:
        """Profit where there is one."""
        return np.maximum(self.profit, 0)

    @cached_property
    def growth(self) -> Floats:
        """Growth of the last year as a factor."""
        return np.exp(0.05 + 0.28 * self.normal("growth"))

    def year(self, back: int) -> Floats:
        """Return how much smaller money was `back` years before the last: a factor."""
        factor = np.ones(len(self))
        for number in range(back):
            factor /= self.growth if number == 0 else np.exp(0.06 + 0.3 * self.normal(f"growth{number}"))
        return factor

    @cached_property
    def profit(self) -> Floats:
        """Profit before tax in 元, negative for about one in four."""
        return self.revenue * (0.055 + 0.085 * self.normal("margin"))

    @cached_property
    def tech(self) -> Floats:
        """Bent for technology: by industry, size and chance; 0 is usual, above 1 a company of laboratories."""
        enterprise = np.where(self.kind == 2, 1.0, 0.1)
        return self.tech_usual * enterprise * np.exp(0.45 * self.normal("tech") + 0.25 * self.size)

    @cached_property
    def research(self) -> Floats:
        """R&D expense of last year in 元; most enterprises have none."""
        does = self.uniform("does research") < np.clip(self.tech * 0.55, 0, 0.95)
        share = np.clip(0.035 * np.exp(0.6 * self.normal("research share")) * (0.5 + self.tech), 0.001, 0.6)
        return np.where(does, self.revenue * share, 0.0)

    @cached_property
    def age(self) -> Floats:
        """Years since establishment."""
        drawn = self.stream("age").standard_gamma(1.6, len(self))
        return np.minimum(drawn * 5.5 * (1 + 0.15 * self.size).clip(0.4, 2), 44.0)

    @cached_property
    def patents(self) -> Floats:
        """Class I rights (发明专利 and their like)."""
        rate = (
            1.6 * np.maximum(self.tech - 0.25, 0) * np.exp(0.7 * self.size + 0.6 * self.normal("patent rate"))
        )
        return self.stream("patents").poisson(np.clip(rate, 0, 4000)).astype(np.float64)

    @cached_property
    def technicians(self) -> Floats:
        """Employees in science and technology."""
        share = np.clip(0.22 * self.tech * np.exp(0.4 * self.normal("technicians")), 0, 0.9)
        return np.rint(self.people * np.where(self.research > 0, share, 0.2 * share))

    @cached_property
    def merit(self) -> Floats:
        """What prizes and honours go by: research, rights, size and luck; about one enterprise in forty is above 1."""
        research = np.log1p(self.research / 3e5)
        return (research * 0.3 + 0.2 * np.log1p(self.patents) + 0.2 * self.normal("merit")) * (self.kind == 2)

    def in_trouble(self, name: str, share: float) -> Flags:
        """Tell who a mark of bad credit falls on: that share of all, oftener where money is lost, mostly the same ones."""
        if "trouble" not in self._groups:
            self._groups["trouble"] = self.uniform("trouble of its own") < 0.4
        drawn = np.where(self._groups["trouble"], self.uniform(name), self.uniform("trouble"))
        return drawn < share * np.where(self.profit > 0, 0.7, 1.7)

    @cached_property
    def _care(self) -> Floats:
        """How much likelier the facts of the small are missing."""
        return np.where(self.people < 10, 1.3, np.where(self.people < 100, 0.8, 0.35))

    def missing(self, fact: Fact) -> Flags:
        """Tell where a fact is not known: whole groups go missing together, oftener for small ones and what others hold."""
        key = f"missing group {fact.group} {fact.held}"
        if key not in self._groups:
            base = {"held": 0.012, "shareable": 0.09, "ask": 0.15}[fact.held]
            self._groups[key] = self.uniform(f"missing group {fact.group}") < base * self._care
        return self._groups[key] | (self.uniform(f"missing {fact.id}") < 0.01)
