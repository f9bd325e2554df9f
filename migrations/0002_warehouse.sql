-- The market warehouse: Bronze (evidence), Silver (typed, deduplicated), Gold (indicators), and what was asked.
--
-- Runs as the database's owner. SQL tasks and market operators use the role cryptoflow_warehouse, which may append to
-- Bronze but never change it, and has no privilege on run history. Market data is never deleted here.
--
-- Prices and quantities are numeric; statistics are double precision. Times are timestamptz and mean UTC.

CREATE SCHEMA IF NOT EXISTS warehouse;
COMMENT ON SCHEMA warehouse IS 'Market data: Bronze, Silver, Gold, coverage and quality.';

-- Functions used by columns and documents -----------------------------------------------------------------------------

CREATE FUNCTION warehouse.payload_hash(payload jsonb) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN sha256(convert_to(payload::text, 'UTF8'));
COMMENT ON FUNCTION warehouse.payload_hash(jsonb) IS
    'SHA-256 of the payload''s canonical text (jsonb orders keys and drops white space; digits stay as received).';

-- A template renders a variable that a run does not have as an empty text or as None.
CREATE FUNCTION warehouse.instant(rendered text) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE SET TimeZone = 'UTC'
    RETURN CASE WHEN lower(btrim(rendered)) IN ('', 'none', 'null') THEN NULL ELSE rendered::timestamptz END;
COMMENT ON FUNCTION warehouse.instant(text) IS
    'A rendered template as an instant; null when the run has no such value. A text without a zone is UTC.';

CREATE FUNCTION warehouse.epoch_ms(milliseconds text) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN timestamptz '1970-01-01 00:00:00+00' + milliseconds::bigint * interval '1 millisecond';
COMMENT ON FUNCTION warehouse.epoch_ms(text) IS 'Unix milliseconds, as exchanges write them, as an instant.';

-- Bronze --------------------------------------------------------------------------------------------------------------

CREATE TABLE warehouse.crypto_24hr_rawingest_landing (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source         text        NOT NULL,
    endpoint       text        NOT NULL,
    request        text        NOT NULL,
    interval_start timestamptz NOT NULL,
    interval_end   timestamptz NOT NULL,
    http_status    integer,
    payload        jsonb,
    body           bytea,
    derived        text[]      NOT NULL DEFAULT '{}',
    failure        text,
    attempt        bigint,
    call_ts        timestamptz NOT NULL,
    received_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT landing_interval_is_ordered CHECK (interval_start <= interval_end),
    CONSTRAINT landing_holds_one_form CHECK (payload IS NULL OR body IS NULL),
    CONSTRAINT landing_body_is_bounded CHECK (octet_length(body) <= 1048576)
);
CREATE INDEX landing_by_interval
    ON warehouse.crypto_24hr_rawingest_landing (endpoint, interval_end);
COMMENT ON TABLE warehouse.crypto_24hr_rawingest_landing IS
    'Bronze: every reply of an exchange, as received. Append-only; asking again adds a row.';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_landing.source IS 'The exchange, for example upbit.';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_landing.endpoint IS 'What was asked: candles or ticker_24h.';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_landing.request IS 'Method, path and query, without the host.';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_landing.interval_start IS
    'First hour this request asked for (a ticker: the hour asked).';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_landing.interval_end IS 'End of the hours asked, exclusive.';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_landing.http_status IS 'Null when no reply came.';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_landing.payload IS
    'The body as JSON; null when it was not valid JSON or none came.';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_landing.body IS
    'The bytes of a body that is not valid JSON, cut at 1 MiB.';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_landing.derived IS
    'Fields the source says it computed rather than recorded (header X-Derived of recorded data).';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_landing.failure IS
    'Why the reply was not used; null for one that was.';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_landing.attempt IS
    'The task attempt that asked. No foreign key: run history is bounded, market data is not.';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_landing.call_ts IS 'When the request was sent.';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_landing.received_at IS 'When the reply was stored.';

