-- All changes to a table, as `search ARCHIVE --object public.konto` finds them. Put its name, in lower case and without
-- quotes, wherever the table is named. Without its schema it is what PostgreSQL's parser gives if the statement names none.
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
  AND (
    EXISTS (
      SELECT 1 FROM UNNEST(audit.objects) AS object
      WHERE LOWER(REPLACE(object, '"', '')) IN ('public.konto', 'konto')
    )
    OR LOWER(REPLACE(audit.objectName, '"', '')) IN ('public.konto', 'konto')
    -- If the relations are not known: by the word alone.
    OR (COALESCE(ARRAY_LENGTH(audit.objects), 0) = 0 AND REGEXP_CONTAINS(audit.statement, '(?i)(^|[^a-z0-9_])konto([^a-z0-9_]|$)'))
  )
ORDER BY time, seq
