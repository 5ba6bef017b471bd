"""One column of written values, as CSV and Parquet hold them, to kept values; exact. Pure.

The usual cells of a column go through Arrow at once; every other cell is read by `Fact.read`, each distinct text once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from qifu.engines.rules.leaf_members import industry_code
from qifu.engines.rules.leaf_words import squeeze
from qifu.engines.rules.rule_problems import LineProblem
from qifu.registers.enterprises.fact_book import (
    EPOCH,
    FIRST_DAY,
    LARGEST,
    LAST_DAY,
    Fact,
    Value,
    ValueProblem,
)
from qifu.registers.enterprises.kept_table import column_type

_MOST_DECIMALS = 12
_FLOAT_DIGITS = 10**15
"""Below this size one float has one decimal of so few digits, so that rounding it back proves the decimal exact."""
_FLOAT_ERRORS, _SMALL_ERROR = 4, 0.005
"""A float this many last places from a number of the kept decimals is that number with an error of calculation (8.29 *
10000), where that distance is below this part of a kept unit."""
_WHOLE_FLOATS = {pa.float32(): 2**24, pa.float16(): 2**11}
"""Narrow floats hold whole numbers below these exactly, and no decimals."""
_DIGITS = np.zeros(256, dtype=bool)
_DIGITS[[*b"0123456789.-"]] = True
_NAME = re.compile(r"[\u4e00-\u9fff]{2,40}")
_BARE_POINT = re.compile(r"(-?)(?:\.(\d+)|(\d+)\.)", re.ASCII)
_BOUNDS = ((FIRST_DAY - EPOCH).days, (LAST_DAY - EPOCH).days)


PlaceCode = Callable[[str], str]
"""Returns the six digits of a place by its name; raises LineProblem for an unknown or ambiguous one."""


@dataclass(frozen=True, slots=True)
class OddCell:
    """A cell that is no value of its fact: `index` in the array, and the reason in Chinese."""

    index: int
    reason: str


def is_readable(kind: pa.DataType) -> bool:
    """True for the Arrow types that written values may come in."""
    if pa.types.is_dictionary(kind):
        return is_readable(kind.value_type)
    known: Sequence[Callable[[pa.DataType], bool]] = (
        _is_text, pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean, pa.types.is_date,
        pa.types.is_timestamp, pa.types.is_null,
    )  # fmt: skip
    return any(check(kind) for check in known)


def kept(
    fact: Fact, written: pa.Array, most: int = 100, place_code: PlaceCode | None = None
) -> tuple[pa.Array, list[OddCell]]:
    """Return the kept values of written ones (null: missing) and the cells that are none (null there), at most `most`.

    Text, numbers, booleans, dates and timestamps at midnight are accepted where the fact has such values, and names of
    industries and, with `place_code`, of places. A float counts as the number of the kept decimals within its error, else as the shortest
    decimal that reads back as it; of a narrow float only whole numbers count.
    """
    if pa.types.is_dictionary(written.type):
        written = written.dictionary_decode()
    count, valid = len(written), np.asarray(pc.is_valid(written))
    if fact.type in ("place", "industry"):
        values: NDArray[Any] = np.full(count, None, dtype=object)
        done = np.zeros(count, dtype=bool)
    else:
        values, done = _at_once(fact, written)
    odd: list[OddCell] = []
    rest = np.flatnonzero(valid & ~done)
    if len(rest):
        missing, odd = _by_text(fact, written, rest, values, most, place_code)
        valid[missing] = False
    kind = column_type(fact)
    plain = pa.string() if pa.types.is_dictionary(kind) else kind
    if plain != pa.string():
        values[~valid] = 0
    result = pa.array(values, type=plain, mask=~valid)
    return (result.dictionary_encode() if plain == pa.string() else result), odd


def _at_once(fact: Fact, written: pa.Array) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The values that Arrow reads as `Fact.read` would, and which they are."""
    found = None
    if fact.is_number:
        found = _numbers(written, fact.decimals)
    elif fact.type in ("day", "honour"):
        found = _days(written)
    if found is None:
        return np.zeros(len(written), dtype=np.int64), np.zeros(len(written), dtype=bool)
    values, done = found
    return values, done & (values >= 0) if fact.type == "count" else done


