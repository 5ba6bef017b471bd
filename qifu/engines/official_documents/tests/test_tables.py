"""What a table means: its layout, its columns, and that nothing seen is lost without a word. Examples are our own."""

from __future__ import annotations

import time
from typing import Any

import pytest

from qifu.engines.official_documents import UnreadableDocument, read_plan

HEAD = (
    "松城市人民政府办公室关于印发2024年工作清单的通知",
    "松政办发〔2024〕5号",
    "各县（市、区）人民政府：",
    "现将工作清单印发给你们。",
    "松城市人民政府办公室",
    "2024年3月6日",
)
Grid = list[list[str]]


def grid(*rows: str) -> Grid:
    return [[cell.strip() for cell in row.split("|")] for row in rows]


def read_html(*parts: Grid | str) -> dict[str, Any]:
    """A notice whose parts are paragraphs and tables."""
    shown = [f"<p>{line}</p>" for line in HEAD]
    for part in parts:
        if isinstance(part, str):
            shown.append(f"<p>{part}</p>")
        else:
            rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in part)
            shown.append(f"<table>{rows}</table>")
    return read_plan(f"<html><body>{''.join(shown)}</body></html>".encode(), filename="a.html").to_json()


def read_text(*lines: str) -> dict[str, Any]:
    return read_plan("\n".join((*HEAD, "附件", *lines)).encode(), filename="a.txt").to_json()


def due(task: dict[str, Any]) -> str | None:
    return task["deadline"] and task["deadline"]["due"]


def names(task: dict[str, Any]) -> list[str]:
    return [unit["name"] for unit in task["responsible"]]


def told(plan: dict[str, Any], severities: tuple[str, ...] = ("error", "warning")) -> list[str]:
    return [item["code"] for item in plan["irregularities"] if item["severity"] in severities]


# -- layouts


def test_two_task_tables_side_by_side() -> None:
    plan = read_html(
        grid(
            "序号|任务|责任单位|完成时间|序号|任务|责任单位|完成时间",
            "1|修缮河堤。|市水利局|5月|3|翻新校舍。|市教育局|8月",
            "2|清理沟渠。|市农业农村局|6月||||",
        )
    )
    assert [(t["number"], t["measure"], names(t), due(t)) for t in plan["tasks"]] == [
        (1, "修缮河堤。", ["市水利局"], "2024-05-31"),
        (2, "清理沟渠。", ["市农业农村局"], "2024-06-30"),
        (3, "翻新校舍。", ["市教育局"], "2024-08-31"),
    ]


def test_two_indicator_tables_side_by_side() -> None:
    plan = read_html(
        grid(
            "指标|单位|目标值|指标|单位|目标值",
            "造林面积|亩|900|用水量|万吨|35",
            "河长巡查|次|48|节水器具|套|600",
        )
    )
    assert {i["name"]: (i["unit"], i["target"]) for i in plan["indicators"]} == {
        "造林面积": ("亩", 900),
        "河长巡查": ("次", 48),
        "用水量": ("万吨", 35),
        "节水器具": ("套", 600),
    }


@pytest.mark.parametrize(
    ("heading", "ticks", "expected"),
    [
        ("一季度|二季度|三季度|四季度", ["√|||", "|√|√|"], ["2024-03-31", "2024-09-30"]),
        (
            "|".join(f"{m}月" for m in range(1, 13)),
            ["|||●||||||||", "●|●|●|●|●|●|●|●|●|●|●|●"],
            ["2024-04-30", "2024-12-31"],
        ),
        ("上半年|下半年", ["是|", "|是"], ["2024-06-30", "2024-12-31"]),
    ],
)
def test_the_last_tick_is_the_deadline(heading: str, ticks: list[str], expected: list[str]) -> None:
    plan = read_html(
        grid(
            f"序号|工作事项|责任单位|{heading}",
            f"1|印制手册。|市司法局|{ticks[0]}",
            f"2|回访商户。|市商务局|{ticks[1]}",
        )
    )
    assert [due(t) for t in plan["tasks"]] == expected
    assert not told(plan)


def test_words_under_periods_are_no_deadline_and_told() -> None:
    plan = read_html(
        grid(
            "序号|工作事项|责任单位|一季度|二季度",
            "1|改造泵站。|市水利局|完成设计|完工",
            "2|培训村医。|市卫生健康委|制定方案|开课",
        )
    )
    assert [t["deadline"] for t in plan["tasks"]] == [None, None]
    assert [i["where"]["field"] for i in plan["irregularities"] if i["code"] == "column_unread"] == [
        "deadline"
    ]


