-- Names by hashed bigrams. GIN over an array is not usable under row security (the operator is not leakproof), so the look-up
-- runs as hub_scan with the tenant test inside; it answers ids, and more than 50,000 means: ask for one more word.
CREATE INDEX IF NOT EXISTS orders_ordersearch_grams ON orders_ordersearch USING gin (grams);

CREATE OR REPLACE FUNCTION orders_search_ids(wanted integer[]) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE tenant bigint := current_setting('app.tenant_id')::bigint;
BEGIN
    RETURN QUERY SELECT s.order_id FROM orders_ordersearch s
        WHERE s.grams @> wanted AND s.tenant_id = tenant LIMIT 50001;
END $$;
ALTER FUNCTION orders_search_ids(integer[]) OWNER TO hub_scan;
