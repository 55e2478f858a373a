-- The history of one row, old and new values, with the statements that changed it, as `search ARCHIVE --row 'konto id=4'`
-- finds it. Put the table's name, and the column and value of its key.
SELECT
  changed.id,
  changed.time,
  changed.person,
  changed.login_role,
  changed.row_operation AS operation,
  changed.row_table AS "table",
  changed.row_key AS "key",
  changed.row_old AS old_values,
  changed.row_new AS new_values,
  made.statement,
  made.parameters
FROM pgaudit_flat AS changed
LEFT JOIN pgaudit_flat AS made ON made.kind = 'statement' AND made.id = changed.row_statement
WHERE changed.kind = 'row'
  AND lower(replace(changed.row_table, '"', '')) = 'public.konto'
  AND (json_extract_string(changed.row_key, '$.id') = '4' OR changed.row_operation = 'TRUNCATE')
ORDER BY changed.time, changed.seq;
