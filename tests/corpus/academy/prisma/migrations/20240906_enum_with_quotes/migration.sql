CREATE TYPE "Level; of course" AS ENUM ('it''s easy', 'medium; really', 'δύσκολο', '🔥');
ALTER TABLE "Course" ADD COLUMN "level" "Level; of course" NOT NULL DEFAULT 'it''s easy';
UPDATE "Course" SET "level" = '🔥' WHERE "id" = 2;
