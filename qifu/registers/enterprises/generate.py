"""Made-up enterprises for demos, tests and benchmarks: seeded, plausible, each named 模拟, with the truth beside; pure.

Organisation codes begin with XX, and every name ends in （模拟）. `dirt` is the share of rows that carry one fault of a
kind that registration files have; `Made` tells what an importer must make of it.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from qifu.registers.enterprises.uscc import ALPHABET, check_digit, inner_check_digit

HEADINGS = (
    "企业名称", "统一社会信用代码", "成立日期", "核准日期", "企业类型", "登记状态", "注册资本", "所属省份", "所属城市", "所属区县", "注册地址",
    "登记机关", "法定代表人", "国标行业小类", "参保人数", "经营范围",
)  # fmt: skip
SOURCE = "模拟数据生成器"
WEIGHTS = {
    "330782": 60, "330783": 20, "330109": 24, "330110": 28, "330106": 20, "330105": 20, "330102": 22, "330108": 16, "330113": 14,
    "330114": 12, "330111": 12, "330212": 26, "330203": 16, "330205": 9, "330206": 14, "330281": 14, "330282": 20, "330302": 18,
    "330304": 12, "330381": 18, "330382": 22, "330303": 10, "330402": 10, "330481": 12, "330483": 12, "330502": 12, "330521": 9,
    "330602": 13, "330603": 16, "330681": 12, "330702": 10, "330784": 14, "331081": 18, "331082": 14, "331002": 9, "331003": 9,
    "331004": 10, "331102": 8, "330902": 6, "330903": 5, "330802": 6, "330803": 5,
}  # fmt: skip
_FIRST = "云海天星瑞宏信恒嘉华安达远博创新泰润和盛鑫金江源德诚万盈利通兴美佳优卓科锦腾龙飞鸿翔禾木林森睿智凯旋东方中正"
_SECOND = (
    "辰舟帆航泽宇景诺捷威顺丰茂隆祥康宁逸轩铭杰拓启元晟昊朗汇聚合联创益满福禄吉庆乐悦欣怡雅致远图志成业峰岳"
)
_TRADES = (
    ("F5199", "贸易", "日用百货、服装、鞋帽、工艺品的批发和零售；货物进出口。", "91"),
    ("F5179", "机械设备", "机械设备、五金产品及电子产品批发；货物进出口。", "91"),
    ("I6513", "信息技术", "软件开发；信息系统集成服务；信息技术咨询服务。", "91"),
    ("F5292", "电子商务", "网上销售：日用百货、玩具、饰品；电子商务技术服务。", "91"),
    ("C1819", "服饰", "服装、服饰制造、加工、销售。", "91"),
    ("C3484", "机械零部件", "机械零部件加工；通用零部件制造、销售。", "91"),
    ("C2927", "塑料制品", "日用塑料制品制造、销售；模具加工。", "91"),
    ("E4720", "建筑工程", "房屋建筑和市政基础设施工程施工；建筑劳务分包。", "91"),
    ("L7249", "企业管理咨询", "企业管理咨询；商务信息咨询；会议及展览服务。", "91"),
    ("M7590", "科技", "技术开发、技术转让、技术咨询、技术服务。", "91"),
    ("G5810", "物流", "国内货物运输代理；仓储服务（不含危险化学品）。", "91"),
    ("H6210", "餐饮管理", "餐饮服务；餐饮企业管理。", "91"),
    ("A0141", "蔬菜", "组织成员种植、销售蔬菜；引进新技术、新品种。", "93"),
    ("A0151", "果业", "组织成员种植、销售水果；提供种植技术服务。", "93"),
    ("F5211", "百货店", "零售：日用百货、预包装食品。", "92"),
    ("O8010", "家政服务部", "家庭服务；保洁服务。", "92"),
)  # fmt: skip
_ROADS = [
    "建设路",
    "人民路",
    "解放路",
    "文化路",
    "振兴路",
    "工业大道",
    "创业路",
    "科技路",
    "滨河路",
    "新华街",
    "东门街",
    "迎宾大道",
    "通达路",
    "兴业路",
]
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗"
_CAPITALS: tuple[tuple[str, Callable[[int], int]], ...] = (
    ("{n}(万元人民币)", lambda n: n * 10**6), ("{n}万人民币", lambda n: n * 10**6), ("{n}万元人民币", lambda n: n * 10**6),
    ("{n}(万)", lambda n: n * 10**6), ("{n}万人民币元", lambda n: n * 10**6), ("{c}(万元人民币)", lambda n: n * 10**6),
    ("人民币{n}万元", lambda n: n * 10**6), ("{n}0000元", lambda n: n * 10**6), ("{n}.5万元", lambda n: n * 10**6 + 5 * 10**5),
)  # fmt: skip
_DATES = ("{:%Y-%m-%d}", "{:%Y/%m/%d}", "{:%Y年%m月%d日}", "{:%Y%m%d}", "{:%Y-%m-%d 00:00:00}")


@dataclass(frozen=True)
class County:
    """A county to make enterprises in: code, name, the name of its city."""

    code: str
    name: str
    city: str


@dataclass(frozen=True)
class Made:
    """One made row: the cells under HEADINGS, and the truth: facts, the fault put in, what must become of the row.

    `outcome` is created, unchanged (said before) or refused; `column` where a remark must stand; empty when none must.
    """

    cells: dict[str, str]
    facts: dict[str, Any]
    fault: str = ""
    outcome: str = "created"
    column: str = ""
    right: str = field(default="")


Spoil = Callable[[random.Random, dict[str, str], dict[str, Any]], None]


def make(count: int, seed: str, counties: Sequence[County], *, dirt: float = 0.0) -> Iterator[Made]:
    """Give `count` made rows; the same seed gives the same rows."""
    chooser = random.Random(seed)
    weights = [WEIGHTS.get(county.code, 4) for county in counties]
    last: list[Made] = []
    for number in range(count):
        if last and chooser.random() < dirt / 12:
            yield _repeated(chooser, chooser.choice(last))
            continue
        made = _clean(chooser, number, chooser.choices(counties, weights)[0])
        if chooser.random() < dirt:
            made = _spoilt(chooser, made)
        elif not made.fault:
            last = [*last[-20:], made]
        yield made


def code_of(number: int, county: str, first: str = "91") -> str:
    """Return a valid code whose organisation code begins with XX and holds `number`."""
    body = ""
    for _ in range(6):
        number, digit = divmod(number, 31)
        body = ALPHABET[digit] + body
    body = "XX" + body
    head = first + county + body + inner_check_digit(body)
    return head + check_digit(head)


def _clean(chooser: random.Random, number: int, county: County) -> Made:
    industry, trade, scope, first = chooser.choice(_TRADES)
    place = county.name[:-1] if len(county.name) > 2 else county.name
    brand = (
        chooser.choice(_FIRST)
        + chooser.choice(_SECOND)
        + (chooser.choice(_SECOND) if chooser.random() < 0.4 else "")
    )
    ending, kind, kind_text = _form(chooser, first)
    founded = date(2000, 1, 1) + timedelta(days=chooser.randrange(8900))
    amount, capital = _capital(chooser)
    code = code_of(number, county.code, first)
    status, status_text = chooser.choices(
        [
            ("in_operation", "存续"),
            ("in_operation", "开业"),
            ("deregistered", "注销"),
            ("revoked", "吊销，未注销"),
        ],
        [80, 10, 7, 3],
    )[0]
    insured = chooser.choice((0, 1, 2, 3, 5, 8, 12, 20, 45, 120))
    road = f"{chooser.choice(_ROADS)}{chooser.randrange(1, 999)}号"
    facts = {
        "uscc": code, "name": f"{place}{brand}{trade}{ending}（模拟）", "kind": kind, "status": status, "established_on": founded,
        "division_code": county.code, "industry_code": industry, "capital": amount, "insured": insured, "scope": scope,
        "address": f"浙江省{county.city}{county.name}{road}" if chooser.random() < 0.8 else f"{county.name}{road}",
    }  # fmt: skip
    cells = {
        "企业名称": facts["name"], "统一社会信用代码": code, "成立日期": chooser.choice(_DATES).format(founded), "核准日期": "",
        "企业类型": kind_text, "登记状态": status_text, "注册资本": capital, "所属省份": "浙江省", "所属城市": county.city,
        "所属区县": county.name, "注册地址": facts["address"], "登记机关": f"{county.name}市场监督管理局",
        "法定代表人": chooser.choice(_SURNAMES) + "某某", "国标行业小类": industry if chooser.random() < 0.5 else industry[1:],
        "参保人数": str(insured), "经营范围": scope,
    }  # fmt: skip
    return Made(cells, facts)


def _form(chooser: random.Random, first: str) -> tuple[str, str, str]:
    if first == "92":
        return "", "individual_business", "个体工商户"
    if first == "93":
        return "专业合作社", "farmers_cooperative", "农民专业合作社"
    if chooser.random() < 0.06:
        return (
            "股份有限公司",
            "company_by_shares",
            chooser.choice(("股份有限公司", "股份有限公司(非上市)", "")),
        )
    return (
        "有限公司",
        "limited_company",
        chooser.choice(("有限责任公司", "有限责任公司(自然人独资)", "有限责任公司 外商投资企业", "")),
    )


def _capital(chooser: random.Random) -> tuple[int | None, str]:
    if chooser.random() < 0.15:
        return None, ""
    n = chooser.choice((1, 3, 5, 10, 20, 30, 50, 60, 100, 200, 500, 1000, 1200, 5000))
    text, value = chooser.choice(_CAPITALS)
    return value(n), text.format(n=n, c=f"{n:,}")


def _repeated(chooser: random.Random, made: Made) -> Made:
    if chooser.random() < 0.5:
        return Made(dict(made.cells), made.facts, "repeated", "unchanged", "uscc")
    cells = dict(made.cells) | {"企业名称": made.cells["企业名称"].replace("（模拟）", "二号（模拟）")}
    return Made(cells, made.facts, "repeated_otherwise", "refused", "uscc")


def _spoilt(chooser: random.Random, made: Made) -> Made:
    fault = chooser.choice(sorted(_FAULTS))
    spoil, outcome, column = _FAULTS[fault]
    cells, facts = dict(made.cells), dict(made.facts)
    spoil(chooser, cells, facts)
    right = facts["uscc"] if column == "uscc" and outcome == "refused" else ""
    return Made(cells, facts, fault, outcome, column, right)


def _set(heading: str, *texts: str, **facts: Any) -> Spoil:
    def spoil(chooser: random.Random, cells: dict[str, str], truth: dict[str, Any]) -> None:
        cells[heading] = chooser.choice(texts)
        truth.update(facts)

    return spoil


def _change_code(how: Callable[[random.Random, str], str]) -> Spoil:
    def spoil(chooser: random.Random, cells: dict[str, str], truth: dict[str, Any]) -> None:
        cells["统一社会信用代码"] = how(chooser, cells["统一社会信用代码"])

    return spoil


def _one_wrong(chooser: random.Random, code: str) -> str:
    place = chooser.randrange(8, 17)
    return code[:place] + chooser.choice([c for c in ALPHABET if c != code[place]]) + code[place + 1 :]


def _full_width(chooser: random.Random, code: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) for c in code)


_FAULTS: dict[str, tuple[Spoil, str, str]] = {
    "code_look_alike": (_change_code(lambda _, code: code.replace("0", "O")), "refused", "uscc"),
    "code_one_wrong": (_change_code(_one_wrong), "refused", "uscc"),
    "code_missing": (_set("统一社会信用代码", "", "-", "无"), "refused", "uscc"),
    "code_old": (_set("统一社会信用代码", "330181000123456", "330782600098765"), "refused", "uscc"),
    "code_cut": (_change_code(lambda _, code: code[:-1]), "refused", "uscc"),
    "code_scientific": (_set("统一社会信用代码", "9.13307E+17"), "refused", "uscc"),
    "code_lower_case": (_change_code(lambda _, code: code.lower()), "created", ""),
    "code_full_width": (_change_code(_full_width), "created", ""),
    "code_with_blanks": (_change_code(lambda _, code: f" {code[:8]} {code[8:]} "), "created", ""),
    "name_missing": (_set("企业名称", "", "-"), "refused", "name"),
    "capital_bare": (_set("注册资本", "500", "1,000", capital=None), "created", "capital"),
    "capital_words": (_set("注册资本", "见章程", "约壹佰多万", capital=None), "created", "capital"),
    "capital_spelled": (_set("注册资本", "壹佰万元整", "人民币壹佰万元", capital=10**8), "created", ""),
    "capital_dollars": (_set("注册资本", "10.5(万美元)", "10.5万美元", capital=105 * 10**5), "created", ""),
    "capital_none": (_set("注册资本", "-", "无", "企业选择不公示", capital=None), "created", ""),
    "date_impossible": (
        _set("成立日期", "2015-13-01", "2019/2/30", established_on=None),
        "created",
        "established_on",
    ),
    "date_serial": (_set("成立日期", "42173", established_on=date(2015, 6, 18)), "created", ""),
    "date_future": (
        _set("成立日期", "2098-01-01", established_on=date(2098, 1, 1)),
        "created",
        "established_on",
    ),
    "industry_unknown": (_set("国标行业小类", "9899", "未知行业甲", industry_code=""), "created", "industry"),
    "status_odd": (_set("登记状态", "待定义", status="unknown"), "created", "status"),
    "address_missing": (_set("注册地址", "", "-", address=""), "created", ""),
    "insured_words": (_set("参保人数", "若干", insured=None), "created", "insured"),
}


def write_csv(path: Path, rows: Iterable[Made]) -> int:
    """Write the rows as a CSV file as spreadsheets open it (UTF-8 with a mark); return how many."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        for made in rows:
            writer.writerow([made.cells[heading] for heading in HEADINGS])
            count += 1
    return count
