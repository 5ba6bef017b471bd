"""The flow chart and the BPMN file of every pack: whole, readable, valid, and nothing drawn over anything."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as Xml
from pathlib import Path

import pytest
import SpiffWorkflow.bpmn.parser
from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser, BpmnValidator

from qifu.engines.casework.bpmn import MODEL, bpmn, duration
from qifu.engines.casework.case_type import CaseType, case_type
from qifu.engines.casework.case_type_file import read_case_type
from qifu.engines.casework.clocks import Limit, Unit
from qifu.engines.casework.drawing import EDGE, described, draw, way_of, wrapped
from qifu.engines.casework.drawing_layout import BOX, places
from qifu.engines.casework.tests.running_clocks import CASE_TYPE
from qifu.engines.casework.tests.test_proofs import FOLDER

PACKS = ("standard", "huzhou", "township", "small")
SCHEMA = Path(SpiffWorkflow.bpmn.parser.__file__).parent / "schema" / "BPMN20.xsd"


def definition(name: str) -> CaseType:
    """Return a pack, or the small type that other tests use."""
    if name == "small":
        return case_type(read_case_type(CASE_TYPE.encode(), where="small.yaml").content)
    beside = {path.stem: path.read_bytes() for path in FOLDER.glob("*.yaml")}
    return case_type(read_case_type(beside[name], where=f"{name}.yaml", beside=beside).content)


def width_of(text: str, size: int) -> float:
    return sum(size if ord(sign) > 0x2E7F or sign in "“”—→" else size * 0.62 for sign in text)


@pytest.mark.parametrize("name", PACKS)
def test_the_chart_shows_every_state_and_act_and_draws_nothing_over_anything(name: str) -> None:
    one = definition(name)
    svg = Xml.fromstring(draw(one))
    ns = {"s": "http://www.w3.org/2000/svg"}
    texts = [text.text or "" for text in svg.findall(".//s:text", ns)]
    assert all(state.title in texts for state in one.states.values())
    for transition in one.transitions.values():
        if transition.to is not None:
            written = f"{transition.title} → {one.states[transition.to].title}"
            assert texts.count(written) >= 1 or list(transition.from_states) == [transition.to]
    boxes = []
    for rect in svg.findall(".//s:g/s:rect", ns):
        x, y, w, h = (int(rect.get(key, "0")) for key in ("x", "y", "width", "height"))
        assert all(x >= bx + bw or bx >= x + w or y >= by + bh or by >= y + h for bx, by, bw, bh in boxes)
        boxes.append((x, y, w, h))
    assert len(boxes) == len(one.states)
    for text in svg.findall(".//s:g/s:text", ns):
        x, size, wide = int(text.get("x", "0")), int(text.get("font-size", "0")), 0.0
        assert size >= 12
        wide = width_of(text.text or "", size)
        left = x - wide if text.get("text-anchor") == "end" else x
        assert any(bx <= left and left + wide <= bx + bw and by < int(text.get("y", "0")) <= by + bh for bx, by, bw, bh in boxes), text.text  # fmt: skip
    for group in svg.findall("./s:g", ns):
        spans: dict[int, list[tuple[float, float]]] = {}
        for text in group.findall("./s:text", ns):
            wide = width_of(text.text or "", int(text.get("font-size", "0")))
            x = int(text.get("x", "0")) - (wide if text.get("text-anchor") == "end" else 0)
            spans.setdefault(int(text.get("y", "0")), []).append((x, x + wide))
        assert all(a[1] < b[0] for row in spans.values() for a, b in itertools.pairwise(sorted(row)))
    for path in svg.findall("./s:path", ns):
        points = [(int(a), int(b)) for a, b in re.findall(r"(-?\d+),(-?\d+)", path.get("d", ""))]
        for (ax, ay), (bx, by) in itertools.pairwise(points):
            for x, y, w, h in boxes:
                low, high = (min(ax, bx), min(ay, by)), (max(ax, bx), max(ay, by))
                assert not (low[0] < x + w and high[0] > x and low[1] < y + h and high[1] > y), path.get("d")


@pytest.mark.parametrize("name", PACKS)
def test_lines_to_different_states_never_lie_on_one_another(name: str) -> None:
    from qifu.engines.casework import drawing
    from qifu.engines.casework.drawing_layout import chart

    one = definition(name)
    at = places(one)
    made = chart(one, {state: drawing._box(one, state, *at[state]) for state in one.states})
    pieces: dict[tuple[str, int], list[tuple[int, int, tuple[str | None, bool]]]] = {}
    for line in made.lines:
        for (ax, ay), (bx, by) in itertools.pairwise(line.points):
            assert ax == bx or ay == by
            key = ("x", ax) if ax == bx else ("y", ay)
            low, high = sorted((ay, by) if ax == bx else (ax, bx))
            pieces.setdefault(key, []).append((low, high, (line.transition.to, line.back)))
    for spans in pieces.values():
        for low, high, bus in spans:
            assert all(other == bus or high <= a or b <= low for a, b, other in spans), spans


def test_the_chart_is_the_same_each_time_and_marks_where_a_case_stands() -> None:
    one = definition("standard")
    assert draw(one) == draw(one)
    events = [
        ("opened", "received"),
        ("accept", "pooled"),
        ("note", "pooled"),
        ("assign", "assigned"),
        ("take", "handling"),
    ]
    way = way_of(one, events)
    assert way == {("received", "accept"), ("pooled", "assign"), ("assigned", "take")}
    marked = draw(one, present="handling", taken=way)
    assert "目前在这里" in marked and "目前在这里" not in draw(one)
    assert marked.count('stroke-width="3"') == 5  # three lines, the box, the legend
    assert "style=" not in marked and "<style" not in marked
    assert "目前在“办理中”" in described(one, "handling")
    assert "“待筛选”（起点）：企服中心不予纳入，到“不予纳入”" in described(one)


def test_text_is_broken_by_width() -> None:
    assert wrapped("一二三四五", 36, 12) == ["一二三", "四五"]
    assert wrapped("", 36, 12) == []
    assert BOX > 2 * EDGE


@pytest.mark.parametrize("name", PACKS)
def test_the_bpmn_file_is_valid_and_whole(name: str) -> None:
    one = definition(name)
    root = etree.fromstring(bpmn(one).encode())
    etree.XMLSchema(etree.parse(SCHEMA)).assertValid(root)
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    ns = {"b": MODEL}
    nodes = {
        node.get("id") for node in root.xpath("//b:flowNodeRef/../.. | //b:process/*[@id]", namespaces=ns)
    }
    laned = [node.text for node in root.xpath("//b:flowNodeRef", namespaces=ns)]
    flow_nodes = root.xpath("//b:process/*[self::b:userTask or self::b:serviceTask or self::b:exclusiveGateway or self::b:startEvent or self::b:endEvent or self::b:boundaryEvent]/@id", namespaces=ns)  # fmt: skip
    assert sorted(laned) == sorted(flow_nodes)
    drawn = root.xpath("//*[local-name()='BPMNShape' or local-name()='BPMNEdge']/@bpmnElement")
    flows = root.xpath("//b:sequenceFlow/@id", namespaces=ns)
    lanes = root.xpath("//b:lane/@id", namespaces=ns)
    assert sorted(drawn) == sorted([*flow_nodes, *flows, *lanes])
    assert {name for flow in root.xpath("//b:sequenceFlow", namespaces=ns) for name in (flow.get("sourceRef"), flow.get("targetRef"))} <= nodes  # fmt: skip
    for transition in one.transitions.values():
        leading = [name for name in transition.from_states if transition.to not in (None, name)]
        found = root.xpath(f"//b:sequenceFlow[starts-with(@name, '{transition.title}（')][@targetRef='state_{transition.to}']", namespaces=ns)  # fmt: skip
        assert len(found) >= len(leading)


@pytest.mark.parametrize("name", PACKS)
def test_another_engine_reads_the_bpmn_file(name: str) -> None:
    one = definition(name)
    parser = BpmnParser(validator=BpmnValidator())
    # It reads executable processes only; ours is a description, whose guards are ours.
    parser.add_bpmn_str(bpmn(one).replace('isExecutable="false"', 'isExecutable="true"').encode())
    spec = parser.get_spec(one.key)
    titles = {task.bpmn_name for task in spec.task_specs.values() if task.bpmn_name}
    assert {state.title for state in one.states.values()} <= titles


def test_terms_in_iso_8601_only_where_they_are() -> None:
    assert duration(Limit(Unit.HOURS, 24)) == "PT24H"
    assert duration(Limit(Unit.CALENDAR_DAYS, 30)) == "P30D"
    assert duration(Limit(Unit.WORKING_DAYS, 5)) == "5个工作日"
