-- The right to ship is taken by the request, per line (promise G5). While a request is live, its line cannot be moved, split or
-- changed: the generated columns live_parcel and live_quantity point at the line as it was asked for.
DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'orders_orderline_pin') THEN
        ALTER TABLE orders_orderline ADD CONSTRAINT orders_orderline_pin UNIQUE (tenant_id, id, parcel_id, quantity);
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'warehouses_requestline_pin') THEN
        ALTER TABLE warehouses_requestline ADD CONSTRAINT warehouses_requestline_pin
            FOREIGN KEY (tenant_id, line_id, live_parcel, live_quantity)
            REFERENCES orders_orderline (tenant_id, id, parcel_id, quantity);
    END IF;
END $$;
