"""Damage to rows and tables: shifted, split, merged, dropped, repeated, joined."""

from __future__ import annotations

from random import Random
from typing import Any

from .model import LOST, Damage, Plan, Row, Table
from .mutate import choose_row, field_of, mutation, touched, whole


def _blank_cells(table: Table, row: Row) -> list[int]:
    return [i for i, cell in enumerate(row.cells) if not cell and any(row.cells[i + 1 :])]


@mutation
def shift_left(plan: Plan, random: Random) -> Damage | None:
    """An empty cell is gone and what follows moves one column to the left; nothing is lost."""
    found = choose_row(plan, random, lambda table, i: bool(_blank_cells(table, table.rows[i])))
    if not found:
        return None
    table, index = found
    row = table.rows[index]
    del row.cells[random.choice(_blank_cells(table, row))]
    row.cells.append("")
    row.loose = True
    return Damage("shift_left", table.part, row.records, set())


@mutation
def shift_right(plan: Plan, random: Random) -> Damage | None:
    """An empty cell has come in and the rest moves one column to the right, the last beyond the table's edge or into an empty note."""
    found = choose_row(plan, random, lambda table, i: True)
    if not found:
        return None
    table, index = found
    row = table.rows[index]
    last = max(i for i, cell in enumerate(row.cells) if cell)
    row.cells.insert(random.randint(1, last), "")
    if not row.cells[-1]:
        row.cells.pop()
    row.loose = True
    return Damage("shift_right", table.part, row.records, set())


@mutation
def drop_row(plan: Plan, random: Random) -> Damage | None:
    """A numbered row is missing: the gap in the numbers shows it. Its group's name goes only where others carry it too."""

    def inside(table: Table, i: int) -> bool:
        column, group = table.column("number"), table.column("group")
        if column < 0 or table.part == "indicators" or i + 1 >= len(table.rows):
            return False
        after = [r for r in table.rows[i + 1 :] if r.kind == "data"]
        before = [r for r in table.rows[:i] if r.kind == "data"]
        opens = group >= 0 and bool(table.rows[i].cells[group]) and not (after and after[0].cells[group])
        return bool(before) and bool(after) and not opens

    found = choose_row(plan, random, inside)
    if not found:
        return None
    table, index = found
    record = table.rows.pop(index).records[0]
    plan.truth[table.part].remove(record)
    gap = {"kind": table.part[:-1], "number": record["number"]}
    plan.truth["missing"].append(gap)
    return Damage("drop_row", table.part, [record, gap], set(), lost=True)


@mutation
def drop_cell(plan: Plan, random: Random) -> Damage | None:
    """A cell that should say something is empty: its leaf is lost and a reader must say so."""
    roles = {
        "tasks": ["deadline", "responsible", "measure"],
        "indicators": ["target", "unit", "name"],
        "actions": ["lead", "goal", "targets", "tasks"],
    }

    def has(table: Table, i: int) -> bool:
        row = table.rows[i]
        return any(
            role in table.columns and row.cells[table.column(role)].strip("/ ") for role in roles[table.part]
        )

    found = choose_row(plan, random, has)
    if not found:
        return None
    table, index = found
    row = table.rows[index]
    role = random.choice(
        [r for r in roles[table.part] if r in table.columns and row.cells[table.column(r)].strip("/ ")]
    )
    row.cells[table.column(role)] = ""
    record = row.records[0]
    field = field_of(table.part, role)
    _lose(record, field)
    return Damage(
        "drop_cell",
        table.part,
        [record],
        {field} | ({"target_text", "comparator"} if field == "target" else set()),
        lost=True,
    )


def _lose(record: dict[str, Any], field: str) -> None:
    record[field] = dict(LOST)
    if field == "target":
        record["target_text"], record["comparator"] = {"free": True}, None
    if field == "responsible":
        record["open_list"] = False


@mutation
def merge_rows(plan: Plan, random: Random) -> Damage | None:
    """Two rows stand in one, each cell with the two texts one above the other; both can still be told apart."""

    def pair(table: Table, i: int) -> bool:
        if table.part == "actions" or table.column("number") < 0 or i + 1 >= len(table.rows):
            return False
        first, second = table.rows[i], table.rows[i + 1]
        if (
            second.kind != "data"
            or second.loose
            or second.joined
            or len(second.records) != 1
            or id(second.records[0]) in touched(plan)
        ):
            return False
        fill = {"group", "dimension", "note", "frequency"}
        full = all(
            a and b
            for role, a, b in zip(table.columns, first.cells, second.cells, strict=True)
            if role not in fill
        )
        group = max(table.column("group"), table.column("dimension"))
        same = group < 0 or not second.cells[group] or second.cells[group] == first.cells[group]
        return full and same and not any("\n" in c for c in first.cells + second.cells)

    found = choose_row(plan, random, pair)
    if not found:
        return None
    table, index = found
    first, second = table.rows[index], table.rows.pop(index + 1)
    keep = {"group", "dimension"}
    first.cells = [
        a if role in keep else "\n".join(x for x in (a, b) if x)
        for role, a, b in zip(table.columns, first.cells, second.cells, strict=True)
    ]
    first.records = first.records + second.records
    return Damage("merge_rows", table.part, list(first.records), set())


@mutation
def rows_swapped(plan: Plan, random: Random) -> Damage | None:
    """Two numbered rows of one group stand in the wrong order; their numbers still say which is which."""

    def pair(table: Table, i: int) -> bool:
        if table.column("number") < 0 or table.part == "indicators" or i + 1 >= len(table.rows):
            return False
        group = table.column("group")
        second = table.rows[i + 1]
        same = group < 0 or (not table.rows[i].cells[group] and not second.cells[group])
        return same and whole(second) and id(second.records[0]) not in touched(plan)

    found = choose_row(plan, random, pair)
    if not found:
        return None
    table, index = found
    table.rows[index], table.rows[index + 1] = table.rows[index + 1], table.rows[index]
    records = table.rows[index].records + table.rows[index + 1].records
    return Damage("rows_swapped", table.part, records, set())


@mutation
def number_lost(plan: Plan, random: Random) -> Damage | None:
    """A row's own number is gone or misread; the numbers before and behind show it."""

    def between(table: Table, i: int) -> bool:
        column = table.column("number")
        near = table.rows[max(0, i - 1) : i + 2]
        return column >= 0 and len(near) == 3 and all(whole(row) and row.cells[column] for row in near)

    found = choose_row(plan, random, between)
    if not found:
        return None
    table, index = found
    row = table.rows[index]
    column = table.column("number")
    old = row.cells[column]
    noisy = old.replace("1", "l").replace("0", "O")
    row.cells[column] = noisy if noisy != old and random.random() < 0.5 else ""
    return Damage(
        "number_lost", table.part, row.records, {"number"}, note=f"{old!r} -> {row.cells[column]!r}"
    )
