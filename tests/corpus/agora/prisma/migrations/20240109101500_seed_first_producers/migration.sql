INSERT INTO "User" ("id", "email", "role", "createdAt", "updatedAt") VALUES
    ('u1', 'maria@example.gr', 'PRODUCER', '2024-01-02 08:00:00', '2024-01-02 08:00:00'),
    ('u2', 'nikos@example.gr', 'PRODUCER', '2024-01-02 08:05:00', '2024-01-02 08:05:00'),
    ('u3', 'eleni@example.gr', 'CONSUMER', '2024-01-03 09:00:00', '2024-01-03 09:00:00');
INSERT INTO "Producer" VALUES
    ('p1', 'meli-taygetou', 'Μέλι Ταϋγέτου', 'Λακωνία', 'u1'),
    ('p2', 'ladi-kritis', 'Λάδι Κρήτης; εξαιρετικό παρθένο', 'Ηράκλειο', 'u2');
