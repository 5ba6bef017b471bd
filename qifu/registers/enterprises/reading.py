"""One row of a registration file as facts, with everything there is to remark; pure.

A row is refused only where nobody could tell whom it is about (no valid code, no name). Whatever else cannot be read
stays as written in `readings`, the fact stays unknown, and a remark says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from qifu.foundation.imports.kinds import Remark
from qifu.registers.enterprises.capital import read_capital
from qifu.registers.enterprises.dates import read_date
from qifu.registers.enterprises.industry import read_industry
from qifu.registers.enterprises.kinds import is_blank, read_kind, read_status
from qifu.registers.enterprises.location import CERTAIN, Gazetteer
from qifu.registers.enterprises.uscc import UsccReading, read_uscc

LONGEST = {
    "name": 300,
    "legal_representative": 120,
    "address": 500,
    "authority": 120,
    "registration_number": 30,
}
LONGEST_SCOPE = 20_000
KEPT = 200
"""How much of an unreadable text is kept beside its fact."""
_SEPARATORS = re.compile(r"[;；、\n|]+")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_TITLES = {
    "established_on": "成立日期",
    "approved_on": "核准日期",
    "capital": "注册资本",
    "paid_in": "实缴资本",
}


@dataclass
class RowReading:
    """What one row says: `facts` by field name (absent: not stated), `former` names, `readings` and remarks by column."""

    number: int
    facts: dict[str, Any] = field(default_factory=dict)
    readings: dict[str, str] = field(default_factory=dict)
    former: tuple[str, ...] = ()
    remarks: list[Remark] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Tell whether the row cannot be taken."""
        return any(remark.refused for remark in self.remarks)

    def refuse(self, column: str, reason: str, proposal: str = "") -> None:
        """Say why the row cannot be taken."""
        self.remarks.append(Remark(self.number, column, reason, proposal))

    def warn(self, column: str, reason: str, proposal: str = "") -> None:
        """Say what to look at though the row is taken."""
        self.remarks.append(Remark(self.number, column, reason, proposal, refused=False))


def cleaned(text: str) -> str:
    """Return the text without invisible characters, white space run together, ends trimmed."""
    return " ".join(_INVISIBLE.sub("", text).split())


def read_row(number: int, values: Mapping[str, str], known: Gazetteer, latest: date) -> RowReading:
    """Return what a row says; `latest` is the last day that is not in the future."""
    row = RowReading(number)
    code = _identity(row, values, known.is_authority)
    if row.refused:
        return row
    _texts(row, values)
    _dates(row, values, latest)
    _money(row, values)
    _insured(row, values)
    kind = read_kind(values.get("kind", ""), row.facts["name"], code)
    row.facts["kind"], row.facts["investment"] = kind.kind, kind.investment
    if kind.source in ("name", "code"):
        row.readings["kind"] = "按名称判断" if kind.source == "name" else "按代码判断"
    elif kind.kind == "other":
        row.readings["kind"] = cleaned(values.get("kind", ""))[:KEPT]
    if kind.warning:
        row.warn("kind", kind.warning)
    status, warning = read_status(values.get("status", ""))
    row.facts["status"] = status
    if warning:
        row.warn("status", warning)
        row.readings["status"] = cleaned(values["status"])[:KEPT]
    _industry(row, values)
    _place(row, values, code, known)
    return row


def _identity(row: RowReading, values: Mapping[str, str], is_authority: Callable[[str], bool]) -> str:
    written = values.get("uscc", "")
    column = "uscc"
    read = UsccReading() if is_blank(written) else read_uscc(written, is_authority)
    if not read.code and not read.problem:
        other = values.get("registration_number", "")  # some files write the code there
        read = read_uscc(other, is_authority)
        column = "registration_number"
        if not read.code:
            hint = f"注册号“{cleaned(other)[:30]}”不能代替统一社会信用代码" if not is_blank(other) else ""
            row.refuse("uscc", "没有填写统一社会信用代码", hint or "补填18位代码后重新导入")
        else:
            row.warn(column, "统一社会信用代码没有填写，取自注册号一列")
    if read.problem and column == "uscc":
        row.refuse("uscc", read.problem, read.proposal)
    for warning in read.warnings:
        row.warn(column, warning)
    name = cleaned(values.get("name", ""))
    if is_blank(name):
        row.refuse("name", "没有填写企业名称", "补填营业执照上的名称")
    elif len(name) > LONGEST["name"]:
        row.refuse(
            "name", f"名称有 {len(name)} 个字，超过 {LONGEST['name']} 个字", "核对该格是否混入了其他内容"
        )
    elif not re.search(r"[\w]", name) or name.isdigit():
        row.refuse("name", f"名称“{name[:40]}”不是一个名称", "核对列的对应关系，补填名称")
    elif re.search(r"[?�]{2,}|锟斤拷", name):
        row.warn("name", f"名称“{name[:40]}”有乱码，请核对文件编码")
    row.facts["name"] = name
    row.facts["uscc"] = read.code
    return read.code


