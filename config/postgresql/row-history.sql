-- What rows were before and after a person changed them. PostgreSQL 13 and later, plain SQL for any client.
--
-- Run it once in each database, as a superuser; again to upgrade, which keeps all rows, and locks watched tables for a moment
-- if their triggers are of an older version. Then:
--
--   SELECT row_history.services('app_web', 'app_batch');      -- logins of applications: never recorded, hardly any cost
--   SELECT row_history.watch('fag.konto');                    -- its partitions and inheritance children, too
--   SELECT row_history.mask('fag.konto', 'fodselsnummer');    -- columns of which no value is recorded
--   GRANT row_history_reader TO shipper;                      -- the login that reads the history
--
-- watch, unwatch and mask need the table's owner or a superuser. `GRANT row_history_watcher TO ...` lets the owners of tables
-- call them, also where nobody is a superuser; it gives no right to read or write the history. services needs a superuser.
-- Whoever has row_history_reader may read all of it, and have whole months dropped that ended at least a day ago.
--
-- Roles, none of which can log in:
--   row_history_owner    owns all of this. Nobody may be a member of it
--   row_history_sandbox  turns rows into JSON. A type may have a cast to json that its owner wrote: it runs without any right
--   row_history_reader   reads what was recorded and what is watched, and calls maintain
--   row_history_watcher  may watch tables that they own

BEGIN;
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL client_min_messages = warning;
SET LOCAL standard_conforming_strings = on;

DO $$
DECLARE
  role name;
BEGIN
  FOREACH role IN ARRAY '{row_history_owner,row_history_sandbox,row_history_reader,row_history_watcher}'::name[] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
      EXECUTE format('CREATE ROLE %I', role);
    END IF;
    EXECUTE format('ALTER ROLE %I NOLOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', role);
  END LOOP;
  IF EXISTS (
    SELECT FROM pg_auth_members m
    WHERE m.roleid IN ('row_history_owner'::regrole, 'row_history_sandbox'::regrole)
      OR m.member = 'row_history_sandbox'::regrole
      OR m.member = 'row_history_owner'::regrole AND m.roleid <> 'pg_read_all_stats'::regrole
  ) THEN
    RAISE EXCEPTION 'row_history_owner or row_history_sandbox has members, or is a member of another role'
      USING HINT = 'See pg_auth_members, REVOKE these memberships, and run this script again.';
  END IF;
  IF EXISTS (SELECT FROM pg_namespace WHERE nspname = 'row_history' AND nspowner <> 'row_history_owner'::regrole) THEN
    RAISE EXCEPTION 'the schema row_history belongs to another role'
      USING HINT = 'Rename that schema, and run this script again.';
  END IF;
END $$;

-- Without it, pg_stat_activity hides when other roles' sessions began.
GRANT pg_read_all_stats TO row_history_owner;
CREATE SCHEMA IF NOT EXISTS row_history AUTHORIZATION row_history_owner;
SET LOCAL ROLE row_history_owner;

-- --------------------------------------------------------------------------------------------------------------- tables

CREATE TABLE IF NOT EXISTS row_history.change (
  id uuid NOT NULL,                     -- UUIDv7, in the order of the changes; the clock's microseconds
  transaction xid8 NOT NULL,            -- the top-level one
  virtual_transaction text,             -- as csvlog writes it
  changed_at timestamptz NOT NULL,
  statement_at timestamptz NOT NULL,    -- when the client's statement began
  login text NOT NULL,                  -- who logged in, whatever SET ROLE or SET SESSION AUTHORIZATION say; '' is nobody
  session_start timestamptz,
  pid int NOT NULL,
  database text NOT NULL,
  operation text NOT NULL,              -- INSERT, UPDATE, DELETE, TRUNCATE
  schema_name text NOT NULL,            -- of a partition: those of its root
  table_name text NOT NULL,
  partition text,                       -- the partition that held the row, with its schema
  key jsonb,                            -- primary key; of the old row if it changed
  old jsonb,                            -- of an UPDATE: only the columns that changed
  new jsonb,
  masked text[] NOT NULL,               -- columns that are left out of key, old and new
  shortened text[] NOT NULL,            -- columns whose value was cut or left out; * for all of them
  estimated_rows bigint,                -- of a TRUNCATE
  claimed text,                         -- the setting app.current_user, which anybody may set
  message_md5 text                      -- of the client's text, by which its statement is found in the log
) PARTITION BY RANGE (changed_at);
CREATE INDEX IF NOT EXISTS change_position ON row_history.change (transaction, id);

-- A change is recorded even if nobody made its month's partition.
CREATE TABLE IF NOT EXISTS row_history.change_default PARTITION OF row_history.change DEFAULT;

