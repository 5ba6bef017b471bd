"""The file that the fiscal system (预算管理一体化) takes: one line a payment, the same bytes whenever it is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qifu.foundation.imports.sheets import csv_lines, workbooks
from qifu.services.policies.models import PaymentBatch, PaymentLine

HEADINGS = (
    "支付编号", "批次号", "收款人全称", "统一社会信用代码", "开户银行", "账号", "金额（元）", "用途", "预算年度", "预算文号",
)  # fmt: skip


def yuan_of(fen: int) -> str:
    """Return fen as 元 with two decimals, no separators: 1234.50."""
    sign, rest = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{rest // 100}.{rest % 100:02d}"


def lines_of(batch: PaymentBatch) -> Iterator[tuple[str, ...]]:
    """Yield the lines of a batch in their order."""
    rows = (
        PaymentLine.objects.filter(batch=batch)
        .select_related("entry__enterprise", "account")
        .order_by("code")
    )
    rows = rows.defer("entry__facts")
    for line in rows.iterator(1_000):
        yield (
            line.code, batch.number, line.account.holder, line.entry.enterprise.uscc, line.account.bank,
            line.account.number, yuan_of(line.fen), batch.title, str(batch.budget.year), batch.budget.document,
        )  # fmt: skip


def payment_csv(lines: Iterable[tuple[str, ...]]) -> bytes:
    """Return the file as CSV."""
    return b"".join(csv_lines(HEADINGS, lines))


def payment_workbook(lines: Iterable[tuple[str, ...]], digest: str) -> bytes:
    """Return the same lines as a workbook, whose second sheet names the digest of the CSV file."""
    return workbooks(
        [("支付明细", HEADINGS, lines), ("校验", ("项目", "值"), [("CSV 文件的 SHA-256", digest)])],
        widths=(22, 16, 36, 22, 36, 24, 14, 40, 10, 24),
    )
