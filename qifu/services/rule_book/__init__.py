"""规则库：本地能用的规则，读得出来，试得了；每项事实有没有、哪些规则在等它。

Legal basis: the rules' own documents. Used by: officers who write and check rules, data bureaus that bring facts.
"""
