"""How well a text suits a kind of column: numbers look like numbers, deadlines like deadlines."""

from __future__ import annotations

import re
from functools import lru_cache

from .characters import CIRCLED, bare, chinese_number, fold, plain_digits
from .deadlines import read_deadline
from .figures import read_number_cell
from .headers import Role
from .units import looks_like_unit, unit_share

_NUMBER = re.compile(r"^[（(\[]?\s*(\d{1,3})\s*[)）\].．、,，]?$")
_CHINESE = re.compile(r"^[（(]?\s*([一二三四五六七八九十百零〇]{1,5})\s*[)）.．、]?$")
_FREQUENCY = re.compile(
    r"^(?:每|按)?(?:月度?|季度?|年度?|半年度?|周|旬|日|实时|个月|双月|两月|半月)(?:度|报|末|一次|1次|更新|监测|通报|统计)?$|^(?:月|季|年|周|旬|日)报?$|^(?:实时|动态|不定期|定期)$"
)
_MEASURE_UNIT = re.compile(
    r"^(?:[十百千万亿]{0,2}(?:元|美元|千瓦时|千瓦|兆瓦|吨|公斤|千克|克|毫克|微克|升|立方米|平方米|平方公里|平方千米|公里|千米|米|厘米|毫米|公顷|亩|人次|人天|人|"
    r"户次|户|家次|家|件次|件|场次|场|项次|项|个百分点|百分点|个工作日|工作日|个自然日|个小时|小时|分钟|秒|个月|天|日|周|月|年|期|岁|次|批次|批|车次|架次|艘次|列次|标准箱|标箱|"
    r"标准煤|吨标准煤|标台|个|列|辆|条|分|位|名|起|套|款|种|类|倍|所|座|宗|例|对|班|篇|台|本|艘|张|份|卷|支|只|部|处|间|栋|幢|块|株|头|羽|枚|册|首|门|口|眼|站|点|片|村|镇|城|"
    r"县|市|区|园|校|馆|院|队|团|层|级|档|星|度|页|字|盏|根|杆|桶|筐|床|TEU|MW|GW|kW|kWh|PB|TB|P|G|M|EFLOPS|PFLOPS)|[十百千万亿]{1,2}|%|％|‰|/|／|-|—|无|指数|℃|分贝|dB)"
    r"(?:[/／每](?:[十百千万亿]{0,2}[\u4e00-\u9fffA-Za-z]{1,4}))?$"
)
_SENTENCE_END = re.compile(r"[。；;！]$")
_VERBS = re.compile(
    r"推进|推动|建立|健全|完善|加强|加快|强化|开展|实施|落实|优化|深化|制定|出台|建设|打造|探索|构建|提升|拓展|组织|支持|鼓励|引导|规范|"
    r"编制|梳理|明确|统筹|聚焦|围绕|依托|发挥|培育|发布|印发|搭建|升级|迭代|实现|持续|全面|选配|通过|用好|贯彻|推广|举办|完成|做好|形成|力争|"
    r"试点|做优|组建|贯通|设立|清理|整合|简化|压缩|扩大|保障|督促|修订|创新|改革|举措"
)


def read_row_number(text: str) -> tuple[int, bool] | None:
    """(number, repaired) of a numbering cell: 1, 1., （1）, ①, 一, l5; None when it is not a number."""
    plain = bare(fold(text))
    if not plain or len(plain) > 7:
        return None
    if plain in CIRCLED:
        return CIRCLED[plain], False
    if m := _NUMBER.match(plain):
        return int(m[1]), False
    if m := _CHINESE.match(plain):
        value = chinese_number(m[1])
        return (value, False) if value is not None else None
    fixed = plain_digits(plain)
    if (m := _NUMBER.match(fixed)) and re.search(r"\d|[lIOo|]", plain):
        return int(m[1]), True
    return None


def is_frequency(text: str) -> bool:
    """True for 月度, 每季度, 实时 and the like."""
    return bool(_FREQUENCY.match(bare(fold(text))))


