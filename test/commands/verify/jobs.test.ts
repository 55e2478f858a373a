/** The jobs in config/ that share a verification: each pod or task as its own process. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { day, days } from '../../support/covered.js';
import { writeSealed } from '../../support/sealed.js';
import { runCommand } from '../../support/shipper.js';

const CONFIG = fileURLToPath(new URL('../../../config', import.meta.url));
const PERIOD = ['--since', '2025-11-01', '--until', '2025-11-05'];

const containers = z.object({ containers: z.tuple([z.object({ args: z.array(z.string()) })]) });
const indexedJob = z.object({
  spec: z.object({ completions: z.int().optional(), template: z.object({ spec: containers }) }),
});
const cloudRunJob = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({ taskCount: z.int(), template: z.object({ spec: containers }) }),
    }),
  }),
});

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-test-'));
  for (const instance of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'])
    await writeSealed(
      join(folder, 'archive'),
      days().map(date => day(date)),
      { instance },
    );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function readJob(name: string): Promise<unknown> {
  const [job] = parseAllDocuments(await readFile(join(CONFIG, name), 'utf8'));
  return job?.toJS();
}

/** The arguments with the archive and the folder of results of this test. */
function here(args: readonly string[], results: string): string[] {
  return args.map(arg => arg.replace(/^gs:\/\/.*$/, join(folder, 'archive')).replace('/results', results));
}

async function expectWhole(args: readonly string[]): Promise<void> {
  const { code, output } = await runCommand([...args, '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(output)).toMatchObject({ verdict: 'whole', parts: { length: 9 } });
}

test('an Indexed Job of Kubernetes, and the job that merges', async () => {
  const results = join(folder, 'kubernetes');
  const { spec } = indexedJob.parse(await readJob('kubernetes/common/verify-job/verify-job.yaml'));
  const { args } = spec.template.spec.containers[0];
  for (let index = 0; index < (spec.completions ?? 0); index++) {
    const expanded = here(args, results).map(arg => arg.replace('$(JOB_COMPLETION_INDEX)', String(index)));
    expect((await runCommand([...expanded, ...PERIOD])).code).toBe(0);
  }
  const merge = indexedJob.parse(await readJob('kubernetes/common/verify-merge/verify-merge.yaml'));
  await expectWhole(here(merge.spec.template.spec.containers[0].args, results));
});

test('a job of Cloud Run', async () => {
  const results = join(folder, 'cloud-run');
  const { taskCount, template } = cloudRunJob.parse(await readJob('cloud-run/verify.yaml')).spec.template
    .spec;
  for (let index = 0; index < taskCount; index++) {
    const environment = { CLOUD_RUN_TASK_INDEX: String(index), CLOUD_RUN_TASK_COUNT: String(taskCount) };
    const args = here(template.spec.containers[0].args, results);
    expect((await runCommand([...args, ...PERIOD], environment)).code).toBe(0);
  }
  await expectWhole(['verify', '--merge', join(results, 'verify')]);
});
