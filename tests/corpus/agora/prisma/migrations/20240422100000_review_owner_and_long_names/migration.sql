ALTER TABLE "Review" ADD COLUMN "thisColumnHasANameThatIsMuchLongerThanTheSixtyThreeBytesOfPostgreSQL" TEXT;
CREATE INDEX "Review_thisColumnHasANameThatIsMuchLongerThanTheSixtyThreeBytes_idx" ON "Review"("thisColumnHasANameThatIsMuchLongerThanTheSixtyThreeBytesOfPostgreSQL");
ALTER TABLE "Review" ADD COLUMN "αυτό_το_όνομα_είναι_κοντά_στα_63" INTEGER;