CREATE TABLE IF NOT EXISTS row_history.watched (
  relation regclass PRIMARY KEY,
  schema_name text NOT NULL,
  table_name text NOT NULL,
  masked text[] NOT NULL DEFAULT '{}'
);
CREATE TABLE IF NOT EXISTS row_history.service (name text PRIMARY KEY);
-- Never used: its trigger is the pattern that the triggers of watched tables are compared with.
CREATE TABLE IF NOT EXISTS row_history.pattern ();

-- Superusers, members of pg_write_all_data and the owner itself are refused, too, until they disable these triggers.
CREATE OR REPLACE FUNCTION row_history.refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% on row_history.% is refused', TG_OP, TG_TABLE_NAME USING
    ERRCODE = 'insufficient_privilege',
    HINT = 'The history is only written by its triggers, and its settings by watch, unwatch, mask and services.';
END $$;

CREATE OR REPLACE FUNCTION row_history.put_guards() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  is_other text := 'WHEN (current_user OPERATOR(pg_catalog.<>) ''row_history_owner'')';
  by_others text := 'BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s FOR EACH STATEMENT ' || is_other;
  guard record;
BEGIN
  FOR guard IN
    SELECT g.relation, g.name, g.fires FROM (VALUES
      ('row_history.change'::regclass, 'append_only', 'BEFORE UPDATE OR DELETE ON %s FOR EACH ROW'),
      ('row_history.change', 'no_forgery', 'BEFORE INSERT ON %s FOR EACH ROW ' || is_other),
      ('row_history.watched', 'by_functions', by_others),
      ('row_history.service', 'by_functions', by_others)
    ) AS g (relation, name, fires)
    UNION ALL
    SELECT t.relid, 'no_truncate', 'BEFORE TRUNCATE ON %s FOR EACH STATEMENT'
    FROM pg_partition_tree('row_history.change') t
  LOOP
    CONTINUE WHEN EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = guard.relation AND t.tgname = guard.name);
    EXECUTE format('CREATE TRIGGER %I %s EXECUTE FUNCTION row_history.refuse()', guard.name,
      format(guard.fires, guard.relation));
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', guard.relation, guard.name);
  END LOOP;
END $$;

-- ----------------------------------------------------------------------------------------------------------- partitions

