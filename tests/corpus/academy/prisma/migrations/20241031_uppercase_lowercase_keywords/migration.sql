create table "Case" ("I" integer Primary Key, i Text); Insert Into "Case" Values (1, 'i'); uPdAtE "Case" sEt i = upper(i) || ';';
