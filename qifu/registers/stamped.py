"""Tables whose every change shows in one cheap number, so that processes can keep what they read from them.

Each row carries a checksum of its own content; count and sum over a table make its stamp. Equal stamps mean equal
content (but for a chance of about 2**-48), in whichever process or transaction the change was made.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Self

from django.db import models
from django.db.models import Count, Sum, Value

from qifu.foundation.action import Record

Stamp = tuple[int, ...]


class StampedRecord(Record):
    """A record with a checksum; use `save`, or `sealed` before a bulk insert."""

    checksum = models.BigIntegerField("校验值", editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the checksum of the present content."""
        self.sealed()
        super().save(*args, **kwargs)

    def sealed(self) -> Self:
        """Set the checksum: 48 bits of the content's SHA-256, so that sums of thousands fit a 64-bit column."""
        names = [f.attname for f in self._meta.concrete_fields if f.attname not in ("id", "checksum")]
        content = json.dumps([getattr(self, name) for name in names], ensure_ascii=False, default=str)
        self.checksum = int.from_bytes(hashlib.sha256(content.encode()).digest()[:6], "big")
        return self


def stamp(*tables: type[StampedRecord]) -> Stamp:
    """Return the stamp of the tables, for one light query altogether."""
    sums = [
        table.objects.order_by()
        .values(number=Value(number))
        .annotate(rows=Count("pk"), total=Sum("checksum"))
        for number, table in enumerate(tables)
    ]
    found = {
        row["number"]: (row["rows"], int(row["total"] or 0)) for row in sums[0].union(*sums[1:], all=True)
    }
    return tuple(value for number in range(len(tables)) for value in found.get(number, (0, 0)))


def differs(row: models.Model, fields: dict[str, Any]) -> bool:
    """Tell whether the row has any other value than `fields` say, and give it those values."""
    changed = {name: value for name, value in fields.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return bool(changed)
