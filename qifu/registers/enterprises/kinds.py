"""Which kind of entity an enterprise is and how it stands, from free text, from the name or from the code; pure.

Kinds follow 市场主体登记管理条例 (国务院令第746号) art. 2 and the first two characters of GB 32100-2015.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

KINDS = {
    "limited_company": "有限责任公司",
    "company_by_shares": "股份有限公司",
    "sole_proprietorship": "个人独资企业",
    "partnership": "合伙企业",
    "state_owned": "全民所有制企业",
    "collective": "集体所有制企业",
    "foreign_invested": "外商投资企业（非公司）",
    "branch": "分支机构",
    "individual_business": "个体工商户",
    "farmers_cooperative": "农民专业合作社",
    "village_collective": "农村集体经济组织",
    "social_organisation": "社会组织",
    "public_body": "机关、事业单位",
    "representative_office": "外国企业常驻代表机构",
    "other": "其他",
    "unknown": "未知",
}
STATUSES = {
    "in_operation": "存续",
    "suspended": "歇业",
    "revoked": "吊销",
    "deregistered": "注销",
    "cancelled": "撤销",
    "moved_out": "迁出",
    "in_liquidation": "清算",
    "unknown": "未填",
}
INVESTMENTS = {"foreign": "外商投资", "hong_kong_macao_taiwan": "港澳台投资", "": "未注明"}

BLANKS = frozenset(("", "-", "--", "—", "——", "/", "\\", "无", "暂无", "空", "未知", "不详", "未填", "未公示", "null", "none", "nan", "n/a", "na", "#n/a", r"\n", "(null)", "<null>", "nil", "nat"))  # fmt: skip
"""What people and programs write into a cell that has nothing to say."""
LONGEST_BLANK = 12

# In this order: the first that stands in the text decides.
_KIND_WORDS = (
    ("representative_office", ("代表机构", "代表处")),
    ("branch", ("分公司", "分支机构", "分店", "营业部", "非法人", "办事处", "分厂", "分社")),
    ("individual_business", ("个体工商户", "个体户", "个体经营", "个体")),
    ("farmers_cooperative", ("农民专业合作", "专业合作社", "农民合作社", "合作社联合社")),
    ("village_collective", ("经济合作社", "股份经济合作", "集体经济组织", "经济联合社", "村集体")),
    (
        "social_organisation",
        ("民办非企业", "社会团体", "社会服务机构", "基金会", "社会组织", "宗教活动场所", "工会", "居民委员会", "村民委员会"),
    ),
    ("public_body", ("事业单位", "机关", "事业法人", "人民政府", "行政单位")),
    ("company_by_shares", ("股份有限公司", "股份公司", "上市公司")),
    ("limited_company", ("有限责任公司", "有限公司", "独资公司", "一人公司")),
    ("sole_proprietorship", ("个人独资",)),
    ("partnership", ("合伙",)),
    ("collective", ("集体所有制", "集体企业", "集体经济", "股份合作", "集体")),
    ("state_owned", ("全民所有制", "国有企业", "国有经营", "全民", "国有独资", "国有")),
    ("foreign_invested", ("外商投资", "外资企业", "中外合资", "中外合作", "外商独资", "港澳台", "台港澳", "港、澳、台", "台、港、澳")),
)  # fmt: skip
_NAME_ENDINGS = (
    ("representative_office", ("代表处",)),
    ("branch", ("分公司", "支公司", "营业部", "营业所", "服务部", "分店", "分行", "支行", "分社", "办事处", "分厂", "分理处", "分部")),
    ("farmers_cooperative", ("专业合作社", "专业合作社联合社", "农民合作社")),
    ("village_collective", ("股份经济合作社", "经济合作社", "经济联合社", "股份经济合作联合社")),
    ("company_by_shares", ("股份有限公司", "股份公司")),
    ("limited_company", ("有限责任公司", "有限公司")),
    ("partnership", ("（有限合伙）", "（普通合伙）", "（特殊普通合伙）")),
    ("social_organisation", ("协会", "商会", "学会", "基金会", "促进会", "联合会", "研究会")),
    ("public_body", ("人民政府", "委员会", "管理局", "事务局", "事务中心")),
)  # fmt: skip
_BY_CODE = {
    "92": "individual_business", "93": "farmers_cooperative", "N1": "village_collective", "N2": "village_collective",
    "N3": "village_collective", "N9": "village_collective", "21": "representative_office",
}  # fmt: skip
_BY_FIRST = {"1": "public_body", "5": "social_organisation", "8": "social_organisation"}
_MAY_STAND_UNDER = {
    "91": frozenset(
        (
            "limited_company", "company_by_shares", "sole_proprietorship", "partnership", "state_owned", "collective",
            "foreign_invested", "branch", "representative_office", "other", "unknown",
        )
    ),
    "92": frozenset(("individual_business", "other", "unknown")),
    "93": frozenset(("farmers_cooperative", "branch", "village_collective", "other", "unknown")),
}  # fmt: skip
_STATUS_WORDS = (
    ("revoked", ("吊销未注销", "吊销,未注销", "已吊销未")),
    ("deregistered", ("注销",)),
    ("revoked", ("吊销",)),
    ("cancelled", ("撤销", "撤消", "除名")),
    ("moved_out", ("迁出", "已迁", "移出")),
    ("in_liquidation", ("清算", "破产")),
    ("suspended", ("歇业", "停业")),
    (
        "in_operation",
        ("存续", "在营", "在业", "开业", "在册", "正常", "登记成立", "已开业", "经营", "核准设立", "迁入", "设立", "有效", "确立"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class KindReading:
    """The kind, whose money, where it was read from (`text`, `name`, `code` or empty), and what to look at."""

    kind: str
    investment: str = ""
    source: str = ""
    warning: str = ""


def plain(text: str) -> str:
    """Return `text` without blanks, its full-width forms plain; the brackets of names stay as （）."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def is_blank(text: str) -> bool:
    """Tell whether a cell says nothing: empty, a dash, 无, 暂无, null and the like."""
    bare = text.strip()
    return len(bare) <= LONGEST_BLANK and plain(bare).lower() in BLANKS


