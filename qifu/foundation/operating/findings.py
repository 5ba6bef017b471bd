"""What is right and wrong with this site and its surroundings, and how to mend it: for `qifu doctor` and the health page."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from qifu.foundation import jobs
from qifu.foundation.channels import queries as channels
from qifu.foundation.operating import backup, databases, restore

GOOD, WARNING, WRONG = "正常", "提醒", "错误"
JOBS_LATE_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `level` is 正常, 提醒 or 错误; `remedy` says what to do."""

    level: str
    subject: str
    text: str
    remedy: str = ""


def findings(*, at: datetime) -> list[Finding]:
    """Return everything that was looked at, in the order of the checks."""
    return [finding for check in CHECKS for finding in check(at)]


def overall(found: list[Finding]) -> str:
    """Return the worst level among the findings."""
    levels = {finding.level for finding in found}
    return next((level for level in (WRONG, WARNING) if level in levels), GOOD)


def span_words(seconds: int) -> str:
    """Return a span of time in its largest whole unit: 3 分钟, 5 小时, 2 天."""
    for size, unit in ((86400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f" {seconds // size} {unit}"
    return "不到 1 分钟"


def environment(at: datetime) -> Iterator[Finding]:
    """Look at the environment variables."""
    for fault in settings.ENVIRONMENT_FAULTS:
        yield Finding(WRONG, "环境变量", fault, "改正后重新启动；qifu doctor --settings 列出全部变量")
    if not settings.ENVIRONMENT_FAULTS:
        yield Finding(GOOD, "环境变量", f"{len(settings.VARIABLES)} 个变量均可识别")


def safety(at: datetime) -> Iterator[Finding]:
    """Look at what must not be on a real site."""
    if settings.DEBUG:
        yield Finding(WRONG, "安全", "QIFU_DEBUG=1，出错页面会泄露内部信息", "设为 0")
    if not settings.DEMO and not settings.ENV["QIFU_HTTPS"]:
        yield Finding(WARNING, "安全", "未声明经 HTTPS 访问", "配置 HTTPS 反向代理后设 QIFU_HTTPS=1")
    if not settings.DEMO and settings.AS_OF:
        yield Finding(WRONG, "截至日", "正式站点设置了 QIFU_AS_OF，期限会按错误的日期计算", "去掉 QIFU_AS_OF")
    if settings.DEMO:
        yield Finding(GOOD, "站点", f"演示站点，截至日 {settings.AS_OF or '未设'}")


def keys(at: datetime) -> Iterator[Finding]:
    """Look whether the keys kept in the data directory can be read by their owner alone."""
    open_keys = [
        path
        for path in (settings.DATA_DIR / "secret_key", settings.DATA_DIR / "seal_key")
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    for path in open_keys:
        yield Finding(
            WRONG, "密钥", f"{path} 可被其他账号读取", f"chmod 600 {path}；若他人可能看过，请更换密钥"
        )
    if not open_keys:
        yield Finding(GOOD, "密钥", "只有本站账号可以读取；请确认另有保管，密钥不在备份里")


def sides(at: datetime) -> Iterator[Finding]:
    """Look whether the two halves of a divided site know each other."""
    if settings.SITE == "both":
        yield Finding(GOOD, "进程分工", "门户与工作台在同一个进程")
        return
    mine, other, variable = (
        ("门户", settings.WORKBENCH_URL, "QIFU_WORKBENCH_URL")
        if settings.SITE == "portal"
        else ("工作台", settings.PORTAL_URL, "QIFU_PORTAL_URL")
    )
    if other:
        yield Finding(GOOD, "进程分工", f"本进程只提供{mine}，另一半在 {other}")
    elif settings.SITE == "workbench":
        yield Finding(
            WARNING,
            "进程分工",
            "本进程只提供工作台，没有写明门户的网址，页面上没有去门户的链接",
            f"设置 {variable}",
        )
    else:
        yield Finding(GOOD, "进程分工", "本进程只提供门户，页面上没有去工作台的链接")


def storage(at: datetime) -> Iterator[Finding]:
    """Look at the data directory."""
    probe = settings.DATA_DIR / ".write-test"
    try:
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        probe.write_text("ok")
        probe.unlink()
    except OSError as error:
        text = f"{settings.DATA_DIR} 不可写（{error.strerror}）"
        yield Finding(WRONG, "数据目录", text, "修改目录权限或 QIFU_DATA_DIR")
        return
    free = shutil.disk_usage(settings.DATA_DIR).free // 1024**2
    level = GOOD if free > 1024 else WRONG if free < 100 else WARNING
    remedy = "" if free > 1024 else "清理磁盘或更换 QIFU_DATA_DIR"
    yield Finding(level, "数据目录", f"可写，剩余 {free:,} MB", remedy)
    if left := restore.interrupted():
        yield Finding(
            WRONG, "恢复", f"上一次恢复中断，留下了 {left}", "按手册《备份与恢复》“恢复中断之后”处理"
        )


def database(at: datetime) -> Iterator[Finding]:
    """Look at the database: reachable, recent enough, migrated."""
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
        yield from _kind_of_database()
    except Error as error:
        remedy = "检查 DATABASE_URL、数据库是否启动、账号权限"
        yield Finding(WRONG, "数据库", f"无法连接（{type(error).__name__}）", remedy)
        return
    if waiting:
        yield Finding(
            WRONG,
            "数据库结构",
            f"有 {len(waiting)} 项升级未执行",
            "运行 qifu upgrade（新站点运行 qifu migrate）",
        )
    else:
        yield Finding(GOOD, "数据库结构", "已是最新")


def _kind_of_database() -> Iterator[Finding]:
    size = f"{backup.database_size() / 1024**2:,.1f} MB"
    if connection.vendor == "sqlite":
        yield Finding(GOOD, "数据库", f"SQLite（适合演示和单机试用），{size}")
        if not _has_fts5():
            remedy = "换用系统自带的 Python 3.11 以上版本，或用 PostgreSQL"
            yield Finding(WRONG, "全文检索", "本机 SQLite 未含 FTS5", remedy)
        return
    major, encoding = databases.server_major(), connection.connection.info.parameter_status("server_encoding")
    yield Finding(GOOD, "数据库", f"PostgreSQL {major}，{size}")
    if major < 15:
        yield Finding(WARNING, "数据库", f"PostgreSQL {major} 较旧", "请用 15 或更高版本")
    if encoding != "UTF8":
        remedy = "新建编码为 UTF8 的库（createdb -E UTF8 -T template0），再恢复备份"
        yield Finding(WRONG, "数据库编码", f"编码是 {encoding}，生僻字会存不进去", remedy)


def _has_fts5() -> bool:
    with sqlite3.connect(":memory:") as probe:
        return any("FTS5" in row[0] for row in probe.execute("PRAGMA compile_options"))


def province(at: datetime) -> Iterator[Finding]:
    """Look at the province's data files."""
    needed = ["province.yaml", "divisions.yaml", "organisations.yaml"]
    missing = [name for name in needed if not (settings.PROVINCE_DIR / name).is_file()]
    if missing:
        text = f"{settings.PROVINCE_DIR} 缺少 {'、'.join(missing)}"
        yield Finding(WRONG, "本省数据", text, "检查 QIFU_PROVINCE")
    else:
        yield Finding(GOOD, "本省数据", str(settings.PROVINCE_DIR.name))


def worker(at: datetime) -> Iterator[Finding]:
    """Look whether a worker is alive and jobs are not piling up."""
    try:
        state = jobs.health(at=at)
    except Error:
        return
    if not state.alive:
        remedy = "运行 qifu worker，或 qifu serve --with-worker；用 systemd 时 systemctl start qifu-worker"
        yield Finding(WARNING, "后台作业", "没有正在运行的作业进程", remedy)
    else:
        yield Finding(GOOD, "后台作业", f"作业进程在运行（{state.alive} 个）")
    if state.oldest_seconds > JOBS_LATE_AFTER.total_seconds():
        text = f"{state.waiting} 个到期作业在等待，最久的等了{span_words(state.oldest_seconds)}"
        yield Finding(WARNING, "作业积压", text, "再启动一个 qifu worker；看“运行状况”页上正在执行的作业")
    if state.failed:
        remedy = "在工作台“运行状况”页查看原因，重试或取消"
        yield Finding(WARNING, "后台作业", f"{state.failed} 个作业失败", remedy)


def backups(at: datetime) -> Iterator[Finding]:
    """Look whether the site was backed up within a day and the backup was read through."""
    if settings.DEMO:
        return
    last, remedy = (
        backup.last_backup(),
        "运行 qifu backup；启用每日备份（systemctl enable --now qifu-backup.timer）",
    )
    if last is None:
        yield Finding(WARNING, "备份", "还没有做过备份", remedy)
        return
    when = f"{timezone.localtime(last.made_at):%Y-%m-%d %H:%M}"
    if not last.present:
        text = f"最近的备份（{when}）已不在 {last.path.parent}"
        yield Finding(WARNING, "备份", text, "若已移到别处保管可忽略；否则运行 qifu backup")
    if last.verified_at is None:
        yield Finding(WRONG, "备份", f"最近的备份（{when}）核对未通过", "立即运行 qifu backup，并检查磁盘")
    elif at - last.made_at > backup.OLD_AFTER:
        yield Finding(WARNING, "备份", f"最近的备份是 {when}，已超过一天", remedy)
    elif last.present:
        verified = f"{timezone.localtime(last.verified_at):%Y-%m-%d %H:%M}"
        text = f"最近的备份 {when}，{last.size / 1024**2:,.1f} MB，{verified} 核对无误"
        yield Finding(GOOD, "备份", text)


def converters(at: datetime) -> Iterator[Finding]:
    """Look for what converts old document formats."""
    if shutil.which("soffice") or shutil.which("libreoffice"):
        yield Finding(GOOD, "旧格式转换", "已安装 LibreOffice，可读 .doc、.wps")
    else:
        text = "未安装 LibreOffice，.doc、.wps 需另存为 .docx 后上传"
        yield Finding(WARNING, "旧格式转换", text, "需要时安装 libreoffice-writer")


def static_files(at: datetime) -> Iterator[Finding]:
    """Look whether style sheets and scripts were built."""
    vendor = Path(settings.ROOT) / "qifu" / "portal" / "static" / "vendor"
    if not vendor.is_dir() or not any(vendor.iterdir()):
        yield Finding(WRONG, "页面资源", "样式和脚本尚未生成", "运行 make setup")
    else:
        yield Finding(GOOD, "页面资源", "已生成")


def message_channels(at: datetime) -> Iterator[Finding]:
    """Look whether what people are told outside the site goes out."""
    try:
        rows = channels.health(at=at)
    except Error:
        return
    for row in rows:
        level = {"good": GOOD, "warn": WARNING, "bad": WRONG}[row.level]
        text = f"等待 {row.waiting} 条，一天内已发 {row.sent} 条、未发出 {row.failed} 条"
        fault = f"；最近故障：{row.reason}" if row.reason and level != GOOD else ""
        remedy = "" if level == GOOD else "按手册“短信与平台消息”核对后，在“消息渠道”页重发"
        yield Finding(level, f"渠道 {row.title}", text + fault, remedy)


CHECKS: list[Callable[[datetime], Iterator[Finding]]] = [
    environment, safety, keys, sides, storage, database, province, worker, message_channels, backups, converters, static_files,
]  # fmt: skip
