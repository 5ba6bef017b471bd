"""Registered capital as an exact amount: every form that registration files use, or a report; pure.

Amounts are whole numbers of the currency's smallest unit (分 for 元; yen have none), currencies by ISO 4217.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import Context, Decimal

from qifu.registers.enterprises.kinds import is_blank

CURRENCIES = {
    "CNY": ("人民币", 2), "USD": ("美元", 2), "HKD": ("港元", 2), "JPY": ("日元", 0), "EUR": ("欧元", 2), "GBP": ("英镑", 2),
    "TWD": ("新台币", 2), "MOP": ("澳门元", 2), "SGD": ("新加坡元", 2), "AUD": ("澳大利亚元", 2), "CAD": ("加拿大元", 2),
    "CHF": ("瑞士法郎", 2), "KRW": ("韩元", 0), "NZD": ("新西兰元", 2), "THB": ("泰铢", 2), "RUB": ("卢布", 2),
    "MYR": ("马来西亚林吉特", 2), "SEK": ("瑞典克朗", 2), "DKK": ("丹麦克朗", 2), "NOK": ("挪威克朗", 2), "INR": ("印度卢比", 2),
    "DEM": ("德国马克", 2), "FRF": ("法国法郎", 2),
}  # fmt: skip
"""ISO code: name, digits of the smallest unit."""

_WORDS = {
    "CNY": ("人民币元", "人民币", "RMB", "CNY", "元人民币", "￥", "¥"),
    "USD": ("美元", "美金", "USD", "US$", "$"),
    "HKD": ("港元", "港币", "香港元", "HKD", "HK$"), "JPY": ("日元", "日圆", "JPY"), "EUR": ("欧元", "EUR", "€"),
    "GBP": ("英镑", "GBP", "£"), "TWD": ("新台币", "台币", "TWD", "NT$"), "MOP": ("澳门元", "澳门币", "MOP"),
    "SGD": ("新加坡元", "新加坡币", "新元", "SGD"), "AUD": ("澳大利亚元", "澳元", "AUD"), "CAD": ("加拿大元", "加元", "CAD"),
    "CHF": ("瑞士法郎", "CHF"), "KRW": ("韩元", "韩圆", "韩币", "KRW"), "NZD": ("新西兰元", "NZD"), "THB": ("泰铢", "泰国铢", "THB"),
    "RUB": ("俄罗斯卢布", "卢布", "RUB"), "MYR": ("马来西亚林吉特", "林吉特", "马来西亚元", "MYR"),
    "SEK": ("瑞典克朗", "SEK"), "DKK": ("丹麦克朗", "DKK"), "NOK": ("挪威克朗", "NOK"), "INR": ("印度卢比", "卢比", "INR"),
    "DEM": ("德国马克", "马克", "DEM"), "FRF": ("法国法郎", "法郎", "FRF"),
}  # fmt: skip
_CURRENCY_OF = {word: code for code, words in _WORDS.items() for word in words}
_CURRENCY = re.compile("|".join(re.escape(word) for word in sorted(_CURRENCY_OF, key=len, reverse=True)))
_BY_NUMBER = {
    "156": "CNY", "840": "USD", "344": "HKD", "392": "JPY", "978": "EUR", "826": "GBP", "901": "TWD", "446": "MOP",
    "702": "SGD", "036": "AUD", "124": "CAD", "756": "CHF", "410": "KRW", "554": "NZD", "764": "THB", "643": "RUB",
    "458": "MYR", "752": "SEK", "208": "DKK", "578": "NOK", "356": "INR",
}  # fmt: skip
"""The numbers of ISO 4217 (GB/T 12406), which some registers write instead of names."""
_SCALES = {
    "": 0, "十": 1, "百": 2, "千": 3, "万": 4, "十万": 5, "百万": 6, "千万": 7, "亿": 8, "十亿": 9, "百亿": 10, "千亿": 11, "万亿": 12,
}  # fmt: skip
_NUMBER = re.compile(
    r"(?P<number>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)(?:E\+?(?P<power>[0-9]{1,2}))?"
    r"(?P<scale>[十百千万亿]{0,2})(?P<yuan>[元圆块]?)"
)
_LABEL = re.compile(
    r"^(?:注册资[本金]|认缴|实缴|出资额|资金数额|开办资金|成员出资总额|总额|共计|合计|大?约)*[:]?"
)
_DIGITS = {c: i for i, chars in enumerate(("零〇○", "一壹弌", "二贰貳弍两", "三叁參叄", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖")) for c in chars}  # fmt: skip
_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_EXACT = Context(prec=60)
LONGEST = 60
LARGEST = 9 * 10**18
SMALL_YUAN = 1000 * 100


@dataclass(frozen=True)
class Capital:
    """An amount in the smallest unit of `currency`; None when not stated (no `problem`) or not readable (`problem`).

    `assumed` says what was taken for granted (人民币 where no currency is named); `warning` what to look at.
    """

    amount: int | None = None
    currency: str = ""
    problem: str = ""
    assumed: str = ""
    warning: str = ""


def read_capital(text: str, currency_text: str = "") -> Capital:
    """Return the amount in `text`; `currency_text` is a column of its own that names the currency, where there is one."""
    if is_blank(text):
        return Capital()
    shown = text.strip()[:LONGEST]
    if len(text) > 4 * LONGEST:
        return Capital(problem=f"注册资本“{shown}…”过长，无法识别")
    plain = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    plain = re.sub(r"[()\[\]【】{}“”\"']", "", plain)
    about = plain.startswith(("约", "大约"))
    plain = re.sub(r"(?:认缴|实缴)$", "", _LABEL.sub("", plain))
    if is_blank(plain) or any(word in plain for word in ("不公示", "未公示", "无需", "未填报", "暂不")):
        return Capital()
    named = {_CURRENCY_OF[word] for word in _CURRENCY.findall(plain)}
    bare = _CURRENCY.sub("", plain).lstrip(":")
    bare = re.sub(r"[整正]$", "", bare)
    column = _currency_of_column(currency_text)
    scale = "".join(c for c in currency_text if c in "十百千万亿")
    if scale and re.fullmatch(r"[0-9.,]+", bare):  # the column of currencies says 万元 or 万美元
        bare += scale
    if column == "?":
        return Capital(problem=f"币种“{currency_text.strip()[:20]}”无法识别，金额按原文保留")
    currencies = named | ({column} if column else set())
    if len(currencies) > 1:
        return Capital(problem=f"注册资本“{shown}”写有两种币种，金额按原文保留")
    currency = next(iter(currencies), "CNY")
    read = _amount(bare, shown, has_currency=bool(named))
    if isinstance(read, str):
        return Capital(problem=read)
    found = _exact(read, currency, shown, assumed="" if currencies else "未写币种，按人民币")
    if about and found.amount is not None:
        return replace(found, warning=f"注册资本“{shown}”写的是约数，请核对")
    return found


def _currency_of_column(text: str) -> str:
    if is_blank(text):
        return ""
    plain = "".join(unicodedata.normalize("NFKC", text).split()).upper().removesuffix("币种")
    plain = re.sub(r"[十百千万亿()]", "", plain)
    if plain in CURRENCIES:
        return plain
    found = _CURRENCY_OF.get(plain) or _CURRENCY_OF.get(plain.removesuffix("元"))
    if found is None and plain in ("元", "圆"):
        return "CNY"
    return found or _BY_NUMBER.get(plain, "?")


def _amount(bare: str, shown: str, *, has_currency: bool) -> Decimal | str:
    """The amount in whole units of the currency, or what is wrong with it."""
    found = _NUMBER.fullmatch(bare)
    if found is None:
        spelled = _spelled(bare)
        if spelled is not None:
            return spelled
        if re.fullmatch(r"-.*[0-9].*", bare):
            return f"注册资本“{shown}”是负数，金额按原文保留"
        return f"注册资本“{shown}”无法识别，金额按原文保留"
    number, scale = Decimal(found["number"].replace(",", "").rstrip(".")), found["scale"]
    if scale not in _SCALES:
        return f"注册资本“{shown}”的单位“{scale}”无法识别，金额按原文保留"
    if number and not scale and not found["yuan"] and not has_currency:
        return f"注册资本“{shown}”只有数字，没有单位，金额按原文保留"
    return number.scaleb(_SCALES[scale] + int(found["power"] or 0), _EXACT)


def _exact(units: Decimal, currency: str, shown: str, assumed: str) -> Capital:
    least = units.scaleb(CURRENCIES[currency][1], _EXACT)
    if least != least.to_integral_value():
        return Capital(problem=f"注册资本“{shown}”细于最小货币单位，金额按原文保留")
    if least >= LARGEST:
        return Capital(problem=f"注册资本“{shown}”大得不合情理，金额按原文保留")
    amount = int(least)
    few = currency == "CNY" and 0 < amount < SMALL_YUAN
    return Capital(
        amount, currency, assumed=assumed, warning=f"注册资本“{shown}”不足一千元，请核对单位" if few else ""
    )


def _spelled(text: str) -> Decimal | None:
    """The value of a number spelled out: 壹佰万元, 一百二十万, 三亿五千万元; None for anything else."""
    bare = re.sub(r"[元圆块]$", "", text)
    if not bare or not all(c in _DIGITS or c in _TENS or c in _MYRIADS for c in bare):
        return None
    if bare == text and len(bare) == 1 and bare in _DIGITS and _DIGITS[bare]:
        return None  # a digit alone has no unit
    total = section = 0
    digit: int | None = None
    for character in bare:
        if character in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[character]
        elif character in _TENS:
            section += (1 if digit is None else digit) * _TENS[character]
            digit = None
        else:
            part = section + (digit or 0)
            if not part and not total:
                return None
            if _MYRIADS[character] == 10**8:
                total, part = (total + part) * 10**8, 0
            total += part * _MYRIADS[character] if part else 0
            section, digit = 0, None
    return Decimal(total + section + (digit or 0))


def format_amount(amount: int, currency: str) -> str:
    """Return the amount in 元, 万元 or 亿元 with its currency, exactly: 20 万元, 10.5 万美元; read back to the same."""
    name, digits = CURRENCIES[currency]
    units = Decimal(amount).scaleb(-digits, _EXACT)
    unit = "元" if currency == "CNY" else name
    for scale, power in (("亿", 8), ("万", 4), ("", 0)):
        scaled = units.scaleb(-power, _EXACT)
        if not power or (scaled >= 1 and scaled == scaled.quantize(Decimal("0.0001"), context=_EXACT)):
            text = f"{scaled:,f}"
            text = text.rstrip("0").rstrip(".") if "." in text else text
            return f"{text} {scale}{unit}"
    raise AssertionError("an amount can always be written in whole units")
