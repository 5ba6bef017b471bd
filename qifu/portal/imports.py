"""Pages of the importer: upload, which column is which, progress, result, the rows that were not taken."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from qifu.foundation import access
from qifu.foundation.action import Refused
from qifu.foundation.imports import actions, queries, sheets
from qifu.foundation.imports.file_mapping import FileMapping, from_yaml, to_yaml
from qifu.foundation.imports.kinds import ImportKind, import_kinds
from qifu.foundation.imports.mapping import ColumnMapping, mapped
from qifu.foundation.imports.models import Import
from qifu.foundation.imports.table_file import UnreadableTable
from qifu.foundation.pages import Request, page
from qifu.foundation.yaml_data import DataError

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS_A_PAGE = 50
LARGEST_MAPPING = 100_000


class UploadForm(forms.Form):
    """Which list, which file."""

    kind = forms.ChoiceField(label="导入到哪张表")
    file = forms.FileField(
        label="表格文件",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv,.tsv,.txt,.parquet"}),
        error_messages={"required": "请选择要导入的文件", "empty": "文件是空的，请检查后重新选择"},
    )
    mapping = forms.FileField(
        label="栏目对应文件",
        required=False,
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml"}),
        help_text="以前导入同样格式的文件时下载过的“栏目对应”；没有就不选，系统会按表头识别",
    )
    unclassified = forms.BooleanField(
        label="我确认：文件不涉及国家秘密、工作秘密，可以在本系统处理", required=False
    )

    def __init__(self, *args: Any, kinds: list[ImportKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.name, kind.title) for kind in kinds]  # type: ignore[attr-defined]
        limit = settings.UPLOAD_LIMIT_BYTES >> 20
        self.fields[
            "file"
        ].help_text = f"Excel 工作簿（新旧格式都可以）、CSV 文本或 Parquet 文件；不超过 {limit} MB，更大的请系统管理员用命令导入"


@require_safe
@page("imports.use")
def imports(request: Request) -> HttpResponse:
    """List the imports that the person may see."""
    entries = Paginator(queries.imports(request.actor, request.at), ROWS_A_PAGE).get_page(
        request.GET.get("page")
    )
    titles = {kind.name: kind.title for kind in import_kinds().values()}
    rows = [(row, titles.get(row.kind, row.kind)) for row in entries]
    kinds = queries.kinds_for(request.actor, request.at)
    return render(request, "portal/imports/imports.html", {"page": entries, "rows": rows, "kinds": kinds})


@page("imports.use")
def upload(request: Request) -> HttpResponse:
    """Show the upload form; a readable file leads to its columns."""
    kinds = queries.kinds_for(request.actor, request.at)
    initial = {"kind": request.GET.get("kind") or (kinds[0].name if kinds else "")}
    form = UploadForm(request.POST or None, request.FILES or None, kinds=kinds, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            row = _keep(request, form)
        except (Refused, DataError) as refusal:
            fields = refusal.fields if isinstance(refusal, Refused) else {"mapping": str(refusal)}
            for name, message in (fields or {"": str(refusal)}).items():
                form.add_error(name if name in form.fields else None, message)
        else:
            return redirect("import", row.pk)
    status = 422 if form.errors else 200
    return render(request, "portal/imports/upload.html", {"form": form, "kinds": kinds}, status=status)


def _keep(request: Request, form: UploadForm) -> Import:
    """Propose the columns and keep the file; raises Refused or DataError."""
    data = form.cleaned_data
    if not data["unclassified"]:  # before the file is even looked at
        raise Refused("请先确认文件不涉密", unclassified="涉密文件不得上传；确认不涉密后请勾选")
    kind = actions.kind_of(data["kind"], request.actor, request.at)
    kept = None
    if data["mapping"] is not None:
        kept = from_yaml(data["mapping"].read(LARGEST_MAPPING), where=data["mapping"].name)
    proposal = queries.proposal_for(data["file"].file, kind, kept=kept)
    row = actions.upload_import(
        kind=kind.name, filename=data["file"].name, content=data["file"].file, mapping=proposal.mapping,
        unclassified=data["unclassified"], by=request.actor, at=request.at,
    )  # fmt: skip
    for remark in proposal.remarks:
        messages.warning(request, remark)
    return row


@require_safe
@page("imports.use")
def one(request: Request, pk: int) -> HttpResponse:
    """Show an import as it stands: its columns, its progress, or its result."""
    row = queries.one_import(request.actor, request.at, pk)
    kind = import_kinds()[row.kind]
    if row.state == Import.State.MAPPING:
        return _columns_page(request, row, kind)
    running = row.state == Import.State.RUNNING
    job = queries.job_of(row)
    stuck = running and not actions.is_under_way(row)
    if request.headers.get("HX-Request") and (stuck or not running):
        return HttpResponseClientRefresh()
    may = access.holds(request.actor, kind.permission, request.at)
    context = {
        "row": row, "kind": kind, "job": job, "running": running and not stuck, "stuck": stuck, "may": may,
        "mapping": row.read_by, "parts": queries.refused_parts(row) if row.refused else [],
        "reasons": queries.reasons(row) if row.refused and not running else [],
        "warnings": queries.reasons(row, refused=False) if row.remarked and not running else [],
        "book": row.refused <= sheets.WORKBOOK_ROWS,
    }  # fmt: skip
    return render(request, "portal/imports/import.html", context)


def _columns_page(request: Request, row: Import, kind: ImportKind, status: int = 200) -> HttpResponse:
    """Show which column of the file is which, and what the first rows would become."""
    try:
        previews = queries.previews(row, kind)
    except (UnreadableTable, FileNotFoundError) as error:
        gone = "原文件已不在系统中，请重新上传"
        messages.error(request, str(error) if isinstance(error, UnreadableTable) else gone)
        previews = []
    mapping = row.read_by
    context = {
        "row": row, "kind": kind, "mapping": mapping, "previews": previews, "missing": mapping.missing(kind.columns),
        "book": any(part.sheet for part in mapping.parts),
    }  # fmt: skip
    return render(request, "portal/imports/columns.html", context, status=status)


@require_POST
@page("imports.use")
def columns(request: Request, pk: int) -> HttpResponse:
    """Take what was chosen for each column of the file; show the preview again, or start."""
    row = queries.one_import(request.actor, request.at, pk)
    kind = actions.kind_of(row.kind, request.actor, request.at)
    try:
        mapping, is_new = _chosen(request, row, kind)
        row = actions.map_columns(row=row, mapping=mapping, by=request.actor, at=request.at)
        if is_new:
            messages.info(request, "已重新识别栏目，请核对后再开始")
        elif request.POST.get("act") == "start":
            actions.confirm_import(row=row, by=request.actor, at=request.at)
    except Refused as refused:
        messages.error(request, refused.message)
        if row.state == Import.State.MAPPING:
            return _columns_page(request, row, kind, status=422)
    return redirect("import", pk)


def _chosen(request: Request, row: Import, kind: ImportKind) -> tuple[FileMapping, bool]:
    """Return the mapping that was sent, and whether a sheet or a heading row in it is new and was proposed afresh."""
    before = row.read_by
    parts = [_part(request, number, part, kind) for number, part in enumerate(before.parts)]
    wanted = request.POST.getlist("take") if any(part.sheet for part in parts) else [""]
    lines = {part.sheet: _heading_line(request, number) for number, part in enumerate(parts)}
    kept = [part for part in parts if part.sheet in wanted and lines[part.sheet] == part.heading_line]
    if not wanted:
        raise Refused("请至少选择一张工作表")
    if [part.sheet for part in kept] == wanted and len(kept) == len(parts):
        return FileMapping(tuple(parts), before.left), False
    proposal = queries.read_as(row, kind, parts, sheets=wanted, heading_lines=lines)
    for remark in proposal.remarks:
        messages.warning(request, remark)
    return proposal.mapping, len(kept) < len(wanted)


def _heading_line(request: Request, number: int) -> int:
    written = request.POST.get(f"heading_line-{number}", "")
    if not (written.isascii() and written.isdigit() and len(written) < 5):
        raise Refused("“表头在第几行”请填写数字；没有表头填 0")
    return int(written)


def _part(request: Request, number: int, before: ColumnMapping, kind: ImportKind) -> ColumnMapping:
    """Return what was chosen for the columns of one sheet."""
    places: dict[str, int] = {}
    titles = {column.name: column.title for column in kind.columns}
    prefix = f"column-{number}-"
    for key in request.POST:
        name, place = request.POST.get(key, ""), key.removeprefix(prefix)
        if key.startswith(prefix) and place.isascii() and place.isdigit() and name:
            if name in places:
                raise Refused(f"两列都选了“{titles.get(name, name)}”，请只留一列")
            places[name] = int(place)
    return mapped(places, before.heading_line, before.headings, before.sheet, before.blank)


@require_POST
@page("imports.use")
def cancel(request: Request, pk: int) -> HttpResponse:
    """Stop an import."""
    row = queries.one_import(request.actor, request.at, pk)
    try:
        actions.cancel_import(row=row, by=request.actor, at=request.at)
        messages.success(request, "已取消。已导入的行保留，可以从停下的地方继续。")
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("import", pk)


@require_POST
@page("imports.use")
def resume(request: Request, pk: int) -> HttpResponse:
    """Go on with an import."""
    row = queries.one_import(request.actor, request.at, pk)
    try:
        actions.resume_import(row=row, by=request.actor, at=request.at)
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("import", pk)


@require_safe
@page("imports.use")
def rows(request: Request, pk: int) -> HttpResponse:
    """List what is told of the rows of an import: of those not taken, or of those to look at."""
    row = queries.one_import(request.actor, request.at, pk)
    refused = request.GET.get("show") != "taken"
    found = queries.remarks(row, refused=refused)
    told = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    parts = row.read_by.parts
    headings = {part.sheet[:40] if len(parts) > 1 else "": part.headings for part in parts}
    entries = [
        (remark, [(h, c) for h, c in zip(headings[remark.sheet], remark.line or (), strict=False) if c][:6])
        for remark in told
    ]
    here = reverse("import_rows", args=[pk])
    tabs = [
        {"title": "未导入", "url": here, "current": refused, "count": row.refused},
        {"title": "请核对", "url": f"{here}?show=taken", "current": not refused, "count": row.remarked},
    ]
    context = {"row": row, "page": told, "entries": entries, "tabs": tabs, "refused": refused}
    return render(request, "portal/imports/rows.html", context)


@require_safe
@page("imports.use")
def rejected(request: Request, pk: int, form: str) -> HttpResponseBase:
    """Download the rows that were not taken, with the reason beside each, as CSV or workbook."""
    row = queries.one_import(request.actor, request.at, pk)
    stem = f"{row.filename.rsplit('.', 1)[0]}-未导入"
    parts = queries.refused_parts(row) or [(0, "", 0)]
    if form == "csv":
        wanted = request.GET.get("part", "")
        number, title, _ = next((one for one in parts if str(one[0]) == wanted), parts[0])
        lines = sheets.csv_lines(queries.rejected_headings(row, number), queries.rejected_rows(row, number))
        response: Any = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = _attachment(f"{stem}{'-' if title else ''}{title}.csv")
        return _private(response)
    if row.refused > sheets.WORKBOOK_ROWS:
        messages.error(request, f"未导入的行超过 {sheets.WORKBOOK_ROWS} 行，请下载 CSV 文件")
        return redirect("import", pk)
    return _private(_book(queries.rejected_book(row), f"{stem}.xlsx"))


@require_safe
@page("imports.use")
def template(request: Request, kind: str) -> HttpResponseBase:
    """Download an empty list to fill in."""
    found = actions.kind_of(kind, request.actor, request.at)
    return _book(sheets.template(found.title, found.columns), f"{found.title}-导入模板.xlsx")


@require_safe
@page("imports.use")
def mapping_file(request: Request, pk: int) -> HttpResponseBase:
    """Download which column is which, for the next file of the same form."""
    row = queries.one_import(request.actor, request.at, pk)
    text = to_yaml(row.kind, row.read_by)
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = _attachment(f"{row.kind}-栏目对应.yaml")
    return response


def _book(data: bytes, name: str) -> HttpResponseBase:
    response = HttpResponse(data, content_type=XLSX)
    response["Content-Disposition"] = _attachment(name)
    return response


def _attachment(name: str) -> str:
    return str(content_disposition_header(True, name))


def _private(response: Any) -> HttpResponseBase:
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response  # type: ignore[no-any-return]


urlpatterns = [
    path("workbench/imports/", imports, name="imports"),
    path("workbench/imports/upload/", upload, name="import_upload"),
    path("workbench/imports/template/<slug:kind>.xlsx", template, name="import_template"),
    path("workbench/imports/<int:pk>/", one, name="import"),
    path("workbench/imports/<int:pk>/columns/", columns, name="import_columns"),
    path("workbench/imports/<int:pk>/cancel/", cancel, name="import_cancel"),
    path("workbench/imports/<int:pk>/resume/", resume, name="import_resume"),
    path("workbench/imports/<int:pk>/rows/", rows, name="import_rows"),
    path("workbench/imports/<int:pk>/columns.yaml", mapping_file, name="import_mapping"),
    path("workbench/imports/<int:pk>/rejected.csv", rejected, {"form": "csv"}, name="import_rejected_csv"),
    path("workbench/imports/<int:pk>/rejected.xlsx", rejected, {"form": "xlsx"}, name="import_rejected_xlsx"),
]
