"""What comes with a request: photos, PDF and Word files, kept with the event that they came with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from qifu.engines.casework.models import CaseEvent, CaseFile
from qifu.foundation.action import Refused
from qifu.foundation.files.storage import store

MOST_FILES = 5
LARGEST_FILE = 20 << 20
KINDS = frozenset({"png", "jpg", "pdf", "docx", "doc", "wps", "ofd"})
ACCEPT = ".jpg,.jpeg,.png,.pdf,.docx,.doc,.wps,.ofd"
HELP = f"照片、PDF、Word 文件，最多 {MOST_FILES} 个，每个不超过 {LARGEST_FILE >> 20} MB"


@dataclass(frozen=True)
class Upload:
    """A file as it was sent: its name and its content, open for reading."""

    name: str
    content: BinaryIO


def attach(
    event: CaseEvent, files: Sequence[Upload], *, purpose: str = "", public: bool = True
) -> list[CaseFile]:
    """Keep files with an event, inside its act; `public`: the firm may open them. Refused names the file and the reason."""
    if len(files) > MOST_FILES:
        raise Refused(
            f"最多 {MOST_FILES} 个附件，现选了 {len(files)} 个",
            files=f"最多 {MOST_FILES} 个，请去掉几个再提交",
        )
    kept = []
    for one in files:
        try:
            stored = store(
                one.content, name=one.name, place_code=event.case.place_code, allowed=KINDS, refuse_encrypted=True,
                limit=LARGEST_FILE,
            )  # fmt: skip
        except Refused as refused:
            said = f"“{one.name[:60]}”：{refused.message}"
            raise Refused(said, files=said) from refused
        kept.append(CaseFile(event=event, file=stored, purpose=purpose, public=public))
    return CaseFile.objects.bulk_create(kept) if kept else []
