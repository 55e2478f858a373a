#!/bin/sh
# Saves each query of this folder in Cloud Logging, where everybody with the project's logging.queries.getShared finds it
# under "Saved". Whoever runs it needs roles/logging.configWriter. Run it once: a second time makes every query twice.
#
#   PROJECT=my-project LOG=pgaudit sh save-queries.sh
set -eu

: "${PROJECT:?the project of the log}"
LOG=${LOG:-pgaudit}

for file in "$(dirname "$0")"/*.txt; do
  # The comments say what it finds, and what to replace.
  description=$(sed -n 's/^-- //p' "$file" | tr '\n' ' ')
  gcloud logging saved-queries create --project="$PROJECT" --location=global --visibility=shared \
    --display-name="pgaudit: $(basename "$file" .txt | tr - ' ')" --description="$description" \
    --log-filter="logName=\"projects/$PROJECT/logs/$LOG\"
$(cat "$file")"
done
