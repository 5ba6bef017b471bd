"""The columns of a registration file and the headings they go by in files of other years and provinces; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from qifu.foundation.imports.kinds import Column
from qifu.registers.enterprises.uscc import fold

_USCC_LIKE = re.compile(r"[0-9A-Z]{18}")
_NAME_END = re.compile(
    r"(公司|合作社|厂|店|中心|企业|商行|经营部|工作室|事务所|合伙\)|合伙）|超市|部|社|行|院|所|会)$"
)


def _most(samples: Sequence[str], test: re.Pattern[str]) -> bool:
    return bool(samples) and sum(bool(test.search(one)) for one in samples) * 5 >= len(samples) * 4


def looks_like_uscc(samples: Sequence[str]) -> bool:
    """Tell whether four in five cells are codes of 18 characters."""
    return _most([fold(one) for one in samples], re.compile(rf"^{_USCC_LIKE.pattern}$"))


def looks_like_name(samples: Sequence[str]) -> bool:
    """Tell whether four in five cells end as names of enterprises do, and are not kinds of entity."""
    return _most([one.strip() for one in samples], _NAME_END) and not looks_like_kind(samples)


def looks_like_date(samples: Sequence[str]) -> bool:
    """Tell whether four in five cells are days between 1949 and 2099."""
    return _most(
        samples, re.compile(r"^(19[4-9]|20)[0-9]{1,2}[-/.年]?[0-9]{1,2}[-/.月]?[0-9]{1,2}日?( [0-9:]+)?$")
    )


def looks_like_capital(samples: Sequence[str]) -> bool:
    """Tell whether four in five cells are amounts with a unit."""
    return _most(samples, re.compile(r"^[^省市区县]{0,4}[0-9,.]+[(（]?[百千]?[万亿元]+.{0,6}$"))


def looks_like_kind(samples: Sequence[str]) -> bool:
    """Tell whether four in five cells name a kind of entity and not an enterprise."""
    kinds = re.compile(
        r"^(有限责任公司|股份有限公司|个人独资|个体|农民专业合作社|有限合伙|普通合伙|分公司|外商|其他|全民|集体)"
    )
    return _most(samples, kinds)


def looks_like_address(samples: Sequence[str]) -> bool:
    """Tell whether four in five cells name a division and a road, village or number."""
    return _most(samples, re.compile(r"[省市区县镇乡].*[路街道巷村号幢室]"))


def looks_like_scope(samples: Sequence[str]) -> bool:
    """Tell whether four in five cells are lists of trades."""
    return _most(samples, re.compile(r"(销售|服务|制造|加工|批发|零售|技术|种植|施工|进出口).*[；;。、]"))


def looks_like_status(samples: Sequence[str]) -> bool:
    """Tell whether four in five cells are a status of registration."""
    return _most(samples, re.compile(r"^(存续|在营|开业|在业|正常|吊销|注销|迁出|歇业|停业)"))


_ABROAD = {
    "uscc": ("Unified Social Credit Code", "Unified Social Credit Identifier", "Social Credit Code", "Credit Code", "UNISCID"),
    "name": ("Company Name", "Enterprise Name", "Entity Name", "Name", "ENTNAME"),
    "kind": ("Enterprise Type", "Company Type", "Entity Type", "ENTTYPE", "ENTTYPE_CN"),
    "status": ("Status", "Registration Status", "Operating Status", "REGSTATE", "REGSTATE_CN"),
    "established_on": ("Establishment Date", "Date of Establishment", "Registration Date", "ESTDATE"),
    "approved_on": ("Approval Date", "APPRDATE"),
    "capital": ("Registered Capital", "REGCAP"),
    "currency": ("Currency", "REGCAPCUR", "REGCAPCUR_CN"),
    "address": ("Registered Address", "Address", "DOM"),
    "authority": ("Registration Authority", "REGORG", "REGORG_CN"),
    "legal_representative": ("Legal Representative", "LEREP"),
    "scope": ("Business Scope", "OPSCOPE"),
    "registration_number": ("Registration Number", "REGNO"),
}  # fmt: skip
"""English headings, and the names of fields that the registration systems' own databases use."""
_COLUMNS = (
    Column(
        "uscc", "统一社会信用代码", required=True, example="91330109MA2XXXXX0K", note="18位；空格、小写和全角不影响识别",
        synonyms=(
            "信用代码", "社会信用代码", "统一信用代码", "统一代码", "统一社会信用代码/注册号", "统一社会信用代码（注册号）",
            "社会统一信用代码", "纳税人识别号", "税号", "税务登记号", "机构代码", "主体代码", "USCC", "统一社会信用代码证号",
        ),
        looks_like=looks_like_uscc,
    ),
    Column(
        "name", "企业名称", required=True, example="杭州示例科技有限公司",
        synonyms=(
            "名称", "企业(机构)名称", "企业（机构）名称", "机构名称", "单位名称", "公司名称", "主体名称", "经营主体名称", "市场主体名称",
            "商事主体名称", "纳税人名称", "字号名称", "组织名称", "单位", "企业", "公司", "企业名", "个体工商户名称", "合作社名称",
        ),
        looks_like=looks_like_name,
    ),
    Column(
        "former_names", "曾用名", example="杭州样例贸易有限公司", note="多个名称用顿号、分号或换行隔开",
        synonyms=("历史名称", "原名称", "企业曾用名", "曾用名称", "更名前名称", "原企业名称"),
    ),
    Column(
        "kind", "企业类型", example="有限责任公司(自然人独资)",
        looks_like=looks_like_kind, synonyms=(
            "企业(机构)类型", "企业（机构）类型", "类型", "公司类型", "主体类型", "市场主体类型", "经营主体类型", "机构类型", "经济类型",
            "登记注册类型", "注册类型", "单位类型", "组织形式", "企业性质", "经济性质", "组织类型",
        ),
    ),
    Column(
        "status", "登记状态", example="存续", note="存续、在营、开业、吊销、注销、迁出等",
        looks_like=looks_like_status, synonyms=("经营状态", "企业状态", "状态", "主体状态", "企业登记状态", "营业状态", "存续状态", "登记状况", "运营状态"),
    ),
    Column(
        "established_on", "成立日期", example="2015-06-18", note="2015/6/18、2015年6月18日、20150618 也可",
        looks_like=looks_like_date, synonyms=("注册日期", "成立时间", "设立日期", "开业日期", "注册时间", "成立年月日", "登记日期", "企业成立日期", "设立时间", "创立日期"),
    ),
    Column(
        "approved_on", "核准日期", example="2023-03-01", note="较早的核准日期不覆盖较新的",
        synonyms=("核准时间", "发照日期", "变更日期", "最近核准日期", "最后核准日期", "核准登记日期", "最近变更日期"),
    ),
    Column(
        "capital", "注册资本", example="100万元人民币", note="写明单位和币种；列名带单位（万元）也可",
        looks_like=looks_like_capital, synonyms=(
            "注册资金", "注册资本(万元)", "注册资本（万元）", "注册资金（万元）", "注册资本(万元人民币)", "注册资本（元）", "认缴资本",
            "认缴出资额", "认缴注册资本", "资金数额", "出资额", "出资总额", "成员出资总额", "开办资金", "注册资本金", "注册资本（金）",
        ),
    ),
    Column("currency", "币种", example="人民币", synonyms=("注册资本币种", "注册资金币种", "货币", "资本币种", "货币种类", "币种名称")),
    Column(
        "paid_in", "实缴资本", example="50万元人民币",
        synonyms=("实收资本", "实缴出资额", "实缴资本(万元)", "实缴资本（万元）", "实缴注册资本", "实收资本（万元）", "实缴金额"),
    ),
    Column(
        "province", "省份", example="浙江省",
        synonyms=("所在省份", "所属省份", "省", "省级", "所属省", "注册省份"),
    ),
    Column("city", "城市", example="杭州市", synonyms=("地区", "所属城市", "市", "地市", "所在城市", "所属地市", "设区市", "所在市", "所属市", "市级")),
    Column(
        "county", "区县", example="萧山区",
        synonyms=(
            "所属区县", "县(市、区)", "县（市、区）", "县区", "区（县）", "所在区县", "行政区划", "所属区域", "所属地区", "区域", "属地",
            "辖区", "行政区划代码", "区划代码", "住所所在行政区划", "所属行政区", "所在地", "县级", "所属县区", "县",
        ),
    ),
    Column(
        "address", "住所", example="浙江省杭州市萧山区示例路1号",
        looks_like=looks_like_address, synonyms=(
            "注册地址", "地址", "企业地址", "经营场所", "住所(经营场所)", "住所（经营场所）", "企业住所", "登记住所", "主要经营场所", "通讯地址",
            "公司地址", "联系地址", "单位地址", "经营地址", "详细地址", "企业注册地址", "住址", "最新年报地址",
        ),
    ),
    Column(
        "authority", "登记机关", example="杭州市萧山区市场监督管理局",
        synonyms=("登记机关名称", "注册机关", "核准机关", "发照机关", "登记管理机关", "主管登记机关", "批准机关"),
    ),
    Column(
        "legal_representative", "法定代表人", example="张三",
        synonyms=(
            "法人", "法人代表", "法定代表人姓名", "负责人", "经营者", "投资人", "执行事务合伙人", "法定代表人（负责人）", "法定代表人(负责人)",
            "法定代表人/负责人", "经营者姓名", "法人姓名", "代表人", "法定代表人或负责人", "单位负责人", "企业法人",
        ),
    ),
    Column(
        "industry_section", "行业门类", example="批发和零售业", note="GB/T 4754-2017 的代码或名称",
        synonyms=("国标行业门类", "门类", "行业门类名称", "行业门类代码", "所属门类", "国民经济行业门类"),
    ),
    Column("industry_division", "行业大类", example="51 批发业", synonyms=("国标行业大类", "大类", "行业大类名称", "行业大类代码")),
    Column("industry_group", "行业中类", example="517", synonyms=("国标行业中类", "中类", "行业中类名称", "行业中类代码")),
    Column(
        "industry", "所属行业", example="F5179 其他机械设备及电子产品批发",
        synonyms=(
            "行业", "行业代码", "国标行业", "国标行业小类", "行业小类", "小类", "行业小类名称", "行业小类代码", "行业名称", "国民经济行业",
            "国民经济行业代码", "行业类别", "行业分类", "主营行业", "所属行业代码", "行业类型", "主要行业",
        ),
    ),
    Column("scope", "经营范围", example="软件开发；货物进出口。", looks_like=looks_like_scope, synonyms=("业务范围", "经营业务范围", "主营业务", "经营项目", "经营（业务）范围", "宗旨和业务范围")),
    Column("registration_number", "注册号", example="330181000123456", synonyms=("工商注册号", "登记号", "营业执照注册号", "执照号", "工商登记号", "注册登记号")),
    Column("insured", "参保人数", example="12", synonyms=("社保人数", "参保职工人数", "参保人员数", "社保缴纳人数", "缴纳社保人数")),
)  # fmt: skip

COLUMNS = tuple(
    replace(column, synonyms=(*column.synonyms, *_ABROAD.get(column.name, ()))) for column in _COLUMNS
)
