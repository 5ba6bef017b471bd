"""The facts that the register of enterprises itself tells: read from the row, never stored a second time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from django.db.models import Q

from qifu.registers.enterprises.fact_book import EPOCH, Fact, Value, fact_book
from qifu.registers.enterprises.kinds import INVESTMENTS, STATUSES
from qifu.registers.enterprises.models import Enterprise

_ENTITY_KINDS = {
    "individual_business": "个体工商户", "farmers_cooperative": "农民专业合作社", "social_organisation": "社会组织",
    "village_collective": "其他", "representative_office": "其他", "other": "其他",
} | dict.fromkeys(
    ("limited_company", "company_by_shares", "sole_proprietorship", "partnership", "state_owned", "collective",
     "foreign_invested", "branch"), "企业",
)  # fmt: skip
_BY_CODE = {
    "91": "企业", "92": "个体工商户", "93": "农民专业合作社", "12": "事业单位",
    "51": "社会组织", "52": "社会组织", "53": "社会组织",
}  # fmt: skip
"""First two characters of GB 32100-2015, where the kind is not known."""
_LEGAL_PERSONS = frozenset(
    ("limited_company", "company_by_shares", "state_owned", "farmers_cooperative", "village_collective", "social_organisation", "public_body")
)  # fmt: skip
_NO_LEGAL_PERSONS = frozenset(
    ("sole_proprietorship", "partnership", "branch", "individual_business", "representative_office")
)
"""民法典 arts. 54, 57, 76-100, 102; of the other kinds some are and some are not."""


def _place(row: Enterprise) -> Value:
    known = re.fullmatch(r"\d{6}", row.division_code) and row.division_certainty in ("certain", "likely")
    return row.division_code if known else None


def _entity_kind(row: Enterprise) -> Value:
    if row.kind == "public_body":
        title = "事业单位" if row.uscc.startswith("12") else "其他"
    else:
        title = _ENTITY_KINDS.get(row.kind) or _BY_CODE.get(row.uscc[:2], "")
    return _position("entity_kind", title)


def _legal_person(row: Enterprise) -> Value:
    if row.kind in _LEGAL_PERSONS:
        return 1
    return 0 if row.kind in _NO_LEGAL_PERSONS else None


def _position(fact: str, title: str) -> Value:
    choices = fact_book().facts[fact].choices
    return choices.index(title) if title in choices else None


def _in_yuan(amount: int | None, currency: str) -> Value:
    return amount if currency in ("CNY", "") else None


READINGS: Mapping[str, tuple[Callable[[Enterprise], Value], str]] = {
    "place": (_place, "division_code"),
    "industry": (lambda row: row.industry_code or None, "industry_code"),
    "established_on": (
        lambda row: (row.established_on - EPOCH).days if row.established_on else None,
        "established_on",
    ),
    "entity_kind": (_entity_kind, "kind"),
    "legal_person": (_legal_person, "kind"),
    "registration_status": (
        lambda row: _position("registration_status", STATUSES.get(row.status, "")),
        "status",
    ),
    "investment": (
        lambda row: _position("investment", INVESTMENTS[row.investment]) if row.investment else None,
        "investment",
    ),
    "registered_capital": (lambda row: _in_yuan(row.capital, row.capital_currency), "capital"),
    "paid_in_capital": (lambda row: _in_yuan(row.paid_in, row.paid_in_currency), "paid_in"),
    "insured_staff": (lambda row: row.insured, "insured"),
}
"""Fact id: how its kept value is read from the row, and the row's field that it stands in.

A place that was only guessed, and capital in a foreign currency, are missing: nothing is decided by a guess.
"""


KNOWN: Mapping[str, Q] = {
    "place": Q(division_code__regex=r"^\d{6}$", division_certainty__in=("certain", "likely")),
    "industry": ~Q(industry_code=""),
    "established_on": Q(established_on__isnull=False),
    "entity_kind": ~Q(kind="unknown") | Q(kind="unknown", uscc__regex=f"^({'|'.join(_BY_CODE)})"),
    "legal_person": Q(kind__in=_LEGAL_PERSONS | _NO_LEGAL_PERSONS),
    "registration_status": ~Q(status="unknown"),
    "investment": ~Q(investment=""),
    "registered_capital": Q(capital__isnull=False, capital_currency__in=("CNY", "")),
    "paid_in_capital": Q(paid_in__isnull=False, paid_in_currency__in=("CNY", "")),
    "insured_staff": Q(insured__isnull=False),
}
"""Which rows of the register tell each fact: what `READINGS` reads, asked of the database."""


def register_facts(row: Enterprise) -> dict[str, Value]:
    """Return the kept values that the register tells of an enterprise; what it does not know is left out."""
    found = {fact: read(row) for fact, (read, _) in READINGS.items()}
    return {fact: value for fact, value in found.items() if value is not None}


def is_recordable(fact: Fact) -> bool:
    """Tell whether values of a fact are kept in the store: neither derived, nor the register's, nor a person's own."""
    return fact.derived is None and fact.id not in READINGS and fact.sensitivity != "个人信息"


def recordable() -> tuple[Fact, ...]:
    """Return every fact that values are kept of, in the book's order."""
    return tuple(fact for fact in fact_book().facts.values() if is_recordable(fact))
