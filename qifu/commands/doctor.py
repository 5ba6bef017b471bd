"""`qifu doctor`: say what is wrong with this site's settings and surroundings, and how to mend it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from qifu.commands.main import parser


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `level` is 正常, 提醒 or 错误; `remedy` says what to do."""

    level: str
    subject: str
    text: str
    remedy: str = ""


def main(argv: list[str]) -> int:
    """Print every finding; return 1 when there is an error."""
    arguments = parser("doctor", "检查设置与运行条件")
    arguments.add_argument("--settings", action="store_true", help="列出全部环境变量及其说明")
    options = arguments.parse_args(argv)
    if options.settings:
        print_variables()
        return 0
    findings = [finding for check in CHECKS for finding in check()]
    for finding in findings:
        print(f"[{finding.level}] {finding.subject}：{finding.text}")
        if finding.remedy:
            print(f"        处理办法：{finding.remedy}")
    return 1 if any(finding.level == "错误" for finding in findings) else 0


def print_variables() -> None:
    """Print each environment variable with its default and meaning, by group."""
    from django.conf import settings

    for variable in sorted(settings.VARIABLES, key=lambda v: v.group):
        default = variable.default.replace(str(settings.ROOT), ".") or "（空）"
        print(f"{variable.name}  [{variable.group}]  默认：{default}\n    {variable.help}")


def environment() -> Iterator[Finding]:
    """Look at the environment variables."""
    from django.conf import settings

    for fault in settings.ENVIRONMENT_FAULTS:
        yield Finding("错误", "环境变量", fault, "改正后重新启动；qifu doctor --settings 列出全部变量")
    if not settings.ENVIRONMENT_FAULTS:
        yield Finding("正常", "环境变量", f"{len(settings.VARIABLES)} 个变量均可识别")


def safety(*_: object) -> Iterator[Finding]:
    """Look at what must not be on a real site."""
    from django.conf import settings

    if settings.DEBUG:
        yield Finding("错误", "安全", "QIFU_DEBUG=1，出错页面会泄露内部信息", "设为 0")
    if not settings.DEMO and not settings.ENV["QIFU_HTTPS"]:
        yield Finding("提醒", "安全", "未声明经 HTTPS 访问", "配置 HTTPS 反向代理后设 QIFU_HTTPS=1")
    if not settings.DEMO and settings.AS_OF:
        yield Finding(
            "错误", "截至日", "正式站点设置了 QIFU_AS_OF，期限会按错误的日期计算", "去掉 QIFU_AS_OF"
        )
    if settings.DEMO:
        yield Finding("正常", "站点", f"演示站点，截至日 {settings.AS_OF or '未设'}")


def storage() -> Iterator[Finding]:
    """Look at the data directory."""
    from django.conf import settings

    probe = settings.DATA_DIR / ".write-test"
    try:
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        probe.write_text("ok")
        probe.unlink()
    except OSError as error:
        yield Finding(
            "错误",
            "数据目录",
            f"{settings.DATA_DIR} 不可写（{error.strerror}）",
            "修改目录权限或 QIFU_DATA_DIR",
        )
        return
    free = shutil.disk_usage(settings.DATA_DIR).free // 1024**2
    level = "正常" if free > 1024 else "错误" if free < 100 else "提醒"
    yield Finding(
        level, "数据目录", f"可写，剩余 {free:,} MB", "" if free > 1024 else "清理磁盘或更换 QIFU_DATA_DIR"
    )


def database() -> Iterator[Finding]:
    """Look at the database: reachable, recent enough, migrated."""
    from django.db import Error, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        connection.ensure_connection()
        waiting = MigrationExecutor(connection).migration_plan(
            MigrationExecutor(connection).loader.graph.leaf_nodes()
        )
    except Error as error:
        yield Finding(
            "错误",
            "数据库",
            f"无法连接（{type(error).__name__}）",
            "检查 DATABASE_URL、数据库是否启动、账号权限",
        )
        return
    kind = "SQLite（适合演示和单机试用）" if connection.vendor == "sqlite" else "PostgreSQL"
    yield Finding("正常", "数据库", kind)
    if connection.vendor == "sqlite" and not _has_fts5():
        yield Finding(
            "错误",
            "全文检索",
            "本机 SQLite 未含 FTS5",
            "换用系统自带的 Python 3.11 以上版本，或用 PostgreSQL",
        )
    if waiting:
        yield Finding("错误", "数据库结构", f"有 {len(waiting)} 项升级未执行", "先备份，再运行 qifu migrate")
    else:
        yield Finding("正常", "数据库结构", "已是最新")


def _has_fts5() -> bool:
    with sqlite3.connect(":memory:") as probe:
        return any("FTS5" in row[0] for row in probe.execute("PRAGMA compile_options"))


def province() -> Iterator[Finding]:
    """Look at the province's data files."""
    from django.conf import settings

    needed = ["province.yaml", "divisions.yaml", "organisations.yaml"]
    missing = [name for name in needed if not (settings.PROVINCE_DIR / name).is_file()]
    if missing:
        yield Finding(
            "错误", "本省数据", f"{settings.PROVINCE_DIR} 缺少 {'、'.join(missing)}", "检查 QIFU_PROVINCE"
        )
    else:
        yield Finding("正常", "本省数据", str(settings.PROVINCE_DIR.name))


def worker() -> Iterator[Finding]:
    """Look whether a worker is alive and jobs are not piling up."""
    from django.db import Error

    from qifu.foundation import clock, jobs

    try:
        state = jobs.health(at=clock.now())
    except Error:
        return
    if state.seconds_since_beat is None or state.seconds_since_beat > 60:
        yield Finding(
            "提醒", "后台作业", "没有正在运行的作业进程", "运行 qifu worker，或 qifu serve --with-worker"
        )
    else:
        yield Finding("正常", "后台作业", "作业进程在运行")
    if state.failed:
        yield Finding("提醒", "后台作业", f"{state.failed} 个作业失败", "查看日志中同一作业编号的记录")


def converters() -> Iterator[Finding]:
    """Look for what converts old document formats."""
    if shutil.which("soffice") or shutil.which("libreoffice"):
        yield Finding("正常", "旧格式转换", "已安装 LibreOffice，可读 .doc、.wps")
    else:
        yield Finding(
            "提醒",
            "旧格式转换",
            "未安装 LibreOffice，.doc、.wps 需另存为 .docx 后上传",
            "需要时安装 libreoffice-writer",
        )


def static_files() -> Iterator[Finding]:
    """Look whether style sheets and scripts were built."""
    from django.conf import settings

    vendor = settings.ROOT / "qifu" / "portal" / "static" / "vendor"
    if not vendor.is_dir() or not any(vendor.iterdir()):
        yield Finding("错误", "页面资源", "样式和脚本尚未生成", "运行 make setup")
    else:
        yield Finding("正常", "页面资源", "已生成")


CHECKS: list[Callable[[], Iterator[Finding]]] = [
    environment, safety, storage, database, province, worker, converters, static_files,
]  # fmt: skip
