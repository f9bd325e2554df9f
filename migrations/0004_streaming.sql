-- The real-time path: trades, candles built from them, order books, what to collect and who collects it.
--
-- Runs as the database's owner; the streaming workers use the role cryptoflow_warehouse. Trades, candles and books are
-- market data and are never deleted here; everything else is bounded (dead letters, status, claims).
--
-- Prices and quantities are numeric, times are timestamptz and mean UTC. docs/STREAMING.md describes the whole.

-- Market data ---------------------------------------------------------------------------------------------------------

CREATE TABLE warehouse.silver_trade (
    exchange      text        NOT NULL,
    market        text        NOT NULL,
    traded_at     timestamptz NOT NULL,
    sequential_id bigint      NOT NULL,
    price         numeric     NOT NULL,
    volume        numeric     NOT NULL,
    taker_side    text        NOT NULL CHECK (taker_side IN ('bid', 'ask')),
    origin        text        NOT NULL CHECK (origin IN ('realtime', 'snapshot', 'fill')),
    received_at   timestamptz NOT NULL,
    PRIMARY KEY (exchange, market, traded_at, sequential_id)
) PARTITION BY RANGE (traded_at);
COMMENT ON TABLE warehouse.silver_trade IS
    'Silver: every trade, exactly once. Partitioned by month of the trade; warehouse.prepare_stream_month makes them.';
COMMENT ON COLUMN warehouse.silver_trade.traded_at IS 'The exchange''s time of the trade.';
COMMENT ON COLUMN warehouse.silver_trade.sequential_id IS
    'Unique within market and exchange; larger is not always later.';
COMMENT ON COLUMN warehouse.silver_trade.price IS 'In the quote currency.';
COMMENT ON COLUMN warehouse.silver_trade.volume IS 'In the base coin.';
COMMENT ON COLUMN warehouse.silver_trade.taker_side IS 'bid: the buyer took a seller''s offer.';
COMMENT ON COLUMN warehouse.silver_trade.origin IS
    'How it came first: realtime, snapshot (sent on subscribing), or fill (asked for over REST after a gap).';
COMMENT ON COLUMN warehouse.silver_trade.received_at IS 'When its bytes came, by the worker''s clock.';

CREATE TABLE warehouse.stream_candle (
    exchange            text        NOT NULL,
    market              text        NOT NULL,
    unit_seconds        integer     NOT NULL CHECK (unit_seconds > 0),
    open_time           timestamptz NOT NULL,
    open                numeric     NOT NULL,
    high                numeric     NOT NULL,
    low                 numeric     NOT NULL,
    close               numeric     NOT NULL,
    volume              numeric     NOT NULL,
    value               numeric     NOT NULL,
    trades              bigint      NOT NULL,
    first_traded_at     timestamptz NOT NULL,
    first_sequential_id bigint      NOT NULL,
    last_traded_at      timestamptz NOT NULL,
    last_sequential_id  bigint      NOT NULL,
    PRIMARY KEY (exchange, market, unit_seconds, open_time)
) PARTITION BY RANGE (open_time);
COMMENT ON TABLE warehouse.stream_candle IS
    'Candles of a second and of a minute, built from silver_trade in the transaction that stores the trades: a function '
    'of the stored trades alone, whatever order they came in. A slot without a trade has no row.';
COMMENT ON COLUMN warehouse.stream_candle.unit_seconds IS 'The slot''s length: 1 or 60.';
COMMENT ON COLUMN warehouse.stream_candle.open_time IS 'The slot''s start, UTC; slots count from 1970-01-01.';
COMMENT ON COLUMN warehouse.stream_candle.open IS 'Price of the first trade by (traded_at, sequential_id).';
COMMENT ON COLUMN warehouse.stream_candle.close IS 'Price of the last trade by (traded_at, sequential_id).';
COMMENT ON COLUMN warehouse.stream_candle.volume IS 'Sum of the volumes.';
COMMENT ON COLUMN warehouse.stream_candle.value IS 'Sum of price times volume, exact.';
COMMENT ON COLUMN warehouse.stream_candle.trades IS 'How many trades.';
COMMENT ON COLUMN warehouse.stream_candle.first_traded_at IS 'Key of the trade that gave open.';
COMMENT ON COLUMN warehouse.stream_candle.last_traded_at IS 'Key of the trade that gave close.';

