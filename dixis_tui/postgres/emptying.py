"""Emptying a database before a restore, as one statement that runs inside whatever transaction is open.

Extensions that the archive wants stay where they are (a role that may not create them could not bring them back), and
so do `public` and the schemas that hold extensions' objects; everything else of the user's goes: tables, views,
sequences, functions, types, operators, text search, foreign servers, publications, event triggers, large objects,
schemas, and extensions that the archive does not know. `public` keeps its owner, its rights and its comment.
Settings and subscriptions of the database are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable

# Identity columns' sequences, partitions and statistics go with their table: dropped alone they are refused.
_EMPTY = """
DO $dixis$
DECLARE
  kept text[] := %s;
  step text;
  command text;
  commands text[];
BEGIN
  PERFORM set_config('client_min_messages', 'warning', true);
  PERFORM set_config(name, '500', false) FROM pg_settings WHERE name = 'client_connection_check_interval';
  FOREACH step IN ARRAY ARRAY[
    $q$ SELECT format('DROP EVENT TRIGGER IF EXISTS %%I CASCADE', evtname) FROM pg_event_trigger t
        WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = t.oid AND e.classid = 'pg_event_trigger'::regclass
                          AND e.deptype = 'e') $q$,
    $q$ SELECT format('DROP PUBLICATION IF EXISTS %%I CASCADE', pubname) FROM pg_publication $q$,
    $q$ SELECT format('DROP %%s IF EXISTS %%s CASCADE', i.type, i.identity)
        FROM pg_depend d JOIN pg_namespace n ON n.oid = d.refobjid,
             LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) i
        WHERE d.refclassid = 'pg_namespace'::regclass AND d.deptype = 'n'
          AND d.classid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass, 'pg_collation'::regclass,
            'pg_conversion'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass, 'pg_opfamily'::regclass,
            'pg_ts_config'::regclass, 'pg_ts_dict'::regclass, 'pg_ts_parser'::regclass, 'pg_ts_template'::regclass,
            'pg_statistic_ext'::regclass)
          AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
          AND NOT EXISTS (SELECT FROM pg_depend e
                          WHERE (e.classid, e.objid, e.objsubid) = (d.classid, d.objid, d.objsubid)
                          AND (e.deptype IN ('e', 'i') OR e.deptype = 'a' AND e.refclassid = 'pg_class'::regclass))
        ORDER BY d.classid <> 'pg_class'::regclass, i.identity $q$,
    $q$ SELECT format('DROP EXTENSION IF EXISTS %%I CASCADE', extname) FROM pg_extension
        WHERE oid >= 16384 AND extname <> ALL ($1) AND pg_has_role(extowner, 'USAGE') $q$,
    $q$ SELECT format('DROP SERVER IF EXISTS %%I CASCADE', srvname) FROM pg_foreign_server s
        WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = s.oid AND e.classid = 'pg_foreign_server'::regclass
                          AND e.deptype = 'e') $q$,
    $q$ SELECT format('DROP FOREIGN DATA WRAPPER IF EXISTS %%I CASCADE', fdwname) FROM pg_foreign_data_wrapper w
        WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = w.oid AND e.deptype = 'e'
                          AND e.classid = 'pg_foreign_data_wrapper'::regclass) $q$,
    $q$ SELECT format('DROP SCHEMA IF EXISTS %%I', nspname) FROM pg_namespace n
        WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid
                          AND d.classid <> 'pg_default_acl'::regclass)
          AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_namespace'::regclass AND e.objid = n.oid
                          AND e.deptype = 'e') $q$,
    $q$ SELECT format('SELECT lo_unlink(%%s)', oid) FROM pg_largeobject_metadata $q$,
    $q$ SELECT 'CREATE SCHEMA IF NOT EXISTS public' $q$
  ]
  LOOP
    EXECUTE format('SELECT array_agg(c) FROM (%%s) AS found (c)', step) INTO commands USING kept;
    FOREACH command IN ARRAY coalesce(commands, '{}') LOOP
      EXECUTE command;
    END LOOP;
  END LOOP;
END
$dixis$"""


def emptying(archive_extensions: Iterable[str]) -> str:
    """The statement; `archive_extensions` are those that the archive would create, and that stay where they are."""
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(archive_extensions))
    return _EMPTY % f"ARRAY[{names}]::text[]"
