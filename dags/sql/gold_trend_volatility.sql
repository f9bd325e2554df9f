-- Gold, a function of Silver: rewrites every row from %(since)s (the start of the asset events' hull; without it, as
-- in a manual run, everything) to each market's newest candle, and from wherever Silver noted an earlier change.
-- Formulas and edge rules: docs/INDICATORS.md.
--
-- Each row is computed from a window of candles that its own time alone determines, never from where this run happens
-- to start: the recursive averages of a week's rows (Monday 00:00 UTC) begin at the 832nd candle before that week, so a
-- row has seen 832 to 999 candles, or all there are. With it any order, partition or repetition of runs ends in
-- the same bits. Rows whose values did not change are left alone.

SET LOCAL jit = off;

-- Waits for a Silver run that has not committed and keeps the next one from noting changes until this one has: every
-- note that is removed below belongs to candles that are read below (each statement has a snapshot of its own).
LOCK TABLE warehouse.gold_due IN EXCLUSIVE MODE;

-- Silver loses no candle; should one have been taken out by hand, its row goes too.
DELETE FROM warehouse.gold_trend_volatility AS old
WHERE old.open_time >= coalesce(warehouse.instant(%(since)s), '-infinity')
  AND NOT EXISTS (
      SELECT FROM warehouse.silver_candle AS c
      WHERE c.exchange = old.exchange AND c.market = old.market AND c.unit = 60 AND c.open_time = old.open_time);

-- During the first fill the tables have no statistics yet, and the planner takes 26,000 candles for one. So it is told
-- what holds at any size: walk the candles by primary key (the lateral joins are loops in any case), hash the rest.
-- Without this the last join compared all pairs of a market's rows: five times the time of everything else.
SET LOCAL enable_seqscan = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_nestloop = off;

