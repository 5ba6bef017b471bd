"""Who leads, who helps, who answers, by when: `甲牵头，乙、丙配合`, `责任单位：…；完成时限：…`, `（甲、乙，6月底前）`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .deadlines import looks_dated, read_deadline

OPEN, CLOSE = "（(〔[［【﹝{｛", "）)〕]］】﹞}｝"

_LEVEL = r"(?:[省市区县州旗][级直]?|主要|第一)?"
_KIND = r"(?:责任)?(?:单位|部门|主体|处室|科室|机构|地区)"
_LABEL = re.compile(
    rf"(?P<lead>{_LEVEL}(?:牵头|主办|主责)(?:{_KIND})?\s*[:：])|"
    rf"(?P<coop>{_LEVEL}(?:配合|协同|协办|参与|参加|协作|协助|联合)(?:{_KIND})?\s*[:：])|"
    rf"(?P<resp>{_LEVEL}(?:责任|落实|承办|实施|承担|负责|主管)(?:{_KIND})?(?:及分工)?\s*[:：])|"
    r"(?P<split>(?:部门|责任|任务|工作|职责|单位)分工\s*[:：])|"
    r"(?P<skip>(?:分管|责任|牵头|联系|包保|挂钩|主管|负责|市级|省级|县级|区级)(?:[省市区县州]级?)?(?:领导|负责人|责任人|同志|人)\s*[:：])|"
    r"(?P<due>(?:(?:完成|办结|工作|推进|整改|落实|办理)(?:时限|时间|期限|时间节点|进度|日期)|时限|时间|期限|时间节点|时间安排|时间进度|进度安排|时间要求|进度要求)(?:要求)?\s*[:：])"
)
_ADVERB = r"(?:按(?:照)?(?:各自)?(?:职责权限|职责|职能|分工)?(?:分工)?|依职责|分别|共同|联合|具体|统筹|积极|协同|协助|密切|组织|抓好|认真)"
_REST = r"(?:负责|落实|实施|推进|组织实施|开展|做好|抓好|完成|工作|统筹)"
_LEAD_END = re.compile(rf"(?:{_ADVERB}|为|作为)?(?:{_ADVERB})?(?:牵头|主办|主责)(?:单位|部门)?{_REST}?$")
_COOP_END = re.compile(
    rf"(?:{_ADVERB}|为|作为)?(?:{_ADVERB})?(?:配合|参与|参加|协办|协同|协助|协作)(?:单位|部门)?{_REST}?$"
)
_RESP_END = re.compile(
    rf"(?:{_ADVERB}|为|作为)?(?:{_ADVERB})?(?:负责|落实|承担|实施|责任(?:单位|部门))(?:落实|实施|推进|组织实施)?$|{_ADVERB}$"
)
_WITH = re.compile(r"会同|商(?=[\u4e00-\u9fff]{2,}[部委局厅])")
_AFTER_VERB = re.compile(
    r"(?<=[头合责与加办])、|(?<=牵头)(?!负责|主办|主责|落实|实施|推进|组织|开展|抓|做|完成|单位|部门|统筹|工作|$)(?=[\u4e00-\u9fff])"
)
_AFTER_UNIT = re.compile(
    r"(?<=[局委办厅部院会府关位门心司区市县等])(?=20[\dOo〇]{2}年|20\d\d[.\-/]\d|\d{1,2}月|[长即]期|持续|常态|年底|全年|第?[一二三四]季度)"
)
_NOTED = re.compile(r"[（(〔\[](?P<role>牵头|主办|配合|协办|参与)[)）〕\]]")
_DONE = re.compile(r"(?:基本|全部|全面|力争)?(?:完成|实现|落实到位|报送|报告|上报|通报)$")


@dataclass(slots=True)
class Roles:
    """Lists of units as text, and the deadline's text."""

    lead: str = ""
    cooperating: str = ""
    responsible: str = ""
    deadline: str = ""

    def add(self, role: str, text: str) -> None:
        """Adds to a list; blanks and separators around it go."""
        text = text.strip(" ，,；;。、\n")
        if text:
            before = getattr(self, role)
            setattr(self, role, f"{before}{'，' if role == 'deadline' else '、'}{text}" if before else text)

    def __bool__(self) -> bool:
        return bool(self.lead or self.cooperating or self.responsible)


def role_labels(text: str) -> list[re.Match[str]]:
    """Where `牵头单位：`, `完成时限：` and the like stand."""
    return list(_LABEL.finditer(text))


