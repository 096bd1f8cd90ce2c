CREATE TABLE "Student" ("id" UUID PRIMARY KEY, "όνομα" TEXT NOT NULL, "joined" TIMESTAMP(3) NOT NULL);
CREATE TABLE "_CourseToStudent" ("A" INTEGER NOT NULL, "B" UUID NOT NULL,
    CONSTRAINT "_CourseToStudent_AB_pkey" PRIMARY KEY ("A","B"));
CREATE INDEX "_CourseToStudent_B_index" ON "_CourseToStudent"("B");
ALTER TABLE "_CourseToStudent" ADD CONSTRAINT "_CourseToStudent_A_fkey" FOREIGN KEY ("A") REFERENCES "Course"("id") ON DELETE CASCADE ON UPDATE NO ACTION;
ALTER TABLE "_CourseToStudent" ADD CONSTRAINT "_CourseToStudent_B_fkey" FOREIGN KEY ("B") REFERENCES "Student"("id") ON DELETE CASCADE ON UPDATE CASCADE;
INSERT INTO "Student" SELECT md5('s' || i)::uuid, 'Μαθητής ' || i, TIMESTAMP '2024-09-01' + i * INTERVAL '37 minutes' FROM generate_series(1, 200) AS i;
INSERT INTO "_CourseToStudent" SELECT 1 + ascii(right("id"::text, 1)) % 2, "id" FROM "Student";
