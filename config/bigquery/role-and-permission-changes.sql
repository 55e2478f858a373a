-- Changes of roles and permissions, as `search ARCHIVE --class ROLE` finds them. pgAudit files under DDL: CREATE, ALTER
-- and DROP POLICY, REASSIGN OWNED, DROP OWNED, and owners that change.
SELECT
  id,
  time,
  COALESCE(actor.name, actor.id, actor.user) AS person,
  database,
  audit.command,
  audit.statement
FROM `PROJECT.DATASET.pgaudit_events`
WHERE kind = 'statement'
  AND audit.class = 'ROLE'
ORDER BY time, seq