def is_measure_unit(text: str) -> bool:
    """True for %, 亿元, 家 and the like, and `/` for none."""
    plain = bare(fold(text))
    return bool(plain) and bool(_MEASURE_UNIT.match(plain))


@lru_cache(maxsize=65536)
def fit(role: Role, text: str) -> float:
    """Suitability of a text for a column: +2 certain, 0 neutral, below 0 it does not belong there."""
    plain = bare(text)
    if not plain:
        return _BLANK.get(role, -0.4)
    return _FITS[role](text, plain)


_BLANK: dict[str, float] = {
    "number": -0.6,
    "measure": -1.2,
    "name": -1.2,
    "responsible": -0.6,
    "lead": -0.6,
    "cooperating": -0.1,
    "deadline": -0.6,
    "target": -0.8,
    "unit": -0.4,
    "frequency": -0.6,
    "group": 0.0,
    "dimension": 0.0,
    "note": 0.1,
    "office": 0.0,
    "goal": -0.4,
    "targets": -0.3,
    "tasks": -0.5,
    "baseline": 0.0,
}


def _number(text: str, plain: str) -> float:
    read = read_row_number(text)
    return -2.0 if read is None else 1.5 if read[1] else 2.0


def _deadline(text: str, plain: str) -> float:
    if len(plain) > 40 or plain.isdigit():
        return -2.0
    read = read_deadline(text, 2000)
    if read:
        return 1.6 if read.repaired else 2.0
    if len(plain) <= 24 and re.search(r"\d+月|20\d\d|年底|季度|持续|长期|[O\d]{2,4}年", plain):
        return 0.3
    return -1.5 if len(plain) > 12 else -0.8


_DUTY_WORDS = re.compile(
    r"(?:等)?(?:按(?:照)?(?:各自)?(?:职责|分工|职责分工))?(?:共同|联合|分别|具体|统筹|协同)?(?:牵头|配合|参与|参加|协办|主办|协助|负责)(?:负责|落实|实施|推进)?(?=[，,；;。、\s]|$)|会同|"
    r"(?:牵头|配合|责任|主办|协办|参与|参加|协同|主责|承办)(?:单位|部门)?[:：]"
)


def _units(text: str, plain: str) -> float:
    if plain in ("/", "-", "—", "无", "／"):
        return 0.8
    if "。" in plain.rstrip("。") or read_row_number(text) or _deadline(text, plain) > 1:
        return -2.0
    text = _DUTY_WORDS.sub("、", text).strip("、，,；;。 ")
    share = max(unit_share(text), unit_share(plain) if "\n" in text else 0.0)
    if share >= 0.99 and len(plain) <= 8 * (1 + sum(plain.count(c) for c in "、，,；;")) + 16:
        return 2.0
    if share < 0.5 and (len(plain) > 40 or _VERBS.search(plain)):
        return -1.8
    if share >= 0.5:
        return 2.0 * share - 0.2
    return -0.6


def _long(text: str, plain: str) -> float:
    if read_row_number(text) or _deadline(text, plain) > 1 or plain.isdigit() or is_frequency(text):
        return -2.0
    score = 0.0
    if len(plain) >= 14:
        score += 0.8
    elif len(plain) < 5:
        score -= 1.0
    if _SENTENCE_END.search(plain):
        score += 0.8
    if _VERBS.search(plain):
        score += 0.4
    if _units(text, plain) >= 1.6 and not _SENTENCE_END.search(plain):
        score -= 2.4
    return max(-2.0, min(score, 2.0))


