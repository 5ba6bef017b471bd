SELECT uscc, 50000000::BIGINT AS amount_fen
FROM facts
WHERE place >= '33' AND place < '34'
  AND (industry >= 'C39' AND industry < 'C3:' OR industry >= 'I65' AND industry < 'I66')
  AND established_on <= 19173
  AND CASE WHEN revenue > 0 AND (rd_expense + renovation_investment) * 100 >= revenue * 4 THEN 1 ELSE 0 END
    + CASE WHEN invention_patents >= 2 THEN 1 ELSE 0 END
    + CASE WHEN high_tech > 19904 THEN 1 ELSE 0 END
    + CASE WHEN revenue >= 5000000000 THEN 1 ELSE 0 END >= 2
