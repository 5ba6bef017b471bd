"""Usual names of government and party bodies at any level, without their place: what a damaged name may have been."""

from __future__ import annotations

import re
from functools import lru_cache

from .characters import distance, look_alike

# Stems common to provinces, cities and counties; written as they stand after 省, 市, 县, 区 or 自治区.
_STEMS = [
    "委办公厅",
    "委办公室",
    "委组织部",
    "委宣传部",
    "委统战部",
    "委政法委",
    "委改革办",
    "委网信办",
    "委编办",
    "委军民融合办",
    "委金融办",
    "委社会工作部",
    "委外办",
    "委台办",
    "委农办",
    "委人才办",
    "委党校",
    "委老干部局",
    "委巡视办",
    "委保密办",
    "委机要局",
    "委财经办",
    "委依法治省办",
    "委依法治市办",
    "委依法治县办",
    "委依法治区办",
    "委国安办",
    "委直属机关工委",
    "委政研室",
    "委督查室",
    "纪委监委",
    "纪委",
    "监委",
    "纪委监委机关",
    "纪委机关",
    "人大常委会",
    "人大常委会办公厅",
    "人大常委会办公室",
    "人大法工委",
    "人大财经委",
    "政协",
    "政协办公厅",
    "政协办公室",
    "政府办公厅",
    "政府办公室",
    "政府办",
    "政府研究室",
    "法院",
    "检察院",
    "高级人民法院",
    "中级人民法院",
    "人民检察院",
    "军区",
    "军分区",
    "发展改革委",
    "发改委",
    "发展和改革委员会",
    "发展改革局",
    "发改局",
    "经济和信息化厅",
    "经济和信息化局",
    "经济和信息化委",
    "经信厅",
    "经信局",
    "经信委",
    "工业和信息化厅",
    "工业和信息化局",
    "工信厅",
    "工信局",
    "教育厅",
    "教育局",
    "科技厅",
    "科技局",
    "科学技术厅",
    "科学技术局",
    "民族宗教委",
    "民宗委",
    "民宗局",
    "公安厅",
    "公安局",
    "国家安全厅",
    "国安局",
    "民政厅",
    "民政局",
    "司法厅",
    "司法局",
    "财政厅",
    "财政局",
    "人力资源社会保障厅",
    "人力资源社会保障局",
    "人力资源和社会保障厅",
    "人力资源和社会保障局",
    "人力社保厅",
    "人力社保局",
    "人社厅",
    "人社局",
    "自然资源厅",
    "自然资源局",
    "自然资源和规划局",
    "规划和自然资源局",
    "生态环境厅",
    "生态环境局",
    "住房城乡建设厅",
    "住房城乡建设局",
    "住房和城乡建设厅",
    "住房和城乡建设局",
    "住建厅",
    "住建局",
    "建设厅",
    "建设局",
    "建委",
    "住房城乡建设委",
    "交通运输厅",
    "交通运输局",
    "交通厅",
    "交通局",
    "水利厅",
    "水利局",
    "水务局",
    "农业农村厅",
    "农业农村局",
    "农业农村委",
    "商务厅",
    "商务局",
    "商务委",
    "文化和旅游厅",
    "文化和旅游局",
    "文化广电旅游局",
    "文化广电和旅游局",
    "文旅厅",
    "文旅局",
    "卫生健康委",
    "卫生健康局",
    "卫健委",
    "卫健局",
    "退役军人事务厅",
    "退役军人事务局",
    "退役军人局",
    "应急管理厅",
    "应急管理局",
    "应急厅",
    "应急局",
    "审计厅",
    "审计局",
    "国资委",
    "市场监管局",
    "市场监督管理局",
    "市场监管委",
    "广电局",
    "体育局",
    "统计局",
    "医保局",
    "医疗保障局",
    "乡村振兴局",
    "粮食和物资储备局",
    "粮食和储备局",
    "粮食局",
    "能源局",
    "林业局",
    "林草局",
    "林业和草原局",
    "海洋局",
    "海洋渔业局",
    "海洋与渔业局",
    "药监局",
    "药品监管局",
    "药品监督管理局",
    "知识产权局",
    "地方金融监管局",
    "地方金融管理局",
    "金融局",
    "金融办",
    "金融工作局",
    "信访局",
    "机关事务局",
    "机关事务管理局",
    "机关事务管理中心",
    "数据局",
    "大数据局",
    "大数据管理局",
    "大数据发展局",
    "大数据发展管理局",
    "大数据中心",
    "数据资源局",
    "数据管理局",
    "政务服务办",
    "政务服务局",
    "政务服务管理局",
    "政务服务和数据管理局",
    "政务服务数据管理局",
    "行政审批局",
    "营商环境局",
    "营商局",
    "营商办",
    "公共资源交易中心",
    "公共资源交易局",
    "公共资源交易管理局",
    "外办",
    "外事办",
    "侨办",
    "台办",
    "港澳办",
    "研究室",
    "参事室",
    "人防办",
    "国防动员办",
    "供销社",
    "供销联社",
    "税务局",
    "气象局",
    "地震局",
    "邮政管理局",
    "通信管理局",
    "消防救援总队",
    "消防救援支队",
    "总工会",
    "团委",
    "共青团",
    "妇联",
    "科协",
    "侨联",
    "文联",
    "作协",
    "社科联",
    "残联",
    "贸促会",
    "工商联",
    "红十字会",
    "法学会",
    "计生协",
    "记协",
    "律师协会",
    "律协",
    "红十字会",
    "仲裁委",
    "烟草专卖局",
    "盐务局",
    "投资促进局",
    "招商局",
    "投促局",
    "口岸办",
    "口岸局",
    "综合执法局",
    "综合行政执法局",
    "城市管理局",
    "城市管理和综合执法局",
    "城管局",
    "城管委",
    "城市管理委",
    "园林局",
    "园林和林业局",
    "园林绿化局",
    "文物局",
    "档案局",
    "档案馆",
    "地方志办",
    "社科院",
    "科学院",
    "农科院",
    "疾控局",
    "中医药局",
    "监狱局",
    "戒毒局",
    "扶贫办",
    "移民局",
    "民航局",
    "铁路局",
    "海事局",
    "企服中心",
    "企业服务中心",
    "行政服务中心",
    "政务服务中心",
    "就业中心",
    "公积金中心",
    "住房公积金管理中心",
    "国投公司",
    "交通集团",
    "能源集团",
    "机场集团",
    "海港集团",
    "国资运营公司",
    "银保监局",
    "证监局",
    "广播电视局",
    "新闻出版局",
    "版权局",
    "电影局",
    "民营经济局",
    "民营经济发展局",
    "中小企业局",
    "行政复议局",
    "社会信用办",
    "信用办",
    "中小企业服务中心",
    "产业研究院",
    "人民政府",
    "政府",
    "党委",
    "商务和投资促进局",
    "经贸局",
    "农经局",
    "农水局",
    "文体局",
    "文广旅体局",
    "文旅体局",
    "教体局",
    "教育体育局",
    "科学技术和工业信息化局",
    "科工信局",
    "工信和科技局",
    "经济发展局",
    "经济贸易局",
    "交运局",
    "住保局",
    "房管局",
    "环保局",
    "园区管委会",
    "管委会",
    "开发区管委会",
]
_STEM_SET = frozenset(_STEMS)
_BY_LENGTH: dict[int, list[str]] = {}
for _stem in _STEM_SET:
    _BY_LENGTH.setdefault(len(_stem), []).append(_stem)
