"""Declares the portal: its menus and what everyone may open."""

from qifu.foundation.access import ANYONE, ANYWHERE, SIGNED_IN, Permission, declare_permissions, post_roles
from qifu.foundation.imports.models import importing_roles
from qifu.foundation.modules import HomeCard, MenuItem, Module, declare_module

declare_permissions(
    Permission("portal.view", "打开门户", {ANYONE: (ANYWHERE,)}),
    Permission("portal.work", "打开工作台", {SIGNED_IN: (ANYWHERE,)}),
    Permission("imports.use", "批量导入", dict.fromkeys(importing_roles(), ("of_kind",))),
    Permission("portal.operate", "查看运行状况，重试或取消作业", {"system_administrator": (ANYWHERE,)}),
    Permission("casework.view_case_types", "查看办理规则", dict.fromkeys(post_roles(), (ANYWHERE,))),
    Permission("casework.read_guides", "查看办理流程说明", {ANYONE: (ANYWHERE,)}),
    Permission("channels.manage", "查看渠道运行情况，重发消息", {"system_administrator": (ANYWHERE,)}),
)

declare_module(
    Module(
        name="portal",
        title="门户",
        purpose="门户首页、工作台起始页、消息、搜索、帮助",
        menu=(
            MenuItem("首页", "home", "portal.view", "portal", "home", 0),
            MenuItem("办理流程", "process_guide", "casework.read_guides", "portal", "arrows-sort", 20),
            MenuItem("使用帮助", "help", "portal.view", "portal", "help", 900),
            MenuItem("工作台", "workbench", "portal.work", "workbench", "layout-dashboard", 0),
            MenuItem("办理规则", "case_types", "casework.view_case_types", "workbench", "sitemap", 60),
            MenuItem("批量导入", "imports", "imports.use", "workbench", "file-upload", 85),
            MenuItem("运行状况", "operations", "portal.operate", "workbench", "checklist", 94),
            MenuItem("消息渠道", "channels", "channels.manage", "workbench", "send", 95),
        ),
        home=(
            HomeCard(
                "查单位",
                "输入简称、全称或曾用名，查到它是哪一家、哪一级、现在叫什么。",
                "organisations",
                "organisations.view",
                "building-community",
                80,
            ),
            HomeCard(
                "查行政区划",
                "某一天有哪些市、县和功能区，代码是什么，由谁撤并而来。",
                "divisions",
                "divisions.view",
                "map",
                81,
            ),
            HomeCard(
                "进入工作台",
                "工作人员在这里上传公文、审核识别结果、发布工作要点、处理消息。",
                "workbench",
                "portal.view",
                "layout-dashboard",
                800,
            ),
            HomeCard(
                "看使用帮助",
                "怎样查找、看懂标记、用键盘操作、切换大字版。",
                "help",
                "portal.view",
                "help",
                900,
            ),
        ),
    )
)
