SELECT uscc, CASE WHEN employees > 1000 THEN 100000000 ELSE employees * 100000 END AS amount_fen
FROM facts
WHERE place >= '3302' AND place < '3303'
  AND entity_kind = 0
  AND revenue >= 2000000000
  AND CASE WHEN revenue_y1 > 0 AND (revenue - revenue_y1) * 100 >= revenue_y1 * 20 THEN 20
           WHEN revenue_y1 > 0 AND (revenue - revenue_y1) * 100 >= revenue_y1 * 10 THEN 10 ELSE 0 END
    + CASE WHEN revenue > 0 AND rd_expense * 100 >= revenue * 5 THEN 20
           WHEN revenue > 0 AND rd_expense * 100 >= revenue * 3 THEN 15 ELSE 0 END
    + CASE WHEN invention_patents >= 5 THEN 20 WHEN invention_patents >= 1 THEN 10 ELSE 0 END >= 30
