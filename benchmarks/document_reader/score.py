"""Scores a reading of a plan against the truth, by the leaf: right, wrong, and wrong without a word (silent).

Accuracy: right leaves of all leaves; missing rows and list members count with all their leaves, invented ones with theirs.
Silent: a leaf that is wrong, missing or invented, or whose text the document lost, with no error or warning that names its row or field.
False warning: an error or warning on a row and field that is right and undamaged (and not odd from birth), per 100 right fields;
a field is one field of one row, however many leaves it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .leaves import ABSENT, Leaf, likeness, mark, pair, preferred, same, scaled, sentence
from .model import Paragraph, Plan, Record, Table, plain
from .warnings import Warnings

DOCUMENT_FIELDS = (
    "title",
    "document_number",
    "issuer",
    "seal",
    "issued_on",
    "addressees",
    "copied_to",
    "urgency",
    "signed_by",
    "publicity",
)
FIELDS = {
    "indicators": ("number", "dimension", "name", "unit", "target", "target_text", "comparator", "frequency"),
    "tasks": ("number", "group", "measure", "responsible", "open_list", "deadline"),
    "actions": ("number", "name", "goal", "targets", "tasks", "lead", "cooperating"),
    "duties": ("text", "lead", "cooperating", "responsible", "deadline"),
    "missing": ("number", "name", "lead"),
}
KEY = {"indicators": "name", "tasks": "measure", "actions": "name", "duties": "text", "missing": "name"}
ROW_FIELDS = {
    "responsible": ("name", "kind", "inherited", "raw"),
    "targets": ("name", "comparator", "value", "unit", "baseline", "text"),
}


@dataclass
class Score:
    """All leaves of one document, its false warnings and what it took."""

    plan: Plan
    leaves: list[Leaf] = field(default_factory=list)
    false_warnings: list[Record] = field(default_factory=list)
    seconds: float = 0.0
    wall: float = 0.0
    placed: tuple[int, int] = (0, 0)
    error: str | None = None

    @property
    def wrong(self) -> list[Leaf]:
        return [leaf for leaf in self.leaves if not leaf.right]

    @property
    def right_fields(self) -> int:
        bad = {(id(leaf.record), leaf.part, leaf.field) for leaf in self.wrong}
        every = {(id(leaf.record), leaf.part, leaf.field) for leaf in self.leaves}
        return len(every - bad)


def score(plan: Plan, reading: Record) -> Score:
    """Compare a reading (contract JSON) with the plan's truth."""
    result = Score(plan)
    written = _written(plan)
    for name in DOCUMENT_FIELDS:
        result.leaves += _field("document", name, plan.truth[name], reading.get(name), None, None, "")
    for part in FIELDS:
        for truth, row in _align(part, plan.truth[part], reading.get(part) or []):
            result.leaves += _row(part, truth, row, written.get(id(truth), ""))
    warnings = Warnings(plan, reading, result.leaves)
    kinds = _kinds(plan)
    for leaf in result.leaves:
        leaf.warned = warnings.covers(leaf)
        if leaf.needs_warning and leaf.right and not leaf.warned:
            leaf.right = False
        if leaf.record is not None:
            leaf.kinds = {
                kind for kind, fields in kinds.get(id(leaf.record), []) if not fields or leaf.field in fields
            }
        elif leaf.part == "document":
            leaf.kinds = {d.kind for d in plan.damages if d.part == "document" and leaf.field in d.fields}
    result.false_warnings = warnings.false_ones()
    return result


def placed(result: Score, text: str) -> tuple[int, int]:
    """(rows whose `source.line` is a line of the text that holds their words, rows read) in a plain text file."""
    lines = [plain(line) for line in text.splitlines()]
    rows = {id(leaf.row): leaf for leaf in result.leaves if leaf.row is not None and leaf.record is not None}
    right = total = 0
    for leaf in rows.values():
        if leaf.part not in KEY or leaf.part == "missing":
            continue
        total += 1
        source, words = (
            (leaf.row or {}).get("source") or {},
            sentence(str((leaf.row or {}).get(KEY[leaf.part]))),
        )
        line = source.get("line")
        if isinstance(line, int) and 0 < line <= len(lines):
            here = "".join(lines[line - 1 : line + 2])  # a cell of several lines goes on below
            right += any(words[i : i + 4] in here for i in range(0, max(1, len(words) - 3), 3))
    return right, total


