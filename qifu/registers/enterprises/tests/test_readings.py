"""Capital, dates, kinds, status, industry: every form is read exactly or reported."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.registers.enterprises.capital import CURRENCIES, format_amount, read_capital
from qifu.registers.enterprises.dates import read_date
from qifu.registers.enterprises.industry import names, read_industry, section_of
from qifu.registers.enterprises.kinds import read_kind, read_status

LATEST = date(2024, 6, 20)


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("20(万元人民币)", 20_0000_00, "CNY"), ("10万人民币", 10_0000_00, "CNY"), ("1,200(万元人民币)", 1200_0000_00, "CNY"),
        ("10.5(万美元)", 10_5000_00, "USD"), ("50万元人民币", 50_0000_00, "CNY"), ("30万人民币元", 30_0000_00, "CNY"),
        ("20(万)", 20_0000_00, "CNY"), ("50万港元", 50_0000_00, "HKD"), ("1000万日元", 1000_0000, "JPY"),
        ("3万欧元", 3_0000_00, "EUR"), ("3万英镑", 3_0000_00, "GBP"), ("壹佰万元整", 100_0000_00, "CNY"),
        ("１００万元", 100_0000_00, "CNY"), ("人民币100万元", 100_0000_00, "CNY"), ("RMB 100万", 100_0000_00, "CNY"),
        ("0", 0, "CNY"), ("5亿", 500000000_00, "CNY"), ("叁佰伍拾万零五千元", 350_5000_00, "CNY"), ("200000元", 200000_00, "CNY"),
        ("0.0300(万元人民币)", 300_00, "CNY"), ("三亿五千万元", 350000000_00, "CNY"), ("10万元（港币）", 10_0000_00, "HKD"),
        ("50万元（人民币）认缴", 50_0000_00, "CNY"), ("人民币：100万元", 100_0000_00, "CNY"), ("100万(欧元)", 100_0000_00, "EUR"),
        ("3亿日元", 300000000, "JPY"), ("人民币壹仟万元整", 1000_0000_00, "CNY"), ("人民币 伍拾萬元", 50_0000_00, "CNY"),
    ],
)  # fmt: skip
def test_capital_is_read_exactly(text: str, amount: int, currency: str) -> None:
    read = read_capital(text)
    assert (read.amount, read.currency, read.problem) == (amount, currency, "")


def test_an_amount_that_is_no_more_than_about_is_told() -> None:
    read = read_capital("约100万元")
    assert read.amount == 100_0000_00 and "约数" in read.warning


@pytest.mark.parametrize("text", ["", " ", "-", "无", "——", "/", "null", r"\N", "(null)", "企业选择不公示"])
def test_capital_not_stated_is_no_problem(text: str) -> None:
    read = read_capital(text)
    assert read.amount is None and not read.problem


@pytest.mark.parametrize(
    "text", ["500", "面议", "100W", "-5万", "万元", "20万元/美元", "33.33333333万", "9" * 40 + "亿"]
)
def test_capital_that_cannot_be_read_is_reported(text: str) -> None:
    read = read_capital(text)
    assert read.amount is None and read.problem


def test_a_column_of_currencies_is_heeded_and_contradiction_reported() -> None:
    assert read_capital("10万", "美元").currency == "USD"
    assert read_capital("10万", "人民币").assumed == ""
    assert read_capital("10万美元", "人民币").problem
    assert read_capital("100.5", "万美元") == read_capital("100.5万美元")
    assert read_capital("100", "万元").amount == 100_0000_00
    assert read_capital("10万元", "840").currency == "USD"
    assert read_capital("10万", "贝壳").problem


@given(st.integers(0, 10**15), st.sampled_from(sorted(CURRENCIES)))
def test_amounts_written_are_read_back(amount: int, currency: str) -> None:
    read = read_capital(format_amount(amount, currency))
    assert (read.amount, read.currency) == (amount, currency)


@given(st.text(max_size=80))
def test_no_text_breaks_the_readers(text: str) -> None:
    capital, day = read_capital(text), read_date(text, LATEST)
    assert capital.amount is None or capital.amount >= 0
    assert day.day is None or isinstance(day.day, date)
    read_status(text)
    read_kind(text, text, text)
    assert read_industry([text]).code in names() or not read_industry([text]).code


@given(st.dates(date(1949, 10, 1), LATEST))
def test_a_day_is_read_in_every_writing(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    chinese = f"{day.year}年{day.month}月{day.day}日"
    spelled = (
        "".join("〇一二三四五六七八九"[int(c)] for c in str(day.year))
        + f"年{_ten(day.month)}月{_ten(day.day)}日"
    )
    for text in (
        day.isoformat(), f"{day:%Y/%m/%d}", f"{day.year}/{day.month}/{day.day}", chinese, f"{day:%Y%m%d}", str(serial),
        f"{day} 00:00:00", f"{day:%Y.%m.%d}", spelled, f"{serial}.0",
    ):  # fmt: skip
        assert read_date(text, LATEST).day == day, text


def _ten(number: int) -> str:
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("" if tens == 1 else "一二三"[tens - 1]) + "十"
    return head + ("" if ones == 0 else "一二三四五六七八九"[ones - 1])


def test_days_that_cannot_be_are_reported_and_odd_ones_told() -> None:
    assert read_date("2015-13-01", LATEST).problem and read_date("2019/2/30", LATEST).problem
    assert read_date("6/18/2015", LATEST).proposal == "2015-06-18"
    assert read_date("5/6/2015", LATEST).proposal == ""
    assert read_date(str(LATEST + timedelta(days=1)), LATEST).warning
    assert read_date("1900-01-01", LATEST).warning
    assert not read_date("-", LATEST).problem


def test_kinds_from_text_name_and_code() -> None:
    assert read_kind("有限责任公司 外商投资企业", "甲有限公司", "91").investment == "foreign"
    assert read_kind("有限责任公司 港、澳、台", "甲", "91").investment == "hong_kong_macao_taiwan"
    assert read_kind("", "甲有限公司乙分公司", "91").kind == "branch"
    assert read_kind("", "甲商行", "92").kind == "individual_business"
    assert read_kind("", "甲村股份经济合作社", "N2").kind == "village_collective"
    assert read_kind("", "甲市事务中心", "12").kind == "public_body"
    assert read_kind("民办非企业单位", "甲培训学校", "52").kind == "social_organisation"
    odd = read_kind("有限责任公司", "甲专业合作社", "93")
    assert odd.kind == "farmers_cooperative" and odd.warning


def test_status_in_its_many_words() -> None:
    assert read_status("存续（在营、开业、在册）")[0] == "in_operation"
    assert read_status("吊销，未注销")[0] == "revoked"
    assert read_status("注销")[0] == "deregistered"
    assert read_status("") == ("unknown", "")
    assert read_status("神秘")[1]


def test_industry_by_code_name_and_both() -> None:
    for text in ("5211", "F5211", "百货零售(5211)", "F5211 百货零售"):
        assert read_industry([text]).code == "F5211"
    assert read_industry(["", "", "52", "F"]).code == "F52"
    assert read_industry(["批发和零售业"]).code == "F"
    assert read_industry(["批发和零售业/零售业"]).code == "F52"
    assert read_industry(["9899"]).problem and read_industry(["软件"]).code == ""
    assert read_industry(["C1819", "", "", "F"]).problem
    assert not read_industry(["", "-"]).problem


def test_every_industry_lies_in_its_section() -> None:
    for code in names():
        assert len(code) == 1 or section_of(code[1:]) == code[0]
        assert read_industry([code]).code == code
