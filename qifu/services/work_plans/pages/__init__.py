"""Pages of work plans: upload and review for reform offices, plans for everyone who may see them."""

from __future__ import annotations

from django.urls import path

from qifu.services.work_plans.pages import (
    browse,
    exports,
    publish,
    review,
    upload,
    versions,
    work,
    work_exports,
    work_item,
    work_list,
    work_mine,
    work_times,
    work_units,
)

_WORK = "workbench/plans/"
_ONE = f"{_WORK}reviews/<int:pk>/"
_DONE = "workbench/work/"
_PLAN = f"{_DONE}plans/<int:pk>/"

urlpatterns = [
    path(f"{_WORK}upload/", upload.upload, name="plan_upload"),
    path(f"{_WORK}reviews/", review.reviews, name="plan_reviews"),
    path(_ONE, review.review, name="plan_review"),
    path(f"{_ONE}reading/", upload.reading, name="plan_reading"),
    path(f"{_ONE}retry/", upload.retry, name="plan_retry"),
    path(f"{_ONE}discard/", upload.discard, name="plan_discard"),
    path(f"{_ONE}file/", upload.original_file, name="plan_original_file"),
    path(f"{_ONE}doubts/<int:doubt>/rule/", review.rule, name="plan_rule"),
    path(f"{_ONE}doubts/<int:doubt>/undo/", review.undo, name="plan_undo"),
    path(f"{_ONE}accept-information/", review.accept_all_information, name="plan_accept_information"),
    path(f"{_ONE}all/", review.whole, name="plan_whole_reading"),
    path(f"{_ONE}correct/<slug:part>/<slug:row>/<slug:field>/", review.correct, name="plan_correct_field"),
    path(f"{_ONE}add/<slug:part>/", review.add, name="plan_add_item"),
    path(f"{_ONE}publish/", publish.publish, name="plan_publish"),
    path(_DONE, work_mine.my_work, name="my_work"),
    path(f"{_DONE}<int:pk>/", work_item.assignment, name="assignment"),
    path(f"{_DONE}<int:pk>/do/<slug:name>/", work_item.act, name="assignment_act"),
    path(f"{_DONE}<int:pk>/evidence/<int:file>/", work_item.evidence, name="work_evidence"),
    path(f"{_DONE}units/<str:code>/", work_units.unit, name="work_unit"),
    path(f"{_DONE}plans/", work.work_plans, name="work_plans"),
    path(f"{_PLAN}board/", work.board, name="work_board"),
    path(f"{_PLAN}statuses/", work.statuses, name="work_statuses"),
    path(f"{_PLAN}list/", work_list.work_list, name="work_list"),
    path(f"{_PLAN}timeline/", work_times.timeline, name="work_timeline"),
    path(f"{_PLAN}calendar/", work_times.month, name="work_calendar"),
    path(f"{_PLAN}compare/", work_units.compare, name="work_compare"),
    path(f"{_PLAN}generic/", work_units.generic, name="work_generic"),
    path(f"{_PLAN}decomposition.xlsx", work_exports.decomposition_excel, name="work_excel"),
    path(f"{_PLAN}ledger.xlsx", work_exports.ledger_excel, name="work_ledger_excel"),
    path(f"{_PLAN}ledger.docx", work_exports.ledger_word, name="work_ledger_word"),
    path("plans/", browse.plans, name="plans"),
    path("plans/item/<slug:key>/", browse.item_by_key, name="plan_item_by_key"),
    path("plans/<int:pk>/", browse.overview, name="plan"),
    path("plans/<int:pk>/items/", browse.items, name="plan_items"),
    path("plans/<int:pk>/units/", browse.units, name="plan_units"),
    path("plans/<int:pk>/deadlines/", browse.deadlines, name="plan_deadlines"),
    path("plans/<int:pk>/versions/", versions.versions, name="plan_versions"),
    path("plans/<int:pk>/versions/<int:before>/<int:after>/", versions.compare, name="plan_compare"),
    path("plans/<int:pk>/correct/", publish.correct, name="plan_correct"),
    path("plans/<int:pk>/withdraw/", publish.withdraw, name="plan_withdraw"),
    path("plans/<int:pk>/export.xlsx", exports.excel, name="plan_excel"),
    path("plans/<int:pk>/export.docx", exports.word, name="plan_word"),
    path("plans/<int:pk>/<slug:kind>s/", browse.by_group, name="plan_by_group"),
    path("plans/<int:pk>/<slug:kind>/<int:number>/", browse.item, name="plan_item"),
]
