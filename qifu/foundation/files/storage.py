"""Keeping and opening files: content goes to Django's default storage under its SHA-256, once."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import BinaryIO, cast

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction

from qifu.foundation.access import ANYWHERE, SIGNED_IN, Actor, Permission, declare_permissions
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.files import checks
from qifu.foundation.files.models import StoredFile

declare_permissions(Permission("files.open_file", "打开附件", {SIGNED_IN: (ANYWHERE,)}))


def store(
    upload: BinaryIO,
    *,
    name: str,
    place_code: str = "",
    owner_organisation_id: int | None = None,
    publicity: str = StoredFile.Publicity.NOT_PUBLIC,
    allowed: frozenset[str] = checks.USUAL,
    refuse_encrypted: bool = False,
    limit: int | None = None,
) -> StoredFile:
    """Check an upload, keep it and return its row; inside an act. `allowed` holds type codes of `checks.TYPES`.

    Raises Refused in Chinese for a file that may not be kept. An encrypted document is kept and marked `encrypted`,
    because some open without a password, unless `refuse_encrypted`. `limit` in bytes, else the site's. Should the act fail later, the content may stay behind
    without a row; it is harmless and taken up again by the next equal upload.
    """
    act = current_act()
    try:
        checked = checks.check(upload, name, limit=limit or settings.UPLOAD_LIMIT_BYTES, allowed=allowed)
    except checks.FileRefused as error:
        raise Refused(str(error), file=str(error)) from error
    if checked.encrypted and refuse_encrypted:
        message = f"“{checked.name}”设有密码，无法读取，请去掉密码后再上传"
        raise Refused(message, file=message)
    stored = StoredFile(
        sha256=_sha256(upload),
        name=checked.name,
        size=checked.size,
        media_type=checked.type.media_type,
        encrypted=checked.encrypted,
        publicity=StoredFile.Publicity(publicity),
        uploaded_by=act.by.id,
        uploaded_at=act.at,
        place_code=place_code,
        owner_organisation_id=owner_organisation_id,
    )
    _keep(upload, stored)
    stored.save(force_insert=True)
    return stored


def store_made(
    content: BinaryIO, *, name: str, media_type: str, place_code: str = "", owner_organisation_id: int | None = None
) -> StoredFile:  # fmt: skip
    """Keep a file that the site itself made (an archive, a document), inside an act; it is not checked as an upload is."""
    act = current_act()
    stored = StoredFile(
        sha256=_sha256(content), name=checks.safe_name(name), size=content.seek(0, 2), media_type=media_type,
        uploaded_by=act.by.id, uploaded_at=act.at, place_code=place_code, owner_organisation_id=owner_organisation_id,
    )  # fmt: skip
    _keep(content, stored)
    stored.save(force_insert=True)
    return stored


def discard(stored: StoredFile) -> None:
    """Delete a file's row inside an act, and its content once the act is done, unless an equal file is kept too.

    Raises ProtectedError while a row still needs it.
    """
    name, digest = stored.stored_at, stored.sha256
    stored.delete()

    def drop() -> None:
        if not StoredFile.objects.filter(sha256=digest).exists():
            default_storage.delete(name)

    transaction.on_commit(drop)


def open_file(stored: StoredFile) -> BinaryIO:
    """Open the content for reading; raises FileNotFoundError when the storage has lost it."""
    return cast(BinaryIO, default_storage.open(stored.stored_at, "rb"))


def open_logged(stored: StoredFile, *, by: Actor, at: datetime, purpose: str) -> BinaryIO:
    """Open the content for a person to read, and keep in the audit trail who opened which file and what for.

    The caller has found the row that points at the file by `access`; `purpose` is a short Chinese phrase of the
    program's, never typed by anybody. Raises FileNotFoundError when the storage has lost the content.
    Legal basis: 个人信息保护法 第五十一条; GB/T 22239-2019 8.1.4.3 (安全审计).
    """
    log_opening(stored=stored, by=by, at=at, purpose=purpose)
    return open_file(stored)


@action("files.open_file", title="打开附件", permission="files.open_file")
def log_opening(*, stored: StoredFile, by: Actor, at: datetime, purpose: str) -> None:
    """Write the audit row of an opening; use `open_logged`."""
    current_act().about(stored, place=stored.place_code)
    current_act().note(purpose=purpose, file_digest=stored.sha256[:12])


def _keep(upload: BinaryIO, stored: StoredFile) -> None:
    upload.seek(0)
    if default_storage.exists(stored.stored_at):
        if default_storage.size(stored.stored_at) == stored.size:
            return
        default_storage.delete(stored.stored_at)  # a write that was cut off
    default_storage.save(stored.stored_at, File(upload))


def _sha256(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(1 << 20):
        digest.update(piece)
    return digest.hexdigest()
