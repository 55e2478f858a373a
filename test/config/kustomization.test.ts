/** config/kubernetes/kustomization.yaml: the one place for all that differs between teams. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { isForKustomize, kustomization, placesOf } from '../support/kustomization.js';

const FOLDER = fileURLToPath(new URL('../../config/kubernetes', import.meta.url));
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');
const manifests = readdirSync(FOLDER).filter(name => name.endsWith('.yaml') && !isForKustomize(name));
/** What a team replaces. */
const PLACEHOLDER = /my-|fagsystem|nav\.no|europe-/;

const objects = (): unknown[] =>
  manifests.flatMap(name => parseAllDocuments(read(name)).map(document => document.toJS()));
const { resources, images, replacements, settings, settingsName } = kustomization;
const targets = replacements.flatMap(({ source, targets: all }) =>
  all.map(target => ({ source, ...target })),
);

/** Of the kind and name that a target selects. */
function selected(from: unknown[], { kind, name }: { kind: string; name?: string | undefined }): object[] {
  return from.flatMap(one => {
    const { kind: ownKind, metadata } = Object(one);
    return ownKind === kind && (name === undefined || metadata.name === name) ? [Object(one)] : [];
  });
}

test('it names every manifest, and the alerts', () => {
  const [alerts, ...others] = resources.toSorted();
  expect(others).toEqual(manifests.toSorted());
  expect(alerts).toBe('../prometheus');
  const { resources: rules } = parse(read('../prometheus/kustomization.yaml'));
  expect(rules).toEqual(['alerts.yaml']);
  expect(existsSync(join(FOLDER, '../prometheus/alerts.yaml'))).toBe(true);
});

test('every image is one that it names', () => {
  const used = objects().flatMap(one => [...JSON.stringify(one).matchAll(/"image":"([^"]*)"/g)]);
  const names = new Set(used.map(([, image]) => image));
  expect([...names].sort()).toEqual(images.map(({ name }) => name).sort());
});

test.each(targets)(
  '$source.fieldPath reaches $select.kind: $fieldPaths',
  ({ source, select, fieldPaths, options }) => {
    expect(source.name).toBe(settingsName);
    expect(Object.keys(settings)).toContain(source.fieldPath.replace(/^data\./, ''));
    const places = selected(objects(), select).flatMap(one =>
      fieldPaths.flatMap(path => placesOf(one, path)),
    );
    expect(places).toHaveLength(1);
    for (const { parent, key } of places)
      expect(String(Reflect.get(parent, key)).split(options?.delimiter ?? '\n').length).toBeGreaterThan(
        options?.index ?? 0,
      );
  },
);

test('no manifest has a placeholder that it does not replace', () => {
  const all = objects();
  for (const { select, fieldPaths } of targets)
    for (const one of selected(all, select))
      for (const { parent, key } of fieldPaths.flatMap(path => placesOf(one, path)))
        Reflect.deleteProperty(parent, key);
  expect(all.map(one => JSON.stringify(one)).filter(one => PLACEHOLDER.test(one))).toEqual([]);
});

test('each shipper has the settings that its configuration names in its environment', () => {
  const shippers = manifests.filter(name => !name.startsWith('verify-'));
  const sidecars = shippers.filter(name => read(name).includes('image: pgaudit-shipper'));
  expect(sidecars).toHaveLength(4);
  for (const text of sidecars.map(read)) {
    const named = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, variable = '']) => variable);
    const missing = named.filter(
      variable =>
        !text.includes(`- name: ${variable}\n`) &&
        !(variable in settings && text.includes(`configMapRef: {name: ${settingsName}}`)),
    );
    expect([text.slice(0, 40), missing]).toEqual([text.slice(0, 40), []]);
    expect(text).toMatch(/- name: PGPASSWORD|secretRef: \{name: pgaudit-shipper\}/);
  }
});
