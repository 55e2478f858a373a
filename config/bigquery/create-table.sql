-- The archive as an external table: BigQuery reads the objects in the bucket, and copies nothing.
-- Put your project, dataset, bucket and prefix (archive.to) in place of the words in capitals. Whoever queries needs
-- roles/bigquery.jobUser, roles/bigquery.dataViewer on the dataset, and roles/storage.objectViewer on the bucket.
--
-- instance, node and date come from the objects' paths. They are not columns here: BigQuery refuses a column that is also
-- a partition. The events also hold instance and node, which ignore_unknown_values skips, with what later
-- versions may add. An event's date is the UTC day of its object, not of the event: what is read late, or backfilled,
-- is in later partitions. `time` is when it happened. If one daemon reads several servers, instance names the
-- daemon's chain, and SPLIT(id, '/')[OFFSET(0)] the event's own server.
--
-- untested on a local engine: CREATE EXTERNAL TABLE, the partitions and the options. The columns are tested.
CREATE OR REPLACE EXTERNAL TABLE `PROJECT.DATASET.pgaudit_events` (
  v INT64,
  chain STRING,
  seq INT64,
  previousHash STRING,
  kind STRING,
  id STRING,
  time TIMESTAMP,
  receivedAt TIMESTAMP,
  database STRING,
  actor STRUCT<
    user STRING,
    status STRING,
    id STRING,
    name STRING,
    email STRING,
    unit STRING,
    resolvedBy ARRAY<STRING>
  >,
  audit STRUCT<
    type STRING,
    statementId INT64,
    substatementId INT64,
    class STRING,
    command STRING,
    objectType STRING,
    objectName STRING,
    statement STRING,
    -- JSON, since an empty array could not be distinguished from one that was not logged (null).
    parameters JSON,
    `rows` INT64,
    statementMissing STRING,
    redacted INT64,
    escrow STRING,
    sensitive BOOL,
    objects ARRAY<STRING>,
    objectsFrom STRING,
    classFrom STRING,
    loggedClass STRING
  >,
  session STRUCT<
    id STRING,
    line INT64,
    startedAt TIMESTAMP,
    pid INT64,
    client STRING,
    port INT64,
    application STRING,
    backendType STRING,
    leaderPid INT64,
    transactionId STRING,
    virtualTransactionId STRING,
    queryId STRING,
    authentication STRUCT<identity STRING, method STRING>
  >,
  source STRUCT<file STRING, fileId STRING, offset INT64, length INT64, raw STRING>,
  failure STRUCT<statement STRING, sqlState STRING, outcome STRING, certain BOOL>,
  suspect STRUCT<reason STRING, message STRING, redacted INT64, escrow STRING>,
  gap JSON,
  lifecycle JSON,
  config JSON,
  unaudited JSON,
  population JSON,
  alert JSON,
  `row` STRUCT<
    system STRING,
    timeline INT64,
    transaction STRING,
    operation STRING,
    table STRING,
    `partition` STRING,
    -- JSON: the columns are those of the table.
    key JSON,
    old JSON,
    new JSON,
    masked ARRAY<STRING>,
    shortened ARRAY<STRING>,
    estimatedRows INT64,
    statementAt TIMESTAMP,
    statement STRING,
    statements ARRAY<STRING>,
    claimed STRING,
    redacted INT64,
    escrow STRING
  >,
  seal JSON,
  signature STRING
)
WITH PARTITION COLUMNS (
  instance STRING,
  node STRING,
  date DATE
)
OPTIONS (
  format = 'NEWLINE_DELIMITED_JSON',
  compression = 'GZIP',
  uris = ['gs://BUCKET/PREFIX/*'],
  hive_partition_uri_prefix = 'gs://BUCKET/PREFIX',
  require_hive_partition_filter = FALSE,
  ignore_unknown_values = TRUE
);
