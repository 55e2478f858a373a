-- Who changed what a hundred times or more, as `search ARCHIVE --group-by actor,object --having 100` counts it. A
-- statement that changes several relations counts for each.
SELECT
  COUNT(*) AS events,
  COALESCE(actor.id, actor.email, actor.user) AS actor,
  COALESCE(object, audit.objectName) AS object,
  MIN(actor.name) AS name,
  MIN(time) AS earliest,
  MAX(time) AS latest
FROM `PROJECT.DATASET.pgaudit_events`
LEFT JOIN UNNEST(audit.objects) AS object
WHERE kind = 'statement'
GROUP BY 2, 3
HAVING COUNT(*) >= 100
ORDER BY events DESC
