"""In which encoding a text file is written, found from all of its bytes in one pass of flat memory. Pure; no Django."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import BinaryIO

PIECE = 1 << 20
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x19\x1b-\x1f\x7f]")
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
MIXED = "mixed"
"""Lines in different encodings, or broken ones: each line is read by itself, as UTF-8, else as GB18030."""


@dataclass(frozen=True)
class TextKind:
    """The encoding (a codec's name, or MIXED), whether NULs occur, and how many control characters do."""

    encoding: str
    has_nul: bool
    controls: int
    size: int

    @property
    def is_text(self) -> bool:
        """False for bytes that only happen to decode: about one control character in a hundred bytes."""
        return self.controls * 100 <= self.size + 400


def find_encoding(file: BinaryIO) -> TextKind:
    """Return how `file` is written: by its mark, by zero bytes (UTF-16), else UTF-8 before GB18030, else MIXED."""
    file.seek(0)
    head = file.read(4096)
    encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "") or _utf_16(head)
    if encoding.startswith("utf-16"):
        size = file.seek(0, 2)
        return TextKind(encoding, False, _wide_controls(head, encoding), min(size, 4096))
    decoders = {name: codecs.getincrementaldecoder(name)("strict") for name in ("utf-8", "gb18030")}
    size = nuls = controls = 0
    file.seek(0)
    while piece := file.read(PIECE):
        size += len(piece)
        nuls += piece.count(0)
        controls += len(_CONTROL.findall(piece))
        _feed(decoders, piece, final=False)
    _feed(decoders, b"", final=True)
    if encoding and "utf-8" not in decoders:
        encoding = ""
    return TextKind(encoding or next(iter(decoders), MIXED), nuls > 0, controls + nuls, size)


def _feed(decoders: dict[str, codecs.IncrementalDecoder], piece: bytes, *, final: bool) -> None:
    """Drop every decoder that cannot read on."""
    for name in list(decoders):
        try:
            decoders[name].decode(piece, final)
        except UnicodeDecodeError:
            del decoders[name]


def _utf_16(head: bytes) -> str:
    """UTF-16 without a mark shows by zero bytes at every other place (of ASCII digits, commas, line ends)."""
    if len(head) < 8:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    for zeros, others, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros * 10 > len(head) and others * 20 < zeros:
            return name
    return ""


def _wide_controls(head: bytes, encoding: str) -> int:
    text = head[: len(head) // 2 * 2].decode(encoding, "replace")
    return sum(1 for c in text if (c < " " and c not in "\t\r\n\x0b\f") or c == "\ufffd") * 2
