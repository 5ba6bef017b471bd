WITH said AS (
  SELECT uscc,
    CASE WHEN place >= '33' AND place < '34' THEN TRUE END
    AND CASE WHEN industry >= 'C39' AND industry < 'C3:' OR industry >= 'I65' AND industry < 'I66' THEN TRUE END
    AND established_on <= 19173 AS gate,
    CASE WHEN revenue > 0 THEN (rd_expense + renovation_investment) * 100 >= revenue * 4 END AS a,
    invention_patents >= 2 AS b, high_tech > 19904 AS c, revenue >= 5000000000 AS d
  FROM facts
  WHERE (place >= '33' AND place < '34' OR place IS NULL OR place = '000000')
    AND (industry >= 'C39' AND industry < 'C3:' OR industry >= 'I65' AND industry < 'I66'
         OR industry IS NULL OR industry = 'C' OR industry = 'I')
    AND (established_on <= 19173 OR established_on IS NULL)
)
SELECT uscc, CASE WHEN gate AND COALESCE(a, FALSE)::INT + COALESCE(b, FALSE)::INT + COALESCE(c, FALSE)::INT + COALESCE(d, FALSE)::INT >= 2 THEN 2 ELSE 1 END AS verdict
FROM said
WHERE COALESCE(a, TRUE)::INT + COALESCE(b, TRUE)::INT + COALESCE(c, TRUE)::INT + COALESCE(d, TRUE)::INT >= 2
