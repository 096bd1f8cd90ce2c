"""What an SQLSTATE means: PostgreSQL's own condition name (documentation, appendix A), and the same in plain words.

Those that a migration is likely to meet stand here by their code; of others the class is told.
"""

from __future__ import annotations

from msgspec import Struct


class Meaning(Struct, frozen=True):
    """`condition` is PostgreSQL's name. `passing`: the same statement may go through later, with nothing changed."""

    condition: str
    words: str
    passing: bool = False


_PASSES = True

STATES: dict[str, Meaning] = {
    "08000": Meaning("connection_exception", "the connection broke", _PASSES),
    "08001": Meaning("sqlclient_unable_to_establish_sqlconnection", "no connection could be made", _PASSES),
    "08003": Meaning("connection_does_not_exist", "the connection was closed before", _PASSES),
    "08004": Meaning("sqlserver_rejected_establishment_of_sqlconnection", "the server refused the connection", _PASSES),
    "08006": Meaning("connection_failure", "the connection was lost", _PASSES),
    "0A000": Meaning("feature_not_supported", "this server can't do that"),
    "22001": Meaning("string_data_right_truncation", "a text is longer than its column allows"),
    "22003": Meaning("numeric_value_out_of_range", "a number does not fit into its type"),
    "22007": Meaning("invalid_datetime_format", "a text is not a date or time"),
    "22008": Meaning("datetime_field_overflow", "a date or time is out of range"),
    "22012": Meaning("division_by_zero", "something was divided by zero"),
    "22023": Meaning("invalid_parameter_value", "a value is not one that is allowed there"),
    "22P02": Meaning("invalid_text_representation", "a text can't be read as the type that is wanted"),
    "23502": Meaning("not_null_violation", "a row has no value where one is required"),
    "23503": Meaning("foreign_key_violation", "a row points to one that is not there"),
    "23505": Meaning("unique_violation", "two rows have the same value where it must be unique"),
    "23514": Meaning("check_violation", "a row breaks a CHECK constraint"),
    "23P01": Meaning("exclusion_violation", "two rows exclude each other"),
    "25001": Meaning("active_sql_transaction", "the statement may not run inside a transaction"),
    "25006": Meaning("read_only_sql_transaction", "the transaction, or the server, only reads"),
    "25P02": Meaning("in_failed_sql_transaction", "a statement before it had failed already; look at that one"),
    "25P03": Meaning("idle_in_transaction_session_timeout", "the session idled in its transaction too long", _PASSES),
    "28000": Meaning("invalid_authorization_specification", "the role may not log in this way"),
    "28P01": Meaning("invalid_password", "the password is wrong"),
    "2BP01": Meaning("dependent_objects_still_exist", "something else still needs what should be dropped"),
    "3D000": Meaning("invalid_catalog_name", "there is no such database"),
    "3F000": Meaning("invalid_schema_name", "there is no such schema"),
    "40001": Meaning("serialization_failure", "another transaction changed the same rows", _PASSES),
    "40P01": Meaning("deadlock_detected", "two transactions waited for each other", _PASSES),
    "42501": Meaning("insufficient_privilege", "the role lacks a right, or does not own the object"),
    "42601": Meaning("syntax_error", "the SQL can't be read"),
    "42622": Meaning("name_too_long", "a name is longer than 63 bytes"),
    "42701": Meaning("duplicate_column", "the column is there already"),
    "42703": Meaning("undefined_column", "there is no such column"),
    "42704": Meaning("undefined_object", "a type, index, role or other object is not there"),
    "42710": Meaning("duplicate_object", "a type, constraint, role or other object is there already"),
    "42723": Meaning("duplicate_function", "the function is there already"),
    "42804": Meaning("datatype_mismatch", "the types do not match"),
    "42830": Meaning("invalid_foreign_key", "what a foreign key points to is not unique"),
    "42846": Meaning("cannot_coerce", "one type can't be turned into the other"),
    "42883": Meaning("undefined_function", "there is no such function, or an extension is missing"),
    "42P01": Meaning("undefined_table", "there is no such table"),
    "42P06": Meaning("duplicate_schema", "the schema is there already"),
    "42P07": Meaning("duplicate_table", "the table or index is there already"),
    "42P16": Meaning("invalid_table_definition", "the table can't be defined like that"),
    "42P17": Meaning("invalid_object_definition", "the object can't be defined like that"),
    "428C9": Meaning("generated_always", "the column is always generated; nothing may be written to it"),
    "53100": Meaning("disk_full", "the server's disk is full", _PASSES),
    "53200": Meaning("out_of_memory", "the server has no memory left", _PASSES),
    "53300": Meaning("too_many_connections", "the server takes no more connections", _PASSES),
    "54000": Meaning("program_limit_exceeded", "one of the server's own limits was reached"),
    "55000": Meaning("object_not_in_prerequisite_state", "the object is not in a state that allows it"),
    "55006": Meaning("object_in_use", "somebody uses the object", _PASSES),
    "55P03": Meaning("lock_not_available", "a lock was not to be had in time", _PASSES),
    "55P04": Meaning("unsafe_new_enum_value_usage", "a new enum value is used in the transaction that adds it"),
    "57014": Meaning("query_canceled", "the statement was cancelled, by hand or by a timeout", _PASSES),
    "57P01": Meaning("admin_shutdown", "the session was ended, or the server was stopped", _PASSES),
    "57P02": Meaning("crash_shutdown", "the server crashed", _PASSES),
    "57P03": Meaning("cannot_connect_now", "the server is starting or stopping", _PASSES),
    "58030": Meaning("io_error", "the server could not read or write its disk"),
    "P0001": Meaning("raise_exception", "the migration's own code, or a trigger, raised an error"),
    "P0004": Meaning("assert_failure", "an ASSERT of the migration's own code failed"),
    "XX000": Meaning("internal_error", "an error inside PostgreSQL"),
    "XX001": Meaning("data_corrupted", "data on the server's disk is damaged"),
    "XX002": Meaning("index_corrupted", "an index on the server's disk is damaged"),
}

