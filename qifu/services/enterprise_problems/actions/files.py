"""Files that come with an act: kept with its event, internal unless the act gives them to the firm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import CaseEvent, CaseFile
from qifu.foundation.action import Refused
from qifu.foundation.files.models import StoredFile
from qifu.foundation.files.storage import store
from qifu.services.enterprise_problems.guards import drafting_steps

WITH_REPLY = "with_reply"
"""The purpose of a file that reaches the firm together with the answer it was drafted for."""
MOST = 10


@dataclass(frozen=True)
class NewFiles:
    """Uploads as (name, content); `unclassified` is what 涉密不上网 asks; `give` lets the firm open them."""

    uploads: Sequence[tuple[str, BinaryIO]]
    unclassified: bool = False
    give: bool = False
    publicity: str = "not_public"


def keep_files(
    event: CaseEvent, files: NewFiles, *, public: bool = False, purpose: str = ""
) -> list[CaseFile]:
    """Keep the uploads with an event, inside its act; Refused in Chinese where one may not be kept."""
    return [
        CaseFile.objects.create(event=event, file=kept, purpose=purpose, public=public)
        for kept in store_files(event.case.place_code, event.organisation_id, files)
    ]


def store_files(place_code: str, organisation_id: int | None, files: NewFiles) -> list[StoredFile]:
    """Keep uploads that belong to a unit, inside an act; Refused in Chinese where one may not be kept."""
    if not files.uploads:
        return []
    if not files.unclassified:
        raise Refused("涉密不上网：请确认文件不涉及国家秘密、工作秘密", unclassified="请确认后再提交")
    if len(files.uploads) > MOST:
        raise Refused(f"一次最多 {MOST} 个文件", files=f"一次最多 {MOST} 个文件")
    kept = []
    for name, content in files.uploads:
        try:
            kept.append(
                store(
                    content, name=name, place_code=place_code, owner_organisation_id=organisation_id,
                    publicity=files.publicity,
                )
            )  # fmt: skip
        except Refused as refusal:
            raise Refused(f"“{name}”：{refusal.message}", files=f"“{name}”：{refusal.message}") from refusal
    return kept


def give_reply_files(closing: CaseEvent) -> None:
    """Give the firm, with the closing, the files that came with the last draft for it."""
    earlier = CaseEvent.objects.filter(case=closing.case, seq__lt=closing.seq).order_by("-seq")
    draft = earlier.filter(files__purpose=WITH_REPLY).first()
    last = earlier.filter(kind__in=drafting_steps(of_case(closing.case))).first()
    if draft is None or last is None or draft.pk != last.pk:
        return
    for one in draft.files.filter(purpose=WITH_REPLY):
        CaseFile.objects.create(event=closing, file=one.file, purpose=WITH_REPLY, public=True)
