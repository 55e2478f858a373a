-- Changes of roles and permissions, as `search ARCHIVE --class ROLE` finds them. pgAudit files under DDL: CREATE, ALTER
-- and DROP POLICY, REASSIGN OWNED, DROP OWNED, and owners that change.
SELECT id, time, person, login_role, database, command, statement
FROM pgaudit_flat
WHERE kind = 'statement' AND class = 'ROLE'
ORDER BY time, seq;
