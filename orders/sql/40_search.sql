-- Names by hashed pairs of letters. GIN over an array is not usable under row security (the operator is not leakproof), so the
-- look-up runs as hub_scan with the tenant test inside. It answers ids, at most `most` of them and in no order: a caller that gets
-- `most` knows only that there are many, and walks its list instead (orders/search.py).
CREATE INDEX IF NOT EXISTS orders_ordersearch_grams ON orders_ordersearch USING gin (grams);

DROP FUNCTION IF EXISTS orders_search_ids(integer[]);
CREATE OR REPLACE FUNCTION orders_search_ids(wanted integer[], most integer) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE tenant bigint := current_setting('app.tenant_id')::bigint;
BEGIN
    RETURN QUERY SELECT s.order_id FROM orders_ordersearch s
        WHERE s.grams @> wanted AND s.tenant_id = tenant LIMIT most;
END $$;
ALTER FUNCTION orders_search_ids(integer[], integer) OWNER TO hub_scan;
