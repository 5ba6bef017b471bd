"""Money is exact: what is written reads back, and nothing is rounded in silence."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation.money import MoneyError, format_money, format_rounded, multiply, parse_money

FEN = st.integers(-(10**18), 10**18)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("12.34元", 1234),
        ("320万元", 320_000_000),
        ("1.56亿元", 15_600_000_000),
        ("3,284 元", 328_400),
        ("人民币１２．３４元", 1234),
        ("¥0.01元", 1),
        ("5角", 50),
        ("9万亿", 9 * 10**14),
        ("1.23456789亿元", 12_345_678_900),
        ("-3 元", -300),
    ],
)
def test_amounts_of_documents_are_read_exactly(text: str, fen: int) -> None:
    assert parse_money(text) == fen


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "为空"),
        ("12", "缺少单位"),
        ("1,23元", "无法识别"),
        ("0.001元", "不足一分"),
        ("三百万元", "无法识别"),
        ("1e5元", "无法识别"),
        ("12百百元", "单位"),
        ("9" * 50 + "元", "过长"),
        ("1.2.3元", "无法识别"),
        ("١٢元", "无法识别"),
    ],
)
def test_other_texts_are_refused_with_a_remedy(text: str, part: str) -> None:
    with pytest.raises(MoneyError, match=part):
        parse_money(text)


@given(FEN)
def test_written_amounts_read_back(fen: int) -> None:
    assert parse_money(format_money(fen)) == fen


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (328_400, "3,284 元"),
        (320_000_000, "320 万元"),
        (15_600_000_000, "1.56 亿元"),
        (1230, "12.30 元"),
        (0, "0 元"),
        (-5, "-0.05 元"),
        (1_234_500_000, "1,234.5 万元"),
        (1_234_567_890_100, "12,345,678,901 元"),
    ],
)
def test_amounts_are_written_with_the_precision_they_have(fen: int, text: str) -> None:
    assert format_money(fen) == text


def test_rounding_is_half_away_from_zero() -> None:
    assert [multiply(fen, Decimal("0.5")) for fen in (1, 3, -1, -3)] == [1, 2, -1, -2]
    assert format_rounded(12_345_678, "万元", 2) == "12.35 万元"
    assert format_rounded(-4, "元", 1) == "0.0 元"
    assert format_rounded(150, "元", 0) == "2 元"


@given(FEN, st.fractions(-10, 10))
def test_a_product_is_off_by_at_most_half_a_fen(fen: int, factor: Fraction) -> None:
    assert abs(multiply(fen, factor) - fen * factor) <= Fraction(1, 2)
