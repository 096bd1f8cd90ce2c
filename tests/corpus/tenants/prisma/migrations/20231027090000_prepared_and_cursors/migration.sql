PREPARE add_seat (UUID, INTEGER) AS INSERT INTO seats VALUES ($1, $2);
EXECUTE add_seat(md5('tenant ' || 3)::uuid, 1 + 1);
DEALLOCATE ALL;
