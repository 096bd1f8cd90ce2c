-- first; second; third
/* a block; with ; many
   /* nested; */ ; */
ALTER TABLE "Order" ADD COLUMN "note" TEXT; -- trailing; remark
