-- An erased order stays erased: no one makes it due for the rules or for reading again, and its day is not taken away. That no person
-- comes back is a CHECK of the table.
CREATE OR REPLACE FUNCTION orders_erased_stay() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.erased_at IS NOT NULL AND NEW.erased_at IS DISTINCT FROM OLD.erased_at THEN
        RAISE EXCEPTION 'an erased order stays erased' USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_erased_stay';
    END IF;
    NEW.judge_at := NULL;
    NEW.reread_at := NULL;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER orders_erased_stay BEFORE UPDATE ON orders_order FOR EACH ROW
    WHEN (OLD.erased_at IS NOT NULL OR NEW.erased_at IS NOT NULL) EXECUTE FUNCTION orders_erased_stay();
