"""Declares the rule book: who may read rules and see which facts there are, and its place in the menu."""

from qifu.foundation.access import ANYWHERE, Permission, declare_permissions
from qifu.foundation.modules import HomeCard, MenuItem, Module, declare_module

_STAFF = {"reform_officer": ("in_place",), "department_officer": ("in_place",), "centre_clerk": ("in_place",)}

declare_permissions(
    Permission("rule_book.view", "查看规则", {**_STAFF, "system_administrator": (ANYWHERE,)}),
    Permission(
        "rule_book.view_availability",
        "查看数据可得性",
        {
            "reform_officer": ("in_place",),
            "department_officer": ("in_place",),
            "system_administrator": (ANYWHERE,),
        },
    ),
    Permission(
        "rule_book.try_rule",
        "用一家企业试算规则",
        {"reform_officer": ("in_place",), "department_officer": ("in_place",)},
    ),
)

MODULE = declare_module(
    Module(
        name="rule_book",
        title="规则库",
        purpose="规则读得出来、试得了；每项事实有没有、哪些规则在等它",
        menu=(
            MenuItem("规则库", "rules", "rule_book.view", "workbench", icon="checklist", order=70),
            MenuItem("数据可得性", "fact_availability", "rule_book.view_availability", "workbench", icon="database", order=71),
        ),
        home=(
            HomeCard(
                "查规则、试一试",
                "每条规则照原文逐条读出来，用一家企业试算，看符合哪几条、差多少、缺什么数据。",
                "rules",
                "rule_book.view",
                icon="checklist",
                order=70,
            ),
        ),
    )
)  # fmt: skip
