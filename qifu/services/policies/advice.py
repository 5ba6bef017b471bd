"""Which ways to meet a policy may be advised: what an honest enterprise would do anyway, later or better; pure.

Never advised: becoming smaller (cutting staff, splitting, hiding revenue), moving, changing what the enterprise is,
giving up an honour, and years that are over, whose figures can only be what they were. Such a way is 不建议为此调整.
"""

from __future__ import annotations

from dataclasses import dataclass

from qifu.engines.rules.explain import Explanation
from qifu.engines.rules.explain_words import way_words
from qifu.engines.rules.nearest import Change, ChangeSet
from qifu.engines.rules.places import Places
from qifu.engines.rules.tree import HonourValid, Leaf, leaves
from qifu.engines.rules.waiting import day_when_met
from qifu.registers.enterprises.fact_years import YEARS_BACK
from qifu.services.policies.sorting import is_identity

NOT_ADVISED = "不建议为此调整"
_BETTER_LOWER = ("负债", "能耗", "水耗", "排放", "欠", "事故", "不良", "逾期", "失信", "处罚", "违法")
"""Words in the names of numbers that an enterprise may well be asked to lower."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way in words; `why_not` is empty where it may be advised."""

    words: str
    why_not: str = ""

    @property
    def advised(self) -> bool:
        """True where it may be advised."""
        return not self.why_not


def ways(told: Explanation, places: Places | None = None) -> list[Way]:
    """Return the nearest ways, those that may be advised first; the first of these is the cheapest."""
    found = [Way(_words(told, way, places), why_not(told, way)) for way in told.nearest]
    return sorted(found, key=lambda way: not way.advised)


def why_not(told: Explanation, way: ChangeSet) -> str:
    """Return why a way is not advised; empty where it may be."""
    return "；".join(dict.fromkeys(filter(None, (_why_not(told, change) for change in way.changes))))


def _why_not(told: Explanation, change: Change) -> str:
    fact = told.facts.facts[change.fact]
    if day_when_met(told.bound, change) is not None:
        return ""
    if is_identity(fact):
        return "注册地、行业和主体类型以实际经营为准"
    leaf = next((one for one in leaves(told.bound.require) if one.id == change.leaf), None)
    if isinstance(leaf, Leaf) and isinstance(leaf.test, HonourValid) and leaf.test.negated:
        return "不为此放弃已有的资质"
    if fact.type == "day":
        return "日期以事实为准，不能更改"
    if (YEARS_BACK.get(fact.period) or 0) > 1:
        return "以前年度的数据以事实为准，不能更改"
    if fact.is_number and _lower(change) and not any(words in fact.label for words in _BETTER_LOWER):
        return "不通过减员、拆分等办法缩小规模"
    return ""


def _lower(change: Change) -> bool:
    return isinstance(change.before, int) and isinstance(change.after, int) and change.after < change.before


def _words(told: Explanation, way: ChangeSet, places: Places | None) -> str:
    """Return a way in words; figures of the last year are settled, so the next year's count."""
    said = way_words(told, way, places)
    settled = any(YEARS_BACK.get(told.facts.facts[change.fact].period) == 1 for change in way.changes)
    return said + ("（上一年度的数据已定，以下一年度的为准）" if settled else "")
