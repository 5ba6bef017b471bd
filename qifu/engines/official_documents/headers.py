"""What the heading of a column means, whatever words a province uses for it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from .characters import bare, chinese_number, distance, fold, look_alike

Role = Literal[
    "number",
    "group",
    "measure",
    "responsible",
    "lead",
    "cooperating",
    "deadline",
    "note",
    "office",
    "dimension",
    "name",
    "unit",
    "target",
    "frequency",
    "goal",
    "targets",
    "tasks",
    "baseline",
]
Kind = Literal["indicators", "tasks", "actions"]

# Heading words of each role within each kind of table, best first. A word may serve several roles;
# which one it is follows from the whole heading row and from what stands below it.
_NUMBER = "序号 编号 项次 序 号 No 顺序号 顺号 任务编号 任务序号 事项序号"
_NOTE = "备注 力争目标 奋斗目标 挑战目标 说明 备 性质 属性 指标属性 指标性质 约束类型 目标属性 权重 分值 考核权重 其他 备考 附注 数据来源 佐证材料 计算方法 指标说明 指标解释"
_OTHERS = (
    "督办单位 督办部门 督查单位 督查部门 监督单位 监督部门 督导单位 督导部门 考核单位 考核部门 评价单位 评价部门 报送单位 统计单位 统计部门 "
    "数据来源单位 数据来源部门 数据提供单位 审核单位 审核部门 指导单位 指导部门 验收单位 验收部门 备案单位"
)
_LEAD = (
    "牵头单位 牵头部门 主办单位 牵头责任单位 主责单位 牵头 主办部门 第一责任单位 牵头责任部门 主要责任单位 主责部门 责任牵头单位 "
    "市级牵头单位 省级牵头单位 牵头落实单位 牵头市直单位 牵头处室 主办 牵头责任处室 主要负责单位 牵头主体 牵头及责任单位 首要责任单位 总牵头单位 市级牵头部门 省级牵头部门 牵头区直单位 牵头县直单位"
)
_COOPERATING = (
    "协同单位 配合单位 协办单位 参与单位 配合部门 参加单位 协作单位 协同部门 配合 责任配合单位 参与部门 协办部门 配合责任单位 协助单位 联动单位 "
    "会同单位 协同配合单位 共同责任单位 支持单位 配合落实单位 协办 参与 参加部门 协助部门 会办单位 会办部门 协作配合单位 协同推进单位 配合处室 协办处室 协助 协同 配合主体"
)
_RESPONSIBLE = (
    "责任单位 责任部门 落实单位 承办单位 实施单位 责任主体 承担单位 完成单位 落实部门 承办部门 实施主体 负责单位 责任分工 责任单位及部门 市直责任单位 "
    "责任单位名单 工作责任单位 部门分工 任务分工 责任地区和单位 责任地方和单位 责任区域 分工 单位分工 职责分工 分工单位 分工部门 实施部门 执行单位 执行部门 落实主体 承接单位 承担部门 负责部门 责任 推进单位 组织单位 责任落实单位 责任处室单位 任务承担单位 主管单位 主管部门 责任科室 责任处室 责任单位及人员 完成部门"
)
_DEADLINE = (
    "完成时限 完成时间 时间节点 时间安排 时限要求 办结时限 截止时间 时间要求 完成期限 计划完成时间 时限 进度安排 期限 完成日期 完成节点 推进时限 "
    "工作时限 时间 进度要求 完成时间节点 时间进度 进度节点 落实时限 办理时限 截止日期 预计完成时间 时间期限 实施时间 实施期限 完成时点 节点 时间表 计划时间 完成时间要求 计划进度 实施进度 推进计划 工作进度 节点安排 起止时间 时序进度 时间计划 办结时间 达成时间 进度 时间进度安排 完成时限要求 序时进度"
)

WORDS: dict[Kind, dict[Role, str]] = {
    "indicators": {
        "number": _NUMBER,
        "dimension": "维度 领域 类别 一级指标 环境 板块 分类 指标类别 指标维度 指标类型 方面 评价维度 所属领域 类型 指标分类 所属类别 目标类别 大类 任务领域 重点领域 专题 维度名称 板块名称 模块 目标领域 任务板块 准则层 层面 环节",
        "name": "指标名称 指标 主要指标 二级指标 评价指标 具体指标 指标项 目标指标 核心指标 监测指标 量化指标 指标内容 三级指标 重点指标 指标名 考核指标 预期指标 评估指标 指标项目 工作指标 目标名称 目标项目 考核内容 考核项目 指标事项 四级指标 观测指标 项目 监测项目 主要目标 分项指标 指标（目标）",
        "unit": "单位 计量单位 指标单位 度量单位 量纲 计算单位 数量单位 数值单位",
        "target": "年目标值 目标值 年度目标 年目标 全年目标 目标 年度目标值 计划目标 全年目标值 指标值 目标数 计划值 预期目标 计划数 任务数 年度任务 目标数值 预期值 年度计划 年度计划值 年度指标值 年度任务数 工作目标 任务目标 目标任务 全年任务 全年计划 目标要求 达标值 标准值 年底目标 年末目标 基本目标 底线目标 计划 年度目标任务 目标（年） 预期目标值 考核目标 考核目标值 目标任务数 目标计划",
        "baseline": "上年值 基期值 上年完成值 现状值 上年实绩 上年完成 基础值 上年度值 基准值 去年完成值 完成值 年完成值 年实绩 年基数 基数",
        "frequency": "频度 监测频度 频次 监测周期 统计周期 报送频率 更新频率 周期 评价周期 统计频度 监测频率 报送周期 统计频率 频率 报送频度 数据频度 采集频度 更新周期 通报频次 更新频次 监测频次 报送频次 统计频次 采集频率 考核周期 调度频次 调度频率 数据周期",
        "lead": _LEAD,
        "responsible": _RESPONSIBLE,
        "cooperating": _COOPERATING,
        "deadline": _DEADLINE,
        "note": f"{_NOTE} {_OTHERS}",
    },
    "tasks": {
        "number": _NUMBER,
        "group": "重点任务 任务类别 主要任务 任务名称 重点领域 领域 类别 板块 分类 改革事项 目标任务 工作任务 任务 重点工作 工作事项 任务领域 事项 重点事项 一级任务 任务分类 "
        "项目 工作类别 任务事项 改革任务 任务板块 工作领域 专项 方面 工作目标 工作板块 重点改革任务 维度 改革领域 任务大类 大类 类型 攻坚任务 任务项",
        "measure": "工作举措 具体措施 主要举措 工作措施 具体任务 主要内容 重点举措 任务内容 改革举措 工作内容 具体内容 任务要求 工作要求 细化举措 落实举措 具体举措 推进举措 措施 举措 "
        "重点措施 主要措施 实施内容 任务描述 工作任务 二级任务 重点任务 主要任务 细化措施 政策措施 工作任务及措施 重点工作 内容 具体工作 重点工作任务 具体要求 重点内容 事项内容 任务举措 实施举措 改革内容 工作事项 任务分解 任务 细化任务 推进措施 落实措施 主要工作 目标任务 任务明细 创新举措 行动举措 攻坚举措 改革任务 改革事项 改革任务内容 任务事项 事项 任务名称 重点事项 工作任务内容 工作目标及措施 目标措施 主要工作内容 工作安排 具体事项 任务具体内容 重点改革任务 改革任务及举措 工作目标任务 主要工作任务 工作清单 任务安排 实施举措内容 推进内容 工作要点 要点 整改措施 任务和措施 目标要求 工作目标 具体安排 目标及举措",
        "responsible": _RESPONSIBLE,
        "lead": _LEAD,
        "cooperating": _COOPERATING,
        "deadline": _DEADLINE,
        "office": _OTHERS
        + " 责任处室 责任科室 承办处室 责任人 联系人 责任领导 分管领导 联络员 牵头领导 联系处室 责任股室 具体责任人 联系电话 牵头处室 省领导 主办处室 经办处室 负责人 包联领导",
        "note": _NOTE
        + " 成果形式 工作成果 标志性成果 预期成效 预期成果 目标成效 工作目标 完成标志 成果 目标 完成情况 进展情况 量化目标 输出成果 落实情况 工作进展",
    },
    "actions": {
        "number": _NUMBER,
        "name": "行动名称 专项行动 行动 专项行动名称 专班名称 改革项目 项目名称 改革事项 专项名称 攻坚行动 行动项目 专项 改革名称 任务名称 项目 攻坚项目 攻坚任务 改革专项 工程名称 行动计划 名称 行动事项 专项任务",
        "goal": "攻坚目标 工作目标 目标 行动目标 总体目标 改革目标 主要目标 目标任务 预期目标 目标要求 年度目标 专项目标 任务目标 目标内容 总体要求 预期成效 攻坚方向 目标定位",
        "targets": "主要指标 量化指标 核心指标 考核指标 预期指标 年度指标 指标 关键指标 目标指标 具体指标 指标目标 量化目标 重点指标 工作指标 主要目标指标 指标任务 量化任务 年度量化指标 目标值",
        "tasks": "重点任务 主要任务 重点工作 主要举措 重点举措 任务 工作任务 具体任务 攻坚任务 改革举措 工作举措 任务清单 重点工作任务 具体举措 主要措施 任务举措 行动任务 工作内容 主要内容 攻坚举措 重点内容 具体措施 工作措施",
        "lead": _LEAD,
        "responsible": _RESPONSIBLE,
        "cooperating": _COOPERATING,
        "deadline": _DEADLINE,
        "note": f"{_NOTE} {_OTHERS}",
    },
}
_WORDS: dict[Kind, dict[Role, list[str]]] = {
    k: {r: w.split() for r, w in roles.items()} for k, roles in WORDS.items()
}
_OF_KIND: dict[Kind, frozenset[str]] = {
    k: frozenset(w for words in roles.values() for w in words) for k, roles in _WORDS.items()
}
_ALL = sorted(
    {word for roles in _WORDS.values() for words in roles.values() for word in words if len(word) > 1}
)
_LETTERS = {word: frozenset(word) for word in _ALL}
_ALL_SET = frozenset(_ALL) | {"序", "号"}
_NOISE = re.compile(
    r"^(?:20\d\d年?|\d\d年|年度?)(?=[\u4e00-\u9fff])|[（(\[〔].*?[）)\]〕]|[:：/、\s\"“”]+$|^[\"“]"
)


def heading_word(text: str) -> str:
    """The heading without blanks, years and remarks in brackets."""
    plain = bare(fold(text))
    if len(plain) > 18:
        return ""
    short = _NOISE.sub("", plain)
    return short or plain


_YEAR = re.compile(r"^(20\d\d)(?:年度?)?(?:[（(].*[）)])?(?P<rest>[\u4e00-\u9fff]*)")
_QUARTERS = {"一": 3, "二": 6, "三": 9, "四": 12, "1": 3, "2": 6, "3": 9, "4": 12}


def heading_year(text: str) -> int | None:
    """The year a heading names: 2024年, 2024年目标, 2023年完成情况."""
    found = _YEAR.match(bare(fold(text)))
    return int(found[1]) if found else None


def period_end(text: str) -> int | None:
    """The last month of the period a heading names: 3 for 一季度, 5 for 5月; None for any other heading."""
    plain = bare(fold(text))
    if found := re.fullmatch(r"(?:20\d\d年)?第?([一二三四1-4])季度?", plain):
        return _QUARTERS[found[1]]
    if found := re.fullmatch(r"(?:20\d\d年)?(1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月份?", plain):
        return int(found[1]) if found[1].isdigit() else chinese_number(found[1])
    if found := re.fullmatch(r"(?:20\d\d年)?([上下])半年", plain):
        return 6 if found[1] == "上" else 12
    return 12 if re.fullmatch(r"(?:20\d\d年)?全年", plain) else None


_PART_OF_YEAR = re.compile(
    r"(?:20\d\d年?)?(?:第?[一二三四1-4]季度?|[上下]?半年|前?\d{1,2}月份?)(?:[末底]前?)?(?:累计)?(?:目标|计划|任务|指标|预期)?[值数]?"
)


def is_part_of_year(text: str) -> bool:
    """True for a heading of figures for less than a year: 上半年, 一季度目标."""
    return bool(_PART_OF_YEAR.fullmatch(bare(fold(text))))


# What the last word of a heading says, where the heading as a whole is not known: 整改时限, 负责司局, 突破事项.
_LAST_WORDS = (
    (re.compile(r"(?:时限|期限|时间|日期|节点|时点)$"), "完成时限"),
    (re.compile(r"^(?:牵头|主办|主责|总?负责牵头).*(?:司局|处室|单位|部门)$"), "牵头单位"),
    (re.compile(r"^(?:配合|协办|协同|参与|参加|协助|协作).*(?:司局|处室|单位|部门)$"), "配合单位"),
    (re.compile(r"(?:司局|处室|单位|部门)$"), "责任单位"),
    (re.compile(r"任务$"), "任务"),
    (re.compile(r"(?:举措|措施)$"), "举措"),
    (re.compile(r"事项$"), "事项"),
    (re.compile(r"(?:方向|领域|类别|板块)$"), "领域"),
)
_NO_LAST_WORD = re.compile(
    r"填[报表]|报送|统计|印发|发布|更新|联系|督[办查导]|考核|评价|验收|监[督测]|审[核批]|指导|备案|数据|来源|计量|开始|启动|上[一]?年|完成情况"
)


@lru_cache(maxsize=4096)
def by_last_word(word: str) -> str | None:
    """The plain heading that an unknown one ends in; None where its end says nothing."""
    if not 4 <= len(word) <= 8 or _NO_LAST_WORD.search(word):
        return None
    return next((plain for pattern, plain in _LAST_WORDS if pattern.search(word)), None)


@lru_cache(maxsize=16384)
def known_heading(text: str) -> str | None:
    """The known heading word that a cell shows, also when one character of it is damaged; else None."""
    word = heading_word(text)
    if not word:
        return None
    if re.search(r"上年|去年|上一年|基期|现状|实绩|基数|完成值|完成数|实际|已完成", word) and not re.search(
        r"目标|计划|时", word
    ):
        return "上年值"
    if word in _ALL_SET:
        return word
    if word.startswith("年") and word[1:] in _ALL_SET:
        return word[1:]
    if len(word) >= 3:
        letters = set(word)
        for known in _ALL:
            if abs(len(known) - len(word)) > 1 or len(letters & _LETTERS[known]) < len(_LETTERS[known]) - 2:
                continue
            if look_alike(word, known) or (len(known) >= 4 and distance(word, known, 1) == 1):
                return known
    for known in _ALL:
        if len(known) >= 4 and known in word and len(word) <= len(known) + 4:
            return known
    return None


def role_score(kind: Kind, role: Role, word: str) -> float:
    """How well a heading word fits a role in a kind of table: 0 (not) to 3 (its usual word)."""
    words = _WORDS[kind].get(role, [])
    if word not in words:
        plain = None if word in _OF_KIND[kind] else by_last_word(word)
        return max(0.2, 2.0 - 1.2 * words.index(plain) / len(words)) if plain in words else 0.0
    return 3.0 - 1.2 * words.index(word) / max(len(words), 1)


def glued_headings(text: str) -> list[str]:
    """Known heading words that stand at the start of a text with nothing between them."""
    rest, words = text.strip()[:80], []
    while word := next((rest[:n] for n in range(min(12, len(rest)), 1, -1) if rest[:n] in _ALL_SET), ""):
        words.append(word)
        rest = rest[len(word) :]
    return words


def is_heading_row(texts: list[str]) -> bool:
    """True when at least two cells are heading words and nothing else stands in the row but short text."""
    filled = [t for t in texts if t.strip()]
    if len(filled) < 2 or any(len(bare(t)) > 18 for t in filled):
        return False
    known = sum(1 for t in filled if known_heading(t))
    times = sum(1 for t in filled if not known_heading(t) and (period_end(t) or _bare_year(t)))
    if times >= 2 and times + known == len(filled):
        return True
    ends = sum(1 for t in filled if not known_heading(t) and by_last_word(heading_word(t)))
    return known >= 2 and known + times + ends >= 0.6 * len(filled)


def _bare_year(text: str) -> bool:
    return bool(re.fullmatch(r"20\d\d年?(?:[（(].{1,8}[）)])?", bare(fold(text))))
