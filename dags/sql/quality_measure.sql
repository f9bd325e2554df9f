-- Measures the quality of %(days)s days of market data up to %(until)s and writes what is wrong, and what is only
-- worth telling, to data_quality_result under %(run_id)s. The next task judges.
--
-- An hour counts half an hour after its end, when it must be fetched and final. An hour of which the exchange has no
-- candle (final coverage with no rows) is no problem. Hours before the first one ever asked of a market are not
-- expected.
DELETE FROM warehouse.data_quality_result WHERE run_id = %(run_id)s;

WITH bounds AS MATERIALIZED (
    SELECT finish - %(days)s::integer * interval '24 hours' AS start, finish
    FROM (SELECT date_trunc('hour',
              coalesce(warehouse.instant(%(until)s), now()) - interval '30 minutes', 'UTC') AS finish) AS end_hour
), asked AS MATERIALIZED (
    SELECT %(exchange)s AS exchange, market,
           (SELECT min(hour) FROM warehouse.market_coverage AS c
            WHERE c.exchange = %(exchange)s AND c.endpoint = 'candles' AND c.unit = 60 AND c.market = wanted.market
           ) AS first_hour
    FROM unnest(string_to_array(%(markets)s, ',')) AS wanted(market)
), hour AS MATERIALIZED (
    SELECT a.exchange, a.market, h AS hour, v.rows, v.final, c.open_time IS NOT NULL AS in_silver,
           c.close, g.close AS gold_close
    FROM bounds
    CROSS JOIN asked AS a
    CROSS JOIN LATERAL generate_series(
        greatest(bounds.start, a.first_hour), bounds.finish - interval '1 hour', interval '1 hour') AS h
    LEFT JOIN warehouse.market_coverage AS v
        ON v.exchange = a.exchange AND v.endpoint = 'candles' AND v.unit = 60 AND v.market = a.market AND v.hour = h
    LEFT JOIN warehouse.silver_candle AS c
        ON c.exchange = a.exchange AND c.market = a.market AND c.unit = 60 AND c.open_time = h
    LEFT JOIN warehouse.gold_trend_volatility AS g
        ON g.exchange = a.exchange AND g.market = a.market AND g.open_time = h
    WHERE a.first_hour IS NOT NULL
), candle AS MATERIALIZED (
    -- All markets and units, not only those expected.
    SELECT c.*
    FROM bounds
    JOIN warehouse.silver_candle AS c ON c.open_time >= bounds.start AND c.open_time < bounds.finish
), found (check_name, severity, exchange, market, count, detail) AS (
    SELECT 'summary', 'note', '', '', count(hour.hour),
           count(hour.hour) || ' market hours checked from ' || warehouse.hour_list(ARRAY[min(bounds.start)])
               || ' to ' || warehouse.hour_list(ARRAY[min(bounds.finish)]) || ' UTC'
    FROM bounds LEFT JOIN hour ON true

    UNION ALL
    SELECT 'candles never fetched', 'problem', exchange, market, 1,
           'no hour was ever asked; is candles_1h paused, and does it name this market?'
    FROM asked WHERE first_hour IS NULL

    UNION ALL
    SELECT 'candles not fetched', 'problem', exchange, market, count(*),
           'hours not fetched: ' || count(*) || ' (' || warehouse.hour_list(array_agg(hour))
               || '); backfill candles_1h over them'
    FROM hour WHERE rows IS NULL GROUP BY exchange, market

    UNION ALL
    SELECT 'candles not final', 'problem', exchange, market, count(*),
           'hours asked too early and not again: ' || count(*) || ' (' || warehouse.hour_list(array_agg(hour))
               || '); backfill candles_1h over them'
    FROM hour WHERE NOT final GROUP BY exchange, market

    UNION ALL
    SELECT 'candles not refined', 'problem', exchange, market, count(*),
           'hours fetched but not in silver_candle: ' || count(*) || ' (' || warehouse.hour_list(array_agg(hour))
               || '); trigger bronze_to_silver'
    FROM hour WHERE final AND rows > 0 AND NOT in_silver GROUP BY exchange, market

    UNION ALL
    SELECT 'candles denied', 'problem', exchange, market, count(*),
           'hours in silver_candle of which the exchange last said that they have no candle: ' || count(*) || ' ('
               || warehouse.hour_list(array_agg(hour)) || ')'
    FROM hour WHERE final AND rows = 0 AND in_silver GROUP BY exchange, market

    UNION ALL
    SELECT 'hours without trade', 'note', exchange, market, count(*),
           'hours without a candle at the exchange: ' || count(*) || ' (' || warehouse.hour_list(array_agg(hour)) || ')'
    FROM hour WHERE final AND rows = 0 AND NOT in_silver GROUP BY exchange, market

    UNION ALL
    SELECT 'gold behind silver', 'problem', exchange, market, count(*),
           'hours absent or stale in gold_trend_volatility: ' || count(*)
               || ' (' || warehouse.hour_list(array_agg(hour)) || '); trigger gold_trend_volatility'
    FROM hour WHERE in_silver AND close IS DISTINCT FROM gold_close GROUP BY exchange, market

    UNION ALL
    SELECT 'duplicate candles', 'problem', exchange, market, count(*),
           'candles that stand twice in silver_candle: ' || count(*) || ' (first at '
               || warehouse.hour_list(ARRAY[min(open_time)]) || ')'
    FROM (
        SELECT exchange, market, unit, open_time FROM candle
        GROUP BY exchange, market, unit, open_time HAVING count(*) > 1
    ) AS repeated
    GROUP BY exchange, market

    UNION ALL
    SELECT 'duplicate events', 'problem', source, symbol, count(*),
           'events that stand twice in crypto_24hr_rawingest_events: ' || count(*) || ' (first at '
               || warehouse.hour_list(ARRAY[min(ts_event)]) || ')'
    FROM (
        SELECT e.source, e.symbol, e.ts_event
        FROM bounds
        JOIN warehouse.crypto_24hr_rawingest_events AS e ON e.ts_event >= bounds.start AND e.ts_event < bounds.finish
        GROUP BY e.source, e.symbol, e.ts_event, e.payload HAVING count(*) > 1
    ) AS repeated
    GROUP BY source, symbol

    UNION ALL
    SELECT 'misaligned candles', 'problem', exchange, market, count(*),
           'candles that do not open on a multiple of their unit: ' || count(*) || ' (first at '
               || warehouse.hour_list(ARRAY[min(open_time)]) || ')'
    FROM candle
    WHERE mod(extract(epoch FROM open_time), unit * 60) <> 0
    GROUP BY exchange, market

    UNION ALL
    SELECT 'OHLC sense', 'problem', exchange, market, count(*),
           'candles that break low <= open, close <= high, price > 0 or volume >= 0: ' || count(*) || ' ('
               || warehouse.hour_list(array_agg(DISTINCT date_trunc('hour', open_time, 'UTC'))) || ')'
    FROM candle
    WHERE low > least(open, close) OR high < greatest(open, close) OR low <= 0 OR volume < 0 OR value < 0
    GROUP BY exchange, market

    UNION ALL
    SELECT 'replies not read', 'problem', l.source, '', count(*),
           'replies that have waited over an hour to be refined: ' || count(*) || ' (first since '
               || warehouse.hour_list(ARRAY[min(l.received_at)]) || '); trigger bronze_to_silver'
    FROM warehouse.silver_due AS d
    JOIN warehouse.crypto_24hr_rawingest_landing AS l ON l.id = d.call_id
    WHERE l.received_at < now() - interval '1 hour'
    GROUP BY l.source

    UNION ALL
    SELECT 'replies refused', 'note', l.source, '', count(*),
           'replies that were not usable: ' || count(*)
               || ' (last at ' || warehouse.hour_list(ARRAY[max(l.call_ts)]) || ': '
               || (array_agg(l.failure ORDER BY l.call_ts DESC, l.id DESC))[1] || ')'
    FROM bounds
    JOIN warehouse.crypto_24hr_rawingest_landing AS l
        ON l.call_ts >= bounds.start AND l.call_ts < bounds.finish AND l.failure IS NOT NULL
    GROUP BY l.source

    UNION ALL
    SELECT 'ticker hours missing', 'note', missing.exchange, '', count(*),
           'hours without a ticker: ' || count(*) || ' (' || warehouse.hour_list(array_agg(missing.hour))
               || '); the exchange gives only the present, so they stay empty'
    FROM (
        SELECT seen.exchange, h AS hour
        FROM bounds
        CROSS JOIN (SELECT exchange, min(hour) AS first_hour FROM warehouse.silver_ticker GROUP BY exchange) AS seen
        CROSS JOIN LATERAL generate_series(
            greatest(bounds.start, seen.first_hour), bounds.finish - interval '1 hour', interval '1 hour') AS h
        WHERE NOT EXISTS (SELECT FROM warehouse.silver_ticker AS t WHERE t.exchange = seen.exchange AND t.hour = h)
    ) AS missing
    GROUP BY missing.exchange
), written AS (
    INSERT INTO warehouse.data_quality_result (
        run_id, check_name, severity, exchange, market, count, detail, window_start, window_end)
    SELECT %(run_id)s, check_name, severity, exchange, market, count, detail, bounds.start, bounds.finish
    FROM found CROSS JOIN bounds
    RETURNING check_name, severity, exchange, market, count, detail
)
SELECT severity, check_name, exchange, market, count, detail
FROM written
ORDER BY severity DESC, check_name, exchange, market;
