/** config/kubernetes and config/prometheus: objects that a cluster takes, and configurations that can be loaded. */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../src/config/load.js';
import { type Model, misspelt, validate } from '../support/kubernetes.js';
import { buildCase, CASES, copyCases, takeAll } from '../support/kustomization.js';
import { temporaryFolder } from '../support/temp.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const FOLDER = 'config/kubernetes';
const { version } = JSON.parse(read('package.json'));

const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
  data: z.record(z.string(), z.string()).optional(),
});

/** What each case makes, with all that may be added to it. */
const copy = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-test-'));
await copyCases(copy);
for (const name of CASES) await takeAll(copy, name);
const documents = CASES.flatMap(name =>
  buildCase(copy, name).map(made => ({ case: name, ...object.parse(made) })),
);
await rm(copy, { recursive: true });

const named = z.looseObject({ name: z.string() });
/** What operators' objects hold of Kubernetes' own. */
const operators = {
  'acid.zalan.do/v1': z.object({
    spec: z.looseObject({
      sidecars: z.array(named),
      additionalVolumes: z.array(z.looseObject({ name: z.string(), volumeSource: z.looseObject({}) })),
    }),
  }),
  'postgres-operator.crunchydata.com/v1beta1': z.object({
    spec: z.looseObject({ instances: z.array(z.looseObject({ containers: z.array(named) })) }),
  }),
};

function modelsOf({ case: _case, ...data }: (typeof documents)[number]): Model[] {
  const { apiVersion, kind } = data;
  const part = (partKind: string, partData: object): Model => ({
    apiVersion: 'v1',
    kind: partKind,
    data: partData,
  });
  if (apiVersion === 'acid.zalan.do/v1') {
    const { sidecars, additionalVolumes } = operators[apiVersion].parse(data).spec;
    const volumes = additionalVolumes.map(({ name, volumeSource }) => ({ name, ...volumeSource }));
    return [...sidecars.map(one => part('Container', one)), ...volumes.map(one => part('Volume', one))];
  }
  if (apiVersion === 'postgres-operator.crunchydata.com/v1beta1') {
    const { instances } = operators[apiVersion].parse(data).spec;
    return instances.flatMap(({ containers }) => containers).map(one => part('Container', one));
  }
  return [{ apiVersion, kind, data }];
}

const models = documents.flatMap(one => modelsOf(one).map(model => ({ case: one.case, ...model })));

describe('schemas', () => {
  test.each(models)('$case: $kind is valid', async model => {
    await validate(model);
  });

  test('nothing is misspelt', async () => {
    expect(await misspelt(models)).toBe('');
  });

  test('would report what is wrong', async () => {
    const wrong: Model = { apiVersion: 'v1', kind: 'Container', data: { name: 'a', ports: [{ name: 'b' }] } };
    await expect(validate(wrong)).rejects.toThrow('containerPort');
    const unknown: Model = { apiVersion: 'v1', kind: 'Container', data: { name: 'a', volumeMount: [] } };
    expect(await misspelt([unknown])).toContain('volumeMount');
  });
});

const container = z.looseObject({
  name: z.string(),
  image: z.string(),
  resources: z.object({
    requests: z.object({ cpu: z.string(), memory: z.string() }),
    limits: z.object({ memory: z.string() }),
  }),
  securityContext: z
    .looseObject({
      allowPrivilegeEscalation: z.literal(false),
      readOnlyRootFilesystem: z.literal(true),
      capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
    })
    .optional(),
  volumeMounts: z
    .array(z.looseObject({ mountPath: z.string(), readOnly: z.boolean().optional() }))
    .optional(),
});
const shippers = documents.flatMap(one =>
  deepFind(one, value => isOurs(Reflect.get(value, 'image'))).map(found => ({
    case: one.case,
    ...container.parse(found),
  })),
);

