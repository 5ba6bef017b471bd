"""High-tech enterprises (国科发火〔2016〕32号) and technology SMEs (国科发政〔2017〕115号)."""

from __future__ import annotations

import numpy as np
from firm import WAN, Judged, Whole, best, day, share_at_least, years_before


class hightech_conditions(Judged):
    label = "国科发火〔2016〕32号第十一条"

    def formula(firm, period):
        revenue = firm("revenue", period)
        sales = revenue + firm("revenue_y1", period) + firm("revenue_y2", period)
        spent = firm("rd_expense", period) + firm("rd_expense_y1", period) + firm("rd_expense_y2", period)
        enough = np.where(
            revenue <= 5000 * WAN,
            share_at_least(spent, sales, 5),
            np.where(
                revenue <= 20_000 * WAN, share_at_least(spent, sales, 4), share_at_least(spent, sales, 3)
            ),
        )
        return (
            (firm("resident_enterprise", period) == 1)
            & (firm("established_on", period) <= years_before(period, 1))
            & (firm("core_ip", period) == 1)
            & (firm("supported_field", period) == 1)
            & share_at_least(firm("technical_staff", period), firm("employees", period), 10)
            & enough
            & share_at_least(firm("rd_domestic_3y", period), spent, 60)
            & share_at_least(firm("high_tech_revenue", period), firm("total_revenue", period), 60)
            & (firm("innovation_score", period) > 7000)
            & (firm("major_incident_1y", period) == 0)
        )


class tech_sme_points(Whole):
    label = "国科发政〔2017〕115号第七条；科技人员0分的算0分"

    def formula(firm, period):
        spent, revenue, costs = firm("rd_expense", period), firm("revenue", period), firm("costs", period)
        people = best(
            *(
                (share_at_least(firm("technical_staff", period), firm("employees", period), least), points)
                for least, points in ((30, 20), (25, 16), (20, 12), (15, 8), (10, 4))
            )
        )
        research = best(
            *(
                (share_at_least(spent, revenue, least) | share_at_least(spent, costs, of_costs), points)
                for least, of_costs, points in (
                    (6, 30, 50),
                    (5, 25, 40),
                    (4, 20, 30),
                    (3, 15, 20),
                    (2, 10, 10),
                )
            )
        )
        results = np.where(firm("ip_first", period) >= 1, 30, np.clip(firm("ip_second", period), 0, 4) * 6)
        return np.where(people > 0, people + research + results, 0)


class tech_sme(Judged):
    label = "国科发政〔2017〕115号第六条至第八条"

    def formula(firm, period):
        entry = (firm("resident_enterprise", period) == 1) & (firm("employees", period) <= 500)
        entry = entry & (firm("revenue", period) <= 20_000 * WAN) & (firm("assets", period) <= 20_000 * WAN)
        for bad in ("restricted_industry", "major_incident_1y", "abnormal", "serious_dishonest"):
            entry = entry & (firm(bad, period) == 0)
        straight = (firm("high_tech", period) > day(period)) | (firm("award_national_5y", period) == 1)
        straight = straight | (firm("rd_institution", period) >= 3) | (firm("standards_led", period) >= 1)
        return entry & ((firm("tech_sme_points", period) >= 60) | straight)


VARIABLES = (hightech_conditions, tech_sme_points, tech_sme)