CREATE TABLE warehouse.crypto_24hr_rawingest_events (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       text        NOT NULL,
    symbol       text        NOT NULL,
    ts_event     timestamptz NOT NULL,
    payload      jsonb       NOT NULL,
    payload_hash bytea       NOT NULL GENERATED ALWAYS AS (warehouse.payload_hash(payload)) STORED,
    call_id      bigint      NOT NULL REFERENCES warehouse.crypto_24hr_rawingest_landing,
    received_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT events_are_unique UNIQUE (source, symbol, ts_event, payload_hash)
);
CREATE INDEX events_by_call ON warehouse.crypto_24hr_rawingest_events (call_id);
COMMENT ON TABLE warehouse.crypto_24hr_rawingest_events IS
    'Bronze: one row for each distinct thing an exchange said about a symbol. The same reply twice adds nothing.';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_events.symbol IS 'The exchange''s market code, for example KRW-BTC.';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_events.ts_event IS
    'The exchange''s time: a candle''s open time, a ticker''s timestamp.';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_events.payload IS 'The element of the reply, as received.';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_events.payload_hash IS 'warehouse.payload_hash of the payload.';
COMMENT ON COLUMN warehouse.crypto_24hr_rawingest_events.call_id IS 'The first reply that contained it.';

-- Replies that Silver has not read yet. An asset event says what to refine; this says it even if that run failed.
CREATE TABLE warehouse.silver_due (
    call_id  bigint PRIMARY KEY REFERENCES warehouse.crypto_24hr_rawingest_landing,
    endpoint text   NOT NULL
);
COMMENT ON TABLE warehouse.silver_due IS
    'Usable replies not yet refined into Silver; written with the reply, removed by the run that refines it.';
COMMENT ON COLUMN warehouse.silver_due.call_id IS 'The reply.';
COMMENT ON COLUMN warehouse.silver_due.endpoint IS 'The reply''s endpoint: which task of the refinement reads it.';

CREATE FUNCTION warehouse.note_silver_due() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO warehouse.silver_due (call_id, endpoint) VALUES (NEW.id, NEW.endpoint);
    RETURN NULL;
END $$;
CREATE TRIGGER note_silver_due AFTER INSERT ON warehouse.crypto_24hr_rawingest_landing
    FOR EACH ROW WHEN (NEW.failure IS NULL AND NEW.http_status = 200 AND jsonb_typeof(NEW.payload) = 'array')
    EXECUTE FUNCTION warehouse.note_silver_due();

-- What was asked ------------------------------------------------------------------------------------------------------

CREATE TABLE warehouse.market_coverage (
    exchange text        NOT NULL,
    endpoint text        NOT NULL,
    unit     integer     NOT NULL DEFAULT 0,
    market   text        NOT NULL,
    hour     timestamptz NOT NULL,
    rows     integer     NOT NULL CHECK (rows >= 0),
    final    boolean     NOT NULL,
    asked_at timestamptz NOT NULL,
    call_id  bigint      NOT NULL REFERENCES warehouse.crypto_24hr_rawingest_landing,
    PRIMARY KEY (exchange, endpoint, unit, market, hour)
);
COMMENT ON TABLE warehouse.market_coverage IS
    'Every (market, hour) asked and how many rows came: tells "no trade" (final, 0 rows) from "not fetched" (no row).';
COMMENT ON COLUMN warehouse.market_coverage.unit IS 'Minutes a candle; 0 where there is no unit (tickers).';
COMMENT ON COLUMN warehouse.market_coverage.hour IS 'Start of the hour, UTC.';
COMMENT ON COLUMN warehouse.market_coverage.rows IS 'Rows of that hour in the latest reply.';
COMMENT ON COLUMN warehouse.market_coverage.final IS
    'Whether that reply can no longer change: a later candle existed, or 10 minutes had passed since the hour''s end.';
COMMENT ON COLUMN warehouse.market_coverage.asked_at IS
    'When the latest request was sent; an older one changes nothing.';
COMMENT ON COLUMN warehouse.market_coverage.call_id IS 'The reply the row was counted from.';

CREATE TABLE warehouse.market (
    exchange   text        NOT NULL,
    market     text        NOT NULL,
    quote      text        NOT NULL,
    base       text        NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen  timestamptz NOT NULL,
    PRIMARY KEY (exchange, market)
);
COMMENT ON TABLE warehouse.market IS 'The markets an exchange has listed, as seen in its tickers.';
COMMENT ON COLUMN warehouse.market.quote IS 'The currency prices are in, for example KRW.';
COMMENT ON COLUMN warehouse.market.base IS 'The coin that is traded, for example BTC.';
COMMENT ON COLUMN warehouse.market.first_seen IS 'Earliest request whose reply listed the market.';
COMMENT ON COLUMN warehouse.market.last_seen IS
    'Latest request whose reply listed it; older than the others: delisted.';

