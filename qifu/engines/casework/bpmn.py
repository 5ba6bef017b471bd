"""A case type as BPMN 2.0 XML, with shapes and edges, for tools that draw or simulate processes. Pure.

A state is a user task in the lane of whoever acts in it; the acts that lead on leave an exclusive gateway behind it. A
clock is a timer on the border of each task that starts it. Terms of working days have no ISO 8601 form: such timers say
their term in words.
"""

from __future__ import annotations

import xml.etree.ElementTree as Xml
from dataclasses import dataclass, field

from qifu.engines.casework.case_type import CaseType, Transition
from qifu.engines.casework.clocks import RULES, Limit, Unit
from qifu.engines.casework.drawing import roles
from qifu.engines.casework.drawing_layout import places
from qifu.engines.casework.machine import SYSTEM

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
WAY = "http://www.omg.org/spec/DD/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
TARGET = "https://qifu.invalid/case-types"
for prefix, uri in (("bpmn", MODEL), ("bpmndi", DI), ("dc", DC), ("di", WAY), ("xsi", XSI)):
    Xml.register_namespace(prefix, uri)
TASK, GATE, EVENT, BAND, STRIDE = (150, 80), (50, 50), (36, 36), 190, 330
Box = tuple[int, int, int, int]


@dataclass
class _Flow:
    source: str
    target: str
    name: str = ""
    words: str = ""
    act: str = ""


@dataclass
class _Node:
    """One flow node: its element's tag, name, lane, and box on the sheet."""

    tag: str
    name: str
    lane: str
    box: Box
    words: str = ""
    clock: str = ""
    host: str = ""
    default: str = ""


@dataclass
class _Process:
    nodes: dict[str, _Node] = field(default_factory=dict)
    flows: dict[str, _Flow] = field(default_factory=dict)

    def flow(self, source: str, target: str, name: str = "", words: str = "", act: str = "") -> str:
        key = f"flow_{len(self.flows) + 1}"
        self.flows[key] = _Flow(source, target, name, words, act)
        return key


def bpmn(definition: CaseType) -> str:
    """Return the BPMN 2.0 document of a case type."""
    process = _process(definition)
    root = Xml.Element(
        f"{{{MODEL}}}definitions", {"targetNamespace": TARGET, "id": f"definitions_{definition.key}"}
    )
    one = Xml.SubElement(root, f"{{{MODEL}}}process", {"id": definition.key, "name": definition.title, "isExecutable": "false"})  # fmt: skip
    _words(one, definition.basis)
    lanes = Xml.SubElement(one, f"{{{MODEL}}}laneSet", {"id": "lanes"})
    for role in _lanes(definition):
        lane = Xml.SubElement(lanes, f"{{{MODEL}}}lane", {"id": f"lane_{role}", "name": definition.roles.get(role, "系统")})  # fmt: skip
        for key, node in process.nodes.items():
            if node.lane == role:
                Xml.SubElement(lane, f"{{{MODEL}}}flowNodeRef").text = key
    for key, node in process.nodes.items():
        _node(one, definition, process, key, node)
    for key, flow in process.flows.items():
        said = {"id": key, "sourceRef": flow.source, "targetRef": flow.target}
        line = Xml.SubElement(
            one, f"{{{MODEL}}}sequenceFlow", said | ({"name": flow.name} if flow.name else {})
        )
        _words(line, flow.words)
        if process.nodes[flow.source].tag == "exclusiveGateway" and flow.act:
            _expression(line, "conditionExpression", f"act == '{flow.act}'")
    _diagram(root, definition, process)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _lanes(definition: CaseType) -> list[str]:
    """Return the roles that have a lane: every one of the type, the system last."""
    return [*(role for role in definition.roles if role != SYSTEM), SYSTEM]


def _ahead(definition: CaseType, state: str) -> list[Transition]:
    return [one for one in definition.leaving(state) if one.to not in (None, state)]


def _lane_of(definition: CaseType, state: str) -> str:
    """Return whose turn it is in a state: the role of its first act that leads on, the firm's word and undoing aside."""
    acts = [role for one in _ahead(definition, state) for role in one.roles]
    most = sorted(set(acts), key=lambda role: (-acts.count(role), acts.index(role)))
    return most[0] if most else SYSTEM


