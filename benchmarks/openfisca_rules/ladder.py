"""The ladder of quality small and medium-sized enterprises (工信部企业〔2022〕63号)."""

from __future__ import annotations

import numpy as np
from firm import WAN, Judged, Whole, best, day, share_at_least, share_at_most, share_below


class innovative_ability(Whole):
    def formula(firm, period):
        spent, revenue = firm("rd_expense", period), firm("revenue", period)
        rights = best(
            (firm("ip_first_high", period) >= 1, 20),
            (firm("ip_first_own", period) >= 1, 15),
            (firm("ip_first", period) >= 1, 10),
            (firm("ip_second", period) >= 1, 5),
        )
        return rights + best(
            *(
                (share_at_least(spent, revenue, least), points)
                for least, points in ((5, 20), (3, 15), (2, 10), (1, 5))
            )
        )


class innovative_growth(Whole):
    def formula(firm, period):
        before = firm("main_revenue_y1", period)
        more = firm("main_revenue", period) - before
        debt, assets = firm("liabilities", period), firm("assets", period)
        growth = best(
            *(
                (share_at_least(more, before, least), points)
                for least, points in ((15, 20), (10, 15), (5, 10), (0, 5))
            )
        )
        return growth + best((share_at_most(debt, assets, 55), 10), (share_below(debt, assets, 75), 5))


class innovative_focus(Whole):
    def formula(firm, period):
        main, revenue = firm("main_revenue", period), firm("revenue", period)
        field = np.where(firm("strategic_industry", period) == 1, 10, 5)
        return field + best(
            *(
                (share_at_least(main, revenue, least), points)
                for least, points in ((70, 20), (60, 15), (55, 10), (50, 5))
            )
        )


class innovative_sme(Judged):
    label = "工信部企业〔2022〕63号附件1"

    def formula(firm, period):
        today = day(period)
        ability, growth, focus = (
            firm(name, period) for name in ("innovative_ability", "innovative_growth", "innovative_focus")
        )
        score = (ability >= 20) & (growth >= 15) & (focus >= 15) & (ability + growth + focus >= 60)
        holds = np.zeros(score.shape, bool)
        for honour in ("high_tech", "innovation_model", "ip_advantage", "ip_model"):
            holds |= firm(honour, period) > today
        straight = (
            holds | (firm("award_national_provincial", period) == 1) | (firm("rd_institution", period) >= 3)
        )
        return firm("sme", period) & (score | straight | (firm("equity_3y", period) >= 500 * WAN))


