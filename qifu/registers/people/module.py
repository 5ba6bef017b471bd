"""Declares people: the roles everyone shares, and what administrators may do."""

from qifu.foundation.access import (
    ANYONE,
    ANYWHERE,
    SIGNED_IN,
    Permission,
    declare_permissions,
    declare_roles,
)

TITLE = "人员与岗位"

ROLES = {
    "system_administrator": "系统管理员",
    "security_administrator": "安全管理员",
    "auditor": "审计员",
    "reform_officer": "改革办工作人员",
    "department_officer": "部门工作人员",
    "centre_clerk": "企服中心工作人员",
}
declare_roles(ROLES)

declare_permissions(
    Permission("people.sign_in", "登录", {ANYONE: (ANYWHERE,)}),
    Permission("people.change_own_password", "修改自己的口令", {SIGNED_IN: ("self",)}),
    Permission("people.manage", "管理人员与岗位", {"system_administrator": (ANYWHERE,)}),
    Permission("people.view", "查看人员与岗位", {"system_administrator": (ANYWHERE,), "auditor": (ANYWHERE,)}),
    Permission("foundation.manage_calendar", "发布工作日历", {"system_administrator": (ANYWHERE,)}),
    Permission("foundation.read_notices", "查看自己的消息", {SIGNED_IN: ("own",)}),
)
