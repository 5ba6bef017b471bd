"""涉企问题闭环: every problem of an enterprise under one number, filtered, assigned, worked, rated, reworked and closed.

Legal basis: 浙营商专发〔2024〕1号 二（一）4, annex 2 rows 17-22; 优化营商环境条例; 民法典 第二百条至第二百零四条 (terms).
Used by: enterprises and anyone for them; 企服中心 (the hub), departments at three levels, the call-back desk one level above.
Start with `module.py`, `case_binding.py` and provinces/…/enterprise_problems/standard.yaml.
"""
