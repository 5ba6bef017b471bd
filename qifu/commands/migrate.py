"""`qifu migrate`: make or upgrade the database, then load the province's divisions and organisations."""

from __future__ import annotations

from qifu.commands.main import parser


def main(argv: list[str]) -> int:
    """Migrate, load registers, collect static files; safe to repeat."""
    parser("migrate", "建立或升级数据库，并载入本省的区划与单位；可重复执行").parse_args(argv)
    from qifu.foundation.operating import upgrade

    upgrade.migrate()
    collect_static()
    for line in load_registers():
        print(line)
    return 0


def collect_static() -> None:
    """Gather style sheets, scripts and pictures into the data directory."""
    from django.core.management import call_command

    call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["README*"])


def load_registers() -> list[str]:
    """Load divisions and organisations from the province's data; return what was done, in Chinese."""
    from django.conf import settings

    from qifu.engines.casework.publish import publish_folder
    from qifu.engines.casework.timers import set_up_tick
    from qifu.engines.casework.verify import plan_verification
    from qifu.foundation import clock
    from qifu.foundation.access import SYSTEM
    from qifu.registers.divisions.actions import load_divisions
    from qifu.registers.enterprises.snapshot_job import plan_snapshot
    from qifu.registers.organisations.actions import load_organisations
    from qifu.services.enterprise_problems.actions.sampling import set_up_daily
    from qifu.services.policies.actions.judge import plan_judging
    from qifu.services.work_plans.actions import open_work

    at, folder = clock.now(), settings.PROVINCE_DIR
    divisions = load_divisions(by=SYSTEM, at=at, path=folder / "divisions.yaml")
    organisations = load_organisations(by=SYSTEM, at=at, province_dir=folder)
    for kept in ("enterprise_problems", "policies/case_types"):
        publish_folder(folder / kept, by=SYSTEM, at=at)
    set_up_tick(by=SYSTEM, at=at)
    plan_verification(by=SYSTEM, at=at)
    plan_snapshot(by=SYSTEM, at=at)
    set_up_daily(by=SYSTEM, at=at)
    plan_judging(by=SYSTEM, at=at)
    open_work(by=SYSTEM, at=at)  # for plans published before their work was followed
    return [f"区划：{divisions}", f"单位：{organisations}"]
