"""Declares people: the roles everyone shares, and what administrators and auditors may do."""

from qifu.foundation.access import (
    ANYONE,
    ANYWHERE,
    SIGNED_IN,
    Permission,
    declare_permissions,
    declare_roles,
)
from qifu.foundation.modules import MenuItem, Module, declare_module

ROLES = {
    "system_administrator": "系统管理员",
    "security_administrator": "安全管理员",
    "auditor": "审计员",
    "reform_officer": "改革办工作人员",
    "department_officer": "部门工作人员",
    "centre_clerk": "企服中心工作人员",
}
declare_roles(ROLES)
SYSTEM_ADMINISTRATOR: dict[str, tuple[str, ...]] = {"system_administrator": (ANYWHERE,)}
SECURITY_ADMINISTRATOR: dict[str, tuple[str, ...]] = {"security_administrator": (ANYWHERE,)}

declare_permissions(
    Permission("people.sign_in", "登录", {ANYONE: (ANYWHERE,)}),
    Permission("people.change_own_password", "修改自己的口令", {SIGNED_IN: ("self",)}),
    Permission("people.sign_out", "退出登录", {SIGNED_IN: ("self",)}),
    Permission("people.keep_own_account", "维护自己的账号信息", {SIGNED_IN: ("self",)}),
    # 三员分立: the system administrator proposes and keeps, the security administrator approves and watches, the
    # auditor reads the trail. See docs/manual/administrator.md.
    Permission("people.manage", "管理人员与岗位", SYSTEM_ADMINISTRATOR),
    Permission("people.view", "查看人员与岗位", SYSTEM_ADMINISTRATOR | SECURITY_ADMINISTRATOR),
    Permission("people.reset_password", "重置口令", SYSTEM_ADMINISTRATOR | SECURITY_ADMINISTRATOR),
    Permission("people.reveal_contact", "查看完整联系方式", SYSTEM_ADMINISTRATOR | SECURITY_ADMINISTRATOR),
    Permission("people.secure", "安全管理：确认任职、解锁、登录失败、角色一览", SECURITY_ADMINISTRATOR),
    Permission("people.revoke_api_token", "吊销接口令牌", SECURITY_ADMINISTRATOR | {SIGNED_IN: ("holder",)}),
    Permission("people.reset_second_factor", "重置动态口令", SECURITY_ADMINISTRATOR),
    Permission("people.erase_person", "删除离任人员的个人信息", SECURITY_ADMINISTRATOR),
    Permission("people.run_retention", "到期删除个人信息（后台作业）", {}),
    Permission("people.delegate", "安排代理", SYSTEM_ADMINISTRATOR | {SIGNED_IN: ("self",)}),
    Permission(
        "people.end_delegation", "结束代理", SYSTEM_ADMINISTRATOR | {SIGNED_IN: ("holder", "delegate")}
    ),
    Permission("people.load_demo", "载入模拟人员", {}),
    Permission("foundation.read_audit", "查看审计记录", {"auditor": (ANYWHERE,)}),
    Permission("foundation.manage_calendar", "发布工作日历", {"system_administrator": (ANYWHERE,)}),
    Permission("foundation.read_notices", "查看自己的消息", {SIGNED_IN: ("own",)}),
)

MODULE = declare_module(
    Module(
        name="people",
        title="人员与岗位",
        purpose="登录、口令，人员及其岗位，审计记录",
        menu=(
            MenuItem("人员与岗位", "people", "people.view", "workbench", icon="id", order=90),
            MenuItem("安全管理", "security", "people.secure", "workbench", icon="lock", order=90),
            MenuItem("审计记录", "audit", "foundation.read_audit", "workbench", icon="history", order=91),
        ),
    )
)
