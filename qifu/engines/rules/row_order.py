"""The order of a table of kept values: by place, industry, uscc, missing ones last. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

USCC = "uscc"


def in_order(table: pa.Table) -> tuple[pa.Table, NDArray[np.int64]]:
    """Return the table sorted by (place, industry, uscc), missing ones last, and the former index of each of its rows.

    A table that is in order already is returned as it is.
    """
    keys: list[NDArray[Any]] = []
    for name in ("place", "industry"):
        if name in table.column_names:
            keys.append(_ranks(table[name]))
    uscc = table[USCC].combine_chunks() if table.num_rows else pa.array([], pa.string())
    if _is_ordered(keys, uscc):
        return table, np.arange(table.num_rows, dtype=np.int64)
    names = [f"k{number}" for number in range(len(keys))]
    sortable = pa.table([*keys, uscc], names=[*names, USCC])
    order = pc.sort_indices(sortable, sort_keys=[(name, "ascending") for name in [*names, USCC]])
    return table.take(order).combine_chunks(), np.asarray(order).astype(np.int64)


def _ranks(column: pa.ChunkedArray) -> NDArray[np.int32]:
    """The place of each value among the sorted values; missing ones last."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    coded = column.unify_dictionaries().combine_chunks()
    if isinstance(coded, pa.ChunkedArray):  # no chunk at all
        return np.zeros(0, dtype=np.int32)
    words = coded.dictionary.to_pylist()
    rank = np.empty(len(words) + 1, dtype=np.int32)
    rank[sorted(range(len(words)), key=words.__getitem__)] = np.arange(len(words))
    rank[-1] = len(words)
    codes = coded.indices.fill_null(len(words))
    ranked: NDArray[np.int32] = rank[np.asarray(codes)]
    return ranked


def _is_ordered(keys: Sequence[NDArray[Any]], uscc: pa.Array) -> bool:
    if len(uscc) < 2:
        return True
    same = np.ones(len(uscc) - 1, dtype=bool)
    for key in keys:
        if bool((same & (key[1:] < key[:-1])).any()):
            return False
        same &= key[1:] == key[:-1]
    rising = np.asarray(pc.less_equal(uscc[:-1], uscc[1:]).fill_null(True))
    return bool((rising | ~same).all())
