-- The marketplace as it stands after the first eight migrations: all but the order lines.

CREATE TEMP TABLE place (id INTEGER PRIMARY KEY, town TEXT, region TEXT, code TEXT);
INSERT INTO place VALUES
    (0, 'Αθήνα', 'Αττική', '10'), (1, 'Καλλιθέα', 'Αττική', '17'), (2, 'Πειραιάς', 'Αττική', '18'),
    (3, 'Μαρούσι', 'Αττική', '15'), (4, 'Περιστέρι', 'Αττική', '12'), (5, 'Μαραθώνας', 'Αττική', '19'),
    (6, 'Θεσσαλονίκη', 'Μακεδονία', '54'), (7, 'Βέροια', 'Μακεδονία', '59'), (8, 'Κοζάνη', 'Μακεδονία', '50'),
    (9, 'Λάρισα', 'Θεσσαλία', '41'), (10, 'Βόλος', 'Θεσσαλία', '38'), (11, 'Τρίκαλα', 'Θεσσαλία', '42'),
    (12, 'Πάτρα', 'Αχαΐα', '26'), (13, 'Καλαμάτα', 'Μεσσηνία', '24'), (14, 'Νεμέα', 'Κορινθία', '20'),
    (15, 'Ιωάννινα', 'Ήπειρος', '45'), (16, 'Μέτσοβο', 'Ήπειρος', '44'), (17, 'Καβάλα', 'Μακεδονία', '65'),
    (18, 'Ηράκλειο', 'Κρήτη', '71'), (19, 'Χανιά', 'Κρήτη', '73'), (20, 'Σητεία', 'Κρήτη', '72'),
    (21, 'Μυτιλήνη', 'Λέσβος', '81'), (22, 'Χώρα Νάξου', 'Κυκλάδες', '84'), (23, 'Ρόδος', 'Δωδεκάνησα', '85'),
    (24, 'Κέρκυρα', 'Ιόνια νησιά', '49');

-- A surname as a man bears it, as a woman does, in the genitive, and in an address.
CREATE TEMP TABLE family (id INTEGER PRIMARY KEY, man TEXT, woman TEXT, genitive TEXT, latin TEXT);
INSERT INTO family VALUES
    (0, 'Παπαδόπουλος', 'Παπαδοπούλου', 'Παπαδόπουλου', 'papadopoulos'),
    (1, 'Γεωργίου', 'Γεωργίου', 'Γεωργίου', 'georgiou'),
    (2, 'Δημητρίου', 'Δημητρίου', 'Δημητρίου', 'dimitriou'),
    (3, 'Κωνσταντίνου', 'Κωνσταντίνου', 'Κωνσταντίνου', 'konstantinou'),
    (4, 'Ιωάννου', 'Ιωάννου', 'Ιωάννου', 'ioannou'),
    (5, 'Νικολάου', 'Νικολάου', 'Νικολάου', 'nikolaou'),
    (6, 'Βασιλείου', 'Βασιλείου', 'Βασιλείου', 'vasileiou'),
    (7, 'Χατζής', 'Χατζή', 'Χατζή', 'chatzis'),
    (8, 'Μακρής', 'Μακρή', 'Μακρή', 'makris'),
    (9, 'Αλεξίου', 'Αλεξίου', 'Αλεξίου', 'alexiou'),
    (10, 'Σταματάκης', 'Σταματάκη', 'Σταματάκη', 'stamatakis'),
    (11, 'Ξενάκης', 'Ξενάκη', 'Ξενάκη', 'xenakis'),
    (12, 'Λαμπρόπουλος', 'Λαμπροπούλου', 'Λαμπρόπουλου', 'lampropoulos'),
    (13, 'Ζαφειρίου', 'Ζαφειρίου', 'Ζαφειρίου', 'zafeiriou'),
    (14, 'Θεοδώρου', 'Θεοδώρου', 'Θεοδώρου', 'theodorou'),
    (15, 'Αγγελής', 'Αγγελή', 'Αγγελή', 'angelis'),
    (16, 'Καραγιάννης', 'Καραγιάννη', 'Καραγιάννη', 'karagiannis'),
    (17, 'Πετρίδης', 'Πετρίδου', 'Πετρίδη', 'petridis'),
    (18, 'Ρούσσος', 'Ρούσσου', 'Ρούσσου', 'roussos'),
    (19, 'Ψαρράς', 'Ψαρρά', 'Ψαρρά', 'psarras');

