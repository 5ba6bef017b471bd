"""Cells of an annex row by the meaning of their column: texts, lists of units, deadlines, numbered items."""

from __future__ import annotations

import re

from .characters import bare, squeeze
from .data_row import DataRow
from .deadlines import read_deadline
from .figures import split_items
from .headers import Role
from .irregularities import Findings
from .plan import Deadline, Part, Source
from .roles import split_roles
from .text_repair import TextMender, without_marks
from .units import UnitList, UnitNames, split_units

NONE = re.compile(r"^[\s/／\-—–]*$")
COLUMN_NAMES: dict[str, str] = {
    "measure": "工作举措",
    "name": "名称",
    "goal": "目标",
    "tasks": "重点任务",
    "targets": "主要指标",
    "unit": "计量单位",
    "number": "序号",
    "group": "重点任务",
    "dimension": "维度",
    "target": "目标值",
    "frequency": "频度",
    "lead": "牵头单位",
    "cooperating": "协同单位",
    "responsible": "责任单位",
    "deadline": "完成时限",
    "note": "备注",
}
_RUN_TOGETHER = re.compile(
    r"\d月|20\d\d年|[持长]续?期?推进|底前|常态化|季度|[厅局]委$|(?:局|厅|法院|检察院|办公室|委员会)各|"
    r"^(省|市|自治区|县|区)(?!\1).*?(?:局|厅|委|部|院|办|室|会|中心|（[^（）]*）)\1(?!政府|委|直)(?!场监|政|民|容|域|级|县|属)"
)