def _kinds(plan: Plan) -> dict[int, list[tuple[str, set[str]]]]:
    kinds: dict[int, list[tuple[str, set[str]]]] = {}
    for damage in plan.damages:
        for record in damage.records:
            kinds.setdefault(id(record), []).append((damage.kind, damage.fields))
    return kinds


def _written(plan: Plan) -> dict[int, str]:
    """What stands in the document for each truth record."""
    written: dict[int, str] = {}
    for block in plan.blocks:
        if isinstance(block, Table):
            for row in block.rows:
                for record in row.records:
                    written[id(record)] = written.get(id(record), "") + plain("".join(row.cells))
        elif isinstance(block, Paragraph):
            for record in block.records:
                written[id(record)] = written.get(id(record), "") + plain(block.text)
    return written


def _align(part: str, truths: list[Record], rows: list[Record]) -> list[tuple[Any, Any]]:
    key = KEY[part]

    def closeness(truth: Record, row: Record) -> float:
        if part == "missing":
            return (
                1.0 if truth["kind"] == row.get("kind") and same(truth["number"], row.get("number")) else 0.0
            )
        text = 2 * likeness(preferred(truth.get(key)), row.get(key))
        return text + (0.9 if part != "duties" and same(truth.get("number"), row.get("number")) else 0.0)

    if not any(mark(t.get(key)) in ("sha256", "any") and "sha256" in str(t[key]) for t in truths):
        return pair(truths, rows, closeness)

    def known(truth: Record, row: Record) -> float:
        """Texts known by their digest only: numbers or leads, and the order, help where a text was misread."""
        if part == "duties":
            leads = [_name(lead) for lead in row.get("lead") or []]
            close = len(leads) == len(truth["lead"]) and all(map(same, truth["lead"], leads))
        else:
            close = same(truth.get("number"), row.get("number"))
        return 2.0 * same(truth.get(key), row.get(key)) + 0.9 * close

    return pair(truths, rows, known)


def _row(part: str, truth: Any, row: Any, written: str) -> Iterator[Leaf]:
    record = None if truth is ABSENT else truth
    read = None if row is ABSENT else row
    if record is not None and record.get("optional") and read is None:
        return
    for name in FIELDS[part]:
        if record is not None and name not in record:
            continue
        if record is None and (read or {}).get(name) in (None, [], False) and name != "number":
            continue
        expected = ABSENT if record is None else record[name]
        actual = ABSENT if read is None else read.get(name)
        yield from _field(part, name, expected, actual, record, read, written)


def _field(
    part: str, name: str, expected: Any, actual: Any, record: Record | None, row: Record | None, written: str
) -> Iterator[Leaf]:
    """The leaves of one field of one row."""

    def leaf(path: str, want: Any, got: Any, right: bool, needs: bool = False) -> Leaf:
        return Leaf(part, name, path, want, got, right, record, row, needs_warning=needs)

    kind = mark(expected)
    if kind == "free":
        return
    if kind == "lost":
        empty = actual is not ABSENT and (
            actual in (None, "", [])
            or (
                isinstance(actual, dict)
                and actual.get("due") is None
                and actual.get("kind") in (None, "unknown")
            )
        )
        yield leaf(name, None, actual, empty, needs=True)
    elif name == "deadline" and (
        (isinstance(expected, dict) and kind is None) or expected is ABSENT or isinstance(actual, dict)
    ):
        yield from _deadline(leaf, expected, actual, written)
    elif kind == "any" and isinstance(expected["any"][0], list):
        options = [
            list(_field(part, name, option, actual, record, row, written)) for option in expected["any"]
        ]
        yield from max(options, key=lambda leaves: sum(one.right for one in leaves) - len(leaves))
    elif isinstance(expected, list) or (expected is ABSENT and isinstance(actual, list)):
        yield from _list(leaf, part, name, expected, actual, written)
    else:
        right = expected is not ABSENT and actual is not ABSENT and same(expected, actual)
        if name == "target_text" and isinstance(actual, str) and plain(actual) in written:
            right = right or likeness(expected, actual) >= 0.5  # as written: with the damage or without
        yield leaf(name, expected, actual, right)


