-- Names by hashed pairs of letters. GIN over an array is not usable under row security (the operator is not leakproof), so the
-- look-up runs as hub_scan with the tenant test inside. It answers the ids in no order, or NULL where there are more than `most`:
-- then the caller walks its list instead (orders/search.py). That there are many is proven first by a random part of the hits, of
-- about three times `most`: the list of all hits of a common name is not made, sorted and thrown away.
CREATE INDEX IF NOT EXISTS orders_ordersearch_grams ON orders_ordersearch USING gin (grams);

DROP FUNCTION IF EXISTS orders_search_ids(integer[], integer);
CREATE OR REPLACE FUNCTION orders_search_ids(wanted integer[], most integer) RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_custom_plan
SET gin_fuzzy_search_limit = 0 AS $$
DECLARE
    tenant bigint := current_setting('app.tenant_id')::bigint;
    hits bigint;
    found bigint[];
BEGIN
    PERFORM set_config('gin_fuzzy_search_limit', (3 * (most + 1))::text, true);
    SELECT count(*) INTO hits FROM (
        SELECT FROM orders_ordersearch s WHERE s.grams @> wanted AND s.tenant_id = tenant LIMIT most + 1
    ) part;
    IF hits > most THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('gin_fuzzy_search_limit', '0', true);
    SELECT array_agg(few.order_id) INTO found FROM (
        SELECT s.order_id FROM orders_ordersearch s WHERE s.grams @> wanted AND s.tenant_id = tenant LIMIT most + 1
    ) few;
    IF cardinality(found) > most THEN
        RETURN NULL;
    END IF;
    RETURN coalesce(found, '{}');
END $$;
ALTER FUNCTION orders_search_ids(integer[], integer) OWNER TO hub_scan;
