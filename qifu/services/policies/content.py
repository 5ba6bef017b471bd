"""What a revision of a policy holds: the rule file as written, and the terms of delivery that it does not say; pure.

Content is {"text": the file, "terms": {…}, "interpretations": {leaf id: plain words}}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

DELIVERIES = ("automatic", "application", "filing")
PERIODS = {"once": "一次性", "year": "每年一次", "quarter": "每季一次", "month": "每月一次"}
BUDGET_HOW = {"first_come": "先到先得", "pro_rata": "按比例兑付"}


@dataclass(frozen=True)
class Terms:
    """How a policy is delivered.

    `delivery` is a Policy.Delivery; `period` how often one enterprise may have it; `notice_days` working days of public
    notice (公示); `accepts_declared` is 承诺制: what the enterprise declares itself suffices; `budget_how` what happens when
    the money does not suffice; `how_to` and `contact` are told to enterprises;
    `materials` are the titles of what one who applies hands in.
    """

    delivery: str = "application"
    period: str = "year"
    notice_days: int = 5
    accepts_declared: bool = False
    budget_how: str = "first_come"
    how_to: str = ""
    contact: str = ""
    materials: tuple[str, ...] = ()


@dataclass(frozen=True)
class Content:
    """A revision's content."""

    text: str
    terms: Terms = field(default_factory=Terms)
    interpretations: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as revisions keep it."""
        return {"text": self.text, "terms": asdict(self.terms), "interpretations": dict(self.interpretations)}


def content_of(kept: Mapping[str, Any]) -> Content:
    """Return the content that a revision keeps."""
    terms = {**kept["terms"], "materials": tuple(kept["terms"].get("materials", ()))}
    return Content(kept["text"], Terms(**terms), kept["interpretations"])
