"""Writes facts of enterprises: one at a time, by a table, or declared by the enterprise; every row is new, none is changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.registers.enterprises.fact_book import EPOCH, Fact, Value, ValueProblem, fact_book
from qifu.registers.enterprises.fact_store import may_declare
from qifu.registers.enterprises.models import Enterprise, EnterpriseSource, FactValue
from qifu.registers.enterprises.register_facts import READINGS, is_recordable

DECLARED = "企业自行申报"
EARLIEST = date(1990, 1, 1)


@dataclass(frozen=True)
class Given:
    """One value to be recorded; None takes back what the source told of that day."""

    enterprise: int
    fact: Fact
    value: Value
    as_of: date
    row: int | None = None
    note: str = ""


@dataclass
class Recorded:
    """What became of values: told for the first time, corrected, or known already; with a digest of those written."""

    created: int = 0
    corrected: int = 0
    unchanged: int = 0
    changed: dict[tuple[int, date], bool] = field(default_factory=dict)
    """The enterprises and days that something was written of: True where something was corrected."""
    digest: str = ""


@action(
    "enterprises.record_facts", title="登记企业事实", permission="enterprises.record_facts", on="enterprise"
)
def record_facts(
    *, enterprise: Enterprise, values: Mapping[str, str | None], as_of: date, source: str, by: Actor, at: datetime, note: str = "",
) -> Recorded:  # fmt: skip
    """Record written values by fact id, as `source` (a body or its table) told them; None takes a value back.

    Raises Refused, with the fact ids as fields, for values that cannot be read; then nothing is recorded.
    """
    if not source.strip() or source.strip() == DECLARED:
        raise Refused(
            "请写明数据来源", source="请写出提供数据的部门或者表的名称，如“税务部门 2023 年度汇算清缴”"
        )
    return _record(enterprise, values, as_of, source.strip()[:200], False, note, by, at)


@action(
    "enterprises.declare_facts",
    title="申报本企业事实",
    permission="enterprises.declare_facts",
    on="enterprise",
)
def declare_facts(
    *, enterprise: Enterprise, values: Mapping[str, str | None], as_of: date, by: Actor, at: datetime
) -> Recorded:
    """Record what the enterprise says of itself, marked so; it never stands before an authoritative source.

    Raises Refused for facts that this place holds from an authoritative source, and as `record_facts` does.
    """
    book = fact_book().facts
    held = {
        name: "由主管部门提供，不需要企业申报"
        for name in values
        if name in book and not may_declare(book[name])
    }
    if held:
        raise Refused("有的事实不由企业申报", **held)
    return _record(enterprise, values, as_of, DECLARED, True, "", by, at)


def _record(
    enterprise: Enterprise, values: Mapping[str, str | None], as_of: date, source: str, declared: bool, note: str, by: Actor, at: datetime,
) -> Recorded:  # fmt: skip
    check_day(as_of, current_act().moment)
    given, faults = [], {}
    for name, text in values.items():
        try:
            given.append(
                Given(enterprise.pk, (fact := fact_of(name)), read_value(fact, text), as_of, None, note[:200])
            )
        except ValueProblem as problem:
            faults[name] = str(problem)
    if faults:
        raise Refused("有的数值不能识别", **faults)
    Enterprise.objects.select_for_update().get(pk=enterprise.pk)
    recorded = write(given, source=source, declared=declared, by=by, at=at)
    current_act().about(enterprise)
    note_counts(recorded)
    return recorded


def note_counts(recorded: Recorded) -> None:
    """Say in the audit row how many values were written, and their digest; never the values."""
    current_act().note(
        created=recorded.created, corrected=recorded.corrected, unchanged=recorded.unchanged, digest=recorded.digest
    )  # fmt: skip


def check_day(as_of: date, moment: datetime) -> None:
    """Raise Refused for a day that lies ahead, or before anything is on record."""
    today = timezone.localdate(moment)
    if not EARLIEST <= as_of <= today:
        raise Refused("截至日不对", as_of=f"截至日应在 {EARLIEST} 到今天（{today}）之间")


def fact_of(name: str) -> Fact:
    """Return a fact whose values are kept; raises ValueProblem saying why none are."""
    fact = fact_book().facts.get(name)
    if fact is None:
        raise ValueProblem(f"没有名为“{name[:40]}”的事实")
    if fact.id in READINGS:
        raise ValueProblem(f"“{fact.label}”出自企业登记信息，请更新登记信息")
    if not is_recordable(fact):
        raise ValueProblem(
            f"“{fact.label}”由其他事实算出，不直接填写"
            if fact.derived
            else f"“{fact.label}”是个人信息，只在测算时询问，不保存"
        )
    return fact


def read_value(fact: Fact, text: str | None) -> Value:
    """Return the kept value of a written one, None for None; raises ValueProblem, also where nothing is written."""
    if text is None:
        return None
    if fact.type == "choice" and text.strip() + "级" in fact.choices:
        text = text.strip() + "级"  # tables say A for A级
    value = fact.read(text)
    if value is None:
        raise ValueProblem(f"“{fact.label}”没有填写")
    if isinstance(value, int) and fact.is_number and value < 0 and not may_be_negative(fact):
        raise ValueProblem(f"“{fact.label}”不能是负数：“{text[:40]}”")
    if fact.type == "day" and isinstance(value, int) and value < (date(1900, 1, 1) - EPOCH).days:
        raise ValueProblem(f"“{fact.label}”的日期过早：“{text[:40]}”")
    return value


def may_be_negative(fact: Fact) -> bool:
    """Tell whether a fact can be below nothing: profits, net assets, income, growth."""
    words = ("利润", "净资产", "所得", "增长率")
    return any(word in fact.label for word in words)


def write(
    given: Sequence[Given], *, source: str, declared: bool, by: Actor, at: datetime, simulated: bool = False
) -> Recorded:
    """Write values inside an act, after the enterprises are locked; what the source told already is left as it is."""
    origin, _ = EnterpriseSource.objects.get_or_create(
        name=source, defaults={"added_at": at, "simulated": simulated}
    )
    standing = _standing(origin, {one.enterprise for one in given})
    recorded, rows = Recorded(), []
    hashed = hashlib.sha256()
    for one in given:
        number, code = (None, one.value) if isinstance(one.value, str) else (one.value, "")
        key = (one.enterprise, one.fact.id, one.as_of)
        before = standing.get(key)
        if (before[1:] if before else (None, "")) == (number, code):
            recorded.unchanged += 1
            continue
        version = before[0] + 1 if before else 0
        standing[key] = (version, number, code)
        rows.append(
            FactValue(
                enterprise_id=one.enterprise, fact=one.fact.id, number=number, code=code, as_of=one.as_of, version=version,
                declared=declared, source=origin, source_row=one.row, note=one.note, recorded_at=at, recorded_by=by.id,
            )
        )  # fmt: skip
        hashed.update(f"{one.enterprise}|{one.fact.id}|{one.as_of}|{version}|{number}|{code}\n".encode())
        recorded.created += before is None
        recorded.corrected += before is not None
        day = (one.enterprise, one.as_of)
        recorded.changed[day] = recorded.changed.get(day, False) or before is not None
    FactValue.objects.bulk_create(rows, batch_size=1000)
    recorded.digest = hashed.hexdigest()[:32] if rows else ""
    return recorded


def _standing(
    origin: EnterpriseSource, enterprises: Iterable[int]
) -> dict[tuple[int, str, date], tuple[int, int | None, str]]:
    """The last version of everything that a source told of these enterprises."""
    rows = FactValue.objects.filter(source=origin, enterprise__in=sorted(enterprises)).order_by("version")
    return {
        (enterprise, fact, as_of): (version, number, code)
        for enterprise, fact, as_of, version, number, code in rows.values_list(
            "enterprise_id", "fact", "as_of", "version", "number", "code"
        )
    }
