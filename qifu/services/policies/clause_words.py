"""The words by which clauses name facts, their values, places, industries and rules; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from django.conf import settings

from qifu.engines.rules.leaf_words import squeeze
from qifu.engines.rules.site_book import site_places
from qifu.registers.enterprises import industry
from qifu.registers.enterprises.fact_book import Fact, fact_book

Kind = Literal["number", "day", "flag", "choice", "honour", "place", "industry", "rule"]

OTHER_WORDS: Mapping[str, str] = {
    "职工人数": "从业人数", "员工人数": "从业人数", "员工总数": "从业人数", "用工人数": "从业人数", "员工": "从业人数", "在职员工": "从业人数",
    "年营业收入": "营业收入", "年销售收入": "营业收入", "销售收入": "营业收入", "年营收": "营业收入", "营收": "营业收入", "年销售额": "营业收入", "销售额": "营业收入",
    "研发投入": "研发费用", "研究开发费用": "研发费用", "研究开发费": "研发费用", "研发经费": "研发费用", "研发支出": "研发费用", "R&D经费": "研发费用",
    "研发投入强度": "研发费用占营业收入比", "研发强度": "研发费用占营业收入比", "研发投入占比": "研发费用占营业收入比", "研发费用占比": "研发费用占营业收入比",
    "发明专利": "有效发明专利数", "有效发明专利": "有效发明专利数", "授权发明专利": "有效发明专利数", "软件著作权": "软件著作权数", "软著": "软件著作权数",
    "缴纳社会保险人数": "参保人数", "社保缴纳人数": "参保人数", "参加社会保险人数": "参保人数", "社会保险参保人数": "参保人数", "参保职工": "参保人数",
    "缴纳税收": "实缴税收", "入库税收": "实缴税收", "税收贡献": "实缴税收", "纳税总额": "实缴税收", "纳税额": "实缴税收", "税收收入": "实缴税收", "实缴税金": "实缴税收",
    "设备投资": "设备投资额", "设备投入": "设备投资额", "生产设备投资": "设备投资额", "固定资产投资": "固定资产投资额", "固定资产投入": "固定资产投资额",
    "技术改造投资": "技术改造投入", "技改投资": "技术改造投入", "技术合同": "技术合同成交额", "研发人员": "研发人员数", "科技人员": "科技人员数",
    "高技能人才": "高技能人才数", "博士": "博士人数", "残疾人职工": "残疾职工人数", "残疾职工": "残疾职工人数", "安置残疾人": "残疾职工人数",
    "自主就业退役士兵": "招用自主就业退役士兵人数", "脱贫人口": "招用脱贫人口人数", "综合能耗": "综合能源消费量", "总资产": "资产总额", "出口": "出口额", "自营出口额": "出口额", "负债率": "资产负债率",
    "国家标准": "近五年主导制定标准数", "股权融资": "近三年新增股权融资额", "职工教育经费": "职工教育经费", "销售收入增长": "营业收入增长率",
    "规模以上工业企业": "规上企业", "规模以上企业": "规上企业", "规模以上": "规上企业", "法人资格": "具有法人资格", "独立法人资格": "具有法人资格", "企业法人": "具有法人资格",
    "经营异常名录": "列入经营异常名录", "异常经营名录": "列入经营异常名录", "经营异常名单": "列入经营异常名录", "严重违法失信名单": "列入严重违法失信名单", "严重违法失信企业名单": "列入严重违法失信名单",
    "严重失信主体名单": "列入严重违法失信名单", "严重失信": "列入严重违法失信名单", "失信被执行人名单": "失信被执行人", "欠税": "欠缴税款", "拖欠税款": "欠缴税款",
    "拖欠工资": "拖欠职工工资", "欠薪": "拖欠职工工资", "拖欠农民工工资": "拖欠职工工资", "骗税": "近36个月骗税或虚开发票", "骗取出口退税": "近36个月骗税或虚开发票", "虚开增值税专用发票": "近36个月骗税或虚开发票",
    "重大安全": "近一年重大安全质量事故或严重环境违法", "安全生产事故": "近一年重大安全质量事故或严重环境违法", "重大质量事故": "近一年重大安全质量事故或严重环境违法", "环境违法": "近一年重大安全质量事故或严重环境违法",
    "研发机构": "建有研发机构", "限制类": "从事国家限制或禁止行业", "限制或禁止行业": "从事国家限制或禁止行业", "限制和禁止行业": "从事国家限制或禁止行业", "缴纳失业保险": "参加失业保险", "省级质量奖": "获得省级质量奖",
    "财务会计制度健全": "会计核算健全", "财务制度健全": "会计核算健全", "会计核算健全": "会计核算健全", "自主品牌": "拥有自主品牌", "战略性新兴产业": "战略性新兴产业",
    "专精特新企业": "专精特新中小企业", "小巨人企业": "专精特新小巨人企业", "小巨人": "专精特新小巨人企业", "单项冠军": "制造业单项冠军企业", "高企": "高新技术企业", "隐形冠军": "隐形冠军企业",
    "技术先进型服务企业": "技术先进型服务企业", "孵化器": "省级或国家级科技企业孵化器", "中华老字号": "老字号", "国家级绿色工厂": "绿色工厂",
}  # fmt: skip
"""What clauses call a fact beside its label and aliases."""
OTHER_RULES: Mapping[str, str] = {"小微企业": "小型微型企业", "小型微利企业": "小型微利企业", "中小微企业": "中小企业", "小型微型企业": "小型微型企业", "中小企业": "中小企业"}  # fmt: skip
OTHER_VALUES: Mapping[str, tuple[str, str]] = {"查账征收": ("企业所得税征收方式", "查账征收"), "主板上市": ("上市状态", "境内上市"), "新三板": ("上市状态", "新三板挂牌")}  # fmt: skip
_DIGITS = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_TENS = {"十": 10, "百": 100, "千": 1000}
_HAN = re.compile(
    r"[零〇一二两三四五六七八九十百千万亿]*[零〇一二两三四五六七八九十][百千万亿]*(?=个?(?:万元|亿元|元|人|名|年|周年|件|项|家|次|月|倍|会计年度|百分点|平方米))"
)
_NO_NAMES = {"企业", "其他", "一级", "二级", "三级", "未评估", "市级", "省级", "存续"}


@dataclass(frozen=True)
class Found:
    """A word of a clause: where it stands, what it names (`line`: as a rule writes it), the fact's id, its unit."""

    start: int
    end: int
    kind: Kind
    line: str
    fact: str = ""
    unit: str = ""
    exact: bool = True


