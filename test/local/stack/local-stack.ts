import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClock } from '../../../local/clock.ts';
import type { Ec2Backend } from '../../../local/stack/context.ts';
import { type RunningStack, type StartOptions, startStack } from '../../../local/stack/run.ts';

/** Fast enough that a virtual minute is 0.3 s. */
export const SPEED = 200;

/** An EC2 that models nothing: a test that needs more brings its own. */
export const NO_EC2: Ec2Backend = {
  handle: async () => ({ status: 400, headers: {}, body: '' }),
};

/** A clock at the tests' speed that started now, or so many real ms ago. */
export const fastClock = (speed = SPEED, agoMs = 0) => createClock({ epochMs: Date.now() - agoMs, speed });

/** A folder of its own, gone after the test. */
export function scratch(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'mayfly-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A cloud assembly with one hand-written template. */
export function writeAssembly(directory: string, template: object): void {
  mkdirSync(directory, { recursive: true });
  const artifacts = {
    Test: { type: 'aws:cloudformation:stack', properties: { templateFile: 'Test.template.json' } },
  };
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify({ version: '55.0.0', artifacts }));
  writeFileSync(join(directory, 'Test.template.json'), JSON.stringify(template));
}

/** Starts a hand-written template; the caller closes. */
export async function startTemplate(
  template: object,
  options: Partial<StartOptions> & { readonly workDir: string },
): Promise<RunningStack> {
  const assemblyDir = join(options.workDir, 'cdk.out');
  writeAssembly(assemblyDir, template);
  return startStack({ assemblyDir, ec2: NO_EC2, clock: fastClock(), ...options });
}

/** A function with its code in the template; `body` is the inside of `async (event, context) => { … }`. */
export const inlineFunction = (body: string, properties: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: { ZipFile: `exports.handler = async (event, context) => { ${body} };` },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Role: 'arn:aws:iam::000000000000:role/any',
    ...properties,
  },
});

/** How often and how long a condition is looked at: 10 s in all, far beyond what any of these tests needs. */
const LOOKS_MAX = 1000;
const LOOK_EVERY_MS = 10;

/** Resolves with the first value that is not undefined; throws when none comes. */
export async function eventually<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let n = 0; n < LOOKS_MAX; n += 1) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error(`not seen within ${LOOKS_MAX * LOOK_EVERY_MS} ms`);
}
