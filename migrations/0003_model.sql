-- Models: what was trained, which one is in use, what was forecast and what came of it.
--
-- Runs as the database's owner. cryptoflow-model works under the role cryptoflow_warehouse: it adds models, promotions
-- and forecasts, and can change none of them. docs/MODEL.md explains features, splits, scores and rules.

CREATE FUNCTION warehouse.refuse_change() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION '% is written once: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation',
              HINT = 'Train another model, or promote another one; the history of both stays.';
END $$;
COMMENT ON FUNCTION warehouse.refuse_change() IS 'Trigger of tables whose rows are evidence.';

-- The label encoder ---------------------------------------------------------------------------------------------------

CREATE TABLE warehouse.model_market_code (
    exchange    text        NOT NULL,
    market      text        NOT NULL,
    code        integer     NOT NULL UNIQUE CHECK (code >= 0),
    assigned_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (exchange, market)
);
CREATE TRIGGER model_market_code_is_written_once BEFORE UPDATE OR DELETE ON warehouse.model_market_code
    FOR EACH ROW EXECUTE FUNCTION warehouse.refuse_change();
COMMENT ON TABLE warehouse.model_market_code IS
    'The label encoder of markets: a code is given once and never reused or shifted. Each model keeps the codes it knew.';
COMMENT ON COLUMN warehouse.model_market_code.code IS 'What the feature market_code holds.';

-- Models --------------------------------------------------------------------------------------------------------------

CREATE FUNCTION warehouse.model_card(artefact json) RETURNS json
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
    SELECT json_object_agg(key, value) FROM json_each(artefact) WHERE key <> 'boosters'
$$;
COMMENT ON FUNCTION warehouse.model_card(json) IS 'What an artefact has besides the boosters, which are large.';

CREATE TABLE warehouse.model_registry (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name           text        NOT NULL UNIQUE,
    created_at     timestamptz NOT NULL DEFAULT now(),
    trained_from   timestamptz NOT NULL,
    trained_until  timestamptz NOT NULL,
    training_rows  bigint      NOT NULL CHECK (training_rows > 0),
    judged_from    timestamptz NOT NULL,
    judged_until   timestamptz NOT NULL,
    judged_rows    bigint      NOT NULL CHECK (judged_rows >= 0),
    verdict        text        NOT NULL CHECK (verdict IN ('better', 'not_better', 'not_judged')),
    reason         text        NOT NULL,
    artefact       json        NOT NULL,
    card           json        GENERATED ALWAYS AS (warehouse.model_card(artefact)) STORED,
    sha256         bytea       NOT NULL CHECK (octet_length(sha256) = 32),
    dag_id         text,
    run_id         text,
    task_id        text,
    map_index      integer     NOT NULL DEFAULT -1,
    CONSTRAINT a_task_makes_one_model UNIQUE (dag_id, run_id, task_id, map_index),
    CONSTRAINT judged_after_training CHECK (judged_from > trained_until AND judged_until >= judged_from)
);
CREATE TRIGGER model_registry_is_written_once BEFORE UPDATE OR DELETE ON warehouse.model_registry
    FOR EACH ROW EXECUTE FUNCTION warehouse.refuse_change();
COMMENT ON TABLE warehouse.model_registry IS
    'Every model that was trained, promoted or not, each as one artefact; written once.';
COMMENT ON COLUMN warehouse.model_registry.name IS 'For people: the end of the training data and a mark of the boosters'' bits.';
COMMENT ON COLUMN warehouse.model_registry.trained_from IS 'Open time of the first hour trained on.';
COMMENT ON COLUMN warehouse.model_registry.trained_until IS
    'Open time of the last hour trained on; its target is the return of the hour after.';
COMMENT ON COLUMN warehouse.model_registry.judged_from IS
    'Open time of the first hour judged: later than the training of this model and of the one in use then.';
COMMENT ON COLUMN warehouse.model_registry.judged_until IS 'Open time of the last hour judged.';
COMMENT ON COLUMN warehouse.model_registry.verdict IS
    'better: it beat the naive forecast and the model in use on the judged hours. not_judged: there were too few.';
COMMENT ON COLUMN warehouse.model_registry.reason IS 'The verdict as a sentence, with the figures.';
COMMENT ON COLUMN warehouse.model_registry.artefact IS
    'Boosters (XGBoost JSON), label encoder, features with versions, parameters, scores and the run that made it.';
