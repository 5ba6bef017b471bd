"""Money in fen, as whole numbers: read from and written in the units of Chinese documents (元, 万元, 亿元).

Exact throughout: no floats. Reading refuses what is finer than one fen; writing never rounds, it takes the largest
unit that shows the whole amount in two decimals. Rounding happens only in `multiply` and `format_rounded`, and is
always 四舍五入: half a unit goes away from zero.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Context, Decimal
from fractions import Fraction

FEN_PER_UNIT = {
    "分": 1,
    "角": 10,
    "元": 100,
    "百元": 100_00,
    "千元": 1_000_00,
    "万元": 10_000_00,
    "十万元": 100_000_00,
    "百万元": 1_000_000_00,
    "千万元": 10_000_000_00,
    "亿元": 100_000_000_00,
    "十亿元": 1_000_000_000_00,
    "百亿元": 10_000_000_000_00,
    "千亿元": 100_000_000_000_00,
    "万亿元": 1_000_000_000_000_00,
}
"""How many fen one unit holds."""

WRITTEN_UNITS = ("亿元", "万元", "元")
"""The units amounts are written in, largest first."""

LONGEST = 40
_AMOUNT = re.compile(
    r"(?P<sign>-?)(?P<number>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?)(?P<unit>[十百千万亿元角分]+)"
)
_EXACT = Context(prec=60)


class MoneyError(ValueError):
    """The text is not an amount of money; the message is Chinese and says what to write instead."""


def parse_money(text: str) -> int:
    """Return the fen of `12.34元`, `3,284 元`, `320万元`, `1.56亿元`, with or without 人民币 or ¥ before it.

    Full-width digits and blanks are accepted. Raises MoneyError for a missing or unknown unit, a wrong number, or an
    amount that is not a whole number of fen.
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).replace("−", "-")
    plain = plain.removeprefix("人民币").removeprefix("¥")
    if not plain:
        raise MoneyError("金额为空，请填写数字和单位，如“320万元”")
    if len(plain) > LONGEST:
        raise MoneyError(f"金额过长（{len(plain)} 个字符），请只填写数字和单位，如“320万元”")
    if re.fullmatch(r"-?[0-9.,]+", plain):
        raise MoneyError(f"金额“{text.strip()}”缺少单位，请写明元、万元或亿元，如“320万元”")
    found = _AMOUNT.fullmatch(plain)
    if found is None:
        raise MoneyError(f"金额“{text.strip()}”无法识别，请写成数字加单位，如“3,284元”“320万元”“1.56亿元”")
    unit = found["unit"] if found["unit"][-1] in "元角分" else found["unit"] + "元"
    if unit not in FEN_PER_UNIT:
        raise MoneyError(f"金额“{text.strip()}”的单位“{found['unit']}”无法识别，请用元、万元或亿元")
    fen = _EXACT.multiply(Decimal(found["number"].replace(",", "")), Decimal(FEN_PER_UNIT[unit]))
    if fen != fen.to_integral_value():
        raise MoneyError(f"金额“{text.strip()}”不足一分的部分无法记账，请精确到分")
    return -int(fen) if found["sign"] else int(fen)


def format_money(fen: int) -> str:
    """Return the amount exactly: `3,284 元`, `320 万元`, `1.56 亿元`; `parse_money` reads it back to the same fen.

    The largest of 亿元, 万元, 元 is taken that shows the whole amount in at most two decimals, without idle zeros;
    元 with a part below keeps two decimals (`12.30 元`).
    """
    amount = abs(fen)
    for unit in WRITTEN_UNITS:
        hundredths, rest = divmod(amount * 100, FEN_PER_UNIT[unit])
        if rest == 0 and (hundredths >= 100 or unit == "元"):
            return ("-" if fen < 0 else "") + f"{_decimals(hundredths, keep=unit == '元')} {unit}"
    raise AssertionError("every amount is a whole number of fen")


def format_rounded(fen: int, unit: str, decimals: int = 2) -> str:
    """Return the amount in `unit` with `decimals` places, rounded 四舍五入, for boards that align their columns."""
    scaled = _round_half_up(Fraction(abs(fen) * 10**decimals, FEN_PER_UNIT[unit]))
    whole, part = divmod(scaled, 10**decimals)
    digits = f"{whole:,}" + (f".{part:0{decimals}d}" if decimals else "")
    return ("-" if fen < 0 and scaled else "") + f"{digits} {unit}"


def multiply(fen: int, factor: int | Decimal | Fraction) -> int:
    """Return `fen` times `factor` in whole fen, rounded 四舍五入 (half a fen goes away from zero)."""
    product = Fraction(factor) * fen
    rounded = _round_half_up(abs(product))
    return -rounded if product < 0 else rounded


def _round_half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def _decimals(hundredths: int, *, keep: bool) -> str:
    whole, part = divmod(hundredths, 100)
    if part == 0:
        return f"{whole:,}"
    digits = f"{part:02d}"
    return f"{whole:,}.{digits if keep else digits.rstrip('0')}"
