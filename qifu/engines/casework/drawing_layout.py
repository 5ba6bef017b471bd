"""Where the boxes and lines of a flow chart go: pure, deterministic, nothing overlaps.

Three columns: the main line, other open states, other final states. Each act is a row of its state's box; its line leaves
the box at that row, runs in the gap right of its column, then in the corridor above its target's row, and enters the
target from above. Gaps and corridors hold no boxes, so no line ever crosses one. Lines to one target share a lane.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from qifu.engines.casework.case_type import CaseType, Transition

BOX, LANE, PAD = 312, 11, 16
"""Width of a box, distance of two lanes, distance of lanes from boxes."""
LEGEND = 34
"""Height of the legend at the top."""


@dataclass(frozen=True)
class Row:
    """One act in a box: `lines` of text below its first, `height`, and `y` of the middle of its first line from the box's top."""

    transition: Transition
    clocks: tuple[str, ...]
    y: int
    height: int


@dataclass(frozen=True)
class Box:
    """One state: its place in the grid, its rows, and the lines of acts that stay in it."""

    state: str
    column: int
    row: int
    rows: tuple[Row, ...]
    staying: tuple[str, ...]
    staying_y: int
    height: int


@dataclass(frozen=True)
class Line:
    """One act's way from its row to its target, as points; `back` where it leads up again."""

    transition: Transition
    source: str
    points: tuple[tuple[int, int], ...]
    back: bool


@dataclass
class Chart:
    """A whole chart: boxes with the corner where each stands, lines, size."""

    boxes: list[Box] = field(default_factory=list)
    corners: dict[str, tuple[int, int]] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    width: int = 0
    height: int = 0


def main_line(definition: CaseType) -> list[str]:
    """Return the longest way from the initial state to the first final one that follows the written order of states."""
    names = list(definition.states)
    finals = [name for name in names if definition.ends(name)]
    goal = finals[0]
    order = {name: at for at, name in enumerate(names)}
    best: dict[str, list[str]] = {definition.initial.name: [definition.initial.name]}
    for name in names:
        if name not in best or name in finals:
            continue
        for one in definition.leaving(name):
            ahead = one.to is not None and (order[one.to] > order[name] or one.to == goal)
            if one.to is not None and ahead and len(best[name]) + 1 > len(best.get(one.to, ())):
                best[one.to] = [*best[name], one.to]
    return best.get(goal, [definition.initial.name])


def places(definition: CaseType) -> dict[str, tuple[int, int]]:
    """Return column and row of every state: the main line first, every other one beside the states it is linked with."""
    line = main_line(definition)
    found = {name: (0, row) for row, name in enumerate(line)}
    taken = set(found.values())
    links: dict[str, list[str]] = {name: [] for name in definition.states}
    for one in definition.transitions.values():
        for name in one.from_states:
            if one.to not in (None, name):
                links[name].append(str(one.to))
                links[str(one.to)].append(name)
    waiting = [name for name in definition.states if name not in found]
    while waiting:
        name = next((one for one in waiting if any(other in found for other in links[one])), waiting[0])
        waiting.remove(name)
        rows = [found[other][1] for other in links[name] if other in found] or [len(line)]
        column = 2 if definition.ends(name) else 1
        middle = sum(rows) // len(rows)
        free = (row for step in range(100) for row in (middle + step, middle - step) if row >= 0 and (column, row) not in taken)  # fmt: skip
        found[name] = (column, next(free))
        taken.add(found[name])
    return found


def chart(definition: CaseType, boxes: Mapping[str, Box]) -> Chart:
    """Return the chart of boxes that have been measured."""
    made = Chart(boxes=list(boxes.values()))
    ends = [
        (one, name, str(one.to))
        for one in definition.transitions.values()
        for name in one.from_states
        if one.to not in (None, name)
    ]
    corridors, levels = _corridors(boxes, ends)
    tops = _tops(boxes, corridors, made)
    spans = _gap_spans(boxes, ends, tops, levels)
    gaps, lanes = _gaps(spans)
    lefts, x = {}, PAD
    for column in range(max(box.column for box in boxes.values()) + 1):
        lefts[column] = x
        x += BOX + gaps.get(column, 0)
    made.width = x + PAD
    for name, box in boxes.items():
        made.corners[name] = (lefts[box.column], tops[box.row])
    for one, source, target in ends:
        made.lines.append(_line(made, boxes, one, source, target, levels, lanes, tops))
    return made


Ends = list[tuple[Transition, str, str]]
Bus = tuple[str, bool]
"""What shares a lane: lines to one target, those that lead down apart from those that lead up again."""