@pytest.mark.parametrize("glue", ["\n", " "])
def test_cells_on_lines_or_parted_by_one_blank(glue: str) -> None:
    rows = [
        "序号|重点任务|责任单位|完成时限",
        "1|推进湿地修复，年内完成3处。|市林业局、市水利局|2024年6月底前",
        "2|开放图书馆夜间服务。|市文广旅局|长期",
    ]
    plan = read_text("任务表", *(row.replace("|", glue) for row in rows))
    assert [(t["measure"], names(t), due(t)) for t in plan["tasks"]] == [
        ("推进湿地修复，年内完成3处。", ["市林业局", "市水利局"], "2024-06-30"),
        ("开放图书馆夜间服务。", ["市文广旅局"], None),
    ]
    assert not told(plan)


def test_a_cell_broken_over_lines_and_a_target_that_looks_like_a_number() -> None:
    plan = read_text(
        "指标表",
        "序号",
        "指标名称",
        "单位",
        "目标值",
        "责任单位",
        "1",
        "新建步道",
        "公里",
        "2",
        "市住建局",
        "2",
        "农村道路",
        "养护率",
        "%",
        "95",
        "市交通运输局",
    )
    assert [(i["number"], i["name"], i["unit"], i["target"]) for i in plan["indicators"]] == [
        (1, "新建步道", "公里", 2),
        (2, "农村道路养护率", "%", 95),
    ]


def test_heading_words_without_rows_are_told() -> None:
    plan = read_text(
        "任务表",
        "序号",
        "重点任务",
        "责任单位",
        "完成时限",
        "以上内容另行印发。",
        "二、工作要求",
        "1.加强宣传。（市司法局负责）",
    )
    assert plan["tasks"] == []
    assert [i["where"]["line"] for i in plan["irregularities"] if i["code"] == "table_unread"] == [9]


def test_section_words_are_no_lost_table() -> None:
    plan = read_text("总体要求", "主要任务", "工作措施", "1.加强宣传。（市司法局负责）")
    assert "table_unread" not in told(plan)


def test_bands_numbered_in_chinese() -> None:
    plan = read_html(
        grid(
            "序号|任务|责任单位|完成时限",
            "一|水利建设||",
            "1|加固水库。|市水利局|6月",
            "二|林业建设||",
            "2|补植行道树。|市林业局|9月",
        )
    )
    assert [(t["number"], t["group"]) for t in plan["tasks"]] == [(1, "水利建设"), (2, "林业建设")]


def test_a_heading_above_each_table_is_its_group() -> None:
    heading = "任务|责任单位|时限"
    plan = read_html(
        "一、水利建设",
        grid(heading, "加固水库。|市水利局|6月", "疏浚河道。|市水利局|7月"),
        "二、林业建设",
        grid(heading, "补植行道树。|市林业局|9月"),
    )
    assert [(t["number"], t["group"]) for t in plan["tasks"]] == [
        (1, "水利建设"),
        (2, "水利建设"),
        (3, "林业建设"),
    ]


# -- columns


def test_past_values_and_later_years_are_no_targets() -> None:
    plan = read_html(
        grid(
            "领域|核心指标|单位|2023年|2024年|2025年",
            "水利|堤防达标率|%|81|85|90",
            "林业|造林面积|亩|400|500|650",
        )
    )
    assert [(i["dimension"], i["target"]) for i in plan["indicators"]] == [("水利", 85), ("林业", 500)]
    plan = read_html(
        grid(
            "序号|指标|2023年完成情况|2024年目标|牵头单位",
            "1|堤防达标率|81.5%|85%以上|市水利局",
            "2|人均绿地|4.2平方米|4.8平方米|市林业局",
        )
    )
    assert [(i["dimension"], i["target"]) for i in plan["indicators"]] == [(None, 85), (None, 4.8)]
    assert not told(plan)


def test_units_in_brackets() -> None:
    plan = read_html(
        grid("指标名称|目标值（%）", "堤防达标率|85", "造林面积（亩）|500", "噪声（微克/立方米）|≤40")
    )
    assert [i["unit"] for i in plan["indicators"]] == ["%", "亩", "微克/立方米"]


