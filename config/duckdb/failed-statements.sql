-- Statements that came to nothing because their transaction failed or was rolled back later, as
-- `search ARCHIVE --failed` finds them. sql_state is that of the error (23505 is a unique violation), null for a rollback.
WITH failures AS (
  -- An error that a savepoint caught takes back the `failed` before it.
  SELECT
    failure.chain,
    failure.seq,
    failure.instance,
    -- The end of a session is a record of no transaction, and ROLLBACK PREPARED of another: the latest statement shows which.
    coalesce(latest.session_id, failure.session_id) AS session_id,
    coalesce(latest.transaction_id, failure.transaction_id) AS transaction_id,
    failure.sql_state,
    CASE WHEN failure.outcome = 'caught' THEN -1 ELSE 1 END AS counts
  FROM pgaudit_flat AS failure
  LEFT JOIN pgaudit_flat AS latest ON latest.kind = 'statement' AND latest.id = failure.failed_statement
  WHERE failure.kind = 'failure' AND failure.is_certain
)
SELECT
  event.id,
  event.time,
  event.person,
  event.login_role,
  event.database,
  event.command,
  event.objects,
  event.statement,
  min(failures.sql_state) AS sql_state
FROM pgaudit_flat AS event
JOIN failures
  ON failures.instance = event.instance
  AND failures.session_id = event.session_id
  AND failures.transaction_id = event.transaction_id
  AND (failures.chain > event.chain OR (failures.chain = event.chain AND failures.seq > event.seq))
WHERE event.kind = 'statement'
GROUP BY ALL
HAVING sum(failures.counts) > 0
ORDER BY event.time;
