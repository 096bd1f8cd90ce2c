ALTER TABLE "Student" ADD COLUMN "no" BIGINT;
UPDATE "Student" SET "no" = n FROM (SELECT "id" AS i, row_number() OVER (ORDER BY "joined") AS n FROM "Student") AS r WHERE r.i = "id";
ALTER TABLE "Student" ALTER COLUMN "no" SET NOT NULL, ADD CONSTRAINT "Student_no_key" UNIQUE ("no");
ALTER TABLE "_CourseToStudent" ADD COLUMN "no" BIGINT;
UPDATE "_CourseToStudent" SET "no" = s."no" FROM "Student" AS s WHERE s."id" = "B";
ALTER TABLE "_CourseToStudent" DROP COLUMN "B", ADD CONSTRAINT "_CourseToStudent_no_fkey" FOREIGN KEY ("no") REFERENCES "Student"("no");
ALTER TABLE "_CourseToStudent" ADD CONSTRAINT "_CourseToStudent_AB_pkey" PRIMARY KEY ("A", "no");
