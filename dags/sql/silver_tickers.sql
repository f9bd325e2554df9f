-- Silver tickers and the market list from Bronze replies: those that no run has read yet, and those of the hours
-- %(since)s to %(until)s (the hull of the asset events); without bounds, as in a manual run, every reply ever stored.
--
-- The key holds the hour asked. The hour's earliest reply wins, being nearest to the hour's start; so repetition and
-- order cannot change the result.
WITH due AS (
    DELETE FROM warehouse.silver_due WHERE endpoint = 'ticker_24h' RETURNING call_id
), bounds AS (
    SELECT warehouse.instant(%(since)s) AS since, warehouse.instant(%(until)s) AS until
), wanted AS (
    SELECT call_id AS id FROM due
    UNION
    SELECT l.id
    FROM bounds, warehouse.crypto_24hr_rawingest_landing AS l
    WHERE l.endpoint = 'ticker_24h'
      AND l.interval_end >= coalesce(bounds.since, '-infinity')
      AND l.interval_start <= coalesce(bounds.until, 'infinity')
), readable AS MATERIALIZED (
    SELECT l.id, l.source, l.call_ts, l.derived, l.interval_start, e AS element
    FROM wanted
    JOIN warehouse.crypto_24hr_rawingest_landing AS l USING (id)
    CROSS JOIN LATERAL jsonb_array_elements(
        CASE WHEN jsonb_typeof(l.payload) = 'array' THEN l.payload ELSE '[]' END) AS e
    WHERE l.failure IS NULL AND l.http_status = 200
      AND e ->> 'market' ~ '^[^-]+-[^-]+$'
      AND e ->> 'timestamp' ~ '^\d{1,15}$'
      AND jsonb_typeof(e -> 'trade_price') = 'number'
      AND jsonb_typeof(e -> 'acc_trade_volume_24h') = 'number'
      AND jsonb_typeof(e -> 'acc_trade_price_24h') = 'number'
), ticker AS (
    SELECT source AS exchange,
           element ->> 'market' AS market,
           date_trunc('hour', interval_start, 'UTC') AS hour,
           trim_scale((element ->> 'trade_price')::numeric) AS price,
           trim_scale((element ->> 'prev_closing_price')::numeric) AS previous_close,
           trim_scale((element ->> 'opening_price')::numeric) AS day_open,
           trim_scale((element ->> 'high_price')::numeric) AS day_high,
           trim_scale((element ->> 'low_price')::numeric) AS day_low,
           trim_scale((element ->> 'signed_change_rate')::numeric) AS signed_change_rate,
           trim_scale((element ->> 'acc_trade_volume_24h')::numeric) AS volume_24h,
           trim_scale((element ->> 'acc_trade_price_24h')::numeric) AS value_24h,
           'acc_trade_price_24h' = ANY (derived) AS value_derived,
           trim_scale((element ->> 'acc_trade_volume')::numeric) AS day_volume,
           trim_scale((element ->> 'acc_trade_price')::numeric) AS day_value,
           trim_scale((element ->> 'highest_52_week_price')::numeric) AS highest_52_week,
           (element ->> 'highest_52_week_date')::date AS highest_52_week_date,
           trim_scale((element ->> 'lowest_52_week_price')::numeric) AS lowest_52_week,
           (element ->> 'lowest_52_week_date')::date AS lowest_52_week_date,
           warehouse.epoch_ms(element ->> 'trade_timestamp') AS last_trade_at,
           warehouse.epoch_ms(element ->> 'timestamp') AS exchange_ts,
           call_ts,
           id AS call_id,
           warehouse.payload_hash(element) AS payload_hash
    FROM readable
), winner AS (
    SELECT DISTINCT ON (exchange, market, hour) *
    FROM ticker
    ORDER BY exchange, market, hour, call_ts, payload_hash, call_id
), written AS (
    INSERT INTO warehouse.silver_ticker AS old (
        exchange, market, hour, price, previous_close, day_open, day_high, day_low, signed_change_rate,
        volume_24h, value_24h, value_derived, day_volume, day_value,
        highest_52_week, highest_52_week_date, lowest_52_week, lowest_52_week_date,
        last_trade_at, exchange_ts, call_ts, call_id, payload_hash)
    SELECT exchange, market, hour, price, previous_close, day_open, day_high, day_low, signed_change_rate,
           volume_24h, value_24h, value_derived, day_volume, day_value,
           highest_52_week, highest_52_week_date, lowest_52_week, lowest_52_week_date,
           last_trade_at, exchange_ts, call_ts, call_id, payload_hash
    FROM winner
    ON CONFLICT (exchange, market, hour) DO UPDATE SET
        price = excluded.price, previous_close = excluded.previous_close,
        day_open = excluded.day_open, day_high = excluded.day_high, day_low = excluded.day_low,
        signed_change_rate = excluded.signed_change_rate,
        volume_24h = excluded.volume_24h, value_24h = excluded.value_24h, value_derived = excluded.value_derived,
        day_volume = excluded.day_volume, day_value = excluded.day_value,
        highest_52_week = excluded.highest_52_week, highest_52_week_date = excluded.highest_52_week_date,
        lowest_52_week = excluded.lowest_52_week, lowest_52_week_date = excluded.lowest_52_week_date,
        last_trade_at = excluded.last_trade_at, exchange_ts = excluded.exchange_ts,
        call_ts = excluded.call_ts, call_id = excluded.call_id, payload_hash = excluded.payload_hash
    WHERE (excluded.call_ts, excluded.payload_hash) < (old.call_ts, old.payload_hash)
    RETURNING hour
), listed AS (
    -- Every reply counts here, the hour's later ones too.
    INSERT INTO warehouse.market AS old (exchange, market, quote, base, first_seen, last_seen)
    SELECT exchange, market, split_part(market, '-', 1), split_part(market, '-', 2), min(call_ts), max(call_ts)
    FROM ticker
    GROUP BY exchange, market
    ON CONFLICT (exchange, market) DO UPDATE SET
        first_seen = least(old.first_seen, excluded.first_seen),
        last_seen = greatest(old.last_seen, excluded.last_seen)
    WHERE excluded.first_seen < old.first_seen OR excluded.last_seen > old.last_seen
    RETURNING first_seen = last_seen AS is_new
)
SELECT (SELECT count(*) FROM wanted) AS replies,
       count(*) AS tickers_written,
       min(hour) AS first_hour,
       max(hour) AS last_hour,
       (SELECT count(*) FROM listed WHERE is_new) AS markets_new
FROM written;
