-- Live status counts: each change inserts a difference, so no row is ever waited for; a count is the sum (promise F034).
CREATE OR REPLACE FUNCTION orders_count_changes() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO orders_statusdelta (tenant_id, shop_id, status_id, n, base)
        SELECT tenant_id, shop_id, status_id, count(*), false FROM new_rows WHERE is_live GROUP BY 1, 2, 3;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO orders_statusdelta (tenant_id, shop_id, status_id, n, base)
        SELECT tenant_id, shop_id, status_id, -count(*), false FROM old_rows WHERE is_live GROUP BY 1, 2, 3;
    ELSE
        INSERT INTO orders_statusdelta (tenant_id, shop_id, status_id, n, base)
        SELECT tenant_id, shop_id, status_id, sum(d), false FROM (
            SELECT tenant_id, shop_id, status_id, -1 AS d FROM old_rows WHERE is_live
            UNION ALL
            SELECT tenant_id, shop_id, status_id, 1 FROM new_rows WHERE is_live) x
        GROUP BY 1, 2, 3 HAVING sum(d) <> 0;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER orders_count_insert AFTER INSERT ON orders_order
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION orders_count_changes();
CREATE OR REPLACE TRIGGER orders_count_update AFTER UPDATE ON orders_order
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION orders_count_changes();
CREATE OR REPLACE TRIGGER orders_count_delete AFTER DELETE ON orders_order
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION orders_count_changes();
