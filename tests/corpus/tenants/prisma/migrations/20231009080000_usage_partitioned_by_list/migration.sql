CREATE TABLE usage (plan plan NOT NULL, day DATE NOT NULL, hits BIGINT NOT NULL DEFAULT 0) PARTITION BY LIST (plan);
CREATE TABLE usage_free PARTITION OF usage FOR VALUES IN ('free');
CREATE TABLE usage_paid PARTITION OF usage FOR VALUES IN ('pro', 'team', 'enterprise');
ALTER TABLE usage ADD CONSTRAINT usage_pkey PRIMARY KEY (plan, day);
INSERT INTO usage SELECT p, DATE '2023-10-01' + d, d * 10 FROM unnest(enum_range(NULL::plan)) AS p, generate_series(0, 5) AS d;
