-- Who changed what a hundred times or more, as `search ARCHIVE --group-by actor,object --having 100` counts it. A
-- statement that changes several relations counts for each.
SELECT
  count(*) AS events,
  person_key AS actor,
  object,
  min(person) AS name,
  min(time) AS earliest,
  max(time) AS latest
FROM (
  SELECT person_key, person, time, unnest(string_split(COALESCE(objects, ''), ', ')) AS object
  FROM pgaudit_flat
  WHERE kind = 'statement'
)
GROUP BY person_key, object
HAVING count(*) >= 100
ORDER BY events DESC;
