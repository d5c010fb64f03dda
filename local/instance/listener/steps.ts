import { spawn } from 'node:child_process';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { killNow, killStrays, TRACKING_NAME } from '../strays.ts';
import type { Diag } from './diag.ts';

/** One step of a job as far as the stand-in executes it: `run` with the default shell. */
export type Step = { readonly name: string; readonly run: string };
export type StepEnd = {
  readonly name: string;
  readonly conclusion: 'success' | 'failure' | 'cancelled' | 'skipped';
  readonly startedAt: number;
  readonly completedAt: number;
};
export type Conclusion = 'success' | 'failure' | 'cancelled';

export type StepsParts = {
  readonly root: string;
  readonly trackingId: string;
  readonly env: Readonly<Record<string, string>>;
  readonly diag: Diag;
  /** Aborted by a cancellation or a shutdown; its reason is the conclusion of the job. */
  readonly halt: AbortSignal;
};

/** Between the interrupt and the kill of a cancelled step (actions/runner, ProcessInvoker: SIGINT, then 7.5 s). */
const INTERRUPT_MS = 7_500;

/** Runs the steps in a throw-away folder. As without conditions: the first failure skips the rest. */
export async function runSteps(steps: readonly Step[], parts: StepsParts) {
  const work = join(parts.root, '_work');
  const ends: StepEnd[] = [];
  let conclusion: Conclusion = 'success';
  try {
    await mkdir(join(work, 'checkout'), { recursive: true });
    await mkdir(join(work, '_temp'), { recursive: true });
    for (const [index, step] of steps.entries()) {
      const startedAt = Date.now();
      const end: StepEnd['conclusion'] =
        conclusion === 'success' ? await runStep(step, index, parts) : 'skipped';
      if (end === 'failure' || end === 'cancelled') conclusion = end;
      ends.push({ name: step.name, conclusion: end, startedAt, completedAt: Date.now() });
      parts.diag.write(`Step ${index + 1} of ${steps.length}: ${end}`);
    }
    return { conclusion: parts.halt.aborted ? haltConclusion(parts.halt) : conclusion, steps: ends };
  } finally {
    // Not the folder itself: on an image it is a mount.
    for (const folder of ['checkout', '_temp']) {
      await rm(join(work, folder), { recursive: true, force: true, maxRetries: 5 });
    }
  }
}

/** A cancellation cancels; a shutdown of the runner fails its job. */
const haltConclusion = (halt: AbortSignal): Conclusion =>
  halt.reason === 'cancel' ? 'cancelled' : 'failure';

async function runStep(step: Step, index: number, parts: StepsParts): Promise<StepEnd['conclusion']> {
  if (parts.halt.aborted) return 'cancelled';
  const work = join(parts.root, '_work');
  const script = join(work, '_temp', `${index}.sh`);
  await writeFile(script, step.run);
  const log = await open(join(work, '_temp', `${index}.log`), 'a');
  try {
    const code = await runScript(script, log.fd, parts);
    if (parts.halt.aborted) return 'cancelled';
    return code === 0 ? 'success' : 'failure';
  } finally {
    await log.close();
  }
}

/** `bash -e` as for a step without `shell`; its output stays in the throw-away folder. */
function runScript(script: string, logFd: number, parts: StepsParts): Promise<number | null> {
  const child = spawn('bash', ['-e', script], {
    cwd: join(parts.root, '_work', 'checkout'),
    env: { ...parts.env, [TRACKING_NAME]: parts.trackingId },
    stdio: ['ignore', logFd, logFd],
  });
  const interrupt = async () => {
    child.kill('SIGINT');
    await delay(INTERRUPT_MS, undefined, { ref: false });
    if (child.exitCode !== null || child.pid === undefined) return;
    // Its own children first: a killed shell would leave them to nobody.
    killStrays(parts.trackingId, process.pid);
    killNow(child.pid);
  };
  if (parts.halt.aborted) void interrupt();
  else parts.halt.addEventListener('abort', interrupt, { once: true });
  return new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', resolve);
  }).finally(() => parts.halt.removeEventListener('abort', interrupt));
}
