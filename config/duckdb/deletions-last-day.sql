-- Deletions in the last 24 hours, as `search ARCHIVE --command DELETE,TRUNCATE* --since 24h` finds them.
SELECT id, time, person, login_role, database, command, objects, statement, parameters
FROM pgaudit_flat
WHERE kind = 'statement'
  AND (command = 'DELETE' OR command LIKE 'TRUNCATE%')
  AND time >= now() - INTERVAL 24 HOURS
  -- Only these partitions are read: an event is in that of its day, or in a later one.
  AND date >= current_date - 2
ORDER BY time, seq;
