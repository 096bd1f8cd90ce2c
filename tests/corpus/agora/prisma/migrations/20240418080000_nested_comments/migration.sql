/* one; /* two; /* three; */ ; */ still one ' " $$ */
CREATE TABLE /* ; */ "Review" ( -- ;
    "id" SERIAL /* -- */ PRIMARY KEY,
    "stars" INTEGER NOT NULL CHECK ("stars" /* 1; 5 */ BETWEEN 1 AND 5), --
    "text" TEXT -- it's; fine
); -- /*
/**/ /***/ /* */ -- */
INSERT INTO "Review" ("stars", "text") VALUES (5, '/* not; a comment */'), (4, '-- nor; this'); /**/