-- Makes the partitions of this month and the following ones that are missing. A month of which the default partition holds
-- rows stays there.
CREATE OR REPLACE FUNCTION row_history.create_partitions(months_ahead int)
RETURNS TABLE (partition text, action text, reason text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  this_month timestamp := date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC');
  since timestamptz;
  until timestamptz;
  is_taken boolean;
BEGIN
  FOR ahead IN 0 .. months_ahead LOOP
    since := (this_month + make_interval(months => ahead)) AT TIME ZONE 'UTC';
    until := (this_month + make_interval(months => ahead + 1)) AT TIME ZONE 'UTC';
    partition := to_char(since AT TIME ZONE 'UTC', '"change_"YYYY_MM');
    CONTINUE WHEN to_regclass(format('row_history.%I', partition)) IS NOT NULL;
    BEGIN
      LOCK TABLE ONLY row_history.change IN SHARE UPDATE EXCLUSIVE MODE;
      LOCK TABLE ONLY row_history.change_default IN ACCESS EXCLUSIVE MODE;
      is_taken := EXISTS (
        SELECT FROM row_history.change_default c WHERE c.changed_at >= since AND c.changed_at < until);
      IF NOT is_taken THEN
        EXECUTE format('CREATE TABLE row_history.%I (LIKE row_history.change INCLUDING ALL)', partition);
        -- Unlike CREATE TABLE ... PARTITION OF, it does not keep others from writing.
        EXECUTE format('ALTER TABLE row_history.change ATTACH PARTITION row_history.%I FOR VALUES FROM (%L) TO (%L)',
          partition, since, until);
        PERFORM row_history.put_guards();
      END IF;
      action := CASE WHEN is_taken THEN 'kept' ELSE 'created' END;
      reason := CASE WHEN is_taken THEN 'rows-in-default' END;
    EXCEPTION WHEN lock_not_available OR deadlock_detected OR object_in_use THEN
      action := 'kept';
      reason := 'locked';
    END;
    RETURN NEXT;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION row_history.has_unshipped(partition text, shipped_transaction xid8, shipped_id uuid)
RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  has boolean;
BEGIN
  EXECUTE format('SELECT EXISTS (SELECT FROM row_history.%I c WHERE (c.transaction, c.id) > ($1, $2))', partition)
    INTO has USING shipped_transaction, shipped_id;
  RETURN has;
END $$;

-- Makes coming partitions, and drops those that are shipped as a whole. Whoever has a row in one that is not committed yet
-- holds a lock on it; what was committed before the lock was had is seen after it. So nothing unshipped is ever dropped.
CREATE OR REPLACE FUNCTION row_history.maintain(shipped_transaction xid8, shipped_id uuid, keep interval)
RETURNS TABLE (partition text, action text, reason text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'row_history.maintain must see what others commit meanwhile'
      USING HINT = 'Call it in a transaction with READ COMMITTED.';
  END IF;
  RETURN QUERY SELECT * FROM row_history.create_partitions(3);
  IF shipped_transaction IS NULL OR shipped_id IS NULL OR keep IS NULL THEN
    RETURN;
  END IF;
  FOR partition IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'row_history.change'::regclass AND c.relname ~ '^change_[0-9]{4}_(0[1-9]|1[0-2])$'
      AND (to_date(substr(c.relname, 8), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC'
        <= clock_timestamp() - greatest(keep, interval '1 day')
    ORDER BY c.relname
  LOOP
    action := 'kept';
    -- Whoever holds one lock is likely to hold the others: each wait keeps persons from writing.
    IF reason = 'locked' THEN
      RETURN NEXT;
      CONTINUE;
    END IF;
    BEGIN
      reason := 'not-shipped';
      IF NOT row_history.has_unshipped(partition, shipped_transaction, shipped_id) THEN
        LOCK TABLE ONLY row_history.change IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('LOCK TABLE ONLY row_history.%I IN ACCESS EXCLUSIVE MODE', partition);
        IF NOT row_history.has_unshipped(partition, shipped_transaction, shipped_id) THEN
          EXECUTE format('DROP TABLE row_history.%I', partition);
          action := 'dropped';
          reason := NULL;
        END IF;
      END IF;
    EXCEPTION WHEN lock_not_available OR deadlock_detected OR object_in_use THEN
      reason := 'locked';
    END;
    RETURN NEXT;
  END LOOP;
END $$;

-- ------------------------------------------------------------------------------------------------------------ recording

-- The number of rows that a TRUNCATE removes, as far as the server knows without counting.
CREATE OR REPLACE FUNCTION row_history.estimated_rows(relation oid) RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN bool_and(e.known IS NOT NULL) THEN sum(e.known)::bigint END
  FROM (
    SELECT CASE
      WHEN c.relkind = 'r' AND pg_relation_size(c.oid) = 0 THEN 0
      WHEN c.reltuples > 0 OR c.reltuples = 0 AND c.relpages > 0 THEN c.reltuples
    END AS known
    FROM pg_class c
    WHERE c.relkind <> 'p' AND (c.oid = relation OR c.oid IN (SELECT t.relid FROM pg_partition_tree(relation) t))
  ) e
$$;

-- Adds who, when and where.
CREATE OR REPLACE FUNCTION row_history.write(relation oid, operation text, delta row_history.change) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
-- By the index, however small the table was when the session began.
SET enable_seqscan = off
AS $$
DECLARE
  written_at timestamptz := clock_timestamp();
  microseconds bigint := extract(epoch FROM written_at) * 1000000;
  root record;
BEGIN
  -- pg_locks is expensive: an earlier row of this transaction has what it says. A serializable transaction must not look, or
  -- it would conflict with every other one.
  IF current_setting('transaction_isolation') <> 'serializable' THEN
    SELECT c.virtual_transaction, c.login, c.session_start,
      CASE WHEN c.statement_at = statement_timestamp() THEN c.message_md5 END
    INTO delta.virtual_transaction, delta.login, delta.session_start, delta.message_md5
    FROM row_history.change c
    WHERE c.transaction = pg_current_xact_id() AND c.changed_at BETWEEN transaction_timestamp() AND written_at
    ORDER BY c.id DESC LIMIT 1;
    -- Once a message: it may have a megabyte for each of its rows. A text that is not of its encoding must not stop a change.
    IF delta.message_md5 IS NULL THEN
      BEGIN
        delta.message_md5 := md5(convert_to(current_query(), 'UTF8'));
      EXCEPTION WHEN OTHERS THEN
        delta.message_md5 := md5(current_query());
      END;
    END IF;
  END IF;
  IF delta.login IS NULL THEN
    delta.virtual_transaction := (
      SELECT l.virtualxid FROM pg_locks l
      WHERE l.locktype = 'virtualxid' AND l.pid = pg_backend_pid() AND l.virtualxid = l.virtualtransaction);
    SELECT pg_get_userbyid(a.usesysid), a.backend_start INTO delta.login, delta.session_start
    FROM pg_stat_get_activity(pg_backend_pid()) a;
    -- As csvlog has it: autovacuum, which runs the functions of indexes, has no user.
    delta.login := coalesce(delta.login, '');
  END IF;
  SELECT c.oid, n.nspname, c.relname INTO root FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = coalesce(pg_partition_root(relation), relation);
  INSERT INTO row_history.change (
    id, transaction, virtual_transaction, changed_at, statement_at, login, session_start, pid, database, message_md5, operation,
    schema_name, table_name, partition, key, old, new, masked, shortened, estimated_rows, claimed
  ) VALUES (
    (lpad(to_hex(microseconds / 1000), 12, '0') || '7' || lpad(to_hex(microseconds % 1000 * 4096 / 1000), 3, '0')
      || right(replace(gen_random_uuid()::text, '-', ''), 16))::uuid,
    pg_current_xact_id(), delta.virtual_transaction, written_at, statement_timestamp(), delta.login, delta.session_start,
    pg_backend_pid(), current_database(), delta.message_md5, operation,
    root.nspname, root.relname, CASE WHEN root.oid <> relation THEN relation::regclass::text END,
    delta.key, delta.old, delta.new, coalesce(delta.masked, '{}'), coalesce(delta.shortened, '{}'),
    CASE WHEN operation = 'TRUNCATE' THEN row_history.estimated_rows(relation) END,
    nullif(left(current_setting('app.current_user', true), 200), '')
  );
END $$;

-- The trigger. Its arguments are the masked columns. Here and in all that it calls, a session plans each query once.
CREATE OR REPLACE FUNCTION row_history.record() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    PERFORM row_history.write(TG_RELID, TG_OP, NULL);
  ELSIF TG_LEVEL = 'ROW' AND TG_WHEN = 'AFTER' THEN
    PERFORM row_history.write(TG_RELID, TG_OP, row_history.difference(TG_RELID, OLD, NEW, TG_ARGV));
  ELSE
    RAISE EXCEPTION 'row_history.record() cannot be used in this trigger'
      USING HINT = 'Use row_history.watch, which makes the right triggers.';
  END IF;
  RETURN NULL;
END $$;

-- ------------------------------------------------------------------------------------------------- what is to be watched

-- Each relation that must have triggers now, with what is wrong: parents have a smaller depth.
CREATE OR REPLACE VIEW row_history.required AS
WITH RECURSIVE tree AS (
  SELECT w.relation::oid AS root, w.relation::oid AS relation, 0 AS depth, w.masked FROM row_history.watched w
  UNION
  SELECT t.root, i.inhrelid, t.depth + 1, t.masked FROM tree t JOIN pg_inherits i ON i.inhparent = t.relation
), member AS (
  SELECT t.relation, array_agg(DISTINCT t.root) AS roots, max(t.depth) AS depth,
    array_agg(DISTINCT m.name COLLATE "C") FILTER (WHERE m.name IS NOT NULL) AS masked
  FROM tree t LEFT JOIN LATERAL unnest(t.masked) m(name) ON true GROUP BY t.relation
), ours AS (
  SELECT t.*, (t.tgfoid, t.tgattr::text, t.tgconstraint, t.tgoldtable, t.tgnewtable) IS NOT DISTINCT FROM
    (p.tgfoid, p.tgattr::text, p.tgconstraint, p.tgoldtable, p.tgnewtable)
    -- Older servers keep where in its statement each part was.
    AND regexp_replace(t.tgqual::text, ':location -?[0-9]+', '', 'g')
      IS NOT DISTINCT FROM regexp_replace(p.tgqual::text, ':location -?[0-9]+', '', 'g') AS is_ours
  FROM pg_trigger t, pg_trigger p
  WHERE t.tgname IN ('row_history_row', 'row_history_truncate')
    AND p.tgrelid = 'row_history.pattern'::regclass AND p.tgname = 'services_in_effect'
)
SELECT m.roots, m.relation, m.depth, m.masked, CASE
  WHEN c.oid IS NULL THEN 'table-gone'
  WHEN r.oid IS NULL THEN 'no-trigger'
  WHEN NOT r.is_ours OR r.tgtype <> 29 OR NOT t.is_ours OR t.tgtype <> 34 OR r.tgargs <> coalesce(
      (SELECT string_agg(convert_to(a.name, getdatabaseencoding()) || '\x00'::bytea, '' ORDER BY a.name COLLATE "C")
       FROM unnest(m.masked) a(name)), '')
    OR EXISTS (SELECT FROM unnest(m.masked) a(name) WHERE NOT EXISTS (
       SELECT FROM pg_attribute b WHERE b.attrelid = m.relation AND b.attname = a.name AND NOT b.attisdropped)) THEN 'changed'
  WHEN 'D' IN (r.tgenabled, t.tgenabled) THEN 'disabled'
  WHEN r.tgenabled <> 'A' OR t.tgenabled <> 'A' THEN 'not-always'
  WHEN t.oid IS NULL AND (c.relkind <> 'f' OR current_setting('server_version_num')::int >= 160000)
    THEN 'no-truncate-trigger'
END AS fault
FROM member m
LEFT JOIN pg_class c ON c.oid = m.relation AND c.relkind IN ('r', 'p', 'f')
LEFT JOIN ours r ON r.tgrelid = m.relation AND r.tgname = 'row_history_row'
LEFT JOIN ours t ON t.tgrelid = m.relation AND t.tgname = 'row_history_truncate'
WHERE c.relpersistence IS DISTINCT FROM 't';

CREATE OR REPLACE VIEW row_history.state AS
SELECT coalesce(o.nspname, w.schema_name) AS schema_name, coalesce(p.relname, w.table_name) AS table_name,
  format('%I.%I', coalesce(n.nspname, w.schema_name), coalesce(c.relname, w.table_name)) AS relation,
  r.fault, ARRAY(SELECT s.name FROM row_history.service s ORDER BY s.name COLLATE "C") AS services
FROM row_history.required r
JOIN row_history.watched w ON w.relation = r.roots[1]
LEFT JOIN pg_class p ON p.oid = w.relation LEFT JOIN pg_namespace o ON o.oid = p.relnamespace
LEFT JOIN pg_class c ON c.oid = r.relation LEFT JOIN pg_namespace n ON n.oid = c.relnamespace;

-- Tables that are related to this one and watched for themselves: they would share triggers.
CREATE OR REPLACE FUNCTION row_history.watched_relative(of_relation regclass) RETURNS regclass
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE up AS (
    SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = of_relation
    UNION SELECT i.inhparent FROM pg_inherits i JOIN up ON i.inhrelid = up.inhparent
  ), down AS (
    SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = of_relation
    UNION SELECT i.inhrelid FROM pg_inherits i JOIN down ON i.inhparent = down.inhrelid
  )
  SELECT w.relation FROM row_history.watched w
  WHERE w.relation IN (SELECT inhparent FROM up UNION SELECT inhrelid FROM down) LIMIT 1
$$;

-- Throws if the caller does not own this relation: not current_user, which is the owner of these functions.
CREATE OR REPLACE FUNCTION row_history.check_owner(of_relation regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM pg_class c WHERE c.oid = of_relation
      AND NOT pg_has_role(coalesce(nullif(current_setting('role'), 'none'), session_user)::name, c.relowner, 'USAGE')
  ) THEN
    RAISE EXCEPTION 'you do not own %', of_relation
      USING ERRCODE = 'insufficient_privilege', HINT = 'Ask its owner or a superuser.';
  END IF;
END $$;

-- Notes that a table is to be watched. Null leaves the list of masked columns as it is.
CREATE OR REPLACE FUNCTION row_history.register(new_relation regclass, columns text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known record;
  relative regclass := row_history.watched_relative(new_relation);
  unknown text;
  earlier text[];
BEGIN
  SELECT c.oid, c.relkind, c.relpersistence, n.nspname, c.relname INTO known
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = new_relation;
  IF known.oid IS NULL THEN
    RAISE EXCEPTION 'there is no table %', new_relation USING HINT = 'Name a table that exists.';
  ELSIF known.relkind NOT IN ('r', 'p', 'f') THEN
    RAISE EXCEPTION '% is not a table', new_relation USING HINT = 'Watch the tables behind it.';
  ELSIF known.relpersistence = 't' THEN
    RAISE EXCEPTION '% is temporary', new_relation USING HINT = 'Temporary tables hold nothing that lasts: leave it out.';
  ELSIF known.oid < 16384 OR known.nspname = 'row_history' THEN
    RAISE EXCEPTION '% belongs to the server or to the history itself', new_relation
      USING HINT = 'Watch tables of your own; pgAudit logs who changes this one.';
  ELSIF relative IS NOT NULL THEN
    RAISE EXCEPTION '% is related to %, which is watched', new_relation, relative
      USING HINT = 'Partitions and children are watched with their parent: unwatch the one that you do not want.';
  END IF;
  PERFORM row_history.check_owner(new_relation);
  unknown := (SELECT c.name FROM unnest(columns) c(name) WHERE NOT EXISTS (
    SELECT FROM pg_attribute a
    WHERE a.attrelid = new_relation AND a.attname = c.name AND a.attnum > 0 AND NOT a.attisdropped) LIMIT 1);
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION '% has no column %', new_relation, quote_ident(unknown) USING HINT = 'Name its columns as they are.';
  END IF;
  -- A table that was made again keeps what was masked of the one before.
  WITH gone AS (
    DELETE FROM row_history.watched w WHERE w.schema_name = known.nspname AND w.table_name = known.relname
      AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = w.relation) RETURNING w.masked
  )
  SELECT array_agg(m.name) INTO earlier FROM gone, unnest(gone.masked) m(name);
  INSERT INTO row_history.watched AS w
  VALUES (new_relation, known.nspname, known.relname, coalesce(columns, earlier, '{}'))
  ON CONFLICT (relation) DO UPDATE SET schema_name = excluded.schema_name, table_name = excluded.table_name,
    masked = coalesce(columns, w.masked);
END $$;

CREATE OR REPLACE FUNCTION row_history.unregister(old_relation regclass) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM row_history.check_owner(old_relation);
  DELETE FROM row_history.watched w WHERE w.relation = old_relation;
END $$;

-- Replaces the list, and the pattern.
CREATE OR REPLACE FUNCTION row_history.set_services(names text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM unnest(names) n(name) WHERE n.name IS NULL OR n.name::name::text <> n.name OR n.name = '') THEN
    RAISE EXCEPTION 'a name is empty or too long for a role' USING HINT = 'Name login roles.';
  END IF;
  DELETE FROM row_history.service;
  INSERT INTO row_history.service SELECT DISTINCT n.name FROM unnest(names) n(name);
  DROP TRIGGER IF EXISTS services_in_effect ON row_history.pattern;
  EXECUTE 'CREATE TRIGGER services_in_effect BEFORE TRUNCATE ON row_history.pattern ' || row_history.trigger_end('{}');
  ALTER TABLE row_history.pattern DISABLE TRIGGER services_in_effect;
END $$;

-- For whom a trigger fires, and what it calls. The list is a literal, so that it costs others hardly anything: the server reads
-- it again for each statement, and text[] is a third of name[].
CREATE OR REPLACE FUNCTION row_history.trigger_end(arguments text[]) RETURNS text
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT format(
    'WHEN (session_user OPERATOR(pg_catalog.<>) ALL (%L::pg_catalog.text[])) EXECUTE FUNCTION row_history.record(%s)',
    ARRAY(SELECT s.name FROM row_history.service s ORDER BY s.name COLLATE "C"),
    (SELECT string_agg(quote_literal(a.name), ', ' ORDER BY a.name COLLATE "C") FROM unnest(arguments) a(name)))
$$;

-- Those of partitions go with their root's.
CREATE OR REPLACE FUNCTION row_history.drop_triggers(root regclass, even_right boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found record;
BEGIN
  FOR found IN
    SELECT t.tgname, t.tgrelid::regclass AS relation FROM row_history.required r JOIN pg_trigger t ON t.tgrelid = r.relation
    WHERE root = ANY (r.roots) AND (even_right OR r.fault IS NOT NULL)
      AND t.tgname IN ('row_history_row', 'row_history_truncate') AND t.tgparentid = 0
  LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', found.tgname, found.relation);
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION row_history.put_trigger(name name, relation regclass, definition text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  is_always boolean := (SELECT t.tgenabled = 'A' FROM pg_trigger t WHERE t.tgrelid = relation AND t.tgname = name);
BEGIN
  IF is_always IS NULL THEN
    EXECUTE format('CREATE TRIGGER %I %s', name, definition);
  END IF;
  -- Each relation by itself: older servers do not pass it on to partitions.
  IF is_always IS NOT TRUE THEN
    EXECUTE format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER %I', relation, name);
  END IF;
END $$;

-- Makes the triggers of one watched table as they must be. Those that are right stay, without a lock.
CREATE OR REPLACE FUNCTION row_history.put_triggers(root regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  is_root_wrong boolean := EXISTS (SELECT FROM row_history.required r WHERE r.relation = root AND r.fault IS NOT NULL);
  member record;
BEGIN
  PERFORM row_history.drop_triggers(root, is_root_wrong);
  FOR member IN
    SELECT r.relation::regclass AS relation, r.masked,
      c.relkind <> 'f' OR current_setting('server_version_num')::int >= 160000 AS can_be_truncated
    FROM row_history.required r JOIN pg_class c ON c.oid = r.relation
    WHERE root = ANY (r.roots) AND r.fault IS NOT NULL ORDER BY r.depth
  LOOP
    PERFORM row_history.put_trigger('row_history_row', member.relation, format(
      'AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW %s', member.relation, row_history.trigger_end(member.masked)));
    IF member.can_be_truncated THEN
      PERFORM row_history.put_trigger('row_history_truncate', member.relation, format(
        'BEFORE TRUNCATE ON %s FOR EACH STATEMENT %s', member.relation, row_history.trigger_end('{}')));
    END IF;
  END LOOP;
END $$;

-- ---------------------------------------------------------------------------------------------- what an administrator calls

-- Records changes of this table from now on; called again, gives triggers to partitions and children that came since.
CREATE OR REPLACE FUNCTION row_history.watch(relation regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM row_history.register(relation, NULL);
  PERFORM row_history.put_triggers(relation);
END $$;

-- Of a table that is gone: SELECT row_history.unwatch(relation) FROM row_history.watched WHERE table_name = '...'
CREATE OR REPLACE FUNCTION row_history.unwatch(relation regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM row_history.drop_triggers(relation, true);
  PERFORM row_history.unregister(relation);
END $$;

-- Replaces the list of columns of which no value is recorded.
CREATE OR REPLACE FUNCTION row_history.mask(relation regclass, VARIADIC columns text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM row_history.watched w WHERE w.relation = mask.relation) THEN
    RAISE EXCEPTION '% is not watched', relation USING HINT = 'Call row_history.watch before, in the same transaction.';
  END IF;
  PERFORM row_history.register(relation, coalesce(columns, '{}'));
  PERFORM row_history.put_triggers(relation);
END $$;

-- Replaces the list of logins that are never recorded. It waits for those that use watched tables: set lock_timeout.
CREATE OR REPLACE FUNCTION row_history.services(VARIADIC names text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM row_history.set_services(names);
  PERFORM row_history.put_triggers(w.relation) FROM row_history.watched w
  WHERE EXISTS (SELECT FROM pg_class c WHERE c.oid = w.relation);
END $$;

DO $$
BEGIN
  PERFORM row_history.create_partitions(12), row_history.put_guards();
END $$;

-- ----------------------------------------------------------------------------------------------------------- the sandbox

RESET ROLE;

-- What changed, of these values. `differing` names columns that differ though their values here may be equal or missing.
CREATE OR REPLACE FUNCTION row_history.delta(
  was jsonb, becomes jsonb, differing text[], masked text[], key_columns text[]
) RETURNS row_history.change
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  result row_history.change;
  longest int := 10000;
  kept int := 1000;
BEGIN
  FOR attempt IN 1..2 LOOP
    SELECT
      CASE WHEN was IS NOT NULL THEN
        coalesce(jsonb_object_agg(c.name, c.cut_was) FILTER (WHERE c.is_changed AND NOT c.is_masked AND was ? c.name), '{}') END,
      CASE WHEN becomes IS NOT NULL THEN
        coalesce(jsonb_object_agg(c.name, c.cut_becomes) FILTER (WHERE c.is_changed AND NOT c.is_masked AND becomes ? c.name), '{}') END,
      jsonb_object_agg(c.name, coalesce(c.cut_was, c.cut_becomes)) FILTER (WHERE c.is_key AND NOT c.is_masked
        AND coalesce(was, becomes) ? c.name),
      array_agg(c.name ORDER BY c.name COLLATE "C") FILTER (WHERE c.is_masked),
      array_agg(c.name ORDER BY c.name COLLATE "C") FILTER (WHERE NOT c.is_masked AND (
        c.is_long OR c.is_changed AND (NOT was ? c.name OR NOT becomes ? c.name)))
    INTO result.old, result.new, result.key, result.masked, result.shortened
    FROM (
      SELECT n.name, n.name = ANY (masked) AS is_masked, n.name = ANY (key_columns) AS is_key,
        was IS NULL OR becomes IS NULL OR n.name = ANY (differing)
          OR (was -> n.name)::text IS DISTINCT FROM (becomes -> n.name)::text AS is_changed,
        length(was #>> ARRAY[n.name]) > longest OR length(becomes #>> ARRAY[n.name]) > longest AS is_long,
        CASE WHEN length(was #>> ARRAY[n.name]) > longest THEN to_jsonb(left(was #>> ARRAY[n.name], kept))
          ELSE was -> n.name END AS cut_was,
        CASE WHEN length(becomes #>> ARRAY[n.name]) > longest THEN to_jsonb(left(becomes #>> ARRAY[n.name], kept))
          ELSE becomes -> n.name END AS cut_becomes
      FROM (SELECT jsonb_object_keys(coalesce(becomes, was)) UNION SELECT unnest(differing)) n(name)
    ) c
    WHERE c.is_changed OR c.is_key;
    EXIT WHEN coalesce(octet_length(result.old::text), 0) + coalesce(octet_length(result.new::text), 0) <= 1000000;
    longest := 500;
    kept := 500;
  END LOOP;
  RETURN result;
END $$;

-- Of rows that are large, or have a value that is no JSON: column by column, the beginning of long ones, nothing of what
-- fails. The subtransactions of EXCEPTION write nothing, and so use no transaction id.
CREATE OR REPLACE FUNCTION row_history.delta_by_column(
  relation oid, was anyelement, becomes anyelement, masked text[], key_columns text[]
) RETURNS row_history.change
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  is_update boolean := pg_column_size(was) IS NOT NULL AND pg_column_size(becomes) IS NOT NULL;
  col record;
  is_different boolean;
  one_was jsonb;
  one_becomes jsonb;
  all_were jsonb := CASE WHEN pg_column_size(was) IS NOT NULL THEN '{}' END;
  all_become jsonb := CASE WHEN pg_column_size(becomes) IS NOT NULL THEN '{}' END;
  differing text[] := '{}';
BEGIN
  FOR col IN
    SELECT a.attname AS name, 'CASE WHEN pg_column_size(%1$s) IS NULL THEN ''null''::jsonb ELSE ' || CASE
        WHEN 'bytea'::regtype IN (t.oid, t.typbasetype) THEN 'to_jsonb(substr(%1$s, 1, 5001))'
        WHEN t.oid IN ('text'::regtype, 'varchar'::regtype) OR t.typbasetype IN ('text'::regtype, 'varchar'::regtype)
          THEN 'to_jsonb(left(%1$s, 10001))'
        ELSE 'CASE WHEN pg_column_size(%1$s) <= 1000000 THEN to_jsonb(%1$s) END' END || ' END' AS value
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'
  LOOP
    is_different := true;
    BEGIN
      IF is_update THEN
        EXECUTE format('SELECT ROW(($1).%1$I)::record OPERATOR(pg_catalog.*<>) ROW(($2).%1$I)::record', col.name)
          INTO is_different USING was, becomes;
      END IF;
      CONTINUE WHEN NOT is_different AND col.name <> ALL (key_columns);
      EXECUTE 'SELECT ' || format(col.value, format('($1).%I', col.name)) || ',' || format(col.value, format('($2).%I', col.name))
        INTO one_was, one_becomes USING was, becomes;
    EXCEPTION WHEN OTHERS THEN
      -- The column is named as left out.
      one_was := NULL;
      one_becomes := NULL;
    END;
    IF is_different THEN
      differing := differing || col.name::text;
    END IF;
    all_were := all_were || CASE WHEN one_was IS NULL THEN '{}' ELSE jsonb_build_object(col.name, one_was) END;
    all_become := all_become || CASE WHEN one_becomes IS NULL THEN '{}' ELSE jsonb_build_object(col.name, one_becomes) END;
  END LOOP;
  RETURN row_history.delta(all_were, all_become, differing, masked, key_columns);
END $$;

-- What a change did to a row. It must not fail, or the change would: what cannot be said is left out.
CREATE OR REPLACE FUNCTION row_history.difference(relation oid, was anyelement, becomes anyelement, masked_columns text[])
RETURNS row_history.change
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- Sessions may set these, and values would look otherwise.
SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET intervalstyle = 'postgres' SET extra_float_digits = 1 SET bytea_output = 'hex'
AS $$
DECLARE
  masked text[] := coalesce(masked_columns, '{}');
  key_columns text[];
  -- They are computed when they are read, and null here.
  virtual_columns text[];
  is_done boolean := false;
  result row_history.change;
BEGIN
  SELECT coalesce(array_agg(a.attname) FILTER (WHERE a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])), '{}'),
    coalesce(array_agg(a.attname) FILTER (WHERE a.attgenerated = 'v'), '{}')
  INTO key_columns, virtual_columns
  FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
  WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped;
  FOR attempt IN 1..2 LOOP
    BEGIN
      IF attempt = 1 AND coalesce(pg_column_size(was), 0) + coalesce(pg_column_size(becomes), 0) <= 1000000 THEN
        result := row_history.delta(
          to_jsonb(was) - virtual_columns, to_jsonb(becomes) - virtual_columns, '{}', masked, key_columns);
      ELSE
        result := row_history.delta_by_column(relation, was, becomes, masked, key_columns);
      END IF;
      is_done := true;
      RAISE EXCEPTION 'done: what a cast to json did beside, such as SET search_path, is undone';
    EXCEPTION WHEN OTHERS THEN
      IF is_done THEN
        RETURN result;
      END IF;
    END;
  END LOOP;
  result.shortened := '{*}';
  RETURN result;
END $$;

ALTER FUNCTION row_history.delta(jsonb, jsonb, text[], text[], text[]) OWNER TO row_history_sandbox;
ALTER FUNCTION row_history.delta_by_column(oid, anyelement, anyelement, text[], text[]) OWNER TO row_history_sandbox;
ALTER FUNCTION row_history.difference(oid, anyelement, anyelement, text[]) OWNER TO row_history_sandbox;

-- ---------------------------------------------------------------------------------------------------------------- rights

REVOKE ALL ON SCHEMA row_history FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA row_history FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA row_history FROM PUBLIC;
GRANT USAGE ON SCHEMA row_history TO row_history_sandbox, row_history_reader, row_history_watcher;
GRANT EXECUTE ON FUNCTION row_history.difference(oid, anyelement, anyelement, text[]) TO row_history_owner;
GRANT SELECT ON row_history.change, row_history.watched, row_history.service, row_history.state TO row_history_reader;
GRANT EXECUTE ON FUNCTION row_history.maintain(xid8, uuid, interval) TO row_history_reader;
GRANT SELECT ON row_history.watched, row_history.service, row_history.state, row_history.required TO row_history_watcher;
GRANT EXECUTE ON FUNCTION row_history.watch(regclass), row_history.unwatch(regclass), row_history.mask(regclass, text[]),
  row_history.register(regclass, text[]), row_history.unregister(regclass), row_history.record(),
  row_history.trigger_end(text[]), row_history.put_trigger(name, regclass, text), row_history.put_triggers(regclass),
  row_history.drop_triggers(regclass, boolean) TO row_history_watcher;

-- Makes triggers of an older version new, and those that something is wrong with.
DO $$
BEGIN
  PERFORM row_history.services(VARIADIC ARRAY(SELECT s.name FROM row_history.service s));
END $$;

COMMIT;