WITH span AS MATERIALIZED (
    SELECT m.exchange, m.market, m.newest,
           greatest(m.oldest, least(coalesce(warehouse.instant(%(since)s), '-infinity'), due.since)) AS since
    FROM (
        SELECT exchange, market, min(open_time) AS oldest, max(open_time) AS newest
        FROM warehouse.silver_candle WHERE unit = 60 GROUP BY exchange, market
    ) AS m
    LEFT JOIN warehouse.gold_due AS due USING (exchange, market)
), recent AS MATERIALIZED (
    -- For windows of a fixed length: 99 candles or 169 hours before the first row, whichever is more.
    SELECT span.exchange, span.market, span.since, k.*
    FROM span
    CROSS JOIN LATERAL (
        SELECT least(span.since - interval '169 hours', min(open_time)) AS read_from
        FROM (
            SELECT open_time FROM warehouse.silver_candle
            WHERE exchange = span.exchange AND market = span.market AND unit = 60 AND open_time < span.since
            ORDER BY open_time DESC LIMIT 99
        ) AS before
    ) AS reach
    CROSS JOIN LATERAL (
        SELECT open_time, close AS exact_close, div(extract(epoch FROM open_time), 3600)::integer AS hour,
               open::double precision AS o, high::double precision AS h,
               low::double precision AS l, close::double precision AS c
        FROM warehouse.silver_candle
        WHERE exchange = span.exchange AND market = span.market AND unit = 60
          AND open_time >= reach.read_from AND open_time <= span.newest
        OFFSET 0
    ) AS k
), hourly AS (
    -- Logarithms, guarded against prices of zero, which the data check reports.
    SELECT recent.*,
           CASE WHEN hour - lag(hour) OVER line = 1 AND least(c, lag(c) OVER line) > 0
                THEN ln(c / lag(c) OVER line) END AS log_return,
           CASE WHEN least(o, h, l, c) > 0
                THEN ln(h / l) * ln(h / l) END AS log_range_2,
           CASE WHEN least(o, h, l, c) > 0
                THEN 0.5 * (ln(h / l) * ln(h / l)) - (2 * ln(2::double precision) - 1) * (ln(c / o) * ln(c / o))
           END AS garman_klass
    FROM recent
    WINDOW line AS (PARTITION BY exchange, market ORDER BY open_time)
), windowed AS (
    SELECT exchange, market, open_time, since, exact_close,
           CASE WHEN count(*) OVER last_7 = 7 THEN avg(c) OVER last_7 END AS ma_7,
           CASE WHEN count(*) OVER last_25 = 25 THEN avg(c) OVER last_25 END AS ma_25,
           CASE WHEN count(*) OVER last_99 = 99 THEN avg(c) OVER last_99 END AS ma_99,
           CASE WHEN count(*) OVER last_20 = 20 THEN avg(c) OVER last_20 END AS ma_20,
           CASE WHEN count(*) OVER last_20 = 20 THEN stddev_pop(c) OVER last_20 END AS deviation_20,
           count(log_return) OVER last_24h >= 0.9 * 24 AS enough_24h,
           count(log_return) OVER last_168h >= 0.9 * 168 AS enough_168h,
           stddev_samp(log_return) OVER last_24h AS close_24h,
           stddev_samp(log_return) OVER last_168h AS close_168h,
           sum(log_range_2) OVER last_24h / nullif(count(log_range_2) OVER last_24h, 0) AS parkinson_24h,
           sum(log_range_2) OVER last_168h / nullif(count(log_range_2) OVER last_168h, 0) AS parkinson_168h,
           sum(garman_klass) OVER last_24h / nullif(count(garman_klass) OVER last_24h, 0) AS garman_klass_24h,
           sum(garman_klass) OVER last_168h / nullif(count(garman_klass) OVER last_168h, 0) AS garman_klass_168h,
           24 - count(*) OVER last_24h AS missing_24h,
           168 - count(*) OVER last_168h AS missing_168h,
           hour - first_value(hour) OVER last_99 + 1 - count(*) OVER last_99 AS missing_99
    FROM hourly
    WINDOW line AS (PARTITION BY exchange, market ORDER BY hour),
           last_7 AS (line ROWS BETWEEN 6 PRECEDING AND CURRENT ROW),
           last_20 AS (line ROWS BETWEEN 19 PRECEDING AND CURRENT ROW),
           last_25 AS (line ROWS BETWEEN 24 PRECEDING AND CURRENT ROW),
           last_99 AS (line ROWS BETWEEN 98 PRECEDING AND CURRENT ROW),
           last_24h AS (line RANGE BETWEEN 23 PRECEDING AND CURRENT ROW),
           last_168h AS (line RANGE BETWEEN 167 PRECEDING AND CURRENT ROW)
), week AS MATERIALIZED (
    SELECT span.exchange, span.market, span.since, monday,
           coalesce((
               SELECT min(open_time)
               FROM (
                   SELECT open_time FROM warehouse.silver_candle
                   WHERE exchange = span.exchange AND market = span.market AND unit = 60 AND open_time < monday
                   ORDER BY open_time DESC LIMIT 832
               ) AS before), monday) AS seed
    FROM span
    CROSS JOIN LATERAL generate_series(
        date_trunc('week', span.since, 'UTC'), span.newest, interval '168 hours') AS monday
), line AS (
    SELECT week.exchange, week.market, week.since, week.monday, k.*
    FROM week
    CROSS JOIN LATERAL (
        SELECT open_time, high::double precision AS h, low::double precision AS l, close::double precision AS c
        FROM warehouse.silver_candle
        WHERE exchange = week.exchange AND market = week.market AND unit = 60
          AND open_time >= week.seed AND open_time < week.monday + interval '168 hours'
        OFFSET 0
    ) AS k
), trend AS (
    SELECT exchange, market, since, monday, open_time, h, l, c,
           lag(c) OVER series AS previous,
           warehouse.ema(c, 12) OVER series AS ema_12,
           warehouse.ema(c, 26) OVER series AS ema_26,
           row_number() OVER series - 1 AS warmup_candles
    FROM line
    WINDOW series AS (PARTITION BY exchange, market, monday ORDER BY open_time)
), recursive_average AS (
    SELECT exchange, market, since, monday, open_time, ema_12, ema_26, warmup_candles,
           warehouse.ema(ema_12 - ema_26, 9) OVER series AS macd_signal,
           -- greatest() skips a null, and the first candle has no previous close: no gain, no loss, but a range.
           warehouse.wilder(CASE WHEN previous IS NOT NULL THEN greatest(c - previous, 0) END, 14) OVER series AS gain,
           warehouse.wilder(CASE WHEN previous IS NOT NULL THEN greatest(previous - c, 0) END, 14) OVER series AS loss,
           warehouse.wilder(greatest(h - l, abs(h - previous), abs(l - previous)), 14) OVER series AS atr_14
    FROM trend
    WINDOW series AS (PARTITION BY exchange, market, monday ORDER BY open_time)
), gold AS (
    SELECT w.exchange, w.market, w.open_time, w.exact_close AS close, w.ma_7, w.ma_25, w.ma_99, r.ema_12, r.ema_26,
           CASE WHEN r.gain + r.loss > 0 THEN 100 * r.gain / (r.gain + r.loss)
                WHEN r.gain + r.loss = 0 THEN 50 END AS rsi_14,
           r.ema_12 - r.ema_26 AS macd,
           r.macd_signal,
           r.ema_12 - r.ema_26 - r.macd_signal AS macd_hist,
           r.atr_14,
           w.ma_20 AS bb_middle,
           w.ma_20 + 2 * w.deviation_20 AS bb_upper,
           w.ma_20 - 2 * w.deviation_20 AS bb_lower,
           year.root * CASE WHEN enough_24h THEN close_24h END AS vol_close_24h,
           year.root * CASE WHEN enough_168h THEN close_168h END AS vol_close_168h,
           year.root * CASE WHEN enough_24h
               THEN sqrt(parkinson_24h / (4 * ln(2::double precision))) END AS vol_parkinson_24h,
           year.root * CASE WHEN enough_168h
               THEN sqrt(parkinson_168h / (4 * ln(2::double precision))) END AS vol_parkinson_168h,
           year.root * CASE WHEN enough_24h THEN sqrt(greatest(garman_klass_24h, 0)) END AS vol_garman_klass_24h,
           year.root * CASE WHEN enough_168h THEN sqrt(greatest(garman_klass_168h, 0)) END AS vol_garman_klass_168h,
           w.missing_24h, w.missing_168h, w.missing_99, r.warmup_candles
    FROM windowed AS w
    JOIN recursive_average AS r USING (exchange, market, open_time)
    CROSS JOIN (SELECT sqrt(24 * 365::double precision) AS root) AS year
    WHERE w.open_time >= w.since AND r.open_time >= r.monday
), written AS (
    INSERT INTO warehouse.gold_trend_volatility AS old (
        exchange, market, open_time, close, ma_7, ma_25, ma_99, ema_12, ema_26, rsi_14, macd, macd_signal, macd_hist,
        atr_14, bb_middle, bb_upper, bb_lower, vol_close_24h, vol_close_168h, vol_parkinson_24h, vol_parkinson_168h,
        vol_garman_klass_24h, vol_garman_klass_168h, missing_24h, missing_168h, missing_99, warmup_candles)
    SELECT exchange, market, open_time, close, ma_7, ma_25, ma_99, ema_12, ema_26, rsi_14, macd, macd_signal, macd_hist,
           atr_14, bb_middle, bb_upper, bb_lower, vol_close_24h, vol_close_168h, vol_parkinson_24h, vol_parkinson_168h,
           vol_garman_klass_24h, vol_garman_klass_168h, missing_24h, missing_168h, missing_99, warmup_candles
    FROM gold
    ON CONFLICT (exchange, market, open_time) DO UPDATE SET
        close = excluded.close, ma_7 = excluded.ma_7, ma_25 = excluded.ma_25, ma_99 = excluded.ma_99,
        ema_12 = excluded.ema_12, ema_26 = excluded.ema_26, rsi_14 = excluded.rsi_14,
        macd = excluded.macd, macd_signal = excluded.macd_signal, macd_hist = excluded.macd_hist,
        atr_14 = excluded.atr_14,
        bb_middle = excluded.bb_middle, bb_upper = excluded.bb_upper, bb_lower = excluded.bb_lower,
        vol_close_24h = excluded.vol_close_24h, vol_close_168h = excluded.vol_close_168h,
        vol_parkinson_24h = excluded.vol_parkinson_24h, vol_parkinson_168h = excluded.vol_parkinson_168h,
        vol_garman_klass_24h = excluded.vol_garman_klass_24h, vol_garman_klass_168h = excluded.vol_garman_klass_168h,
        missing_24h = excluded.missing_24h, missing_168h = excluded.missing_168h, missing_99 = excluded.missing_99,
        warmup_candles = excluded.warmup_candles, computed_at = now()
    WHERE (old.close, old.ma_7, old.ma_25, old.ma_99, old.ema_12, old.ema_26, old.rsi_14, old.macd, old.macd_signal,
           old.macd_hist, old.atr_14, old.bb_middle, old.bb_upper, old.bb_lower, old.vol_close_24h, old.vol_close_168h,
           old.vol_parkinson_24h, old.vol_parkinson_168h, old.vol_garman_klass_24h, old.vol_garman_klass_168h,
           old.missing_24h, old.missing_168h, old.missing_99, old.warmup_candles)
          IS DISTINCT FROM
          (excluded.close, excluded.ma_7, excluded.ma_25, excluded.ma_99, excluded.ema_12, excluded.ema_26,
           excluded.rsi_14, excluded.macd, excluded.macd_signal, excluded.macd_hist, excluded.atr_14,
           excluded.bb_middle, excluded.bb_upper, excluded.bb_lower, excluded.vol_close_24h, excluded.vol_close_168h,
           excluded.vol_parkinson_24h, excluded.vol_parkinson_168h, excluded.vol_garman_klass_24h,
           excluded.vol_garman_klass_168h, excluded.missing_24h, excluded.missing_168h, excluded.missing_99,
           excluded.warmup_candles)
    RETURNING open_time
), noted AS (
    DELETE FROM warehouse.gold_due RETURNING since
)
SELECT (SELECT count(*) FROM gold) AS rows_computed,
       count(*) AS rows_changed,
       (SELECT min(since) FROM span) AS rewritten_from,
       (SELECT max(newest) FROM span) AS newest,
       (SELECT count(*) FROM noted) AS markets_due
FROM written;