-- Even numbers are women's names.
CREATE TEMP TABLE given (id INTEGER PRIMARY KEY, name TEXT, latin TEXT);
INSERT INTO given VALUES
    (0, 'Μαρία', 'maria'), (1, 'Γιώργος', 'giorgos'), (2, 'Ελένη', 'eleni'), (3, 'Δημήτρης', 'dimitris'),
    (4, 'Κατερίνα', 'katerina'), (5, 'Νίκος', 'nikos'), (6, 'Σοφία', 'sofia'), (7, 'Γιάννης', 'giannis'),
    (8, 'Άννα', 'anna'), (9, 'Κώστας', 'kostas'), (10, 'Βασιλική', 'vasiliki'), (11, 'Παναγιώτης', 'panagiotis'),
    (12, 'Ειρήνη', 'eirini'), (13, 'Θανάσης', 'thanasis'), (14, 'Φωτεινή', 'foteini'), (15, 'Μιχάλης', 'michalis');

-- Shelf, Greek name, name in an address, unit: 40 goods of 10 kinds in 10 qualities are the 4,000 products.
CREATE TEMP TABLE good (id INTEGER PRIMARY KEY, shelf TEXT, name TEXT, latin TEXT, unit TEXT);
INSERT INTO good VALUES
    (0, 'elaiolado-kai-elies', 'Εξαιρετικό παρθένο ελαιόλαδο', 'exairetiko-partheno-elaiolado', '1 L'),
    (1, 'elaiolado-kai-elies', 'Αγουρέλαιο', 'agourelaio', '500 ml'),
    (2, 'elaiolado-kai-elies', 'Ελιές Καλαμών', 'elies-kalamon', '400 g'),
    (3, 'elaiolado-kai-elies', 'Ελιές θρούμπες', 'elies-throumpes', '400 g'),
    (4, 'elaiolado-kai-elies', 'Πάστα ελιάς', 'pasta-elias', '200 g'),
    (5, 'meli', 'Θυμαρίσιο μέλι', 'thymarisio-meli', '450 g'),
    (6, 'meli', 'Πευκόμελο', 'peukomelo', '450 g'),
    (7, 'meli', 'Μέλι ελάτης', 'meli-elatis', '450 g'),
    (8, 'meli', 'Γύρη', 'gyri', '150 g'),
    (9, 'meli', 'Βασιλικός πολτός', 'vasilikos-poltos', '20 g'),
    (10, 'tyria-kai-galaktokomika', 'Φέτα βαρελίσια', 'feta-varelisia', '1 kg'),
    (11, 'tyria-kai-galaktokomika', 'Γραβιέρα', 'graviera', '500 g'),
    (12, 'tyria-kai-galaktokomika', 'Κεφαλοτύρι', 'kefalotyri', '500 g'),
    (13, 'tyria-kai-galaktokomika', 'Μανούρι', 'manouri', '300 g'),
    (14, 'tyria-kai-galaktokomika', 'Γιαούρτι πρόβειο', 'giaourti-proveio', '400 g'),
    (15, 'krasi-kai-apostagmata', 'Ασύρτικο', 'asyrtiko', '750 ml'),
    (16, 'krasi-kai-apostagmata', 'Ξινόμαυρο', 'xinomavro', '750 ml'),
    (17, 'krasi-kai-apostagmata', 'Αγιωργίτικο', 'agiorgitiko', '750 ml'),
    (18, 'krasi-kai-apostagmata', 'Τσίπουρο', 'tsipouro', '500 ml'),
    (19, 'krasi-kai-apostagmata', 'Ρακή', 'raki', '500 ml'),
    (20, 'ospria-kai-dimitriaka', 'Φασόλια γίγαντες', 'fasolia-gigantes', '500 g'),
    (21, 'ospria-kai-dimitriaka', 'Φάβα', 'fava', '500 g'),
    (22, 'ospria-kai-dimitriaka', 'Φακές', 'fakes', '500 g'),
    (23, 'ospria-kai-dimitriaka', 'Ρεβίθια', 'revithia', '500 g'),
    (24, 'ospria-kai-dimitriaka', 'Αλεύρι ζέας', 'alevri-zeas', '1 kg'),
    (25, 'votana-kai-bacharika', 'Ρίγανη', 'rigani', '50 g'),
    (26, 'votana-kai-bacharika', 'Τσάι του βουνού', 'tsai-tou-vounou', '40 g'),
    (27, 'votana-kai-bacharika', 'Φασκόμηλο', 'faskomilo', '40 g'),
    (28, 'votana-kai-bacharika', 'Κρόκος Κοζάνης', 'krokos-kozanis', '1 g'),
    (29, 'votana-kai-bacharika', 'Αφρίνα', 'afrina', '250 g'),
    (30, 'marmelades-kai-glyka', 'Γλυκό κυδώνι', 'glyko-kydoni', '400 g'),
    (31, 'marmelades-kai-glyka', 'Γλυκό βύσσινο', 'glyko-vyssino', '400 g'),
    (32, 'marmelades-kai-glyka', 'Μαρμελάδα σύκο', 'marmelada-syko', '380 g'),
    (33, 'marmelades-kai-glyka', 'Παστέλι', 'pasteli', '120 g'),
    (34, 'marmelades-kai-glyka', 'Χαλβάς', 'chalvas', '400 g'),
    (35, 'zymarika-kai-paximadia', 'Χυλοπίτες', 'chylopites', '500 g'),
    (36, 'zymarika-kai-paximadia', 'Τραχανάς ξινός', 'trachanas-xinos', '500 g'),
    (37, 'zymarika-kai-paximadia', 'Παξιμάδι κρίθινο', 'paximadi-krithino', '600 g'),
    (38, 'zymarika-kai-paximadia', 'Κουλούρια λαδιού', 'koulouria-ladiou', '350 g'),
    (39, 'zymarika-kai-paximadia', 'Σκιουφιχτά', 'skioufichta', '500 g');

