"""Each proof is shown to fail: the standard pack is broken in one way, and the right line is told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from qifu.engines.casework.case_type import case_type
from qifu.engines.casework.machine import after, cases_of_facts, may, search
from qifu.engines.casework.publish import NotProved, check_case_type, files_beside
from qifu.foundation.yaml_data import DataError

FOLDER = Path(__file__).resolve().parents[4] / "provinces/zhejiang/enterprise_problems"
STANDARD = (FOLDER / "standard.yaml").read_text("utf-8")


def faults_of(text: str) -> list[tuple[int, str]]:
    """Return line and cause of every fault of a case type's text."""
    try:
        check_case_type(text.encode(), where="standard.yaml")
    except NotProved as wrong:
        assert all(fault.remedy for fault in wrong.faults)
        assert {fault.where for fault in wrong.faults} == {"standard.yaml"}
        return [(fault.line, fault.cause) for fault in wrong.faults]
    return []


def line_of(text: str, start: str) -> int:
    """Return the number of the line that begins with these words, blanks aside."""
    found = [n for n, line in enumerate(text.split("\n"), start=1) if line.strip().startswith(start)]
    assert len(found) == 1, (start, found)
    return found[0]


@dataclass(frozen=True)
class Break:
    """One way to break the pack: `old` becomes `new` on the line that begins with `line`; what is then told, and where."""

    line: str
    old: str
    new: str
    told: str
    at: str = ""


