SET LOCAL standard_conforming_strings = off;
SET LOCAL escape_string_warning = off;
INSERT INTO invitations (email) VALUES ('a\\b; the lexer read this before the setting came');
INSERT INTO invitations (email) VALUES ('back\slash''; and quote');