CREATE TABLE warehouse.silver_orderbook (
    exchange       text        NOT NULL,
    market         text        NOT NULL,
    slot           timestamptz NOT NULL,
    book_time      timestamptz NOT NULL,
    bid_prices     numeric[]   NOT NULL,
    bid_sizes      numeric[]   NOT NULL,
    ask_prices     numeric[]   NOT NULL,
    ask_sizes      numeric[]   NOT NULL,
    total_bid_size numeric     NOT NULL,
    total_ask_size numeric     NOT NULL,
    received_at    timestamptz NOT NULL,
    PRIMARY KEY (exchange, market, slot)
) PARTITION BY RANGE (slot);
COMMENT ON TABLE warehouse.silver_orderbook IS
    'Silver: the last order book of each half second, its best ten levels. A half second without a change has no row.';
COMMENT ON COLUMN warehouse.silver_orderbook.slot IS 'Start of the half second, by the exchange''s clock.';
COMMENT ON COLUMN warehouse.silver_orderbook.book_time IS 'The exchange''s time of the book.';
COMMENT ON COLUMN warehouse.silver_orderbook.bid_prices IS 'Best first: descending; at most ten.';
COMMENT ON COLUMN warehouse.silver_orderbook.bid_sizes IS 'What is bid at each price, in the base coin.';
COMMENT ON COLUMN warehouse.silver_orderbook.ask_prices IS 'Best first: ascending; at most ten.';
COMMENT ON COLUMN warehouse.silver_orderbook.ask_sizes IS 'What is asked at each price, in the base coin.';
COMMENT ON COLUMN warehouse.silver_orderbook.total_bid_size IS 'All bids of the exchange, not only the ten.';
COMMENT ON COLUMN warehouse.silver_orderbook.total_ask_size IS 'All asks of the exchange, not only the ten.';
COMMENT ON COLUMN warehouse.silver_orderbook.received_at IS 'When its bytes came, by the worker''s clock.';

