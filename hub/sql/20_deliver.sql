-- What is due anywhere, for the deliver stage: lanes with a due effect that may leave, or with one whose claim ran out.
-- Every due_* function answers (tenant, unit, due) and nothing else, in turn over tenants, at most n rows.
GRANT SELECT (id, suspended_at, outgoing) ON hub_tenant TO hub_scan;
GRANT SELECT (outgoing) ON hub_system TO hub_scan;
CREATE OR REPLACE FUNCTION due_deliver(business timestamptz, n integer)
RETURNS TABLE (tenant_id bigint, unit_id bigint, due_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH due AS (
        SELECT e.tenant_id, e.lane, min(e.due_at) AS due_at FROM hub_effect e
        JOIN hub_tenant t ON t.id = e.tenant_id AND t.outgoing
        WHERE e.state IN ('waiting', 'unsure') AND e.hold_reason = '' AND e.due_at <= clock_timestamp()
          AND NOT EXISTS (SELECT 1 FROM hub_system s WHERE NOT s.outgoing)
        GROUP BY 1, 2
        UNION ALL
        SELECT e.tenant_id, e.lane, min(e.claimed_until) FROM hub_effect e
        WHERE e.state = 'sending' AND e.claimed_until < clock_timestamp()
        GROUP BY 1, 2),
    lanes AS (
        SELECT l.tenant_id, l.id, min(d.due_at) AS due_at, l.served_at
        FROM due d JOIN hub_lane l ON l.tenant_id = d.tenant_id AND l.name = d.lane
        WHERE l.claimed_until IS NULL OR l.claimed_until < clock_timestamp()
        GROUP BY 1, 2, 4)
    SELECT x.tenant_id, x.id, x.due_at FROM (
        SELECT q.*, row_number() OVER (PARTITION BY q.tenant_id ORDER BY q.served_at NULLS FIRST, q.due_at) AS turn
        FROM lanes q JOIN hub_tenant t ON t.id = q.tenant_id AND t.suspended_at IS NULL) x
    ORDER BY x.turn, x.due_at LIMIT n
$$;
ALTER FUNCTION due_deliver(timestamptz, integer) OWNER TO hub_scan;

-- The audit is insert only; its details may be deleted by retention.
REVOKE UPDATE, DELETE, TRUNCATE ON hub_auditentry FROM hub_app;
REVOKE UPDATE, DELETE, TRUNCATE ON hub_auditseal FROM hub_app;
REVOKE UPDATE, TRUNCATE ON hub_auditdetail FROM hub_app;
