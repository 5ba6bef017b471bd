"""The life of an enterprise in the register: arrives, is found, changes its name, is told of by older and odd files."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from qifu.foundation.access import ANONYMOUS, SYSTEM, Grant, NotFound
from qifu.foundation.audit.queries import audit_rows
from qifu.foundation.imports.kinds import Outcome, SourceRow
from qifu.registers.conftest import MakePerson
from qifu.registers.enterprises import queries
from qifu.registers.enterprises.actions import check_rows, import_batch
from qifu.registers.enterprises.demo import counties, source_row
from qifu.registers.enterprises.generate import code_of, make
from qifu.registers.enterprises.models import Enterprise, EnterpriseChange, EnterpriseName

AT = datetime(2024, 6, 20, 2, 0, tzinfo=UTC)
CODE, OTHER = code_of(1, "330109"), code_of(2, "330782")


def row(number: int = 2, **values: str) -> SourceRow:
    base = {
        "uscc": CODE,
        "name": "杭州云海科技有限公司",
        "address": "浙江省杭州市萧山区示例路1号",
        "capital": "100万元人民币",
    }
    return SourceRow(number, {key: text for key, text in (base | values).items() if text})


def bring(*rows: SourceRow, source: str = "甲", by: Any = SYSTEM, at: datetime = AT) -> Outcome:
    return import_batch(rows=rows, source=source, by=by, at=at)


def names_found(text: str, **filters: str) -> list[str]:
    found = queries.search(SYSTEM, AT, text=text, **filters)
    return [Enterprise.objects.get(pk=pk).name for pk in found.pks]


@pytest.mark.both_databases
def test_an_enterprise_arrives_is_renamed_and_found_by_both_names(
    province: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bring(row()).created == 1
    assert bring(row(), source="乙").unchanged == 1
    assert EnterpriseChange.objects.count() == 0
    renamed = bring(
        row(name="杭州天辰科技有限公司", approved_on="2024-05-01"), source="丙", at=AT + timedelta(days=1)
    )
    assert (renamed.updated, renamed.unchanged) == (1, 0)
    enterprise = Enterprise.objects.get()
    old = EnterpriseName.objects.get()
    assert (old.name, old.effective_to) == ("杭州云海科技有限公司", date(2024, 5, 1))
    assert names_found("云海") == names_found("天辰") == names_found("天") == ["杭州天辰科技有限公司"]
    monkeypatch.setattr(queries, "SCANNED", 0)  # ask the index even of one row
    assert names_found("云海 天辰") == ["杭州天辰科技有限公司"] and names_found("海天") == []
    detail = queries.enterprise(enterprise.pk, SYSTEM, AT)
    shown = {fact.name: fact for fact in detail.facts}
    assert shown["capital"].value == "100 万元" and shown["division_code"].certainty == "确定"
    assert shown["name"].source.startswith("丙") and detail.former_names[0].name == "杭州云海科技有限公司"
    assert ("名称", "杭州云海科技有限公司") in detail.changes[0].before


def test_a_code_in_two_sheets_of_one_file_is_judged_as_in_one(province: Path) -> None:
    assert bring(row(number=5), source="import:7").created == 1
    other = bring(row(number=5, capital="200万元人民币"), source="import:7/2")
    assert other.refused == 1 and "与另一张工作表第 5 行代码相同而注册资本不同" in other.remarks[0].reason
    assert bring(row(number=9), source="import:7/3").unchanged == 1
    assert bring(row(number=5, capital="200万元人民币"), source="import:8").updated == 1


def test_older_data_fill_gaps_and_never_overwrite(province: Path) -> None:
    bring(row(approved_on="2024-01-01", capital="200万元人民币"))
    older = bring(
        row(
            approved_on="2020-01-01", capital="100万元人民币", name="杭州旧名科技有限公司", scope="软件开发。"
        ),
        source="乙",
    )
    enterprise = Enterprise.objects.get()
    assert (enterprise.capital, enterprise.scope) == (200_0000_00, "软件开发。")
    assert (
        enterprise.name == "杭州云海科技有限公司"
        and EnterpriseName.objects.get().name == "杭州旧名科技有限公司"
    )
    assert older.updated == 1 and any("只补空缺" in remark.reason for remark in older.remarks)
    again = bring(
        row(
            approved_on="2020-01-01", capital="100万元人民币", name="杭州旧名科技有限公司", scope="软件开发。"
        ),
        source="丙",
    )
    assert again.unchanged == 1


def test_blank_cells_erase_nothing_and_each_fact_keeps_its_source(province: Path) -> None:
    bring(row(scope="软件开发。", legal_representative="王某某"))
    bring(row(capital="300万元人民币"), source="乙")
    enterprise = Enterprise.objects.get()
    assert enterprise.scope == "软件开发。" and enterprise.capital == 300_0000_00
    facts = {f.name: f.source for f in queries.enterprise(enterprise.pk, SYSTEM, AT).facts}
    assert facts["capital"].startswith("乙") and facts["scope"] == "甲" == facts["legal_representative"]


def test_rows_that_cannot_be_taken_are_refused_with_reason_and_column(province: Path) -> None:
    outcome = bring(
        row(2, uscc=CODE.replace("0", "O")), row(3, uscc=""), row(4, name=""), row(5, uscc="330181000123456"),
        row(6, capital="面议", established_on="2015-13-01", status="神秘"),
    )  # fmt: skip
    assert (outcome.created, outcome.refused) == (1, 4)
    told = {(r.number, r.column): r for r in outcome.remarks}
    assert told[2, "uscc"].proposal == CODE and "没有填写" in told[3, "uscc"].reason
    assert told[4, "name"].refused and "15位旧注册号" in told[5, "uscc"].reason
    assert not any(told[6, column].refused for column in ("capital", "established_on", "status"))
    assert Enterprise.objects.get().readings["capital"] == "面议"
    elsewhere = bring(row(7, uscc="-", registration_number=OTHER))
    assert elsewhere.created == 1 and "取自注册号" in elsewhere.remarks[0].reason
    assert {(r.number, r.column) for r in check_rows([row(2, uscc=CODE.replace("0", "O"))])} == {(2, "uscc")}


def test_a_code_twice_in_one_file_is_told_and_contradiction_refused(province: Path) -> None:
    outcome = bring(row(2), row(3), row(4, name="杭州别名科技有限公司"), row(5, uscc=OTHER))
    assert (outcome.created, outcome.unchanged, outcome.refused) == (2, 1, 1)
    reasons = {remark.number: remark.reason for remark in outcome.remarks}
    assert "与第 2 行重复" in reasons[3] and "与第 2 行代码相同而名称不同" in reasons[4]
    again = bring(row(2), row(3), row(4, name="杭州别名科技有限公司"), row(5, uscc=OTHER), source="乙")
    assert (again.created, again.updated, again.unchanged, again.refused) == (0, 0, 3, 1)


def test_one_imports_and_sees_only_in_ones_own_place(make_person: MakePerson) -> None:
    county = make_person("county", "reform_officer", "330109").as_actor()
    clerk = make_person("clerk", "centre_clerk", "330782").as_actor()
    outcome = bring(row(2), row(3, uscc=OTHER, address="浙江省义乌市北苑街道1号"), by=county)
    assert (outcome.created, outcome.refused) == (1, 1)
    assert "不在您的辖区内" in next(r.reason for r in outcome.remarks if r.refused)
    bring(row(3, uscc=OTHER, address="浙江省义乌市北苑街道1号"))
    mine = queries.search(county, AT, text="云海")
    assert [Enterprise.objects.get(pk=pk).uscc for pk in mine.pks] == [CODE]
    with pytest.raises(NotFound):
        queries.enterprise(mine.pks[0], clerk, AT)
    with pytest.raises(NotFound):
        bring(row(), by=clerk)
    assert queries.search(ANONYMOUS, AT).pks == ()
    takeover = bring(row(3, uscc=OTHER, address="浙江省杭州市萧山区示例路1号"), by=county, source="丙")
    assert takeover.refused == 1


def test_an_enterprise_role_sees_its_own_only() -> None:
    own = Enterprise.reach["own_enterprise"]
    assert "7" in str(own(Grant(role="legal_representative", enterprise_id=7)))
    assert str(own(Grant(role="legal_representative"))) != str(
        own(Grant(role="legal_representative", enterprise_id=7))
    )


def test_audit_rows_hold_counts_and_no_personal_data(province: Path) -> None:
    bring(row(legal_representative="欧阳某某"))
    facts = audit_rows(SYSTEM, AT, act="enterprises.import_batch")[0].facts
    assert facts["created"] == 1 and "欧阳" not in str(facts)


@pytest.mark.both_databases
@pytest.mark.parametrize(("scanned", "sampled", "most"), [(10_000, 2_000, 1000), (0, 200, 1000), (0, 600, 5)])
def test_search_finds_exactly_what_a_scan_finds(
    province: Path, monkeypatch: pytest.MonkeyPatch, scanned: int, sampled: int, most: int
) -> None:
    for name, value in (("SCANNED", scanned), ("SAMPLED", sampled), ("MOST", most)):
        monkeypatch.setattr(queries, name, value)
    made = list(make(600, "search", counties(AT.date())))
    bring(*(source_row(number, one) for number, one in enumerate(made, start=2)))
    chooser = random.Random("search")
    rows = list(Enterprise.objects.all())
    for length in (1, 2, 2, 3, 5, 8):
        for _ in range(12):
            name = chooser.choice(rows).name_text
            start = chooser.randrange(len(name) - length)
            word = name[start : start + length]
            for division, industry in (("", ""), ("330100", ""), ("", "F"), ("330700", "F51")):
                places = queries._codes_of(division) if division else None
                want = sorted(
                    one.pk
                    for one in rows
                    if word in one.name_text
                    and (places is None or one.division_code in places)
                    and one.industry_code.startswith(industry)
                )
                found = queries.search(SYSTEM, AT, text=word, division=division, industry=industry)
                assert (sorted(found.pks), found.more) == (want[:most], len(want) > most), word


@pytest.mark.both_databases
def test_code_prefixes_and_hostile_questions(province: Path) -> None:
    bring(row(), row(3, uscc=OTHER, address="浙江省义乌市北苑街道1号"))
    assert len(queries.search(SYSTEM, AT, uscc="91330109").pks) == 1
    assert len(queries.search(SYSTEM, AT, uscc=CODE.lower()).pks) == 1
    assert queries.search(SYSTEM, AT, uscc="9133%").pks == ()
    for text in ("%", "_", "'", '"', "*", "\\", "公司) OR 1=1", "\0", "🏭", "  ", "云" * 300):
        found = queries.search(SYSTEM, AT, text=text, division="\0", industry="%", kind="x", status="y")
        assert found.pks == ()
    assert len(queries.search(SYSTEM, AT, text=" 云 海 ").pks) == 2


def test_more_than_a_thousand_are_counted_no_further(province: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = list(make(30, "many", counties(AT.date())))
    bring(*(source_row(number, one) for number, one in enumerate(made, start=2)))
    monkeypatch.setattr(queries, "MOST", 10)
    found = queries.search(SYSTEM, AT, text="模拟")
    assert found.more and len(found.pks) == 10 and found.count_text == "超过 10"
