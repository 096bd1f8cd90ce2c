SELECT 1 - -- minus; minus
    -1, 2 */* times */ 3, '{"a": 1}'::jsonb @> '{}'/* ; */, 'a'||/**/'b', - - 1, 4 /(2);
ALTER TABLE "Review" ADD COLUMN "weight" INTEGER NOT NULL DEFAULT 1--no blank before
    ;
