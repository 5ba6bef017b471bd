"""Work plans: an official notice is read, reviewed, published, and browsed as owned, dated work.

Legal basis: 浙营商专发〔2024〕1号 and its kind; 党政机关公文处理工作条例. Used by reform offices, departments, counties.
"""
