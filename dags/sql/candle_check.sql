-- The exchange's hourly candles of %(since)s to %(until)s (the hull of the asset events) against those built from the
-- stored trades; again those of the last eight days that did not agree. Without bounds, as in a manual run, all.
--
-- Repetition and order cannot change the result. Hours before a market's first stored trade are not judged.
SELECT * FROM warehouse.check_candles(
    warehouse.instant(%(since)s), warehouse.instant(%(until)s) + interval '1 hour');