-- A partition is made beside the table and attached then: that does not stop those who store trades meanwhile. Names and
-- bounds are computed from the month, so no text comes from outside.
CREATE FUNCTION warehouse.prepare_stream_month(instant timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET TimeZone = 'UTC' SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    first CONSTANT timestamptz := date_trunc('month', instant);
    next CONSTANT timestamptz := first + interval '1 month';
    parent text;
    part text;
    made boolean := false;
BEGIN
    IF instant < '2009-01-01' OR instant >= '2200-01-01' THEN
        RAISE EXCEPTION 'no market data is of %: partitions exist for 2009 to 2199', instant;
    END IF;
    -- One at a time, and before any look: a partition shows in the catalogue some moments before those who store learn of
    -- it, but not before this lock is free again.
    PERFORM pg_advisory_xact_lock(hashtextextended('warehouse.prepare_stream_month', 0));
    FOREACH parent IN ARRAY ARRAY['silver_trade', 'stream_candle', 'silver_orderbook'] LOOP
        part := parent || to_char(first, '"_"YYYY"_"MM');
        -- A look with a new snapshot: to_regclass answers from a cache that an advisory lock does not refresh.
        CONTINUE WHEN EXISTS (SELECT FROM pg_class
                              WHERE relname = part AND relnamespace = 'warehouse'::regnamespace);
        EXECUTE format('CREATE TABLE warehouse.%I (LIKE warehouse.%I INCLUDING ALL)', part, parent);
        -- Candles are rewritten in place while their slot is open.
        IF parent = 'stream_candle' THEN
            EXECUTE format('ALTER TABLE warehouse.%I SET (fillfactor = 70)', part);
        END IF;
        EXECUTE format('ALTER TABLE warehouse.%I ATTACH PARTITION warehouse.%I FOR VALUES FROM (%L) TO (%L)',
            parent, part, first, next);
        made := true;
    END LOOP;
    RETURN made;
END $$;
COMMENT ON FUNCTION warehouse.prepare_stream_month(timestamptz) IS
    'Makes the partitions of an instant''s month where they are missing; says whether it made any. Safe to run by many.';
REVOKE ALL ON FUNCTION warehouse.prepare_stream_month(timestamptz) FROM PUBLIC;

-- What to collect, and who does ---------------------------------------------------------------------------------------

CREATE TABLE warehouse.stream_market (
    exchange     text        NOT NULL,
    market       text        NOT NULL,
    added_at     timestamptz NOT NULL DEFAULT now(),
    added_by     text        NOT NULL,
    is_protected boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (exchange, market)
);
COMMENT ON TABLE warehouse.stream_market IS
    'The markets that streaming workers collect. Change it with `cryptoflow market add|remove`.';
COMMENT ON COLUMN warehouse.stream_market.added_by IS 'Who added it.';
COMMENT ON COLUMN warehouse.stream_market.is_protected IS 'Cannot be removed: pages and reports rely on it.';
INSERT INTO warehouse.stream_market (exchange, market, added_by, is_protected) VALUES
    ('upbit', 'KRW-BTC', 'default', true), ('upbit', 'KRW-ETH', 'default', false),
    ('upbit', 'KRW-XRP', 'default', false), ('upbit', 'KRW-SOL', 'default', false),
    ('upbit', 'KRW-DOGE', 'default', false);

CREATE FUNCTION warehouse.keep_protected_market() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'market % of % is protected and cannot be removed', OLD.market, OLD.exchange
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keep_protected_market BEFORE DELETE ON warehouse.stream_market
    FOR EACH ROW WHEN (OLD.is_protected) EXECUTE FUNCTION warehouse.keep_protected_market();

-- The notification only wakes; the table is the truth, read again every 30 seconds.
CREATE FUNCTION warehouse.tell_stream_market() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM pg_notify('stream_market', '');
    RETURN NULL;
END $$;
CREATE TRIGGER tell_stream_market AFTER INSERT OR UPDATE OR DELETE ON warehouse.stream_market
    FOR EACH STATEMENT EXECUTE FUNCTION warehouse.tell_stream_market();

CREATE TABLE warehouse.stream_worker (
    worker       text        NOT NULL,
    exchange     text        NOT NULL,
    heartbeat_at timestamptz NOT NULL,
    PRIMARY KEY (worker, exchange)
) WITH (fillfactor = 50);
COMMENT ON TABLE warehouse.stream_worker IS
    'Streaming workers by exchange: they share its markets as long as their heartbeat is fresh. Old rows are removed.';
COMMENT ON COLUMN warehouse.stream_worker.heartbeat_at IS 'By the database''s clock.';

CREATE TABLE warehouse.stream_claim (
    exchange     text        NOT NULL,
    market       text        NOT NULL,
    worker       text,
    claimed_at   timestamptz NOT NULL,
    heartbeat_at timestamptz NOT NULL,
    PRIMARY KEY (exchange, market)
) WITH (fillfactor = 50);
COMMENT ON TABLE warehouse.stream_claim IS
    'Which worker collects which market. A row without a worker says until when the market was collected.';
COMMENT ON COLUMN warehouse.stream_claim.worker IS 'Null: nobody.';
COMMENT ON COLUMN warehouse.stream_claim.claimed_at IS 'Since when this worker has it.';
COMMENT ON COLUMN warehouse.stream_claim.heartbeat_at IS 'Last renewal, by the database''s clock.';

CREATE TABLE warehouse.stream_outage (
    exchange text        NOT NULL,
    market   text        NOT NULL,
    since    timestamptz NOT NULL,
    until    timestamptz NOT NULL,
    PRIMARY KEY (exchange, market, since),
    CHECK (since < until)
);
COMMENT ON TABLE warehouse.stream_outage IS
    'Stretches in which nobody collected a market that is or was on the list. Trades of such a stretch may have been '
    'filled in afterwards; where they could not be, this says why they lack.';
COMMENT ON COLUMN warehouse.stream_outage.since IS 'The last heartbeat before.';
COMMENT ON COLUMN warehouse.stream_outage.until IS 'The next claim.';

CREATE TABLE warehouse.stream_hole (
    exchange text        NOT NULL,
    market   text        NOT NULL,
    since    timestamptz NOT NULL,
    PRIMARY KEY (exchange, market)
);
COMMENT ON TABLE warehouse.stream_hole IS
    'Markets of which trades may lack in silver_trade although newer ones are there: past trades are being asked for. Whoever '
    'collects the market next asks from there on; the row goes when all of them are stored.';
COMMENT ON COLUMN warehouse.stream_hole.since IS 'Trades from then on may lack, by the exchange''s time.';

-- Noted before a worker stores anything newer: a worker that dies while it asks for the past leaves no hole unseen.
CREATE FUNCTION warehouse.note_stream_holes(of_exchange text, of_markets text[]) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog AS $$
    INSERT INTO warehouse.stream_hole (exchange, market, since)
    SELECT of_exchange, m.market, t.traded_at
    FROM unnest(of_markets) AS m (market)
    CROSS JOIN LATERAL (
        SELECT s.traded_at FROM warehouse.silver_trade AS s
        WHERE s.exchange = of_exchange AND s.market = m.market
        ORDER BY s.traded_at DESC LIMIT 1) AS t
    ORDER BY m.market
    ON CONFLICT DO NOTHING
$$;
COMMENT ON FUNCTION warehouse.note_stream_holes(text, text[]) IS
    'Notes that trades after the last stored one may lack, for markets that a worker begins to collect.';

-- Every worker calls it every two seconds, and at once when the list changes. All decisions of an exchange are made one
-- after the other, under a lock, so two workers never believe to hold the same market for longer than a lease.
CREATE FUNCTION warehouse.claim_markets(of_exchange text, me text, lease interval)
    RETURNS TABLE (market text)
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
#variable_conflict use_column
DECLARE
    moment timestamptz;
    listed bigint;
    workers bigint;
    place bigint;
    share bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('warehouse.claim_markets ' || of_exchange, 0));
    moment := clock_timestamp();
    INSERT INTO warehouse.stream_worker (worker, exchange, heartbeat_at) VALUES (me, of_exchange, moment)
    ON CONFLICT (worker, exchange) DO UPDATE SET heartbeat_at = excluded.heartbeat_at;
    DELETE FROM warehouse.stream_worker AS w WHERE w.exchange = of_exchange AND w.heartbeat_at < moment - lease;

    -- Who is gone, and what is not wanted any more, is free.
    UPDATE warehouse.stream_claim AS c SET worker = NULL
    WHERE c.exchange = of_exchange AND c.worker IS NOT NULL
      AND (c.heartbeat_at < moment - lease
           OR NOT EXISTS (SELECT FROM warehouse.stream_worker AS w
                          WHERE w.worker = c.worker AND w.exchange = of_exchange)
           OR NOT EXISTS (SELECT FROM warehouse.stream_market AS m
                          WHERE m.exchange = of_exchange AND m.market = c.market));

    -- Equal shares; the first by name have one more where they do not come out even.
    SELECT count(*) INTO listed FROM warehouse.stream_market AS m WHERE m.exchange = of_exchange;
    SELECT count(*), count(*) FILTER (WHERE w.worker < me) INTO workers, place
    FROM warehouse.stream_worker AS w WHERE w.exchange = of_exchange;
    share := listed / workers + CASE WHEN place < listed % workers THEN 1 ELSE 0 END;

    -- Keep the oldest claims up to the share, let go of the others.
    UPDATE warehouse.stream_claim AS c
    SET worker = CASE WHEN mine.place <= share THEN me END, heartbeat_at = moment
    FROM (SELECT k.market, row_number() OVER (ORDER BY k.claimed_at, k.market) AS place
          FROM warehouse.stream_claim AS k WHERE k.exchange = of_exchange AND k.worker = me) AS mine
    WHERE c.exchange = of_exchange AND c.market = mine.market;
    share := share - (SELECT count(*) FROM warehouse.stream_claim AS k
                      WHERE k.exchange = of_exchange AND k.worker = me);

    IF share > 0 THEN
        WITH free AS (
            SELECT m.market, c.heartbeat_at AS since
            FROM warehouse.stream_market AS m
            LEFT JOIN warehouse.stream_claim AS c ON c.exchange = m.exchange AND c.market = m.market
            WHERE m.exchange = of_exchange AND c.worker IS NULL
            ORDER BY m.market
            LIMIT share
        ), gap AS (
            -- A hand-over between workers takes one heartbeat and is no outage.
            INSERT INTO warehouse.stream_outage (exchange, market, since, until)
            SELECT of_exchange, free.market, free.since, moment FROM free
            WHERE free.since < moment - interval '5 seconds'
            ON CONFLICT DO NOTHING
        )
        INSERT INTO warehouse.stream_claim (exchange, market, worker, claimed_at, heartbeat_at)
        SELECT of_exchange, free.market, me, moment, moment FROM free
        ON CONFLICT (exchange, market) DO UPDATE SET
            worker = excluded.worker, claimed_at = excluded.claimed_at, heartbeat_at = excluded.heartbeat_at;
        PERFORM warehouse.note_stream_holes(of_exchange, ARRAY(
            SELECT c.market FROM warehouse.stream_claim AS c
            WHERE c.exchange = of_exchange AND c.worker = me AND c.claimed_at = moment));
    END IF;
    RETURN QUERY SELECT c.market FROM warehouse.stream_claim AS c
        WHERE c.exchange = of_exchange AND c.worker = me ORDER BY c.market;
