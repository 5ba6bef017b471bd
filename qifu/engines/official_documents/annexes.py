"""Whole rows become indicators, tasks and actions; each cell is read by its column's meaning."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from .cell_types import fit, is_frequency, is_measure_unit
from .characters import bare, fold, key, plain_digits, squeeze
from .deadlines import read_deadline
from .figures import read_number_cell, read_targets, split_items
from .groups import Topic, assign_groups
from .headers import Role, heading_year, period_end
from .irregularities import Findings
from .plan import (
    Action,
    Comparator,
    Deadline,
    Indicator,
    Missing,
    Part,
    Plan,
    Severity,
    Source,
    Target,
    Task,
    UnitRef,
)
from .roles import split_roles
from .rows import DataRow, RowReader
from .tables import TypedTable
from .text_repair import TextMender, without_marks
from .units import UnitList, UnitNames, split_units

_NONE = re.compile(r"^[\s/／\-—–]*$")


class AnnexReader:
    """Reads typed tables into one plan; what is doubtful goes to `findings`."""

    def __init__(
        self,
        plan: Plan,
        findings: Findings,
        *,
        year: int | None,
        names: UnitNames | None,
        topics: list[Topic],
        mender: TextMender,
    ) -> None:
        self.plan = plan
        self.findings = findings
        self.year = year
        self.names = names
        self.topics = topics
        self.mender = mender
        self._above = ""  # the name or measure of the row above
        self._last_group: tuple[str, str, str | None] = ("", "", None)

    def read(self, table: TypedTable) -> None:
        counts = {
            "indicators": len(self.plan.indicators),
            "tasks": len(self.plan.tasks),
            "actions": len(self.plan.actions),
        }
        rows = RowReader(table, self.findings, self._running_heads(), counts[table.kind]).read()
        for row in rows:
            if row.line in table.raw.marked:
                self.findings.add(
                    "markup_left",
                    table.kind,
                    "单元格里残留网页标记，已去除。",
                    number=row.number,
                    line=row.line,
                )
        self._tell_columns(table)
        numbered = "number" in table.roles
        if numbered:
            self._gaps(table, rows)
        reader: dict[str, Callable[[TypedTable, list[DataRow]], None]] = {
            "indicators": self._indicators,
            "tasks": self._tasks,
            "actions": self._actions,
        }
        reader[table.kind](table, rows)
        for column in table.blank_headings:
            self.findings.add(
                "header_blank",
                table.kind,
                f"第{column + 1}列没有表头，从内容看是“{_COLUMN_NAMES.get(table.roles[column] or '', '')}”。",
                line=table.raw.line,
            )

    def _running_heads(self) -> frozenset[str]:
        """What pages repeat at their top: title, issuer, number."""
        plan = self.plan
        title = plan.title or ""
        heads = [
            title,
            re.sub(r"^.*?印发[《]?|[》]?的通知$", "", title),
            plan.issuer or "",
            f"{plan.issuer}文件",
            plan.document_number or "",
        ]
        return frozenset(key(head) for head in heads if len(head) > 3)

    def _gaps(self, table: TypedTable, rows: list[DataRow]) -> None:
        seen = {row.number for row in rows if row.number}
        if not seen:
            return
        kinds = {"tasks": "task", "actions": "action", "indicators": "indicator"}
        top = max(seen)
        if top > 3 * len(seen) + 10:
            return
        for number in range(1, top):
            if number in seen:
                continue
            after = min((r for r in rows if r.number and r.number > number), key=lambda r: r.number or 0)
            self.plan.missing.append(Missing(kinds[table.kind], number))  # type: ignore[arg-type]
            self.findings.add(
                "number_gap",
                table.kind,
                f"表中缺少第{number}行（序号由前一行直接跳到{after.number}）。",
                number=number,
                line=after.line,
                proposal="请对照原件补录该行。",
            )

    def _groups(self, table: TypedTable, rows: list[DataRow], role: Role) -> list[str | None]:
        """The rows' groups; a table that goes on after a page break goes on in the last group."""
        kind, title, last = self._last_group
        before = last if (kind, title) == (table.kind, table.raw.title) else None
        groups = assign_groups(rows, role, table.kind, self.findings, self.topics, before)
        if role not in table.roles and not any(groups) and self._has_unread_column(table):
            text = f"第{table.raw.line}行起的表格有一列看不出含义，所属类别没有读出。"
            self.findings.add("group_missing", table.kind, text, field=role)
        read = self.plan.indicators if table.kind == "indicators" else self.plan.tasks
        earlier = any((item.dimension if isinstance(item, Indicator) else item.group) for item in read)
        if role not in table.roles and groups and not all(groups) and (earlier or table.raw.heading is None):
            self.findings.add(
                "group_missing",
                table.kind,
                f"第{table.raw.line}行起的表格没有读出类别一栏，请核对所属类别。",
                field=role,
            )
        self._last_group = (table.kind, table.raw.title, groups[-1] if groups else None)
        return groups

    def _has_unread_column(self, table: TypedTable) -> bool:
        """True where a column of repeated short words, such as categories have, has no role."""
        return any(role is None and table.like_categories(i) for i, role in enumerate(table.roles))

    def _tell_columns(self, table: TypedTable) -> None:
        """Columns whose heading is unknown or says something else than what stands below it."""
        self._tell_later_year(table)
        for column, role in enumerate(table.roles):
            heading = table.headings[column]
            if role is None:
                self._tell_unread(table, column, heading)
            elif role in ("note", "office", "baseline", "number"):
                if role == "note" and "目标" in heading:
                    self._tell_unread(table, column, heading)
            elif heading and not table.named[column]:
                self.findings.add(
                    "column_guessed",
                    table.kind,
                    f"第{column + 1}列的表头“{heading}”不认识，从内容看是“{_COLUMN_NAMES.get(role, role)}”。",
                    field=_field(table, role),
                    proposal="请核对该列。",
                )
            elif table.unfit(column):
                name = _COLUMN_NAMES.get(role, role)
                self.findings.add(
                    "column_doubtful",
                    table.kind,
                    f"第{column + 1}列“{heading or name}”的内容多不像{name}，请核对该列。",
                    field=_field(table, role),
                )

    def _tell_later_year(self, table: TypedTable) -> None:
        """The target of a later year beside a column of figures whose heading is lost."""
        years = [
            heading_year(h) or 0
            for h, role in zip(table.headings, table.roles, strict=True)
            if role == "target"
        ]
        blank = any(
            not h and role in (None, "baseline", "unit") and table.share(i, "target") >= 0.5
            for i, (h, role) in enumerate(zip(table.headings, table.roles, strict=True))
        )
        if table.kind == "indicators" and self.year and max(years, default=0) > self.year and blank:
            self.findings.add(
                "column_doubtful",
                table.kind,
                f"有一列数字没有表头，目标值取自{years[0]}年一列，请核对是否应取没有表头的一列。",
                field="target",
            )

    def _tell_unread(self, table: TypedTable, column: int, heading: str) -> None:
        """A column without role that may hold units or deadlines the rows lack."""
        if (
            table.kind == "indicators"
            and re.search(r"目标|计划", heading)
            and not heading_year(heading)
            and table.share(column, "target") >= 0.5
        ):
            self.findings.add(
                "column_unread",
                table.kind,
                f"另有一列“{heading}”也像目标值，没有读取。",
                field="target",
                proposal="请核对以哪一列为准。",
            )
        roles = set(table.roles)
        lacking: list[Role] = []
        if not roles & {"lead", "responsible"}:
            lacking.append("responsible")
        if table.kind == "tasks" and "deadline" not in roles:
            lacking.append("deadline")
        for role in lacking:
            if table.share(column, role) >= 0.5 or (role == "deadline" and period_end(heading)):
                self.findings.add(
                    "column_unread",
                    table.kind,
                    f"第{column + 1}列“{heading}”没有读取，其中可能写有{_COLUMN_NAMES[role]}。",
                    field=_field(table, role),
                    proposal="请核对该列。",
                )

    def _source(self, part: Part, row: DataRow, role: Role) -> Source:
        cell = row.cells.get(role)
        return Source(part, row.page, cell.line if cell else row.line, cell.cell if cell else 1)

    # -- cells

    def text(self, part: Part, row: DataRow, role: Role, required: bool = False) -> str:
        """A text cell without tags and blanks, look-alike characters mended."""
        plain = squeeze(self._unmarked(part, row, role, row.text(role)).replace("\n", " "))
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
                f"“{_COLUMN_NAMES[role]}”一格与上一行合并，按上一行读取。",
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
                f"该行缺少“{_COLUMN_NAMES[role]}”。",
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
        text = self._unmarked(part, row, field, text)
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
        self._tell(part, row, field, found)
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

    def _unmarked(self, part: Part, row: DataRow, field: str, text: str) -> str:
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

    def _tell(self, part: Part, row: DataRow, field: str, found: UnitList) -> None:
        for code, _raw, text, proposal in found.doubts:
            self.findings.add(
                code, part, text, number=row.number, field=field, line=row.line, proposal=proposal
            )

    def deadline(self, part: Part, row: DataRow, above: Deadline | None) -> Deadline | None:
        """The deadline cell; missing and unreadable ones are errors."""
        text = self._unmarked(part, row, "deadline", row.text("deadline"))
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
        if _NONE.match(text):
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

    # -- kinds

    def _indicators(self, table: TypedTable, rows: list[DataRow]) -> None:
        groups = self._groups(table, rows, "dimension")
        has_unit, has_frequency = "unit" in table.roles, "frequency" in table.roles
        shared_unit = (
            _unit_in_brackets(table.headings[table.roles.index("target")])
            if "target" in table.roles
            else None
        )
        shared_unit = shared_unit or _unit_in_caption(table.raw.title)
        unit: str | None = None
        frequency: str | None = None
        for row, group in zip(rows, groups, strict=True):
            name = self.text("indicators", row, "name", required=True)
            value, comparator, own_unit, shown = self._target(row)
            own_unit = own_unit or _unit_in_brackets(name) or shared_unit
            unit = self._unit(row, unit, own_unit) if has_unit else own_unit
            frequency = self._frequency(row, frequency) if has_frequency else None
            self.plan.indicators.append(
                Indicator(
                    row.number or len(self.plan.indicators) + 1,
                    group,
                    name,
                    unit,
                    value,
                    shown,
                    comparator,
                    frequency,
                    self._source("indicators", row, "name"),
                )
            )

    def _target(self, row: DataRow) -> tuple[Decimal | None, Comparator | None, str | None, str | None]:
        text = squeeze(self._unmarked("indicators", row, "target", row.text("target")))
        if not text:
            self.findings.add(
                "target_missing",
                "indicators",
                "该指标没有目标值。",
                number=row.number,
                field="target",
                line=row.line,
            )
            return None, None, None, None
        read = read_number_cell(text) or self._without_remark(row, text)
        if read is None:
            return self._worded_target(row, text)
        value, comparator, unit, repaired = read
        if repaired:
            text, damaged = plain_digits(bare(text)).replace("。", ".").replace("·", "."), text
            self.findings.add(
                "target_repaired",
                "indicators",
                f"目标值“{damaged}”疑有识别错误，读作{value}。",
                number=row.number,
                field="target",
                line=row.line,
                proposal=str(value),
            )
        return value, comparator, unit, text

    def _without_remark(
        self, row: DataRow, text: str
    ) -> tuple[Decimal, Comparator | None, str | None, bool] | None:
        """`3.5（力争4）`: the figure before the remark, and a warning."""
        if text == "零":
            return Decimal(0), None, None, False
        found = re.fullmatch(r"(.+?)(?:[（(][^（）()]*[）)]|[，,；;]\s*(?:力争|争取|确保).+)", text)
        read = read_number_cell(found[1]) if found else None
        if read:
            self.findings.add(
                "target_unclear",
                "indicators",
                f"目标值“{text}”另有说明，读作{read[0]}，请核对。",
                number=row.number,
                field="target",
                line=row.line,
            )
        return read

    def _worded_target(
        self, row: DataRow, text: str
    ) -> tuple[Decimal | None, Comparator | None, str | None, str | None]:
        """A target that is no single figure: a range or words keep their text; one figure among words is that figure."""
        if not re.search(r"\d", plain_digits(text)) and re.search(r"[\u4e00-\u9fff]{2,}", text):
            return None, None, None, text
        span = _SPAN.match(bare(fold(text)))
        found = [] if span else read_targets(text)
        figures = [t for t in found if t.value is not None and not t.baseline]
        if len(figures) == 1 and not re.search(r"[较比同]|前\d|第\d", text):
            only = figures[0]
            return only.value, only.comparator, only.unit, text
        relative = bool(re.search(r"高于|低于|优于|快于|[较比]|增长|提高|下降|平均|前\d|第\d", text))
        severity: Severity = "info" if relative and not span else "warning"
        if not span and not found and not relative:
            severity = "error"
        self.findings.add(
            "target_unclear",
            "indicators",
            f"目标值“{text}”不是一个确定的数，按原文保留。",
            number=row.number,
            field="target",
            line=row.line,
            severity=severity,
        )
        return None, None, span["unit"] if span else None, text

    def _unit(self, row: DataRow, above: str | None, own: str | None) -> str | None:
        text = bare(fold(self._unmarked("indicators", row, "unit", row.text("unit"))))
        if not text:
            if "unit" in row.merged:
                return above
            if own is None:
                self.findings.add(
                    "unit_missing",
                    "indicators",
                    "该指标没有计量单位。",
                    number=row.number,
                    field="unit",
                    line=row.line,
                )
            return own
        if _NONE.match(text) or text == "无":
            return None
        mended = self.mender.mend_measure_unit(text)
        if mended != text:
            self.findings.add(
                "unit_repaired",
                "indicators",
                f"计量单位“{text}”疑有识别错误，读作“{mended}”。",
                number=row.number,
                field="unit",
                line=row.line,
                proposal=mended,
            )
        elif not is_measure_unit(text):
            self.findings.add(
                "unit_repaired",
                "indicators",
                f"计量单位“{text}”少见，请核对。",
                number=row.number,
                field="unit",
                line=row.line,
            )
        return mended

    def _frequency(self, row: DataRow, above: str | None) -> str | None:
        text = squeeze(self._unmarked("indicators", row, "frequency", row.text("frequency")))
        if not text:
            if "frequency" in row.merged:
                return above
            self.findings.add(
                "frequency_missing",
                "indicators",
                "该指标没有频度。",
                number=row.number,
                field="frequency",
                line=row.line,
            )
            return None
        mended = self.mender.mend_frequency(text)
        if mended != text or not is_frequency(mended):
            self.findings.add(
                "frequency_repaired",
                "indicators",
                f"频度“{text}”疑有识别错误，读作“{mended}”。",
                number=row.number,
                field="frequency",
                line=row.line,
                proposal=mended,
            )
        return mended

    def _tasks(self, table: TypedTable, rows: list[DataRow]) -> None:
        groups = self._groups(table, rows, "group")
        has = set(table.roles)
        deadline: Deadline | None = None
        lists: dict[Role, UnitList] = {}
        for row, group in zip(rows, groups, strict=True):
            measure = self.text("tasks", row, "measure", required=True)
            responsible: list[UnitRef] = []
            open_list = False
            unit_roles: tuple[Role, ...] = tuple(
                r for r in ("lead", "responsible", "cooperating") if r in has
            )
            for role in unit_roles:
                lists[role] = self._role_units("tasks", row, role, lists.get(role))
                responsible += lists[role].units
                open_list = open_list or lists[role].open_list
            if unit_roles and not responsible:
                self.findings.add(
                    "units_missing",
                    "tasks",
                    "该行没有责任单位。",
                    number=row.number,
                    field="responsible",
                    line=row.line,
                )
            if "deadline" in has:
                deadline = self.deadline("tasks", row, deadline)
            self.plan.tasks.append(
                Task(
                    row.number or 0,
                    group,
                    measure,
                    responsible,
                    open_list,
                    deadline,
                    self._source("tasks", row, "measure"),
                )
            )

    def _role_units(self, part: Part, row: DataRow, role: Role, above: UnitList | None) -> UnitList:
        """Units of a cell; `甲牵头，乙配合` inside one cell gives all of them in order."""
        text = row.text(role)
        if re.search(r"牵头|配合|参与|负责", text):
            roles = split_roles(text)
            merged = UnitList()
            for piece in (roles.lead, roles.responsible, roles.cooperating):
                found = split_units(piece, self.names)
                self._tell(part, row, "responsible", found)
                merged.units += found.units
                merged.open_list = merged.open_list or found.open_list
            if merged.units:
                return merged
        return self.units(part, row, role, "responsible", above)

    def _actions(self, table: TypedTable, rows: list[DataRow]) -> None:
        has = set(table.roles)
        for row in rows:
            name = self._without_number(
                row, squeeze(re.sub(r"\s+", "", self.text("actions", row, "name", required=True)))
            )
            goal = self.text("actions", row, "goal", required=True) or None if "goal" in has else None
            targets = self._targets(row) if "targets" in has else []
            if "targets" in has and not targets:
                self._no_targets(row, goal)
            self._tell_swapped(row)
            tasks = self._items("tasks", row, required=True) if "tasks" in has else []
            lead_role: Role = "lead" if "lead" in has else "responsible"
            lead = self.units("actions", row, lead_role, "lead") if lead_role in has else UnitList()
            if lead_role in has and not lead.units and not _NONE.match(row.text(lead_role) or " x"):
                self.findings.add(
                    "units_missing",
                    "actions",
                    "该行动没有牵头单位。",
                    number=row.number,
                    field="lead",
                    line=row.line,
                )
                if bare(row.text("cooperating")):
                    self.findings.add(
                        "units_doubtful",
                        "actions",
                        "牵头单位一栏是空的，协同单位一栏可能错了位。",
                        number=row.number,
                        field="cooperating",
                        line=row.line,
                    )
            cooperating = (
                self.units("actions", row, "cooperating", "cooperating")
                if "cooperating" in has
                else UnitList()
            )
            if lead_role == "lead" and "responsible" in has:
                cooperating.units += [
                    u
                    for u in self.units("actions", row, "responsible", "cooperating").units
                    if u.name not in lead.names
                ]
            if "cooperating" in has and not bare(row.text("cooperating")) and "cooperating" not in row.merged:
                self.findings.add(
                    "units_missing",
                    "actions",
                    "协同单位一栏是空的。",
                    number=row.number,
                    field="cooperating",
                    line=row.line,
                    severity="warning",
                )
            self.plan.actions.append(
                Action(
                    row.number or 0,
                    name,
                    goal,
                    targets,
                    tasks,
                    lead.names,
                    cooperating.names,
                    self._source("actions", row, "name"),
                )
            )

    def _without_number(self, row: DataRow, name: str) -> str:
        """The name of an action without the row's own number in front of it."""
        found = re.match(rf"{row.number}[.．、]?(?=[\u4e00-\u9fff“])", name) if row.number else None
        if not found or is_measure_unit(name[found.end()]):
            return name
        self.findings.add(
            "text_repaired",
            "actions",
            f"序号与名称连在一起：“{name}”，已分开。",
            number=row.number,
            field="name",
            line=row.line,
        )
        return name[found.end() :]

    def _tell_swapped(self, row: DataRow) -> None:
        """Units where figures belong, or the other way round: two columns may have changed places."""
        targets, lead = row.text("targets"), row.text("lead") or row.text("responsible")
        if bare(targets) and fit("responsible", targets) >= 1.6 and not re.search(r"\d", targets):
            self.findings.add(
                "text_doubtful",
                "actions",
                f"主要指标一栏写的像是单位：“{squeeze(targets)[:30]}”，请核对是否错列。",
                number=row.number,
                field="targets",
                line=row.line,
            )
        figures = [
            t
            for t in (lead, row.text("responsible"), row.text("cooperating"))
            if re.search(r"\d", t) and any(f.value is not None for f in read_targets(t))
        ]
        if figures or (bare(lead) and fit("lead", lead) <= -1.5):
            shown = squeeze((figures or [lead])[0])[:30]
            for field in ("lead", "cooperating", *(("targets",) if figures else ())):
                self.findings.add(
                    "units_doubtful",
                    "actions",
                    f"单位一栏写的不像单位：“{shown}”，请核对是否错列。",
                    number=row.number,
                    field=field,
                    line=row.line,
                )

    def _no_targets(self, row: DataRow, goal: str | None) -> None:
        """An empty cell of targets is told; where the goal holds a figure, two cells may have run together."""
        if bare(row.text("targets")) or "targets" in row.merged:
            return
        self.findings.add(
            "text_missing",
            "actions",
            "主要指标一栏是空的。",
            number=row.number,
            field="targets",
            line=row.line,
            severity="warning",
        )
        if goal and read_targets(goal):
            self.findings.add(
                "text_doubtful",
                "actions",
                "目标一栏写有数字而主要指标一栏是空的，可能是两格连在一起。",
                number=row.number,
                field="goal",
                line=row.line,
            )

    def _targets(self, row: DataRow) -> list[Target]:
        targets: list[Target] = []
        for item in self._items("targets", row, required=False):
            targets += read_targets(item)
        return targets

    def _items(self, role: Role, row: DataRow, *, required: bool) -> list[str]:
        text = self._unmarked("actions", row, role, row.text(role))
        if not bare(text) or _NONE.match(text):
            if not bare(text) and (required or role == "targets"):
                self.findings.add(
                    "text_missing",
                    "actions",
                    f"该行缺少“{_COLUMN_NAMES[role]}”。",
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


_RUN_TOGETHER = re.compile(
    r"\d月|20\d\d年|[持长]续?期?推进|底前|常态化|季度|[厅局]委$|(?:局|厅|法院|检察院|办公室|委员会)各|"
    r"^(省|市|自治区|县|区)(?!\1).*?(?:局|厅|委|部|院|办|室|会|中心|（[^（）]*）)\1(?!政府|委|直)(?!场监|政|民|容|域|级|县|属)"
)


def _field(table: TypedTable, role: Role) -> str:
    """The plan's field that a column fills."""
    return "responsible" if table.kind == "tasks" and role in ("lead", "cooperating") else role


_SPAN = re.compile(
    r"^\D{0,3}\d+(?:\.\d+)?(?P<first>[^\d\-—–~～至到]{0,4})(?:-|—|–|~|～|至|到)+\d+(?:\.\d+)?(?P<unit>[^\d]{0,5}?)?(?:左右|之间)?$"
)
_BRACKET = re.compile(r"[（(\[]\s*(?:单位\s*[:：]\s*)?([^（）()\[\]]{1,8})[）)\]]\s*$")

_UNIT_LIKE = re.compile(
    r"^[\u4e00-\u9fffA-Za-z%]{1,5}[/／每][\u4e00-\u9fffA-Za-z]{1,5}$|^[十百千万亿]+[\u4e00-\u9fff]{1,2}$|^[A-Za-z]{1,4}$"
)


def _unit_in_caption(text: str) -> str | None:
    """The unit a caption states for the whole table: 单位：亿元."""
    found = re.search(r"单位\s*[:：]\s*([^\s，,；;。、）)]{1,6})", text)
    return found[1] if found and is_measure_unit(found[1]) else None


def _unit_in_brackets(text: str) -> str | None:
    """The unit at the end of `产值（亿元）`; None when the bracket holds something else."""
    found = _BRACKET.search(text)
    unit = bare(fold(found[1])) if found else ""
    return (
        unit if unit and unit not in "/-—无" and (is_measure_unit(unit) or _UNIT_LIKE.match(unit)) else None
    )


_COLUMN_NAMES: dict[str, str] = {
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
