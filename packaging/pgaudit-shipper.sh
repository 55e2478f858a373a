#!/bin/sh
# The program with the Node.js that came with it, and the configuration of this host.
PGAUDIT_SHIPPER_CONFIG="${PGAUDIT_SHIPPER_CONFIG:-/etc/pgaudit-shipper/config.yaml}"
export PGAUDIT_SHIPPER_CONFIG
exec /usr/lib/pgaudit-shipper/bin/node /usr/lib/pgaudit-shipper/dist/main.js "$@"
