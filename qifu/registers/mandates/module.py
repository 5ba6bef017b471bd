"""Declares mandates: roles of people who act for an enterprise, and what they may do with it."""

from qifu.foundation.access import ANYONE, ANYWHERE, SIGNED_IN, Permission, declare_permissions
from qifu.foundation.modules import HomeCard, MenuItem, Module, declare_module
from qifu.registers.mandates.scopes import HANDLER, LEGAL_REPRESENTATIVE

_OWN = ("own_enterprise",)

declare_permissions(
    Permission("mandates.view_own_enterprise", "查看自己的企业", {LEGAL_REPRESENTATIVE: _OWN, HANDLER: _OWN}),
    Permission("mandates.appoint", "委托经办人", {LEGAL_REPRESENTATIVE: _OWN}),
    Permission("mandates.resign", "退出经办", {SIGNED_IN: ("own",)}),
    Permission("mandates.join", "凭邀请注册账号", {ANYONE: (ANYWHERE,)}),
    Permission("mandates.answer_invitation", "接受经办邀请", {SIGNED_IN: (ANYWHERE,)}),
    Permission("mandates.take_licence", "凭电子营业执照取得授权", {SIGNED_IN: (ANYWHERE,)}),
    Permission("mandates.link_identity", "关联登录方式", {SIGNED_IN: ("own",)}),
    Permission("mandates.register", "登记法定代表人", {"centre_clerk": ("in_place",)}),
    Permission(
        "mandates.view", "查看企业办事人员", {"centre_clerk": ("in_place",), "reform_officer": ("in_place",)}
    ),
    Permission("mandates.load_demo", "载入模拟授权", {}),
)

MODULE = declare_module(
    Module(
        name="mandates",
        title="授权经办",
        purpose="谁可以代表哪家企业办事",
        menu=(
            MenuItem("我的企业", "my_enterprise", "mandates.view_own_enterprise", "portal", "building", 10),
            MenuItem("企业办事人员", "enterprise_people", "mandates.view", "workbench", "id", 40),
        ),
        home=(
            HomeCard(
                "办本企业的事",
                "查看企业信息，委托经办人，看谁替企业办过什么。",
                "my_enterprise",
                "mandates.view_own_enterprise",
                "building",
                5,
            ),
        ),
    )
)
