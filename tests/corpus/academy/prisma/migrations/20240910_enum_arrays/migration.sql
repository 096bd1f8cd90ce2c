ALTER TABLE "Course" ADD COLUMN "states" "State"[] DEFAULT ARRAY['DRAFT']::"State"[];
CREATE INDEX "Course_states_idx" ON "Course" USING GIN ("states");
UPDATE "Course" SET "states" = "states" || 'LIVE'::"State" WHERE "id" = 1;
