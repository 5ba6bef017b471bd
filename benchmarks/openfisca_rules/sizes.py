"""Sizes of enterprises (工信部联企业〔2011〕300号, industries by 国统字〔2017〕213号)."""

from __future__ import annotations

import numpy as np
from firm import WAN, Judged, Whole

X, Y, Z = "employees", "revenue", "assets"
TABLE = (
    # (from, to) of industry numbers …, limits of small, medium, large
    (((10000, 19999),), ((Y, 50, 500, 20000),)),
    (((20000, 49999),), ((X, 20, 300, 1000), (Y, 300, 2000, 40000))),
    (((50000, 59999),), ((Y, 300, 6000, 80000), (Z, 300, 5000, 80000))),
    (((65100, 65199),), ((X, 5, 20, 200), (Y, 1000, 5000, 40000))),
    (((65200, 65299),), ((X, 10, 50, 300), (Y, 100, 500, 20000))),
    (((75400, 75899), (75910, 75919)), ((X, 20, 300, 1000), (Y, 200, 3000, 30000))),
    (((75920, 75999),), ((X, 20, 100, 200), (Y, 100, 1000, 30000))),
    (((76000, 76099),), ((X, 20, 300, 1000), (Y, 100, 2000, 30000))),
    (((86100, 86199),), ((X, 10, 100, 300), (Y, 100, 2000, 10000))),
    (((86200, 86299),), ((X, 10, 100, 300), (Y, 100, 2000, 10000))),
    (((96300, 96499),), ((X, 10, 100, 2000), (Y, 100, 1000, 100000))),
    (((96500, 96599),), ((X, 10, 100, 300), (Y, 50, 1000, 10000))),
    (((117010, 117019),), ((Y, 100, 1000, 200000), (Z, 2000, 5000, 10000))),
    (((117020, 117029),), ((X, 100, 300, 1000), (Y, 500, 1000, 5000))),
    (((120000, 129999),), ((X, 10, 100, 300), (Z, 100, 8000, 120000))),
    (((130000, 159999), (178500, 178599), (180000, 189999), (117030, 117039), (117090, 117099)), ((X, 10, 100, 300),)),
)  # fmt: skip


class size_class(Whole):
    label = "0 micro, 1 small, 2 medium, 3 large, -1 outside the table"

    def formula(firm, period):
        industry = firm("industry", period)
        known = {name: firm(name, period) for name in (X, Y, Z)}
        found = np.full(industry.shape, -1, np.int64)
        for ranges, limits in TABLE:
            within = np.zeros(industry.shape, bool)
            for first, last in ranges:
                within |= (industry >= first) & (industry <= last)
            reached = np.full(industry.shape, 3, np.int64)
            for name, *borders in limits:
                unit = 1 if name == X else WAN
                reached = np.minimum(
                    reached, sum((known[name] >= border * unit).astype(np.int64) for border in borders)
                )
            found = np.where(within, reached, found)
        return found


class sme_micro(Judged):
    def formula(firm, period):
        return firm("size_class", period) == 0


class sme_small_micro(Judged):
    def formula(firm, period):
        size = firm("size_class", period)
        return (size == 0) | (size == 1)


class sme(Judged):
    def formula(firm, period):
        size = firm("size_class", period)
        return (size >= 0) & (size <= 2)


VARIABLES = (size_class, sme_micro, sme_small_micro, sme)
