-- What is due anywhere, for the stages of this app. See hub/sql/20_deliver.sql for the common shape.
CREATE OR REPLACE FUNCTION due_request(business timestamptz, n integer)
RETURNS TABLE (tenant_id bigint, unit_id bigint, due_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT p.tenant_id, 0::bigint, min(p.ship_wanted_at) FROM orders_parcel p
    JOIN hub_tenant t ON t.id = p.tenant_id AND t.suspended_at IS NULL
    WHERE p.ship_wanted_at IS NOT NULL AND p.state = 'draft' AND p.ship_wanted_at <= business
    GROUP BY 1 ORDER BY 3 LIMIT n
$$;
ALTER FUNCTION due_request(timestamptz, integer) OWNER TO hub_scan;

CREATE OR REPLACE FUNCTION due_collect(business timestamptz, n integer)
RETURNS TABLE (tenant_id bigint, unit_id bigint, due_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT x.tenant_id, x.id, x.next_collect_at FROM (
        SELECT w.tenant_id, w.id, w.next_collect_at,
               row_number() OVER (PARTITION BY w.tenant_id ORDER BY w.next_collect_at) AS turn
        FROM orders_warehouse w JOIN hub_tenant t ON t.id = w.tenant_id AND t.suspended_at IS NULL
        WHERE w.next_collect_at <= business AND w.retired_at IS NULL AND w.kind NOT IN ('own', 'other')
          AND (w.lease_until IS NULL OR w.lease_until < clock_timestamp())) x
    ORDER BY x.turn, x.next_collect_at LIMIT n
$$;
ALTER FUNCTION due_collect(timestamptz, integer) OWNER TO hub_scan;
