"""惠企政策：政策从发布到迭代的全过程；企业看得到能享受什么、差哪一项；符合的确认一下就到账。

Legal basis: 优化营商环境条例（国务院令第722号）；公平竞争审查条例（国务院令第783号）. Used by: policy officers, finance, enterprises.
"""
