"""The lines that made-up policies are written with, and how notices put them together; drawn from grids that real notices use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

from qifu.registers.enterprises import industry

PEOPLE = ("5人", "10人", "20人", "50人", "100人", "200人", "300人", "500人", "1000人")
MONEY = (
    "50万元", "100万元", "200万元", "300万元", "500万元", "1000万元", "2000万元", "3000万元", "5000万元", "1亿元", "2亿元", "4亿元", "10亿元",
)  # fmt: skip
SMALL_MONEY = MONEY[:8]
COUNTS = ("1项", "2项", "3项", "5项", "10项")
SHARES = ("1%", "2%", "3%", "4%", "5%", "6%", "8%", "10%", "15%", "20%", "30%", "40%", "50%", "60%")
GROWTH = ("0%", "5%", "8%", "10%", "15%", "20%", "25%", "30%", "50%")
NUMBERS: dict[str, tuple[str, ...]] = {
    "从业人数": PEOPLE, "参保人数": PEOPLE, "营业收入": MONEY, "资产总额": MONEY, "实缴税收": SMALL_MONEY, "净利润": SMALL_MONEY,
    "研发费用": SMALL_MONEY, "注册资本": MONEY, "固定资产投资额": MONEY, "设备投资额": SMALL_MONEY, "出口额": MONEY, "工资薪金总额": SMALL_MONEY,
    "净资产": MONEY, "贷款余额": MONEY, "实缴增值税": SMALL_MONEY, "技术改造投入": SMALL_MONEY, "跨境电商出口额": SMALL_MONEY,
    "Ⅰ类知识产权数": COUNTS, "Ⅱ类知识产权数": COUNTS, "有效发明专利数": ("1件", "2件", "3件", "5件", "10件"), "高技能人才数": PEOPLE[:5],
    "硕士博士人数": PEOPLE[:4], "研发人员数": PEOPLE[:5], "核心业务采用信息系统数": COUNTS[:3], "从事特定细分市场年限": ("2年", "3年", "5年", "10年"),
    "近三年营业收入合计": MONEY, "近两年研发费用合计": SMALL_MONEY,
}  # fmt: skip
RATIOS: dict[str, tuple[str, ...]] = {
    "研发费用占营业收入比": SHARES[:8], "营业收入增长率": GROWTH, "主营业务收入占营业收入比": ("50%", "60%", "70%", "80%"), "净利润率": SHARES[:10],
    "税收增长率": GROWTH, "从业人数增长率": GROWTH, "研发费用增长率": GROWTH, "出口额占营业收入比": SHARES[4:], "研发人员占职工总数比": SHARES[4:],
    "高技能人才占比": SHARES[4:12], "净资产增长率": GROWTH, "研发费用 + 技术改造投入 占 营业收入 比": SHARES[:9], "工资薪金总额 占 营业收入 比": SHARES[6:],
}  # fmt: skip
HONOURS = (
    "高新技术企业", "科技型中小企业", "创新型中小企业", "专精特新中小企业", "专精特新小巨人企业", "隐形冠军企业", "绿色工厂", "海关高级认证企业", "老字号",
)  # fmt: skip
FLAGS = (
    "规上企业",
    "战略性新兴产业",
    "拥有自主品牌",
    "通过管理体系或产品认证",
    "直接配套产业链龙头企业",
    "位于自由贸易试验区",
    "位于跨境电商综试区",
    "建有研发机构",
)
CLEAN = (
    "失信被执行人",
    "列入严重违法失信名单",
    "欠缴税款",
    "拖欠职工工资",
    "从事国家限制或禁止行业",
    "列入经营异常名录",
    "近三年重大事故或违法",
)
CHOICES = (
    "亩均效益评价等级 属于 A类", "亩均效益评价等级 属于 A类、B类", "数字化水平等级 属于 三级、四级", "数字化水平等级 属于 二级、三级、四级",
    "研发机构级别 属于 省级、国家级", "研发机构级别 属于 市级、省级、国家级", "所在园区 属于 国家级经济技术开发区、国家级高新技术产业开发区",
    "所在园区 属于 省级开发区", "所在园区 属于 小微企业园", "纳税信用等级 属于 A级", "上市状态 不属于 未上市", "投资性质 属于 外商投资、港澳台投资",
)  # fmt: skip
BROAD = (
    "主体类型 属于 企业", "主体类型 属于 企业、农民专业合作社", "登记状态 属于 存续", "具有法人资格 为 是", "居民企业 为 是", "会计核算健全 为 是",
    "纳税信用等级 属于 A级、B级、M级", "纳税信用等级 属于 A级、B级", "企业所得税征收方式 属于 查账征收", "资产负债率 <= 70%", "资产负债率 <= 80%",
)  # fmt: skip


@dataclass
class Lines:
    """Draws lines and drafts."""

    random: Random

    @cached_property
    def _by_length(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for code in industry.names():
            found.setdefault(len(code), []).append(code)
        return found

    def parts(self) -> list[Any]:
        """Return the conditions of one policy but for its place: some broad ones, and ways of which one is enough."""
        random = self.random
        parts: list[Any] = [self.broad() for _ in range(random.randint(2, 4))]
        if random.random() < 0.5:
            parts.append(self.trade())
        parts.append(self.ways())
        draw = random.random()
        if draw < 0.25:
            parts.append(self.ways())
        elif draw < 0.4:
            parts.append(self.some())
        elif draw < 0.5:
            parts.append(self.score())
        elif draw < 0.65:
            parts.append(self.narrow())
        if random.random() < 0.25:
            parts.append(
                {"not": {"any": [f"{fact} 为 是" for fact in random.sample(CLEAN, random.randint(2, 3))]}}
            )
        return parts

    def ways(self) -> Any:
        """Return some conditions of which one is enough; one is several at once."""
        random = self.random
        both: Any = {"all": [self.narrow(), random.choice((self.narrow, self.broad))()]}
        if random.random() < 0.2:
            both = {"all": [self.narrow(), {"any": [self.narrow(), self.narrow()]}]}
        return {"any": [both, *(self.narrow() for _ in range(random.randint(1, 3)))]}

    def some(self) -> Any:
        """Return at least two of three to five."""
        count = self.random.randint(3, 5)
        return {"at_least": {"count": 2, "of": [self.narrow() for _ in range(count)]}}

    def score(self) -> Any:
        """Return a score table of which half the points are enough."""
        random = self.random
        items = []
        for number, fact in enumerate(
            random.sample(sorted(NUMBERS), 3) + random.sample(sorted(RATIOS), 1), 1
        ):
            grid = (NUMBERS | RATIOS)[fact]
            steps = sorted(random.sample(range(len(grid)), 3), reverse=True)
            bands = [
                {"points": points, "when": f"{fact} >= {grid[k]}"} for points, k in zip((20, 15, 10), steps)
            ]
            items.append({"title": f"第{number}项", "bands": bands, "otherwise": 0})
        return {
            "score": {"title": "模拟评价", "least": f"{random.choice((30, 40, 50, 60))}分", "items": items}
        }

    def broad(self) -> str:
        """Return a condition that many meet."""
        random = self.random
        draw = random.random()
        if draw < 0.35:
            return random.choice(BROAD)
        if draw < 0.6:
            return f"{random.choice(CLEAN)} 为 否"
        if draw < 0.75:
            return f"成立时间 满 {random.choice((1, 2, 3))}年"
        if draw < 0.8:
            return f"成立时间 不晚于 {random.randint(2018, 2023)}-12-31"
        if draw < 0.9:
            return f"从业人数 <= {random.choice(PEOPLE[3:])}"
        return f"营业收入 <= {random.choice(MONEY[6:])}"

    def trade(self) -> str:
        """Return industries that are asked for, or now and then left out."""
        random = self.random
        length = random.choice((1, 1, 3, 3, 3, 4, 5))
        codes = random.sample(
            self._by_length[length], min(random.randint(1, 5), len(self._by_length[length]))
        )
        if random.random() < 0.25:
            return (
                f"所属行业 不属于 {'、'.join(sorted(random.sample(('C16', 'H', 'K', 'L7295', 'F', 'R'), 3)))}"
            )
        return f"所属行业 属于 {'、'.join(sorted({*codes, *(['C'] if length == 1 else [])}))}"

    def narrow(self) -> str:
        """Return a condition that few meet."""
        random = self.random
        draw = random.random()
        if draw < 0.4:
            fact = random.choice(sorted(NUMBERS))
            return f"{fact} {random.choice(('>=', '>=', '>=', '>'))} {random.choice(NUMBERS[fact])}"
        if draw < 0.65:
            fact = random.choice(sorted(RATIOS))
            return f"{fact} {random.choice(('>=', '>=', '>'))} {random.choice(RATIOS[fact])}"
        if draw < 0.82:
            return f"有效期内的 {random.choice(HONOURS)}"
        return random.choice(CHOICES) if draw < 0.92 else f"{random.choice(FLAGS)} 为 是"

    def amount(self) -> Any:
        """Return an amount of the usual forms."""
        random = self.random
        fixed = random.choice(SMALL_MONEY)
        share = {
            "rate": random.choice(("5%", "10%", "15%", "20%", "30%")),
            "of": random.choice(("研发费用", "设备投资额", "实缴税收")),
            "cap": random.choice(SMALL_MONEY[2:]),
        }
        heads = {"each": random.choice(("500元", "1000元", "1500元")), "of": "参保人数", "cap": "100万元"}
        tiers = {
            "tiers": [
                {"when": "营业收入 >= 1亿元", "amount": "100万元"},
                {"when": "营业收入 >= 2000万元", "amount": share},
            ],
            "otherwise": "10万元",
        }
        forms: tuple[Any, ...] = (fixed, fixed, fixed, share, share, heads, tiers, {"best": [share, fixed]})
        return random.choice(forms)