def _bus(boxes: Mapping[str, Box], source: str, target: str) -> Bus:
    return target, boxes[target].row <= boxes[source].row and boxes[target].column <= boxes[source].column


def _fit(spans: Mapping[tuple[int, Bus], tuple[int, int]]) -> dict[tuple[int, Bus], int]:
    """Give each span of a gap or corridor (its first key) a lane, short ones first, so that no two in a lane meet."""
    lanes: dict[tuple[int, Bus], int] = {}
    taken: dict[int, list[list[tuple[int, int]]]] = {}
    for key, span in sorted(spans.items(), key=lambda item: (item[1][1] - item[1][0], item[1], item[0])):
        rows = taken.setdefault(key[0], [])
        lane = next((at for at, row in enumerate(rows) if all(span[1] < low or high < span[0] for low, high in row)), len(rows))  # fmt: skip
        if lane == len(rows):
            rows.append([])
        rows[lane].append(span)
        lanes[key] = lane
    return lanes


def _corridors(boxes: Mapping[str, Box], ends: Ends) -> tuple[dict[int, int], dict[tuple[int, Bus], int]]:
    """Return the height of the corridor above each row, and the lane of each bus in it."""
    spans: dict[tuple[int, Bus], tuple[int, int]] = {}
    for _, source, target in ends:
        key = (boxes[target].row, _bus(boxes, source, target))
        across = 2 * boxes[target].column, 2 * boxes[source].column + 1
        low, high = spans.get(key, (min(across), max(across)))
        spans[key] = (min(low, *across), max(high, *across))
    levels = _fit(spans)
    count = {
        row: max((lane + 1 for (at, _), lane in levels.items() if at == row), default=0) for row in range(100)
    }
    return {row: PAD * 2 + LANE * n for row, n in count.items()}, levels


def _tops(boxes: Mapping[str, Box], corridors: Mapping[int, int], made: Chart) -> dict[int, int]:
    tops, y = {}, LEGEND
    for row in range(max(box.row for box in boxes.values()) + 1):
        y += corridors[row]
        tops[row] = y
        y += max((box.height for box in boxes.values() if box.row == row), default=0)
    made.height = y + PAD
    return tops


def _level(tops: Mapping[int, int], levels: Mapping[tuple[int, Bus], int], row: int, bus: Bus) -> int:
    return tops[row] - PAD - LANE * levels[(row, bus)]


def _port(boxes: Mapping[str, Box], tops: Mapping[int, int], source: str, one: Transition) -> int:
    box = boxes[source]
    return tops[box.row] + next(row.y for row in box.rows if row.transition.name == one.name)


def _gap_spans(
    boxes: Mapping[str, Box], ends: Ends, tops: Mapping[int, int], levels: Mapping[tuple[int, Bus], int]
) -> dict[tuple[int, Bus], tuple[int, int]]:
    spans: dict[tuple[int, Bus], tuple[int, int]] = {}
    for one, source, target in ends:
        bus = _bus(boxes, source, target)
        key = (boxes[source].column, bus)
        across = _port(boxes, tops, source, one), _level(tops, levels, boxes[target].row, bus)
        low, high = spans.get(key, (min(across), max(across)))
        spans[key] = (min(low, *across), max(high, *across))
    return spans


def _gaps(
    spans: Mapping[tuple[int, Bus], tuple[int, int]],
) -> tuple[dict[int, int], dict[tuple[int, Bus], int]]:
    """Return the width of the gap right of each column, and the lane of each bus in it."""
    lanes = _fit(spans)
    columns = {column for column, _ in spans}
    count = {column: 1 + max(lane for (at, _), lane in lanes.items() if at == column) for column in columns}
    return {column: PAD * 2 + LANE * n for column, n in count.items()}, lanes


def _line(
    made: Chart, boxes: Mapping[str, Box], one: Transition, source: str, target: str,
    levels: Mapping[tuple[int, Bus], int], lanes: Mapping[tuple[int, Bus], int], tops: Mapping[int, int],
) -> Line:  # fmt: skip
    bus = _bus(boxes, source, target)
    y = _port(boxes, tops, source, one)
    lane = made.corners[source][0] + BOX + PAD + LANE * lanes[(boxes[source].column, bus)]
    level = _level(tops, levels, boxes[target].row, bus)
    enter = made.corners[target][0] + BOX // 2 + (40 if bus[1] else 0)
    points = (made.corners[source][0] + BOX, y), (lane, y), (lane, level), (enter, level), (enter, made.corners[target][1])  # fmt: skip
    return Line(one, source, points, bus[1])
