"""`qifu rules`: a rule is begun, checked with its mistakes named, mended, and read aloud, all without a site."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from qifu.commands import main as qifu

ROOT = Path(__file__).parents[2]
LINE = re.compile(
    r"(?P<file>.+):(?P<line>[0-9]+): (?P<code>[a-z-]+) (?P<message>.+?)(?: \((?P<remedy>.+)\))?"
)


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, list[str], str]:
    status = qifu.main(["rules", *argv])
    out, err = capsys.readouterr()
    return status, out.splitlines(), err


def test_from_a_new_file_to_a_checked_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "my-award.yaml"
    status, out, _ = run(capsys, "new", "my-award", "--policy", "--folder", str(tmp_path))
    assert status == 0 and str(file) in out[0]
    assert run(capsys, "check", str(file))[0] == 0

    status, _, err = run(capsys, "new", "my-award", "--folder", str(tmp_path))
    assert status == 1 and "已存在" in err
    assert run(capsys, "new", "My_Award")[0] == 2

    text = file.read_text("utf-8")
    file.write_text(
        text.replace("从业人数 <= 300人", "员工人数 <= 300人").replace("rate: 20%", "rate: 0.2"), "utf-8"
    )
    status, out, err = run(capsys, "check", str(file))
    assert status == 1 and "共 2 处" in err
    found = [LINE.fullmatch(line) for line in out]
    assert [(m["file"], m["code"]) for m in found if m] == [
        (str(file), "unknown-fact"),
        (str(file), "percent"),
    ]
    lines = file.read_text("utf-8").split("\n")
    assert all(m and m["remedy"] for m in found)
    assert "员工人数" in lines[int(found[0]["line"]) - 1] and "rate" in lines[int(found[1]["line"]) - 1]  # type: ignore[index]

    file.write_text(text.replace("amount: 20万元", "amount: 21万元"), "utf-8")
    status, out, _ = run(capsys, "check", str(tmp_path))
    assert status == 1 and len(out) == 1 and "金额应为 21 万元，算出 20 万元" in out[0]

    file.write_text(text, "utf-8")
    status, out, _ = run(capsys, "read", str(file))
    aloud = "\n".join(out)
    assert (
        status == 0 and "成立时间 满 2年" in aloud and "研发费用 的 20%" in aloud and "最高 500 万元" in aloud
    )


def test_shipped_rules_are_clean_and_can_be_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [str(folder) for folder in sorted((ROOT / "provinces").glob("*/rules"))]
    status, out, err = run(capsys, "check", *folders)
    assert (status, out) == (0, []), out
    assert "没有问题" in err
    status, out, _ = run(capsys, "read", "小型微型企业", "--as-of", "2024-06-30")
    assert status == 0 and "sme-small-micro" in out[0]

    user = tmp_path / "user.yaml"
    assert run(capsys, "new", "user", "--folder", str(tmp_path))[0] == 0
    user.write_text(user.read_text("utf-8").replace("- 成立时间 满 2年", "- 符合 小型微型企业"), "utf-8")
    status, out, _ = run(capsys, "check", str(user))
    assert status == 1 and {LINE.fullmatch(line)["code"] for line in out} == {"example"}  # type: ignore[index]


def test_what_cannot_run_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for argv, said in (
        (["check", str(tmp_path / "none")], "没有这个文件"),
        (["check", str(tmp_path)], "没有找到"),
        ([], "用法"),
        (["chekc"], "用法"),
    ):
        status, out, err = run(capsys, *argv)
        assert status == 2 and out == [] and said in err
    assert run(capsys, "read", "没有的规则")[0] == 1
    assert run(capsys, "read", "sme", "--as-of", "1990-01-01")[0] == 1
    assert run(capsys, "--help")[0] == 0


def test_a_missing_folder_and_a_day_without_a_version_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = run(capsys, "new", "a", "--folder", str(tmp_path / "none"))
    assert status == 2 and "没有文件夹" in err and "No such" not in err

    assert run(capsys, "new", "over", "--folder", str(tmp_path))[0] == 0
    file = tmp_path / "over.yaml"
    text = file.read_text("utf-8").replace("  # effective_to: 2028-01-01 ", "  effective_to: 2024-12-31 ")
    file.write_text(text, "utf-8")
    status, out, err = run(capsys, "read", str(file))
    assert (status, out) == (1, []) and "2024-01-01 至 2024-12-31 前" in err
    assert "按今天 20" in err and "--as-of" in err
    assert run(capsys, "read", str(file), "--as-of", "2024-12-30")[0] == 0
    status, _, err = run(capsys, "read", str(file), "--as-of", "2024-12-31")
    assert status == 1 and "在 2024-12-31 没有生效的版本" in err and "按今天" not in err
    with pytest.raises(SystemExit):
        qifu.main(["rules", "read", str(file), "--as-of", "2024年6月30日"])
    assert "请写成 2024-06-30" in capsys.readouterr().err


def test_the_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "schema")
    assert status == 0 and json.loads("\n".join(out))["$schema"].endswith("2020-12/schema")


def test_every_code_and_form_is_in_the_manual() -> None:
    from qifu.engines.rules.rule_problems import CODES

    manual = (ROOT / "docs" / "manual" / "rules.md").read_text("utf-8")
    assert [code for code in CODES if f"`{code}`" not in manual] == []


def test_the_manuals_rules_pass_as_they_stand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manual = (ROOT / "docs" / "manual" / "rules.md").read_text("utf-8")
    blocks = [
        block for block in re.findall(r"```yaml\n(.+?)```", manual, re.DOTALL) if block.startswith("code:")
    ]
    assert blocks
    for number, block in enumerate(blocks):
        (tmp_path / f"{number}.yaml").write_text(block, "utf-8")
    status, out, _ = run(capsys, "check", str(tmp_path))
    assert (status, out) == (0, [])
