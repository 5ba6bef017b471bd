"""Asked twice, made once: a key under which something was made leads to what was made (Idempotency-Key)."""

from __future__ import annotations

from collections.abc import Callable

from django.db import IntegrityError, transaction

from qifu.engines.casework.models import Case, RequestKey
from qifu.foundation.action import Refused, current_act


def made_before(scope: str, key: str, digest: str) -> Case | None:
    """Return the case made under a key, None where there is none; Refused when the key stands for other content."""
    row = RequestKey.objects.filter(scope=scope, key=key).select_related("case").first()
    if row is None:
        return None
    if row.digest != digest:
        raise Refused("同一个请求标识已用于另一份内容，请换一个标识")
    return row.case


def remember(scope: str, key: str, digest: str, case: Case) -> None:
    """Keep a key with the case made under it, inside the act that made it; an equal key raises IntegrityError."""
    RequestKey.objects.create(scope=scope, key=key, digest=digest, case=case, at=current_act().moment)


def once(scope: str, key: str, digest: str, make: Callable[[], Case]) -> tuple[Case, bool]:
    """Return the case made under a key and whether `make` made it now, inside an act; no key always makes one.

    Two who ask at the same moment get the same case: what the slower one made is undone. Refused as by `made_before`.
    """
    if not key:
        return make(), True
    before = made_before(scope, key, digest)
    if before is not None:
        return before, False
    try:
        with transaction.atomic():
            case = make()
            remember(scope, key, digest, case)
    except IntegrityError:
        before = made_before(scope, key, digest)
        if before is None:
            raise
        return before, False
    return case, True
