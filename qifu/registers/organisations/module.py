"""Declares organisations: public facts; loaded from the province's data by the system."""

from qifu.foundation.access import ANYONE, ANYWHERE, Permission, declare_permissions

TITLE = "组织机构"

declare_permissions(
    Permission("organisations.view", "查看组织机构", {ANYONE: (ANYWHERE,)}),
    Permission("organisations.load", "载入组织机构", {}),
)