def _process(definition: CaseType) -> _Process:
    made, at, lanes = _Process(), places(definition), _lanes(definition)
    order = sorted(definition.states, key=lambda name: (at[name][1], at[name][0], name))
    across = {name: 160 + STRIDE * index for index, name in enumerate(order)}
    for name, state in definition.states.items():
        lane = _lane_of(definition, name)
        x, y = across[name], 40 + BAND * lanes.index(lane)
        ahead = _ahead(definition, name)
        if state.final and not ahead:
            made.nodes[f"state_{name}"] = _Node("endEvent", state.title, lane, (x, y + 22, *EVENT))
            continue
        stay = [
            f"{one.title}（{roles(definition, one)}）"
            for one in definition.leaving(name)
            if one.to in (None, name)
        ]
        words = f"企业看到：{state.shown}" + (f"\n在本环节还可以：{'、'.join(stay)}" if stay else "")
        made.nodes[f"state_{name}"] = _Node("userTask", state.title, lane, (x, y, *TASK), words)
        _timers(made, definition, name, lane, (x, y))
        _ways(made, definition, name, ahead, lane, (x, y))
    first = definition.initial.name
    x, y, _, _ = made.nodes[f"state_{first}"].box
    made.nodes["start"] = _Node(
        "startEvent", "收到", made.nodes[f"state_{first}"].lane, (x - 90, y + 22, *EVENT)
    )
    made.flow("start", f"state_{first}")
    if any(node.tag == "boundaryEvent" for node in made.nodes.values()):
        _reminder(made, 160 + STRIDE * len(order), 40 + BAND * lanes.index(SYSTEM))
    return made


def _ways(made: _Process, definition: CaseType, name: str, ahead: list[Transition], lane: str, corner: tuple[int, int]) -> None:  # fmt: skip
    """Lay the ways out of a state: straight where there is one, else by a gateway; from a final state, also to its end."""
    source, (x, y) = f"state_{name}", corner
    if len(ahead) > 1 or definition.ends(name):
        made.nodes[f"gate_{name}"] = _Node("exclusiveGateway", "", lane, (x + 190, y + 15, *GATE))
        made.flow(source, f"gate_{name}")
        source = f"gate_{name}"
    for one in ahead:
        made.flow(
            source,
            f"state_{one.to}",
            f"{one.title}（{roles(definition, one)}）",
            _said(definition, one),
            one.name,
        )
    if definition.ends(name):
        made.nodes[f"end_{name}"] = _Node(
            "endEvent", definition.states[name].title, lane, (x + 270, y + 22, *EVENT)
        )
        made.nodes[source].default = made.flow(source, f"end_{name}", "不再变化")


def _said(definition: CaseType, one: Transition) -> str:
    """Return what an act asks, does to clocks, and tells the firm."""
    asked = "、".join(definition.fields[name].title for name in one.form if name in definition.fields)
    said = [f"填写：{asked}"] if asked else []
    for key, word in (("starts", "起算"), ("stops", "停止"), ("pauses", "暂停"), ("resumes", "恢复")):
        names = "、".join(definition.clocks[name].title for name in getattr(one, key))
        said += [f"{word}时限：{names}"] if names else []
    said += [f"企业看到：{one.shown}"] if one.shown else []
    return "\n".join(said)


def _timers(made: _Process, definition: CaseType, name: str, lane: str, corner: tuple[int, int]) -> None:
    """Put a timer on a task for each clock that may begin on entering it."""
    starts = list(definition.states[name].starts)
    starts += [clock for one in definition.transitions.values() if one.to == name for clock in one.starts]
    for index, clock in enumerate(dict.fromkeys(starts)):
        title = f"{definition.clocks[clock].title}{definition.clocks[clock].limit.words()}到期"
        key = f"timer_{name}_{clock}"
        x, y = corner[0] + 6 + 48 * index, corner[1] + TASK[1] - EVENT[1] // 2
        made.nodes[key] = _Node(
            "boundaryEvent", title, lane, (x, y, *EVENT), clock=clock, host=f"state_{name}"
        )
        made.flow(key, "remind")