END $$;
COMMENT ON FUNCTION warehouse.claim_markets(text, text, interval) IS
    'Renews a worker''s claims on an exchange''s markets, takes free ones up to its share, lets go of what is above it; '
    'returns what the worker holds now.';

CREATE FUNCTION warehouse.release_markets(me text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    DELETE FROM warehouse.stream_worker AS w WHERE w.worker = me;
    UPDATE warehouse.stream_claim AS c SET worker = NULL, heartbeat_at = clock_timestamp() WHERE c.worker = me;
    PERFORM pg_notify('stream_market', '');
END $$;
COMMENT ON FUNCTION warehouse.release_markets(text) IS
    'A worker that stops lets go of its markets at once; the others are woken and take them.';

-- Status and evidence, bounded ----------------------------------------------------------------------------------------

CREATE TABLE warehouse.stream_collector (
    worker          text             NOT NULL,
    exchange        text             NOT NULL,
    name            text             NOT NULL,
    markets         text[]           NOT NULL,
    state           text             NOT NULL,
    reason          text             NOT NULL,
    since           timestamptz      NOT NULL,
    last_message_at timestamptz,
    rate            double precision NOT NULL,
    lag_seconds     double precision,
    messages        bigint           NOT NULL,
    reconnects      bigint           NOT NULL,
    gaps            bigint           NOT NULL,
    filled_trades   bigint           NOT NULL,
    malformed       bigint           NOT NULL,
    shed            bigint           NOT NULL,
    history         integer[]        NOT NULL,
    rest_url        text             NOT NULL,
    stored          bigint           NOT NULL,
    duplicates      bigint           NOT NULL,
    commit_seconds  double precision,
    updated_at      timestamptz      NOT NULL,
    PRIMARY KEY (worker, exchange, name)
) WITH (fillfactor = 30);
COMMENT ON TABLE warehouse.stream_collector IS
    'What each worker''s collectors do, written every second. Rows not written for a day are removed.';
COMMENT ON COLUMN warehouse.stream_collector.state IS
    'starting, running, stalled, reconnecting, failing or stopped; health is the age of last_message_at.';
COMMENT ON COLUMN warehouse.stream_collector.rate IS 'Messages a second over the last ten seconds.';
COMMENT ON COLUMN warehouse.stream_collector.lag_seconds IS
    'Arrival less the exchange''s time of the last trade; clocks may differ.';
COMMENT ON COLUMN warehouse.stream_collector.history IS 'Messages in each of the last 60 seconds, oldest first.';
COMMENT ON COLUMN warehouse.stream_collector.rest_url IS 'The REST address that the worker asks.';
COMMENT ON COLUMN warehouse.stream_collector.stored IS 'Trades the worker has stored since its start.';
COMMENT ON COLUMN warehouse.stream_collector.duplicates IS 'Trades that were there already.';
COMMENT ON COLUMN warehouse.stream_collector.commit_seconds IS 'How long the last commit of trades took.';
COMMENT ON COLUMN warehouse.stream_collector.updated_at IS 'When the row was written; an old one is of a dead worker.';

CREATE TABLE warehouse.stream_dead_letter (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    exchange    text        NOT NULL,
    market      text,
    reason      text        NOT NULL,
    size        bigint      NOT NULL,
    bytes       bytea       NOT NULL CHECK (octet_length(bytes) <= 65536),
    received_at timestamptz NOT NULL
);
COMMENT ON TABLE warehouse.stream_dead_letter IS
    'Messages that did not decode, with their bytes. Evidence, not market data: only the newest 10,000 are kept.';
COMMENT ON COLUMN warehouse.stream_dead_letter.market IS 'The market, where the bytes told at least that.';
COMMENT ON COLUMN warehouse.stream_dead_letter.reason IS 'What is wrong with it.';
COMMENT ON COLUMN warehouse.stream_dead_letter.size IS 'Its length in bytes; more than 65,536 are cut off.';

-- The exchange's word against ours ------------------------------------------------------------------------------------

CREATE TABLE warehouse.candle_check (
    exchange   text        NOT NULL,
    market     text        NOT NULL,
    open_time  timestamptz NOT NULL,
    state      text        NOT NULL CHECK (state IN ('agree', 'difference', 'no_trades', 'incomplete')),
    differs    text[]      NOT NULL,
    open       numeric,
    high       numeric,
    low        numeric,
    close      numeric,
    volume     numeric,
    value      numeric,
    trades     bigint      NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (exchange, market, open_time)
);
CREATE INDEX candle_check_unsettled ON warehouse.candle_check (open_time) WHERE state <> 'agree';
COMMENT ON TABLE warehouse.candle_check IS
    'The exchange''s hourly candle (silver_candle) against the one built from stored trades, for hours since a market''s '
    'first stored trade.';
COMMENT ON COLUMN warehouse.candle_check.state IS
    'agree; no_trades: none stored; incomplete: trades lack and nobody collected the whole hour; difference: unexplained.';
COMMENT ON COLUMN warehouse.candle_check.differs IS
    'The fields that differ: open, high, low, close, volume, value (value only where the exchange gives it).';
COMMENT ON COLUMN warehouse.candle_check.open IS 'From trades, as are the next five; null without trades.';
COMMENT ON COLUMN warehouse.candle_check.trades IS 'How many trades the hour has here.';

CREATE FUNCTION warehouse.check_candles(since timestamptz, until timestamptz)
    RETURNS TABLE (checked bigint, agree bigint, differences bigint, no_trades bigint, incomplete bigint)
    LANGUAGE sql SET TimeZone = 'UTC' SET search_path = pg_catalog AS $$
    WITH first_trade AS (
        SELECT m.exchange, m.market, date_trunc('hour', t.traded_at) AS hour, t.traded_at
        FROM (SELECT exchange, market FROM warehouse.stream_market
              UNION SELECT exchange, market FROM warehouse.stream_claim) AS m
        CROSS JOIN LATERAL (
            SELECT traded_at FROM warehouse.silver_trade AS s
            WHERE s.exchange = m.exchange AND s.market = m.market
            ORDER BY traded_at LIMIT 1) AS t
    ), hour AS (
        -- What was asked for, and what did not agree in the last eight days: late trades may have come since.
        SELECT c.*, f.traded_at AS first_traded_at
        FROM first_trade AS f
        JOIN warehouse.silver_candle AS c ON c.exchange = f.exchange AND c.market = f.market
            AND c.unit = 60 AND c.open_time >= f.hour
        LEFT JOIN warehouse.candle_check AS k ON k.exchange = c.exchange AND k.market = c.market
            AND k.open_time = c.open_time
        WHERE c.open_time >= coalesce(since, '-infinity') AND c.open_time < coalesce(until, 'infinity')
           OR c.open_time >= now() - interval '8 days' AND k.state IS DISTINCT FROM 'agree'
    ), compared AS (
        SELECT h.exchange, h.market, h.open_time, h.first_traded_at, h.volume AS asked_volume, b.*,
               array_remove(ARRAY[
                   CASE WHEN b.open <> h.open THEN 'open' END, CASE WHEN b.high <> h.high THEN 'high' END,
                   CASE WHEN b.low <> h.low THEN 'low' END, CASE WHEN b.close <> h.close THEN 'close' END,
                   CASE WHEN b.volume <> h.volume THEN 'volume' END,
                   CASE WHEN NOT h.value_derived AND b.value <> h.value THEN 'value' END], NULL) AS differs
        FROM hour AS h
        CROSS JOIN LATERAL (
            SELECT (array_agg(m.open ORDER BY m.open_time))[1] AS open, max(m.high) AS high, min(m.low) AS low,
                   (array_agg(m.close ORDER BY m.open_time DESC))[1] AS close, trim_scale(sum(m.volume)) AS volume,
                   trim_scale(sum(m.value)) AS value, coalesce(sum(m.trades), 0)::bigint AS trades
            FROM warehouse.stream_candle AS m
            WHERE m.exchange = h.exchange AND m.market = h.market AND m.unit_seconds = 60
              AND m.open_time >= h.open_time AND m.open_time < h.open_time + interval '1 hour') AS b
    ), judged AS (
        SELECT *, CASE
            WHEN trades = 0 THEN 'no_trades'
            WHEN differs = '{}' THEN 'agree'
            WHEN volume < asked_volume AND (
                first_traded_at > open_time
                OR EXISTS (SELECT FROM warehouse.stream_outage AS o
                           WHERE o.exchange = compared.exchange AND o.market = compared.market
                             AND o.since < compared.open_time + interval '1 hour' AND o.until > compared.open_time))
            THEN 'incomplete'
            ELSE 'difference' END AS state
        FROM compared
    ), written AS (
        INSERT INTO warehouse.candle_check AS old (
            exchange, market, open_time, state, differs, open, high, low, close, volume, value, trades, checked_at)
        SELECT exchange, market, open_time, state, differs, open, high, low, close, volume, value, trades, now()
        FROM judged ORDER BY exchange, market, open_time
        ON CONFLICT (exchange, market, open_time) DO UPDATE SET
            state = excluded.state, differs = excluded.differs, open = excluded.open, high = excluded.high,
            low = excluded.low, close = excluded.close, volume = excluded.volume, value = excluded.value,
            trades = excluded.trades, checked_at = excluded.checked_at
        RETURNING state
    )
    SELECT count(*), count(*) FILTER (WHERE state = 'agree'), count(*) FILTER (WHERE state = 'difference'),
           count(*) FILTER (WHERE state = 'no_trades'), count(*) FILTER (WHERE state = 'incomplete')
    FROM written
$$;
COMMENT ON FUNCTION warehouse.check_candles(timestamptz, timestamptz) IS
    'Compares the hourly candles that open in [since, until) (null: without bound) with those built from trades, and '
    'again those of the last eight days that did not agree. Returns how many came out how.';

-- Privileges ----------------------------------------------------------------------------------------------------------

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cryptoflow_warehouse') THEN
        -- Trades cannot be changed, candles only grow with them.
        GRANT SELECT, INSERT ON warehouse.silver_trade TO cryptoflow_warehouse;
        GRANT SELECT, INSERT, UPDATE ON warehouse.stream_candle, warehouse.silver_orderbook, warehouse.candle_check
            TO cryptoflow_warehouse;
        GRANT SELECT, INSERT, UPDATE, DELETE ON warehouse.stream_market, warehouse.stream_worker,
            warehouse.stream_claim, warehouse.stream_hole, warehouse.stream_collector, warehouse.stream_dead_letter TO cryptoflow_warehouse;
        GRANT SELECT, INSERT ON warehouse.stream_outage TO cryptoflow_warehouse;
        GRANT EXECUTE ON FUNCTION warehouse.prepare_stream_month(timestamptz) TO cryptoflow_warehouse;
    END IF;
END $$;

-- The months at hand; workers prepare the next ones ahead, and any other when a trade of it comes.
SELECT warehouse.prepare_stream_month(now()), warehouse.prepare_stream_month(now() + interval '1 month');
