"""Results of payments as the fiscal system tells them: read from a table, held against the lines they are about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, BinaryIO

from django.db.models import Count, Sum

from qifu.foundation.action import Refused
from qifu.foundation.imports.table_file import UnreadableTable, open_table
from qifu.foundation.money import MoneyError, parse_money
from qifu.services.policies.models import PaymentBatch, PaymentLine
from qifu.services.policies.payment_file import yuan_of

COLUMNS = {
    "code": ("支付编号",),
    "fen": ("金额（元）", "金额(元)", "支付金额（元）", "金额"),
    "outcome": ("支付结果", "结果", "支付状态"),
    "day": ("支付日期", "日期"),
    "voucher": ("凭证号", "回单号", "支付凭证号"),
    "reason": ("失败原因", "退回原因"),
}
NEEDED = ("code", "fen", "outcome", "day")
PAID, FAILED = ("已支付", "支付成功", "成功"), ("支付失败", "失败", "退回", "退票")
MOST_LINES = 500_000


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One line as it was read; `fault` says why it cannot be taken."""

    number: int
    code: str
    fen: int = 0
    paid: bool = False
    day: date | None = None
    voucher: str = ""
    reason: str = ""
    fault: str = ""


def read_receipt(file: BinaryIO) -> list[ReceiptLine]:
    """Return the lines of a table of results; raises Refused where it is none."""
    try:
        lines = iter(open_table(file).lines())
        head = next((line for line in lines if not line.is_blank), None)
        names = [cell.strip() for cell in head.cells] if head else []
        places = {
            key: next((names.index(title) for title in titles if title in names), None)
            for key, titles in COLUMNS.items()
        }
        missing = [COLUMNS[key][0] for key in NEEDED if places[key] is None]
        if missing:
            raise Refused(
                f"这不是支付回单：第一行缺少“{'”“'.join(missing)}”栏", file="请用财政系统导出的回单文件"
            )
        found = []
        for line in lines:
            if not line.is_blank:
                found.append(_line(line, places))
            if len(found) > MOST_LINES:
                raise Refused(f"回单超过 {MOST_LINES:,} 行，请分成几个文件")
    except UnreadableTable as error:
        raise Refused(str(error), file=str(error)) from error
    if not found:
        raise Refused("回单里没有内容", file="请检查文件")
    return found


def _line(line: Any, places: Mapping[str, int | None]) -> ReceiptLine:
    def cell(key: str) -> str:
        place = places[key]
        return (
            line.cells[place].strip().removeprefix("'")
            if place is not None and place < len(line.cells)
            else ""
        )

    code, outcome = cell("code")[:60], cell("outcome")
    try:
        if line.broken:
            raise ValueError(line.broken)
        if outcome not in PAID + FAILED:
            raise ValueError(f"支付结果“{outcome[:20]}”不认识，应为“已支付”或“支付失败”")
        fen = parse_money(cell("fen").removesuffix("元") + "元")
        paid, voucher = outcome in PAID, cell("voucher")[:60]
        day = date.fromisoformat(cell("day").replace("/", "-")[:10]) if cell("day") else None
        if paid and (not voucher or day is None):
            raise ValueError("已支付的要有支付日期和凭证号")
    except MoneyError as error:
        return ReceiptLine(line.number, code, fault=str(error))
    except ValueError as error:
        words = str(error)
        return ReceiptLine(
            line.number, code, fault="支付日期不认识" if words.startswith("Invalid iso") else words
        )
    return ReceiptLine(line.number, code, fen, paid, day, voucher, cell("reason")[:300])


@dataclass
class Settled:
    """What came of lines: those now paid, those now failed, how many said what was known, and those refused with why."""

    paid: list[PaymentLine] = field(default_factory=list)
    failed: list[PaymentLine] = field(default_factory=list)
    known: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)


def settle(
    given: list[ReceiptLine], found: Mapping[str, PaymentLine], vouchers: set[str], today: Any
) -> Settled:
    """Change the found lines in memory as the given ones say; a doubled code or voucher is refused in every place."""
    done = Settled()
    codes = Counter(one.code for one in given)
    used = Counter(one.voucher for one in given if one.voucher)
    for one in given:
        line = found.get(one.code)
        if line is not None and not one.fault and codes[one.code] == 1 and _same(one, line):
            done.known += 1
            continue
        why = one.fault or _refusal(one, line, codes, used, vouchers, today)
        if why or line is None:
            done.refused.append({"line": one.number, "code": one.code, "reason": why})
            continue
        line.state = PaymentLine.State.PAID if one.paid else PaymentLine.State.FAILED
        line.settled_on, line.voucher = one.day, one.voucher if one.paid else ""
        line.reason = "" if one.paid else one.reason or "财政系统没有说明原因"
        (done.paid if one.paid else done.failed).append(line)
    return done


def _same(one: ReceiptLine, line: PaymentLine) -> bool:
    if line.state == PaymentLine.State.OPEN or one.fen != line.fen:
        return False
    if one.paid:
        return (line.state, line.voucher, line.settled_on) == ("paid", one.voucher, one.day)
    return line.state == PaymentLine.State.FAILED


def _refusal(
    one: ReceiptLine, line: PaymentLine | None, codes: Counter[str], used: Counter[str], vouchers: set[str], today: Any
) -> str:  # fmt: skip
    if line is None:
        return "没有这个支付编号"
    if codes[one.code] > 1:
        return f"支付编号在文件中出现了 {codes[one.code]} 次"
    if not line.batch.digest:
        return "这个批次还没有导出过支付文件"
    if one.fen != line.fen:
        return f"金额不符：回单 {yuan_of(one.fen)} 元，支付明细 {yuan_of(line.fen)} 元"
    if line.state != PaymentLine.State.OPEN:
        return f"与先前读回的不一致：先前为{line.get_state_display()}"
    if one.paid and (used[one.voucher] > 1 or one.voucher in vouchers):
        return "凭证号重复"
    if one.day is not None and one.day > today:
        return "支付日期在将来"
    return ""


def differences(batch: PaymentBatch, stated_count: int, stated_fen: int) -> list[str]:
    """Return in words where our lines and what the treasury states do not agree; none where all is settled and equal."""
    rows = dict[str, tuple[int, int]]()
    for state, count, fen in batch.lines.values_list("state").annotate(Count("pk"), Sum("fen")).order_by():
        rows[state] = (count, fen)
    found = []
    total_count, total_fen = sum(n for n, _ in rows.values()), sum(fen for _, fen in rows.values())
    if (total_count, total_fen) != (batch.count, batch.fen):
        found.append(
            f"批次应有 {batch.count} 笔 {yuan_of(batch.fen)} 元，明细合计 {total_count} 笔 {yuan_of(total_fen)} 元"
        )
    if "open" in rows:
        found.append(f"还有 {rows['open'][0]} 笔 {yuan_of(rows['open'][1])} 元没有回单")
    count, fen = rows.get("paid", (0, 0))
    if count != stated_count:
        found.append(f"笔数不符：已付 {count} 笔，国库 {stated_count} 笔")
    if fen != stated_fen:
        found.append(
            f"金额不符：已付 {yuan_of(fen)} 元，国库 {yuan_of(stated_fen)} 元，相差 {yuan_of(fen - stated_fen)} 元"
        )
    return found
