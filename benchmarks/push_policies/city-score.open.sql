WITH said AS (
  SELECT uscc,
    CASE WHEN place >= '3302' AND place < '3303' THEN TRUE END AND entity_kind = 0 AND revenue >= 2000000000 AS gate,
    CASE WHEN revenue_y1 > 0 AND (revenue - revenue_y1) * 100 >= revenue_y1 * 20 THEN 20
         WHEN revenue_y1 > 0 AND (revenue - revenue_y1) * 100 >= revenue_y1 * 10 THEN 10 ELSE 0 END
    + CASE WHEN revenue > 0 AND rd_expense * 100 >= revenue * 5 THEN 20
           WHEN revenue > 0 AND rd_expense * 100 >= revenue * 3 THEN 15 ELSE 0 END
    + CASE WHEN invention_patents >= 5 THEN 20 WHEN invention_patents >= 1 THEN 10 ELSE 0 END AS low,
    CASE WHEN revenue_y1 > 0 AND (revenue - revenue_y1) * 100 < revenue_y1 * 20
         THEN CASE WHEN (revenue - revenue_y1) * 100 >= revenue_y1 * 10 THEN 10 ELSE 0 END ELSE 20 END
    + CASE WHEN revenue > 0 AND rd_expense * 100 < revenue * 5
           THEN CASE WHEN rd_expense * 100 >= revenue * 3 THEN 15 ELSE 0 END ELSE 20 END
    + CASE WHEN invention_patents < 5 THEN CASE WHEN invention_patents >= 1 THEN 10 ELSE 0 END ELSE 20 END AS high
  FROM facts
  WHERE (place >= '3302' AND place < '3303' OR place IS NULL OR place = '330000' OR place = '000000')
    AND (entity_kind = 0 OR entity_kind IS NULL) AND (revenue >= 2000000000 OR revenue IS NULL)
)
SELECT uscc, CASE WHEN gate AND low >= 30 THEN 2 ELSE 1 END AS verdict FROM said WHERE high >= 30
