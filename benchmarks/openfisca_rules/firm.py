"""The firm, its facts as input variables, and the words that the rules are written with."""

from __future__ import annotations

from datetime import date

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.periods import DateUnit
from openfisca_core.variables import Variable

Firm = build_entity(key="firm", plural="firms", label="An enterprise", is_person=True)
EPOCH = date(1970, 1, 1)

FACTS = (
    "abnormal", "assets", "assets_quarterly", "award_national_5y", "award_national_provincial", "award_national_top3",
    "award_national_top5", "award_provincial_top3", "certified", "core_ip", "core_systems", "costs", "digital_level",
    "employees", "employees_quarterly", "entity_kind", "equity_2y", "equity_3y", "established_on", "fills_gap",
    "high_tech", "high_tech_revenue", "industry", "innovation_model", "innovation_score", "insured_staff", "ip_advantage",
    "ip_first", "ip_first_high", "ip_first_main", "ip_first_own", "ip_model", "ip_second", "layoff_rate", "liabilities",
    "main_growth_average", "main_revenue", "main_revenue_y1", "major_incident_1y", "maker_china", "net_profit",
    "niche_share", "niche_years", "old_brand", "own_brand", "product_field", "quality_award", "rd_body",
    "rd_domestic_3y", "rd_expense", "rd_expense_y1", "rd_expense_y2", "rd_institution", "rd_staff",
    "resident_enterprise", "restricted_industry", "revenue", "revenue_y1", "revenue_y2", "serious_dishonest",
    "special_score", "specialised_sme", "standards_joined", "standards_led", "strategic_industry", "supported_field",
    "taxable_income", "technical_staff", "total_revenue", "ui_months", "vat_taxpayer",
)  # fmt: skip
"""Facts of qifu's book, as kept values. `industry` is a number: section (A = 1) × 10000 + four digits."""

WAN = 10_000 * 100
"""One 万元 in fen."""


class Whole(Variable):
    """A fact or a sum of points: whole numbers of 64 bits."""

    def __init_subclass__(cls) -> None:  # OpenFisca reads these from the class itself, not from its bases
        cls.value_type, cls.entity, cls.definition_period = int, Firm, DateUnit.DAY

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)
        self.dtype = np.int64


class Judged(Variable):
    """A rule: met or not."""

    def __init_subclass__(cls) -> None:
        cls.value_type, cls.entity, cls.definition_period = bool, Firm, DateUnit.DAY


def facts() -> list[type[Variable]]:
    """Return one input variable for each fact."""
    return [type(name, (Whole,), {"label": name}) for name in FACTS]


def day(period: object) -> int:
    """The day of judging, in days since 1970-01-01."""
    return (period.start.date - EPOCH).days


def years_before(period: object, years: int) -> int:
    """The latest beginning from which `years` have passed."""
    today = period.start.date
    return (today.replace(year=today.year - years) - EPOCH).days


def share_at_least(of: np.ndarray, over: np.ndarray, percent: int) -> np.ndarray:
    """`of` is at least `percent` of `over`; a share of nothing is no share."""
    return (over > 0) & (of * 100 >= over * percent)


def share_at_most(of: np.ndarray, over: np.ndarray, percent: int) -> np.ndarray:
    """`of` is at most `percent` of `over`."""
    return (over > 0) & (of * 100 <= over * percent)


def share_below(of: np.ndarray, over: np.ndarray, percent: int) -> np.ndarray:
    """`of` is less than `percent` of `over`."""
    return (over > 0) & (of * 100 < over * percent)


def best(*bands: tuple[np.ndarray, int], otherwise: int = 0) -> np.ndarray:
    """The points of the first band that holds; bands are given from most to fewest points."""
    return np.select([holds for holds, _ in bands], [points for _, points in bands], otherwise)
