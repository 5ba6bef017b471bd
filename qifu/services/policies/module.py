"""Declares policies: roles, who may read, write, review, publish, pay, and what an enterprise may do. No logic."""

from qifu.foundation.access import ANYONE, ANYWHERE, SIGNED_IN, Permission, declare_permissions, declare_roles
from qifu.foundation.modules import HomeCard, MenuItem, Module, SearchKind, declare_module
from qifu.registers.mandates.scopes import acting_for, declare_scopes

declare_scopes({"policies": "惠企政策"})
declare_roles({"legality_reviewer": "合法性审核人员", "finance_officer": "财政审核人员"})

FIRM = acting_for("policies", "own_enterprise")
OFFICERS = {"department_officer": ("in_place",), "reform_officer": ("in_place",)}
STAFF = {
    **OFFICERS,
    "centre_clerk": ("in_place",),
    "legality_reviewer": ("in_place",),
    "finance_officer": ("in_place",),
}
READERS = dict.fromkeys(STAFF, ("readable",))
PACKAGE_READERS = dict.fromkeys(STAFF, ("published",))
OWNER = {"department_officer": ("own_unit",), "reform_officer": ("own_unit",)}

HANDLERS = {
    "department_officer": ("leads",),
    "reform_officer": ("leads",),
    "centre_clerk": ("leads",),
}
REPORTER = {**FIRM, SIGNED_IN: ("reporter",)}

declare_permissions(
    Permission("policies.view", "查看政策库", {**READERS, "system_administrator": (ANYWHERE,)}),
    Permission("policies.draft", "起草政策", OWNER),
    Permission("policies.publish", "发布、撤回政策", OWNER),
    Permission("policies.review", "办理公平竞争审查、集体讨论、备案", OWNER),
    Permission("policies.review_legality", "合法性审核", {"legality_reviewer": ("own_place",)}),
    Permission("policies.run_loop", "推进政策的六个环节", OWNER),
    Permission("policies.remind", "提醒政策评估和备案", {}),
    Permission(
        "policies.view_packages", "查看政策包", {**PACKAGE_READERS, "system_administrator": (ANYWHERE,)}
    ),
    Permission("policies.load_packages", "载入政策包", {"system_administrator": (ANYWHERE,)}),
    Permission("policies.load_files", "载入随平台提供的政策文件", {"system_administrator": (ANYWHERE,)}),
    Permission("policies.simulate", "测算政策", {**OFFICERS, "finance_officer": ("in_place",)}),
    Permission("policies.calculate", "政策计算器", {ANYONE: (ANYWHERE,)}),
    Permission("policies.see_own", "查看本企业的政策", FIRM),
    Permission("policies.see_payouts", "查看兑付批次", {**STAFF}),
    Permission("policies.list_payouts", "生成兑付名单、公示、处理异议", OWNER),
    Permission("policies.approve_payouts", "主管部门审核、信用与重复享受核查", OWNER),
    Permission("policies.claw_back", "追回已兑付资金", OWNER),
    Permission("policies.set_budget", "登记政策预算", {"finance_officer": ("own_place",)}),
    Permission("policies.finance_payouts", "财政审核、支付、回单、对账", {"finance_officer": ("own_place",)}),
    Permission("policies.confirm_payout", "确认兑付、登记收款账户、陈述意见", FIRM),
    Permission("policies.see_notices", "查看兑付公示", {ANYONE: ("public",)}),
    Permission("policies.object", "对兑付公示提出异议", {ANYONE: ("public",)}),
    Permission("policies.run_payouts", "定时办理兑付", {}),
    Permission("policies.judge", "判断政策匹配（后台作业）", {}),
    Permission("policies.push", "推送政策（后台作业）", {}),
    Permission("policies.see_reach", "查看政策触达", dict.fromkeys(STAFF, ("in_place",))),
    Permission(
        "policies.see_sweeps",
        "查看每夜核对",
        {**dict.fromkeys(OFFICERS, ("all",)), "system_administrator": (ANYWHERE,)},
    ),
    Permission("policies.apply", "申报政策", FIRM),
    Permission("policies.ask", "咨询政策", {ANYONE: (ANYWHERE,)}),
    Permission(
        "policies.follow_requests",
        "查看、补正、撤回自己的申报与咨询（本人、经办人或凭查询码）",
        {ANYONE: (ANYWHERE,)},
    ),
    Permission("policies.follow_own_requests", "查看自己和所代表企业的申报与咨询", REPORTER),
    Permission("policies.handle_requests", "办理申报与咨询", HANDLERS),
    Permission("policies.as_lead", "申报与咨询：主管部门", HANDLERS),
    Permission("policies.as_reporter", "申报与咨询：申报企业、咨询人", REPORTER),
    Permission("policies.load_demo", "载入模拟政策", {}),
)

MODULE = declare_module(
    Module(
        name="policies",
        title="惠企政策",
        purpose="企业看得到能享受什么、差哪一项；符合的确认一下就到账；发布之前先看惠及多少、要花多少",
        menu=(
            MenuItem("政策触达", "policy_reach", "policies.see_reach", "workbench", icon="send", order=65),
            MenuItem(
                "兑付批次", "payout_rounds", "policies.see_payouts", "workbench", icon="list-check", order=64
            ),
            MenuItem(
                "支付批次",
                "payment_batches",
                "policies.finance_payouts",
                "workbench",
                icon="file-check",
                order=65,
            ),
            MenuItem(
                "政策计算器", "policy_calculator", "policies.calculate", "portal", icon="checklist", order=61
            ),
            MenuItem("我的政策", "own_policies", "policies.see_own", "portal", icon="report", order=62),
            MenuItem("我的兑付", "payouts", "policies.confirm_payout", "portal", icon="list-check", order=63),
            MenuItem("兑付公示", "payout_notices", "policies.see_notices", "portal", icon="news", order=64),
            MenuItem(
                "申报与咨询",
                "policy_requests",
                "policies.handle_requests",
                "workbench",
                icon="message-question",
                order=62,
            ),
            MenuItem(
                "申报与咨询",
                "own_requests",
                "policies.follow_own_requests",
                "portal",
                icon="message-question",
                order=65,
            ),
            MenuItem("政策库", "policy_list", "policies.view", "workbench", icon="news", order=60),
            MenuItem(
                "政策包", "policy_packages", "policies.view_packages", "workbench", icon="checklist", order=61
            ),
            MenuItem(
                "政策测算",
                "policy_workbench_new",
                "policies.simulate",
                "workbench",
                icon="chart-bar",
                order=61,
            ),
        ),
        search=(SearchKind("policy", "政策", "policy", "policies.view"),),
        home=(
            HomeCard(
                "政策计算器",
                "回答几个问题，看看能享受哪些惠企政策、大约多少钱、还差什么；不用登录，不留记录。",
                "policy_calculator",
                "policies.calculate",
                icon="checklist",
                order=15,
            ),
            HomeCard(
                "咨询政策",
                "写下要问的，马上有编号，在承诺的工作日内由主管部门答复；不登录也能问。",
                "policy_ask",
                "policies.ask",
                icon="message-question",
                order=16,
            ),
            HomeCard(
                "看本企业的政策",
                "可享哪些、差哪一项、怎么享受；缺的数据可以自己申报；做一次政策体检。",
                "own_policies",
                "policies.see_own",
                icon="report",
                order=14,
            ),
            HomeCard(
                "管政策、算政策",
                "起草、审查、测算、发布，公示、确认、兑付，一项政策从头管到尾。",
                "policy_list",
                "policies.view",
                icon="news",
                order=60,
            ),
        ),
    )
)
