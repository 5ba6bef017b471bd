WITH said AS (
  SELECT uscc,
    entity_kind IN (0, 2)
    AND CASE WHEN employees_y1 > 0 THEN (employees - employees_y1) * 100 >= employees_y1 * 10 END
    AND insured_staff >= 20
    AND (CASE WHEN revenue_y1 > 0 THEN (revenue - revenue_y1) * 100 >= revenue_y1 * 20 END
         OR revenue >= 1000000000 AND CASE WHEN revenue > 0 THEN net_profit * 100 >= revenue * 5 END)
    AND tax_arrears = 0 AS holds
  FROM facts
  WHERE (insured_staff >= 20 OR insured_staff IS NULL) AND (tax_arrears = 0 OR tax_arrears IS NULL)
)
SELECT uscc, CASE WHEN holds THEN 2 ELSE 1 END AS verdict FROM said WHERE holds IS NOT FALSE
