-- bloated since the import; once
REINDEX INDEX CONCURRENTLY "Product_title_trgm_idx";
