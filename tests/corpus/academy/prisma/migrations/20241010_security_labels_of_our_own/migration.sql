COMMENT ON SCHEMA public IS 'academy; all of it';
COMMENT ON INDEX "Lesson_title_unique" IS NULL;
COMMENT ON FUNCTION slug(TEXT) IS $$ makes; slugs $$;
COMMENT ON CONSTRAINT "Student_joined_check" ON "Student" IS 'after; 2020';
COMMENT ON TRIGGER "Page_count" ON "page" IS 'counts';
COMMENT ON TYPE "State" IS 'DRAFT; LIVE';
