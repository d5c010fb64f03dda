import { beforeAll, describe, expect, it } from '@jest/globals';
import { CALLS_PER_HOUR, discoveryBounds } from '../../lambdas/core/sweep-lines.ts';
import { createStage, type Stage } from './stage.ts';

/**
 * An hour of the sweep in an organization with 1,000 active repositories, 2,000 runners and 75 open runs; each call to
 * GitHub is counted where it arrives.
 */
const REPOSITORIES = 1_000;
const RUNNERS = 2_000;
const RUNS = 75;
const MINUTE = 60_000;
const LABELS = ['self-hosted', 'linux', 'x64'];
const PLENTY = 1_000_000;

/** Routes by line; what is none of the sweep's own (tokens, admission) has a line of its own. */
const LINES: readonly (readonly [line: string, route: RegExp])[] = [
  ['runners', /^(GET|DELETE) .*actions\/runners/],
  ['deliveries', /hook\/deliveries/],
  ['runs', /^GET .*runs\/\{run_id\}\/jobs/],
  ['surveys', /^GET (.*actions\/runs|\/installation\/repositories|\/app\/installations)$/],
  ['tokens', /access_tokens/],
];

function byLine({ github }: Stage): Record<string, number> {
  const counts: Record<string, number> = {
    runners: 0,
    deliveries: 0,
    runs: 0,
    surveys: 0,
    tokens: 0,
    other: 0,
  };
  for (const [route, count] of github.truth.calls()) {
    const line = LINES.find(([, of]) => of.test(route))?.[0] ?? 'other';
    counts[line] = (counts[line] ?? 0) + count;
  }
  return counts;
}

interface Hour {
  readonly calls: Record<string, number>;
  readonly foundAfterMs: number;
  readonly strangerAfterMs: number;
  readonly bounds: { readonly inKnownRunMs: number; readonly inActiveRepositoryMs: number };
}

async function anHour(): Promise<Hour> {
  const stage = createStage({
    limits: { pointsMax: PLENTY, coreMax: PLENTY, registrationMax: PLENTY, scopeRegistrationsMax: PLENTY },
  });
  const { github, clock } = stage;
  for (let n = 1; n < REPOSITORIES; n += 1) github.addRepository({ fullName: `acme/r${n}` }, clock.now());
  for (let n = 0; n < RUNNERS; n += 1) {
    const body = { name: `somebody-${n}`, runner_group_id: 1, labels: ['other'] };
    const path = '/orgs/acme/actions/runners/generate-jitconfig';
    github.request(
      { method: 'POST', path, body, caller: { kind: 'installation', id: stage.installationId } },
      clock.now(),
    );
  }
  // Each run has a job that runs on somebody's machine for hours, and is known; one has another that nobody announced.
  const runs = Array.from({ length: RUNS }, (_, n) => {
    const jobs = [...(n === 40 ? [1, 2] : [1])].map((job) => ({ name: `job ${job}`, labels: LABELS }));
    return github.createRun({ repository: `acme/r${n + 1}`, event: 'push', actor: 'ann', jobs }, clock.now());
  });
  const lost = runs[40]?.jobs[1]?.jobId;
  await stage.dispatch(stage.messages().filter(({ body }) => JSON.parse(body).jobId !== lost));
  // Nothing of this one is known at all.
  const jobs = [{ name: 'stranger', labels: LABELS }];
  const stranger = github.createRun(
    { repository: 'acme/r900', event: 'push', actor: 'ann', jobs },
    clock.now(),
  ).jobs[0]?.jobId;
  stage.due();
  const before = byLine(stage);
  const startedAt = clock.now();
  const seenAt = new Map<string, number>();
  let calls: Record<string, number> = {};
  const isDone = () => seenAt.has(lost ?? '') && seenAt.has(stranger ?? '');
  for (let minute = 1; minute <= 60 || (!isDone() && minute < 24 * 60); minute += 1) {
    await stage.pass(MINUTE);
    await stage.sweep();
    for (const { jobId } of stage.items('job'))
      if (!seenAt.has(jobId)) seenAt.set(jobId, clock.now() - startedAt);
    if (minute === 60) calls = byLine(stage);
  }
  for (const [line, count] of Object.entries(before)) calls[line] = (calls[line] ?? 0) - count;
  return {
    calls,
    foundAfterMs: seenAt.get(lost ?? '') ?? Number.POSITIVE_INFINITY,
    strangerAfterMs: seenAt.get(stranger ?? '') ?? Number.POSITIVE_INFINITY,
    bounds: discoveryBounds({ ownRuns: RUNS, foreignRuns: 1, active: REPOSITORIES, quiet: 0 }),
  };
}

describe('an hour of the sweep with 1,000 active repositories and 2,000 runners', () => {
  let hour: Hour;
  beforeAll(async () => {
    hour = await anHour();
  });

  it('costs GitHub at most 1,500 calls, and each line what it may', () => {
    const { runners = 0, deliveries = 0, runs = 0, surveys = 0 } = hour.calls;
    const total = Object.values(hour.calls).reduce((sum, count) => sum + count, 0);
    process.stdout.write(
      `calls to GitHub in an hour, by line: ${JSON.stringify(hour.calls)}, ${total} in all\n`,
    );
    expect(total).toBeLessThanOrEqual(1_500);
    expect(runners).toBeLessThanOrEqual(CALLS_PER_HOUR.runners);
    expect(deliveries).toBeLessThanOrEqual(CALLS_PER_HOUR.deliveries);
    expect(runs).toBeLessThanOrEqual(CALLS_PER_HOUR.rechecks + CALLS_PER_HOUR.looks);
    expect(surveys).toBeLessThanOrEqual(CALLS_PER_HOUR.surveys);
    // None of them stands still.
    expect(Math.min(runners, deliveries, runs, surveys)).toBeGreaterThan(50);
  });

  it('finds a job that was never announced, of one of 75 known open runs, within 15 minutes', () => {
    expect(hour.foundAfterMs).toBeLessThanOrEqual(15 * MINUTE);
    expect(hour.foundAfterMs).toBeLessThanOrEqual(hour.bounds.inKnownRunMs);
  });

  it('finds a job of a run that nobody knows within the bound that it prints', () => {
    process.stdout.write(`bounds: ${JSON.stringify(hour.bounds)}; found after ${hour.strangerAfterMs} ms\n`);
    expect(hour.strangerAfterMs).toBeLessThanOrEqual(hour.bounds.inActiveRepositoryMs);
  });
});