BREAKS = [
    # names
    Break("take: {", "to: handling", "to: handlin", "环节“handlin”没有定义"),
    Break("take: {", "by: [lead]", "by: [leed]", "角色“leed”没有定义"),
    Break("assign: {title: 交办, from", "starts: [accept, contact, handle]", "starts: [accept, contact, handel, handle]", "时限“handel”没有定义"),
    Break("assign: {title: 交办, from", "form: [lead]", "form: [lead, plann]", "表单项“plann”没有定义"),
    Break("close: {", "results: [solved", "results: [sloved, solved", "结果“sloved”没有定义"),
    Break("close: {", "guards: [result_as_drafted]", "guards: [result_as_draftet]", "条件“result_as_draftet”没有定义"),
    Break("board: {title: 板块, kind", "choices_of: boards", "choices_of: board_list", "选项清单“board_list”没有定义"),
    Break("filter: {", "of: hub", "of: hubb", "角色“hubb”没有定义"),
    Break("dissatisfied: rate_badly", "rate_badly", "rate_bad", "步骤“rate_bad”没有定义"),
    Break("merge: {", "pooled", "poold", "环节“poold”没有定义"),
    Break("escalation: {", "clock: escalated", "clock: escalate", "时限“escalate”没有定义"),
    Break("received: {", "starts: [filter]", "starts: [filtre]", "时限“filtre”没有定义"),
    Break("co_handler: 协办单位", "co_handler: 协办单位", "co_handler: 协办单位\n  mayor: 市长", "角色“mayor”没有对应的权限", "mayor:"),
    Break("contact_way: {", "contact_way: {", "spare: {title: 备用, kind: text}\n  contact_way: {", "表单项“spare”没有任何步骤用到", "spare:"),
    Break("withdrawn: 企业撤回", "withdrawn: 企业撤回", "withdrawn: 企业撤回\n  spare: 其他", "结果“spare”没有任何步骤用到", "spare:"),
    Break("callback: 回访岗", "callback: 回访岗", "callback: 回访岗\n  as_nobody: 无人", "角色“as_nobody”没有任何步骤用到", "as_nobody:"),
    # states
    Break("received: {", ", initial: true", "", "没有起始环节", "received: {"),
    Break("pooled: {", "正在确定由谁办理", "正在确定由谁办理, initial: true", "起始环节不止一个"),
    Break("received: {", "initial: true", "initial: true, final: true", "起始环节不能同时是终结环节"),
    Break("handling: {", "正在办理}", "正在办理, starts: [handle]}", "只有起始环节写 starts"),
    Break("signing: {", "signing: {", "waiting: {title: 等待, shown: 等待}\n  signing: {", "环节“等待”永远到不了", "waiting: {"),
    # fields and facts
    Break("contact_way: {", "choices: {phone: 电话, visit: 上门, meeting: 面谈, message: 短信或平台消息}", "help: 联系", "应有且只有一份选项"),
    Break("minutes: {", "kind: long_text", "kind: long_text, choices: {a: 甲}", "不是选择项，却写了选项"),
    Break("by: {difficulty", "difficulty:", "weight:", "但没有这项事实"),
    Break("by: {difficulty", "hard:", "hardest:", "“difficulty”没有“hardest”这个值"),
    Break("sign: {", "mode: [assigned]", "mood: [assigned]", "前提“mood”不是已知的事实"),
    Break("sign: {", "mode: [assigned]", "mode: [asigned]", "“mode”没有“asigned”这个值"),
    Break("filter: {", "of: hub", "of: system", "不能由系统负责"),
    # transitions
    Break("close: {", "to: closed", "to: handling", "是办结，却没有到终结环节"),
    Break("pass: {", "to: signing", "to: closed", "到了终结环节，却不是办结"),
    Break("exclude: {", "results: [excluded], ", "", "办结时没有结果"),
    Break("take: {", "stops: [accept]", "results: [solved], stops: [accept]", "不是办结，不应有结果"),
    Break("close: {", "results:", "starts: [review], results:", "办结时不能再起算或暂停时限"),
    Break("reopen: {", "to: reworking", "to: excluded", "应从终结环节到未终结的环节"),
    Break("note: {", "from: [received", "from: [closed, received", "离开终结环节“已办结”，却不是重新打开"),
    Break("exempt: {", "results: [solved", "results: [excluded, solved", "表单项 result 没有“excluded”这个选项"),
    Break("assign: {title: 交办, from", "form: [lead], ", "", "没有问“lead”"),
    Break("divide: {", "form: [handler], optional: [instruction]", "optional: [handler, instruction]", "没有问“handler”"),
    Break("lead: {", "kind: organisation", "kind: text", "“主办单位”应是 organisation"),
    Break("steps: {", "steps: {board: 板块办, consultation: 协商办, meeting: 会议办}", "steps: {}", "但没有写层次", "raise_step: {"),
    Break("most_returns: 1", "1", "0", "最多退回次数为零", "return: {"),
    Break("take: {", "by: [lead]", "by: [lead], automatic: true", "系统的步骤写 automatic: true"),
    Break("note: {", "by: [hub, lead, co_handler, callback, upper_hub]", "by: []", "没有写谁可以做"),
    Break("note_callback: {", "from: [dissatisfied]", "from: []", "没有写在哪个环节可以做"),
    Break("assign: {title: 交办, from", "optional: [instruction]", "optional: [instruction, lead]", "同一项既必填又选填"),
    Break("take: {", "已由{lead}签收", "已由{leader}签收", "引用了“leader”，这一步没有这项内容"),
    Break("review_shelf: {", "form: [minutes, review_on, progress]", "form: [minutes, review_on], optional: [progress]", "引用了选填的“progress”"),
    # the search
    Break("sign: {", "mode: [assigned]", "mode: [hub]", "“签发”永远轮不到"),
    Break("unshelve: {", "by: [hub]", "by: [system], automatic: true", "在环节“挂账”没有人能使它往下走", "shelved: {"),
    Break("rate_badly: {", "starts: [callback], ", "", "可能没有任何时限在走", "dissatisfied: {"),
    Break("review: {", "review: {", "idle: {title: 闲置, of: hub, limit: {working_days: 1}}\n  review: {", "时限“闲置”从来没有起算", "idle: {"),
    Break("take: {", "stops: [accept]", "stops: [accept, review]", "时限“review”从来没有在走"),
    Break("unshelve: {", "resumes: [handle]", "resumes: [handle, review]", "时限“review”从来没有暂停"),
    Break("shelve: {", "from: [handling]", "from: [handling, reworking]", "要暂停的时限可能都没有在走"),
    Break("unshelve: {", "resumes: [handle], ", "", "暂停的时限“handle”没有办法恢复", "shelve: {"),
    # verbs
    Break("merge: {", "states: [received", "states: [closed, received", "“已办结”已终结，不能再合并或上报"),
    Break("assign: {title: 交办, from", "starts: [accept", "starts: [co_handle, accept", "由协办自行起止"),
    Break("extension: {", "times: 1", "times: 0", "可以延期，最多次数却是零"),
    Break("extension: {", "approved_by: [hub]", "approved_by: [lead, hub]", "延期的申请人和批准人是同一角色"),
    Break("extension: {", "working_days: 10", "calendar_days: 10", "与延期的计量单位不同"),
    Break("asked_by: [lead]", "asked_by: [lead]", "asked_by: [lead, hub]", "暂停的申请人和批准人是同一角色", "approved_by: [hub]"),
    # rating
    Break("sources: {", "grassroots: 基层评价", "grass: 基层评价", "不认识评价主体“grass”"),
    Break("levels: [", "[非常不满意, ", "[极不满意, 非常不满意, ", "评价应有五档，现有 6 档"),
    Break("dissatisfied: rate_badly", "rate_badly", "take", "应由系统在办结后重新打开"),
    Break("rework: rework", "rework: rework", "rework: take", "不满意之后做不了“签收”", "rework: take"),
    Break("exempt: {", "form: [result, explanation, signer]", "form: [result, explanation]", "应是有人签批的办结", "exempt: exempt"),
]  # fmt: skip


