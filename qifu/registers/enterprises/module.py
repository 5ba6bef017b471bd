"""Declares enterprises: who may look them up, who may import them, and the list that the importer reads."""

from qifu.foundation.access import ANYWHERE, Permission, declare_permissions, declare_roles
from qifu.foundation.imports.kinds import ImportKind, declare_import
from qifu.foundation.modules import HomeCard, MenuItem, Module, declare_module
from qifu.registers.enterprises import fact_import, queries
from qifu.registers.enterprises.actions import check_rows, import_batch
from qifu.registers.enterprises.columns import COLUMNS

declare_roles(
    {
        "system_administrator": "系统管理员",
        "reform_officer": "改革办工作人员",
        "department_officer": "部门工作人员",
        "centre_clerk": "企服中心工作人员",
    }
)
PROFILE_HANDLER = "handler_of_enterprise_profile"
"""Who handles 企业信息 for an enterprise; mandates hold the scope."""
POLICY_HANDLER = "handler_of_policies"
"""Who handles 惠企政策 for an enterprise: what a policy asks is told where the policy is read."""
declare_roles(
    {
        "legal_representative": "法定代表人",
        "enterprise_handler": "经办人",
        PROFILE_HANDLER: "经办人（企业信息）",
        POLICY_HANDLER: "经办人（惠企政策）",
    },
    by_post=False,
)
declare_permissions(
    Permission(
        "enterprises.view",
        "查看企业",
        {
            "system_administrator": (ANYWHERE,),
            "reform_officer": ("in_place",),
            "department_officer": ("in_place",),
            "centre_clerk": ("in_place",),
            "legal_representative": ("own_enterprise",),
            "enterprise_handler": ("own_enterprise",),
        },
    ),
    Permission(
        "enterprises.import",
        "导入企业",
        {"system_administrator": (ANYWHERE,), "reform_officer": ("in_place",)},
    ),
    Permission("enterprises.load_demo", "载入模拟企业", {}),
    Permission(
        "enterprises.view_facts",
        "查看企业事实",
        {"reform_officer": ("in_place",), "department_officer": ("in_place",)},
    ),
    Permission(
        "enterprises.view_own_facts",
        "查看本企业事实",
        {"legal_representative": ("own_enterprise",), "enterprise_handler": ("own_enterprise",)},
    ),
    Permission(
        "enterprises.record_facts",
        "登记企业事实",
        {"reform_officer": ("in_place",), "department_officer": ("in_place",)},
    ),
    Permission(
        "enterprises.import_facts",
        "导入企业事实",
        {"reform_officer": ("in_place",), "department_officer": ("in_place",)},
    ),
    Permission(
        "enterprises.declare_facts",
        "申报本企业事实",
        {
            "legal_representative": ("own_enterprise",),
            PROFILE_HANDLER: ("own_enterprise",),
            POLICY_HANDLER: ("own_enterprise",),
        },
    ),
)
IMPORT_KIND = declare_import(
    ImportKind(
        name="enterprises",
        title="企业",
        permission="enterprises.import",
        columns=COLUMNS,
        write=import_batch,
        check=check_rows,
        next_step=("查看企业", "enterprises"),
    )
)
FACTS_KIND = declare_import(
    ImportKind(
        name="enterprise_facts",
        title="企业事实",
        permission=fact_import.PERMISSION,
        columns=fact_import.COLUMNS,
        write=fact_import.import_facts,
        check=fact_import.check_rows,
        rows_at_once=500,
        next_step=("查看企业", "enterprises"),
    )
)
MODULE = declare_module(
    Module(
        name="enterprises",
        title="企业",
        purpose="经营主体的登记事实及其来源",
        menu=(MenuItem("企业", "enterprises", "enterprises.view", "workbench", icon="building", order=60),),
        home=(
            HomeCard(
                "查企业",
                "按名称、统一社会信用代码、区划、行业查辖区内的企业，每项事实都写明来源。",
                "enterprises",
                "enterprises.view",
                icon="building",
                order=60,
                figures=queries.home_figures,
            ),
        ),
    )
)
