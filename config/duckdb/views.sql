-- Views over a copy of the archive, for the duckdb program (1.1 or later). In the folder above instance=…:
--
--   gcloud storage rsync --recursive gs://BUCKET/PREFIX .
--   duckdb -init /path/to/config/duckdb/views.sql -f /path/to/config/duckdb/changes-to-table.sql
--
-- pgaudit_events has an event's own members, pgaudit_flat the same in plain columns. instance, node and date come from
-- the folders: what asks for some of them reads only those. Days and hours are those of this time zone:
SET TimeZone = 'Europe/Oslo';

-- A longer line than 16 MiB ends a query with an error; then add maximum_object_size, in bytes.
CREATE OR REPLACE VIEW pgaudit_events AS
SELECT * FROM read_json(
  'instance=*/node=*/date=*/*.ndjson.gz',
  format = 'newline_delimited',
  hive_partitioning = true,
  hive_types = {'instance': VARCHAR, 'node': VARCHAR, 'date': DATE},
  columns = {
    v: 'BIGINT',
    chain: 'VARCHAR',
    seq: 'BIGINT',
    previousHash: 'VARCHAR',
    kind: 'VARCHAR',
    id: 'VARCHAR',
    time: 'TIMESTAMPTZ',
    receivedAt: 'TIMESTAMPTZ',
    database: 'VARCHAR',
    actor: 'STRUCT("user" VARCHAR, status VARCHAR, id VARCHAR, name VARCHAR, email VARCHAR, unit VARCHAR, resolvedBy VARCHAR[])',
    audit: 'STRUCT("type" VARCHAR, statementId BIGINT, substatementId BIGINT, "class" VARCHAR, command VARCHAR, objectType VARCHAR, objectName VARCHAR, "statement" VARCHAR, parameters JSON, "rows" BIGINT, statementMissing VARCHAR, redacted BIGINT, escrow VARCHAR, sensitive BOOLEAN, objects VARCHAR[], objectsFrom VARCHAR, classFrom VARCHAR, loggedClass VARCHAR)',
    session: 'STRUCT(id VARCHAR, line BIGINT, startedAt TIMESTAMPTZ, pid BIGINT, client VARCHAR, port BIGINT, application VARCHAR, backendType VARCHAR, leaderPid BIGINT, transactionId VARCHAR, virtualTransactionId VARCHAR, queryId VARCHAR, authentication STRUCT("identity" VARCHAR, "method" VARCHAR))',
    source: 'STRUCT(file VARCHAR, fileId VARCHAR, "offset" BIGINT, length BIGINT, raw VARCHAR)',
    failure: 'STRUCT("statement" VARCHAR, sqlState VARCHAR, outcome VARCHAR, certain BOOLEAN)',
    suspect: 'STRUCT(reason VARCHAR, message VARCHAR, redacted BIGINT, escrow VARCHAR)',
    gap: 'JSON',
    lifecycle: 'JSON',
    config: 'JSON',
    unaudited: 'JSON',
    population: 'JSON',
    alert: 'JSON',
    row: 'STRUCT(system VARCHAR, timeline BIGINT, "transaction" VARCHAR, operation VARCHAR, "table" VARCHAR, "partition" VARCHAR, "key" JSON, "old" JSON, "new" JSON, masked VARCHAR[], shortened VARCHAR[], estimatedRows BIGINT, statementAt TIMESTAMPTZ, "statement" VARCHAR, statements VARCHAR[], claimed VARCHAR, redacted BIGINT, escrow VARCHAR)',
    seal: 'JSON',
    signature: 'VARCHAR'
  }
);

CREATE OR REPLACE VIEW pgaudit_flat AS
SELECT
  time,
  receivedAt AS received_at,
  instance,
  node,
  date,
  chain,
  seq,
  id,
  kind,
  database,
  COALESCE(actor.name, actor.id, actor."user") AS person,
  COALESCE(actor.id, actor.email, actor."user") AS person_key,
  actor."user" AS login_role,
  actor.status AS identity,
  actor.id AS person_id,
  actor.email AS email,
  actor.unit AS unit,
  audit."class" AS class,
  audit.command AS command,
  array_to_string(COALESCE(audit.objects, [audit.objectName]), ', ') AS objects,
  audit.objectsFrom AS objects_from,
  audit."statement" AS statement,
  CAST(audit.parameters AS VARCHAR) AS parameters,
  audit."rows" AS rows,
  audit.redacted AS redacted,
  session.id AS session_id,
  session.line AS session_line,
  session.virtualTransactionId AS transaction_id,
  session.client AS client,
  session.application AS application,
  failure."statement" AS failed_statement,
  failure.sqlState AS sql_state,
  failure.outcome AS outcome,
  failure.certain IS DISTINCT FROM false AS is_certain,
  suspect.reason AS suspect_reason,
  "row".operation AS row_operation,
  "row"."table" AS row_table,
  CAST("row"."key" AS VARCHAR) AS row_key,
  CAST("row"."old" AS VARCHAR) AS row_old,
  CAST("row"."new" AS VARCHAR) AS row_new,
  "row"."statement" AS row_statement,
  CAST(COALESCE(gap, lifecycle, config, unaudited, population, alert) AS VARCHAR) AS details
FROM pgaudit_events;
