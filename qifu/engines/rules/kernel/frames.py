"""What the machine keeps while it runs: the result of a node and the frame of a half-done group or score.

A result is `kind` (NONE no row, EVERY all rows MET, MIXED bits), the address of the certain rail, the address of a second
rail x (0: the two are equal; else possible = certain | x) and the range of chunks outside of which no row is possible.
"""

from __future__ import annotations

from typing import Any

from qifu.engines.rules.kernel.compiled import inlined

NONE, EVERY, MIXED = 0, 1, 2
# Fields of a result.
STAMP, KIND, CERTAIN, SECOND, FROM, TO = range(6)
# Fields of a frame: its node, the next child, its range, the result so far, its own two slots, whether the result is in them.
NODE, NEXT, LO, HI, SO_FAR, AT, AT2, A_LO, A_HI, OWN, OWN2, IN_OWN, BASE, DOUBLE = range(14)
FRAME_FIELDS, RESULT_FIELDS = 14, 6


@inlined
def result_of(m: Any, node: int) -> int:
    """Address of a node's result."""
    return int(m.result + node * (RESULT_FIELDS * 8))


@inlined
def frame_of(m: Any, top: int) -> int:
    """Address of the frame of this depth."""
    return int(m.frame + top * (FRAME_FIELDS * 8))
