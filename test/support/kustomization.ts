/** config/kubernetes/kustomization.yaml, with the parts of kustomize that it uses. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

const text = readFileSync(
  fileURLToPath(new URL('../../config/kubernetes/kustomization.yaml', import.meta.url)),
  'utf8',
);

const CONFIGURATIONS = ['kustomization.yaml', 'image-fields.yaml'];

const file = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
  kind: z.literal('Kustomization'),
  namespace: z.string(),
  images: z.array(z.strictObject({ name: z.string(), newName: z.string(), newTag: z.string() })),
  configMapGenerator: z.tuple([z.strictObject({ name: z.string(), literals: z.array(z.string()) })]),
  generatorOptions: z.strictObject({ disableNameSuffixHash: z.literal(true) }),
  resources: z.array(z.string()),
  configurations: z.tuple([z.literal('image-fields.yaml')]),
  replacements: z.array(
    z.strictObject({
      source: z.strictObject({ kind: z.literal('ConfigMap'), name: z.string(), fieldPath: z.string() }),
      targets: z.array(
        z.strictObject({
          select: z.strictObject({ kind: z.string(), name: z.string().optional() }),
          fieldPaths: z.array(z.string()),
          options: z.strictObject({ delimiter: z.string(), index: z.int().optional() }).optional(),
        }),
      ),
    }),
  ),
});

/** With all resources, also those that are commented out for the user to choose. */
const { configMapGenerator, ...rest } = file.parse(
  parse(text.replaceAll(/^ {2}# (- [\w-]+\.yaml)$/gm, '  $1')),
);
const [{ name, literals }] = configMapGenerator;

export const kustomization = {
  ...rest,
  /** The name of the ConfigMap with the settings. */
  settingsName: name,
  settings: Object.fromEntries(
    literals.map(literal => [
      literal.slice(0, literal.indexOf('=')),
      literal.slice(literal.indexOf('=') + 1),
    ]),
  ),
};

/** Not an object of Kubernetes: kustomize itself reads it. */
export function isForKustomize(fileName: string): boolean {
  return CONFIGURATIONS.includes(fileName);
}

/** The places that a field path of kustomize names, each as its object and key. */
export function placesOf(value: unknown, fieldPath: string): { parent: object; key: string }[] {
  const steps = [...fieldPath.matchAll(/\[([^\]]+)\]|([^.[\]]+)/g)].map(
    ([, bracketed, plain]) => bracketed ?? plain ?? '',
  );
  const key = steps.pop() ?? '';
  return steps
    .reduce<unknown[]>((values, step) => values.flatMap(one => inside(one, step)), [value])
    .flatMap(one =>
      typeof one === 'object' && one !== null && Reflect.has(one, key) ? [{ parent: one, key }] : [],
    );
}

function inside(value: unknown, step: string): unknown[] {
  if (!Array.isArray(value)) return [Reflect.get(Object(value), step)];
  const [by = '', wanted = ''] = step.split('=');
  return step === '*' ? value : value.filter(one => Reflect.get(Object(one), by) === wanted);
}