def _numbers(written: pa.Array, decimals: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
    kind, scale = written.type, 10**decimals
    if _is_text(kind):
        return _text_numbers(written, decimals)
    if pa.types.is_integer(kind) and kind != pa.uint64():
        whole = written.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        fits = (whole <= LARGEST // scale) & (whole >= -(LARGEST // scale))
        return np.where(fits, whole, 0) * scale, fits
    if pa.types.is_floating(kind):
        return _float_numbers(written, scale)
    return _decimals(written, decimals) if pa.types.is_decimal(kind) else None


def _text_numbers(written: pa.Array, decimals: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Plain numbers of digits; the cast is tried on all, then on those that look plain."""
    found = _plain_numbers(written, decimals) if _only_digits(written) else None
    if found is not None:
        return found
    plain = pc.match_substring_regex(written, rf"^-?\d{{1,15}}(\.\d{{1,{_MOST_DECIMALS}}})?$")
    chosen = pc.if_else(plain, written, None)
    found = _plain_numbers(chosen, decimals)
    if found is None:  # some carry more decimals than are kept
        plain = pc.match_substring_regex(written, rf"^-?\d{{1,15}}(\.\d{{0,{decimals}}})?$")
        found = _plain_numbers(pc.if_else(plain, written, None), decimals)
    assert found is not None
    return found[0], found[1] & np.asarray(plain.fill_null(False))


def _only_digits(written: pa.Array) -> bool:
    start, end = _text_span(written)
    data = written.buffers()[2]
    if data is None or start == end:
        return True
    return bool(_DIGITS[np.frombuffer(data, dtype=np.uint8)[start:end]].all())


def _text_span(written: pa.Array) -> tuple[int, int]:
    wide = np.int64 if pa.types.is_large_string(written.type) else np.int32
    offsets = written.buffers()[1]
    if offsets is None or len(written) == 0:
        return 0, 0
    places = np.frombuffer(offsets, dtype=wide)
    return int(places[written.offset]), int(places[written.offset + len(written)])


def _plain_numbers(written: pa.Array, decimals: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
    for middle in (decimals, _MOST_DECIMALS):
        try:
            exact = pc.cast(written, pa.decimal128(38, middle))
            return _limbs(pc.cast(exact, pa.decimal128(38, decimals)))
        except pa.ArrowInvalid:
            continue
    return None


def _decimals(written: pa.Array, decimals: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
    try:
        return _limbs(pc.cast(written, pa.decimal128(38, decimals)))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _limbs(exact: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The unscaled 128-bit numbers of decimals as int64, and which of them are small enough to be kept."""
    pairs = np.frombuffer(exact.buffers()[1], dtype=np.int64)
    first = 2 * exact.offset
    low, high = pairs[first : first + 2 * len(exact) : 2], pairs[first + 1 : first + 2 * len(exact) : 2]
    fits = (high == low >> 63) & (low <= LARGEST) & (low >= -LARGEST) & np.asarray(exact.is_valid())
    return np.where(fits, low, 0), fits


def _float_numbers(written: pa.Array, scale: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Floats that are a number of few enough digits and decimals, or that by no more than errors of calculation."""
    plain = written.fill_null(0).to_numpy(zero_copy_only=False).astype(np.float64)
    with np.errstate(all="ignore"):
        units = np.rint(plain * scale)
        fits = np.abs(units) < _FLOAT_DIGITS
        if written.type in _WHOLE_FLOATS:
            fits &= (np.rint(plain) == plain) & (np.abs(plain) < _WHOLE_FLOATS[written.type])
        else:
            error = _FLOAT_ERRORS * np.spacing(np.abs(plain))
            away = np.abs(units / scale - plain)
            fits &= (away == 0) | ((away <= error) & (error * scale < _SMALL_ERROR))
    return np.where(fits, units, 0).astype(np.int64), fits


def _days(written: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
    """ISO days and dates that are plausible; None when some are neither."""
    if not (_is_text(written.type) or pa.types.is_date32(written.type)):
        return None
    try:
        found = np.asarray(pc.cast(pc.cast(written, pa.date32()), pa.int32()).fill_null(0)).astype(np.int64)
    except pa.ArrowInvalid:
        return None
    return found, (found >= _BOUNDS[0]) & (found <= _BOUNDS[1])


def _by_text(
    fact: Fact,
    written: pa.Array,
    rest: NDArray[np.intp],
    values: NDArray[Any],
    most: int,
    place_code: PlaceCode | None,
) -> tuple[NDArray[np.intp], list[OddCell]]:
    """Read the cells at `rest` into `values`, each distinct one once; return which are missing, and the odd ones."""
    coded = written.take(pa.array(rest)).dictionary_encode()
    read: list[Value] = []
    reasons: dict[int, str] = {}
    for number, value in enumerate(_cells(coded.dictionary)):
        try:
            if fact.is_number and written.type in _WHOLE_FLOATS:
                raise ValueProblem(f"“{fact.label}”是单精度浮点数，单精度浮点会丢失精度，请改用双精度或文本")
            read.append(_read(fact, value, place_code))
        except ValueProblem as problem:
            read.append(None)
            reasons[number] = str(problem)
    codes = np.asarray(coded.indices)
    found: NDArray[Any] = np.array(read, dtype=object)[codes]
    missing = np.array([value is None for value in read], dtype=bool)[codes]
    values[rest[~missing]] = found[~missing]
    wrong = np.flatnonzero(np.isin(codes, list(reasons)))[:most] if reasons else ()
    return rest[missing], [OddCell(int(rest[place]), reasons[int(codes[place])]) for place in wrong]


def _cells(distinct: pa.Array) -> list[object]:
    """The values as Python has them, floats as their shortest decimals."""
    if pa.types.is_floating(distinct.type):
        return [Decimal(str(value)) for value in distinct.to_numpy(zero_copy_only=False)]
    return list(distinct.to_pylist())


def _read(fact: Fact, value: object, place_code: PlaceCode | None) -> Value:
    """The kept value of one cell of any type; raises ValueProblem."""
    whole = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if fact.type == "industry" and whole:
        raise ValueProblem(
            f"“{fact.label}”以数字存放会丢失前面的 0，请改为文本，如 C3911（现为“{_text(value)}”）"
        )
    text = _text(value)
    named = squeeze(text)
    try:
        return fact.read(text)
    except ValueProblem:
        if fact.type == "industry" and (code := industry_code(named)):
            return code
        if fact.type == "place" and place_code is not None and _NAME.fullmatch(named):
            try:
                return place_code(named)
            except LineProblem as problem:
                raise ValueProblem(f"“{fact.label}”：{problem.message}，{problem.remedy}") from None
        raise


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Decimal) and value.is_finite():
        plain = f"{value:f}"
        return (plain.rstrip("0").rstrip(".") or "0") if "." in plain else plain
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S") + (
            f".{value.microsecond:06d}" if value.microsecond else ""
        )
    if isinstance(value, date):
        return value.isoformat()
    bare = _BARE_POINT.fullmatch(str(value).strip())  # .5 and 5. as some programs write them
    return f"{bare[1]}{bare[3] or 0}.{bare[2] or 0}" if bare else str(value)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
