"""Small and low-profit enterprises, the six taxes and two fees, and the return of unemployment insurance."""

from __future__ import annotations

from firm import WAN, Judged

SELF_EMPLOYED, SMALL_TAXPAYER = 1, 1


class small_lowprofit(Judged):
    label = "财政部 税务总局公告2023年第12号第五条"

    def formula(firm, period):
        return (
            (firm("entity_kind", period) != SELF_EMPLOYED)
            & (firm("restricted_industry", period) == 0)
            & (firm("taxable_income", period) <= 300 * WAN)
            & (firm("employees_quarterly", period) <= 300_000)
            & (firm("assets_quarterly", period) <= 5000 * WAN)
        )


class six_tax_two_fee(Judged):
    label = "财政部 税务总局公告2023年第12号第二条"

    def formula(firm, period):
        return (
            (firm("vat_taxpayer", period) == SMALL_TAXPAYER)
            | firm("small_lowprofit", period)
            | (firm("entity_kind", period) == SELF_EMPLOYED)
        )


class ui_return(Judged):
    label = "人社部发〔2024〕40号"

    def formula(firm, period):
        rate = firm("layoff_rate", period)
        few = firm("insured_staff", period) <= 30
        return (firm("ui_months", period) >= 12) & ((rate <= 550) | (few & (rate <= 2000)))


VARIABLES = (small_lowprofit, six_tax_two_fee, ui_return)