-- Silver --------------------------------------------------------------------------------------------------------------

CREATE TABLE warehouse.silver_candle (
    exchange      text        NOT NULL,
    market        text        NOT NULL,
    unit          integer     NOT NULL CHECK (unit > 0),
    open_time     timestamptz NOT NULL,
    open          numeric     NOT NULL,
    high          numeric     NOT NULL,
    low           numeric     NOT NULL,
    close         numeric     NOT NULL,
    volume        numeric     NOT NULL,
    value         numeric,
    value_derived boolean     NOT NULL DEFAULT false,
    last_trade_at timestamptz,
    call_ts       timestamptz NOT NULL,
    call_id       bigint      NOT NULL REFERENCES warehouse.crypto_24hr_rawingest_landing,
    payload_hash  bytea       NOT NULL,
    changed_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (exchange, market, unit, open_time)
);
COMMENT ON TABLE warehouse.silver_candle IS
    'Silver: closed candles, one each; the latest request''s reply wins, in whatever order replies are refined.';
COMMENT ON COLUMN warehouse.silver_candle.unit IS 'Minutes.';
COMMENT ON COLUMN warehouse.silver_candle.open_time IS 'Start of the candle, UTC.';
COMMENT ON COLUMN warehouse.silver_candle.volume IS 'Traded amount of the base coin.';
COMMENT ON COLUMN warehouse.silver_candle.value IS 'Traded amount in the quote currency.';
COMMENT ON COLUMN warehouse.silver_candle.value_derived IS
    'Whether value was computed from prices and volume because the source has none (recorded data).';
COMMENT ON COLUMN warehouse.silver_candle.last_trade_at IS 'The last trade counted, where the exchange says.';
COMMENT ON COLUMN warehouse.silver_candle.call_ts IS 'When the reply that won was asked for.';
COMMENT ON COLUMN warehouse.silver_candle.call_id IS 'The reply that won.';
COMMENT ON COLUMN warehouse.silver_candle.payload_hash IS
    'Its element in Bronze''s events; also decides between replies of the same instant.';
COMMENT ON COLUMN warehouse.silver_candle.changed_at IS 'When a value of this row last changed.';

CREATE TABLE warehouse.silver_ticker (
    exchange             text        NOT NULL,
    market               text        NOT NULL,
    hour                 timestamptz NOT NULL,
    price                numeric     NOT NULL,
    previous_close       numeric,
    day_open             numeric,
    day_high             numeric,
    day_low              numeric,
    signed_change_rate   numeric,
    volume_24h           numeric     NOT NULL,
    value_24h            numeric     NOT NULL,
    value_derived        boolean     NOT NULL DEFAULT false,
    day_volume           numeric,
    day_value            numeric,
    highest_52_week      numeric,
    highest_52_week_date date,
    lowest_52_week       numeric,
    lowest_52_week_date  date,
    last_trade_at        timestamptz,
    exchange_ts          timestamptz NOT NULL,
    call_ts              timestamptz NOT NULL,
    call_id              bigint      NOT NULL REFERENCES warehouse.crypto_24hr_rawingest_landing,
    payload_hash         bytea       NOT NULL,
    PRIMARY KEY (exchange, market, hour)
);
CREATE INDEX silver_ticker_by_hour ON warehouse.silver_ticker (hour);
COMMENT ON TABLE warehouse.silver_ticker IS
    'Silver: the 24-hour ticker of every market, one for each hour asked; the hour''s earliest reply wins.';
COMMENT ON COLUMN warehouse.silver_ticker.hour IS
    'The hour asked, UTC. Not the exchange''s time: a quiet market''s may repeat while its 24-hour sums move.';