class specialised_points(Whole):
    label = "工信部企业〔2022〕63号附件2，十三项"

    def formula(firm, period):
        revenue, main, profit = (
            firm("revenue", period),
            firm("main_revenue", period),
            firm("net_profit", period),
        )
        debt, assets, spent = firm("liabilities", period), firm("assets", period), firm("rd_expense", period)
        staff, researchers = firm("employees", period), firm("rd_staff", period)
        field, growth = firm("product_field", period), firm("main_growth_average", period)
        points = best(
            *((share_at_least(main, revenue, least), given) for least, given in ((80, 5), (70, 3), (60, 1)))
        )
        points = points + best(
            *((growth >= least * 100, given) for least, given in ((10, 10), (8, 8), (6, 6), (4, 4), (0, 2)))
        )
        points = points + np.clip(firm("niche_years", period) // 2, 0, 5)
        named = (field == 1) | (field == 5) | (field == 6) | (firm("old_brand", period) > day(period))
        points = points + best((firm("fills_gap", period) == 1, 5), (named, 3))
        digital = firm("digital_level", period)
        points = points + best((digital >= 3, 5), (digital == 2, 3))
        quality = sum(
            (firm(name, period) == 1).astype(np.int64) for name in ("quality_award", "certified", "own_brand")
        )
        quality = quality + (firm("standards_joined", period) >= 1)
        points = points + np.minimum(quality * 3, 5)
        points = points + best(
            *((share_at_least(profit, revenue, least), least) for least in (10, 8, 6, 4, 2))
        )
        points = points + best(
            (share_at_most(debt, assets, 50), 5),
            (share_below(debt, assets, 60), 3),
            (share_below(debt, assets, 70), 1),
        )
        points = points + np.clip(firm("special_score", period) // 100, 0, 15)
        points = points + best(
            (firm("ip_first_high", period) >= 1, 10), (firm("ip_first_own", period) >= 1, 8),
            (firm("ip_first", period) >= 1, 6), (firm("ip_second", period) >= 1, 2),
        )  # fmt: skip
        steps = ((500, 10, 10), (400, 8, 8), (300, 6, 6), (200, 4, 4), (100, 3, 2))
        points = points + best(
            *(
                ((spent >= wan * WAN) | share_at_least(spent, revenue, least), given)
                for wan, least, given in steps
            )
        )
        points = points + best(
            *(
                (share_at_least(researchers, staff, least), given)
                for least, given in ((20, 5), (10, 3), (5, 1))
            )
        )
        return points + np.array([0, 2, 4, 8, 10])[firm("rd_institution", period)]


class zjtx_sme(Judged):
    label = "工信部企业〔2022〕63号附件2"

    def formula(firm, period):
        revenue, spent, equity = (
            firm("revenue", period),
            firm("rd_expense", period),
            firm("equity_2y", period),
        )
        entry = (firm("niche_years", period) >= 2) & (spent >= 100 * WAN) & share_at_least(spent, revenue, 3)
        entry = entry & ((revenue >= 1000 * WAN) | (equity >= 2000 * WAN))
        straight = (firm("award_provincial_top3", period) == 1) | (firm("award_national_top5", period) == 1)
        straight = straight | (spent + firm("rd_expense_y1", period) >= 2000 * WAN) | (equity >= 6000 * WAN)
        straight = straight | (firm("maker_china", period) >= 1)
        return firm("sme", period) & entry & ((firm("specialised_points", period) >= 60) | straight)


class little_giant(Judged):
    label = "工信部企业〔2022〕63号附件3"

    def formula(firm, period):
        revenue, spent = firm("revenue", period), firm("rd_expense", period)
        before, spent_before = firm("revenue_y1", period), firm("rd_expense_y1", period)
        focus = (
            (firm("niche_years", period) >= 3)
            & share_at_least(firm("main_revenue", period), revenue, 70)
            & (firm("main_growth_average", period) >= 500)
        )
        fine = (firm("core_systems", period) >= 1) & (firm("certified", period) == 1)
        fine = fine & share_at_most(firm("liabilities", period), firm("assets", period), 70)
        special = (firm("niche_share", period) >= 1000) & (firm("own_brand", period) == 1)

        def both(percent: int) -> np.ndarray:
            return share_at_least(spent, revenue, percent) & share_at_least(spent_before, before, percent)

        large, middle = revenue >= 10_000 * WAN, revenue >= 5_000 * WAN
        financed = (firm("equity_2y", period) >= 8000 * WAN) & (spent + spent_before >= 3000 * WAN)
        financed = financed & share_at_least(firm("rd_staff", period), firm("employees", period), 50)
        research = np.where(large, both(3), np.where(middle, both(6), financed))
        new = research & (firm("rd_body", period) == 1) & (firm("ip_first_main", period) >= 2)
        new = new | (firm("award_national_top3", period) == 1) | (firm("maker_china", period) == 2)
        field = firm("product_field", period)
        chain = (firm("fills_gap", period) == 1) & (field >= 1) & (field <= 4)
        return (
            firm("sme", period)
            & (firm("specialised_sme", period) > day(period))
            & focus
            & fine
            & special
            & new
            & chain
        )


VARIABLES = (
    innovative_ability, innovative_growth, innovative_focus, innovative_sme, specialised_points, zjtx_sme, little_giant,
)  # fmt: skip
