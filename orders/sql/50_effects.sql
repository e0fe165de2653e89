-- Nothing leaves for an order that is not ours to handle: whoever decides it, the row itself is refused.
CREATE OR REPLACE FUNCTION orders_effects_are_ours() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM new_rows e JOIN orders_order o ON o.tenant_id = e.tenant_id AND o.id = e.order_id WHERE NOT o.ours) THEN
        RAISE EXCEPTION 'an effect of an order that is not ours'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_effects_are_ours';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER orders_effects_are_ours AFTER INSERT ON hub_effect
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION orders_effects_are_ours();
