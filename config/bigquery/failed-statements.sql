-- Statements that came to nothing because their transaction failed or was rolled back later, as
-- `search ARCHIVE --failed` finds them. sql_state is that of the error (23505 is a unique violation), null for a rollback.
WITH failures AS (
  SELECT
    chain,
    seq,
    instance,
    session.id AS session_id,
    session.virtualTransactionId AS transaction_id,
    failure.sqlState AS sql_state,
    -- An error that a savepoint caught takes back the `failed` before it.
    CASE WHEN failure.outcome = 'caught' THEN -1 ELSE 1 END AS counts
  FROM `PROJECT.DATASET.pgaudit_events`
  WHERE kind = 'failure' AND COALESCE(failure.certain, TRUE)
)
SELECT
  event.id,
  event.time,
  COALESCE(event.actor.name, event.actor.id, event.actor.user) AS person,
  event.database,
  event.audit.command,
  ARRAY_TO_STRING(event.audit.objects, ', ') AS objects,
  event.audit.statement,
  MIN(failures.sql_state) AS sql_state
FROM `PROJECT.DATASET.pgaudit_events` AS event
JOIN failures
  ON failures.instance = event.instance
  AND failures.session_id = event.session.id
  AND failures.transaction_id = event.session.virtualTransactionId
  AND (failures.chain > event.chain OR (failures.chain = event.chain AND failures.seq > event.seq))
WHERE event.kind = 'statement'
GROUP BY 1, 2, 3, 4, 5, 6, 7
HAVING SUM(failures.counts) > 0
ORDER BY event.time
