"""The columns of a file of hotline tickets or messages, and the headings they go by in other systems; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qifu.foundation.imports.kinds import Column
from qifu.foundation.phone import looks_like_phones
from qifu.registers.enterprises.columns import looks_like_name, looks_like_uscc

_MOMENT = re.compile(r"^(19|20)[0-9]{2}[-/.年]?[0-9]{1,2}[-/.月]?[0-9]{1,2}日?([ T][0-9:时分秒]+)?")
_NUMBER = re.compile(r"^(?=.*[0-9])[0-9A-Za-z_\-〔〕\[\]号]{4,60}$")


def looks_like_moment(samples: Sequence[str]) -> bool:
    """Tell whether four in five cells begin as days do."""
    return sum(bool(_MOMENT.match(one)) for one in samples) * 5 >= len(samples) * 4


def looks_like_number(samples: Sequence[str]) -> bool:
    """Tell whether the cells are numbers that an office gave: all different, and neither days, codes nor telephones."""
    fits = all(_NUMBER.match(one) for one in samples) and len(set(samples)) == len(samples) > 1
    others = looks_like_moment(samples) or looks_like_phones(list(samples)) or looks_like_uscc(samples)
    return fits and not others


def looks_like_words(samples: Sequence[str]) -> bool:
    """Tell whether the cells are what people said: on average more than 40 characters, mostly Chinese."""
    text = "".join(samples)
    chinese = sum("\u4e00" <= one <= "\u9fff" for one in text)
    return len(text) > 40 * len(samples) and chinese * 2 > len(text)


COLUMNS = (
    Column(
        "outside_at", "提出时间", ("留言时间", "来电时间", "受理时间", "诉求时间", "反映时间", "登记时间", "工单时间", "创建时间", "提交时间", "来信时间",
        "时间", "日期", "受理日期", "登记日期"), example="2024/3/14 14:25:14", looks_like=looks_like_moment,
        note="原系统的时间，照录；本平台的时限从导入（收到）之时起算",
    ),
    Column(
        "outside_number", "工单编号", ("留言编号", "工单号", "编号", "诉求编号", "受理编号", "流水号", "事件编号", "来电编号", "信件编号", "业务编号",
        "单号", "件号", "诉求单号", "序列号", "ID"), example="GD20240314000123", looks_like=looks_like_number,
        note="原系统的编号，原样保留；同一编号只收一次。没有编号的，按内容生成固定编号",
    ),
    Column("title", "标题", ("留言主题", "主题", "诉求标题", "工单标题", "事项标题", "标题名称", "诉求主题", "信件标题", "事由"), example="厂区门口道路积水影响发货"),
    Column(
        "words", "内容", ("留言详情", "诉求内容", "工单内容", "留言内容", "反映内容", "来电内容", "问题描述", "详情", "内容描述", "诉求详情",
        "事件描述", "正文", "信件内容", "主要内容", "反映问题", "问题内容", "诉求描述"), required=True, example="我厂门口道路积水，货车无法进出……",
        note="原话照录，不删改；不超过 5 万字", looks_like=looks_like_words,
    ),
    Column("contact_name", "联系人", ("留言用户", "来电人", "反映人", "诉求人", "联系人姓名", "姓名", "来电人姓名", "信访人", "留言人", "当事人"), note="加密保存"),
    Column(
        "contact_mobile", "联系电话", ("电话", "手机", "手机号", "手机号码", "来电号码", "主叫号码", "联系方式", "联系人电话", "反映人电话", "诉求人电话"),
        example="13800001234", note="加密保存", looks_like=lambda samples: looks_like_phones(list(samples)),
    ),
    Column(
        "enterprise_name", "企业名称", ("企业", "单位名称", "公司名称", "诉求企业", "反映单位", "经营主体名称", "来电企业", "主体名称"),
        example="杭州示例科技有限公司", note="与登记名称完全一致且只有一家的，自动关联；其余按原文保留", looks_like=looks_like_name,
    ),
    Column(
        "uscc", "统一社会信用代码", ("信用代码", "社会信用代码", "统一代码", "企业代码"), example="91330109MA2XXXXX0K", looks_like=looks_like_uscc,
    ),
    Column(
        "place", "区划", ("地区", "所属地区", "事发地", "事发区域", "所属区域", "属地", "行政区划", "区县", "所属区县", "所在地", "县（市、区）", "辖区",
        "承办地区", "反映地区", "被反映地区", "诉求地区", "事发地区", "发生地", "发生地区", "地址区划", "区划代码", "行政区划代码"), example="萧山区", note="名称或六位代码，须在您的辖区内；空着或不选这一列，即为您所在地",
    ),
    Column("source", "来源系统", ("来源", "来源渠道", "受理渠道", "诉求来源", "渠道", "受理平台", "来源平台"), example="12345 热线", note="空则记为本地热线；同一来源的编号不重复"),
)  # fmt: skip
