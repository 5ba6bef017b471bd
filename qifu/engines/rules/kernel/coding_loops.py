"""The loops that turn values into codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from qifu.engines.rules.kernel.compiled import compiled
from qifu.engines.rules.kernel.vectors import product_order

TILE = 1024


@compiled
def code_numbers(values: Any, known: Any, cuts: Any, out: Any) -> None:
    """out[r] = 1 + number of cuts <= values[r], or 0 where not known."""
    if cuts.shape[0] <= 16:
        for start in range(0, values.shape[0], TILE):
            end = min(start + TILE, values.shape[0])
            for row in range(start, end):
                out[row] = 1
            for cut in cuts:
                for row in range(start, end):
                    out[row] += values[row] >= cut
            for row in range(start, end):
                out[row] *= known[row]
        return
    for row in range(values.shape[0]):
        low, size = 0, cuts.shape[0]
        while size > 1:  # the first `low` cuts are passed
            half = size >> 1
            low += half if values[row] >= cuts[low + half - 1] else 0
            size -= half
        code = 1 + low + (1 if values[row] >= cuts[low] else 0)
        out[row] = code if known[row] else 0


@compiled
def code_ratios(of: Any, over: Any, known: Any, numbers: Any, parts: Any, strict: Any, out: Any) -> None:
    """out[r] = 1 + number of cuts that of[r] / over[r] has passed, or 0 where not known or over[r] <= 0."""
    for row in range(of.shape[0]):
        if not known[row] or over[row] <= 0:
            out[row] = 0
            continue
        low, high = 0, numbers.shape[0]
        while low < high:
            middle = (low + high) >> 1
            if product_order(of[row], parts[middle], numbers[middle], over[row]) >= strict[middle]:
                low = middle + 1
            else:
                high = middle
        out[row] = 1 + low


@compiled
def count_missing(codes: Any, starts: Any) -> Any:
    """Per block: 0 no row is missing, 1 some, 2 all."""
    found = np.zeros(starts.shape[0] - 1, np.uint8)
    for block in range(starts.shape[0] - 1):
        missing = 0
        for row in range(starts[block], starts[block + 1]):
            missing += codes[row] == 0
        found[block] = 0 if missing == 0 else 2 if missing == starts[block + 1] - starts[block] else 1
    return found
