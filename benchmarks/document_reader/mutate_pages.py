"""Damage that comes from pages and columns: split tables and rows, groups that slip, page numbers, swapped headings, lost tabs."""

from __future__ import annotations

import copy
import itertools
from random import Random

from .model import Damage, PageBreak, Paragraph, Plan, Row, Table
from .mutate import choose_row, field_of, mutation, touched, whole
from .words import THEMES

KEYWORDS = {title: keyword for _, groups in THEMES.values() for title, keyword in groups}


def headings_of(table: Table) -> list[Row]:
    """A copy of the heading rows at the top of a table."""
    return copy.deepcopy(list(itertools.takewhile(lambda row: row.kind == "heading", table.rows)))


@mutation
def split_row(plan: Plan, random: Random) -> Damage | None:
    """A page break cuts a row: the rest of its text stands in a row of its own that has nothing else, often below repeated headings."""
    roles = {"tasks": ["measure"], "actions": ["goal", "tasks"], "indicators": ["name"]}

    def long(table: Table, i: int) -> bool:
        return any(
            r in table.columns and len(table.rows[i].cells[table.column(r)]) > 14 for r in roles[table.part]
        )

    found = choose_row(plan, random, long)
    if not found:
        return None
    table, index = found
    row = table.rows[index]
    column = next(
        table.column(r)
        for r in roles[table.part]
        if r in table.columns and len(row.cells[table.column(r)]) > 14
    )
    text = row.cells[column]
    cut = random.choice(
        [i for i in range(5, len(text) - 4) if not {text[i - 1], text[i]} & set("。；.\n 0123456789")]
    )
    rest = Row([""] * len(table.columns), row.records, loose=True)
    row.cells[column], rest.cells[column] = text[:cut], text[cut:]
    if random.random() < 0.4:
        _split_units(table, row, rest)
    rows = [rest]
    if random.random() < 0.5:
        rows[:0] = headings_of(table)
    table.rows[index + 1 : index + 1] = rows
    return Damage("split_row", table.part, row.records, set())


def _split_units(table: Table, row: Row, rest: Row) -> None:
    """The last of several bodies goes over to the rest of the row."""
    for role in ("responsible", "cooperating"):
        units = table.column(role)
        if units >= 0 and row.cells[units].count("、") > 1 and "（" not in row.cells[units]:
            head, _, tail = row.cells[units].rpartition("、")
            row.cells[units], rest.cells[units] = head + "、", tail
            return


@mutation
def split_table(plan: Plan, random: Random) -> Damage | None:
    """A page break cuts the table between two rows; the headings are repeated (now and then not), the group's name stands only above."""

    def inside(table: Table, i: int) -> bool:
        return i + 1 < len(table.rows) and table.rows[i + 1].kind == "data" and whole(table.rows[i + 1])

    found = choose_row(plan, random, inside)
    if not found:
        return None
    table, index = found
    records = table.rows[index].records + table.rows[index + 1].records
    heading = headings_of(table)
    if heading and random.random() < 0.4:
        table.rows[index + 1 : index + 1] = heading
        return Damage("split_table", table.part, records, set(), note="headings repeated")
    rest = Table(table.part, list(table.columns), table.rows[index + 1 :], set(table.merged))
    del table.rows[index + 1 :]
    if heading and random.random() < 0.75:
        rest.rows[:0] = heading
    at = next(i for i, block in enumerate(plan.blocks) if block is table)
    between = [PageBreak()] if random.random() < 0.6 else [PageBreak(), Paragraph("（续表）", "mark")]
    plan.blocks[at + 1 : at + 1] = [*between, rest]
    return Damage(
        "split_table",
        table.part,
        records,
        set(),
        note="new table" + ("" if rest.rows[0].kind == "heading" else " without headings"),
    )


def _moves(table: Table) -> list[tuple[Table, Row, Row, bool]]:
    """Where a group's name can slip: (table, row it stands in, row it lands in, whether later) with words that tell it."""
    column, measure = table.column("group"), table.column("measure")
    rows = table.data()
    if column < 0 or not all(whole(row) for row in rows):
        return []
    starts = [i for i, row in enumerate(rows) if row.cells[column]]
    if len({rows[i].cells[column] for i in starts}) < len(starts) or len(starts) in (1, len(rows)):
        return []
    moves = []
    for start in starts[1:]:
        row, above = rows[start], rows[start - 1]
        below = rows[start + 1] if start + 1 < len(rows) else None
        own, before = KEYWORDS.get(row.cells[column]), KEYWORDS.get(str(above.records[0]["group"]))
        if not own or not before:
            continue
        if below and not below.cells[column] and own in row.cells[measure]:
            moves.append((table, row, below, True))
        if not above.cells[column] and before in above.cells[measure]:
            moves.append((table, row, above, False))
    return moves


@mutation
def group_moved(plan: Plan, random: Random) -> Damage | None:
    """A page break put a group's name beside a later or an earlier row; what the rows speak of shows where each belongs."""
    taken = touched(plan)
    moves = [
        m for t in plan.tables("tasks") for m in _moves(t) if not {id(r.records[0]) for r in m[1:3]} & taken
    ]
    if not moves:
        return None
    table, source, landing, later = random.choice(moves)
    column = table.column("group")
    landing.cells[column], source.cells[column] = source.cells[column], ""
    if random.random() < 0.6:
        at = next(i for i, row in enumerate(table.rows) if row is landing)
        table.rows[at:at] = headings_of(table)
    records = source.records + landing.records
    return Damage("group_moved", "tasks", records, {"group"}, note="later" if later else "earlier")


