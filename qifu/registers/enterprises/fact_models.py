"""How each fact of a made-up enterprise is drawn from what lies behind it (`crowd`); vectorised and pure.

`MODELS` names the facts that hang together with others, `x_y1` and `x_y2` being earlier years of `x`. Every other fact
is drawn by its type, so that a fact added to facts.yaml has values too.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from qifu.registers.enterprises.crowd import KINDS, Crowd, Flags, Floats, Ints
from qifu.registers.enterprises.fact_book import LARGEST, Fact

Model = Callable[[Crowd, Fact], Ints | Floats]
NEVER_STORED = "个人"
"""Facts of this group are asked when they are needed, and kept of nobody."""


def years_back(fact: Fact) -> int:
    """Return how many years before the last accounting year a fact tells of, by its id (_y1, _y2)."""
    found = re.search(r"_y(\d)$", fact.id)
    return int(found[1]) if found else 0


def _stem(fact: Fact) -> str:
    return re.sub(r"_y\d$", "", fact.id)


def _money(
    base: str, share: float = 1.0, spread: float = 0.0, some: float = 1.0, wobble: float = 0.0
) -> Model:
    """`share` of a quantity of the crowd in 元, lognormal; for `some` of them only, else 0. Years follow the growth."""

    def model(crowd: Crowd, fact: Fact) -> Floats:
        stem, back = _stem(fact), years_back(fact)
        yuan = getattr(crowd, base) * share
        if spread:
            yuan = yuan * np.exp(spread * crowd.normal(stem))
        if wobble or back:
            yuan = yuan * np.exp((wobble or 0.04) * crowd.normal(fact.id))
        if back:
            yuan = yuan * crowd.year(back)
        if some < 1:
            yuan = np.where(crowd.uniform(f"some {stem}") < some, yuan, 0.0)
        return _rounded(crowd, fact, yuan)

    return model


def _rounded(crowd: Crowd, fact: Fact, yuan: Floats) -> Floats:
    """Return 元 as kept numbers; three in a hundred are round, as estimates and thresholds are."""
    round_ones = np.flatnonzero(crowd.uniform(f"round {fact.id}") < 0.03)
    some = yuan[round_ones]
    step = 10.0 ** np.maximum(np.floor(np.log10(np.maximum(np.abs(some), 1))) - 1, 0)
    yuan[round_ones] = np.rint(some / step) * step
    return yuan * float(fact.scale)


def _headcount(wobble: float = 0.0) -> Model:
    def model(crowd: Crowd, fact: Fact) -> Floats:
        people = crowd.people
        if back := years_back(fact):
            people = people * np.sqrt(crowd.year(back))
        if wobble:
            people = (
                np.rint(people * np.exp(wobble * crowd.normal(fact.id)) * 4) / 4
            )  # a mean of four quarters
        return people * 10.0**fact.decimals

    return model


def _part(base: str, share: float, spread: float = 0.4, some: float = 1.0) -> Model:
    """A part of a whole number of the crowd, never more than it."""

    def model(crowd: Crowd, fact: Fact) -> Floats:
        whole = getattr(crowd, base)
        part = np.minimum(whole * share * np.exp(spread * crowd.normal(fact.id)), whole)
        return np.where(crowd.uniform(f"some {fact.id}") < some, part, 0.0) if some < 1 else part

    return model


def _counted(mean: float, of_tech: bool = False, size: float = 0.5) -> Model:
    """A count of things: none for most, more with size and, where it matters, with technology."""

    def model(crowd: Crowd, fact: Fact) -> Floats:
        rate = (
            mean
            * (crowd.tech if of_tech else 1.0)
            * np.exp(size * crowd.size + 0.5 * crowd.normal(fact.id) - 0.2)
        )
        drawn = crowd.stream(f"count {fact.id}").poisson(np.clip(rate, 0, 5000))
        return drawn * 10.0**fact.decimals

    return model


def _measured(usual: float, spread: float = 0.8, some: float = 1.0, per_head: bool = True) -> Model:
    """An area or a consumption: lognormal, per head or per entity."""

    def model(crowd: Crowd, fact: Fact) -> Floats:
        amount = usual * np.exp(spread * crowd.normal(fact.id)) * ((crowd.people + 1) if per_head else 1.0)
        if some < 1:
            amount = np.where(crowd.uniform(f"some {fact.id}") < some, amount, 0.0)
        return amount * 10.0**fact.decimals

    return model


def _percent(centre: float, spread: float = 0.12, of_tech: float = 0.0, low: float = 0.0) -> Model:
    """A share in %, never over 100; growth may be under 0."""

    def model(crowd: Crowd, fact: Fact) -> Floats:
        part = centre + spread * crowd.normal(fact.id)
        if of_tech:
            part = part + of_tech * (crowd.tech - 0.3)
        return np.clip(part, low, 1) * 100 * 10.0**fact.decimals

    return model


def _growth(crowd: Crowd, fact: Fact) -> Floats:
    return (np.clip(crowd.growth, 0, 10) - 1) * 100 * 10.0**fact.decimals


def _flag(share: float) -> Model:
    """Yes for a share of all."""
    return lambda crowd, fact: (crowd.uniform(fact.id) < share).astype(np.int8)


def _merit_flag(least: float) -> Model:
    """Yes from that merit on, with some luck."""
    return lambda crowd, fact: (crowd.merit + 0.3 * crowd.normal(fact.id) > least).astype(np.int8)


def _trouble_flag(share: float) -> Model:
    """A mark of bad credit on a share of all."""
    return lambda crowd, fact: crowd.in_trouble(fact.id, share).astype(np.int8)


def _scale(crowd: Crowd, fact: Fact) -> Floats:
    """规模以上: revenue from 20 million 元, most of them counted."""
    return ((crowd.revenue >= 2e7) & (crowd.uniform(fact.id) < 0.9)).astype(np.float64)


def _person(crowd: Crowd, fact: Fact) -> Floats:
    """Legal personality: all but 个体工商户, and most companies."""
    return ((crowd.kind != 3) & ((crowd.kind != 2) | (crowd.uniform(fact.id) < 0.93))).astype(np.float64)


def _honour(least: float, years: int = 3, share: float = 1.0) -> Model:
    """Held from that merit on; valid `years`, some lapsed already, 0 when never held."""

    def model(crowd: Crowd, fact: Fact) -> Floats:
        held = crowd.merit > least
        if share < 1:
            held = held & (crowd.uniform(fact.id) < share)
        day = crowd.as_of + np.floor(365.25 * years * (1.2 * crowd.uniform(f"since {fact.id}") - 0.2))
        return np.where(held, np.maximum(day, 1), 0)

    return model


def _day(crowd: Crowd, fact: Fact) -> Floats:
    """The day of establishment, or another day between it and now."""
    founded = crowd.as_of - np.floor(crowd.age * 365.25) - 1
    if fact.id == "established_on":
        return founded
    return founded + (crowd.as_of - founded) * crowd.uniform(fact.id)


def _kind(crowd: Crowd, fact: Fact) -> Ints:
    places = [fact.choices.index(kind) if kind in fact.choices else len(fact.choices) - 1 for kind in KINDS]
    return np.array(places, np.int64)[crowd.kind]


def _taxpayer(crowd: Crowd, fact: Fact) -> Floats:
    """一般纳税人 from 5 million 元 of sales."""
    return (crowd.turnover < 5e6 * np.exp(0.2 * crowd.normal(fact.id))).astype(np.float64)


def _choice(*shares: float) -> Model:
    """A choice by the shares of its positions; without shares, the first are the usual ones."""

    def model(crowd: Crowd, fact: Fact) -> Ints:
        parts = np.array(shares if len(shares) == len(fact.choices) else 0.5 ** np.arange(len(fact.choices)))
        return np.searchsorted(np.cumsum(parts / parts.sum())[:-1], crowd.uniform(fact.id), side="right")

    return model


def _merit_choice(*least: float) -> Model:
    """The position rises at each of these merits."""
    return lambda crowd, fact: np.searchsorted(np.array(least), crowd.merit + 0.2 * crowd.normal(fact.id))


MODELS: dict[str, Model] = {
    "established_on": _day, "entity_kind": _kind, "legal_person": _person, "registration_status": _choice(93, 0.4, 2.2, 3.2, 0.2, 0.7, 0.3),
    "investment": _choice(96.5, 2, 1.5), "registered_capital": _money("turnover", 0.35, 0.9), "paid_in_capital": _money("turnover", 0.16, 0.9, 0.8),
    "insured_staff": _part("people", 0.72), "resident_enterprise": _flag(0.995), "restricted_industry": _flag(0.008),
    "listing": _choice(98.2, 1.2, 0.2, 0.3, 0.1), "venture_capital": _flag(0.002), "encouraged_chip_software": _merit_flag(1.7),
    "chip_machine_tool_list": _merit_flag(2.0), "advanced_manufacturing_list": _merit_flag(1.5),
    "employees": _headcount(), "employees_quarterly": _headcount(0.06), "assets_quarterly": _money("assets", 0.98, 0.0, wobble=0.06), "above_scale": _scale,
    "revenue": _money("revenue"), "main_revenue": _money("revenue", 0.93, 0.03), "total_revenue": _money("revenue", 1.02, 0.02),
    "high_tech_revenue": _money("research", 12.0, 0.5), "costs": _money("revenue", 0.93, 0.06), "profit": _money("profit"),
    "net_profit": _money("profit", 0.84, 0.04), "assets": _money("assets"), "net_assets": _money("assets", 0.42, 0.4), "liabilities": _money("assets", 0.5, 0.35),
    "main_growth_average": _growth, "fixed_investment": _money("turnover", 0.05, 1.0, 0.35), "equipment_investment": _money("turnover", 0.03, 1.0, 0.3),
    "renovation_investment": _money("turnover", 0.025, 1.0, 0.2), "payroll": _money("payroll"), "training_expense": _money("payroll", 0.012, 0.6, 0.6),
    "taxable_income": _money("profit", 0.95, 0.1), "business_income": _money("profit", 0.95, 0.15), "vat_taxpayer": _taxpayer,
    "collection_method": _choice(82, 18), "sound_accounts": _flag(0.88), "tax_credit": _choice(9, 46, 36, 5, 4), "vat_paid": _money("turnover", 0.024, 0.5, 0.8),
    "income_tax_paid": _money("gain", 0.12, 0.5), "tax_paid": _money("turnover", 0.04, 0.5, 0.92), "six_taxes_two_fees": _money("turnover", 0.004, 0.6, 0.9),
    "month_sales": _money("turnover", 1 / 12, 0.35, 0.93), "quarter_sales": _money("turnover", 0.25, 0.25, 0.95), "vat_credit": _money("turnover", 0.01, 1.0, 0.15),
    "vat_burden": _percent(0.03, 0.015), "tech_transfer_income": _money("research", 0.3, 1.0, 0.06), "basic_research_gift": _money("research", 0.05, 1.0, 0.01),
    "evasion_penalties": _counted(0.004, size=0.0), "refund_fraud": _trouble_flag(0.003), "tax_arrears": _trouble_flag(0.02),
    "rd_expense": _money("research"), "rd_domestic_3y": _money("research", 2.6, 0.1), "rd_deduction": _money("research", 0.8, 0.15, 0.85),
    "technical_staff": _part("technicians", 1.0, 0.0), "rd_staff": _part("technicians", 0.72, 0.2), "rd_institution": _merit_choice(0.7, 1.1, 1.5, 2.4),
    "rd_body": _merit_flag(0.7), "technology_contracts": _money("research", 0.5, 1.0, 0.15), "innovation_score": _percent(0.45, 0.15, 0.25),
    "award_national_provincial": _merit_flag(2.0), "award_provincial_top3": _merit_flag(2.3), "award_national_top5": _merit_flag(2.8),
    "award_national_top3": _merit_flag(3.0), "award_national_5y": _merit_flag(2.9), "maker_china": _merit_choice(2.1, 2.8),
    "ip_first": _part("patents", 1.0, 0.0), "ip_first_own": _part("patents", 0.75), "ip_first_high": _part("patents", 0.3), "ip_first_main": _part("patents", 0.6),
    "ip_second": _counted(1.8, of_tech=True, size=0.8), "invention_patents": _part("patents", 0.8, 0.2), "software_copyrights": _counted(1.2, of_tech=True, size=0.6),
    "core_ip": _merit_flag(0.6), "own_software": _merit_flag(0.9), "standards_led": _counted(0.03, of_tech=True, size=1.2),
    "ui_months": _measured(40, 0.7, 0.85, per_head=False), "ui_premium": _money("payroll", 0.005, 0.2, 0.85), "layoff_rate": _percent(0.03, 0.04), "wage_arrears": _trouble_flag(0.008),
    "disabled_staff": _part("people", 0.02, 0.8, 0.25), "disabled_wages": _money("payroll", 0.01, 0.8, 0.2), "disabled_contract": _flag(0.6), "disabled_insured": _flag(0.7),
    "masters_doctors": _part("technicians", 0.2, 0.7), "doctors": _part("technicians", 0.03, 0.8), "skilled_staff": _part("people", 0.12, 0.5),
    "hired_poor": _part("people", 0.02, 0.8, 0.15), "hired_unemployed": _part("people", 0.03, 0.8, 0.2), "hired_veterans": _part("people", 0.02, 0.8, 0.15),
    "hired_youth": _part("people", 0.05, 0.8, 0.4), "hired_contract": _flag(0.75), "hired_insured": _flag(0.75), "hired_loan_group": _part("people", 0.06, 0.8, 0.3),
    "hired_insured_months": _measured(7, 0.6, 0.6, per_head=False),
    "high_tech": _honour(1.0, share=0.75), "tech_sme": _honour(0.75, years=1, share=0.7), "innovative_sme": _honour(1.0, share=0.8), "specialised_sme": _honour(1.4, share=0.8),
    "little_giant": _honour(2.0, share=0.5), "key_little_giant": _honour(2.6, share=0.4), "champion": _honour(2.8, share=0.2), "hidden_champion": _honour(2.2, share=0.2),
    "technology_service": _honour(1.4, share=0.02), "innovation_model": _honour(2.8, share=0.1), "ip_model": _honour(2.5, share=0.1), "ip_advantage": _honour(2.0, share=0.2),
    "green_factory": _honour(1.6, share=0.15), "customs_certified": _honour(1.2, years=5, share=0.1), "old_brand": _honour(0.9, years=10, share=0.02), "incubator": _honour(1.2, share=0.01),
    "dishonest_debtor": _trouble_flag(0.007), "abnormal": _trouble_flag(0.03), "serious_dishonest": _trouble_flag(0.004), "major_incident_1y": _trouble_flag(0.003),
    "major_violation_3y": _trouble_flag(0.012), "court_debtor": _trouble_flag(0.025),
    "park": _choice(72, 6, 3, 8, 8, 3), "cross_border_zone": _flag(0.12), "free_trade_zone": _flag(0.04), "bonded_zone": _flag(0.01), "land_grade": _choice(12, 45, 35, 8),
    "land_area": _measured(45, 0.9, 0.6), "storage_area": _measured(900, 1.0, 0.03, per_head=False),
    "strategic_industry": _merit_flag(0.6), "product_field": _choice(80, 5, 5, 4, 3, 1, 2), "fills_gap": _merit_flag(1.0), "supported_field": _merit_flag(0.5),
    "niche_years": _measured(5, 0.7, per_head=False), "niche_share": _percent(0.03, 0.06, 0.05), "chain_supplier": _merit_flag(0.9), "own_brand": _flag(0.18), "quality_award": _merit_flag(2.2),
    "certified": _merit_flag(0.4), "core_systems": _counted(0.8), "digital_level": _choice(55, 22, 14, 7, 2), "special_score": _percent(0.05, 0.05, 0.03), "declaration_letter": _flag(0.7),
    "exports": _money("turnover", 0.25, 1.0, 0.14), "cross_border_exports": _money("turnover", 0.08, 1.0, 0.05), "cross_border_listed": _flag(0.03), "overseas_storage": _measured(1500, 1.0, 0.004, per_head=False),
    "equity_2y": _money("research", 1.5, 1.2, 0.05), "equity_3y": _money("research", 2.0, 1.2, 0.07), "loans": _money("assets", 0.18, 0.8, 0.45), "credit_line": _money("assets", 0.22, 0.8, 0.5),
    "venture_invested": _money("turnover", 0.1, 1.2, 0.003), "energy": _measured(1.2, 1.0), "electricity": _measured(6500, 0.9),
}  # fmt: skip


def _by_type(fact: Fact) -> Model:
    """How a fact is drawn that `MODELS` does not name; `own` is a number of the fact's own between 0 and 1."""
    own = zlib.crc32(fact.id.encode()) % 1000 / 1000
    if fact.type == "count":
        return _part("people", 0.02 + 0.3 * own) if fact.base_unit == "人" else _counted(0.2 + own)
    return {
        "money": _money("turnover", 0.002 + 0.2 * own, 0.7, 0.7), "decimal": _measured(5 + 60 * own), "percent": _percent(0.1 + 0.5 * own),
        "day": _day, "flag": _flag(0.02 + 0.1 * own), "choice": _choice(), "honour": _honour(1.0 + own, share=0.5),
    }[fact.type]  # fmt: skip


@lru_cache(maxsize=1024)
def model_of(fact: Fact) -> Model:
    """Return how a stored fact (not a code) is drawn."""
    return MODELS.get(fact.id) or MODELS.get(_stem(fact)) or _by_type(fact)


def draw(crowd: Crowd, fact: Fact) -> tuple[Ints, Flags]:
    """Return a fact's kept values, and where they are missing."""
    if fact.group == NEVER_STORED:
        return np.zeros(len(crowd), np.int64), np.ones(len(crowd), bool)
    values = model_of(fact)(crowd, fact)
    if values.dtype == np.float64:
        values = np.rint(np.clip(values, -LARGEST, LARGEST))
    missing = crowd.missing(fact)
    if back := years_back(fact):  # what was not yet founded has no accounts
        missing = missing | (crowd.age < back + 0.5)
    return values.astype(np.int64), missing
