INSERT INTO "PageCount" VALUES (1); -- row 1; of 120
INSERT INTO "PageCount" VALUES (2); -- row 2; of 120
INSERT INTO "PageCount"
VALUES (3)
;
INSERT INTO "PageCount" VALUES (4); -- row 4; of 120
INSERT INTO "PageCount" VALUES (5); -- row 5; of 120
INSERT INTO "PageCount"
VALUES (6)
;
INSERT INTO "PageCount" VALUES (7); -- row 7; of 120
INSERT INTO "PageCount" VALUES (8); -- row 8; of 120
INSERT INTO "PageCount"
VALUES (9)
;
INSERT INTO "PageCount" VALUES (10); -- row 10; of 120
INSERT INTO "PageCount" VALUES (11); -- row 11; of 120
INSERT INTO "PageCount"
VALUES (12)
;
INSERT INTO "PageCount" VALUES (13); -- row 13; of 120
INSERT INTO "PageCount" VALUES (14); -- row 14; of 120
INSERT INTO "PageCount"
VALUES (15)
;
INSERT INTO "PageCount" VALUES (16); -- row 16; of 120
INSERT INTO "PageCount" VALUES (17); -- row 17; of 120
INSERT INTO "PageCount"
VALUES (18)
;
INSERT INTO "PageCount" VALUES (19); -- row 19; of 120
INSERT INTO "PageCount" VALUES (20); -- row 20; of 120
INSERT INTO "PageCount"
VALUES (21)
;
INSERT INTO "PageCount" VALUES (22); -- row 22; of 120
INSERT INTO "PageCount" VALUES (23); -- row 23; of 120
INSERT INTO "PageCount"
VALUES (24)
;
INSERT INTO "PageCount" VALUES (25); -- row 25; of 120
INSERT INTO "PageCount" VALUES (26); -- row 26; of 120
INSERT INTO "PageCount"
VALUES (27)
;
INSERT INTO "PageCount" VALUES (28); -- row 28; of 120
INSERT INTO "PageCount" VALUES (29); -- row 29; of 120
INSERT INTO "PageCount"
VALUES (30)
;
INSERT INTO "PageCount" VALUES (31); -- row 31; of 120
INSERT INTO "PageCount" VALUES (32); -- row 32; of 120
INSERT INTO "PageCount"
VALUES (33)
;
INSERT INTO "PageCount" VALUES (34); -- row 34; of 120
INSERT INTO "PageCount" VALUES (35); -- row 35; of 120
INSERT INTO "PageCount"
VALUES (36)
;
INSERT INTO "PageCount" VALUES (37); -- row 37; of 120
INSERT INTO "PageCount" VALUES (38); -- row 38; of 120
INSERT INTO "PageCount"
VALUES (39)
;
INSERT INTO "PageCount" VALUES (40); -- row 40; of 120
INSERT INTO "PageCount" VALUES (41); -- row 41; of 120
INSERT INTO "PageCount"
VALUES (42)
;
INSERT INTO "PageCount" VALUES (43); -- row 43; of 120
INSERT INTO "PageCount" VALUES (44); -- row 44; of 120
INSERT INTO "PageCount"
VALUES (45)
;
INSERT INTO "PageCount" VALUES (46); -- row 46; of 120
INSERT INTO "PageCount" VALUES (47); -- row 47; of 120
INSERT INTO "PageCount"
VALUES (48)
;
INSERT INTO "PageCount" VALUES (49); -- row 49; of 120
INSERT INTO "PageCount" VALUES (50); -- row 50; of 120
INSERT INTO "PageCount"
VALUES (51)
;
INSERT INTO "PageCount" VALUES (52); -- row 52; of 120
INSERT INTO "PageCount" VALUES (53); -- row 53; of 120
INSERT INTO "PageCount"
VALUES (54)
;
INSERT INTO "PageCount" VALUES (55); -- row 55; of 120
INSERT INTO "PageCount" VALUES (56); -- row 56; of 120
INSERT INTO "PageCount"
VALUES (57)
;
INSERT INTO "PageCount" VALUES (58); -- row 58; of 120
INSERT INTO "PageCount" VALUES (59); -- row 59; of 120
INSERT INTO "PageCount"
VALUES (60)
;
INSERT INTO "PageCount" VALUES (61); -- row 61; of 120
INSERT INTO "PageCount" VALUES (62); -- row 62; of 120
INSERT INTO "PageCount"
VALUES (63)
;
INSERT INTO "PageCount" VALUES (64); -- row 64; of 120
INSERT INTO "PageCount" VALUES (65); -- row 65; of 120
INSERT INTO "PageCount"
VALUES (66)
;
INSERT INTO "PageCount" VALUES (67); -- row 67; of 120
INSERT INTO "PageCount" VALUES (68); -- row 68; of 120
INSERT INTO "PageCount"
VALUES (69)
;
INSERT INTO "PageCount" VALUES (70); -- row 70; of 120
INSERT INTO "PageCount" VALUES (71); -- row 71; of 120
INSERT INTO "PageCount"
VALUES (72)
;
INSERT INTO "PageCount" VALUES (73); -- row 73; of 120
INSERT INTO "PageCount" VALUES (74); -- row 74; of 120
INSERT INTO "PageCount"
VALUES (75)
;
INSERT INTO "PageCount" VALUES (76); -- row 76; of 120
INSERT INTO "PageCount" VALUES (77); -- row 77; of 120
INSERT INTO "PageCount"
VALUES (78)
;
INSERT INTO "PageCount" VALUES (79); -- row 79; of 120
INSERT INTO "PageCount" VALUES (80); -- row 80; of 120
INSERT INTO "PageCount"
VALUES (81)
;
INSERT INTO "PageCount" VALUES (82); -- row 82; of 120
INSERT INTO "PageCount" VALUES (83); -- row 83; of 120
INSERT INTO "PageCount"
VALUES (84)
;
INSERT INTO "PageCount" VALUES (85); -- row 85; of 120
INSERT INTO "PageCount" VALUES (86); -- row 86; of 120
INSERT INTO "PageCount"
VALUES (87)
;
INSERT INTO "PageCount" VALUES (88); -- row 88; of 120
INSERT INTO "PageCount" VALUES (89); -- row 89; of 120
INSERT INTO "PageCount"
VALUES (90)
;
INSERT INTO "PageCount" VALUES (91); -- row 91; of 120
INSERT INTO "PageCount" VALUES (92); -- row 92; of 120
INSERT INTO "PageCount"
VALUES (93)
;
INSERT INTO "PageCount" VALUES (94); -- row 94; of 120
INSERT INTO "PageCount" VALUES (95); -- row 95; of 120
INSERT INTO "PageCount"
VALUES (96)
;
INSERT INTO "PageCount" VALUES (97); -- row 97; of 120
INSERT INTO "PageCount" VALUES (98); -- row 98; of 120
INSERT INTO "PageCount"
VALUES (99)
;
INSERT INTO "PageCount" VALUES (100); -- row 100; of 120
INSERT INTO "PageCount" VALUES (101); -- row 101; of 120
INSERT INTO "PageCount"
VALUES (102)
;
INSERT INTO "PageCount" VALUES (103); -- row 103; of 120
INSERT INTO "PageCount" VALUES (104); -- row 104; of 120
INSERT INTO "PageCount"
VALUES (105)
;
INSERT INTO "PageCount" VALUES (106); -- row 106; of 120
INSERT INTO "PageCount" VALUES (107); -- row 107; of 120
INSERT INTO "PageCount"
VALUES (108)
;
INSERT INTO "PageCount" VALUES (109); -- row 109; of 120
INSERT INTO "PageCount" VALUES (110); -- row 110; of 120
INSERT INTO "PageCount"
VALUES (111)
;
INSERT INTO "PageCount" VALUES (112); -- row 112; of 120
INSERT INTO "PageCount" VALUES (113); -- row 113; of 120
INSERT INTO "PageCount"
VALUES (114)
;
INSERT INTO "PageCount" VALUES (115); -- row 115; of 120
INSERT INTO "PageCount" VALUES (116); -- row 116; of 120
INSERT INTO "PageCount"
VALUES (117)
;
INSERT INTO "PageCount" VALUES (118); -- row 118; of 120
INSERT INTO "PageCount" VALUES (119); -- row 119; of 120
INSERT INTO "PageCount"
VALUES (120)
;
