-- A parcel moves only along this table (promise G6).
CREATE OR REPLACE FUNCTION orders_parcel_transitions() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY[
        'draft>requested', 'draft>shipped', 'draft>cancelled',
        'requested>accepted', 'requested>working', 'requested>cannot_ship', 'requested>cancel_asked', 'requested>cancelled',
        'requested>shipped',
        'accepted>working', 'accepted>cannot_ship', 'accepted>cancel_asked', 'accepted>cancelled', 'accepted>shipped',
        'working>cannot_ship', 'working>cancel_asked', 'working>cancelled', 'working>shipped',
        'cancel_asked>requested', 'cancel_asked>accepted', 'cancel_asked>working', 'cancel_asked>cannot_ship',
        'cancel_asked>cancelled', 'cancel_asked>shipped',
        'cannot_ship>draft', 'cannot_ship>cancelled', 'cancelled>draft', 'shipped>returned']
$$;

CREATE OR REPLACE FUNCTION orders_parcel_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT (OLD.state || '>' || NEW.state) = ANY (orders_parcel_transitions()) THEN
        RAISE EXCEPTION 'a parcel cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_parcel_moves';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER orders_parcel_moves BEFORE UPDATE ON orders_parcel FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION orders_parcel_moves();
