-- All that one person did, as `search ARCHIVE --actor kari.nordmann@nav.no` finds it, whatever role was used.
SELECT id, time, login_role, identity, database, command, objects, statement, parameters
FROM pgaudit_flat
WHERE kind = 'statement'
  AND (
    lower(email) = 'kari.nordmann@nav.no'
    -- Or by the person's id.
    OR lower(person_id) = 'kari.nordmann@nav.no'
  )
ORDER BY time, seq;