def test_targets_that_are_no_single_figure() -> None:
    plan = read_html(
        grid(
            "指标|目标值|属性",
            "游客增速（%）|7—8|预期性",
            "单位能耗|只降不升|约束性",
            "水质排名|全省前3位|预期性",
            "造林面积|高于上年|约束性",
            "床位|90张左右|预期性",
        )
    )
    assert [(i["name"], i["target"], i["target_text"]) for i in plan["indicators"]] == [
        ("游客增速（%）", None, "7—8"),
        ("单位能耗", None, "只降不升"),
        ("水质排名", None, "全省前3位"),
        ("造林面积", None, "高于上年"),
        ("床位", 90, "90张左右"),
    ]
    assert {i["dimension"] for i in plan["indicators"]} == {None}
    assert told(plan) == ["target_unclear"]  # only the range asks for a look


def test_unknown_headings_are_understood_by_content_and_told() -> None:
    plan = read_html(
        grid(
            "项次|拟办事宜|经手机构|办毕日子",
            "1|建立河道巡查制度，每月通报一次结果。|市水利局|2024年6月底前",
            "2|推进林区防火道路建设。|市林业局、市公安局|2024年9月底前",
        )
    )
    assert [(names(t), due(t)) for t in plan["tasks"]] == [
        (["市水利局"], "2024-06-30"),
        (["市林业局", "市公安局"], "2024-09-30"),
    ]
    assert {i["where"]["field"] for i in plan["irregularities"] if i["code"] == "column_guessed"} == {
        "measure",
        "responsible",
        "deadline",
    }


@pytest.mark.parametrize(
    "rows",
    [
        ("序号|日期|值班领导|值班单位|电话", "1|5月1日|赵甲|办公室|2801111", "2|5月2日|钱乙|综合科|2801112"),
        ("序号|姓名|单位|职务|联系电话", "1|赵甲|市财政局|科长|2801111", "2|钱乙|市司法局|主任|2801112"),
        ("项目|预算数（万元）|决算数（万元）", "公共服务|1200|1180", "教育支出|5400|5380"),
    ],
)
def test_other_tables_are_no_plan(rows: tuple[str, ...]) -> None:
    try:
        plan = read_html(grid(*rows))
    except UnreadableDocument:
        return
    assert not plan["indicators"] and not plan["tasks"] and not plan["actions"]
    assert "table_unread" in told(plan)


def test_persons_and_telephones_are_other_columns() -> None:
    plan = read_html(
        grid(
            "序号|重点任务|责任领导|责任单位|联系电话|完成时限",
            "1|加固水库。|赵甲|市水利局|0571-88880000|6月",
            "2|补植行道树。|钱乙|市林业局|0571-88880001|9月",
        )
    )
    assert [names(t) for t in plan["tasks"]] == [["市水利局"], ["市林业局"]]
    assert not told(plan)


def test_sentences_are_no_group() -> None:
    plan = read_html(
        grid(
            "序号|重点工作|工作目标及措施|责任单位|完成时限",
            "1|河道整治|整治河道12公里，拆除沿岸违建并恢复岸线绿化|市水利局|6月",
            "2|林区防火|新修防火道路30公里，每季度组织一次演练|市林业局|9月",
            "3|古树保护|为全部古树挂牌建档，逐株明确管护责任人|市林业局|12月",
        )
    )
    assert [t["group"] for t in plan["tasks"]] == ["河道整治", "林区防火", "古树保护"]


def test_duties_told_in_words_inside_a_cell() -> None:
    plan = read_html(
        grid(
            "重点领域|改革任务|部门分工|时间安排",
            "水利|修订调度规程|市水利局牵头，市应急局参加|2024年年底前完成",
            "|公布河长名单|市水利局|6月底前",
        )
    )
    assert [(t["group"], names(t)) for t in plan["tasks"]] == [
        ("水利", ["市水利局", "市应急局"]),
        ("水利", ["市水利局"]),
    ]


# -- rows


def test_empty_number_cells_count_by_row_without_a_warning() -> None:
    plan = read_html(
        grid(
            "序号|任务|责任单位|完成时限",
            "|加固水库。|市水利局|6月",
            "|补植行道树。|市林业局|9月",
            "|开放展馆。|市文广旅局|全年",
        )
    )
    assert [t["number"] for t in plan["tasks"]] == [1, 2, 3]
    assert not told(plan)


def test_equal_measures_with_other_units_are_two_rows() -> None:
    plan = read_html(
        grid("任务|责任单位|完成时限", "组织实地检查。|市水利局|6月", "组织实地检查。|市林业局|9月")
    )
    assert [names(t) for t in plan["tasks"]] == [["市水利局"], ["市林业局"]]