describe('shippers', () => {
  test('each case has one, but for Nais, and two jobs can verify', () => {
    const cases = shippers.map(one => `${one.case} ${one.name}`);
    const expected = CASES.filter(name => name !== 'nais').map(name => `${name} pgaudit-shipper`);
    const others = ['cnpg state', 'cnpg merge', 'cnpg verify', 'daemonset merge', 'daemonset verify'];
    expect(cases.sort()).toEqual([...expected, ...others].sort());
  });

  test.each(shippers)(
    '$case: $name has a memory limit, no CPU limit, no rights, and reads the log only',
    shipper => {
      const { securityContext, volumeMounts = [] } = shipper;
      // Zalando's sidecars have no such setting.
      expect(securityContext === undefined).toBe(shipper.case === 'zalando');
      const log = volumeMounts.find(({ mountPath }) => mountPath === '/var/log/postgresql');
      expect(log?.readOnly ?? true).toBe(true);
    },
  );
});

test('Prometheus finds each shipper, and the network policy lets it in', () => {
  const ofKind = (kind: string): unknown => documents.find(one => one.kind === kind);
  const ports = documents
    .flatMap(one => deepFind(one, value => Reflect.has(value, 'containerPort')))
    .map(value => z.looseObject({ name: z.string(), containerPort: z.number() }).parse(value))
    .filter(({ name }) => name.startsWith('shipper'));
  const endpoints = z
    .looseObject({
      spec: z.looseObject({ podMetricsEndpoints: z.array(z.looseObject({ port: z.string() })) }),
    })
    .parse(ofKind('PodMonitor')).spec.podMetricsEndpoints;
  const names = [...new Set(ports.map(({ name }) => name))].sort();
  expect(endpoints.map(({ port }) => port)).toEqual(names);
  const rules = z.array(z.looseObject({ ports: z.array(z.looseObject({ port: z.number() })) }));
  const { ingress } = z
    .looseObject({ spec: z.looseObject({ ingress: rules }) })
    .parse(ofKind('NetworkPolicy')).spec;
  const open = ingress.flatMap(rule => rule.ports.map(({ port }) => port));
  expect(open).toEqual([...new Set(ports.map(({ containerPort }) => containerPort))].sort());
});

describe('configurations', () => {
  const configs = documents.flatMap(({ case: name, data }) => {
    const text = data?.['config.yaml'];
    return text === undefined ? [] : [{ name, text }];
  });

  test.each(configs)('$name holds one that can be loaded', async ({ name, text }) => {
    const path = join(await temporaryFolder(), 'config.yaml');
    await writeFile(path, text);
    const environment = {
      ...settingsOf(name),
      POD_NAME: 'pg-0',
      NODE_NAME: 'host-1',
      HOST_IP: '192.0.2.1',
    };
    const { node, archive, sources } = await loadConfig(path, environment);
    expect([node === '', archive.to.kind]).toEqual([false, 'cloud-storage']);
    expect(sources.map(({ database }) => database?.url)).not.toContain(undefined);
  });

  test('each case has one, and all that is mounted is there', () => {
    expect(configs.map(({ name }) => name)).toEqual(CASES);
    for (const name of CASES) {
      const own = documents.filter(one => one.case === name);
      const maps = own.filter(({ kind }) => kind === 'ConfigMap').map(({ metadata }) => metadata.name);
      const mounted = own
        .flatMap(one => deepFind(one, value => Reflect.has(value, 'configMap')))
        .map(value => z.looseObject({ configMap: named }).parse(value).configMap.name);
      expect(mounted.filter(one => !maps.includes(one))).toEqual([]);
    }
  });

  test.each(CASES.filter(name => name !== 'nais'))(
    '%s: each setting that it names is in the environment',
    name => {
      const variables = [...String(configs.find(one => one.name === name)?.text).matchAll(/\$\{(\w+)\}/g)];
      const container = shippers.find(one => one.case === name && one.name === 'pgaudit-shipper');
      const environment = z
        .object({
          env: z.array(z.object({ name: z.string(), valueFrom: z.unknown() })),
          envFrom: z.array(z.object({ configMapRef: named.optional(), secretRef: named.optional() })),
        })
        .partial()
        .parse(container);
      const isWhole = environment.envFrom?.some(one => one.configMapRef !== undefined);
      const given = new Set([
        ...(environment.env?.map(one => one.name) ?? []),
        ...(isWhole ? Object.keys(settingsOf(name)) : []),
      ]);
      expect(variables.map(([, variable = '']) => variable).filter(one => !given.has(one))).toEqual([]);
      const hasSecret = environment.envFrom?.some(one => one.secretRef?.name === 'pgaudit-shipper');
      expect(hasSecret || given.has('PGPASSWORD')).toBe(true);
    },
  );
});

