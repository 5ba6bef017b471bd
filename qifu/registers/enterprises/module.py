"""Declares enterprises: who may look them up, who may import them, and the list that the importer reads."""

from qifu.foundation.access import ANYWHERE, Permission, declare_permissions, declare_roles
from qifu.foundation.imports.kinds import ImportKind, declare_import
from qifu.foundation.modules import HomeCard, MenuItem, Module, declare_module
from qifu.registers.enterprises import queries
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
declare_roles({"legal_representative": "法定代表人", "enterprise_handler": "经办人"}, by_post=False)
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
