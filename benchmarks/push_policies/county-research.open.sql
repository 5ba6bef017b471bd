WITH said AS (
  SELECT uscc,
    CASE WHEN place = '330110' THEN TRUE END
    AND employees <= 300
    AND (high_tech > 19904 OR (CASE WHEN revenue > 0 THEN rd_expense * 100 >= revenue * 3 END AND revenue >= 500000000))
    AND dishonest_debtor = 0 AND serious_dishonest = 0 AS holds
  FROM facts
  WHERE place = '330110' OR place IS NULL OR place = '330100' OR place = '330000' OR place = '000000'
)
SELECT uscc, CASE WHEN holds THEN 2 ELSE 1 END AS verdict FROM said WHERE holds IS NOT FALSE
