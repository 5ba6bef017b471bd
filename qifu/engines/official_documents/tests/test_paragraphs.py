"""Paragraphs: the head of a notice, duties in brackets, label lines and sentences, and what holds no plan."""

from __future__ import annotations

import time
from datetime import date

import pytest

from qifu.engines.official_documents import UnreadableDocument, read_plan
from qifu.engines.official_documents.plan import Duty, Plan
from qifu.engines.official_documents.units import split_units

HEAD = "甲市人民政府关于印发2024年任务分工的通知\n甲政发〔2024〕3号\n各县人民政府：\n现印发给你们。\n甲市人民政府\n2024年3月5日\n一、重点任务\n"


def read(text: str, head: str = HEAD) -> Plan:
    return read_plan((head + text + "\n").encode()).plan


def duty(text: str) -> Duty:
    found = read(f"1.{text}").duties
    assert len(found) == 1, found
    return found[0]


def roles(one: Duty) -> tuple[list[str], list[str], list[str]]:
    return one.lead, one.cooperating, one.responsible


@pytest.mark.parametrize(
    ("bracket", "lead", "cooperating", "responsible", "due"),
    [
        ("（市税务局、市财政局）", [], [], ["市税务局", "市财政局"], None),
        (
            "（责任单位：市税务局、市财政局，2024年11月30日前）",
            [],
            [],
            ["市税务局", "市财政局"],
            "2024-11-30",
        ),
        (
            "〔牵头单位：市税务局；配合单位：市财政局，各县人民政府；6月底前完成〕",
            ["市税务局"],
            ["市财政局", "各县人民政府"],
            [],
            "2024-06-30",
        ),
        ("［市税务局负责］", [], [], ["市税务局"], None),
        ("【市税务局牵头、市财政局配合）", ["市税务局"], ["市财政局"], [], None),
        ("﹝市税务局、市财政局分别牵头，各县政府参加﹞", ["市税务局", "市财政局"], ["各县政府"], [], None),
        ("（市税务局会同市财政局）", ["市税务局"], ["市财政局"], [], None),
        ("（市税务局（牵头）、市财政局）", ["市税务局"], [], ["市财政局"], None),
        (
            "（市税务局、市财政局及市直有关单位按职责分工负责）",
            [],
            [],
            ["市税务局", "市财政局", "市直有关单位"],
            None,
        ),
        ("（市税务局牵头）（2024年9月底前）（已完成）", ["市税务局"], [], [], "2024-09-30"),
    ],
)
def test_brackets(
    bracket: str, lead: list[str], cooperating: list[str], responsible: list[str], due: str | None
) -> None:
    one = duty(f"清理欠缴票据（含旧票）。{bracket}")
    assert one.text == "清理欠缴票据（含旧票）。"
    assert roles(one) == (lead, cooperating, responsible)
    assert (one.deadline.due if one.deadline else None) == (date.fromisoformat(due) if due else None)


def test_an_ongoing_word_in_a_list_is_the_deadline() -> None:
    one = duty("巡查河岸。（责任单位：市水利局，各县人民政府；持续推进）")
    assert one.responsible == ["市水利局", "各县人民政府"]
    assert one.deadline is not None and one.deadline.kind == "ongoing"


def test_remarks_are_no_duties() -> None:
    plan = read("1.修好两座桥（另有一座在建）。（已完成）\n2.种树。（市林业局）")
    assert [d.responsible for d in plan.duties] == [["市林业局"]]


def test_a_deadline_that_cannot_be_read_is_kept_and_told() -> None:
    plan = read("1.巡查河岸。（市水利局负责，2024年15月底前）")
    kept = plan.duties[0].deadline
    assert kept is not None and (kept.kind, kept.due) == (None, None) and "15月" in kept.raw
    assert [i.where.field for i in plan.irregularities if i.code == "deadline_unreadable"] == ["deadline"]


def test_label_lines_join_the_paragraph_above() -> None:
    plan = read(
        "1.修整渡口三处\n分管领导：张某\n部门分工：市交通运输局牵头，市水利局配合。\n完成时限：第四季度\n2.种树。\n责任单位：市林业局"
    )
    assert [(d.text, *roles(d)) for d in plan.duties] == [
        ("修整渡口三处", ["市交通运输局"], ["市水利局"], []),
        ("种树。", [], [], ["市林业局"]),
    ]
    assert plan.duties[0].deadline is not None and plan.duties[0].deadline.due == date(2024, 12, 31)


def test_exhortation_is_no_duty_and_a_sentence_gives_one() -> None:
    plan = read("1.种树。（市林业局）\n二、保障\n各单位要加强领导。市林业局要会同有关部门定期开展巡查。")
    assert [roles(d) for d in plan.duties] == [([], [], ["市林业局"]), (["市林业局"], ["有关部门"], [])]


def test_a_paragraph_cut_in_two_is_one() -> None:
    plan = read("1.修整渡口，明确负责到人的具体承办\n\n— 4 —\n\n办法，公布名单。（市水利局牵头）")
    assert [(d.text, d.lead) for d in plan.duties] == [
        ("修整渡口，明确负责到人的具体承办办法，公布名单。", ["市水利局"])
    ]