def read_kind(text: str, name: str, uscc: str) -> KindReading:
    """Return the kind stated in `text`; where it states none, as the name ends; else as the code begins."""
    investment = _investment(text)
    stated = "" if is_blank(text) else _first(_KIND_WORDS, plain(text))
    by_code = _BY_CODE.get(uscc[:2]) or _BY_FIRST.get(uscc[:1], "")
    by_name = _by_name(name)
    if stated:
        conflict = _conflict(stated, uscc)
        if conflict and by_code and by_code == by_name:  # two witnesses against one
            return KindReading(by_code, investment, "code", f"{conflict}；按代码和名称记为{KINDS[by_code]}")
        return KindReading(stated, investment, "text", conflict)
    warning = "" if is_blank(text) else f"类型“{text.strip()[:40]}”无法识别，按名称或代码判断"
    if by_code:
        return KindReading(by_code, investment, "code", warning)
    if by_name:
        return KindReading(by_name, investment, "name", warning)
    return KindReading("unknown" if is_blank(text) else "other", investment, "", warning)


def _by_name(name: str) -> str:
    bare = re.sub(r"[（(](模拟|模拟数据|个人独资|自然人独资)[)）]$", "", name.strip())
    if "个人独资" in name[len(bare) :]:
        return "sole_proprietorship"
    bare = bare.replace("(", "（").replace(")", "）")
    ends = [(len(end), kind) for kind, endings in _NAME_ENDINGS for end in endings if bare.endswith(end)]
    if ends:
        return max(ends)[1]
    # A shop or station of a company is its branch: 某某有限公司某某店.
    return "branch" if "有限公司" in bare or "有限责任公司" in bare else ""


def _conflict(kind: str, uscc: str) -> str:
    may = _MAY_STAND_UNDER.get(uscc[:2])
    if may is None or kind in may:
        return ""
    return f"类型“{KINDS[kind]}”与代码以 {uscc[:2]} 开头不符，请核对"


def _investment(text: str) -> str:
    bare = plain(text)
    if any(word in bare for word in ("港、澳、台", "港澳台", "台港澳", "台、港、澳")):
        return "hong_kong_macao_taiwan"
    foreign = ("外商", "外资", "中外合", "外国法人", "外国自然人", "外方")
    return "foreign" if any(word in bare for word in foreign) and "非外商" not in bare else ""


def _first(words: tuple[tuple[str, tuple[str, ...]], ...], text: str) -> str:
    return next((key for key, marks in words if any(mark in text for mark in marks)), "")


def read_status(text: str) -> tuple[str, str]:
    """Return the status and a warning: 存续（在营、开业、在册） → in_operation; a blank is unknown without a warning."""
    if is_blank(text):
        return "unknown", ""
    found = _first(_STATUS_WORDS, plain(text))
    return (found, "") if found else ("unknown", f"登记状态“{text.strip()[:40]}”无法识别，状态记为未填")
