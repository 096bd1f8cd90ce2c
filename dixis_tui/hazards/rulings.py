"""The house's ruling on each of squawk's rules: how bad it is here, or why it is left out.

squawk calls everything a warning. `danger` closes the gate, so it stands only where the application stops, rows are
lost, or the file fails; a rule that ours says better, or that does not fit Prisma's files, is off with its reason.
"""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.hazard import Severity

DANGER, WARNING, NOTICE = Severity.DANGER, Severity.WARNING, Severity.NOTICE


class Ruling(Struct, frozen=True):
    """`severity` None: left out, for the reason in `why`."""

    severity: Severity | None
    title: str
    why: str
    blocks: bool = False
    """Its only harm is that others wait."""


_WAIT_ALL = "nobody reads or writes the table."
_CLIENTS = "The application that runs now was written against it: its next query that names it fails."

RULINGS: dict[str, Ruling] = {
    "adding-required-field": Ruling(
        DANGER,
        "New column that every row must have",
        "It fails (23502) as soon as the table has a row; and the application that runs now does not fill it.",
    ),
    "adding-field-with-default": Ruling(
        DANGER,
        "New column computed for every row",
        f"ACCESS EXCLUSIVE while every row is written anew: {_WAIT_ALL}",
        blocks=True,
    ),
    "changing-column-type": Ruling(
        DANGER,
        "Change of a column's type",
        f"ACCESS EXCLUSIVE while every row and index is written anew: {_WAIT_ALL}",
        blocks=True,
    ),
    "adding-not-nullable-field": Ruling(
        DANGER,
        "SET NOT NULL reads every row",
        f"ACCESS EXCLUSIVE while every row is looked at: {_WAIT_ALL} It fails (23502) if one is NULL.",
        blocks=True,
    ),
    "adding-serial-primary-key-field": Ruling(
        DANGER,
        "PRIMARY KEY builds an index",
        f"ACCESS EXCLUSIVE while the index is built: {_WAIT_ALL}",
        blocks=True,
    ),
    "disallowed-unique-constraint": Ruling(
        DANGER,
        "UNIQUE builds an index",
        f"ACCESS EXCLUSIVE while the index is built: {_WAIT_ALL}",
        blocks=True,
    ),
    "constraint-missing-not-valid": Ruling(
        DANGER,
        "New constraint reads every row",
        f"ACCESS EXCLUSIVE while every row is checked: {_WAIT_ALL}",
        blocks=True,
    ),
    "adding-foreign-key-constraint": Ruling(
        WARNING,
        "New foreign key reads every row",
        "SHARE ROW EXCLUSIVE on both tables while every row is looked up: writes of both wait, reads go on.",
        blocks=True,
    ),
    "require-concurrent-index-creation": Ruling(
        WARNING,
        "Index built against writers",
        "SHARE while the index is built: writes of the table wait, reads go on.",
        blocks=True,
    ),
    "require-concurrent-index-deletion": Ruling(
        WARNING,
        "Index dropped against all use",
        "ACCESS EXCLUSIVE on the index's table: short by itself, but it waits for every query that runs on it, and"
        " whoever comes meanwhile waits behind it.",
        blocks=True,
    ),
    "require-concurrent-reindex": Ruling(
        WARNING,
        "REINDEX against writers and readers",
        "SHARE on the table while the index is built anew, and ACCESS EXCLUSIVE on the index: writes wait, and so does"
        " each query that could use the index.",
        blocks=True,
    ),
    "require-concurrent-partition-detach": Ruling(
        WARNING,
        "Partition detached against all use",
        "ACCESS EXCLUSIVE on the whole partitioned table: it waits for every query on it, and all others behind it.",
        blocks=True,
    ),
    "renaming-column": Ruling(DANGER, "Column renamed", _CLIENTS),
    "renaming-table": Ruling(DANGER, "Table renamed", _CLIENTS),
    "renaming-object": Ruling(NOTICE, "Renamed", "Whoever names it by its old name fails."),
    "ban-drop-table": Ruling(WARNING, "Table dropped", f"Its rows are gone but for the backup. {_CLIENTS}"),
    "ban-drop-column": Ruling(WARNING, "Column dropped", f"What it held is gone but for the backup. {_CLIENTS}"),
    "ban-drop-view": Ruling(WARNING, "View dropped", _CLIENTS),
    "ban-drop-schema": Ruling(DANGER, "Schema dropped", f"What is in it may go with it. {_CLIENTS}"),
    "ban-drop-database": Ruling(DANGER, "Database dropped", "Everything in it is gone but for the backup."),
    "ban-set-schema": Ruling(WARNING, "Moved to another schema", _CLIENTS),
    "ban-drop-function": Ruling(NOTICE, "Function dropped", "Whoever calls it fails from then on."),
    "ban-drop-type": Ruling(NOTICE, "Type dropped", "Queries that cast to it fail from then on."),
    "ban-drop-domain": Ruling(NOTICE, "Domain dropped", "Queries that cast to it fail from then on."),
    "ban-drop-sequence": Ruling(NOTICE, "Sequence dropped", "Whoever calls nextval on it fails from then on."),
    "ban-drop-extension": Ruling(NOTICE, "Extension dropped", "Its functions, types and operators go with it."),
    "ban-drop-constraint": Ruling(NOTICE, "Constraint dropped", "Rows that it kept out may come in from then on."),
    "ban-drop-not-null": Ruling(NOTICE, "Column may be NULL", "Code that relies on a value may meet NULL."),
    "ban-drop-default": Ruling(NOTICE, "Default dropped", "INSERTs that leave the column out get NULL, or fail."),
    "ban-drop-generated-expression": Ruling(
        NOTICE, "Column no longer computed", "From then on the application has to write it."
    ),
    "ban-alter-identity": Ruling(NOTICE, "Identity changed", "INSERTs that leave the column out may fail."),
    "ban-alter-domain-with-add-constraint": Ruling(
        WARNING,
        "Domain constraint reads every row",
        "Every table with a column of this domain is read under SHARE: writes of all of them wait.",
        blocks=True,
    ),
    "ban-create-domain-with-constraint": Ruling(
        NOTICE,
        "Domain with a constraint",
        "Changing it later reads every table that uses it; a CHECK of a table can be added NOT VALID.",
    ),
    "ban-uncommitted-transaction": Ruling(
        DANGER,
        "BEGIN without COMMIT",
        "Nothing commits what follows BEGIN: it is undone when the session ends, and a report of success is false.",
    ),
    "ban-char-field": Ruling(NOTICE, "char(n) pads with blanks", "Comparisons and lengths surprise; use text."),
    "ban-duplicate-column-assignments": Ruling(
        DANGER, "Column assigned twice", "PostgreSQL refuses it (42601), and the file fails."
    ),
    "unused-ignore": Ruling(NOTICE, "squawk-ignore without a finding", "There is nothing there to ignore."),
    "syntax-error": Ruling(None, "", "DH100 says it, by PostgreSQL's own grammar"),
    "transaction-nesting": Ruling(None, "", "DH110 says it, by how the pinned Prisma runs the file"),
    "ban-concurrent-index-creation-in-transaction": Ruling(
        None, "", "DH109 says it, by how the pinned Prisma runs the file"
    ),
    "identifier-too-long": Ruling(None, "", "DH106 says it, with names that become one"),
    "ban-truncate-cascade": Ruling(None, "", "DH102 says it"),
    "prefer-repack": Ruling(None, "", "DH103 says it"),
    "require-lock-timeout": Ruling(None, "", "the executor's own sessions set it"),
    "require-statement-timeout": Ruling(None, "", "the executor's own sessions set it"),
    "require-timeout-settings": Ruling(None, "", "the executor's own sessions set them"),
    "prefer-robust-stmts": Ruling(None, "", "Prisma writes no IF EXISTS, and a file that fails is resolved, not rerun"),
    "prefer-text-field": Ruling(None, "", "a matter of the schema, and a wider varchar costs nothing"),
    "prefer-bigint-over-int": Ruling(None, "", "a matter of the schema, not of the migration"),
    "prefer-bigint-over-smallint": Ruling(None, "", "a matter of the schema, not of the migration"),
    "prefer-identity": Ruling(None, "", "Prisma writes serial"),
    "prefer-timestamp-tz": Ruling(None, "", "Prisma's DateTime is timestamp(3)"),
    "require-enum-value-ordering": Ruling(None, "", "Prisma does not order enum values"),
    "require-table-schema": Ruling(None, "", "Prisma names no schema: the URL does"),
}

QUIET = (
    "prefer-robust-stmts",
    "require-lock-timeout",
    "require-statement-timeout",
    "prefer-text-field",
    "prefer-bigint-over-int",
    "prefer-identity",
    "prefer-timestamp-tz",
)
"""Those left out that squawk would report nearly everywhere: it is told not to look."""


def ruling(rule: str) -> Ruling:
    """What the house says of a rule; one that it does not know (a newer squawk's) is a notice in squawk's own words."""
    return RULINGS.get(rule) or Ruling(NOTICE, rule.replace("-", " ").capitalize(), "")
