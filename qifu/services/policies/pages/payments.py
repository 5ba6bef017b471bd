"""Finance's pages: budgets, payment batches, files out and receipts in, reconciliation."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qifu.foundation.access import NotFound
from qifu.foundation.action import Refused
from qifu.foundation.pages import Request, page
from qifu.services.policies.actions import payments
from qifu.services.policies.payment_file import lines_of, payment_workbook
from qifu.services.policies.payout_forms import BudgetForm, ReceiptForm, StatementForm, show
from qifu.services.policies.queries import payouts as queries

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_http_methods(["GET", "HEAD", "POST"])
@page(queries.SEE)
def payout_budgets(request: Request) -> HttpResponse:
    """Show the budgets; set one."""
    policies = queries.budgeted(request.actor, request.at)
    form = BudgetForm(
        request.POST or None, policies=[(str(one.pk), one.title) for one in policies], initial={"year": request.today.year}
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        chosen = queries.policy(given.pop("policy"), request.actor, request.at, queries.BUDGET)
        try:
            payments.set_budget(policy=chosen, by=request.actor, at=request.at, **given)
            messages.success(request, "预算已登记。")
            return redirect("payout_budgets")
        except Refused as refused:
            show(form, refused)
    context = {
        "budgets": queries.budgets(request.actor, request.at), "form": form if policies else None,
        "finance": queries.may_pay(request.actor, request.at),
    }  # fmt: skip
    return render(request, "policies/payout_budgets.html", context, status=422 if form.errors else 200)


@require_POST
@page(queries.FINANCE)
def payment_make(request: Request, pk: int) -> HttpResponse:
    """Make a batch of what waits for payment from a budget."""
    row = queries.budget(pk, request.actor, request.at)
    try:
        made = payments.make_batch(budget=row, by=request.actor, at=request.at)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("payout_budgets")
    messages.success(request, f"支付批次 {made.number} 已生成，请导出支付文件。")
    return redirect("payment_batch", made.pk)


@require_safe
@page(queries.FINANCE)
def payment_batches(request: Request) -> HttpResponse:
    """List the batches."""
    found = queries.batches(request.actor, request.at, request.GET.get("page"))
    return render(request, "policies/payment_batches.html", {"page": found})


@require_http_methods(["GET", "HEAD", "POST"])
@page(queries.FINANCE)
def payment_batch(request: Request, pk: int) -> HttpResponse:
    """Show a batch and its lines; hold it against the treasury's figures."""
    row = queries.batch(pk, request.actor, request.at)
    form, found = StatementForm(request.POST or None), list[str]()
    if request.method == "POST" and form.is_valid():
        try:
            found = payments.reconcile(batch=row, by=request.actor, at=request.at, **form.cleaned_data)
            if not found:
                messages.success(request, "对账相符。")
                return redirect("payment_batch", pk)
        except Refused as refused:
            show(form, refused)
    context = {
        "batch": row, "settled": queries.settled(row), "page": queries.batch_lines(row, request.GET.get("page")),
        "form": form, "differences": found,
    }  # fmt: skip
    return render(request, "policies/payment_batch.html", context, status=422 if form.errors else 200)


@never_cache
@require_POST
@page(queries.FINANCE)
def payment_export(request: Request, pk: int, kind: str) -> HttpResponse:
    """The file for the fiscal system, as CSV or workbook; it holds account numbers, so each export is on record."""
    row = queries.batch(pk, request.actor, request.at)
    if kind not in ("csv", "xlsx"):
        raise NotFound(kind)
    try:
        content = payments.export_batch(batch=row, by=request.actor, at=request.at)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("payment_batch", pk)
    if kind == "xlsx":
        row.refresh_from_db()
        content = payment_workbook(lines_of(row), row.digest)
    return HttpResponse(
        content, content_type=XLSX if kind == "xlsx" else "text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{row.number}.{kind}"'},
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@page(queries.FINANCE)
def payment_receipts(request: Request) -> HttpResponse:
    """Read results back; show what came of each file."""
    form = ReceiptForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            found, new = payments.read_back(
                place_code=queries.finance_place(request.actor, request.at), file=upload.file, name=upload.name,
                by=request.actor, at=request.at,
            )  # fmt: skip
        except Refused as refused:
            show(form, refused)
        else:
            words = f"已支付 {found.paid} 笔，失败 {found.failed} 笔，先前已有 {found.known} 笔，未采纳 {len(found.refused)} 行。"
            messages.success(request, words if new else "这个文件先前已经读过，没有任何改动。")
            return redirect("payment_receipts")
    context = {"form": form, "receipts": queries.receipts(request.actor, request.at)}
    return render(request, "policies/payment_receipts.html", context, status=422 if form.errors else 200)


_PAY = "workbench/policies/"
urlpatterns = [
    path(f"{_PAY}budgets/", payout_budgets, name="payout_budgets"),
    path(f"{_PAY}budgets/<int:pk>/batch/", payment_make, name="payment_make"),
    path(f"{_PAY}batches/", payment_batches, name="payment_batches"),
    path(f"{_PAY}batches/<int:pk>/", payment_batch, name="payment_batch"),
    path(f"{_PAY}batches/<int:pk>/<slug:kind>/", payment_export, name="payment_export"),
    path(f"{_PAY}receipts/", payment_receipts, name="payment_receipts"),
]