def _texts(row: RowReading, values: Mapping[str, str]) -> None:
    for column in ("legal_representative", "address", "authority", "registration_number"):
        text = cleaned(values.get(column, ""))
        if is_blank(text):
            continue
        if len(text) > LONGEST[column]:
            row.warn(column, f"有 {len(text)} 个字，只保留前 {LONGEST[column]} 个字")
        if column == "registration_number":
            text = re.sub(r"^(\d+)\.0$", r"\1", text)  # a number that a program kept as a fraction
        row.facts[column] = text[: LONGEST[column]]
    scope = cleaned(values.get("scope", ""))
    if not is_blank(scope):
        if len(scope) > LONGEST_SCOPE:
            row.warn("scope", f"有 {len(scope)} 个字，只保留前 {LONGEST_SCOPE} 个字")
        row.facts["scope"] = scope[:LONGEST_SCOPE]
    former = values.get("former_names", "")
    if not is_blank(former):
        names = (cleaned(one)[: LONGEST["name"]] for one in _SEPARATORS.split(former))
        row.former = tuple(dict.fromkeys(n for n in names if not is_blank(n) and n != row.facts["name"]))


def _dates(row: RowReading, values: Mapping[str, str], latest: date) -> None:
    for column in ("established_on", "approved_on"):
        text = values.get(column, "")
        if not text:
            continue
        read = read_date(text, latest)
        if read.day is not None:
            row.facts[column] = read.day
        if read.problem:
            row.warn(column, f"{_TITLES[column]}：{read.problem}，按未填处理，原文保留", read.proposal)
            row.readings[column] = cleaned(text)[:KEPT]
        elif read.warning:
            row.warn(column, f"{_TITLES[column]}：{read.warning}")
            row.readings[column] = read.warning
    first, last = row.facts.get("established_on"), row.facts.get("approved_on")
    if first and last and last < first:
        row.warn("approved_on", f"核准日期 {last} 早于成立日期 {first}，请核对")


def _money(row: RowReading, values: Mapping[str, str]) -> None:
    for column in ("capital", "paid_in"):
        text = values.get(column, "")
        if not text:
            continue
        currency = values.get("currency", "")
        read = read_capital(text, currency)
        if read.amount is not None:
            row.facts[column], row.facts[f"{column}_currency"] = read.amount, read.currency
            told = read.assumed or ("" if is_blank(currency) else f"币种：{cleaned(currency)[:20]}")
            row.readings[column] = cleaned(text)[:KEPT] + (f"（{told}）" if told else "")
            if read.warning:
                row.warn(column, read.warning)
        elif read.problem:
            row.readings[column] = cleaned(text)[:KEPT]
            row.warn(column, read.problem.replace("注册资本", _TITLES[column]), "写成 100万元人民币 的样子")


def _insured(row: RowReading, values: Mapping[str, str]) -> None:
    text = values.get("insured", "")
    if is_blank(text):
        return
    plain = "".join(unicodedata.normalize("NFKC", text).split()).removesuffix("人").replace(",", "")
    if re.fullmatch(r"[0-9]{1,7}(\.0+)?", plain):
        row.facts["insured"] = int(plain.split(".")[0])
    else:
        row.warn("insured", f"参保人数“{text.strip()[:20]}”不是整数，按未填处理，原文保留")
        row.readings["insured"] = cleaned(text)[:KEPT]


def _industry(row: RowReading, values: Mapping[str, str]) -> None:
    columns = ("industry", "industry_group", "industry_division", "industry_section")
    texts = [values.get(column, "") for column in columns]
    if not any(texts):
        return
    read = read_industry(texts)
    if read.code:
        row.facts["industry_code"] = read.code
    if read.problem:
        column = next(column for column, text in zip(columns, texts, strict=True) if not is_blank(text))
        row.warn(column, read.problem)
        row.readings["industry_code"] = cleaned("；".join(t for t in texts if not is_blank(t)))[:KEPT]


def _place(row: RowReading, values: Mapping[str, str], code: str, known: Gazetteer) -> None:
    county = cleaned(values.get("county", ""))
    if re.fullmatch(r"[0-9]{6}([0-9]{6})?", county):
        county = known.full_name(county[:6]) if county[:6] in known.places else ""
    region = "".join(
        text for text in (values.get("province", ""), values.get("city", ""), county) if not is_blank(text)
    )
    address = row.facts.get("address", "")
    found = known.locate(address=address, uscc=code, region=region, authority=row.facts.get("authority", ""))
    row.facts["division_code"], row.facts["division_certainty"] = found.code, found.certainty
    told = "；".join(text for text in (found.reason, found.conflict) if text)
    if told:
        row.readings["division_code"] = told
    column = "address" if address else "county" if county else "uscc"
    if found.conflict:
        row.warn(column, f"区划：{found.conflict}")
    elif found.certainty not in (CERTAIN, "likely"):
        row.warn(column, f"区划：{found.reason}")