_LETTERS = frozenset(
    "".join(_STEM_SET)
    + "省市县区州盟旗自治国家各级有关部门单位等其他和及业务主管乡镇街道村社区企人民银行中央总分支队处科室所站局院校集团公司协会商学研究中心党群直属机关"
)
_PLACE = re.compile(
    r"^(省|市|县|区|自治区|自治州|州|兵团|全省|各市|各县|[\u4e00-\u9fff]{1,6}?(?:省|市|县|区|州|盟|旗))(?=.{2,})"
)


@lru_cache(maxsize=8192)
def split_place(name: str) -> tuple[str, str]:
    """`杭州市财政局` -> (杭州市, 财政局); the place is empty when none is written."""
    plain = re.sub(r"[（(].*$", "", name)
    for match in (re.match(r"^(省|市|县|区|自治区党|自治区|自治州|州|盟|旗)", plain), _PLACE.match(plain)):
        if match and plain[match.end() :] in _STEM_SET:
            return match.group(), plain[match.end() :]
    match = re.match(r"^(自治区党(?=.)|自治区|自治州|省|市|县|区|州|盟|旗)", plain) or _PLACE.match(plain)
    return (match.group(), plain[match.end() :]) if match else ("", plain)


def is_usual(name: str) -> bool:
    """True for a place (or none) with a usual body's stem."""
    return split_place(name)[1] in _STEM_SET


@lru_cache(maxsize=8192)
def usual_form(name: str) -> str | None:
    """The usual name that `name` is a scanner's misreading of: one stem alone lies one character away."""
    place, stem = split_place(name)
    if stem in _STEM_SET or len(stem) < 2:
        return None
    tail = name[len(place) + len(stem) :]
    alike = [s for s in _BY_LENGTH.get(len(stem), ()) if look_alike(stem, s)]
    if len(alike) == 1:
        return place + alike[0] + tail
    if len(stem) < 3 or not place:
        return None
    near = [s for s in _BY_LENGTH.get(len(stem), ()) if distance(stem, s, 1) == 1]
    if len(near) == 1 and _strange(stem, near[0]):
        return place + near[0] + tail
    return None  # a body of another place may well differ by one usual character


_RANKS = frozenset(
    "厅局委办院会部室处中心司署社行队站所馆校团"
)  # a body's last character; bodies of other places have other ranks


@lru_cache(maxsize=8192)
def near_usual(name: str) -> str | None:
    """A usual name one character away, for asking; `usual_form` is the one that may be put in its place."""
    place, stem = split_place(name)
    if stem in _STEM_SET or len(stem) < 3 or not place:
        return None
    alike = (s for s in _BY_LENGTH.get(len(stem), ()) if s[-1] == stem[-1] or stem[-1] not in _RANKS)
    near = sorted(s for s in alike if distance(stem, s, 1) == 1)
    return place + near[0] if near else None


def _strange(stem: str, other: str) -> bool:
    """True when the differing character is one that no usual name has."""
    return any(a != b and a not in _LETTERS for a, b in zip(stem, other, strict=True))


def strange_letters(name: str) -> list[str]:
    """Characters of a body's name that no usual body's name has."""
    return [c for c in split_place(name)[1] if c not in _LETTERS and "\u4e00" <= c <= "\u9fff"]
