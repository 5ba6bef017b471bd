"""Facts from CSV and Parquet: exact, whatever the columns' types; everything wrong is named with row and column."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qifu.engines.rules.fact_columns import kept
from qifu.engines.rules.fact_table import (
    MOST_PROBLEMS,
    FactTableError,
    in_order,
    layout,
    read_table,
    rows,
)
from qifu.engines.rules.places import place_names
from qifu.registers.enterprises.fact_book import (
    EPOCH,
    FIRST_DAY,
    FOREVER,
    LARGEST,
    LAST_DAY,
    Derived,
    Fact,
    FactBook,
    Value,
    ValueProblem,
)
from qifu.registers.enterprises.kept_table import KEPT

_FACTS = (
    Fact("place", "注册地", "place", aliases=("登记住所所在地",)),
    Fact("industry", "所属行业", "industry"),
    Fact("established_on", "成立时间", "day"),
    Fact("entity_kind", "主体类型", "choice", choices=("企业", "个体工商户", "其他")),
    Fact("employees", "从业人数", "count", "人", aliases=("职工人数",)),
    Fact("revenue", "营业收入", "money", "元", 2),
    Fact("assets", "资产总额", "money", "万元", 6),
    Fact("rd_expense", "研发费用", "money", "元", 2),
    Fact(
        "rd_share",
        "研发费用占营业收入比",
        "percent",
        "%",
        derived=Derived(((1, "rd_expense"),), ((1, "revenue"),)),
    ),
    Fact("debt_ratio", "资产负债率", "percent", "%", 4),
    Fact("high_tech", "高新技术企业", "honour"),
    Fact("restricted", "从事限制行业", "flag"),
)
BOOK = FactBook({fact.id: fact for fact in _FACTS})
ZHEJIANG = Path(__file__).parents[4] / "provinces" / "zhejiang"


def place_code(name: str) -> str:
    return place_names(ZHEJIANG).prefix(name, date(2024, 6, 30)).ljust(6, "0")


NUMBER = BOOK.facts["debt_ratio"]


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def wrong(path: Path) -> list[str]:
    with pytest.raises(FactTableError) as raised:
        read_table(path, BOOK)
    return [str(problem) for problem in raised.value.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_in_any_encoding_with_labels_aliases_and_units(tmp_path: Path, encoding: str) -> None:
    path = write(
        tmp_path / "f.csv",
        "统一社会信用代码,注册地,所属行业,成立日,职工人数,营业收入,资产总额,资产负债率,高新技术企业,从事限制行业,主体类型\r\n"
        "A,330106,C3911,2020-02-29,300,\"1,234.56\",1.5,60.1234,2026-12-08,否,企业\r\n"
        "\r\n"
        "B,,,,,,,,,,\r\n"
        "C,330100,f,2020年3月1日,1万人,300万元,2亿元,-5,长期,是,其他\r\n".replace("成立日", "成立时间"),
        encoding,
    )  # fmt: skip
    table = read_table(path, BOOK)
    assert table.schema == layout(BOOK)
    assert table["uscc"].to_pylist() == ["A", "B", "C"]
    first, second, third = (rows(table, index) for index in range(3))
    assert first == {
        "place": "330106", "industry": "C3911", "established_on": 18321, "entity_kind": 0, "employees": 300, "revenue": 123456,
        "assets": 15000_00, "rd_expense": None, "debt_ratio": 601234, "high_tech": 20795, "restricted": 0,
    }  # fmt: skip
    assert set(second.values()) == {None}
    assert (
        third["employees"] == 10000 and third["revenue"] == 300_0000_00 and third["assets"] == 2_0000_0000_00
    )
    assert third["industry"] == "F" and third["established_on"] == 18322 and third["restricted"] == 1


def test_everything_wrong_is_named_with_row_and_column(tmp_path: Path) -> None:
    path = write(
        tmp_path / "f.csv",
        "uscc,revenue,established_on,restricted,place\n"
        "A,1.234,2023-02-29,也许,3301\n"
        "\n"
        ",12元人民币,,,\n"
        "B,1e5,2024-01-01,是,330106\n"
        "C,nan,0000-01-01,,\n",
    )
    found = wrong(path)
    assert [line.split("：")[0] for line in found] == [
        "第 2 行“营业收入”栏", "第 2 行“成立时间”栏", "第 2 行“从事限制行业”栏", "第 2 行“注册地”栏",
        "第 4 行“uscc”栏", "第 4 行“营业收入”栏", "第 5 行“营业收入”栏", "第 6 行“营业收入”栏", "第 6 行“成立时间”栏",
    ]  # fmt: skip
    assert "2 位小数" in found[0]


def test_every_wrong_heading_is_named(tmp_path: Path) -> None:
    found = wrong(write(tmp_path / "f.csv", "营业收入,revenue,利润率,研发费用占营业收入比,\n1,1,1,1,1\n"))
    assert len(found) == 5
    assert (
        "同一个事实" in found[0] and "“利润率”" in found[1] and "算出" in found[2] and "没有表头" in found[3]
    )
    assert "没有 uscc" in found[4]


def test_a_repeated_code_names_both_rows(tmp_path: Path) -> None:
    assert wrong(write(tmp_path / "f.csv", "uscc,revenue\nA,1\nB,2\n\n A ,3\n")) == [
        "第 5 行“uscc”栏：“A”与第 2 行重复，每户只能有一行"
    ]


def test_rows_of_another_width_are_named(tmp_path: Path) -> None:
    assert wrong(write(tmp_path / "f.csv", 'uscc,revenue\n"A\nB",1\nC\nD,1,2\nE,5\n')) == [
        "第 3 行：有 1 栏，表头有 2 栏，请补齐或检查逗号与引号",
        "第 4 行：有 3 栏，表头有 2 栏，请补齐或检查逗号与引号",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_refused_file_does_not_abort_the_process(tmp_path: Path, encoding: str) -> None:
    """Threads of Arrow that still read when the interpreter ends call no Python."""
    rest = "乙,2\n" * 3_000_000  # more than one block
    path = write(tmp_path / "f.csv", "uscc,employees\n甲\n" + rest, encoding)
    code = (
        "import sys; from pathlib import Path; from qifu.engines.rules.fact_table import *\n"
        "from qifu.registers.enterprises.fact_book import fact_book\n"
        "reading = Reading(Path(sys.argv[1]), fact_book(), None); reading._uneven_rows = lambda *_: [FactProblem('uneven')]\n"
        "try: reading.table()\nexcept FactTableError: sys.exit(2)\n"
    ).replace("import *", "import FactProblem, FactTableError, Reading")
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (2, "")


def test_problems_are_limited(tmp_path: Path) -> None:
    lines = "".join(f"{number},x,y\n" for number in range(5000))
    path = write(tmp_path / "f.csv", "uscc,revenue,employees\n" + lines)
    with pytest.raises(FactTableError) as raised:
        read_table(path, BOOK)
    assert len(raised.value.problems) == MOST_PROBLEMS
    assert str(raised.value).splitlines()[-1].endswith("处问题，请改正后再试")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "没有表头"), (b"\n\n", "没有表头"), (b"PK\x03\x04....", "Excel"), (b"\xff\xfeu\x00", "UTF-16"),
        (b"uscc\n\xff\xff\n", "编码"), (b"PAR1 but not a Parquet file", "损坏"), (b'revenue,uscc\n1,"A\n' + b"1,B\n" * 50, "引号"),
        (b"\x00\x01\x02", ""),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(content)
    assert told in "".join(wrong(path))


def test_no_file(tmp_path: Path) -> None:
    assert "读不到文件" in wrong(tmp_path / "none.csv")[0]
    assert wrong(tmp_path) == ["读不到文件：是一个文件夹，请写明文件名"]


@pytest.mark.parametrize("stored", [False, True])
def test_damaged_parquet_is_told_without_names_of_programs(tmp_path: Path, stored: bool) -> None:
    path = tmp_path / "f.parquet"
    table = pa.table(
        {"uscc": [f"U{number}" for number in range(5000)], "revenue": pa.array(range(5000), pa.int64())}
    )
    pq.write_table(table.replace_schema_metadata(dict([KEPT])) if stored else table, path)
    raw = bytearray(path.read_bytes())
    raw[4:2000] = bytes(1996)
    path.write_bytes(raw)
    assert wrong(path) == ["文件已损坏或不完整，请重新导出"]
    path.write_bytes(raw[: len(raw) // 2])
    assert wrong(path) == ["文件已损坏或不完整，请重新导出"]


def test_headings_with_units_read_the_cells_in_them(tmp_path: Path) -> None:
    text = "USCC,营业收入（万元）,资产总额(单位：元),从业人数（万人）,资产负债率（%）\nA,1.5,12.34,0.03,60\nB,300元,2亿元,５人,5%\n"
    table = read_table(write(tmp_path / "f.csv", text), BOOK)
    assert table["revenue"].to_pylist() == [15000_00, 300_00] and table["assets"].to_pylist() == [
        12_34,
        2_0000_0000_00,
    ]
    assert table["employees"].to_pylist() == [300, 5] and table["debt_ratio"].to_pylist() == [600000, 50000]


def test_headings_with_wrong_units_are_refused(tmp_path: Path) -> None:
    found = wrong(
        write(
            tmp_path / "f.csv",
            "uscc,营业收入（人）,从业人数（约）,成立时间（年）,营业收入（万元）,营业收入\n",
        )
    )
    assert ["不能写" in line for line in found] == [True, True, True, False] and "同一个事实" in found[3]


def test_codes_are_made_plain_and_lost_ones_refused(tmp_path: Path) -> None:
    text = "uscc,revenue\n 91330600ma 00000019,1\n９１３３０６００MA0000002C,2\nfirm-1 ,3\n1e5,4\n"
    table = read_table(write(tmp_path / "f.csv", text), BOOK)
    assert table["uscc"].to_pylist() == ["91330600MA00000019", "91330600MA0000002C", "firm-1", "1e5"]
    found = wrong(write(tmp_path / "g.csv", "uscc,revenue\n9.13306E+17,1\n9E+17,1\n"))
    assert len(found) == 2 and all("被 Excel 当作数字" in line for line in found)
    pq.write_table(pa.table({"uscc": [9.13306e17]}), tmp_path / "f.parquet")
    assert "被 Excel 当作数字" in wrong(tmp_path / "f.parquet")[0]


def test_a_heading_alone_is_a_table_of_no_rows(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "f.csv", "uscc,revenue\n"), BOOK)
    assert table.num_rows == 0 and table.schema == layout(BOOK)
    assert in_order(table)[0].num_rows == 0


def test_parquet_in_declared_units(tmp_path: Path) -> None:
    day = [date(2024, 6, 30), None]
    zoned = pa.array([datetime(2024, 6, 29, 16, tzinfo=UTC), None], pa.timestamp("us", tz="Asia/Shanghai"))
    table = pa.table(
        {
            "uscc": ["A", "B"],
            "revenue": pa.array([0.1, None]),
            "assets": pa.array([Decimal("1.2300"), None], pa.decimal128(20, 4)),
            "employees": pa.array([300.0, None]),
            "rd_expense": pa.array([12, None], pa.int32()),
            "debt_ratio": pa.array([60.0, None], pa.float32()),
            "established_on": pa.array([1719705600 * 10**9, None], pa.timestamp("ns")),
            "high_tech": pa.array(day, pa.date32()),
            "restricted": pa.array([True, None]),
            "entity_kind": pa.array(["其他", None]).dictionary_encode(),
            "place": pa.array([330106, None]),
            "industry": ["C3911", None],
        }
    )
    path = tmp_path / "f.parquet"
    pq.write_table(table, path)
    read = read_table(path, BOOK)
    assert rows(read, 0) == {
        "revenue": 10, "assets": 1_230_000, "employees": 300, "rd_expense": 1200, "debt_ratio": 600000, "established_on": 19904,
        "high_tech": 19904, "restricted": 1, "entity_kind": 2, "place": "330106", "industry": "C3911",
    }  # fmt: skip
    assert set(rows(read, 1).values()) == {None}
    pq.write_table(table.set_column(6, "established_on", zoned), path)
    assert rows(read_table(path, BOOK), 0)["established_on"] == 19904
    pq.write_table(table.set_column(7, "high_tech", pa.array([False, None])), path)
    assert rows(read_table(path, BOOK), 0)["high_tech"] == 0


def test_wrong_cells_of_parquet(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    pq.write_table(
        pa.table(
            {
                "uscc": ["A", "B", None],
                "revenue": [0.125, float("nan"), float("inf")],
                "employees": [10**16, -(10**16), 1],
                "established_on": pa.array([1704096000, None, None], pa.timestamp("s")),
                "high_tech": [True, False, None],
                "industry": [111, None, None],
                "assets": pa.array([[1], None, None], pa.list_(pa.int64())),
            }
        ),
        path,
    )
    assert wrong(path) == ["“assets”栏：这一栏的类型读不了，应为文本、数字、日期或真假"]
    pq.write_table(pq.read_table(path).drop_columns("assets"), path)
    assert [line.split("：")[0] for line in wrong(path)] == [
        "第 1 行“营业收入”栏", "第 1 行“从业人数”栏", "第 1 行“成立时间”栏", "第 1 行“高新技术企业”栏", "第 1 行“所属行业”栏",
        "第 2 行“营业收入”栏", "第 2 行“从业人数”栏", "第 3 行“uscc”栏", "第 3 行“营业收入”栏",
    ]  # fmt: skip


def test_kept_values_are_taken_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    table = pa.table(
        {"revenue": pa.array([123, None], pa.int64()), "uscc": ["A", "B"], "place": ["330106", None]}
    ).replace_schema_metadata(dict([KEPT]))
    pq.write_table(table, path)
    read = read_table(path, BOOK)
    assert read.schema == layout(BOOK)
    assert read["revenue"].to_pylist() == [123, None] and read["place"].to_pylist() == ["330106", None]
    assert read_table(path, BOOK, only={"revenue"}).column_names == ["uscc", "revenue"]
    pq.write_table(table.set_column(0, "revenue", pa.array([1.5, 2.5])), path)
    assert wrong(path) == ["“revenue”栏：数据类型与事实目录不符，请重新生成快照"]


def test_only_the_wanted_facts_but_all_are_checked(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", "uscc,revenue,employees\nA,1,2\n")
    assert read_table(path, BOOK, only={"employees", "place"}).column_names == ["uscc", "place", "employees"]
    with pytest.raises(FactTableError):
        read_table(write(path, "uscc,revenue,employees\nA,x,2\n"), BOOK, only={"employees"})


def test_sorting_keeps_the_way_back() -> None:
    places = ["330106", None, "330100", "330106", "330106"]
    industries = ["C39", "A", None, "C38", "C38"]
    table = pa.table(
        {
            "uscc": ["b", "c", "d", "f", "e"],
            "place": pa.array(places).dictionary_encode(),
            "industry": pa.array(industries).dictionary_encode(),
        }
    )
    ordered, order = in_order(table)
    assert ordered["uscc"].to_pylist() == ["d", "e", "f", "b", "c"]
    assert order.tolist() == [2, 4, 3, 0, 1]
    again, same = in_order(ordered)
    assert again is ordered and same.tolist() == [0, 1, 2, 3, 4]


CELLS = st.one_of(
    st.decimals(-(10**18), 10**18, allow_nan=False, places=None).map(str),
    st.from_regex(r"-?[0-9]{0,17}\.?[0-9]{0,7}", fullmatch=True),
    st.sampled_from(
        ["", " ", "-", ".", "1,000", "3%", "12万元", "１２", "+5", "1e3", "007", "0.10000000", "nan"]
    ),
    st.text(max_size=5).filter(lambda text: "\0" not in text),
)


@given(st.lists(CELLS, max_size=30))
@settings(max_examples=300, deadline=None)
def test_text_is_read_as_the_fact_reads_it(cells: list[str]) -> None:
    made, odd = kept(NUMBER, pa.array([cell or None for cell in cells], pa.string()))
    reasons = {cell.index for cell in odd}
    for index, (cell, value) in enumerate(zip(cells, made.to_pylist(), strict=True)):
        bare = cell.strip()
        if bare.startswith((".", "-.")) or bare.endswith("."):
            continue  # .5 and 5. are read as 0.5 and 5.0; tested below
        try:
            assert NUMBER.read(cell) == value
            assert index not in reasons
        except ValueProblem:
            assert value is None and index in reasons


@pytest.mark.parametrize("company", [[], ["x"], ["1.00000"]])
@pytest.mark.parametrize(
    ("text", "value"), [(".5", 5000), ("-.5", -5000), ("5.", 50000), ("1.230000", 12300)]
)
def test_bare_points_whatever_stands_beside(text: str, value: int, company: list[str]) -> None:
    assert kept(NUMBER, pa.array([text, *company]))[0][0].as_py() == value


@given(st.lists(st.integers(-LARGEST * 2, LARGEST * 2), min_size=1, max_size=30), st.sampled_from([2, 4, 6]))
@settings(max_examples=300, deadline=None)
def test_floats_count_as_their_shortest_decimal(numbers: list[int], places: int) -> None:
    written = [float(Decimal(number).scaleb(-places)) for number in numbers]
    made, odd = kept(NUMBER, pa.array(written, pa.float64()))
    refused = {cell.index for cell in odd}
    for index, (value, found) in enumerate(zip(written, made.to_pylist(), strict=True)):
        exact = Decimal(repr(value)) * 10**4
        if exact == exact.to_integral_value() and abs(exact) <= LARGEST:
            assert found == int(exact)
        else:
            assert found is None and index in refused


@given(st.lists(st.floats(width=32) | st.integers(-(2**25), 2**25).map(float), min_size=1, max_size=30))
@settings(max_examples=300, deadline=None)
def test_of_narrow_floats_only_small_whole_numbers_count(written: list[float]) -> None:
    made, odd = kept(NUMBER, pa.array(written, pa.float32()))
    refused = {cell.index for cell in odd}
    for index, (value, found) in enumerate(zip(written, made.to_pylist(), strict=True)):
        value = float(np.float32(value))
        if value.is_integer() and abs(value) < 2**24:
            assert found == int(value) * 10**4
        else:
            assert found is None and index in refused
    assert all("单精度浮点会丢失精度，请改用双精度或文本" in cell.reason for cell in odd)


@pytest.mark.parametrize(
    ("written", "value"),
    [(8.29 * 10000, 829000000), (0.1 + 0.2, 3000), (4.35 * 100, 4350000), (1.1 + 2.2, 33000), (-8.29 * 10000, -829000000), (0.0, 0)],
)  # fmt: skip
def test_errors_of_calculation_are_no_decimals(written: float, value: int) -> None:
    assert kept(NUMBER, pa.array([written]))[0].to_pylist() == [value]


@pytest.mark.parametrize("written", [0.12345, 82899.99999, 1e-9, 0.1 + 0.2 - 0.3, 1e11 + 0.00012207])
def test_more_decimals_are_refused(written: float) -> None:
    (cell,) = kept(NUMBER, pa.array([written]))[1]
    assert "小数位太多，请先四舍五入到 4 位" in cell.reason


ODD = [
    ("employees", "1.2E+11", "Excel 科学记数已丢失精度，请把该列设为数值格式后重新导出"), ("revenue", "1E12", "科学记数"),
    *(("revenue", word, "不知道请留空") for word in ("N/A", "#N/A", "—", "-", "无", "nan", "——", "－")),
    ("employees", "-3", "不能是负数"), ("employees", "1.5", "四舍五入为整数"), ("revenue", "9" * 30, "过大"),
    ("established_on", "45444", "Excel 的日期序号"), ("established_on", "45444.5", "Excel 的日期序号"), ("established_on", "20240631", "应为日期"),
    ("established_on", "1899-12-30", "不合情理"), ("established_on", "1900-01-01", "不合情理"), ("established_on", "2201-01-01", "不合情理"),
    ("high_tech", "1899-12-30", "不合情理"), ("established_on", "不详", "不知道请留空"),
    ("place", "990101", "前两位是省份"), ("place", "000000", "前两位是省份"), ("place", "3301", "行政区划"),
    ("place", "鼓楼区", "不止一处"), ("place", "天上市", "没有叫"), ("place", "杭州高新区", "功能区"), ("entity_kind", "集体", "之一"), ("industry", "造梦业", "行业分类代码"),
]  # fmt: skip


@pytest.mark.parametrize(("fact", "text", "told"), ODD)
def test_a_cell_that_is_none_says_why(fact: str, text: str, told: str) -> None:
    made, odd = kept(BOOK.facts[fact], pa.array([text, None]), place_code=place_code)
    assert made.null_count == 2 and [cell.index for cell in odd] == [0] and told in odd[0].reason


@pytest.mark.parametrize(
    ("fact", "text", "value"),
    [
        ("established_on", "20240601", 19875), ("established_on", "2024.6.1", 19875), ("established_on", "20240601.0", 19875),
        ("established_on", "1900-01-02", -25566), ("high_tech", "9999-12-31", FOREVER), ("entity_kind", "个体", 1),
        ("place", "330602.0", "330602"), ("place", "杭州市西湖区", "330106"), ("place", "浙江省", "330000"), ("industry", "制造业", "C"),
        ("industry", "零售业(F52)", "F52"),
    ],
)  # fmt: skip
def test_cells_as_other_programs_write_them(fact: str, text: str, value: Value) -> None:
    made, odd = kept(BOOK.facts[fact], pa.array([text]), place_code=place_code)
    assert (made.to_pylist(), odd) == ([value], [])


def test_a_number_as_an_excel_day_and_a_negative_count_in_parquet() -> None:
    assert "日期序号" in kept(BOOK.facts["established_on"], pa.array([45444.0]))[1][0].reason
    assert "日期序号" in kept(BOOK.facts["established_on"], pa.array([45444]))[1][0].reason
    assert "负数" in kept(BOOK.facts["employees"], pa.array([-3]))[1][0].reason
    assert "不合情理" in kept(BOOK.facts["established_on"], pa.array([date(1899, 12, 30)]))[1][0].reason


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_back(tmp_path: Path, data: st.DataObject) -> None:
    """Any kept values, written with Fact.written into a CSV and into Parquet, come back the same."""
    count = data.draw(st.integers(0, 12))
    columns = {fact.id: [data.draw(value_of(fact)) for _ in range(count)] for fact in BOOK.stored()}
    written = {id: [BOOK.facts[id].written(value) for value in values] for id, values in columns.items()}
    codes = [f"U{number}" for number in range(count)]
    path = tmp_path / "f.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["uscc", *columns])
        out.writerows(zip(codes, *written.values(), strict=True))
    assert read_table(path, BOOK).to_pydict() == {"uscc": codes, **columns}
    texts = {id: pa.array([text or None for text in texts], pa.string()) for id, texts in written.items()}
    pq.write_table(pa.table({"uscc": pa.array(codes, pa.string()), **texts}), path)
    assert read_table(path, BOOK).to_pydict() == {"uscc": codes, **columns}


def value_of(fact: Fact) -> st.SearchStrategy[int | str | None]:
    days = st.integers((FIRST_DAY - EPOCH).days, (LAST_DAY - EPOCH).days)
    kinds: dict[str, st.SearchStrategy[int | str]] = {
        "day": days,
        "honour": st.just(0) | st.just(FOREVER) | days.filter(bool),
        "flag": st.integers(0, 1),
        "choice": st.integers(0, max(len(fact.choices) - 1, 0)),
        "place": st.from_regex(r"(11|33|54|82)[0-9]{4}", fullmatch=True),
        "count": st.integers(0, LARGEST),
        "industry": st.sampled_from(["C39", "C3911", "F", "A0111"]),
    }
    return st.none() | kinds.get(fact.type, st.integers(-LARGEST, LARGEST))


def test_a_table_of_another_book_is_unaffected() -> None:
    assert layout(FactBook({})).names == ["uscc"]
