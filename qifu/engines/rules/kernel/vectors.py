"""Operations on rows of verdict bits, written as LLVM vectors so that they run at the machine's full width.

A *chunk* is 512 rows: eight words of 64 bits, row r in bit r % 64 of word r // 64. All operations take byte addresses of
bit rows (64 bytes a chunk) and a half-open range of chunks; outputs may be inputs. Nothing is checked here: the machine
hands in only addresses of its own workspace and of padded columns. The vectors are portable LLVM; a machine without
512-bit registers runs the same in halves or quarters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils as _cgutils
from numba.extending import intrinsic as _intrinsic

CHUNK_ROWS = 512
CHUNK_BYTES = CHUNK_ROWS // 8
cgutils: Any = _cgutils  # both without types
intrinsic: Any = _intrinsic
_I64 = ir.IntType(64)
_BITS = ir.VectorType(_I64, 8)
_Body = Callable[..., Sequence[Any]]


def _pointer(builder: Any, address: Any, offset: Any, kind: Any) -> Any:
    return builder.inttoptr(builder.add(address, offset), kind.as_pointer())


def _elementwise(body: _Body) -> Any:
    """An operation f(out0, out1, a, b, c, x, lo, hi): `body` maps the vectors it asks of (a, b, c, x) to one or two results.

    Returns non-zero when any bit of the last result is set. `body.__code__` names its inputs after the builder.
    """
    names = body.__code__.co_varnames[1 : body.__code__.co_argcount]
    places = ["abcx".index(name) for name in names]

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        outs, ins, (lo, hi) = args[:2], args[2:6], args[6:]
        seen = cgutils.alloca_once_value(builder, ir.Constant(_BITS, None))
        with cgutils.for_range_slice(builder, lo, hi, ir.Constant(_I64, 1), _I64) as (chunk, _):
            offset = builder.mul(chunk, ir.Constant(_I64, CHUNK_BYTES))
            read = [builder.load(_pointer(builder, ins[i], offset, _BITS), align=8) for i in places]
            results = body(builder, *read)
            for out, result in zip(outs, results, strict=False):
                builder.store(result, _pointer(builder, out, offset, _BITS), align=8)
            builder.store(builder.or_(builder.load(seen), results[-1]), seen)
        reduce = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_I64, [_BITS]), "llvm.vector.reduce.or.v8i64"
        )
        return builder.call(reduce, [builder.load(seen)])

    @intrinsic  # type: ignore[untyped-decorator]
    def operation(typing: Any, out0: Any, out1: Any, a: Any, b: Any, c: Any, x: Any, lo: Any, hi: Any) -> Any:
        return types.int64(*[types.int64] * 8), generate

    return operation


# A pair (c, x) is one side's certain rail c and possible rail c | x; x may be the possible rail itself or only the unknown rows.
copy = _elementwise(lambda builder, a: [a])
both = _elementwise(lambda builder, a, c: [builder.and_(a, c)])
either = _elementwise(lambda builder, a, c: [builder.or_(a, c)])
differ = _elementwise(lambda builder, a, c: [builder.xor(a, c)])
possible = _elementwise(lambda builder, c, x: [builder.or_(c, x)])
pair_both = _elementwise(
    lambda builder, a, b, c, x: [
        builder.and_(a, c),
        builder.and_(builder.or_(a, b), builder.or_(c, x)),
    ]
)
pair_either = _elementwise(
    lambda builder, a, b, c, x: [builder.or_(a, c), builder.or_(builder.or_(a, b), builder.or_(c, x))]
)
pair_negated = _elementwise(lambda builder, a, b: [builder.not_(builder.or_(a, b)), builder.not_(a)])
half_adder = _elementwise(lambda builder, a, c: [builder.xor(a, c), builder.and_(a, c)])
full_adder = _elementwise(
    lambda builder, a, b, c: [
        builder.xor(builder.xor(a, b), c),
        builder.or_(builder.and_(a, b), builder.and_(c, builder.xor(a, b))),
    ]
)
# Rows without and with exactly one unmet leaf so far (a, b), and one more leaf (c, x).
one_more_leaf = _elementwise(
    lambda builder, a, b, c, x: [
        builder.and_(a, builder.or_(c, x)),
        builder.or_(builder.and_(b, builder.or_(c, x)), builder.and_(a, builder.not_(builder.or_(c, x)))),
    ]
)
unmet_too = _elementwise(lambda builder, a, c, x: [builder.and_(a, builder.not_(builder.or_(c, x)))])


@intrinsic  # type: ignore[untyped-decorator]
def count(typing: Any, c: Any, x: Any, lo: Any, hi: Any) -> Any:
    """Number of set bits of c | x in the chunks."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        c, x, lo, hi = args
        total = cgutils.alloca_once_value(builder, ir.Constant(_BITS, None))
        ones = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_BITS, [_BITS]), "llvm.ctpop.v8i64"
        )
        with cgutils.for_range_slice(builder, lo, hi, ir.Constant(_I64, 1), _I64) as (chunk, _):
            offset = builder.mul(chunk, ir.Constant(_I64, CHUNK_BYTES))
            read = [builder.load(_pointer(builder, at, offset, _BITS), align=8) for at in (c, x)]
            set_bits = builder.call(ones, [builder.or_(*read)])
            builder.store(builder.add(builder.load(total), set_bits), total)
        add = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_I64, [_BITS]), "llvm.vector.reduce.add.v8i64"
        )
        return builder.call(add, [builder.load(total)])

    return types.int64(*[types.int64] * 4), generate


