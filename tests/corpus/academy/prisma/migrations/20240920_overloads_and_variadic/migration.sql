CREATE FUNCTION slug(t TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT RETURN regexp_replace(lower(t), '[^a-zα-ωάέήίόύώ0-9]+', '-', 'g');
CREATE FUNCTION slug(VARIADIC parts TEXT[]) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$ SELECT string_agg(slug(p), '/' ORDER BY n) FROM unnest(parts) WITH ORDINALITY AS u(p, n); $$;
CREATE FUNCTION "two; results"(OUT a INTEGER, INOUT b TEXT DEFAULT ';') LANGUAGE plpgsql AS $$ BEGIN a := 1; b := b || ';'; END $$;
ALTER TABLE "Course" ADD COLUMN "slug" TEXT GENERATED ALWAYS AS (slug("title")) STORED;
CREATE UNIQUE INDEX ON "Course" ("slug");
