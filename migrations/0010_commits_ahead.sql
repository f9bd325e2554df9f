-- A leader may send a batch before the one before it is answered: each is applied only after its predecessor.

CREATE OR REPLACE FUNCTION flow.begin_batch(batch_epoch bigint, batch_number bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE flow.scheduler_lease SET last_batch = batch_number
        WHERE only_row AND epoch = batch_epoch AND last_batch = batch_number - 1;
    IF FOUND THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM flow.scheduler_lease WHERE epoch = batch_epoch AND last_batch >= batch_number) THEN
        RAISE EXCEPTION 'this batch has been applied already' USING ERRCODE = 'CF003';
    END IF;
    IF EXISTS (SELECT FROM flow.scheduler_lease WHERE epoch = batch_epoch) THEN
        RAISE EXCEPTION 'the batch before this one has not been applied' USING ERRCODE = 'CF004';
    END IF;
    RAISE EXCEPTION 'another scheduler has taken over' USING ERRCODE = 'CF002';
END $$;