def _compare(width: int, add: bool) -> Any:
    """f(out, codes, least, span, words): bit r of `out` = (codes[r] - least) <= span, unsigned; with `add` or-ed into it."""
    lane = ir.IntType(8 * width)
    lanes = ir.VectorType(lane, 64)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        out, codes, least, span, words = args
        spread = []
        for number in (least, span):
            first = builder.insert_element(
                ir.Constant(lanes, ir.Undefined), builder.trunc(number, lane), ir.Constant(ir.IntType(32), 0)
            )
            zeros = ir.Constant(ir.VectorType(ir.IntType(32), 64), None)
            spread.append(builder.shuffle_vector(first, ir.Constant(lanes, ir.Undefined), zeros))
        with cgutils.for_range(builder, words) as loop:
            row = builder.mul(loop.index, ir.Constant(_I64, 64 * width))
            read = builder.load(_pointer(builder, codes, row, lanes), align=width)
            inside = builder.icmp_unsigned("<=", builder.sub(read, spread[0]), spread[1])
            place = _pointer(builder, out, builder.mul(loop.index, ir.Constant(_I64, 8)), _I64)
            bits = builder.bitcast(inside, _I64)
            builder.store(builder.or_(bits, builder.load(place)) if add else bits, place)
        return context.get_dummy_value()

    @intrinsic  # type: ignore[untyped-decorator]
    def operation(typing: Any, out: Any, codes: Any, least: Any, span: Any, words: Any) -> Any:
        return types.none(*[types.int64] * 5), generate

    return operation


bytes_inside, bytes_inside_too = _compare(1, False), _compare(1, True)
shorts_inside, shorts_inside_too = _compare(2, False), _compare(2, True)
words_inside, words_inside_too = _compare(4, False), _compare(4, True)


def _load(width: int) -> Any:
    lane = ir.IntType(8 * width)

    @intrinsic  # type: ignore[untyped-decorator]
    def operation(typing: Any, table: Any, place: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            offset = builder.mul(args[1], ir.Constant(_I64, width))
            found = builder.load(_pointer(builder, args[0], offset, lane), align=width)
            return found if width == 8 else builder.zext(found, _I64)

        return types.int64(types.int64, types.int64), generate

    return operation


# Tables are plain addresses too: numba counts references of arrays at every call, which costs more than the work itself.
get, get_byte = _load(8), _load(1)


@intrinsic  # type: ignore[untyped-decorator]
def put(typing: Any, table: Any, place: Any, value: Any) -> Any:
    """Write an int64 into a table."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        offset = builder.mul(args[1], ir.Constant(_I64, 8))
        builder.store(args[2], _pointer(builder, args[0], offset, _I64), align=8)
        return context.get_dummy_value()

    return types.none(types.int64, types.int64, types.int64), generate


@intrinsic  # type: ignore[untyped-decorator]
def write_rows(typing: Any, out: Any, word: Any, first: Any) -> Any:
    """Write first + r (uint16) for each set bit r of `word` from byte address `out` on; returns the next free address.

    Up to 64 bytes after the written ones may be overwritten.
    """
    half, lanes = ir.IntType(32), ir.VectorType(ir.IntType(16), 32)
    mask = ir.VectorType(ir.IntType(1), 32)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        out, word, first = args
        compress = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(lanes, [lanes, mask, lanes]),
            "llvm.experimental.vector.compress.v32i16",
        )
        ones = cgutils.get_or_insert_function(builder.module, ir.FunctionType(half, [half]), "llvm.ctpop.i32")
        for side in (0, 32):
            bits = builder.trunc(builder.lshr(word, ir.Constant(_I64, side)), half)
            base = builder.insert_element(
                ir.Constant(lanes, ir.Undefined),
                builder.trunc(builder.add(first, ir.Constant(_I64, side)), ir.IntType(16)),
                ir.Constant(ir.IntType(32), 0),
            )
            zeros = ir.Constant(ir.VectorType(ir.IntType(32), 32), None)
            spread = builder.shuffle_vector(base, ir.Constant(lanes, ir.Undefined), zeros)
            numbers = builder.add(spread, ir.Constant(lanes, list(range(32))))
            rows = builder.call(
                compress, [numbers, builder.bitcast(bits, mask), ir.Constant(lanes, ir.Undefined)]
            )
            builder.store(rows, builder.inttoptr(out, lanes.as_pointer()), align=2)
            size = builder.zext(builder.shl(builder.call(ones, [bits]), ir.Constant(half, 1)), _I64)
            out = builder.add(out, size)
        return out

    return types.int64(types.int64, types.int64, types.int64), generate


def _wide(build: Callable[[Any, Sequence[Any]], Any]) -> Callable[..., Any]:
    wide = ir.IntType(128)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return build(builder, [builder.sext(arg, wide) for arg in args])

    return generate


@intrinsic  # type: ignore[untyped-decorator]
def product_order(typing: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Sign (-1, 0, 1) of a × b − c × d, exact for all int64 (128-bit products)."""

    def build(builder: Any, wide: Sequence[Any]) -> Any:
        left, right = builder.mul(wide[0], wide[1]), builder.mul(wide[2], wide[3])
        more = builder.zext(builder.icmp_signed(">", left, right), _I64)
        less = builder.zext(builder.icmp_signed("<", left, right), _I64)
        return builder.sub(more, less)

    return types.int64(*[types.int64] * 4), _wide(build)


@intrinsic  # type: ignore[untyped-decorator]
def high_product(typing: Any, a: Any, b: Any) -> Any:
    """⌊a × b / 2**64⌋: the upper half of the 128-bit product."""

    def build(builder: Any, wide: Sequence[Any]) -> Any:
        half = ir.Constant(ir.IntType(128), 64)
        return builder.trunc(builder.ashr(builder.mul(*wide), half), _I64)

    return types.int64(types.int64, types.int64), _wide(build)
