-- Joins realised closes to the forecasts of their hours: those that have none yet, and those of the last 14 days whose
-- candle was corrected meanwhile. Repeating it changes nothing.

UPDATE warehouse.gold_prediction AS p
SET actual_close = c.close,
    actual_return = o.actual,
    actual_class = CASE WHEN o.actual > 0.0005 THEN 'up' WHEN o.actual < -0.0005 THEN 'down' ELSE 'flat' END,
    error = o.actual - p.forecast_return,
    is_inside = o.actual BETWEEN p.lower_return AND p.upper_return,
    outcome_at = now()
FROM warehouse.silver_candle AS c
CROSS JOIN LATERAL (
    SELECT ln(c.close::double precision / p.close::double precision) AS actual
    WHERE c.close BETWEEN 1e-30 AND 1e30 AND p.close BETWEEN 1e-30 AND 1e30
) AS o
WHERE c.exchange = p.exchange AND c.market = p.market AND c.unit = 60 AND c.open_time = p.target_time
  AND p.open_time >= (SELECT max(open_time) - interval '14 days' FROM warehouse.gold_prediction)
  AND p.actual_close IS DISTINCT FROM c.close;
