"""Declares work plans: who may upload, review, publish and read; where they stand in the menus."""

from qifu.foundation.access import ANYONE, Permission, declare_permissions
from qifu.foundation.modules import HomeCard, MenuItem, Module, SearchKind, declare_module
from qifu.services.work_plans.queries.plans import home_figures
from qifu.services.work_plans.queries.work_mine import home_figures as waiting_figures

TITLE = "工作要点"
PUBLISHER = {"reform_officer": ("in_place",)}

declare_permissions(
    Permission(
        "work_plans.view",
        "查看工作要点",
        {
            ANYONE: ("public",),
            "reform_officer": ("in_place", "above_place"),
            "department_officer": ("in_place", "names_unit"),
        },
    ),
    Permission(
        "work_plans.view_internal",
        "查看未公开的工作要点",
        {"reform_officer": ("in_place", "above_place"), "department_officer": ("in_place", "names_unit")},
    ),
    Permission("work_plans.upload", "上传公文", PUBLISHER),
    Permission("work_plans.review", "审核识别结果", PUBLISHER),
    Permission("work_plans.publish", "发布、更正和撤回工作要点", PUBLISHER),
    Permission("work_plans.read_document", "识别公文（后台作业）", {}),
    Permission("work_plans.load", "载入本省数据中的工作要点", {}),
    Permission(
        "work_plans.follow",
        "查看落实情况",
        {
            "reform_officer": ("in_place", "concerns_place"),
            "department_officer": ("takes_part", "leads_above"),
        },
    ),
    Permission("work_plans.organise_work", "组织落实：单位、期限、分解、答复", PUBLISHER),
    Permission(
        "work_plans.confirm_lead",
        "确认牵头单位",
        {"reform_officer": ("in_place",), "department_officer": ("leads",)},
    ),
    Permission(
        "work_plans.lead_work",
        "牵头落实：节点、申请销号",
        {"reform_officer": ("own_place",), "department_officer": ("leads",)},
    ),
    Permission(
        "work_plans.report_work",
        "报告进展、提问",
        {"reform_officer": ("own_place",), "department_officer": ("takes_part",)},
    ),
    Permission(
        "work_plans.discuss_work",
        "留言",
        {
            "reform_officer": ("in_place", "concerns_place"),
            "department_officer": ("takes_part", "leads_above"),
        },
    ),
    Permission("work_plans.close_work", "销号、退回、重新打开", PUBLISHER),
    Permission("work_plans.remind", "自动提醒", {}),
)

MODULE = declare_module(
    Module(
        name="work_plans",
        title=TITLE,
        purpose="把公文里的指标、任务、专项行动读成有主、有期、可量化的工作，审核后发布",
        menu=(
            MenuItem("工作要点", "plans", "work_plans.view", "portal", "clipboard-list", 20),
            MenuItem("工作要点", "plans", "work_plans.view", "workbench", "clipboard-list", 20),
            MenuItem("我的工作", "my_work", "work_plans.follow", "workbench", "checklist", 10),
            MenuItem("要点落实", "work_plans", "work_plans.follow", "workbench", "layout-dashboard", 11),
            MenuItem("公文审核", "plan_reviews", "work_plans.review", "workbench", "file-check", 21),
            MenuItem("上传公文", "plan_upload", "work_plans.upload", "workbench", "file-upload", 22),
        ),
        home=(
            HomeCard(
                "查看工作要点",
                "每一项指标、任务和行动由谁负责、到什么时候、做到多少，都能查到出处。",
                "plans",
                "work_plans.view",
                "clipboard-list",
                20,
                home_figures,
            ),
            HomeCard(
                "办理我的工作",
                "等您确认、答复、核销和报告的事项。",
                "my_work",
                "work_plans.follow",
                "checklist",
                10,
                waiting_figures,
            ),
            HomeCard(
                "上传公文",
                "把通知和附件表格读成有主、有期、可量化的工作，逐处核对后发布。",
                "plan_upload",
                "work_plans.upload",
                "file-upload",
                21,
            ),
        ),
        search=(
            SearchKind("work_plan", "工作要点", "plan", "work_plans.view"),
            SearchKind("work_plan_item", "工作要点事项", "plan_item_by_key", "work_plans.view"),
        ),
    )
)
