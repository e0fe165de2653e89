-- The two look-ups that must happen before a tenant is known. Owned by hub_scan, which sees only the granted columns.
GRANT SELECT (id, name, suspended_at) ON hub_tenant TO hub_scan;

CREATE OR REPLACE FUNCTION hub_memberships(wanted_user bigint)
RETURNS TABLE (tenant_id bigint, member_id bigint, role text, tenant_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT m.tenant_id, m.id, m.role, t.name
    FROM hub_member m JOIN hub_tenant t ON t.id = m.tenant_id
    WHERE m.user_id = wanted_user AND m.removed_at IS NULL AND t.suspended_at IS NULL
    ORDER BY t.name, m.tenant_id
$$;

CREATE OR REPLACE FUNCTION hub_token_owner(wanted bytea)
RETURNS TABLE (tenant_id bigint, token_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT k.tenant_id, k.id
    FROM hub_apitoken k JOIN hub_tenant t ON t.id = k.tenant_id
    WHERE k.secret_hash = wanted AND k.revoked_at IS NULL AND k.expires_at > now() AND t.suspended_at IS NULL
$$;

CREATE OR REPLACE FUNCTION hub_invitation_owner(wanted bytea)
RETURNS TABLE (tenant_id bigint, invitation_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT i.tenant_id, i.id FROM hub_invitation i
    WHERE i.secret_hash = wanted AND i.accepted_at IS NULL AND i.expires_at > now()
$$;

ALTER FUNCTION hub_memberships(bigint) OWNER TO hub_scan;
ALTER FUNCTION hub_token_owner(bytea) OWNER TO hub_scan;
ALTER FUNCTION hub_invitation_owner(bytea) OWNER TO hub_scan;