def test_many_rows_one_cell_a_line_stay_quick() -> None:
    lines = ["序号", "任务", "责任单位", "完成时限"]
    for i in range(1, 300):
        lines += [
            str(i),
            f"完成第{i}处泵站的改造，形成台账{i}份。",
            "市水利局、市财政局",
            f"2024年{i % 12 + 1}月",
        ]
    started = time.perf_counter()
    assert len(read_text("任务表", *lines)["tasks"]) == 299
    assert time.perf_counter() - started < 4


# -- more columns and captions


def test_the_lowest_level_names_the_indicator() -> None:
    plan = read_html(
        grid(
            "一级指标|二级指标|三级指标|目标值",
            "水利|防洪|堤防达标率|85%",
            "水利|供水|水质达标率|99%",
            "林业|造林|造林面积|500亩",
        )
    )
    assert [(i["dimension"], i["name"]) for i in plan["indicators"]] == [
        ("水利", "堤防达标率"),
        ("水利", "水质达标率"),
        ("林业", "造林面积"),
    ]


def test_two_columns_of_targets_are_told() -> None:
    plan = read_html(grid("指标|单位|底线目标|奋斗目标", "造林面积|亩|500|600", "新建泵站|座|3|4"))
    assert [i["target"] for i in plan["indicators"]] == [500, 3]
    assert [i["where"]["field"] for i in plan["irregularities"] if i["code"] == "column_unread"] == ["target"]


def test_who_supervises_is_no_unit_of_a_task() -> None:
    plan = read_html(
        grid(
            "序号|任务|承办部门|督办部门|办结时间",
            "1|加固水库。|市水利局|市政府督查室|6月",
            "2|补植行道树。|市林业局|市政府督查室|9月",
        )
    )
    assert [names(t) for t in plan["tasks"]] == [["市水利局"], ["市林业局"]]


def test_units_of_city_and_counties() -> None:
    plan = read_html(
        grid(
            "序号|任务|市级责任单位|县级责任单位|完成时限",
            "1|加固水库。|市水利局|各县（市、区）政府|6月",
            "2|补植行道树。|市林业局|东山县、西河县|9月",
        )
    )
    assert [names(t) for t in plan["tasks"]] == [
        ["市水利局", "各县（市、区）政府"],
        ["市林业局", "东山县", "西河县"],
    ]


def test_a_unit_above_the_table_and_a_sum_below() -> None:
    plan = read_html("单位：亿元", grid("序号|指标|2024年目标", "1|水利投资|35", "2|林业投资|12", "合计||47"))
    assert [(i["name"], i["unit"], i["target"]) for i in plan["indicators"]] == [
        ("水利投资", "亿元", 35),
        ("林业投资", "亿元", 12),
    ]


@pytest.mark.parametrize("mark", [",", "/", "；"])
def test_columns_parted_by_a_mark(mark: str) -> None:
    rows = [
        "序号|任务|责任单位|完成时限",
        "1|加固水库。|市水利局|2024年6月",
        "2|补植行道树。|市林业局|2024年9月",
    ]
    plan = read_text("任务表", *(row.replace("|", mark) for row in rows))
    assert [(t["measure"], due(t)) for t in plan["tasks"]] == [
        ("加固水库。", "2024-06-30"),
        ("补植行道树。", "2024-09-30"),
    ]


def test_lines_like_rows_without_a_heading_are_told() -> None:
    plan = read_text(
        "工作安排如下",
        "1 巡查河道并清障 水利部门与属地镇街 2024年6月",
        "2 巡护林区并防火 林业部门与属地镇街 2024年9月",
        "3 养护步道并亮灯 市政养护单位 2024年10月",
        "二、工作要求",
        "1.加强宣传。（市司法局负责）",
    )
    assert plan["tasks"] or "table_unread" in told(plan)


def test_a_table_run_together_into_one_paragraph_is_told() -> None:
    text = (
        "关于印发重点任务清单的通知\n\n各有关单位：\n\n附件\n\n重点任务清单\n\n"
        "序号重点任务工作举措责任单位完成时限1优化服务推动专员走访重点企业省经信厅2024年3月"
        "2规范监管编制检查清单并公布省司法厅2024年6月3完善评价建立评价机制省财政厅2024年9月\n"
    )
    reading = read_plan(text.encode(), filename="x.txt").to_json()
    assert reading["tasks"] == []
    assert ("table_unread", "error") in {(i["code"], i["severity"]) for i in reading["irregularities"]}
