"""Declares divisions: public facts; loaded from the province's data by the system."""

from qifu.foundation.access import ANYONE, ANYWHERE, Permission, declare_permissions
from qifu.foundation.modules import MenuItem, Module, SearchKind, declare_module

declare_permissions(
    Permission("divisions.view", "查看行政区划", {ANYONE: (ANYWHERE,)}),
    Permission("divisions.load", "载入行政区划", {}),
)

MODULE = declare_module(
    Module(
        name="divisions",
        title="行政区划",
        purpose="设区市、县（市、区）和功能区，含代码、有效期和调整沿革",
        search=(SearchKind("division", "行政区划", "division", "divisions.view"),),
        menu=(MenuItem("行政区划", "divisions", "divisions.view", "portal", icon="map-pin", order=80),),
    )
)