def _noise(plan: Plan, random: Random) -> str:
    page = random.randint(2, 30)
    title = next((p.text for p in plan.paragraphs() if p.style == "title"), "工作要点")
    return random.choice(
        [
            f"— {page} —",
            f"第 {page} 页 共 32 页",
            f"- {page} -",
            f"－{page}－",
            str(page),
            f"第{page}页",
            title,
        ]
    )


@mutation
def page_noise(plan: Plan, random: Random) -> Damage | None:
    """Page numbers, running titles and empty rows stand between the rows of a table or the paragraphs of the body."""
    found = choose_row(plan, random, lambda table, i: True)
    if not found:
        places = [
            i
            for i, block in enumerate(plan.blocks)
            if isinstance(block, Paragraph) and block.style == "item" and block.text[:1] != "1"
        ]
        if not places:
            return None
        at = random.choice(places)
        block = plan.blocks[at]
        assert isinstance(block, Paragraph)
        plan.blocks.insert(at, Paragraph(_noise(plan, random)))
        return Damage("page_noise", "duties", block.records, set())
    table, index = found
    rows = [Row([_noise(plan, random)] + [""] * (len(table.columns) - 1), kind="noise")]
    if random.random() < 0.4:
        rows.append(Row([""] * len(table.columns), kind="blank"))
    if random.random() < 0.3:
        rows = rows[1:] or [Row([""] * len(table.columns), kind="blank")]
    table.rows[index + 1 : index + 1] = rows
    return Damage("page_noise", table.part, table.rows[index].records, set())


@mutation
def swap_headings(plan: Plan, random: Random) -> Damage | None:
    """Two headings changed places while the columns below did not; what stands in the columns shows it."""
    pairs = {
        "tasks": [
            ("responsible", "deadline"),
            ("measure", "deadline"),
            ("measure", "responsible"),
            ("lead", "deadline"),
        ],
        "indicators": [("unit", "target"), ("name", "unit"), ("target", "frequency"), ("name", "target")],
        "actions": [
            ("goal", "lead"),
            ("tasks", "cooperating"),
            ("targets", "cooperating"),
            ("tasks", "lead"),
        ],
    }
    done = {d.part for d in plan.damages if d.kind in ("swap_headings", "heading_lost")}
    places = [(t, a, b) for t in plan.tables() if t.part not in done and t.rows[0].kind == "heading" and t.rows[1].kind != "heading"
              for a, b in pairs[t.part] if a in t.columns and b in t.columns]  # fmt: skip
    if not places:
        return None
    table, first, second = random.choice(places)
    a, b = table.column(first), table.column(second)
    for one in plan.tables(table.part):
        for row in one.rows:
            if row.kind == "heading":
                row.cells[a], row.cells[b] = row.cells[b], row.cells[a]
    records = [r for one in plan.tables(table.part) for row in one.rows for r in row.records]
    fields = {field_of(table.part, first), field_of(table.part, second)}
    if "target" in fields:
        fields |= {"target_text", "comparator"}
    return Damage("swap_headings", table.part, records, fields, note=f"{first} / {second}")


@mutation
def heading_lost(plan: Plan, random: Random) -> Damage | None:
    """A table has lost its heading row; title and contents still show what each column is."""
    places = [
        t
        for t in plan.tables()
        if t.rows[0].kind == "heading" and "previous" not in t.columns and len(t.data()) > 2
    ]
    done = {d.part for d in plan.damages if d.kind in ("heading_lost", "swap_headings")}
    places = [t for t in places if t.part not in done]
    if not places:
        return None
    table = random.choice(places)
    del table.rows[: len(headings_of(table))]
    fields = {field_of(table.part, role) for role in table.columns}
    records = [r for row in table.rows for r in row.records]
    return Damage("heading_lost", table.part, records, fields)


@mutation
def lost_tabs(plan: Plan, random: Random) -> Damage | None:
    """The borders between a row's cells are lost; blanks stand in their place."""

    def tidy(table: Table, i: int) -> bool:
        cells = table.rows[i].cells
        return (
            table.part != "actions"
            and not any(c.isspace() for cell in cells for c in cell)
            and sum(map(bool, cells)) > 2
        )

    found = choose_row(plan, random, tidy)
    if not found:
        return None
    table, index = found
    row = table.rows[index]
    row.joined = True
    return Damage("lost_tabs", table.part, row.records, set())


@mutation
def duplicate_row(plan: Plan, random: Random) -> Damage | None:
    """A numbered row stands there twice; it is one row."""
    found = choose_row(plan, random, lambda table, i: table.column("number") >= 0)
    if not found:
        return None
    table, index = found
    row = table.rows[index]
    again = Row(list(row.cells), row.records, loose=True)
    group = max(table.column("group"), table.column("dimension"))
    if group >= 0 and table.merged:
        again.cells[group] = ""
    table.rows.insert(index + 1, again)
    return Damage("duplicate_row", table.part, row.records, set())


@mutation
def cut_paragraph(plan: Plan, random: Random) -> Damage | None:
    """A page break cuts a duty's paragraph in two, in the middle of a sentence or of its bracket."""
    taken = touched(plan)
    places = [i for i, block in enumerate(plan.blocks) if isinstance(block, Paragraph) and len(block.text) > 30
              and len(block.records) == 1 and id(block.records[0]) not in taken]  # fmt: skip
    if not places:
        return None
    at = random.choice(places)
    block = plan.blocks[at]
    assert isinstance(block, Paragraph)
    stops = set("。；.：（〔(0123456789年月")
    cuts = [i for i in range(8, len(block.text) - 3) if not {block.text[i - 1], block.text[i]} & stops]
    cut = random.choice(cuts)
    plan.blocks.insert(at + 1, Paragraph(block.text[cut:], block.style, block.records))
    block.text = block.text[:cut]

    return Damage("cut_paragraph", "duties", block.records, set())