COMMENT ON COLUMN warehouse.silver_ticker.previous_close IS 'Close of the day before, by UTC.';
COMMENT ON COLUMN warehouse.silver_ticker.day_open IS 'First price of the UTC day, not of the last 24 hours.';
COMMENT ON COLUMN warehouse.silver_ticker.day_high IS 'Highest price of the UTC day.';
COMMENT ON COLUMN warehouse.silver_ticker.day_low IS 'Lowest price of the UTC day.';
COMMENT ON COLUMN warehouse.silver_ticker.signed_change_rate IS 'Against previous_close, a fraction.';
COMMENT ON COLUMN warehouse.silver_ticker.volume_24h IS 'Traded amount of the base coin over the last 24 hours.';
COMMENT ON COLUMN warehouse.silver_ticker.value_24h IS 'Traded amount in the quote currency over the last 24 hours.';
COMMENT ON COLUMN warehouse.silver_ticker.value_derived IS 'As in silver_candle.';
COMMENT ON COLUMN warehouse.silver_ticker.day_volume IS 'Traded amount of the base coin since 00:00 UTC.';
COMMENT ON COLUMN warehouse.silver_ticker.day_value IS 'Traded amount in the quote currency since 00:00 UTC.';
COMMENT ON COLUMN warehouse.silver_ticker.exchange_ts IS 'The exchange''s time of the ticker.';
COMMENT ON COLUMN warehouse.silver_ticker.call_ts IS 'When the reply that won was asked for.';
COMMENT ON COLUMN warehouse.silver_ticker.call_id IS 'The reply that won.';
COMMENT ON COLUMN warehouse.silver_ticker.payload_hash IS 'Its element in Bronze''s events.';

-- Gold ----------------------------------------------------------------------------------------------------------------

CREATE TABLE warehouse.gold_trend_volatility (
    exchange         text             NOT NULL,
    market           text             NOT NULL,
    open_time        timestamptz      NOT NULL,
    close            numeric          NOT NULL,
    ma_7             double precision,
    ma_25            double precision,
    ma_99            double precision,
    ema_12           double precision NOT NULL,
    ema_26           double precision NOT NULL,
    rsi_14           double precision,
    macd             double precision NOT NULL,
    macd_signal      double precision NOT NULL,
    macd_hist        double precision NOT NULL,
    atr_14           double precision,
    bb_middle        double precision,
    bb_upper         double precision,
    bb_lower         double precision,
    vol_close_24h    double precision,
    vol_close_168h   double precision,
    vol_parkinson_24h     double precision,
    vol_parkinson_168h    double precision,
    vol_garman_klass_24h  double precision,
    vol_garman_klass_168h double precision,
    missing_24h      integer          NOT NULL,
    missing_168h     integer          NOT NULL,
    missing_99       integer          NOT NULL,
    warmup_candles   integer          NOT NULL,
    computed_at      timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (exchange, market, open_time)
);
COMMENT ON TABLE warehouse.gold_trend_volatility IS
    'Gold: indicators of each hourly candle, a function of Silver alone. Formulas and edge rules: docs/INDICATORS.md.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.open_time IS 'The candle''s start; values are as of its close.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.close IS 'The candle''s close, exact.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.ma_7 IS 'Mean of the last 7 closes; null before the 7th.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.ma_25 IS 'Mean of the last 25 closes.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.ma_99 IS 'Mean of the last 99 closes.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.ema_12 IS 'Exponential average of closes, alpha 2/13.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.ema_26 IS 'Exponential average of closes, alpha 2/27.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.rsi_14 IS 'Wilder''s relative strength index, 0 to 100.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.macd IS 'ema_12 - ema_26.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.macd_signal IS 'Exponential average of macd, alpha 2/10.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.macd_hist IS 'macd - macd_signal.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.atr_14 IS 'Wilder''s average true range, in the quote currency.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.bb_middle IS 'Mean of the last 20 closes.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.bb_upper IS 'bb_middle plus two population deviations.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.bb_lower IS 'bb_middle minus two population deviations.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.vol_close_24h IS
    'Annualised close-to-close volatility of the last 24 hours, a fraction; null below 90 % of its returns.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.vol_close_168h IS 'The same over 168 hours.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.vol_parkinson_24h IS 'Parkinson''s estimator, annualised, 24 hours.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.vol_parkinson_168h IS 'The same over 168 hours.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.vol_garman_klass_24h IS
    'Garman and Klass''s estimator, annualised, 24 hours.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.vol_garman_klass_168h IS 'The same over 168 hours.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.missing_24h IS 'Hours without a candle among the last 24.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.missing_168h IS 'Hours without a candle among the last 168.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.missing_99 IS
    'Hours without a candle between the first of the last 99 candles and this one.';
