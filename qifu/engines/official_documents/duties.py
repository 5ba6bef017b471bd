"""Duties written inside paragraphs: in brackets at their end, on lines of their own, or as sentences."""

from __future__ import annotations

import re

from .body import Body, Item
from .characters import squeeze
from .deadlines import find_deadlines, read_deadline
from .irregularities import Findings
from .plan import Deadline, Duty, Source
from .roles import Roles, split_roles
from .text_repair import TextMender, without_marks
from .units import UnitNames, looks_like_unit, split_units

_OPEN, _CLOSE = "（(〔[【", "）)〕]】"
_DUTY_WORD = re.compile(r"牵头|配合|负责|责任单位|责任部门|协同单位|落实单位|参与|主办|协办")
_LABELLED = re.compile(r"(?:牵头|责任|配合|协同|落实|参与)(?:单位|部门)?\s*[:：]|(?:完成时限|完成时间|时间节点)\s*[:：]")
_NO_DUTY = re.compile(r"^(?:抄\s*送|抄\s*报|[\u4e00-\u9fff]{2,20}\s*20\d\d年\d+月\d+日印发|联系人|附件|主办单位|承办单位)")
_UNITS = r"(?P<units>[\u4e00-\u9fff、（）()，]{2,80}?)"
_SENTENCES = (
    re.compile(rf"(?:^|[，。；])由{_UNITS}(?:牵头|负责)"),
    re.compile(rf"(?:^|[，。；])请{_UNITS}(?:等部门|等单位)?(?:会同(?P<coop>[\u4e00-\u9fff、]{{2,40}}?))?(?:按照|按|根据|在|于|对|制定|抓紧|适时|明确|尽快|负责|要|20\d\d年|认真|切实|进一步|加快)"),
    re.compile(rf"(?:^|[。；]){_UNITS}(?:要|应|应当)?会同(?P<coop>[\u4e00-\u9fff、]{{2,40}}?)(?:制定|研究|建立|开展|按照|根据|推进|组织|共同|出台|负责|修订|编制|完善)"),
)


def read_duties(body: Body, findings: Findings, *, year: int | None, names: UnitNames | None, mender: TextMender) -> list[Duty]:
    """All duties of the body, in order."""
    duties: list[Duty] = []
    for item in body.items:
        if _NO_DUTY.match(item.text):
            continue
        duties += _DutyReader(item, findings, year, names, mender).read(len(duties))
    return duties


def stated_roles(text: str) -> tuple[str, Roles, bool]:
    """The text without its duty bracket or labels, the roles these state, and whether the bracket breaks off."""
    for start, end in reversed(_brackets(text)):
        inside = text[start + 1 : end]
        if text[end + 1 :].strip(" 。；;") or not _DUTY_WORD.search(inside):
            continue
        roles = split_roles(inside)
        if roles:
            return text[:start].strip(), roles, end >= len(text)
    if match := _LABELLED.search(text):
        return text[: match.start()].strip(" （(〔["), split_roles(text[match.start() :].strip("（）()〔〕[]。 ")), False
    return text, Roles(), False