CREATE TEMP TABLE kind (id INTEGER PRIMARY KEY, name TEXT, latin TEXT);
INSERT INTO kind VALUES
    (0, 'βιολογικής καλλιέργειας', 'viologiko'),
    (1, 'παραδοσιακής συνταγής', 'paradosiako'),
    (2, 'ορεινής παραγωγής', 'oreino'),
    (3, 'νησιώτικης παραγωγής', 'nisiotiko'),
    (4, 'χειροποίητης παρασκευής', 'cheiropoiito'),
    (5, 'μικρής παραγωγής', 'mikris-paragogis'),
    (6, 'οικογενειακής παράδοσης', 'oikogeneiako'),
    (7, 'πρώτης επιλογής', 'protis-epilogis'),
    (8, 'εκλεκτής ποιότητας', 'eklekto'),
    (9, 'σε συσκευασία δώρου', 'dorou');

INSERT INTO "Producer" ("id", "name", "email", "phone", "town", "region", "active", "createdAt", "updatedAt")
SELECT n,
    (ARRAY['Κτήμα', 'Αγρόκτημα', 'Μελισσοκομία', 'Τυροκομείο', 'Ελαιώνες', 'Οινοποιείο', 'Περιβόλι', 'Φάρμα',
        'Συνεταιρισμός', 'Εργαστήρι', 'Αμπελώνες', 'Μύλος', 'Βοτανόκηπος', 'Οικοτεχνία', 'Μποστάνι'])[1 + n / 20 % 15]
        || ' ' || f.genitive,
    'paragogos' || n || '@' || f.latin || '.example',
    '+30 2' || lpad((100000000 + n * 7919)::TEXT, 9, '0'),
    p.town, p.region, n % 37 <> 0,
    TIMESTAMP '2024-03-01' + n * INTERVAL '7 hours', TIMESTAMP '2025-06-01' + n * INTERVAL '11 minutes'
FROM generate_series(1, 300) AS n
JOIN family AS f ON f.id = n % 20
JOIN place AS p ON p.id = pg_temp.pick(n, 1, 25);

INSERT INTO "Product" ("id", "producerId", "name", "description", "priceCents", "unit", "stock", "published",
    "createdAt", "updatedAt", "slug", "categoryId")
SELECT n, 1 + pg_temp.pick(n, 2, 300),
    g.name || ', ' || k.name || ' Νο ' || 1 + n / 400 % 10,
    'Από τον παραγωγό στο τραπέζι σας: ' || lower(g.name) || ' σε συσκευασία ' || g.unit || '.',
    pg_temp.price(n), g.unit, pg_temp.pick(n, 4, 240), n % 53 <> 0,
    TIMESTAMP '2024-04-01' + n * INTERVAL '2 hours', TIMESTAMP '2025-09-01' + n * INTERVAL '3 minutes',
    g.latin || '-' || k.latin || '-' || n, c."id"
