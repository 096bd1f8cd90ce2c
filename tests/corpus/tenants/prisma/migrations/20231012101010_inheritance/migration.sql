CREATE TABLE events (id INTEGER PRIMARY KEY, at TIMESTAMPTZ NOT NULL, kind TEXT NOT NULL);
CREATE TABLE login_events (address INET NOT NULL, CHECK (kind = 'login')) INHERITS (events);
INSERT INTO login_events VALUES (1, '2023-10-01Z', 'login', '192.0.2.7');
ALTER TABLE login_events NO INHERIT events;
ALTER TABLE login_events INHERIT events;
