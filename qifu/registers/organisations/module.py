"""Declares organisations: public facts; loaded from the province's data; generic units expanded by reform offices."""

from qifu.foundation.access import ANYONE, ANYWHERE, Permission, declare_permissions, declare_roles
from qifu.foundation.modules import MenuItem, Module, SearchKind, declare_module

declare_roles({"reform_officer": "改革办工作人员", "system_administrator": "系统管理员"})
declare_permissions(
    Permission("organisations.view", "查看组织机构", {ANYONE: (ANYWHERE,)}),
    Permission("organisations.load", "载入组织机构", {}),
    Permission("organisations.import", "导入组织机构", {"system_administrator": (ANYWHERE,)}),
    Permission("organisations.approve_expansion", "批准泛指单位的展开", {"reform_officer": ("in_place",)}),
)

MODULE = declare_module(
    Module(
        name="organisations",
        title="组织机构",
        purpose="省、市、县三级党政机构和有关单位，含简称、加挂牌子、曾用名",
        search=(SearchKind("organisation", "组织机构", "organisation", "organisations.view"),),
        menu=(
            MenuItem("组织机构", "organisations", "organisations.view", "portal", icon="building", order=81),
            MenuItem(
                "泛指单位",
                "generic_units",
                "organisations.approve_expansion",
                "workbench",
                icon="users",
                order=71,
            ),
        ),
    )
)