def test_a_duty_that_was_not_read_is_told() -> None:
    plan = read("1.种树。（市林业局）\n2.修整渡口一事责任单位定为市水利局，详见后文。")
    assert len(plan.duties) == 1
    assert [(i.severity, i.where.line) for i in plan.irregularities if i.code == "duty_unread"] == [
        ("warning", 9)
    ]


def test_names_joined_by_and() -> None:
    def names(text: str) -> list[str]:
        return split_units(text).names

    assert names("市编办及市直相关单位、市人力资源和社会保障局") == [
        "市编办",
        "市直相关单位",
        "市人力资源和社会保障局",
    ]
    assert names("市数据局等有关部门及各县人民政府") == ["市数据局", "各县人民政府"]
    assert names("市发展和改革委员会和市司法局") == ["市发展和改革委员会", "市司法局"]
    assert {u.kind for u in split_units("市政府金融办、县政府办公室").units} == {"specific"}


def test_addressees() -> None:
    plan = read(
        "1.种树。（市林业局）",
        HEAD.replace(
            "各县人民政府：", "各市、县（市、区）人民政府，市直各委、办、局，中央、省驻甲有关单位："
        ),
    )
    assert plan.addressees == ["各市、县（市、区）人民政府", "市直各委、办、局", "中央、省驻甲有关单位"]


def test_a_date_with_a_remark_behind_it() -> None:
    plan = read("1.种树。（市林业局）", HEAD.replace("2024年3月5日", "２０２４年 3 月5日（此件公开发布）"))
    assert (plan.issued_on, plan.issuer, plan.publicity) == (date(2024, 3, 5), "甲市人民政府", "公开发布")


def test_number_and_title_run_together() -> None:
    plan = read("1.种树。（市林业局）", "甲政发﹝2024﹞3号甲市人民政府关于印发要点的通知\n各县人民政府：\n")
    assert (plan.document_number, plan.title) == ("甲政发〔2024〕3号", "甲市人民政府关于印发要点的通知")


def test_a_misread_character_in_the_title_is_mended_by_the_issuer() -> None:
    plan = read(
        "1.种树。（县林业局）",
        HEAD.replace("甲市人民政府关于", "甲具人民政府关于").replace("\n甲市人民政府\n", "\n甲县人民政府\n"),
    )
    assert plan.title == "甲县人民政府关于印发2024年任务分工的通知"
    assert [i.where.field for i in plan.irregularities if i.code == "text_repaired"] == ["title"]


def test_a_site_s_record_fills_the_head() -> None:
    page = (
        "<html><body><table><tr><td>索 引 号：</td><td>001/2024</td><td>发布机构：</td><td>甲市人民政府</td></tr>"
        "<tr><td>文&nbsp;&nbsp;号：</td><td>甲政发〔2024〕3号</td><td>成文日期：</td><td>2024-03-05</td></tr></table>"
        "<p>关于印发要点的通知</p><p>各县人民政府：</p><p>1.种树。（市林业局）</p><p>打印本页</p><p>主办单位：甲市政府办公室</p></body></html>"
    )
    plan = read_plan(page.encode(), filename="a.html").plan
    assert (plan.document_number, plan.issuer, plan.issued_on) == (
        "甲政发〔2024〕3号",
        "甲市人民政府",
        date(2024, 3, 5),
    )
    assert [(d.text, d.responsible) for d in plan.duties] == [("种树。", ["市林业局"])]
    assert not [i for i in plan.irregularities if i.code == "table_unread"]


def test_what_an_official_head_lacks_is_a_warning() -> None:
    plan = read("1.种树。（市林业局）", HEAD.replace("甲政发〔2024〕3号\n", ""))
    assert [(i.severity, i.where.field) for i in plan.irregularities if i.code == "metadata_missing"] == [
        ("warning", "document_number")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "第一回\n\n那年2024年3月，老人说责任单位早定了，牵头的王主任却不在家。（狗叫了）\n",
        "一周菜单\n\n周一：豆腐、青菜。\n周二：面条。\n",
        "关于停水的通知\n\n各住户：\n2024年6月8日停水一天。\n物业\n2024年6月1日\n",
    ],
)
def test_what_holds_no_plan_is_refused(text: str) -> None:
    with pytest.raises(UnreadableDocument, match="没有找到通知里的任务"):
        read_plan(text.encode())


@pytest.mark.parametrize(
    "unit",
    [
        " ",
        "（",
        "）",
        "（）",
        "牵头单位：",
        "市财政局、",
        "市财政局及",
        "（市财政局牵头）",
        "〔2024〕",
        "2024年",
        "文号：",
    ],
)
def test_a_long_line_ends_in_time(unit: str) -> None:
    begun = time.process_time()
    read("1.种树。（市林业局）\n" + unit * (100_000 // len(unit)) + "末")
    assert time.process_time() - begun < 2
