"""Damage, of the kinds that real plans show. Each function edits blocks and truth together and records what it did.

A function takes the plan (edited in place) and a random source and returns the Damage, or None where the plan has no place for it.
The truth after damage is what a careful person would still conclude; only where the document no longer says does it become LOST.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from .leaves import mark
from .model import Damage, Paragraph, Plan, Record, Row, Table

Mutation = Callable[[Plan, Random], Damage | None]
MUTATIONS: dict[str, Mutation] = {}


def mutation(function: Mutation) -> Mutation:
    MUTATIONS[function.__name__] = function
    return function


def mutate(plan: Plan, kinds: list[str], random: Random) -> Plan:
    """A copy of the plan with these kinds of damage, one after the other; kinds that find no place are left out."""
    damaged = plan.clone()
    for kind in kinds:
        damage = MUTATIONS[kind](damaged, random)
        if damage:
            damaged.damages.append(damage)
    return damaged


def field_of(part: str, role: str) -> str:
    """The contract field a column is read into."""
    if part == "tasks" and role in ("lead", "cooperating"):
        return "responsible"
    return "target" if role == "target_unit" else role


def touched(plan: Plan) -> set[int]:
    """Records that already carry damage of the row: one row is shifted or merged once, or nobody could read it."""
    return {id(record) for damage in plan.damages if not damage.fields for record in damage.records}


def choose_row(
    plan: Plan, random: Random, accept: Callable[[Table, int], bool], part: str | None = None
) -> tuple[Table, int] | None:
    """A data row (table, index in its rows) that `accept` likes and that is not shifted, split or merged already."""
    taken = touched(plan)
    places = [
        (table, index)
        for table in plan.tables(part)
        for index, row in enumerate(table.rows)
        if whole(row) and id(row.records[0]) not in taken and accept(table, index)
    ]
    return random.choice(places) if places else None


def whole(row: Row) -> bool:
    """A row in good order that says one thing."""
    return row.kind == "data" and len(row.records) == 1 and not row.joined and not row.loose


@dataclass
class Spot:
    """A cell or a duty's paragraph, the truth record it belongs to and the contract field it is read into."""

    part: str
    record: Record
    field: str
    holder: Row | Paragraph
    index: int = 0

    @property
    def text(self) -> str:
        return self.holder.text if isinstance(self.holder, Paragraph) else self.holder.cells[self.index]

    @text.setter
    def text(self, value: str) -> None:
        if isinstance(self.holder, Paragraph):
            self.holder.text = value
        else:
            self.holder.cells[self.index] = value

    def damage(self, kind: str, old: str, new: str, lost: bool = False) -> Damage:
        fields = {"target", "target_text", "comparator", "unit"} if self.field == "target" else {self.field}
        return Damage(kind, self.part, [self.record], fields, lost, f"{old!r} -> {new!r}")


def spots(plan: Plan, *fields: str) -> list[Spot]:
    """Places whose text is read into one of these fields and is not damaged yet; a duty's paragraph stands for each of its fields."""
    found: list[Spot] = []
    for table in plan.tables():
        for row in table.rows:
            if row.kind != "data" or len(row.records) != 1 or row.joined or row.loose:
                continue
            for index, role in enumerate(table.columns):
                field = field_of(table.part, role)
                if (
                    field in fields
                    and index < len(row.cells)
                    and row.cells[index]
                    and field in row.records[0]
                ):
                    found.append(Spot(table.part, row.records[0], field, row, index))
    for paragraph in plan.paragraphs():
        for record in paragraph.records:
            found += [Spot("duties", record, field, paragraph) for field in fields if record.get(field)]
    hurt = {
        (id(record), field) for damage in plan.damages for record in damage.records for field in damage.fields
    }
    return [
        s
        for s in found
        if (id(s.record), s.field) not in hurt and mark(s.record.get(s.field)) not in ("lost", "free")
    ]


def change(
    plan: Plan,
    random: Random,
    kind: str,
    fields: tuple[str, ...],
    edit: Callable[[Spot], tuple[str, str] | None],
) -> Damage | None:
    """Change one fragment at one spot by `edit` (old, new); what the document means stays the same."""
    places = spots(plan, *fields)
    random.shuffle(places)
    for spot in places:
        edited = edit(spot)
        if edited and edited[0] and edited[0] in spot.text and edited[0] != edited[1]:
            spot.text = spot.text.replace(edited[0], edited[1], 1)
            return spot.damage(kind, *edited)
    return None


from . import mutate_pages, mutate_rows, mutate_text  # noqa: E402, F401  (they fill MUTATIONS)
