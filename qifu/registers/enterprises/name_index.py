"""Which enterprises bear, or bore, a name that holds some words."""

from __future__ import annotations

from collections.abc import Iterable

from qifu.foundation.gram_index import GramIndex
from qifu.foundation.search import normalise

NAMES = GramIndex(table="enterprises_enterprise", column="name_text", name="enterprises_name_grams")


def text_of(name: str, former: Iterable[str] = ()) -> str:
    """Return the text that is searched of one enterprise: its name, then each former one in a line of its own."""
    return "\n".join(normalise(one).replace(" ", "") for one in (name, *former))
