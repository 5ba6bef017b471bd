"""The commented start of a rule file, which passes `qifu rules check` as it is; pure."""

from __future__ import annotations

_HEAD = """\
# {kind_word}文件。# 后面是说明，写好后可以删去。改一处，检查一次：qifu rules check {code}.yaml
code: {code}                # 代码：小写字母、数字和 -，全站唯一
title: 请改成正式名称（{code}）
kind: {kind}                # rule 规则 | policy 政策（有金额、申报期）
issuers: [发文机关]
document: 文号，如 工信部联企业〔2011〕300号
kinds: [{kinds}]            # 资金、税收、费用、资格、权利……
tags: []
confidence: 待核            # 逐条核对过正式文本后改为 verified；待核的不对外公布
versions:                   # 每次修订加一个版本，旧版本写上 effective_to，不要改旧内容
- effective_from: 2024-01-01      # 生效日（含当天）
  # effective_to: 2028-01-01      # 失效日（当天起不再有效），没有就不写
  source: 第一条                  # 各条件默认的出处
  reading: {{以上: 含本数, 以下: 含本数}}   # 原文“以上”“以下”含不含本数；不写时按民法典第1259条都含
  require:
    all:                          # all 都要符合 | any 任一项 | not 不得 | at_least 至少几项 | score 评分表
    - 从业人数 <= 300人
    - {{is: 营业收入 不超过 2000万元, clause: 第二条, id: revenue}}   # 写明出处和编号
    - 成立时间 满 2年
    # - 注册地 属于 浙江省
    # - 所属行业 不属于 烟草制品业、批发和零售业
    # - 研发费用占营业收入比 >= 3%
    # - 有效期内的 高新技术企业
    # - any: [从业人数 300人以上, 营业收入 2000万元以上]
    # - at_least: {{count: 2, of: [条件一, 条件二, 条件三]}}
"""
_POLICY = """\
  amount: {rate: 20%, of: 研发费用, cap: 500万元, round: 元}      # 或 50万元；{each: 1000元, of: 从业人数}；tiers、brackets、best、least、sum
  window: {from: 2024-03-01, to: 2024-07-01}                     # 申报期，to 当天起不再受理
  budget: {amount: 1亿元, year: 2024}
"""
_EXAMPLES = """\
examples:                   # 每个界限两侧各写一个；检查时逐个验算
- title: 恰好三百人
  as_of: 2024-06-30
  facts: {{从业人数: 300人, 营业收入: 2000万元, 成立时间: 2022-06-30{more}}}
  expect: 符合              # 符合 | 不符合 | 缺数据{amount}
- title: 多一人
  as_of: 2024-06-30
  facts: {{从业人数: 301人, 营业收入: 2000万元, 成立时间: 2022-06-30}}
  expect: 不符合
- title: 不知道营业收入
  as_of: 2024-06-30
  facts: {{从业人数: 300人, 成立时间: 2022-06-30}}
  expect: 缺数据
  missing: [营业收入]
"""


def skeleton(code: str, *, policy: bool = False) -> str:
    """Return the text of a new file for `code`."""
    head = _HEAD.format(
        code=code,
        kind="policy" if policy else "rule",
        kind_word="政策" if policy else "规则",
        kinds="资金" if policy else "资格",
    )
    more = ", 研发费用: 100万元" if policy else ""
    amount = "\n  amount: 20万元" if policy else ""
    return head + (_POLICY if policy else "") + _EXAMPLES.format(more=more, amount=amount)
