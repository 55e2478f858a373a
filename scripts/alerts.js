// Makes config/prometheus/alerts.yaml, for Prometheus' operator, from the rules file beside it.
//
//   node scripts/alerts.js

import { readFileSync, writeFileSync } from 'node:fs';

const folder = new URL('../config/prometheus/', import.meta.url);

const HEAD = `# The alerts of rules.yaml for Prometheus' operator. Change them there, then run: node scripts/alerts.js
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: pgaudit-shipper
  labels:
    app: pgaudit-shipper
spec:
`;

const rules = readFileSync(new URL('rules.yaml', folder), 'utf8');
const groups = rules.slice(rules.indexOf('\ngroups:\n') + 1);
writeFileSync(new URL('alerts.yaml', folder), HEAD + groups.replaceAll(/^(?=.)/gm, '  '));
