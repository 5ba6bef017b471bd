"""Compilation with a cache that knows all files of this room: a function is compiled again when any of them has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])
_HERE = Path(__file__).parent
_STAMP = hashlib.sha256(b"".join(p.read_bytes() for p in sorted(_HERE.glob("*.py")))).hexdigest()


def compiled(function: F) -> F:
    """Compile for this processor at first use, without the GIL; kept on disk beside the source (or NUMBA_CACHE_DIR).

    numba's own cache looks at the function's file only, and would keep code inlined from the room's other files.
    """
    dispatcher: Any = njit(cache=True, nogil=True)(function)
    dispatcher._cache._cache_file._source_stamp = _STAMP
    return dispatcher  # type: ignore[no-any-return]


def inlined(function: F) -> F:
    """Compile as part of the compiled functions that call it."""
    dispatcher: Any = njit(nogil=True)(function)
    return dispatcher  # type: ignore[no-any-return]
