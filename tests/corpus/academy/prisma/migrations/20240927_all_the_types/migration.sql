CREATE TABLE "Types" (
    a BIGINT, b BIT(3), c BOOLEAN, d BOX, e BYTEA, f "char", g VARCHAR(3)[], h CIDR, i CIRCLE, j DATE, k DOUBLE PRECISION, l INET,
    m INTERVAL DAY TO SECOND(3), n JSONPATH, o LSEG, p MACADDR, q MONEY, r NUMERIC(1000, 3), s PG_LSN, t POINT, u POLYGON, v REAL, w SMALLINT,
    x TIME(2) WITH TIME ZONE, y TSQUERY, z XML, aa INT4RANGE, ab INT4MULTIRANGE, ac NATIONAL CHARACTER VARYING(5), ad OID, ae REGCLASS, af INTEGER[3][3]
);
INSERT INTO "Types" (b, e, h, m, n, t, x, y, aa, ab, ae, af) VALUES
    (B'101', '\x00ff', '192.0.2.0/24', '1 day 02:03:04.5678', '$.a ? (@.b == ";")', '(1,2)', '10:00+02', 'α & !β', '[1,5)', '{[1,2],[4,9)}', '"Types"', '{{1,2,3},{4,5,6},{7,8,9}}');
