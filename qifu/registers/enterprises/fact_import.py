"""Facts of enterprises as an importable list: a wide table of one row per enterprise and one column per fact.

A cell that cannot be read is told with what to write instead, and the rest of its row comes in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Min
from django.utils import timezone

from qifu.foundation import clock
from qifu.foundation.access import Actor, visible
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.imports.kinds import Column, Outcome, Remark, SourceRow
from qifu.registers.enterprises import columns as registration
from qifu.registers.enterprises import dates
from qifu.registers.enterprises.fact_actions import Given, check_day, note_counts, read_value, write
from qifu.registers.enterprises.fact_book import Fact, Value, ValueProblem, fact_book
from qifu.registers.enterprises.kinds import is_blank
from qifu.registers.enterprises.models import Enterprise, FactValue
from qifu.registers.enterprises.register_facts import recordable
from qifu.registers.enterprises.uscc import fold

PERMISSION = "enterprises.import_facts"
_USCC = next(column for column in registration.COLUMNS if column.name == "uscc")
_AS_OF = Column(
    "as_of", "截至日", ("截至日期", "数据日期", "数据截至日", "统计截至日", "as_of"), example="2023-12-31",
    note="数据在哪一天是对的；年度数据写年末。没有这一栏时按导入当天",
)  # fmt: skip
_EXAMPLES = {
    "money": "1234.56", "count": "120", "decimal": "12.5", "percent": "3.5", "day": "2023-06-30", "flag": "是",
    "place": "330109", "industry": "C3911", "honour": "2026-12-08",
}  # fmt: skip


def _column(fact: Fact) -> Column:
    notes = {
        "flag": "是、否", "choice": "、".join(fact.choices), "day": "日期", "place": "六位行政区划代码", "industry": "GB/T 4754 代码",
        "honour": "失效日（当日不再有效）；没有写“否”，不设期限写“长期”",
    }  # fmt: skip
    note = notes.get(fact.type) or (f"单位：{fact.unit}；也可以带单位写" if fact.unit else "数字")
    if fact.type == "percent":
        note = "写 3.5 或 3.5% 表示百分之三点五"
    if fact.period:
        note += f"；{fact.period}"
    example = _EXAMPLES.get(fact.type) or fact.choices[0]
    return Column(fact.id, fact.label, (*fact.aliases, fact.id), example=example, note=note)


COLUMNS = (_USCC, _AS_OF, *(_column(fact) for fact in recordable()))


@dataclass(frozen=True)
class _Row:
    """One row read: its code, its day, the values that could be read, what to tell of it."""

    number: int
    uscc: str
    values: tuple[tuple[Fact, Value], ...]
    as_of: date
    remarks: tuple[Remark, ...]

    @property
    def refused(self) -> bool:
        return any(remark.refused for remark in self.remarks)


@action("enterprises.import_facts", title="导入企业事实", permission=PERMISSION)
def import_facts(*, rows: Sequence[SourceRow], source: str, by: Actor, at: datetime) -> Outcome:
    """Write a batch of rows of one import; safe to repeat. Enterprises out of the actor's reach are refused.

    A row whose values were all known is unchanged, one that corrects something is updated, else it is created.
    """
    read = [_read(row, clock.business(at)) for row in rows]
    outcome = Outcome(remarks=[remark for row in read for remark in row.remarks])
    taken = [row for row in read if not row.refused]
    reach = visible(Enterprise.objects.all(), by, PERMISSION, at)
    found = dict(
        reach.filter(uscc__in=sorted({row.uscc for row in taken}))
        .order_by("pk").select_for_update(of=("self",)).values_list("uscc", "pk")
    )  # fmt: skip
    first = _first_rows(source[:200], found.values())
    known: list[_Row] = []
    for row in taken:
        if row.uscc not in found:
            fault = Remark(
                row.number, "uscc", "辖区内没有这家企业的登记信息", "请核对代码，或先导入企业登记信息"
            )
        elif (here := first.setdefault((found[row.uscc], row.as_of), row.number)) != row.number:
            fault = Remark(
                row.number, "uscc", f"与第 {here} 行是同一家企业、同一截至日", "请合并成一行再导入"
            )
        else:
            known.append(row)
            continue
        outcome.remarks.append(fault)
    given = [
        Given(found[row.uscc], fact, value, row.as_of, row.number)
        for row in known
        for fact, value in row.values
    ]
    recorded = write(given, source=source[:200], declared=False, by=by, at=at)
    for row in known:
        corrected = recorded.changed.get((found[row.uscc], row.as_of))
        outcome.unchanged += corrected is None
        outcome.updated += corrected is True
        outcome.created += corrected is False
    note_counts(recorded)
    current_act().note(rows=len(rows), refused=outcome.refused)
    return outcome


def _first_rows(source: str, enterprises: Iterable[int]) -> dict[tuple[int, date], int]:
    """The row of this import that told first of an enterprise and a day, in the batches before and in this one."""
    rows = FactValue.objects.filter(source__name=source, enterprise__in=sorted(enterprises))
    return {
        (enterprise, as_of): number
        for enterprise, as_of, number in rows.values_list("enterprise", "as_of")
        .annotate(first=Min("source_row")).values_list("enterprise", "as_of", "first")
    }  # fmt: skip


def check_rows(rows: Sequence[SourceRow]) -> list[Remark]:
    """Return what an import of these rows would remark, without a look at what is registered."""
    moment = clock.business(timezone.now())
    return [remark for row in rows for remark in _read(row, moment).remarks]


def _read(row: SourceRow, moment: datetime) -> _Row:
    uscc, remarks = fold(row.values.get("uscc", "")), []
    if len(uscc) != 18:
        remarks.append(Remark(row.number, "uscc", "统一社会信用代码应为 18 位", "请补全代码"))
    as_of, remark = _day(row, moment)
    if remark:
        remarks.append(remark)
    values, faults = _values(row)
    nothing = not values and not remarks
    if nothing:
        reason = "这一行没有可以识别的事实" if faults else "这一行没有填写任何事实"
        remarks.append(Remark(row.number, "", reason, "请填写至少一项，或者删去这一行"))
    return _Row(row.number, uscc, values, as_of, (*remarks, *faults))


def _day(row: SourceRow, moment: datetime) -> tuple[date, Remark | None]:
    text, today = row.values.get("as_of", ""), timezone.localdate(moment)
    if not text:
        return today, None
    found = dates.read_date(text, today).day
    try:
        if found is None:
            raise Refused("", as_of=f"截至日“{text[:40]}”不能识别")
        check_day(found, moment)
    except Refused as refused:
        return today, Remark(row.number, "as_of", refused.fields["as_of"], "请写成 2023-12-31 的样子")
    return found, None


def _values(row: SourceRow) -> tuple[tuple[tuple[Fact, Value], ...], list[Remark]]:
    book = fact_book().facts
    values, faults = [], []
    for name, text in row.values.items():
        fact = book.get(name)
        if fact is None or _says_nothing(fact, text):
            continue
        try:
            values.append((fact, read_value(fact, text)))
        except ValueProblem as problem:
            faults.append(Remark(row.number, name, str(problem), proposal(fact), refused=False))
    return tuple(values), faults


def _says_nothing(fact: Fact, text: str) -> bool:
    return is_blank(text) and not (fact.type in ("flag", "honour") and text == "无")


def proposal(fact: Fact) -> str:
    """Return what to write for a fact, for a clerk."""
    said: Mapping[str, str] = {
        "flag": "请写“是”或“否”；不清楚就空着", "choice": f"请从 {'、'.join(fact.choices)} 中选一个", "day": "请写成 2024-06-30 的样子",
        "place": "请写六位行政区划代码，如 330109", "industry": "请写 GB/T 4754 代码，如 C3911",
        "honour": "请写失效日，如 2026-12-08；没有写“否”，不设期限写“长期”",
    }  # fmt: skip
    unit = f"（单位：{fact.unit}）" if fact.unit else ""
    return said.get(fact.type) or f"请写数字{unit}，改正后再导入这一行；这一行其余各栏已导入"
