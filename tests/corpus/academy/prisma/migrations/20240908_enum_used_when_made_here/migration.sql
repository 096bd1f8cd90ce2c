-- a value of a type of this very transaction may be used
CREATE TYPE "State" AS ENUM ('draft', 'live', 'gone');
ALTER TABLE "Page" ADD COLUMN "state" "State" NOT NULL DEFAULT 'gone';
UPDATE "Page" SET "state" = 'live' WHERE "path" = '/';