@dataclass(frozen=True, eq=False)
class Words:
    """Everything that can be named, by its word."""

    named: Mapping[str, Found]
    longest: int
    labels: frozenset[str]
    choices: Mapping[str, tuple[str, ...]]
    label_of: Mapping[str, str]

    def find(self, piece: str) -> list[Found]:
        """Return what a piece names, longest words first at each place, none within another."""
        found, start, graded = list[Found](), 0, ""
        while start < len(piece):
            one = self._at(piece, start)
            if one is None and graded:
                grade = next((word for word in self.choices[graded] if piece.startswith(word, start)), "")
                one = Found(start, start + len(grade), "choice", grade, graded) if grade else None
            if one is None:
                start += 1
                continue
            if one.kind == "choice" and not one.line:  # the name of a choice fact: its grades may follow
                graded = one.fact
            else:
                found.append(one)
            start = one.end
        return found

    def _at(self, piece: str, start: int) -> Found | None:
        for length in range(min(self.longest, len(piece) - start), 1, -1):
            known = self.named.get(piece[start : start + length])
            if known is not None:
                return Found(start, start + length, known.kind, known.line, known.fact, known.unit, known.exact)  # fmt: skip
        return None


@lru_cache(maxsize=2)
def clause_words(rules: tuple[str, ...]) -> Words:
    """Return the words, with the titles of the site's rules."""
    named: dict[str, Found] = {}
    facts = {fact.label: fact for fact in fact_book().facts.values()}
    for code, name in industry.names().items():
        if len(name) >= 3 and name.endswith("业") and len(code) <= 3:
            named.setdefault(squeeze(name), Found(0, 0, "industry", name))
    for name in _places():
        named[name] = Found(0, 0, "place", name)
    for title in rules:
        named[squeeze(title)] = Found(0, 0, "rule", title)
    for word, title in OTHER_RULES.items():
        if title in rules:
            named[word] = Found(0, 0, "rule", title)
    for fact in facts.values():
        for word in (fact.label, *fact.aliases):
            _name_fact(named, word, fact, exact=True)
        if fact.type == "choice":
            for choice in fact.choices:
                if len(choice) >= 4 and choice not in _NO_NAMES:
                    named.setdefault(squeeze(choice), Found(0, 0, "choice", choice, fact.id))
    for word, label in OTHER_WORDS.items():
        if label in facts:
            _name_fact(named, word, facts[label], exact=False)
    for word, (label, value) in OTHER_VALUES.items():
        if label in facts and value in facts[label].choices:
            named[word] = Found(0, 0, "choice", value, facts[label].id)
    choices = {fact.id: fact.choices for fact in facts.values() if fact.type == "choice"}
    return Words(
        named, max(map(len, named)), frozenset(facts), choices, {f.id: f.label for f in facts.values()}
    )


def _name_fact(named: dict[str, Found], word: str, fact: Fact, *, exact: bool) -> None:
    plain = arabic(word)
    if fact.is_number:
        named[plain] = Found(0, 0, "number", fact.label, fact.id, fact.unit, exact)
    elif fact.type in ("flag", "honour"):
        kind: Kind = "flag" if fact.type == "flag" else "honour"
        for name in (plain, plain.removeprefix("列入"), plain.removeprefix("建有")):
            if len(name) > 2 or (name == plain and not exact):
                named[name] = Found(0, 0, kind, fact.label, fact.id, "", exact)
    elif fact.type == "choice":
        named.setdefault(plain, Found(0, 0, "choice", "", fact.id))


def _places() -> list[str]:
    book = site_places(Path(settings.PROVINCE_DIR)).book
    rows = () if book is None else book.rows
    return [row.name for row in rows if row.kind != "functional_area" and row.effective_to is None]


def arabic(text: str) -> str:
    """Return the text without blanks, in half width, its numbers in digits: 三百人 -> 300人, 百分之三 -> 3%."""
    plain = re.sub(r"^[(（]?[一二三四五六七八九十0-9]{1,3}[)）、.]", "", squeeze(text))
    plain = re.sub(
        r"百分之([零〇一二两三四五六七八九十百]+|[0-9.]+)", lambda m: f"{_plain_number(m[1])}%", plain
    )
    return _HAN.sub(lambda m: _plain_number(m[0]), plain)


def _plain_number(word: str) -> str:
    if re.fullmatch(r"[0-9.]+", word):
        return word
    if len(word) > 1 and word[-1] in "万亿":
        return _plain_number(word[:-1]) + word[-1]
    total = section = digit = 0
    for mark in word:
        if mark in _DIGITS:
            digit = _DIGITS[mark]
        elif mark in _TENS:
            section += (digit or 1) * _TENS[mark]
            digit = 0
        else:
            total = (total + section + digit) * (10**4 if mark == "万" else 10**8)
            section = digit = 0
    return str(total + section + digit)
