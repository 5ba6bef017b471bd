"""A published version as rows that can be filtered, counted and linked; made anew from its content, never edited."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from qifu.foundation.revisions import Revision
from qifu.services.work_plans.content import direction_of, row_title
from qifu.services.work_plans.models import Plan, PlanItem, PlanTarget, PlanUnit


@dataclass(frozen=True)
class KnownUnit:
    """What a written unit is: its usual name, kind, level and, where it is registered, the row of the register."""

    name: str
    kind: str
    level: str = ""
    organisation_id: int | None = None


Resolve = Callable[[Iterable[str], date], Mapping[str, KnownUnit]]
KINDS = {"indicators": "indicator", "tasks": "task", "actions": "action", "duties": "duty"}
PARTS = {kind: part for part, kind in KINDS.items()}


def project(plan: Plan, revision: Revision, content: Mapping[str, Any], resolve: Resolve) -> int:
    """Write the items, targets and units of one version; return how many items; nothing if they are there already."""
    if PlanItem.objects.filter(plan=plan, revision=revision).exists():
        return 0
    drafts = list(_drafts(content))
    day = _day(content.get("issued_on")) or revision.effective_from
    written = {text for draft in drafts for raw, name, *_ in draft.units for text in (raw, name) if text}
    known = resolve(sorted(written), day)
    items = [
        PlanItem(plan=plan, revision=revision, order=order, **draft.facts)
        for order, draft in enumerate(drafts, start=1)
    ]
    PlanItem.objects.bulk_create(items)
    targets = [
        PlanTarget(item=item, order=order, **facts)
        for item, draft in zip(items, drafts, strict=True)
        for order, facts in enumerate(draft.targets, start=1)
    ]
    PlanTarget.objects.bulk_create(targets)
    units = [
        _unit_row(item, order, unit, known)
        for item, draft in zip(items, drafts, strict=True)
        for order, unit in enumerate(draft.units, start=1)
    ]
    PlanUnit.objects.bulk_create(units)
    return len(items)


@dataclass(frozen=True)
class _Draft:
    facts: dict[str, Any]
    targets: list[dict[str, Any]]
    units: list[tuple[str, str | None, str | None, bool, str]]  # raw, name, kind, inherited, role


def _drafts(content: Mapping[str, Any]) -> Iterable[_Draft]:
    for part, kind in KINDS.items():
        rows = [(row["number"], _stated(part, kind, row)) for row in content.get(part) or []]
        missing = [row for row in content.get("missing") or [] if row.get("kind") == kind]
        rows += [(row["number"], _missing(kind, row)) for row in missing]
        held = [row for row in content.get("held_back") or [] if row.get("kind") == kind]
        rows += [(row["number"], _held(kind, row)) for row in held]
        yield from (draft for _, draft in sorted(rows, key=lambda pair: pair[0]))


def _stated(part: str, kind: str, row: Mapping[str, Any]) -> _Draft:
    deadline = row.get("deadline") or {}
    source = row.get("source") or {}
    facts = {
        "kind": kind, "number": row["number"], "group": (row.get("dimension") or row.get("group") or "")[:120],
        "title": row_title(part, row), "text": row.get("goal") or row.get("measure") or row.get("text") or "",
        "steps": row.get("tasks") or [], "frequency": (row.get("frequency") or "")[:20], "open_list": bool(row.get("open_list")),
        "deadline_kind": deadline.get("kind") or "", "due_on": _day(deadline.get("due")),
        "deadline_text": (deadline.get("raw") or "")[:80], "source_part": source.get("part") or part,
        "source_line": source.get("line"),
    }  # fmt: skip
    targets = (
        [_indicator_target(row)] if kind == "indicator" else [_target(t) for t in row.get("targets") or []]
    )
    return _Draft(facts, targets, list(_units(row)))


def _missing(kind: str, row: Mapping[str, Any]) -> _Draft:
    facts = {
        "kind": kind, "number": row["number"], "standing": PlanItem.Standing.MISSING,
        "title": row.get("name") or f"第{row['number']}项（附件缺行，名称未载明）",
        "text": (row.get("recovered_from") or "").replace("body ", "正文"), "source_part": "missing",
    }  # fmt: skip
    return _Draft(facts, [_target(t) for t in row.get("targets") or []], list(_units(row)))


def _held(kind: str, row: Mapping[str, Any]) -> _Draft:
    facts = {
        "kind": kind, "number": row["number"], "standing": PlanItem.Standing.HELD, "group": (row.get("group") or "")[:120],
        "title": row.get("title") or f"第{row['number']}项", "source_part": row["part"],
        "source_line": (row.get("source") or {}).get("line"),
    }  # fmt: skip
    return _Draft(facts, [], [])


def _indicator_target(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": row["name"][:300], "comparator": row.get("comparator") or "", "value": _decimal(row.get("target")),
        "unit": (row.get("unit") or "")[:40], "text": row.get("target_text") or "",
        "direction": direction_of(row["name"], row.get("comparator"), row.get("direction")),
    }  # fmt: skip


def _target(target: Mapping[str, Any]) -> dict[str, Any]:
    name = target.get("name") or target.get("text") or ""
    return {
        "name": name[:300], "comparator": target.get("comparator") or "", "value": _decimal(target.get("value")),
        "unit": (target.get("unit") or "")[:40], "baseline": (target.get("baseline") or "")[:120], "text": target.get("text") or "",
        "direction": direction_of(name, target.get("comparator"), target.get("direction")),
    }  # fmt: skip


def _units(row: Mapping[str, Any]) -> Iterable[tuple[str, str | None, str | None, bool, str]]:
    for role in (PlanUnit.Role.LEAD, PlanUnit.Role.RESPONSIBLE, PlanUnit.Role.COOPERATING):
        for unit in row.get(role.value) or []:
            if isinstance(unit, str):
                yield unit, None, None, False, role.value
            else:
                yield unit["raw"], unit["name"], unit["kind"], bool(unit.get("inherited")), role.value


def _unit_row(
    item: PlanItem,
    order: int,
    unit: tuple[str, str | None, str | None, bool, str],
    known: Mapping[str, KnownUnit],
) -> PlanUnit:
    raw, name, kind, inherited, role = unit
    found = known.get(name or raw) or known.get(raw)
    chosen = name or (found.name if found else raw)
    return PlanUnit(
        item=item, order=order, raw=raw[:300], name=chosen[:200], role=role, inherited=inherited,
        kind=kind or (found.kind if found else PlanUnit.Kind.SPECIFIC),
        level=found.level if found and found.level else level_by_name(chosen),
        organisation_id=found.organisation_id if found else None,
    )  # fmt: skip


def level_by_name(name: str) -> str:
    """Return province, local or all, as far as the name itself says; an empty text otherwise."""
    if name.startswith(("省、市、县", "省市县")):
        return PlanUnit.Level.ALL
    if name.startswith(("省", "浙江省", "其他省级")):
        return PlanUnit.Level.PROVINCE
    return PlanUnit.Level.LOCAL if name.startswith(("市", "县", "各市", "各地", "各设区市")) else ""


def _decimal(value: Any) -> Decimal | None:
    return None if value in (None, "") else Decimal(str(value))


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if value else None
