"""The indicator annex: one figure a row, with its unit, comparison and frequency."""

from __future__ import annotations

import re
from decimal import Decimal

from .annex_cells import NONE, AnnexCells
from .cell_types import is_frequency, is_measure_unit
from .characters import bare, fold, plain_digits, squeeze
from .data_row import DataRow
from .figures import read_number_cell, read_targets
from .plan import Comparator, Indicator, Plan, Severity
from .tables import TypedTable

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


class IndicatorRows:
    """Reads the rows of an indicator table into the plan."""

    def __init__(self, plan: Plan, cells: AnnexCells) -> None:
        self.plan = plan
        self.cells = cells
        self.findings = cells.findings

    def read(self, table: TypedTable, rows: list[DataRow], groups: list[str | None]) -> None:
        """Add one indicator a row."""
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
            name = self.cells.text("indicators", row, "name", required=True)
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
                    self.cells.source("indicators", row, "name"),
                )
            )

    def _target(self, row: DataRow) -> tuple[Decimal | None, Comparator | None, str | None, str | None]:
        text = squeeze(self.cells.unmarked("indicators", row, "target", row.text("target")))
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
        text = bare(fold(self.cells.unmarked("indicators", row, "unit", row.text("unit"))))
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
        if NONE.match(text) or text == "无":
            return None
        mended = self.cells.mender.mend_measure_unit(text)
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
        text = squeeze(self.cells.unmarked("indicators", row, "frequency", row.text("frequency")))
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
        mended = self.cells.mender.mend_frequency(text)
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
