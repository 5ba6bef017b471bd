"""Declares divisions: public facts; loaded from the province's data by the system."""

from qifu.foundation.access import ANYONE, ANYWHERE, Permission, declare_permissions

TITLE = "行政区划"

declare_permissions(
    Permission("divisions.view", "查看行政区划", {ANYONE: (ANYWHERE,)}),
    Permission("divisions.load", "载入行政区划", {}),
)