describe('google.sh', () => {
  test('is a shell script that gives the least roles', () => {
    expect(spawnSync('sh', ['-n', join(ROOT, FOLDER, 'google.sh')], { encoding: 'utf8' }).stderr).toBe('');
    const commands = read(`${FOLDER}/google.sh`).replaceAll(/^#.*$/gm, '');
    expect([...commands.matchAll(/--role=(\S+)/g)].map(([, role]) => role)).toEqual([
      'roles/logging.logWriter',
      'roles/storage.objectCreator',
      'roles/storage.objectViewer',
      'roles/iam.workloadIdentityUser',
      // Of auditors: one view, a role that shows no log, and the archive.
      'roles/logging.viewAccessor',
      '"projects/$PROJECT/roles/pgauditAuditor"',
      'roles/storage.objectViewer',
    ]);
    expect(commands).toContain('--retention-period=4018d');
    expect(commands).toContain('--retention-days=730');
    expect(commands).not.toMatch(/lock/);
  });

  test('lets auditors see one view, and no log by a role on the project', () => {
    const commands = read(`${FOLDER}/google.sh`)
      .replaceAll(/^#.*$/gm, '')
      .replaceAll(/\\\n\s*/g, '')
      .split('\n');
    expect(commands).toContain(
      'gcloud logging views create auditors --bucket="$LOG" --location="$LOCATION" --log-filter="source(\\"projects/$PROJECT\\") AND log_id(\\"$LOG\\")"',
    );
    const grants = commands.filter(command => command.includes('"$AUDITORS"'));
    expect(grants).toHaveLength(3);
    expect(grants[0]).toMatch(
      /^gcloud logging views add-iam-policy-binding auditors .*--role=roles\/logging\.viewAccessor$/,
    );
    expect(grants[1]).toMatch(
      /^gcloud projects .*--role="projects\/\$PROJECT\/roles\/pgauditAuditor" --condition=None$/,
    );
    expect(grants[2]).toMatch(/^gcloud storage buckets .*--role=roles\/storage\.objectViewer$/);
    const [, permissions = ''] =
      /roles create pgauditAuditor .*--permissions=(\S+)/.exec(commands.join('\n')) ?? [];
    expect(permissions.split(',')).toEqual([
      'resourcemanager.projects.get',
      'logging.queries.getShared',
      'logging.queries.listShared',
    ]);
  });
});

test('the README of the folder names every case, and what may be added', () => {
  const readme = read(`${FOLDER}/README.md`);
  const common = readdirSync(join(ROOT, FOLDER, 'common')).map(name => `common/${name}`);
  expect([...CASES, ...common].filter(name => !readme.includes(`(${name}/)`))).toEqual([]);
  expect(readme).toContain('(google.sh)');
});

function isOurs(image: unknown): boolean {
  return typeof image === 'string' && image.endsWith(`/pgaudit-shipper:${version}`);
}

function settingsOf(name: string): Record<string, string> {
  const isSettings = ({ kind, metadata }: (typeof documents)[number]): boolean =>
    kind === 'ConfigMap' && metadata.name.startsWith('pgaudit-shipper-settings');
  return documents.find(one => one.case === name && isSettings(one))?.data ?? {};
}

/** All objects within a value, itself included, of which something is so. */
function deepFind(value: unknown, isSo: (value: object) => boolean): object[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(one => deepFind(one, isSo));
  return !Array.isArray(value) && isSo(value) ? [value, ...inner] : inner;
}
