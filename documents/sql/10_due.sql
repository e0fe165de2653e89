-- Files that members asked for. See hub/sql/20_deliver.sql for the common shape.
CREATE OR REPLACE FUNCTION due_file(business timestamptz, n integer)
RETURNS TABLE (tenant_id bigint, unit_id bigint, due_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT x.tenant_id, x.id, x.created_at FROM (
        SELECT j.tenant_id, j.id, j.created_at, row_number() OVER (PARTITION BY j.tenant_id ORDER BY j.id) AS turn
        FROM documents_filejob j JOIN hub_tenant t ON t.id = j.tenant_id AND t.suspended_at IS NULL
        WHERE j.state = 'waiting' AND (j.lease_until IS NULL OR j.lease_until < clock_timestamp())) x
    ORDER BY x.turn, x.created_at LIMIT n
$$;
ALTER FUNCTION due_file(timestamptz, integer) OWNER TO hub_scan;