def _deadline(leaf: Any, expected: Any, actual: Any, written: str) -> Iterator[Leaf]:
    for key in ("raw", "kind", "due"):
        want = expected.get(key) if isinstance(expected, dict) else expected
        got = actual.get(key) if isinstance(actual, dict) else actual
        if mark(want) == "free":
            continue
        right = same(want, got) if want is not ABSENT and got is not ABSENT else False
        if key == "raw" and isinstance(got, str) and isinstance(want, str):
            right = right or (bool(plain(got)) and plain(got) in written)
        yield leaf(f"deadline.{key}", want, got, right, needs=mark(want) == "lost")


def _name(value: Any) -> Any:
    return value.get("name", value) if isinstance(value, dict) else value


def _list(leaf: Any, part: str, name: str, expected: Any, actual: Any, written: str) -> Iterator[Leaf]:
    wanted = [] if expected is ABSENT else expected
    got = actual if isinstance(actual, list) else []
    if not wanted and not got:
        yield leaf(name, wanted, got, actual is not ABSENT)
        return
    if name in ROW_FIELDS and part in ("tasks", "actions"):
        if name == "targets":
            pairs = pair(wanted, got, lambda e, a: _target_likeness(e, a))
        else:
            pairs = pair(
                wanted,
                got,
                lambda e, a: (
                    _name_likeness(e["name"], a.get("name")) + 0.3 * _name_likeness(e["raw"], a.get("raw"))
                ),
            )
        for index, (want, one) in enumerate(pairs):
            yield from _member(leaf, name, index, want, one, written)
        return
    names = part in ("actions", "duties", "missing") and name in ("lead", "cooperating", "responsible")
    pairs = pair(wanted, [_name(a) for a in got], _name_likeness if names else _text_likeness)
    for index, (want, one) in enumerate(pairs):
        yield leaf(
            f"{name}[{index}]", want, one, want is not ABSENT and one is not ABSENT and same(want, one)
        )


def _text_likeness(expected: Any, actual: Any) -> float:
    """A text known by its digest only goes to the text in its place where none is the same."""
    return same(expected, actual) + (
        0.5 if mark(expected) == "sha256" else likeness(preferred(expected), actual)
    )


def _name_likeness(expected: Any, actual: Any) -> float:
    return 1.5 if same(expected, actual) else likeness(preferred(expected), actual)


def _target_likeness(expected: Record, actual: Record) -> float:
    value = scaled(preferred(expected["value"]), preferred(expected["unit"])) == scaled(
        actual.get("value"), actual.get("unit")
    )
    name = likeness(preferred(expected["name"]), actual.get("name"))
    return 0.5 * value + name + 0.5 * likeness(preferred(expected["text"]), actual.get("text"))


def _member(leaf: Any, name: str, index: int, want: Any, one: Any, written: str) -> Iterator[Leaf]:
    """The leaves of one responsible body or one target."""
    if want is not ABSENT and want.get("optional") and one is ABSENT:
        return
    for key in ROW_FIELDS[name]:
        path = f"{name}[{index}].{key}"
        if want is ABSENT:
            if one.get(key) not in (None, False):
                yield leaf(path, ABSENT, one.get(key), False)
            continue
        expected = want.get(key)
        if mark(expected) == "free":
            continue
        if one is ABSENT:
            if expected is not None:
                yield leaf(path, expected, ABSENT, False)
            continue
        yield leaf(path, expected, one.get(key), _member_right(key, want, one, written))


def _member_right(key: str, want: Record, one: Record, written: str) -> bool:
    expected, actual = want.get(key), one.get(key)
    if same(expected, actual):
        return True
    if key in ("value", "unit"):
        return scaled(preferred(want["value"]), preferred(want["unit"])) == scaled(
            one.get("value"), one.get("unit")
        )
    if key == "raw":
        return bool(actual) and plain(actual) in written
    if key == "text":  # the whole line or the clause with the figure
        clause = sentence(str(actual or ""))
        return len(clause) > 3 and (
            clause in plain(preferred(expected)) or plain(preferred(expected)) in clause
        )
    return False
