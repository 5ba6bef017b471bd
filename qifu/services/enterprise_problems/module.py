"""Declares enterprise problems: roles, who may report, see, handle, rule, call back; where they stand in the menus."""

from qifu.foundation.access import (
    ANYONE,
    ANYWHERE,
    SIGNED_IN,
    Permission,
    declare_permissions,
    declare_roles,
)
from qifu.foundation.modules import HomeCard, MenuItem, Module, declare_module
from qifu.registers.mandates.scopes import acting_for, declare_scopes

TITLE = "涉企问题"
declare_scopes({"problems": "涉企问题"})
declare_roles({"callback_officer": "回访专员", "third_party_assessor": "第三方评价员"})

REPORTER = {**acting_for("problems", "own_enterprise"), SIGNED_IN: ("reporter",)}
HUB = {"centre_clerk": ("own_place",)}
LEAD = {"department_officer": ("leads",), "reform_officer": ("leads",), "centre_clerk": ("leads",)}
UNIT = {
    "department_officer": ("takes_part",),
    "reform_officer": ("takes_part",),
    "centre_clerk": ("takes_part",),
}
ABOVE = {"centre_clerk": ("below_place", "raised_here"), "reform_officer": ("below_place", "raised_here")}
STAFF = {
    "centre_clerk": ("in_place", "takes_part", "raised_here", "raised_from"),
    "reform_officer": ("in_place", "takes_part", "raised_here", "raised_from"),
    "department_officer": ("takes_part",),
    "callback_officer": ("below_place",),
}
CALL_BACK = {"callback_officer": ("below_place",)}

declare_permissions(
    Permission("enterprise_problems.report", "反映问题", {ANYONE: (ANYWHERE,)}),
    Permission("enterprise_problems.follow_own", "查看自己反映的问题", REPORTER),
    Permission("enterprise_problems.view", "查看涉企问题", STAFF),
    Permission("enterprise_problems.intake", "录入诉求：电话、来访、恳谈", {"centre_clerk": ("own_place",), "reform_officer": ("own_place",)}),
    Permission("enterprise_problems.import", "导入热线工单", {"centre_clerk": ("own_place",), "reform_officer": ("own_place",)}),
    Permission("enterprise_problems.move", "办理（按办理规则中的角色）", {**STAFF, **REPORTER}),
    Permission("enterprise_problems.as_hub", "中枢", HUB),
    Permission("enterprise_problems.as_upper_hub", "上级中枢", ABOVE),
    Permission("enterprise_problems.as_lead", "主办单位", LEAD),
    Permission("enterprise_problems.as_co_handler", "协办单位", UNIT),
    Permission("enterprise_problems.as_callback", "回访岗", CALL_BACK),
    Permission("enterprise_problems.as_reporter", "反映人", REPORTER),
    Permission("enterprise_problems.run_hub", "中枢工作台", {"centre_clerk": ("own_place",)}),
    Permission("enterprise_problems.rule_responsibility", "确定责任单位", {"centre_clerk": ("own_place",), "reform_officer": ("own_place",)}),
    Permission("enterprise_problems.view_responsibility", "查看责任清单", {"centre_clerk": ("in_place",), "reform_officer": ("in_place",), "department_officer": ("in_place",)}),
    Permission("enterprise_problems.call_back", "回访", {"callback_officer": ("own_place",)}),
    Permission("enterprise_problems.see_ratings", "查看逐件评价", CALL_BACK),
    Permission("enterprise_problems.see_rating_groups", "查看成组评价", {"centre_clerk": ("in_place",), "reform_officer": ("in_place",), "department_officer": ("own_unit",), "callback_officer": ("in_place",)}),
    Permission("enterprise_problems.follow", "查看、补充、评价自己反映的问题（本人、经办人或凭查询码）", {ANYONE: (ANYWHERE,)}),
    Permission("enterprise_problems.assess", "基层、第三方评价", {"third_party_assessor": ("in_place",), "reform_officer": ("in_place",)}),
    Permission("enterprise_problems.set_telephone", "登记单位对外电话", {"department_officer": ("own_unit",), "reform_officer": ("own_unit",), "centre_clerk": ("own_unit",)}),
    Permission("enterprise_problems.keep_filters", "保存常用筛选", {SIGNED_IN: ("own",)}),
    Permission("enterprise_problems.run_jobs", "定时作业", {}),
    Permission("enterprise_problems.load_demo", "载入模拟涉企问题", {}),
)  # fmt: skip

MODULE = declare_module(
    Module(
        name="enterprise_problems",
        title=TITLE,
        purpose="企业反映的问题，一个口子进、一个编号办到底：筛选、交办、办理、反馈、评价、重办",
        menu=(
            MenuItem(
                "反映问题", "problem_report", "enterprise_problems.report", "portal", "message-question", 5
            ),
            MenuItem(
                "今日涉企问题", "problem_today", "enterprise_problems.run_hub", "workbench", "calendar-due", 7
            ),
            MenuItem("涉企问题", "problem_queue", "enterprise_problems.view", "workbench", "list-details", 8),
            MenuItem(
                "责任清单",
                "responsibility",
                "enterprise_problems.view_responsibility",
                "workbench",
                "list-check",
                13,
            ),
            MenuItem("收件登记", "problem_intake", "enterprise_problems.intake", "workbench", "edit", 12),
            MenuItem("我的诉求", "own_problems", "enterprise_problems.follow", "portal", "list-check", 6),
            MenuItem("回访", "call_backs", "enterprise_problems.call_back", "workbench", "message", 16),
            MenuItem(
                "办理评价",
                "rating_groups",
                "enterprise_problems.see_rating_groups",
                "workbench",
                "chart-bar",
                17,
            ),
            MenuItem(
                "基层、第三方评价", "assess_list", "enterprise_problems.assess", "workbench", "pencil", 18
            ),
            MenuItem(
                "对外电话", "unit_telephones", "enterprise_problems.set_telephone", "workbench", "id", 19
            ),
        ),
        home=(
            HomeCard(
                "反映问题",
                "企业遇到的困难，不分部门，写下来就有编号，知道谁来办、最迟哪天有回音。",
                "problem_report",
                "enterprise_problems.report",
                "message-question",
                1,
            ),
            HomeCard(
                "办理涉企问题",
                "待筛选、待交办、待签收、临期和逾期的问题，各在各的队列里。",
                "problem_queue",
                "enterprise_problems.view",
                "list-details",
                3,
            ),
        ),
    )
)
