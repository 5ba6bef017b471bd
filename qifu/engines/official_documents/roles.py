"""Who leads, who helps, who answers: `甲牵头，乙、丙配合`, `责任单位：…；完成时限：…` and sentences with 负责."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .deadlines import read_deadline

_LABEL = re.compile(
    r"(?P<lead>(?:市级|省级)?(?:牵头|主办|主责|牵头责任)(?:单位|部门|处室)?\s*[:：])|(?P<coop>(?:配合|协同|协办|参与|参加|协作|协助)(?:单位|部门|处室)?\s*[:：])|"
    r"(?P<resp>(?:责任|落实|承办|实施|承担)(?:单位|部门|主体|处室)?\s*[:：])|(?P<due>(?:完成|办结|工作)?(?:时限|时间|期限|时间节点|时间安排)(?:要求)?\s*[:：])"
)
_LEAD_END = re.compile(r"(?:共同|联合)?(?:牵头|主办|主责)(?:负责|落实|实施|推进|组织实施|开展)?$")
_COOP_END = re.compile(r"(?:等)?(?:按(?:照)?(?:职责|分工|职责分工|各自职责))?(?:共同|积极|协同|协助)?(?:配合|参与|参加|协办|协同|协助)(?:落实|实施|推进|做好|负责)?$")
_RESP_END = re.compile(r"(?:等)?(?:按(?:照)?(?:职责|分工|职责分工|各自职责)(?:分工)?)?(?:共同|分别|具体|抓好|组织)?(?:负责|落实|承担|实施)(?:落实|实施|推进)?$")
_WITH = re.compile(r"会同|商(?=[\u4e00-\u9fff]{2,}[部委局厅])")


@dataclass(slots=True)
class Roles:
    """Lists of units as text, and the deadline's text."""

    lead: str = ""
    cooperating: str = ""
    responsible: str = ""
    deadline: str = ""

    def add(self, role: str, text: str) -> None:
        text = text.strip(" ，,；;。、")
        if text:
            before = getattr(self, role)
            setattr(self, role, f"{before}、{text}" if before else text)

    def __bool__(self) -> bool:
        return bool(self.lead or self.cooperating or self.responsible)


def split_roles(text: str) -> Roles:
    """The roles a duty bracket or a cell states."""
    roles = Roles()
    marks = list(_LABEL.finditer(text))
    if marks:
        names = {"lead": "lead", "coop": "cooperating", "resp": "responsible", "due": "deadline"}
        for i, mark in enumerate(marks):
            end = marks[i + 1].start() if i + 1 < len(marks) else len(text)
            roles.add(names[str(mark.lastgroup)], text[mark.end() : end])
        return roles
    for piece in _phrases(text):
        _phrase(piece, roles)
    return roles


def _phrases(text: str) -> list[str]:
    """Cut after 牵头, 配合, 负责 where a comma or stop follows."""
    return [p for p in re.split(r"(?<=[头合责与加办实施])[，,；;。]|[；;。]|(?<=牵头)[、]?(?=[省市各国])", text) if p.strip()]


def _phrase(piece: str, roles: Roles) -> None:
    piece = re.sub(r"^\s*(?:由|请)", "", piece.strip(" ，,、。；;"))
    words = re.sub(r"(?:之?前)?完成$", "", piece)
    if len(words) < 20 and read_deadline(words, 2000):
        roles.add("deadline", words)
        return
    for pattern, role in ((_LEAD_END, "lead"), (_COOP_END, "cooperating"), (_RESP_END, "responsible")):
        match = pattern.search(piece)
        if not match:
            continue
        units = piece[: match.start()]
        first, *helpers = _WITH.split(units, maxsplit=1)
        roles.add(role, first)
        if helpers:
            roles.add("cooperating", re.sub(r"(?:等)?按.*$", "", helpers[0]))
        return
    if re.search(r"\d+月|年底|季度|持续|长期|20\d\d", piece) and len(piece) < 20:
        roles.add("deadline", words)
