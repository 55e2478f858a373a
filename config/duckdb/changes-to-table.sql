-- All changes to a table, as `search ARCHIVE --object public.konto` finds them. Put its name, in lower case and without
-- quotes, wherever the table is named. Without its schema it is what PostgreSQL's parser gives if the statement names none.
SELECT id, time, person, login_role, database, command, objects, statement, parameters
FROM pgaudit_flat
WHERE kind = 'statement'
  AND (
    list_has_any(string_split(lower(replace(objects, '"', '')), ', '), ['public.konto', 'konto'])
    -- If the relations are not known: by the word alone.
    OR (COALESCE(objects_from, '') = '' AND regexp_matches(statement, '(?i)(^|[^a-z0-9_])konto([^a-z0-9_]|$)'))
  )
ORDER BY time, seq;
