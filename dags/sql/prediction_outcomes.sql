-- Joins realised closes to the forecasts of their hours: the last 14 days' that have none yet, or whose candle
-- was corrected meanwhile. Repeating it changes nothing.

UPDATE warehouse.gold_prediction AS p
SET actual_close = o.close,
    actual_return = o.actual,
    actual_class = CASE WHEN o.actual > p.dead_band THEN 'up' WHEN o.actual < -p.dead_band THEN 'down' ELSE 'flat' END,
    error = o.actual - p.forecast_return,
    is_inside = o.actual BETWEEN p.lower_return AND p.upper_return,
    outcome_at = now()
FROM (
    SELECT f.exchange, f.market, f.open_time, c.close,
           ln(c.close::double precision / f.close::double precision) AS actual
    FROM warehouse.gold_prediction AS f
    JOIN warehouse.silver_candle AS c
        ON c.exchange = f.exchange AND c.market = f.market AND c.unit = 60 AND c.open_time = f.target_time
    WHERE f.open_time >= (SELECT max(open_time) - interval '14 days' FROM warehouse.gold_prediction)
      AND f.actual_close IS DISTINCT FROM c.close
      AND CASE WHEN c.close BETWEEN 1e-30 AND 1e30 THEN f.close BETWEEN 1e-30 AND 1e30 ELSE false END
) AS o
WHERE p.exchange = o.exchange AND p.market = o.market AND p.open_time = o.open_time;