COMMENT ON COLUMN warehouse.gold_trend_volatility.warmup_candles IS
    'Candles the recursive indicators had seen before this one (at most 999).';
COMMENT ON COLUMN warehouse.gold_trend_volatility.computed_at IS 'When a value of this row last changed; not a value.';

-- Silver writes here what it changed, in the same transaction, so no Gold run can miss it.
CREATE TABLE warehouse.gold_due (
    exchange text        NOT NULL,
    market   text        NOT NULL,
    since    timestamptz NOT NULL,
    PRIMARY KEY (exchange, market)
);
COMMENT ON TABLE warehouse.gold_due IS
    'Markets whose hourly candles changed since Gold was computed; removed by the Gold run that rewrites them.';
COMMENT ON COLUMN warehouse.gold_due.since IS 'The earliest changed candle''s open time.';

-- Recursive averages, as aggregates and window functions. The operations and their order are pandas''
-- ewm(adjust=False), so values agree to the last bit where both start at the same candle.

CREATE FUNCTION warehouse.ema_step(state double precision, value double precision, n integer) RETURNS double precision
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    alpha CONSTANT double precision := 2::double precision / (n + 1);
BEGIN
    IF value IS NULL THEN
        RETURN state;
    ELSIF state IS NULL OR state = value THEN
        RETURN value;
    END IF;
    RETURN ((1 - alpha) * state + alpha * value) / ((1 - alpha) + alpha);
END $$;

CREATE AGGREGATE warehouse.ema(double precision, integer) (
    SFUNC = warehouse.ema_step, STYPE = double precision, PARALLEL = SAFE
);
COMMENT ON AGGREGATE warehouse.ema(double precision, integer) IS
    'Exponential average with alpha 2/(n+1), starting at the first value. Needs ORDER BY. Nulls are skipped.';

