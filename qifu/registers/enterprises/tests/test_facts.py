"""The file of facts: every fact can be asked, dated, placed and read; a label never looks like a comparison."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from qifu.foundation.imports.mapping import heading_key
from qifu.registers.enterprises.fact_book import fact_book
from qifu.registers.enterprises.fact_import import COLUMNS
from qifu.registers.enterprises.fact_years import GOOD_FOR, YEARS_BACK, answers, families, year_of
from qifu.registers.enterprises.register_facts import READINGS, recordable

_COMPARES = re.compile(r"以上|以下|不超过|不低于|不少于|高于|低于|满|属于|符合|有效期|[<>=≥≤，、；]")
_NO_SINGLE_YEAR = re.compile(r"近|最近|上月")


def test_there_are_enough_and_each_says_everything() -> None:
    stored = fact_book().stored()
    assert len(stored) >= 60 and len(fact_book().facts) > len(stored)
    for fact in stored:
        assert fact.source and fact.sensitivity and fact.question.endswith("？"), fact.id
        assert fact.update in GOOD_FOR, f"{fact.id}: {fact.update}"
        assert not fact.period or fact.period in YEARS_BACK or _NO_SINGLE_YEAR.search(fact.period), fact.id


def test_labels_are_no_comparisons_and_choices_survive_normal_form() -> None:
    for fact in fact_book().facts.values():
        for word in (fact.label, *fact.aliases):
            assert not _COMPARES.search(word), word
        for word in fact.choices:
            assert unicodedata.normalize("NFKC", word) == word
        if fact.derived is None:
            assert fact_book().find(unicodedata.normalize("NFKC", fact.label)) == fact


def test_the_register_and_the_table_know_their_facts() -> None:
    book = fact_book().facts
    assert set(READINGS) <= set(book) and not {fact.id for fact in recordable()} & set(READINGS)
    assert not any(fact.sensitivity == "个人信息" or fact.derived for fact in recordable())
    keys: dict[str, str] = {}
    for column in COLUMNS:
        for heading in (column.title, *column.synonyms):
            assert keys.setdefault(heading_key(heading), column.name) == column.name, heading


def test_a_yearly_value_moves_on_with_the_years_and_never_passes_for_a_newer_one() -> None:
    book = fact_book()
    revenue = book.facts["revenue"]
    assert year_of(revenue, date(2023, 12, 31)) == year_of(revenue, date(2024, 5, 31)) == 2023
    told = [answers(book, revenue, date(2023, 12, 31), date(year, 6, 20)) for year in range(2023, 2028)]
    assert told == ["", "revenue", "revenue_y1", "revenue_y2", ""]
    back = book.facts["revenue_y2"]
    assert [answers(book, back, date(2024, 6, 1), date(y, 6, 20)) for y in (2023, 2024, 2025)] == ["revenue_y1", "revenue_y2", ""]  # fmt: skip
    assert answers(book, book.facts["tax_credit"], date(2019, 1, 1), date(2024, 1, 1)) == "tax_credit"
    for (family, back_years), name in families(book).items():
        assert name == family or name == f"{family}_y{back_years - 1}", name