@pytest.mark.parametrize("one", BREAKS, ids=[one.told for one in BREAKS])
def test_a_fault_is_told_at_its_line(one: Break) -> None:
    lines = STANDARD.split("\n")
    at = line_of(STANDARD, one.line) - 1
    assert one.old in lines[at], (one.old, lines[at])
    lines[at] = lines[at].replace(one.old, one.new, 1)
    broken = "\n".join(lines)
    where = line_of(broken, one.at) if one.at else at + 1
    found = faults_of(broken)
    assert any(line == where and one.told in cause for line, cause in found), (where, found)


def test_the_standard_pack_has_no_fault() -> None:
    assert faults_of(STANDARD) == []


def test_all_faults_are_told_at_once() -> None:
    broken = STANDARD.replace(
        "to: handling, by: [lead], stops: [accept]", "to: handlin, by: [lead], stops: [acept]"
    )
    broken = broken.replace("title: 筛选, of: hub", "title: 筛选, of: hubb")
    told = [cause for _, cause in faults_of(broken)]
    assert {"环节“handlin”没有定义", "时限“acept”没有定义", "角色“hubb”没有定义"} <= set(told)


def test_a_state_without_an_end_is_told_with_its_clock() -> None:
    """A loop that nobody can leave: what was started there never stops."""
    broken = re.sub(
        r"\n  (pass|revise|revise_rework|sign|sign_and_close|send_back|send_back_rework|close|exempt): \{.*",
        "",
        STANDARD,
    )
    broken = broken.replace("\n  exempt: exempt", "\n  exempt: rework")
    broken = re.sub(
        r"from: \[received, pooled, assigned, handling, returned\], to: statutory",
        "from: [received], to: statutory",
        broken,
    )
    broken = broken.replace(
        "from: [received, pooled, assigned, handling], to: withdrawn", "from: [received], to: withdrawn"
    )
    found = dict.fromkeys(cause for _, cause in faults_of(broken))
    assert any(
        re.match("在环节“办理中”可能走不到终结（(转办|交办)的，在走的时限：.*办理", cause) for cause in found
    )
    assert any(cause.startswith("时限“办理”在环节") and cause.endswith("停不下来") for cause in found), found


def test_no_final_state_and_a_rework_that_ends_nothing() -> None:
    assert (line_of(STANDARD, "states:") + 1, "没有终结环节，办不完") in faults_of(
        STANDARD.replace(", final: true", "")
    )
    told = [cause for _, cause in faults_of(STANDARD.replace("  rework: rework\n", "  rework: exempt\n"))]
    assert "“免于重办”没有回到办理" in told


def test_pauses_without_reasons() -> None:
    broken = re.sub(r"    reasons:\n(      .*\n)+", "    reasons: {}\n", STANDARD)
    assert (line_of(broken, "reasons:"), "可以暂停，却没有写任何事由") in faults_of(broken)


def test_an_unknown_kind_and_a_limit_of_two_units_are_refused_with_their_line() -> None:
    with pytest.raises(DataError, match=r"第 3 行：没有哪个服务办理“weather”"):
        check_case_type(
            STANDARD.replace("kind: enterprise_problem", "kind: weather").encode(), where="standard.yaml"
        )
    two = STANDARD.replace(
        "of: hub, limit: {working_days: 1}, promised", "of: hub, limit: {working_days: 1, hours: 2}, promised"
    )
    with pytest.raises(DataError, match="应有且只有一种计量单位"):
        check_case_type(two.encode(), where="standard.yaml")


@pytest.mark.parametrize("name", ["standard", "huzhou", "township"])
def test_every_pack_holds_and_the_search_sees_what_the_machine_does(name: str) -> None:
    path = FOLDER / f"{name}.yaml"
    definition = case_type(
        check_case_type(path.read_bytes(), where=path.name, beside=files_beside(path)).content
    )
    closed = 0
    for facts in cases_of_facts(definition):
        for position, steps in search(definition, facts).items():
            closed += definition.ends(position.state)
            assert definition.ends(position.state) == (not position.running)
            assert position.standing <= position.running
            offered = [
                one for one in definition.transitions.values() if may(definition, position, one, facts)
            ]
            assert [step for step, _ in steps] == offered
            assert all(after(definition, position, one) == then for one, then in steps)
    assert closed


def test_a_definition_with_too_many_positions_is_refused() -> None:
    definition = case_type(check_case_type(STANDARD.encode(), where="standard.yaml").content)
    with pytest.raises(OverflowError):
        search(definition, {}, most=10)
