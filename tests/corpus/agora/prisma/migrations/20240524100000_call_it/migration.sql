CALL add_points(2);