COMMENT ON COLUMN warehouse.model_registry.card IS 'The artefact without its boosters, for lists and pages.';
COMMENT ON COLUMN warehouse.model_registry.sha256 IS 'SHA-256 of the artefact''s text in UTF-8.';
COMMENT ON COLUMN warehouse.model_registry.task_id IS
    'With dag_id, run_id and map_index: the task that trained it; a repeated try adds nothing.';

-- Which one is in use is the newest row: promoting and rolling back add one.
CREATE TABLE warehouse.model_promotion (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id    bigint REFERENCES warehouse.model_registry,
    replaced    bigint REFERENCES warehouse.model_registry,
    promoted_at timestamptz NOT NULL DEFAULT now(),
    actor       text        NOT NULL,
    reason      text        NOT NULL,
    is_rollback boolean     NOT NULL DEFAULT false
);
CREATE TRIGGER model_promotion_is_written_once BEFORE UPDATE OR DELETE ON warehouse.model_promotion
    FOR EACH ROW EXECUTE FUNCTION warehouse.refuse_change();
COMMENT ON TABLE warehouse.model_promotion IS 'Which model was put into use when, by whom and why; the newest row holds.';
COMMENT ON COLUMN warehouse.model_promotion.model_id IS 'The model in use from then on; null for none: the naive forecast.';
COMMENT ON COLUMN warehouse.model_promotion.replaced IS 'The model that was in use before.';
COMMENT ON COLUMN warehouse.model_promotion.is_rollback IS 'Whether it undid the newest change not undone yet.';

CREATE VIEW warehouse.model_in_use AS
SELECT r.*, p.promoted_at, p.actor, p.reason AS promotion_reason
FROM (SELECT * FROM warehouse.model_promotion ORDER BY id DESC LIMIT 1) AS p
JOIN warehouse.model_registry AS r ON r.id = p.model_id;
COMMENT ON VIEW warehouse.model_in_use IS 'The model in use; no row when forecasts are naive.';

-- Forecasts -----------------------------------------------------------------------------------------------------------

CREATE TABLE warehouse.gold_prediction (
    exchange        text             NOT NULL,
    market          text             NOT NULL,
    open_time       timestamptz      NOT NULL,
    target_time     timestamptz      NOT NULL,
    made_at         timestamptz      NOT NULL DEFAULT now(),
    is_late         boolean          NOT NULL,
    model_id        bigint           REFERENCES warehouse.model_registry,
    model_name      text             NOT NULL,
    market_known    boolean          NOT NULL,
    close           numeric          NOT NULL,
    forecast_return double precision NOT NULL,
    lower_return    double precision,
    upper_return    double precision,
    forecast_price  double precision NOT NULL,
    lower_price     double precision,
    upper_price     double precision,
    dead_band       double precision NOT NULL CHECK (dead_band >= 0),
    p_down          double precision,
    p_flat          double precision,
    p_up            double precision,
    forecast_class  text CHECK (forecast_class IN ('down', 'flat', 'up')),
    features        double precision[],
    actual_close    numeric,
    actual_return   double precision,
    actual_class    text CHECK (actual_class IN ('down', 'flat', 'up')),
    error           double precision,
    is_inside       boolean,
    outcome_at      timestamptz,
    PRIMARY KEY (exchange, market, open_time)
);
CREATE INDEX gold_prediction_by_time ON warehouse.gold_prediction (open_time);
COMMENT ON TABLE warehouse.gold_prediction IS
    'Gold: the forecast of each next hour, made once, and what came of it. A forecast is never made again or changed.';
COMMENT ON COLUMN warehouse.gold_prediction.open_time IS
    'The hour whose candle is the newest that the forecast knows.';
COMMENT ON COLUMN warehouse.gold_prediction.target_time IS 'The hour forecast: the one after; its close is the price meant.';
COMMENT ON COLUMN warehouse.gold_prediction.is_late IS
    'Made after the hour forecast had ended (after an outage, say): of no use then, and left out of live scores.';
COMMENT ON COLUMN warehouse.gold_prediction.model_id IS 'The model; null for the naive forecast.';
COMMENT ON COLUMN warehouse.gold_prediction.model_name IS 'The model''s name; naive, with its reason, when none could be used.';
COMMENT ON COLUMN warehouse.gold_prediction.market_known IS
    'Whether the model was trained on this market; for another one its code is a missing value.';
