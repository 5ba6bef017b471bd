SELECT uscc, CASE WHEN insured_staff >= 300 THEN 50000000 WHEN insured_staff >= 100 THEN 20000000 ELSE 5000000 END::BIGINT AS amount_fen
FROM facts
WHERE entity_kind IN (0, 2)
  AND employees_y1 > 0 AND (employees - employees_y1) * 100 >= employees_y1 * 10
  AND insured_staff >= 20
  AND (revenue_y1 > 0 AND (revenue - revenue_y1) * 100 >= revenue_y1 * 20
       OR revenue >= 1000000000 AND revenue > 0 AND net_profit * 100 >= revenue * 5)
  AND tax_arrears = 0
