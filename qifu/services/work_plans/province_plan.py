"""A plan kept as the province's data (figures, units, deadlines, our own short titles) as a reading with rulings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from qifu.engines.official_documents.deadlines import read_deadline
from qifu.foundation.yaml_data import (
    Day,
    Fields,
    Flag,
    ListOf,
    OneOf,
    Optional,
    Text,
    Whole,
    load,
    register_kind,
)

_DECIMAL = Text(pattern=r"-?\d{1,15}(\.\d{1,6})?", wanted="加引号的数字，如 '95.5'")
_COMPARATOR = OneOf(">=", "<=", "=", ">", "<")
_TARGET = Fields(
    {"name": Text()},
    {
        "comparator": _COMPARATOR, "value": _DECIMAL, "unit": Text(), "baseline": Text(), "text": Text(),
        "direction": OneOf("higher", "lower"),
    },
)  # fmt: skip
_SHAPE = Fields(
    {
        "title": Text(), "document_number": Text(), "issuer": Text(), "seal": Text(), "issued_on": Day(),
        "addressees": ListOf(Text()), "place_code": Text(), "publicity": OneOf("not_public", "on_request", "public"),
        "reviewer": Text(), "reviewed_on": Day(),
        "indicators": ListOf(
            Fields(
                {"dimension": Text(), "name": Text(), "unit": Optional(Text()), "target": _DECIMAL, "frequency": Text(), "line": Whole(1)}
            )
        ),
        "tasks": ListOf(
            Fields(
                {"number": Whole(1), "group": Text(), "title": Text(), "units": ListOf(Text(), 1), "deadline": Text(), "line": Whole(1)},
                {"open_list": Flag()},
            )
        ),
        "actions": ListOf(
            Fields(
                {
                    "number": Whole(1), "title": Text(), "targets": ListOf(_TARGET), "steps": ListOf(Text()),
                    "lead": ListOf(Text(), 1), "cooperating": ListOf(Text()), "line": Whole(1),
                },
                {"open_list": Flag()},
            )
        ),
        "missing": ListOf(
            Fields(
                {
                    "kind": OneOf("action", "task", "indicator"), "number": Whole(1), "title": Text(),
                    "lead": ListOf(Text()), "targets": ListOf(_TARGET), "from": Text(),
                }
            )
        ),
        "rulings": ListOf(
            Fields(
                {
                    "part": Text(), "number": Whole(1), "field": Text(empty=True), "code": Text(), "text": Text(),
                    "severity": OneOf("error", "warning", "info"), "verdict": OneOf("accepted", "corrected", "rejected"),
                },
                {"before": Text(), "note": Text()},
            )
        ),
    }
)  # fmt: skip
register_kind("work_plan", _SHAPE)

KindOf = Callable[[str], tuple[str, str]]


def load_province_plan(path: Path) -> dict[str, Any]:
    """Return the checked data of a plan's file; raises DataError with file, line, cause and remedy."""
    data: dict[str, Any] = load(path, "work_plan").data
    return data


def reading_of(data: Mapping[str, Any], resolve: KindOf) -> dict[str, Any]:
    """Return the data in the contract's shape, as it was read before anything was ruled on."""
    year = int(data["title"][:4]) if data["title"][:4].isdigit() else data["issued_on"].year
    reading: dict[str, Any] = {
        "title": data["title"], "document_number": data["document_number"], "issuer": data["issuer"],
        "seal": data["seal"], "issued_on": data["issued_on"].isoformat(), "addressees": data["addressees"],
        "copied_to": [], "urgency": None, "signed_by": None, "publicity": None, "duties": [],
        "indicators": [_indicator(n, row) for n, row in enumerate(data["indicators"], start=1)],
        "tasks": [_task(row, year, resolve) for row in data["tasks"]],
        "actions": [_action(row) for row in data["actions"]],
        "missing": [_missing(row) for row in data["missing"]],
    }  # fmt: skip
    for ruling in data["rulings"]:
        if "before" in ruling:
            row = next(r for r in reading[ruling["part"]] if r["number"] == ruling["number"])
            row[ruling["field"]] = ruling["before"]
    return reading


def ruled_value(data: Mapping[str, Any], ruling: Mapping[str, Any]) -> Any:
    """Return the value that a corrected doubt ends with: the one the data states."""
    rows = data[ruling["part"]]
    row = next(row for row in rows if row["number"] == ruling["number"])
    return row[ruling["field"]]


def noon(day: date) -> datetime:
    """Return a moment in the middle of a day (UTC), for rulings that the data dates by day only."""
    return datetime.combine(day, time(4), tzinfo=UTC)


def _source(part: str, line: int) -> dict[str, Any]:
    return {"part": part, "page": None, "line": line, "cell": 1}


def _indicator(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": number, "dimension": row["dimension"], "name": row["name"], "unit": row["unit"],
        "target": row["target"], "target_text": row["target"], "comparator": None, "frequency": row["frequency"],
        "direction": "higher", "source": _source("indicators", row["line"]),
    }  # fmt: skip


def _task(row: Mapping[str, Any], year: int, resolve: KindOf) -> dict[str, Any]:
    read = read_deadline(row["deadline"], year)
    assert read is not None, row["deadline"]
    due = read.deadline.due
    return {
        "number": row["number"], "group": row["group"], "measure": row["title"],
        "responsible": [_unit(text, resolve) for text in row["units"]], "open_list": row.get("open_list", False),
        "deadline": {"raw": row["deadline"], "kind": read.deadline.kind, "due": due.isoformat() if due else None},
        "source": _source("tasks", row["line"]),
    }  # fmt: skip


def _unit(text: str, resolve: KindOf) -> dict[str, Any]:
    """A unit as `name`, or as `raw=name` where the document leaves out a prefix that stands before."""
    raw, _, understood = text.partition("=")
    name, kind = resolve(understood or raw)
    return {"raw": raw, "name": name, "kind": kind, "inherited": bool(understood)}


def _action(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": row["number"], "name": row["title"], "goal": None, "targets": [_target(t) for t in row["targets"]],
        "tasks": row["steps"], "lead": row["lead"], "cooperating": row["cooperating"],
        "open_list": row.get("open_list", False), "source": _source("actions", row["line"]),
    }  # fmt: skip


def _missing(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": row["kind"], "number": row["number"], "name": row["title"], "lead": row["lead"],
        "targets": [_target(t) for t in row["targets"]], "recovered_from": row["from"],
    }  # fmt: skip


def _target(row: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("name", "comparator", "value", "unit", "baseline", "direction")
    return {"text": row.get("text") or row["name"], **{key: row.get(key) for key in keys}}