CLASSES: dict[str, Meaning] = {
    "08": Meaning("connection_exception", "something about the connection", _PASSES),
    "0A": Meaning("feature_not_supported", "this server can't do that"),
    "22": Meaning("data_exception", "a value is not what its type or function takes"),
    "23": Meaning("integrity_constraint_violation", "a row breaks a constraint"),
    "25": Meaning("invalid_transaction_state", "not possible in this state of the transaction"),
    "28": Meaning("invalid_authorization_specification", "the role may not log in this way"),
    "40": Meaning("transaction_rollback", "the server undid the transaction", _PASSES),
    "42": Meaning("syntax_error_or_access_rule_violation", "the SQL, a name in it, or the rights are wrong"),
    "53": Meaning("insufficient_resources", "the server lacks disk, memory or connections", _PASSES),
    "54": Meaning("program_limit_exceeded", "one of the server's own limits was reached"),
    "55": Meaning("object_not_in_prerequisite_state", "the object is not in a state that allows it"),
    "57": Meaning("operator_intervention", "somebody, or the server itself, broke it off", _PASSES),
    "58": Meaning("system_error", "an error outside of PostgreSQL, such as its disk"),
    "P0": Meaning("plpgsql_error", "an error in the migration's own code or in a trigger"),
    "XX": Meaning("internal_error", "an error inside PostgreSQL"),
}


def meaning(sqlstate: str) -> Meaning | None:
    """What the state means, by its code or by its class; None where neither is known."""
    return STATES.get(sqlstate) or CLASSES.get(sqlstate[:2])


def told(sqlstate: str) -> str:
    """`SQLSTATE 23503 foreign_key_violation: a row points to one that is not there`; empty for an empty state."""
    if not sqlstate:
        return ""
    known = meaning(sqlstate)
    if known is None:
        return f"SQLSTATE {sqlstate}: not one of PostgreSQL's likely ones; look it up in its documentation, appendix A"
    which = "" if sqlstate in STATES else " (its class)"
    return f"SQLSTATE {sqlstate} {known.condition}{which}: {known.words}"
