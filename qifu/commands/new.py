"""`qifu new NAME [TITLE]`: write the skeleton of a service, so that every room has the same anatomy."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from qifu.commands.main import parser

SERVICES = Path(__file__).resolve().parents[1] / "services"

FILES = {
    "__init__.py": '''"""{title}：一句话说明目的。

Legal basis: 待核. Used by: 待补.
"""
''',
    "apps.py": '''"""{title} as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class {camel}Config(AppConfig):
    """Declares the room at start."""

    name = "qifu.services.{name}"
    label = "{name}"
    verbose_name = "{title}"

    def ready(self) -> None:
        """Declare permissions and menu."""
        from qifu.services.{name} import module  # noqa: F401
''',
    "module.py": '''"""Declares {name}: title, permissions, menu. No logic."""

from qifu.foundation.access import Permission, declare_permissions
from qifu.foundation.modules import Module, declare_module

declare_permissions(
    Permission("{name}.view", "查看{title}", {{"reform_officer": ("in_place",)}}),
)

MODULE = declare_module(Module(name="{name}", title="{title}", purpose="一句话说明目的"))
''',
    "actions.py": '''"""Verbs of {name}: keyword-only, `by=` and `at=`, each through the door."""
''',
    "queries.py": '''"""Questions about {name}; they never write."""
''',
    "pages.py": '''"""Pages of {name}: one query or action a handler."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
''',
    "migrations/__init__.py": "",
    "tests/__init__.py": "",
    "tests/test_story.py": '''"""The life of one thing in {name}, in order."""


def test_the_module_is_declared() -> None:
    from qifu.services.{name}.module import MODULE

    assert MODULE.title == "{title}"
''',
}


def main(argv: list[str]) -> int:
    """Write the files of a new service; nothing is overwritten."""
    arguments = parser("new", "新建服务骨架")
    arguments.add_argument("name", help="英文名，如 enterprise_problems")
    arguments.add_argument("title", nargs="?", help="中文名，如 涉企问题")
    options = arguments.parse_args(argv)
    if not re.fullmatch(r"[a-z][a-z0-9_]{2,40}", options.name):
        print("名称应为小写英文、数字和下划线，3 到 41 个字符，以字母开头。", file=sys.stderr)
        return 2
    folder = SERVICES / options.name
    if folder.exists():
        print(f"{options.name} 已存在，未作任何改动。", file=sys.stderr)
        return 1
    words = {"name": options.name, "title": options.title or options.name}
    words["camel"] = "".join(part.title() for part in options.name.split("_"))
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(**words), "utf-8")
    print(f"已生成 qifu/services/{options.name}/。接下来：")
    print(
        "  1. 在 qifu/portal/settings.py 的 INSTALLED_APPS 中加入它，在 qifu/portal/urls.py 中加入它的 urlpatterns"
    )
    print("  2. 在 MAP.md 与 docs/glossary.yaml 中写明它和它的词语")
    print("  3. 先写 tests/test_story.py：一件事从头到尾的经过")
    return 0
