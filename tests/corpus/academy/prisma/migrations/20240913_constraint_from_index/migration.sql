ALTER TABLE "Student" ADD CONSTRAINT "Student_joined_check" CHECK ("joined" > '2020-01-01') NO INHERIT;
CREATE UNIQUE INDEX "Lesson_title_course" ON "Lesson"("title", "courseId");
ALTER TABLE "Lesson" ADD CONSTRAINT "Lesson_title_unique" UNIQUE USING INDEX "Lesson_title_course";