def _short(text: str, plain: str) -> float:
    if (
        read_row_number(text)
        or _deadline(text, plain) > 1
        or plain.isdigit()
        or is_frequency(text)
        or plain in "/-—%"
    ):
        return -2.0
    if re.fullmatch(
        r"[A-Za-z]{0,3}[\d.．\-—、（）()]+", plain
    ):  # 1.1, 2-3: a number of its own kind, not a name
        return -2.0
    score = 1.0 if len(plain) <= 26 else 0.2 if len(plain) <= 40 else -1.2
    if "。" in plain or "；" in plain:
        score -= 1.2
    if _units(text, plain) >= 1.6 and not _VERBS.search(plain):
        score -= 1.2
    if is_measure_unit(text) or len(plain) == 1:
        score -= 1.5
    return score


def _name(text: str, plain: str) -> float:
    if is_measure_unit(text) or read_number_cell(text):
        return -2.0
    return (
        _short(text, plain) if len(plain) <= 26 else 0.6 if len(plain) <= 60 and "。" not in plain else -1.0
    )


_TARGET_WORDS = re.compile(
    r"高于|低于|优于|快于|前列|第一|首位|完成|增长|全覆盖|位居|提升|下降|提高|降低|持平|稳定|保持|达标|达到|只[升降增减]|不[升降增减低高少超断]|[升降增减]$|逐[年步]|清零|为零|"
    r"零[\u4e00-\u9fff]|全面|全部|明显|优秀|良好|合格|以上$|以内$|争[创取先]|力争|同步|平均|领先|进位"
)


def _target(text: str, plain: str) -> float:
    if re.fullmatch(r"\d{7,}|\d{3,4}-\d{7,8}", plain):  # a telephone number
        return -1.5
    if read_number_cell(text):
        return 2.0
    if is_frequency(text) or is_measure_unit(text):
        return -1.5
    if re.search(r"\d", plain_digits(plain)) and len(plain) <= 20:
        return 0.5
    return 0.3 if len(plain) <= 20 and _TARGET_WORDS.search(plain) else -1.5


def _unit(text: str, plain: str) -> float:
    if is_measure_unit(text):
        return 2.0
    if read_number_cell(text) or is_frequency(text):
        return -2.0
    return 0.0 if len(plain) <= 4 and not looks_like_unit(plain) else -1.5


def _frequency(text: str, plain: str) -> float:
    return 2.0 if is_frequency(text) else -2.0 if len(plain) > 6 or read_number_cell(text) else -0.8


def _goal(text: str, plain: str) -> float:
    base = _long(text, plain)
    return base - 0.6 if re.match(r"^(?:<[^>]*>)*\s*1\s*[.．、]", text) else base


def _listed(text: str, plain: str) -> float:
    base = _long(text, plain)
    return min(2.0, base + 0.5) if re.match(r"^(?:<[^>]*>)*\s*(?:1\s*[.．、]|[（(]1[)）]|①)", text) else base


def _targets(text: str, plain: str) -> float:
    base = _listed(text, plain)
    return (
        base + 0.3
        if re.search(r"\d\s*(?:%|[\u4e00-\u9fff])", re.sub(r"(?:^|[。；\s])\d+[.．、]", "", text))
        else base - 0.1
    )


def _tasks(text: str, plain: str) -> float:
    return _listed(text, plain) + (0.2 if len(plain) > 80 else 0.0)


def _note(text: str, plain: str) -> float:
    return 0.1


def _office(text: str, plain: str) -> float:
    if read_row_number(text) or _deadline(text, plain) > 1 or len(plain) > 40:
        return -1.5
    return 1.0 if re.search(r"处|科|室|股", plain) or re.match(r"^[\u4e00-\u9fff]{2,4}$", plain) else -0.2


def _baseline(text: str, plain: str) -> float:
    return 1.0 if read_number_cell(text) else -0.5


_FITS = {
    "number": _number,
    "deadline": _deadline,
    "responsible": _units,
    "lead": _units,
    "cooperating": _units,
    "measure": _long,
    "group": _short,
    "dimension": _short,
    "name": _name,
    "unit": _unit,
    "target": _target,
    "frequency": _frequency,
    "goal": _goal,
    "targets": _targets,
    "tasks": _tasks,
    "note": _note,
    "office": _office,
    "baseline": _baseline,
}