def split_roles(text: str, *, plain: bool = False) -> Roles:
    """The roles a duty bracket or a cell states; `plain`: a list without any such word is responsible, too."""
    roles = Roles()
    marks = role_labels(text)
    first = text[: marks[0].start()] if marks else text
    _Phrases(roles, "responsible", stated=bool(marks) or plain).read(first)
    for i, mark in enumerate(marks):
        value = text[mark.end() : marks[i + 1].start() if i + 1 < len(marks) else len(text)].strip(
            " ，,；;。、\n"
        )
        if mark.lastgroup == "due":
            roles.add("deadline", value)
        elif mark.lastgroup != "skip":
            role = {"lead": "lead", "coop": "cooperating"}.get(str(mark.lastgroup), "responsible")
            _Phrases(roles, role, stated=True).read(value)
    return roles


def is_deadline(piece: str) -> bool:
    """True for a list's member that is a date or a word such as 持续推进, damaged or not."""
    return _as_deadline(piece) is not None


def _as_deadline(piece: str) -> str | None:
    words = piece.strip(" ，,；;。、\n")
    if not 1 < len(words) <= 24:
        return None
    for candidate in (words, _DONE.sub("", words)):
        if candidate and read_deadline(candidate, 2000):
            return candidate
    return words if looks_dated(words) else None


def members(text: str, separators: str = "，,；;。\n") -> list[tuple[str, str]]:
    """Pieces between separators outside brackets, each with the separator behind it."""
    pieces: list[tuple[str, str]] = []
    depth, start = 0, 0
    balance = sum(c in CLOSE for c in text)
    for i, c in enumerate(text):
        if c in OPEN and balance:
            depth += 1
        elif c in CLOSE:
            depth, balance = max(0, depth - 1), balance - 1
        elif depth == 0 and c in separators:
            pieces.append((text[start:i], c))
            start = i + 1
    pieces.append((text[start:], ""))
    return [(p.strip(), s) for p, s in pieces if p.strip()]


class _Phrases:
    """Reads `甲、乙牵头，丙配合，6月底前完成`; what no word claims goes to `default` when something is stated."""

    def __init__(self, roles: Roles, default: str, *, stated: bool) -> None:
        self.roles = roles
        self.default = default
        self.stated = stated
        self.waiting: list[str] = []
        self.unclaimed: list[str] = []

    def read(self, text: str) -> None:
        for piece, separator in members(text):
            for part in _AFTER_VERB.split(piece):
                for member in _AFTER_UNIT.split(part):
                    self._member(member)
            if separator in "；;。" and separator:
                self._unclaimed()
        self._unclaimed()
        if self.stated or self.roles:
            for piece in self.unclaimed:
                self.roles.add(self.default, piece)

    def _member(self, piece: str) -> None:
        if words := _as_deadline(piece):
            self.roles.add("deadline", words)
            return
        head, comma, last = piece.rpartition("、")
        if comma and (words := _as_deadline(last)):
            self.roles.add("deadline", words)
            piece = head
        piece = re.sub(r"^(?:由|请)", "", piece.strip(" 、"))
        if _NOTED.search(piece):
            self._noted(piece)
            return
        for pattern, role in ((_LEAD_END, "lead"), (_COOP_END, "cooperating"), (_RESP_END, "responsible")):
            if match := pattern.search(piece):
                self._claim(role, piece[: match.start()])
                return
        if len(_WITH.split(piece, maxsplit=1)) == 2:
            self._claim("lead", piece)
            return
        self.waiting.append(piece)

    def _claim(self, role: str, units: str) -> None:
        """The waiting members and `units` have `role`."""
        if (
            role == "cooperating"
            and self.waiting
            and units.strip()
            and not (self.roles.lead or self.roles.responsible)
        ):
            self._unclaimed()
        first, *helpers = _WITH.split("、".join([*self.waiting, units]), maxsplit=1)
        self.waiting = []
        self.roles.add(role, re.sub(r"(?:要|应|负责|牵头)$", "", first))
        if helpers:
            self.roles.add("cooperating", helpers[0])
        self.stated = True

    def _noted(self, piece: str) -> None:
        """`甲（牵头）、乙、丙（配合）`."""
        for member, _ in members(piece, "、"):
            noted = _NOTED.search(member)
            role = (
                self.default
                if noted is None
                else "lead"
                if noted["role"] in ("牵头", "主办")
                else "cooperating"
            )
            self.roles.add(role, _NOTED.sub("", member))
        self.stated = True

    def _unclaimed(self) -> None:
        self.unclaimed += self.waiting
        self.waiting = []
