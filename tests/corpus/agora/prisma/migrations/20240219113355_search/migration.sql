CREATE INDEX "Product_title_trgm_idx" ON "Product" USING GIN ("title" gin_trgm_ops);
CREATE INDEX "Product_tags_idx" ON "Product" USING GIN ("tags");
CREATE INDEX "Product_attributes_idx" ON "Product" USING GIN ("attributes" jsonb_path_ops);

ALTER TABLE "Product" ADD COLUMN "search" TSVECTOR
    GENERATED ALWAYS AS (setweight(to_tsvector('simple', "title"), 'A') || setweight(to_tsvector('simple', coalesce("description", '')), 'B')) STORED;
CREATE INDEX "Product_search_idx" ON "Product" USING GIN ("search");
