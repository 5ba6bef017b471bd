"""The life of an enterprise's facts: told by a table, corrected, declared, taken back, and asked of any day."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from qifu.foundation.access import SYSTEM, Actor, NotFound
from qifu.foundation.action import Refused
from qifu.foundation.audit.queries import audit_rows
from qifu.foundation.imports.kinds import SourceRow
from qifu.registers.conftest import MakePerson
from qifu.registers.enterprises import fact_sheet
from qifu.registers.enterprises.actions import import_batch
from qifu.registers.enterprises.demo import counties, source_row
from qifu.registers.enterprises.fact_actions import DECLARED, declare_facts, record_facts
from qifu.registers.enterprises.fact_book import EPOCH, fact_book
from qifu.registers.enterprises.fact_coverage import count
from qifu.registers.enterprises.fact_import import check_rows, import_facts
from qifu.registers.enterprises.fact_store import fact_rows, facts_as_of, facts_changed_since
from qifu.registers.enterprises.generate import make
from qifu.registers.enterprises.models import Enterprise, FactValue
from qifu.registers.enterprises.tests.test_story import CODE, OTHER, row

AT = datetime(2024, 6, 20, 2, 0, tzinfo=UTC)
DAY, YEAR_END = date(2024, 6, 20), date(2023, 12, 31)
WAN = 10_000_00


@pytest.fixture
def firm(province: Path) -> Enterprise:
    given = row(
        established_on="2019-05-08", industry="F5211", kind="有限责任公司", insured="12", status="存续"
    )
    import_batch(rows=[given], source="登记", by=SYSTEM, at=AT)
    return Enterprise.objects.get(uscc=CODE)


def tell(
    firm: Enterprise, as_of: date = YEAR_END, source: str = "税务部门", at: datetime = AT, **values: Any
) -> Any:
    return record_facts(enterprise=firm, values=values, as_of=as_of, source=source, by=SYSTEM, at=at)


@pytest.mark.both_databases
def test_a_value_is_told_corrected_taken_back_and_never_changed(firm: Enterprise) -> None:
    assert tell(firm, revenue="300万元", tax_credit="A").created == 2
    assert tell(firm, revenue="3000000").unchanged == 1
    later = AT + timedelta(hours=1)
    assert tell(firm, revenue="280万元", at=later).corrected == 1
    assert facts_as_of(firm, DAY)["revenue"] == 280 * WAN
    assert facts_as_of(firm, DAY, known_by=AT)["revenue"] == 300 * WAN
    assert tell(firm, revenue=None, at=later + timedelta(hours=1)).corrected == 1
    assert "revenue" not in facts_as_of(firm, DAY) and facts_as_of(firm, DAY)["tax_credit"] == 0
    for statement in ("UPDATE enterprises_factvalue SET number = 1", "DELETE FROM enterprises_factvalue"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert FactValue.objects.count() == 4
    assert list(facts_changed_since(later)) == [CODE]
    much_later = later + timedelta(days=9)
    assert list(facts_changed_since(much_later)) == []
    assert list(facts_changed_since(much_later, day_before=date(2023, 12, 30), day=YEAR_END)) == [CODE]
    assert list(facts_changed_since(much_later, day_before=YEAR_END, day=date(2024, 1, 1))) == [CODE]
    assert list(facts_changed_since(much_later, day_before=date(2024, 1, 1), day=DAY)) == []


@pytest.mark.both_databases
def test_what_a_body_told_stands_before_what_the_firm_declares(firm: Enterprise) -> None:
    told = declare_facts(enterprise=firm, values={"revenue": "999万元"}, as_of=DAY, by=SYSTEM, at=AT)
    assert told.created == 1 and facts_as_of(firm, DAY)["revenue"] == 999 * WAN
    tell(firm, revenue="300万元", source="税务部门")
    tell(firm, revenue="310万元", source="统计部门", as_of=date(2024, 5, 31))
    assert facts_as_of(firm, DAY)["revenue"] == 310 * WAN, "the newer day of two bodies"
    assert facts_as_of(firm, date(2024, 5, 30))["revenue"] == 300 * WAN
    assert "revenue" not in facts_as_of(firm, date(2023, 6, 1)), "nothing was true yet"
    assert facts_as_of(firm, date(2025, 6, 1))["revenue_y1"] == 310 * WAN
    assert "revenue" not in facts_as_of(firm, date(2025, 6, 1)), "no old year for a new one"
    with pytest.raises(Refused) as refused:
        declare_facts(enterprise=firm, values={"high_tech": "长期"}, as_of=DAY, by=SYSTEM, at=AT)
    assert "high_tech" in refused.value.fields


@pytest.mark.both_databases
def test_the_register_tells_its_own_and_the_rows_for_snapshots_say_the_same(firm: Enterprise) -> None:
    tell(firm, employees="12")
    values = facts_as_of(firm, DAY)
    assert values["place"] == "330109" and values["industry"] == "F5211" and values["insured_staff"] == 12
    assert values["established_on"] == (date(2019, 5, 8) - EPOCH).days and values["legal_person"] == 1
    assert fact_book().facts["entity_kind"].written(values["entity_kind"]) == "企业"
    assert values["registered_capital"] == 100 * WAN
    assert dict(fact_rows(DAY)) == {CODE: values} == dict(fact_rows(DAY, usccs=[CODE, OTHER]))


def test_what_cannot_be_kept_is_refused_and_then_nothing_is(firm: Enterprise) -> None:
    for wrong in ({"revenue": "三百"}, {"place": "330109"}, {"rd_share": "3"}, {"founder_group": "脱贫人口"}, {"nonsense": "1"}, {"employees": "-3"}):  # fmt: skip
        with pytest.raises(Refused) as refused:
            tell(firm, **wrong, tax_credit="B级")
        assert set(refused.value.fields) == set(wrong)
    for as_of in (date(2024, 6, 21), date(1900, 1, 1)):
        with pytest.raises(Refused):
            tell(firm, as_of=as_of, revenue="1")
    with pytest.raises(Refused):
        tell(firm, source=DECLARED, revenue="1")
    assert not FactValue.objects.exists()


@pytest.mark.both_databases
def test_a_table_comes_in_cell_by_cell_and_twice_is_once(firm: Enterprise) -> None:
    rows = [
        SourceRow(2, {"uscc": CODE, "as_of": "2023/12/31", "revenue": "1,200.5万元", "employees": "30人", "high_tech": "2026-12-08", "tax_credit": "优秀", "rd_expense": "-"}),
        SourceRow(3, {"uscc": CODE, "as_of": "2023-12-31", "revenue": "1"}),
        SourceRow(4, {"uscc": OTHER, "revenue": "1"}),
        SourceRow(5, {"uscc": "123", "revenue": "1"}),
        SourceRow(6, {"uscc": CODE, "as_of": "2024-03-31", "employees": "多", "loans": "不清楚"}),
        SourceRow(7, {"uscc": CODE, "as_of": "2099-01-01", "revenue": "1"}),
    ]  # fmt: skip
    outcome = import_facts(rows=rows, source="import:1", by=SYSTEM, at=AT)
    assert (outcome.created, outcome.updated, outcome.unchanged, outcome.refused) == (1, 0, 0, 5)
    told = {(r.number, r.column, r.refused): r for r in outcome.remarks}
    assert "A级、B级" in told[2, "tax_credit", False].proposal
    assert {key for key in told if key[2]} == {(3, "uscc", True), (4, "uscc", True), (5, "uscc", True), (6, "", True), (7, "as_of", True)}  # fmt: skip
    assert all(remark.reason and remark.proposal for remark in outcome.remarks)
    again = import_facts(rows=rows, source="import:1", by=SYSTEM, at=AT)
    assert (again.created, again.unchanged, again.refused) == (0, 1, 5) and FactValue.objects.count() == 3
    values = facts_as_of(firm, DAY)
    assert (values["revenue"], values["employees"]) == (120_050_000 * 10, 30)
    audited = audit_rows(SYSTEM, AT, act="enterprises.import_facts").order_by("pk").first()
    assert audited.facts["rows"] == 6 and audited.facts["created"] == 3 and len(audited.facts["digest"]) == 32
    assert "1200" not in str(audited.facts)
    assert {remark.number for remark in check_rows(rows)} == {2, 5, 6, 7}


def test_of_any_history_the_precedence_is_what_it_says(firm: Enterprise) -> None:
    """Against a plain reading of the rule, on a hundred days of random histories."""
    rng = random.Random("facts")
    for number in range(60):
        at, as_of = AT + timedelta(minutes=number), date(2024, 1, 1) + timedelta(days=rng.randrange(170))
        text = None if rng.random() < 0.2 else str(rng.randrange(5))
        if rng.random() < 0.4:
            declare_facts(enterprise=firm, values={"own_software": None if text is None else "是否"[int(text) % 2]}, as_of=as_of, by=SYSTEM, at=at)  # fmt: skip
        else:
            tell(firm, as_of, rng.choice(["甲部门", "乙部门"]), at, own_software=None if text is None else "是否"[int(text) % 2])  # fmt: skip
    rows = list(FactValue.objects.filter(fact="own_software"))
    for day in (date(2024, 1, 1) + timedelta(days=n) for n in range(0, 172, 3)):
        known_by = AT + timedelta(minutes=rng.randrange(60))
        then = [r for r in rows if r.recorded_at <= known_by]
        last = {(r.as_of, r.source_id): r for r in sorted(then, key=lambda r: r.version)}.values()
        stand = [r for r in last if r.number is not None and r.as_of <= day]
        wanted = max(stand, key=lambda r: (not r.declared, r.as_of, r.recorded_at, r.pk), default=None)
        found = facts_as_of(firm, day, known_by=known_by).get("own_software")
        assert found == (wanted.number if wanted else None), day


def test_officers_see_their_place_only_and_record_with_a_source(
    firm: Enterprise, make_person: MakePerson, client: Client, settings: Any
) -> None:
    settings.AS_OF = DAY
    tell(firm, revenue="300万元")
    client.force_login(make_person("elsewhere", "reform_officer", "330782"))
    assert client.get(f"/workbench/enterprises/{firm.pk}/facts/").status_code == 404
    officer = make_person("officer", "reform_officer", "330109")
    client.force_login(officer)
    page = client.get(f"/workbench/enterprises/{firm.pk}/facts/?group=财务").content.decode()
    for text in ("营业收入", "300 万元", "2023 年", "税务部门", "缺", "资产负债率"):
        assert text in page, text
    assert (
        "创业者身份"
        not in client.get(f"/workbench/enterprises/{firm.pk}/facts/?show=missing").content.decode()
    )
    where = f"/workbench/enterprises/{firm.pk}/facts/employees/"
    assert (
        client.post(where, {"value": "许多", "as_of": "2023-12-31", "source": "统计部门"}).status_code == 422
    )
    assert client.post(where, {"value": "35", "as_of": "2023-12-31", "source": "统计部门"}).status_code == 302
    assert facts_as_of(firm, DAY)["employees"] == 35 and "35 人" in client.get(where).content.decode()
    assert client.get(f"/my-enterprise/{firm.pk}/facts/").status_code == 404
    with pytest.raises(NotFound):
        fact_sheet.visible_enterprise(firm.pk, Actor("person", 999999), AT, own=True)


@pytest.mark.both_databases
def test_coverage_counts_what_each_enterprise_knows(firm: Enterprise) -> None:
    """The database's count equals one made of every enterprise's facts, on days of three years."""
    rng = random.Random("coverage")
    made = [
        source_row(number, one) for number, one in enumerate(make(40, "coverage", counties(DAY)), start=1)
    ]
    import_batch(rows=made, source="模拟", by=SYSTEM, at=AT)
    asked = (
        "revenue",
        "revenue_y1",
        "revenue_y2",
        "exports",
        "exports_y1",
        "tax_credit",
        "loans",
        "hired_poor",
    )
    for enterprise in Enterprise.objects.all():
        for _ in range(4):
            as_of = rng.choice(
                [YEAR_END, date(2022, 12, 31), date(2024, 5, 31), date(2021, 3, 1), date(2024, 6, 1)]
            )
            values = {
                name: "A" if name == "tax_credit" else str(rng.randrange(9)) for name in rng.sample(asked, 3)
            }
            tell(enterprise, as_of, rng.choice(["甲", "乙"]), **values)
    for day in (DAY, date(2023, 1, 1), date(2025, 12, 31)):
        found = count(None, AT, day)
        rows = dict(fact_rows(day))
        assert found.enterprises == len(rows)
        for fact in fact_book().stored():
            assert found.of(fact.id).known == sum(fact.id in values for values in rows.values()), (
                day,
                fact.id,
            )
    assert count(None, AT, DAY).of("loans").stale < count(None, AT, date(2024, 12, 31)).of("loans").stale
    assert count(frozenset(["330109"]), AT, DAY).enterprises < 41
    assert count(frozenset(), AT, DAY).of("revenue").known == 0