-- The state is {values seen, their sum until there are n, the average from then on}.
CREATE FUNCTION warehouse.wilder_step(state double precision[], value double precision, n integer)
    RETURNS double precision[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    seen CONSTANT double precision := state[1] + 1;
BEGIN
    IF value IS NULL THEN
        RETURN state;
    ELSIF seen < n THEN
        RETURN ARRAY[seen, state[2] + value, NULL];
    ELSIF seen = n THEN
        RETURN ARRAY[seen, NULL, (state[2] + value) / n];
    END IF;
    RETURN ARRAY[seen, NULL, (state[3] * (n - 1) + value) / n];
END $$;

CREATE FUNCTION warehouse.wilder_value(state double precision[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN state[3];

CREATE AGGREGATE warehouse.wilder(double precision, integer) (
    SFUNC = warehouse.wilder_step, STYPE = double precision[], INITCOND = '{0,0,NULL}',
    FINALFUNC = warehouse.wilder_value, PARALLEL = SAFE
);
COMMENT ON AGGREGATE warehouse.wilder(double precision, integer) IS
    'Wilder''s average: the mean of the first n values, then (previous * (n-1) + value) / n; null before n values.'
    ' Needs ORDER BY. Nulls are skipped.';

CREATE FUNCTION warehouse.gold_checksum(
    since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity'
) RETURNS text
    LANGUAGE sql STABLE SET TimeZone = 'UTC' SET DateStyle = 'ISO, MDY' SET extra_float_digits = 1
    RETURN (
        SELECT md5(coalesce(
            string_agg(md5(ROW(
                exchange, market, open_time, trim_scale(close),
                ma_7, ma_25, ma_99, ema_12, ema_26, rsi_14, macd, macd_signal, macd_hist, atr_14,
                bb_middle, bb_upper, bb_lower,
                vol_close_24h, vol_close_168h, vol_parkinson_24h, vol_parkinson_168h,
                vol_garman_klass_24h, vol_garman_klass_168h,
                missing_24h, missing_168h, missing_99, warmup_candles)::text),
            '' ORDER BY exchange COLLATE "C", market COLLATE "C", open_time), ''))
        FROM warehouse.gold_trend_volatility
        WHERE open_time >= since AND open_time < until
    );
COMMENT ON FUNCTION warehouse.gold_checksum(timestamptz, timestamptz) IS
    'Checksum over keys and values of Gold in [since, until), ordered by key; every bit of every value counts.';

-- Quality -------------------------------------------------------------------------------------------------------------

CREATE TABLE warehouse.data_quality_result (
    run_id       text        NOT NULL,
    check_name   text        NOT NULL,
    exchange     text        NOT NULL,
    market       text        NOT NULL,
    severity     text        NOT NULL CHECK (severity IN ('problem', 'note')),
    count        bigint      NOT NULL,
    detail       text        NOT NULL,
    window_start timestamptz NOT NULL,
    window_end   timestamptz NOT NULL,
    checked_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, check_name, exchange, market)
);
CREATE INDEX data_quality_result_by_time ON warehouse.data_quality_result (checked_at);
COMMENT ON TABLE warehouse.data_quality_result IS
    'What each run of data_quality found. Every run leaves one row named summary; a check without a row found nothing.';
COMMENT ON COLUMN warehouse.data_quality_result.run_id IS 'The run; a repeated task replaces its rows.';
COMMENT ON COLUMN warehouse.data_quality_result.severity IS 'problem fails the run; note is only told.';
COMMENT ON COLUMN warehouse.data_quality_result.count IS 'How many hours or rows are concerned.';
COMMENT ON COLUMN warehouse.data_quality_result.detail IS 'A sentence for people, with the first hours concerned.';
COMMENT ON COLUMN warehouse.data_quality_result.window_start IS 'First hour checked.';
COMMENT ON COLUMN warehouse.data_quality_result.window_end IS 'End of the hours checked, exclusive.';

-- Hours as people read them: runs of neighbours joined, at most eight of them.
CREATE FUNCTION warehouse.hour_list(hours timestamptz[]) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE SET TimeZone = 'UTC'
    RETURN (
        WITH hour AS (
            SELECT h, h - row_number() OVER (ORDER BY h) * interval '1 hour' AS run FROM unnest(hours) AS h
        ), span AS (
            SELECT min(h) AS first, max(h) AS last, count(*) AS n, row_number() OVER (ORDER BY min(h)) AS position
            FROM hour GROUP BY run
        )
        SELECT string_agg(
                   to_char(first, 'YYYY-MM-DD HH24:MI')
                   || CASE WHEN n > 1 THEN ' to ' || to_char(last, 'YYYY-MM-DD HH24:MI') ELSE '' END,
                   ', ' ORDER BY first) FILTER (WHERE position <= 8)
               || CASE WHEN count(*) > 8 THEN ' and ' || count(*) - 8 || ' more stretches' ELSE '' END
        FROM span
    );
COMMENT ON FUNCTION warehouse.hour_list(timestamptz[]) IS 'Distinct hours as stretches, UTC, shortened.';

CREATE FUNCTION warehouse.fail_on_quality_problems(run text) RETURNS text
    LANGUAGE plpgsql STABLE SET TimeZone = 'UTC' SET search_path = pg_catalog AS $$
DECLARE
    summary text;
    problems bigint;
    report text;
BEGIN
    SELECT detail INTO summary
    FROM warehouse.data_quality_result WHERE run_id = run AND check_name = 'summary';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'data quality: run % has measured nothing; its measuring task must come first', run;
    END IF;
    SELECT count(*),
           string_agg(format(E'\n- %s: %s', btrim(exchange || ' ' || market), detail), '' ORDER BY place)
               FILTER (WHERE place <= 20)
    INTO problems, report
    FROM (SELECT *, row_number() OVER (ORDER BY check_name, exchange, market) AS place
          FROM warehouse.data_quality_result
          WHERE run_id = run AND severity = 'problem') AS problem;
    IF problems > 0 THEN
        RAISE EXCEPTION USING MESSAGE = format('data quality: %s problem%s; %s%s%s',
            problems, CASE WHEN problems > 1 THEN 's' ELSE '' END, summary, report,
            CASE WHEN problems > 20 THEN format(E'\n- and %s more in data_quality_result', problems - 20) ELSE '' END);
    END IF;
    RETURN 'no problem; ' || summary;
END $$;
COMMENT ON FUNCTION warehouse.fail_on_quality_problems(text) IS
    'Raises an exception that lists the problems a run of data_quality found; without any, returns a sentence.';

-- Views ---------------------------------------------------------------------------------------------------------------

CREATE VIEW warehouse.market_price AS
SELECT c.exchange, c.market, c.open_time, c.open, c.high, c.low, c.close, c.volume, c.value, c.value_derived,
       g.ma_7, g.ma_25, g.ma_99, g.bb_upper, g.bb_lower
FROM warehouse.silver_candle AS c
LEFT JOIN warehouse.gold_trend_volatility AS g USING (exchange, market, open_time)
WHERE c.unit = 60;
COMMENT ON VIEW warehouse.market_price IS 'The price line of the market page: hourly candles with their averages.';

CREATE VIEW warehouse.market_latest AS
SELECT latest.*, day.close AS close_24h_ago,
       (latest.close / day.close - 1)::double precision AS change_24h
FROM (
    SELECT DISTINCT ON (exchange, market) *
    FROM warehouse.gold_trend_volatility
    ORDER BY exchange, market, open_time DESC
) AS latest
LEFT JOIN warehouse.gold_trend_volatility AS day
    ON day.exchange = latest.exchange AND day.market = latest.market
    AND day.open_time = latest.open_time - interval '24 hours' AND day.close <> 0;
COMMENT ON VIEW warehouse.market_latest IS
    'Each market''s newest indicators and its change over 24 hours (a fraction).';

CREATE VIEW warehouse.ticker_latest AS
SELECT DISTINCT ON (exchange, market) * FROM warehouse.silver_ticker ORDER BY exchange, market, hour DESC;
COMMENT ON VIEW warehouse.ticker_latest IS 'Each market''s newest ticker.';

CREATE VIEW warehouse.market_hour AS
SELECT exchange, market, hour,
       CASE WHEN c.open_time IS NOT NULL THEN 'candle'
            WHEN v.asked_at IS NULL THEN 'not fetched'
            WHEN NOT v.final THEN 'not final'
            WHEN v.rows = 0 THEN 'no trade'
            ELSE 'not refined' END AS state,
       v.rows, v.final, v.asked_at
FROM (
    SELECT exchange, market, generate_series(min(hour), max(hour), interval '1 hour') AS hour
    FROM warehouse.market_coverage WHERE endpoint = 'candles' AND unit = 60
    GROUP BY exchange, market
) AS span
LEFT JOIN (
    SELECT exchange, market, hour, rows, final, asked_at
    FROM warehouse.market_coverage WHERE endpoint = 'candles' AND unit = 60
) AS v USING (exchange, market, hour)
LEFT JOIN (
    SELECT exchange, market, open_time AS hour, open_time FROM warehouse.silver_candle WHERE unit = 60
) AS c USING (exchange, market, hour);
COMMENT ON VIEW warehouse.market_hour IS
    'Every hour between a market''s first and last asked: candle, no trade, not fetched, not final or not refined.';

-- Privileges ----------------------------------------------------------------------------------------------------------

-- The role is made before migrations run; on a server of one's own it may be missing, and then the owner does all.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cryptoflow_warehouse') THEN
        GRANT USAGE ON SCHEMA warehouse TO cryptoflow_warehouse;
        GRANT SELECT ON ALL TABLES IN SCHEMA warehouse TO cryptoflow_warehouse;
        ALTER DEFAULT PRIVILEGES IN SCHEMA warehouse GRANT SELECT ON TABLES TO cryptoflow_warehouse;
        GRANT INSERT ON warehouse.crypto_24hr_rawingest_landing, warehouse.crypto_24hr_rawingest_events
            TO cryptoflow_warehouse;
        GRANT INSERT, UPDATE ON warehouse.market_coverage, warehouse.market,
            warehouse.silver_candle, warehouse.silver_ticker TO cryptoflow_warehouse;
        GRANT INSERT, UPDATE, DELETE ON warehouse.silver_due, warehouse.gold_due,
            warehouse.gold_trend_volatility, warehouse.data_quality_result TO cryptoflow_warehouse;
    END IF;
END $$;
