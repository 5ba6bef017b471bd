"""Any file into blocks: its kind is told by its first bytes; refusals say what to do."""

from __future__ import annotations

import os
from pathlib import Path

from .grid import SourceDocument, UnreadableDocument
from .load_text import decode, load_text

LIMIT = 50 * 1024 * 1024


def load_file(path_or_bytes: str | os.PathLike[str] | bytes, filename: str | None = None) -> SourceDocument:
    """The document's blocks; raises `UnreadableDocument`."""
    data = path_or_bytes if isinstance(path_or_bytes, bytes) else Path(path_or_bytes).read_bytes()
    return load_text(decode(data))
