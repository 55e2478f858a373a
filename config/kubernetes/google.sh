#!/bin/sh
# What the shipper needs at Google, with the least roles. Read it, fill in the first lines (as in your kustomization.yaml), run it once.
# Steps that cannot be undone are at the end, as comments.
set -eu

PROJECT=my-project
LOCATION=europe-north1
BUCKET=my-team-pgaudit-archive
LOG=pgaudit
NAMESPACE=my-team # of Kubernetes
AUDITORS=group:auditors@example.com # they should not be the ones who administer the project
ACCOUNT="pgaudit-shipper@$PROJECT.iam.gserviceaccount.com"

gcloud config set project "$PROJECT"

# The archive: 4018 days are eleven years. Objects cannot be changed or deleted before.
gcloud storage buckets create "gs://$BUCKET" --location="$LOCATION" --retention-period=4018d \
  --uniform-bucket-level-access --public-access-prevention --soft-delete-duration=0
# Old segments are rarely read: Archive is the cheapest class for them.
rules=$(mktemp)
cat >"$rules" <<'JSON'
{"rule": [{"action": {"type": "SetStorageClass", "storageClass": "ARCHIVE"}, "condition": {"age": 30}}]}
JSON
gcloud storage buckets update "gs://$BUCKET" --lifecycle-file="$rules"
rm "$rules"

# Cloud Logging: two years, in a log bucket of its own, and not a second time in _Default.
gcloud logging buckets create "$LOG" --location="$LOCATION" --retention-days=730
gcloud logging sinks create "$LOG" "logging.googleapis.com/projects/$PROJECT/locations/$LOCATION/buckets/$LOG" \
  --log-filter="logName=\"projects/$PROJECT/logs/$LOG\""
gcloud logging sinks update _Default \
  --add-exclusion="name=$LOG,filter=logName=\"projects/$PROJECT/logs/$LOG\""

# The shipper's account may write entries and create objects. It can change and delete nothing.
gcloud iam service-accounts create pgaudit-shipper --display-name=pgaudit-shipper
gcloud projects add-iam-policy-binding "$PROJECT" \
  --member="serviceAccount:$ACCOUNT" --role=roles/logging.logWriter --condition=None
gcloud storage buckets add-iam-policy-binding "gs://$BUCKET" \
  --member="serviceAccount:$ACCOUNT" --role=roles/storage.objectCreator
# Optional: to take up the chain if the state folder is lost, and to compare with what is there already.
gcloud storage buckets add-iam-policy-binding "gs://$BUCKET" \
  --member="serviceAccount:$ACCOUNT" --role=roles/storage.objectViewer

# Pods with the service account pgaudit-shipper of this namespace act as it: no key to keep or to lose.
gcloud iam service-accounts add-iam-policy-binding "$ACCOUNT" --role=roles/iam.workloadIdentityUser \
  --member="serviceAccount:$PROJECT.svc.id.goog[$NAMESPACE/pgaudit-shipper]"

# Auditors see this log and nothing else of the project: by a view of their own, not by a role on the project, which would
# show them every log. In Logs Explorer they choose it under "Log views".
gcloud logging views create auditors --bucket="$LOG" --location="$LOCATION" \
  --log-filter="source(\"projects/$PROJECT\") AND log_id(\"$LOG\")"
gcloud logging views add-iam-policy-binding auditors --bucket="$LOG" --location="$LOCATION" \
  --member="$AUDITORS" --role=roles/logging.viewAccessor
# To open the project in the console, and the saved queries (config/logs-explorer/save-queries.sh). No log comes with it.
gcloud iam roles create pgauditAuditor --project="$PROJECT" --title="pgaudit auditor" \
  --permissions=resourcemanager.projects.get,logging.queries.getShared,logging.queries.listShared
gcloud projects add-iam-policy-binding "$PROJECT" \
  --member="$AUDITORS" --role="projects/$PROJECT/roles/pgauditAuditor" --condition=None
# The archive, for search, verify and report. It cannot be changed with this.
gcloud storage buckets add-iam-policy-binding "gs://$BUCKET" --member="$AUDITORS" --role=roles/storage.objectViewer

# For good: afterwards the retention can be made longer, never shorter, and the bucket stays until its last object is old enough.
# gcloud storage buckets update "gs://$BUCKET" --lock-retention-period
# gcloud logging buckets update "$LOG" --location="$LOCATION" --locked
