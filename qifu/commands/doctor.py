"""`qifu doctor`: say what is wrong with this site's settings and surroundings, and how to mend it."""

from __future__ import annotations

from qifu.commands.main import parser


def main(argv: list[str]) -> int:
    """Print every finding; return 1 when there is an error."""
    arguments = parser("doctor", "检查设置与运行条件")
    arguments.add_argument("--settings", action="store_true", help="列出全部环境变量及其说明")
    options = arguments.parse_args(argv)
    if options.settings:
        print_variables()
        return 0
    return report()


def report() -> int:
    """Print every finding; return 1 when there is an error."""
    from qifu.foundation import clock
    from qifu.foundation.operating.findings import WRONG, findings, overall

    found = findings(at=clock.now())
    for finding in found:
        print(f"[{finding.level}] {finding.subject}：{finding.text}")
        if finding.remedy:
            print(f"        处理办法：{finding.remedy}")
    return 1 if overall(found) == WRONG else 0


def print_variables() -> None:
    """Print each environment variable with its default and meaning, by group."""
    from django.conf import settings

    for variable in sorted(settings.VARIABLES, key=lambda v: v.group):
        default = variable.default.replace(str(settings.ROOT), ".") or "（空）"
        print(f"{variable.name}  [{variable.group}]  默认：{default}\n    {variable.help}")
