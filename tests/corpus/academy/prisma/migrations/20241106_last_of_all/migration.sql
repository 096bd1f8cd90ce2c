-- AlterTable
ALTER TABLE "Course" ADD COLUMN "archived" BOOLEAN
  DEFAULT false;
/* the
 end; */