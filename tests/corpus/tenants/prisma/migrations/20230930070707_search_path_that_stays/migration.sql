SET search_path = public, billing;
CREATE TABLE reminders (id SERIAL PRIMARY KEY, note_id INTEGER REFERENCES credit_notes);
