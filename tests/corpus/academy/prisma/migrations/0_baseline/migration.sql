-- CreateTable
CREATE TABLE "Course" (
    "id" INTEGER NOT NULL GENERATED ALWAYS AS IDENTITY,
    "title" TEXT NOT NULL,
    "language" CHAR(2) NOT NULL DEFAULT 'el',
    "publishedAt" DATE,

    CONSTRAINT "Course_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Lesson" (
    "courseId" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "title" TEXT NOT NULL,
    "body" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "Lesson_pkey" PRIMARY KEY ("courseId","position")
);

-- AddForeignKey
ALTER TABLE "Lesson" ADD CONSTRAINT "Lesson_courseId_fkey" FOREIGN KEY ("courseId") REFERENCES "Course"("id") ON DELETE CASCADE ON UPDATE NO ACTION;
