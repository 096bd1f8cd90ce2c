UPDATE organizations SET plan = 'enterprise' WHERE name = 'Εταιρεία 7';
