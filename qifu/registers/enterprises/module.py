"""Declares enterprises: who may look them up, who may import them."""

from qifu.foundation.modules import Module, declare_module

MODULE = declare_module(Module(name="enterprises", title="企业", purpose="经营主体的登记事实及其来源"))
