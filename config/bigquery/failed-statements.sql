-- Statements that came to nothing because their transaction failed or was rolled back later, as
-- `search ARCHIVE --failed` finds them. sql_state is that of the error (23505 is a unique violation), null for a rollback.
WITH failures AS (
  SELECT
    ended.chain,
    ended.seq,
    ended.instance,
    -- The end of a session is a record of no transaction, and ROLLBACK PREPARED of another: the latest statement shows which.
    COALESCE(latest.session.id, ended.session.id) AS session_id,
    COALESCE(latest.session.virtualTransactionId, ended.session.virtualTransactionId) AS transaction_id,
    ended.failure.sqlState AS sql_state,
    -- An error that a savepoint caught takes back the `failed` before it.
    CASE WHEN ended.failure.outcome = 'caught' THEN -1 ELSE 1 END AS counts
  FROM `PROJECT.DATASET.pgaudit_events` AS ended
  LEFT JOIN `PROJECT.DATASET.pgaudit_events` AS latest
    ON latest.kind = 'statement' AND latest.id = ended.failure.statement
  WHERE ended.kind = 'failure' AND COALESCE(ended.failure.certain, TRUE)
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
