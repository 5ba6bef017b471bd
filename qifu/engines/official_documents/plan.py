"""What a notice says, as typed values; `to_json` gives exactly the published contract."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

Part = Literal["document", "body", "indicators", "tasks", "actions", "duties"]
Severity = Literal["error", "warning", "info"]
UnitKind = Literal["specific", "generic", "division"]
DeadlineKind = Literal["month", "date", "quarter", "year", "ongoing"]
Comparator = Literal[">=", "<=", "=", ">", "<"]


@dataclass(slots=True)
class Source:
    part: Part
    page: int | None
    line: int
    cell: int


@dataclass(slots=True)
class UnitRef:
    """A unit as written (`raw`) and as understood (`name`)."""

    raw: str
    name: str
    kind: UnitKind = "specific"
    inherited: bool = False


@dataclass(slots=True)
class Deadline:
    """A deadline as written; `kind` is None where it could not be read."""

    raw: str
    kind: DeadlineKind | None
    due: date | None


@dataclass(slots=True)
class Target:
    """One figure of a target line. `direction` is `down` where less is better; it is not printed."""

    text: str
    name: str
    comparator: Comparator | None = None
    value: Decimal | None = None
    unit: str | None = None
    baseline: str | None = None
    direction: Literal["up", "down"] | None = field(default=None, metadata={"private": True})


@dataclass(slots=True)
class Indicator:
    number: int
    dimension: str | None
    name: str
    unit: str | None
    target: Decimal | None
    target_text: str | None
    comparator: Comparator | None
    frequency: str | None
    source: Source


@dataclass(slots=True)
class Task:
    number: int
    group: str | None
    measure: str
    responsible: list[UnitRef]
    open_list: bool
    deadline: Deadline | None
    source: Source


@dataclass(slots=True)
class Action:
    number: int
    name: str
    goal: str | None
    targets: list[Target]
    tasks: list[str]
    lead: list[str]
    cooperating: list[str]
    source: Source


@dataclass(slots=True)
class Missing:
    kind: Literal["action", "task", "indicator"]
    number: int
    name: str | None = None
    lead: list[str] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    recovered_from: str | None = None


@dataclass(slots=True)
class Duty:
    text: str
    lead: list[str]
    cooperating: list[str]
    responsible: list[str]
    deadline: Deadline | None
    source: Source


@dataclass(slots=True)
class Where:
    part: Part
    number: int | None = None
    field: str | None = None
    line: int | None = None


@dataclass(slots=True)
class Irregularity:
    code: str
    severity: Severity
    where: Where
    text: str
    proposal: str | None = None


@dataclass(slots=True)
class Plan:
    title: str | None = None
    document_number: str | None = None
    issuer: str | None = None
    seal: str | None = None
    issued_on: date | None = None
    addressees: list[str] = field(default_factory=list)
    copied_to: list[str] = field(default_factory=list)
    urgency: str | None = None
    signed_by: str | None = None
    publicity: str | None = None
    indicators: list[Indicator] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    duties: list[Duty] = field(default_factory=list)
    irregularities: list[Irregularity] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The contract's object: every key present, dates as ISO text, exact numbers as JSON numbers."""
        plain = _plain(self)
        assert isinstance(plain, dict)
        return plain


def number_for_json(value: Decimal) -> int | float:
    """A JSON number equal to the exact value (whole numbers stay whole)."""
    return int(value) if value == value.to_integral_value() else float(value)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {
            f.name: _plain(getattr(value, f.name)) for f in fields(value) if not f.metadata.get("private")
        }
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return number_for_json(value)
    if isinstance(value, date):
        return value.isoformat()
    return value
