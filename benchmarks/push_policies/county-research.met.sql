SELECT uscc, CASE WHEN rd_expense > 2500000000 THEN 500000000 ELSE (rd_expense * 2 + 5) // 10 END AS amount_fen
FROM facts
WHERE place = '330110'
  AND employees <= 300
  AND (high_tech > 19904 OR (revenue > 0 AND rd_expense * 100 >= revenue * 3 AND revenue >= 500000000))
  AND dishonest_debtor = 0 AND serious_dishonest = 0