def _reminder(made: _Process, x: int, y: int) -> None:
    made.nodes["remind"] = _Node(
        "serviceTask", "提醒", SYSTEM, (x, y, *TASK), "临期、到期提醒负责的人；案件留在原环节"
    )
    made.nodes["reminded"] = _Node("endEvent", "已提醒", SYSTEM, (x + 220, y + 22, *EVENT))
    made.flow("remind", "reminded")


def _node(parent: Xml.Element, definition: CaseType, process: _Process, key: str, node: _Node) -> None:
    said = {"id": key} | ({"name": node.name} if node.name else {})
    if node.host:
        said |= {"attachedToRef": node.host, "cancelActivity": "false"}
    if node.default:
        said |= {"default": node.default}
    element = Xml.SubElement(parent, f"{{{MODEL}}}{node.tag}", said)
    clock = definition.clocks.get(node.clock)
    _words(element, RULES[clock.limit.unit] if clock else node.words)
    for tag, end in (("incoming", "target"), ("outgoing", "source")):
        for name, flow in process.flows.items():
            if getattr(flow, end) == key:
                Xml.SubElement(element, f"{{{MODEL}}}{tag}").text = name
    if clock is not None:
        timer = Xml.SubElement(element, f"{{{MODEL}}}timerEventDefinition", {"id": f"{key}_term"})
        _expression(timer, "timeDuration", duration(clock.limit))


def _expression(parent: Xml.Element, tag: str, text: str) -> None:
    Xml.SubElement(parent, f"{{{MODEL}}}{tag}", {f"{{{XSI}}}type": "bpmn:tFormalExpression"}).text = text


def duration(limit: Limit) -> str:
    """Return a limit as an ISO 8601 duration where it is one, else in words."""
    if limit.unit is Unit.HOURS:
        return f"PT{limit.amount}H"
    return f"P{limit.amount}D" if limit.unit is Unit.CALENDAR_DAYS else limit.words()


def _words(element: Xml.Element, text: str) -> None:
    if text:
        Xml.SubElement(element, f"{{{MODEL}}}documentation").text = text


# The sheet: lanes as bands, nodes in their boxes, flows as polylines that turn at right angles.


def _diagram(root: Xml.Element, definition: CaseType, process: _Process) -> None:
    diagram = Xml.SubElement(root, f"{{{DI}}}BPMNDiagram", {"id": "diagram", "name": definition.title})
    plane = Xml.SubElement(diagram, f"{{{DI}}}BPMNPlane", {"id": "plane", "bpmnElement": definition.key})
    wide = max(node.box[0] + node.box[2] for node in process.nodes.values()) + 60
    for index, role in enumerate(_lanes(definition)):
        _shape(plane, f"lane_{role}", (10, 10 + BAND * index, wide, BAND), {"isHorizontal": "true"})
    for key, node in process.nodes.items():
        _shape(plane, key, node.box, {"isMarkerVisible": "true"} if node.tag == "exclusiveGateway" else {})
    for key, flow in process.flows.items():
        edge = Xml.SubElement(plane, f"{{{DI}}}BPMNEdge", {"id": f"{key}_edge", "bpmnElement": key})
        for x, y in _points(process.nodes[flow.source].box, process.nodes[flow.target].box):
            Xml.SubElement(edge, f"{{{WAY}}}waypoint", {"x": str(x), "y": str(y)})


def _shape(plane: Xml.Element, key: str, box: Box, more: dict[str, str]) -> None:
    shape = Xml.SubElement(plane, f"{{{DI}}}BPMNShape", {"id": f"{key}_shape", "bpmnElement": key} | more)
    names = ("x", "y", "width", "height")
    Xml.SubElement(
        shape, f"{{{DC}}}Bounds", {name: str(value) for name, value in zip(names, box, strict=True)}
    )


def _points(source: Box, target: Box) -> list[tuple[int, int]]:
    """Return a way from one box to another: from right to left where the target lies ahead, else round above or below."""
    x, y, w, h = source
    tx, ty, tw, th = target
    start, middle = (x + w, y + h // 2), ty + th // 2
    if tx > x + w:
        turn = (x + w + tx) // 2
        return [start, (turn, start[1]), (turn, middle), (tx, middle)]
    return [(x + w // 2, y), (x + w // 2, y - 25), (tx + tw // 2, y - 25), (tx + tw // 2, ty if ty > y - 25 else ty + th)]  # fmt: skip
