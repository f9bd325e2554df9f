-- Silver candles from Bronze replies: those that no run has read yet, and those of the hours %(since)s to %(until)s
-- (the hull of the asset events); without bounds, as in a manual run, every reply ever stored.
--
-- Repetition and order cannot change the result: the reply asked for last wins, whenever it is read. Replies are read
-- rather than events, because an unchanged reply adds no event and yet is newer evidence.
WITH due AS (
    DELETE FROM warehouse.silver_due WHERE endpoint = 'candles' RETURNING call_id
), bounds AS (
    SELECT warehouse.instant(%(since)s) AS since, warehouse.instant(%(until)s) AS until
), wanted AS (
    SELECT call_id AS id FROM due
    UNION
    SELECT l.id
    FROM bounds, warehouse.crypto_24hr_rawingest_landing AS l
    WHERE l.endpoint = 'candles'
      AND l.interval_end >= coalesce(bounds.since, '-infinity')
      AND l.interval_start <= coalesce(bounds.until, 'infinity')
), readable AS MATERIALIZED (
    -- What does not look like a candle stays in Bronze; data_quality tells.
    SELECT l.id, l.source, l.call_ts, l.derived, e AS element
    FROM wanted
    JOIN warehouse.crypto_24hr_rawingest_landing AS l USING (id)
    CROSS JOIN LATERAL jsonb_array_elements(
        CASE WHEN jsonb_typeof(l.payload) = 'array' THEN l.payload ELSE '[]' END) AS e
    WHERE l.failure IS NULL AND l.http_status = 200
      AND jsonb_typeof(e -> 'market') = 'string'
      AND e ->> 'candle_date_time_utc' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$'
      AND e ->> 'unit' ~ '^[1-9]\d{0,3}$'
      AND jsonb_typeof(e -> 'opening_price') = 'number'
      AND jsonb_typeof(e -> 'high_price') = 'number'
      AND jsonb_typeof(e -> 'low_price') = 'number'
      AND jsonb_typeof(e -> 'trade_price') = 'number'
      AND jsonb_typeof(e -> 'candle_acc_trade_volume') = 'number'
), candle AS (
    SELECT source AS exchange,
           element ->> 'market' AS market,
           (element ->> 'unit')::integer AS unit,
           ((element ->> 'candle_date_time_utc') || 'Z')::timestamptz AS open_time,
           trim_scale((element ->> 'opening_price')::numeric) AS open,
           trim_scale((element ->> 'high_price')::numeric) AS high,
           trim_scale((element ->> 'low_price')::numeric) AS low,
           trim_scale((element ->> 'trade_price')::numeric) AS close,
           trim_scale((element ->> 'candle_acc_trade_volume')::numeric) AS volume,
           CASE WHEN jsonb_typeof(element -> 'candle_acc_trade_price') = 'number'
                THEN trim_scale((element ->> 'candle_acc_trade_price')::numeric) END AS value,
           'candle_acc_trade_price' = ANY (derived) AS value_derived,
           CASE WHEN element ->> 'timestamp' ~ '^\d{1,15}$'
                THEN warehouse.epoch_ms(element ->> 'timestamp') END AS last_trade_at,
           call_ts,
           id AS call_id,
           warehouse.payload_hash(element) AS payload_hash
    FROM readable
), winner AS (
    -- A candle that was still open when asked is not a candle yet.
    SELECT DISTINCT ON (exchange, market, unit, open_time) *
    FROM candle
    WHERE call_ts >= open_time + unit * interval '1 minute'
    ORDER BY exchange, market, unit, open_time, call_ts DESC, payload_hash DESC, call_id DESC
), written AS (
    INSERT INTO warehouse.silver_candle AS old (
        exchange, market, unit, open_time, open, high, low, close, volume, value, value_derived,
        last_trade_at, call_ts, call_id, payload_hash, changed_at)
    SELECT exchange, market, unit, open_time, open, high, low, close, volume, value, value_derived,
           last_trade_at, call_ts, call_id, payload_hash, now()
    FROM winner
    ON CONFLICT (exchange, market, unit, open_time) DO UPDATE SET
        open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
        volume = excluded.volume, value = excluded.value, value_derived = excluded.value_derived,
        last_trade_at = excluded.last_trade_at,
        call_ts = excluded.call_ts, call_id = excluded.call_id, payload_hash = excluded.payload_hash,
        changed_at = CASE
            WHEN (old.open, old.high, old.low, old.close, old.volume, old.value)
                 IS DISTINCT FROM
                 (excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume, excluded.value)
            THEN now() ELSE old.changed_at END
    WHERE (excluded.call_ts, excluded.payload_hash) > (old.call_ts, old.payload_hash)
    RETURNING exchange, market, unit, open_time, changed_at = now() AS changed
), marked AS (
    INSERT INTO warehouse.gold_due AS old (exchange, market, since)
    SELECT exchange, market, min(open_time) FROM written WHERE changed AND unit = 60 GROUP BY exchange, market
    ON CONFLICT (exchange, market) DO UPDATE SET since = least(old.since, excluded.since)
    RETURNING since
)
SELECT (SELECT count(*) FROM wanted) AS replies,
       count(*) FILTER (WHERE changed) AS candles_changed,
       count(*) FILTER (WHERE NOT changed) AS candles_confirmed,
       min(open_time) FILTER (WHERE changed) AS first_changed,
       max(open_time) FILTER (WHERE changed) AS last_changed,
       (SELECT min(since) FROM marked) AS gold_due_since
FROM written;
