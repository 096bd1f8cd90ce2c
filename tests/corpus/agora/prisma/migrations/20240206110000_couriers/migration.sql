INSERT INTO "User" ("id", "email", "role", "createdAt", "updatedAt")
VALUES ('u4', 'giorgos@example.gr', 'COURIER', '2024-02-06', '2024-02-06'), ('u5', 'help@example.gr', 'SUPPORT', '2024-02-06', '2024-02-06');
