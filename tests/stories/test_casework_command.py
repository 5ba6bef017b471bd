"""`qifu casework` as an administrator uses it: check, publish, show, draw, a new version, moving what is under way."""

from __future__ import annotations

from pathlib import Path

import pytest

from qifu.commands import casework as command
from qifu.engines.casework.definitions import forget
from qifu.engines.casework.models import Case
from qifu.engines.casework.tests.running_clocks import CASE_TYPE, hear
from qifu.engines.casework.tests.test_type_changes import RENAMED, SHORTER, lay

pytestmark = pytest.mark.django_db
PACKS = Path(__file__).resolve().parents[2] / "provinces/zhejiang/enterprise_problems"


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = command.main(list(argv))
    said = capsys.readouterr()
    return code, said.out, said.err


def test_packs_hold_and_every_fault_of_a_broken_one_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "check", str(PACKS))
    assert code == 0 and out.count("全部成立") == 3
    text = (PACKS / "standard.yaml").read_text("utf-8")
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        text.replace("of: hub", "of: hubb", 2).replace("to: signing", "to: signin"), encoding="utf-8"
    )
    code, _, err = run(capsys, "check", str(broken), str(PACKS / "standard.yaml"))
    line = next(n for n, one in enumerate(text.split("\n"), 1) if "title: 审核通过" in one)
    assert code == 1 and f"broken.yaml 第 {line} 行：环节“signin”没有定义。是否为“signing”" in err
    assert err.count("角色“hubb”没有定义") == 2 and "broken.yaml：" in err.splitlines()[-1]
    assert run(capsys, "check", str(tmp_path / "none.yaml"))[0] == 2
    assert run(capsys, "publish", str(broken))[0] == 1


def test_publish_show_and_draw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forget()
    code, out, _ = run(capsys, "publish", str(PACKS))
    assert code == 0 and out.count("已发布第 1 版") == 3
    assert run(capsys, "publish", str(PACKS))[1].count("没有变化，仍为第 1 版") == 3
    code, out, _ = run(capsys, "show", "huzhou_problem")
    assert code == 0
    assert "企服中心：提请会议办" in out and "办理：主办单位，14个日历日（一般 14个日历日" in out
    assert "工作日（筛选、签收、联系企业" in out and "民法典第二百零一条、第二百零三条" in out
    for form in ("svg", "bpmn"):
        path = tmp_path / f"flow.{form}"
        assert run(capsys, "draw", "enterprise_problem", f"--{form}", str(path))[0] == 0
        assert "待筛选" in path.read_text("utf-8")
    assert run(capsys, "draw", "enterprise_problem", "--svg", str(tmp_path / "no" / "where.svg"))[0] == 2
    code, _, err = run(capsys, "show", "nothing")
    assert code == 1 and "enterprise_problem" in err
    assert run(capsys, "show", "enterprise_problem", "--number", "7")[0] == 1


def test_a_new_version_and_the_cases_under_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forget()
    hear()
    lay(2)
    files = {name: tmp_path / f"{name}.yaml" for name in ("shorter", "renamed")}
    files["shorter"].write_text(SHORTER, encoding="utf-8")
    files["renamed"].write_text(RENAMED, encoding="utf-8")
    out = run(capsys, "publish", str(files["shorter"]))[1]
    assert "第 2 版" in out and "  时限 · 办理 · 期限：10个工作日 → 7个工作日" in out
    assert "第 3 版" in run(capsys, "publish", str(files["renamed"]))[1]
    code, out, _ = run(capsys, "migrate", "clock_test", "--from", "1", "--to", "2", "--dry-run")
    assert code == 0 and "第 1 版在办 2 件，正在计时的时限 4 个。" in out
    assert {case.revision.number for case in Case.objects.all()} == {1}
    code, out, _ = run(capsys, "migrate", "clock_test", "--from", "1", "--to", "2", "--limits", "new")
    assert code == 0 and "已转 2 件，其中 2 个时限的到期时间有变化。" in out
    code, _, err = run(capsys, "migrate", "clock_test", "--from", "2", "--to", "3")
    assert code == 1 and "请指明转到哪个环节" in err
    assert run(capsys, "migrate", "clock_test", "--from", "2", "--to", "3", "--state", "open")[0] == 2
    assert run(capsys, "migrate", "clock_test", "--from", "2", "--to", "9")[0] == 1
    moved = run(capsys, "migrate", "clock_test", "--from", "2", "--to", "3", "--state", "open=busy")
    assert moved[0] == 0 and "open → busy：2 件" in moved[1]
    assert {(case.revision.number, case.state) for case in Case.objects.all()} == {(3, "busy")}
    assert run(capsys, "verify")[:2] == (0, "全部相符。\n")


def test_the_small_type_of_the_tests_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hear()
    path = tmp_path / "clock_test.yaml"
    path.write_text(CASE_TYPE, encoding="utf-8")
    assert run(capsys, "check", str(path))[0] == 0
