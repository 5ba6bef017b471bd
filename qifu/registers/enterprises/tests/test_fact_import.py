"""Tables of facts through the importer, from the file to the store: Parquet, CSV with odd headings, and what is told."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qifu.foundation.access import SYSTEM
from qifu.foundation.imports import actions
from qifu.foundation.imports.kinds import import_kinds
from qifu.foundation.imports.models import Import
from qifu.foundation.imports.queries import proposal_for
from qifu.foundation.imports.run import run_import
from qifu.registers.enterprises.actions import import_batch
from qifu.registers.enterprises.fact_store import facts_as_of
from qifu.registers.enterprises.models import Enterprise, FactValue
from qifu.registers.enterprises.tests.test_story import CODE, OTHER, row

AT = datetime(2024, 6, 20, 2, 0, tzinfo=UTC)
DAY = date(2024, 6, 20)
WAN = 1_000_000


@pytest.fixture
def firms(province: Path) -> dict[str, Enterprise]:
    import_batch(rows=[row(), row(3, uscc=OTHER, name="义乌示例商行")], source="登记", by=SYSTEM, at=AT)
    return {one.uscc: one for one in Enterprise.objects.all()}


def bring(name: str, content: bytes) -> Import:
    file, kind = io.BytesIO(content), import_kinds()["enterprise_facts"]
    mapping = proposal_for(file, kind).mapping
    row = actions.upload_import(
        kind=kind.name, filename=name, content=file, mapping=mapping, unclassified=True, by=SYSTEM, at=AT
    )
    actions.confirm_import(row=row, by=SYSTEM, at=AT, by_worker=False)
    return run_import(row.pk, clock=lambda: AT, report=lambda *_: None)


@pytest.mark.both_databases
def test_a_csv_with_units_in_its_headings_and_bad_cells(firms: dict[str, Enterprise]) -> None:
    text = (
        "2023年度企业数据\n"
        "社会信用代码,企业名称,数据日期,营业收入（万元）,职工人数,研发费用（元）,纳税信用级别,高新技术企业\n"
        f'{CODE},甲,2023/12/31,"1,200.5",30,360000,A,2026-12-08\n'
        f"{OTHER},乙,2023-12-31,800,三十,abc,优,否\n"
        "91330000000000000X,丙,2023-12-31,1,1,1,A,否\n"
        "合计,,,2001.5,,,,\n"
    )
    done = bring("税务.csv", text.encode("gb18030"))
    assert (done.state, done.created, done.refused) == ("done", 2, 1), done.fault
    first, second = (facts_as_of(firms[code], DAY) for code in (CODE, OTHER))
    assert (first["revenue"], first["rd_expense"], first["employees"]) == (120_050_000 * 10, 36 * WAN, 30)
    assert first["tax_credit"] == 0 and "employees" not in second and second["revenue"] == 800 * WAN
    assert (
        second["high_tech"] == 0 and FactValue.objects.filter(source__name=f"import:{done.pk}").count() == 7
    )
    assert done.remarked == 2, "the row with bad cells, and the line of totals"


@pytest.mark.both_databases
def test_a_parquet_file_by_ids_and_a_second_one_corrects(firms: dict[str, Enterprise]) -> None:
    def file(revenue: list[int | None]) -> bytes:
        out = io.BytesIO()
        days = pa.array([date(2023, 12, 31)] * 2)
        pq.write_table(pa.table({"uscc": [CODE, OTHER], "as_of": days, "revenue": revenue, "own_brand": [True, False]}), out)  # fmt: skip
        return out.getvalue()

    done = bring("事实.parquet", file([3_000_000, None]))
    assert (done.state, done.created, done.refused) == ("done", 2, 0), done.fault
    assert bring("事实.parquet", file([2_800_000, 10])).created == 2
    assert facts_as_of(firms[CODE], DAY)["revenue"] == 280 * WAN, "the newer of two tables of one day"
    assert facts_as_of(firms[OTHER], DAY) | {"revenue": 1000, "own_brand": 0} == facts_as_of(
        firms[OTHER], DAY
    )
    assert FactValue.objects.filter(enterprise=firms[CODE], fact="revenue").count() == 2
