-- Written by hand: the zone of every order from its postal code.
-- Τα δύο πρώτα ψηφία του Τ.Κ. δείχνουν τον νομό: 10-19 Αττική, 70-74 Κρήτη, 28, 29, 31, 49 και 81-85 νησιά.
DO $$
DECLARE
    batch CONSTANT INTEGER := 50000;
    first INTEGER := 0;
    last INTEGER;
    changed INTEGER;
    total INTEGER := 0;
BEGIN
    SELECT coalesce(max("id"), 0) INTO last FROM "Order";
    WHILE first < last LOOP
        UPDATE "Order" SET "shippingZone" = CASE
            WHEN left("postalCode", 2) BETWEEN '10' AND '19' THEN 'ATTICA'
            WHEN left("postalCode", 2) BETWEEN '70' AND '74' THEN 'CRETE'
            ELSE 'ISLANDS'
        END::"ShippingZone"
        WHERE "id" > first AND "id" <= first + batch
            AND left("postalCode", 2) IN ('10', '11', '12', '13', '14', '15', '16', '17', '18', '19',
                '70', '71', '72', '73', '74', '28', '29', '31', '49', '81', '82', '83', '84', '85');
        GET DIAGNOSTICS changed = ROW_COUNT;
        total := total + changed;
        first := first + batch;
        RAISE NOTICE 'orders up to %: % got their zone', least(first, last), total;
    END LOOP;
END
$$;

-- From now on a postal code is five digits, or the zone would be a guess.
ALTER TABLE "Order" ADD CONSTRAINT "Order_postalCode_check" CHECK ("postalCode" ~ '^[0-9]{5}$');