class _DutyReader:
    def __init__(self, item: Item, findings: Findings, year: int | None, names: UnitNames | None, mender: TextMender) -> None:
        self.item = item
        self.findings = findings
        self.year = year
        self.names = names
        self.mender = mender
        self.order = 0

    def read(self, before: int) -> list[Duty]:
        self.order = before + 1
        text, roles, cut = stated_roles(self.item.text)
        if cut:
            self._tell("text_doubtful", None, "责任单位的括号没有写完整，请核对。")
        if roles:
            return [self._duty(text, roles)]
        return self._sentences()

    def _duty(self, text: str, roles: Roles) -> Duty:
        deadline = self._deadline(roles.deadline)
        mended = self.mender.mend(squeeze(text))
        if mended.text != squeeze(text):
            self._tell("text_repaired", "text", f"疑有识别错误：{mended.told}。")
        return Duty(
            mended.text, self._units(roles.lead, "lead"), self._units(roles.cooperating, "cooperating"),
            self._units(roles.responsible, "responsible"), deadline, Source("duties", self.item.page, self.item.line, 1),
        )

    def _units(self, text: str, field: str) -> list[str]:
        if not text:
            return []
        plain, told = self.mender.mend_units(without_marks(text))
        found = split_units(plain, self.names)
        if told:
            self._tell("name_repaired", field, f"单位名称疑有识别错误：{told}。")
        for code, _raw, words, proposal in found.doubts:
            self._tell(code, field, words, proposal)
        for raw, near in self.mender.doubtful_units(plain):
            words = f"“{raw}”不像单位名称" + (f"，是否“{near}”？" if near else "，请核对。")
            self._tell("name_doubtful", field, words, near)
        return found.names

    def _deadline(self, text: str) -> Deadline | None:
        if not text:
            return None
        read = read_deadline(text, self.year)
        if read is None:
            self._tell("deadline_unreadable", "deadline", f"完成时限“{text}”无法识别。")
            return None
        if read.repaired:
            self._tell("deadline_repaired", "deadline", f"完成时限“{text}”书写有误，读作{read.deadline.due or text}。")
        return read.deadline

    def _tell(self, code: str, field: str | None, text: str, proposal: str | None = None) -> None:
        self.findings.add(code, "duties", text, number=self.order, field=field, line=self.item.line, proposal=proposal)

    # -- sentences without brackets

    def _sentences(self) -> list[Duty]:
        duties: list[Duty] = []
        for sentence in re.findall(r"[^。；]+[。；]?", self.item.text):
            duty = self._sentence(sentence.strip())
            if duty:
                duties.append(duty)
                self.order += 1
        return duties

    def _sentence(self, sentence: str) -> Duty | None:
        deadline = self._dated(sentence)
        for pattern in _SENTENCES:
            for match in pattern.finditer(sentence):
                groups = match.groupdict()
                units = re.sub(r"等(?:部门|单位|有关部门)?$", "等", groups["units"].strip("，、"))
                if not _all_units(units):
                    continue
                led = match.group().endswith("牵头")
                lead, responsible = (self._units(units, "lead"), []) if led else ([], self._units(units, "responsible"))
                helpers = groups.get("coop") or ""
                cooperating = self._units(helpers, "cooperating") if helpers and _all_units(helpers) else []
                return Duty(sentence, lead, cooperating, responsible, deadline, Source("duties", self.item.page, self.item.line, 1))
        begins = re.match(r"^(?P<u>[\u4e00-\u9fff、（）()]{2,60}?)(?:等)?(?:按职责分工)?负责(?!人|制|任|落实到位)", sentence)
        if begins and _all_units(begins["u"]):
            return Duty(sentence, [], [], self._units(begins["u"], "responsible"), deadline, Source("duties", self.item.page, self.item.line, 1))
        if deadline is not None and deadline.due is not None:
            return Duty(sentence, [], [], self._subject(sentence), deadline, Source("duties", self.item.page, self.item.line, 1))
        return None

    def _dated(self, sentence: str) -> Deadline | None:
        if not re.search(r"完成|前|到位|实现", sentence):
            return None
        for match in find_deadlines(sentence):
            words = squeeze(match.group())
            after = sentence[match.end() : match.end() + 8]
            if not re.search(r"前$|底$|末$", words) or not re.match(r"^[，]?(?:全面|基本|全部)?(?:完成|实现|建成|出台|印发|落实|到位|报|制定|前)", after):
                continue
            read = read_deadline(words, self.year)
            if read and read.deadline.due:
                return read.deadline
        return None

    def _subject(self, sentence: str) -> list[str]:
        """`各地区、各部门都要…`: the units a sentence begins with."""
        match = re.match(r"^(?P<u>[\u4e00-\u9fff、（）()]{2,60}?)(?:都要|均要|要|应当|应|负责)", sentence)
        if match and _all_units(re.sub(r"和", "、", match["u"])):
            return self._units(re.sub(r"和", "、", match["u"]), "responsible")
        return []


def _all_units(text: str) -> bool:
    units = split_units(text).units
    return bool(units) and all(looks_like_unit(u.raw) or u.kind != "specific" for u in units) and not re.search(r"[是的了将把]", text)


def _brackets(text: str) -> list[tuple[int, int]]:
    """Outermost brackets as (open, close); an open one at the end of the text closes there."""
    found: list[tuple[int, int]] = []
    stack: list[int] = []
    for i, c in enumerate(text):
        if c in _OPEN:
            stack.append(i)
        elif c in _CLOSE and stack:
            start = stack.pop()
            if not stack:
                found.append((start, i))
    if stack:
        found.append((stack[0], len(text)))
    return found
