-- What is due anywhere, for the stages of this app. See hub/sql/20_deliver.sql for the common shape.
CREATE OR REPLACE FUNCTION due_poll(business timestamptz, n integer)
RETURNS TABLE (tenant_id bigint, unit_id bigint, due_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT x.tenant_id, x.id, x.next_poll_at FROM (
        SELECT s.tenant_id, s.id, s.next_poll_at,
               row_number() OVER (PARTITION BY s.tenant_id ORDER BY s.next_poll_at) AS turn
        FROM orders_shop s JOIN hub_tenant t ON t.id = s.tenant_id AND t.suspended_at IS NULL
        WHERE s.polling AND s.retired_at IS NULL AND s.next_poll_at <= business
          AND (s.lease_until IS NULL OR s.lease_until < clock_timestamp())) x
    ORDER BY x.turn, x.next_poll_at LIMIT n
$$;
ALTER FUNCTION due_poll(timestamptz, integer) OWNER TO hub_scan;

CREATE OR REPLACE FUNCTION due_reread(business timestamptz, n integer)
RETURNS TABLE (tenant_id bigint, unit_id bigint, due_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT x.tenant_id, x.id, x.due_at FROM (
        SELECT s.tenant_id, s.id, min(o.reread_at) AS due_at,
               row_number() OVER (PARTITION BY s.tenant_id ORDER BY min(o.reread_at)) AS turn
        FROM orders_order o JOIN orders_shop s ON s.tenant_id = o.tenant_id AND s.id = o.shop_id
        JOIN hub_tenant t ON t.id = s.tenant_id AND t.suspended_at IS NULL
        WHERE o.reread_at <= business AND s.retired_at IS NULL AND s.blind_since IS NULL
          AND (s.reread_until IS NULL OR s.reread_until < clock_timestamp())
        GROUP BY 1, 2) x
    ORDER BY x.turn, x.due_at LIMIT n
$$;
ALTER FUNCTION due_reread(timestamptz, integer) OWNER TO hub_scan;

-- The unit of judging is the tenant: its due orders are taken in chunks, with SKIP LOCKED.
CREATE OR REPLACE FUNCTION due_judge(business timestamptz, n integer)
RETURNS TABLE (tenant_id bigint, unit_id bigint, due_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.tenant_id, 0::bigint, min(o.judge_at) FROM orders_order o
    JOIN hub_tenant t ON t.id = o.tenant_id AND t.suspended_at IS NULL
    WHERE o.judge_at <= business GROUP BY 1 ORDER BY 3 LIMIT n
$$;
ALTER FUNCTION due_judge(timestamptz, integer) OWNER TO hub_scan;

CREATE OR REPLACE FUNCTION due_batch(business timestamptz, n integer)
RETURNS TABLE (tenant_id bigint, unit_id bigint, due_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT x.tenant_id, x.id, x.due_at FROM (
        SELECT b.tenant_id, b.id, b.due_at, row_number() OVER (PARTITION BY b.tenant_id ORDER BY b.id) AS turn
        FROM orders_batch b JOIN hub_tenant t ON t.id = b.tenant_id AND t.suspended_at IS NULL
        WHERE b.state IN ('waiting', 'running') AND b.due_at <= clock_timestamp()
          AND (b.lease_until IS NULL OR b.lease_until < clock_timestamp())) x
    ORDER BY x.turn, x.due_at LIMIT n
$$;
ALTER FUNCTION due_batch(timestamptz, integer) OWNER TO hub_scan;

-- Housekeeping is done once an hour for each tenant that is not suspended, and at 21:00 in Japan.
GRANT SELECT (kept_at) ON hub_tenant TO hub_scan;
CREATE OR REPLACE FUNCTION due_keep(business timestamptz, n integer)
RETURNS TABLE (tenant_id bigint, unit_id bigint, due_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT t.id, 0::bigint, t.kept_at FROM hub_tenant t
    WHERE t.suspended_at IS NULL
      AND (t.kept_at IS NULL OR t.kept_at < greatest(business - interval '1 hour',
           (date_trunc('day', business AT TIME ZONE 'Asia/Tokyo' - interval '21 hours') + interval '21 hours') AT TIME ZONE 'Asia/Tokyo'))
    ORDER BY t.kept_at NULLS FIRST LIMIT n
$$;
ALTER FUNCTION due_keep(timestamptz, integer) OWNER TO hub_scan;

-- What is finished for long enough is erased once a night, after 3:00 in Japan.
GRANT SELECT (retained_at) ON hub_tenant TO hub_scan;
CREATE OR REPLACE FUNCTION due_retain(business timestamptz, n integer)
RETURNS TABLE (tenant_id bigint, unit_id bigint, due_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT t.id, 0::bigint, t.retained_at FROM hub_tenant t
    WHERE t.suspended_at IS NULL AND (t.retained_at IS NULL
       OR t.retained_at < (date_trunc('day', business AT TIME ZONE 'Asia/Tokyo' - interval '3 hours') + interval '3 hours') AT TIME ZONE 'Asia/Tokyo')
    ORDER BY t.retained_at NULLS FIRST LIMIT n
$$;
ALTER FUNCTION due_retain(timestamptz, integer) OWNER TO hub_scan;

-- Is this mall account live in another tenant? Answers yes or no, nothing else.
CREATE OR REPLACE FUNCTION orders_account_elsewhere(wanted_channel text, wanted_account text)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM orders_shop s
        WHERE s.channel = wanted_channel AND s.account = wanted_account AND s.mode = 'live' AND s.retired_at IS NULL
          AND s.tenant_id <> current_setting('app.tenant_id')::bigint)
$$;
ALTER FUNCTION orders_account_elsewhere(text, text) OWNER TO hub_scan;