COMMENT ON COLUMN warehouse.gold_prediction.close IS 'The close that the forecast starts from, exact.';
COMMENT ON COLUMN warehouse.gold_prediction.forecast_return IS 'The natural logarithm of forecast_price / close.';
COMMENT ON COLUMN warehouse.gold_prediction.lower_return IS
    'Lower end of the band that should hold 80 % of the outcomes; null when the volatility is not known.';
COMMENT ON COLUMN warehouse.gold_prediction.upper_return IS 'Upper end of that band.';
COMMENT ON COLUMN warehouse.gold_prediction.dead_band IS
    'A return of at most this much either way is flat: the model''s, by which the outcome is classed too.';
COMMENT ON COLUMN warehouse.gold_prediction.p_up IS
    'Probability of a return above the dead band; null for a naive forecast.';
COMMENT ON COLUMN warehouse.gold_prediction.features IS
    'What the model was given, in the order of its feature list; null for a naive forecast.';
COMMENT ON COLUMN warehouse.gold_prediction.actual_return IS 'The natural logarithm of actual_close / close.';
COMMENT ON COLUMN warehouse.gold_prediction.error IS 'actual_return - forecast_return.';
COMMENT ON COLUMN warehouse.gold_prediction.is_inside IS 'Whether the actual return lies in the band.';
COMMENT ON COLUMN warehouse.gold_prediction.outcome_at IS 'When the outcome was joined, or last corrected.';

-- Drift ---------------------------------------------------------------------------------------------------------------

CREATE TABLE warehouse.model_drift (
    model_id   bigint           NOT NULL REFERENCES warehouse.model_registry,
    checked_at timestamptz      NOT NULL,
    measure    text             NOT NULL CHECK (measure IN ('psi', 'rmse_7d', 'coverage_7d')),
    subject    text             NOT NULL,
    value      double precision,
    threshold  double precision NOT NULL,
    warns      boolean          NOT NULL,
    detail     text             NOT NULL,
    window_start timestamptz    NOT NULL,
    window_end   timestamptz    NOT NULL,
    PRIMARY KEY (model_id, checked_at, measure, subject)
);
COMMENT ON TABLE warehouse.model_drift IS
    'Daily check of the model in use: are its inputs and its errors still what they were? It warns, and fails nothing.';
COMMENT ON COLUMN warehouse.model_drift.measure IS
    'psi: population stability index of a feature against the training; rmse_7d: error of the live forecasts of 7 days'
    ' as a multiple of the naive forecast''s; coverage_7d: share of outcomes inside the band.';
COMMENT ON COLUMN warehouse.model_drift.subject IS 'The feature, or all.';
COMMENT ON COLUMN warehouse.model_drift.value IS 'Null when there was too little to measure.';
COMMENT ON COLUMN warehouse.model_drift.detail IS 'A sentence for people.';

CREATE FUNCTION warehouse.fail_unless_gold_is_fresh() RETURNS timestamptz
    LANGUAGE plpgsql STABLE SET TimeZone = 'UTC' SET search_path = pg_catalog AS $$
DECLARE
    behind text;
    newest timestamptz;
BEGIN
    SELECT string_agg(format('%s %s from %s on', exchange, market, since), ', ' ORDER BY exchange, market)
    INTO behind FROM warehouse.gold_due;
    IF behind IS NOT NULL THEN
        RAISE EXCEPTION 'Gold is behind Silver: %', behind
            USING HINT = 'The next run of gold_trend_volatility catches up.';
    END IF;
    SELECT max(open_time) INTO newest FROM warehouse.gold_trend_volatility;
    RETURN newest;
END $$;
COMMENT ON FUNCTION warehouse.fail_unless_gold_is_fresh() IS
    'Raises an exception while candles wait to be worked into Gold; else returns Gold''s newest hour.';

-- Privileges ----------------------------------------------------------------------------------------------------------

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cryptoflow_warehouse') THEN
        GRANT SELECT ON warehouse.model_market_code, warehouse.model_registry, warehouse.model_promotion,
            warehouse.model_in_use, warehouse.gold_prediction, warehouse.model_drift TO cryptoflow_warehouse;
        GRANT INSERT ON warehouse.model_market_code, warehouse.model_registry, warehouse.model_promotion,
            warehouse.gold_prediction, warehouse.model_drift TO cryptoflow_warehouse;
        GRANT UPDATE (actual_close, actual_return, actual_class, error, is_inside, outcome_at)
            ON warehouse.gold_prediction TO cryptoflow_warehouse;
    END IF;
END $$;
