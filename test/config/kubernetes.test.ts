/** config/kubernetes and config/prometheus: objects that a cluster takes, and configurations that can be loaded. */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { loadConfig } from '../../src/config/load.js';
import { type Model, misspelt, validate } from '../support/kubernetes.js';
import { isForKustomize, kustomization } from '../support/kustomization.js';
import { temporaryFolder } from '../support/temp.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const FOLDER = 'config/kubernetes';
const names = readdirSync(join(ROOT, FOLDER)).sort();
const files = [
  ...names.filter(name => name.endsWith('.yaml') && !isForKustomize(name)).map(name => `${FOLDER}/${name}`),
  'config/prometheus/alerts.yaml',
];

const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
  data: z.record(z.string(), z.string()).optional(),
});

const documents = files.flatMap(name =>
  parseAllDocuments(read(name)).map(document => {
    expect(document.errors, name).toEqual([]);
    return { name, ...object.parse(document.toJS()) };
  }),
);

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

function modelsOf({ name: _file, ...data }: (typeof documents)[number]): Model[] {
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

const models = documents.flatMap(one => modelsOf(one).map(model => ({ file: one.name, ...model })));

describe('schemas', () => {
  test.each(models)('$file: $kind is valid', async model => {
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

describe('shippers', () => {
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
    deepFind(one, value => Reflect.get(Object(value), 'image') === 'pgaudit-shipper').map(found => ({
      file: one.name,
      ...container.parse(found),
    })),
  );

  test('there are four, and two jobs that verify', () => {
    expect(shippers.map(({ file }) => file.replace(`${FOLDER}/`, ''))).toEqual([
      'daemonset.yaml',
      'pgo-sidecar.yaml',
      'statefulset-sidecar.yaml',
      'verify-job.yaml',
      'verify-merge.yaml',
      'zalando-sidecar.yaml',
    ]);
  });

  test.each(shippers)(
    '$file: $name has a memory limit, no CPU limit, no rights, and reads the log only',
    shipper => {
      const { file, securityContext, volumeMounts = [] } = shipper;
      // Zalando's sidecars have no such setting.
      expect(securityContext === undefined).toBe(file.includes('zalando'));
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
  const configs = documents.flatMap(({ name, data }) => {
    const text = data?.['config.yaml'];
    return text === undefined ? [] : [{ name, text }];
  });

  test.each(configs)('$name holds one that can be loaded', async ({ text }) => {
    const path = join(await temporaryFolder(), 'config.yaml');
    await writeFile(path, text);
    const environment = {
      ...kustomization.settings,
      POD_NAME: 'pg-0',
      NODE_NAME: 'host-1',
      HOST_IP: '192.0.2.1',
    };
    const { node, archive, sources } = await loadConfig(path, environment);
    expect([node === '', archive.to.kind]).toEqual([false, 'cloud-storage']);
    expect(sources.map(({ database }) => database?.url)).not.toContain(undefined);
  });

  test('there are five of them, and all that is mounted is there', () => {
    expect(configs).toHaveLength(5);
    const maps = documents.filter(({ kind }) => kind === 'ConfigMap').map(({ metadata }) => metadata.name);
    const mounted = documents
      .flatMap(one => deepFind(one, value => Reflect.has(Object(value), 'configMap')))
      .map(value => z.looseObject({ configMap: named }).parse(value).configMap.name);
    expect(mounted.filter(name => !maps.includes(name))).toEqual([]);
  });
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
    // On the view: on the project it would show every log.
    expect(commands).toMatch(
      /logging views add-iam-policy-binding auditors [^;]*?roles\/logging\.viewAccessor/,
    );
    expect(commands).not.toMatch(
      /projects add-iam-policy-binding[^-]*\\?\n?[^-]*--member="\$AUDITORS" --role=roles/,
    );
    expect(commands).toContain(String.raw`log_id(\"$LOG\")`);
    expect(commands).toContain('--retention-period=4018d');
    expect(commands).toContain('--retention-days=730');
    expect(commands).not.toMatch(/lock/);
  });
});

test('the README of the folder names every file', () => {
  const readme = read(`${FOLDER}/README.md`);
  expect(names.filter(name => !readme.includes(`(${name})`) && name !== 'README.md')).toEqual([]);
});

/** All objects within a value, itself included, of which something is so. */
function deepFind(value: unknown, isSo: (value: object) => boolean): object[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(one => deepFind(one, isSo));
  return !Array.isArray(value) && isSo(value) ? [value, ...inner] : inner;
}