class AnnexCells:
    """Reads single cells; what is doubtful goes to `findings`."""

    def __init__(
        self, findings: Findings, *, year: int | None, names: UnitNames | None, mender: TextMender
    ) -> None:
        self.findings = findings
        self.year = year
        self.names = names
        self.mender = mender
        self._above = ""  # the name or measure of the row above

    def source(self, part: Part, row: DataRow, role: Role) -> Source:
        cell = row.cells.get(role)
        return Source(part, row.page, cell.line if cell else row.line, cell.cell if cell else 1)

    def text(self, part: Part, row: DataRow, role: Role, required: bool = False) -> str:
        """A text cell without tags and blanks, look-alike characters mended."""
        plain = squeeze(self.unmarked(part, row, role, row.text(role)).replace("\n", " "))
        mended = self.mender.mend(plain)
        if mended.text != plain:
            self.findings.add(
                "text_repaired",
                part,
                f"疑有识别错误：{mended.told}。",
                number=row.number,
                field=role,
                line=row.line,
                proposal=mended.text,
            )
        if mended.doubts:
            self.findings.add(
                "text_doubtful",
                part,
                f"文字可疑，请核对：{'、'.join(mended.doubts)}。",
                number=row.number,
                field=role,
                line=row.line,
            )
        if required and not bare(plain) and role in row.merged and self._above:
            self.findings.add(
                "text_missing",
                part,
                f"“{COLUMN_NAMES[role]}”一格与上一行合并，按上一行读取。",
                number=row.number,
                field=role,
                line=row.line,
                proposal=self._above,
                severity="warning",
            )
            return self._above
        if required and role in ("name", "measure"):
            self._above = mended.text
        if required and not bare(plain):
            self.findings.add(
                "text_missing",
                part,
                f"该行缺少“{COLUMN_NAMES[role]}”。",
                number=row.number,
                field=role,
                line=row.line,
            )
        return mended.text

    def units(
        self, part: Part, row: DataRow, role: Role, field: str, above: UnitList | None = None
    ) -> UnitList:
        """A list of units; an empty cell merged with the one above repeats it."""
        text = row.text(role)
        if not bare(text) and role in row.merged and above is not None:
            return above
        text = self.unmarked(part, row, field, text)
        plain, told = self.mender.mend_units(text)
        found = split_units(plain, self.names)
        if told:
            self.findings.add(
                "name_repaired",
                part,
                f"单位名称疑有识别错误：{told}。",
                number=row.number,
                field=field,
                line=row.line,
                proposal="、".join(found.names),
            )
        self.tell(part, row, field, found)
        for unit in found.units:
            if _RUN_TOGETHER.search(unit.raw) or unit.raw.count("（") != unit.raw.count("）"):
                told = f"“{unit.raw}”可能是几个单位或时限连在一起，请核对。"
                self.findings.add("name_doubtful", part, told, number=row.number, field=field, line=row.line)
        for raw, near in self.mender.doubtful_units(plain):
            words = f"“{raw}”不像单位名称" + (f"，是否“{near}”？" if near else "，请核对。")
            self.findings.add(
                "name_doubtful", part, words, number=row.number, field=field, line=row.line, proposal=near
            )
        return found

    def unmarked(self, part: Part, row: DataRow, field: str, text: str) -> str:
        """The text without stray marks such as ◆ or * that a scanner or a copy left in it."""
        clean = without_marks(text)
        if clean != text:
            self.findings.add(
                "text_repaired",
                part,
                f"去除了多余的符号：“{squeeze(text)}”。",
                number=row.number,
                field=field,
                line=row.line,
            )
        return clean

    def tell(self, part: Part, row: DataRow, field: str, found: UnitList) -> None:
        for code, _raw, text, proposal in found.doubts:
            self.findings.add(
                code, part, text, number=row.number, field=field, line=row.line, proposal=proposal
            )

    def deadline(self, part: Part, row: DataRow, above: Deadline | None) -> Deadline | None:
        """The deadline cell; missing and unreadable ones are errors."""
        text = self.unmarked(part, row, "deadline", row.text("deadline"))
        if not bare(text):
            if "deadline" in row.merged and above is not None:
                return above
            self.findings.add(
                "deadline_missing",
                part,
                "该行没有写明完成时限。",
                number=row.number,
                field="deadline",
                line=row.line,
            )
            return None
        if NONE.match(text):
            return None
        read = read_deadline(text, self.year)
        if read is None:
            self.findings.add(
                "deadline_unreadable",
                part,
                f"完成时限“{squeeze(text)}”无法识别。",
                number=row.number,
                field="deadline",
                line=row.line,
            )
            return None
        twice = r"\d月|季度|(?:推进|坚持|实施|开展).*(?:推进|坚持|实施|开展)"
        if (
            read.deadline.kind == "ongoing"
            and re.search(twice, squeeze(text))
            and not re.search(r"^每|[，,；;、]", squeeze(text))
        ):
            told = f"完成时限“{squeeze(text)}”里有两个时限，按持续推进读取，请核对是否两行连在一起。"
            self.findings.add(
                "deadline_doubtful", part, told, number=row.number, field="deadline", line=row.line
            )
        shown = read.deadline.due.isoformat() if read.deadline.due else squeeze(text)
        if read.repaired:
            self.findings.add(
                "deadline_repaired",
                part,
                f"完成时限“{squeeze(text)}”书写有误，读作{shown}。",
                number=row.number,
                field="deadline",
                line=row.line,
                proposal=shown,
            )
        elif read.year_assumed:
            self.findings.add(
                "year_assumed",
                part,
                f"完成时限“{squeeze(text)}”未写年份，按{self.year}年读取。",
                number=row.number,
                field="deadline",
                line=row.line,
            )
        return read.deadline

    def role_units(self, part: Part, row: DataRow, role: Role, above: UnitList | None) -> UnitList:
        """Units of a cell; `甲牵头，乙配合` inside one cell gives all of them in order."""
        text = row.text(role)
        if re.search(r"牵头|配合|参与|负责", text):
            roles = split_roles(text)
            merged = UnitList()
            for piece in (roles.lead, roles.responsible, roles.cooperating):
                found = split_units(piece, self.names)
                self.tell(part, row, "responsible", found)
                merged.units += found.units
                merged.open_list = merged.open_list or found.open_list
            if merged.units:
                return merged
        return self.units(part, row, role, "responsible", above)

    def items(self, role: Role, row: DataRow, *, required: bool) -> list[str]:
        text = self.unmarked("actions", row, role, row.text(role))
        if not bare(text) or NONE.match(text):
            if not bare(text) and (required or role == "targets"):
                self.findings.add(
                    "text_missing",
                    "actions",
                    f"该行缺少“{COLUMN_NAMES[role]}”。",
                    number=row.number,
                    field=role,
                    line=row.line,
                )
            return []
        items = []
        told: list[str] = []
        doubts: list[str] = []
        for item in split_items(text):
            mended = self.mender.mend(item)
            items.append(mended.text)
            if mended.text != item:
                told.append(mended.told)
            doubts += mended.doubts
        if told:
            self.findings.add(
                "text_repaired",
                "actions",
                f"疑有识别错误：{'；'.join(told)}。",
                number=row.number,
                field=role,
                line=row.line,
            )
        if doubts:
            self.findings.add(
                "text_doubtful",
                "actions",
                f"文字可疑，请核对：{'、'.join(doubts)}。",
                number=row.number,
                field=role,
                line=row.line,
            )
        return items