FROM generate_series(1, 4000) AS n
JOIN good AS g ON g.id = n % 40
JOIN kind AS k ON k.id = n / 40 % 10
JOIN "Category" AS c ON c."slug" = g.shelf;

-- One customer for some eight orders.
INSERT INTO "Customer" ("id", "email", "name", "phone", "createdAt")
SELECT n, g.latin || '.' || f.latin || '.' || n || '@mail.example', g.name || ' ' || CASE WHEN g.id % 2 = 0 THEN f.woman ELSE f.man END,
    CASE WHEN n % 4 > 0 THEN '+30 69' || lpad((n::BIGINT * 7919 % 100000000)::TEXT, 8, '0') END,
    TIMESTAMP '2024-05-01' + n * INTERVAL '6 minutes'
FROM generate_series(1, 1 + current_setting('dixis.rows')::INTEGER / 8) AS n
JOIN given AS g ON g.id = pg_temp.pick(n, 5, 16)
JOIN family AS f ON f.id = pg_temp.pick(n, 6, 20);

INSERT INTO "Review" ("productId", "customerId", "rating", "text", "createdAt")
SELECT 1 + pg_temp.pick(n, 21, 4000), n, 5 - pg_temp.pick(n, 22, 9) / 4,
    (ARRAY['Εξαιρετικό!', 'Θα το ξαναπάρω.', 'Γεύση που θυμίζει χωριό.', NULL])[1 + pg_temp.pick(n, 23, 4)],
    TIMESTAMP '2025-07-01' + n * INTERVAL '2 minutes'
FROM generate_series(1, 1 + current_setting('dixis.rows')::INTEGER / 8, 5) AS n;

INSERT INTO "Order" ("id", "number", "status", "totalCents", "createdAt", "updatedAt", "customerId", "street", "city",
    "postalCode")
SELECT n, 'DX-' || lpad(n::TEXT, 7, '0'),
    (CASE
        WHEN age < INTERVAL '1 day' THEN 'PENDING'
        WHEN pg_temp.pick(n, 9, 40) = 0 THEN 'CANCELLED'
        WHEN pg_temp.pick(n, 9, 40) = 1 THEN 'REFUNDED'
        WHEN age < INTERVAL '3 days' THEN 'PAID'
        WHEN age < INTERVAL '7 days' THEN 'SHIPPED'
        ELSE 'DELIVERED'
    END)::"OrderStatus",
    390 + pg_temp.price(pg_temp.product_of(n, 1)) * pg_temp.quantity_of(n, 1)
        + CASE WHEN pg_temp.lines(n) > 1 THEN pg_temp.price(pg_temp.product_of(n, 2)) * pg_temp.quantity_of(n, 2) ELSE 0 END
        + CASE WHEN pg_temp.lines(n) > 2 THEN pg_temp.price(pg_temp.product_of(n, 3)) * pg_temp.quantity_of(n, 3) ELSE 0 END,
    TIMESTAMP '2025-11-20' - age, TIMESTAMP '2025-11-20' - age / 2,
    1 + pg_temp.pick(n, 7, 1 + current_setting('dixis.rows')::INTEGER / 8),
    (ARRAY['Ερμού', 'Ακαδημίας', 'Αγίου Δημητρίου', 'Ελευθερίου Βενιζέλου', 'Κολοκοτρώνη', '25ης Αυγούστου', 'Τσιμισκή',
        'Κορίνθου'])[1 + n % 8] || ' ' || 1 + pg_temp.pick(n, 8, 180),
    p.town, p.code || lpad(pg_temp.pick(n, 10, 1000)::TEXT, 3, '0')
FROM (
    -- Evenly over 560 days; whole seconds, since majors divide intervals differently.
    SELECT n, (current_setting('dixis.rows')::BIGINT - n) * 48384000 / current_setting('dixis.rows')::BIGINT
        * INTERVAL '1 second' AS age
    FROM generate_series(1, current_setting('dixis.rows')::INTEGER) AS n
) AS numbered
JOIN place AS p ON p.id = pg_temp.pick(n, 11, 25);

SELECT setval(pg_get_serial_sequence(format('%I', t), 'id'), newest)
FROM (
    SELECT 'Producer' AS t, max("id") AS newest FROM "Producer"
    UNION ALL SELECT 'Product', max("id") FROM "Product"
    UNION ALL SELECT 'Customer', max("id") FROM "Customer"
    UNION ALL SELECT 'Order', max("id") FROM "Order"
) AS filled;
