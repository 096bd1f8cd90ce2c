CREATE EXTENSION IF NOT EXISTS hstore SCHEMA public;
CREATE EXTENSION IF NOT EXISTS ltree;
CREATE EXTENSION IF NOT EXISTS intarray;
CREATE TABLE folders (path LTREE PRIMARY KEY, attributes HSTORE NOT NULL DEFAULT '', readers INTEGER[] NOT NULL DEFAULT '{}');
CREATE INDEX folders_gist ON folders USING gist (path);
CREATE INDEX folders_readers ON folders USING gin (readers gin__int_ops);
INSERT INTO folders VALUES ('top', '"a;b"=>"1; 2"', '{1,2}'), ('top.sub', 'k=>v', '{3}');
