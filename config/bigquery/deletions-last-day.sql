-- Deletions in the last 24 hours, as `search ARCHIVE --command DELETE,TRUNCATE* --since 24h` finds them.
SELECT
  id,
  time,
  COALESCE(actor.name, actor.id, actor.user) AS person,
  database,
  audit.command,
  ARRAY_TO_STRING(audit.objects, ', ') AS objects,
  audit.statement,
  TO_JSON_STRING(audit.parameters) AS parameters
FROM `PROJECT.DATASET.pgaudit_events`
WHERE kind = 'statement'
  AND (audit.command = 'DELETE' OR audit.command LIKE 'TRUNCATE%')
  AND time >= CURRENT_TIMESTAMP - INTERVAL 24 HOUR
  -- Only these partitions are read: an event is in that of its day, or in a later one.
  AND date >= CURRENT_DATE - 2
ORDER BY time, seq
