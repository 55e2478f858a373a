-- All that one person did, as `search ARCHIVE --actor kari.nordmann@nav.no` finds it, whatever role was used.
SELECT
  id,
  time,
  actor.user AS login_role,
  actor.status AS identity,
  database,
  audit.command,
  ARRAY_TO_STRING(audit.objects, ', ') AS objects,
  audit.statement,
  TO_JSON_STRING(audit.parameters) AS parameters
FROM `PROJECT.DATASET.pgaudit_events`
WHERE kind = 'statement'
  AND (
    LOWER(actor.email) = 'kari.nordmann@nav.no'
    -- Or by the person's id.
    OR LOWER(actor.id) = 'kari.nordmann@nav.no'
  )
ORDER BY time, seq
