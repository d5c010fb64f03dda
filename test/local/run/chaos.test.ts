/** Goal: chaos does what it says, and says what it did. Method: its parts over the GitHub model and over a door without services. */
import { describe, expect, it } from '@jest/globals';
import { type Call, createFaults } from '../../../local/aws/faults.ts';
import { seededDraw } from '../../../local/github/draw.ts';
import { createGitHubModel, type GitHubModel } from '../../../local/github/model.ts';
import { KINDS, type Strike } from '../../../local/run/chaos.ts';
import { FUNCTIONS, killFunctions } from '../../../local/run/chaos-deaths.ts';
import { chaoticGitHub } from '../../../local/run/chaos-github.ts';
import { readOptions } from '../../../local/run/options.ts';
import { summarize } from '../../../local/run/summary.ts';

const NOON = Date.UTC(2026, 10, 2, 12);
const JOBS = 200;

function tally() {
  const struck: Record<string, number> = {};
  const strike: Strike = (kind, site) => {
    struck[`${kind} ${site}`] = (struck[`${kind} ${site}`] ?? 0) + 1;
  };
  return { struck, strike };
}

/** Every event of two hundred jobs that somebody else's runners take and finish, as it arrives. */
function eventsOf(model: GitHubModel): readonly string[] {
  model.addOrganization('acme');
  model.addRepository({ fullName: 'acme/app' }, NOON);
  model.addInstallation({ account: 'acme' });
  const jobs = Array.from({ length: JOBS }, (_, n) => ({ name: `job ${n}`, labels: ['x64'] }));
  const run = model.createRun({ repository: 'acme/app', event: 'push', actor: 'ann', jobs }, NOON);
  for (const { jobId } of run.jobs) model.stealJob(jobId, NOON + 60_000);
  const arrived: string[] = [];
  for (let now = NOON; now < NOON + 300_000; now += 200) {
    for (const delivery of model.takeDeliveries(now)) {
      arrived.push(`${delivery.event.action} ${delivery.event.job.id}`);
      model.recordDelivery(delivery, { statusCode: 202, durationMs: 1 }, now);
    }
  }
  return arrived;
}

function day(seed: string) {
  const { struck, strike } = tally();
  const model = createGitHubModel({ draw: seededDraw(seed) });
  return { arrived: eventsOf(chaoticGitHub(seededDraw(`chaos ${seed}`), strike)(model)), struck };
}

describe('a chaotic GitHub', () => {
  it('loses, doubles and reorders events, and counts exactly those', () => {
    const { arrived, struck } = day('a');
    const sum = (kind: string) =>
      Object.entries(struck).reduce((total, [site, count]) => total + (site.startsWith(kind) ? count : 0), 0);
    const distinct = new Set(arrived);
    expect(sum('webhook-doubled')).toBe(arrived.length - distinct.size);
    expect(sum('webhook-lost')).toBe(3 * JOBS - distinct.size);
    const first = [...distinct];
    const overtaken = first.filter((event, n) => {
      const [action, id] = event.split(' ');
      const before = first.slice(0, n);
      return action === 'in_progress'
        ? before.includes(`completed ${id}`)
        : action === 'queued' && before.some((one) => one.endsWith(` ${id}`));
    });
    expect(sum('webhook-reordered')).toBe(overtaken.length);
    for (const kind of ['webhook-lost', 'webhook-doubled']) expect(sum(kind)).toBeGreaterThan(5);
  });

  it('does the same for the same seed, and something else for another', () => {
    expect(day('a')).toEqual(day('a'));
    expect(day('b')).not.toEqual(day('a'));
  });
});

/** Makes calls one after the other, as containers of each function; tells at which of its calls each died. */
async function deathsOf(seed: string, calls: number): Promise<Readonly<Record<string, readonly string[]>>> {
  const faults = createFaults();
  const { struck, strike } = tally();
  killFunctions({ faults, logicalIdAt: (path) => path }, seededDraw(seed), strike);
  const deaths: Record<string, string[]> = {};
  for (const name of FUNCTIONS) {
    const caller = `Mayfly/${name.charAt(0).toUpperCase()}${name.slice(1)}/Function`;
    for (let n = 1; n <= calls; n += 1) {
      const seen = { happened: false, killed: false };
      const killCaller = () => {
        seen.killed = true;
      };
      const call: Call = { api: 'dynamodb', action: 'PutItem', caller, killCaller } as never;
      const outcome = await faults.take(call)?.(call, async () => {
        seen.happened = true;
        return { status: 200, headers: {}, body: '' };
      });
      expect(outcome === 'drop').toBe(seen.killed);
      if (seen.killed) deaths[name] = [...(deaths[name] ?? []), `${n} ${seen.happened ? 'after' : 'before'}`];
    }
    expect(struck[`function-killed ${name}`] ?? 0).toBe(deaths[name]?.length ?? 0);
  }
  return deaths;
}

describe('the deaths of functions', () => {
  it('come to every function within its first 20 calls, before and after effects, and are counted', async () => {
    const deaths = await deathsOf('a', 3_000);
    for (const name of FUNCTIONS) expect(Number.parseInt(deaths[name]?.[0] ?? '99', 10)).toBeLessThan(21);
    const all = Object.values(deaths).flat();
    expect(all.filter((one) => one.endsWith('before')).length).toBeGreaterThan(10);
    expect(all.filter((one) => one.endsWith('after')).length).toBeGreaterThan(10);
    expect(await deathsOf('a', 3_000)).toEqual(deaths);
    expect(await deathsOf('b', 3_000)).not.toEqual(deaths);
  });

  it('spare who is no function, and never stand in the way of a planted fault', async () => {
    const faults = createFaults();
    killFunctions({ faults, logicalIdAt: (path) => path }, seededDraw('a'), () => {
      throw new Error('want nobody struck');
    });
    const call: Call = {
      api: 'dynamodb',
      action: 'PutItem',
      caller: undefined,
      killCaller: () => {},
    } as never;
    const happened = { status: 200, headers: {}, body: 'happened' };
    for (let n = 0; n < 100; n += 1)
      expect(await faults.take(call)?.(call, async () => happened)).toBe(happened);
    faults.before('dynamodb', 'PutItem', async () => 'drop');
    expect(await faults.take(call)?.(call, async () => happened)).toBe('drop');
    expect(faults.left()).toBe(0);
  });
});

describe('the end of a chaotic run', () => {
  const counted = { registrationsLeft: 0, parked: 0, jitIssued: 1, githubCalls: 1, awsCalls: 1, speed: 10 };
  const chaos = { seed: 'a', struck: {}, neverStruck: ['never-boots', 'function-killed sweep'] };
  const done = (n: number) => ({
    ...{ jobId: String(n), name: 'j', repository: 'acme/app', state: 'done' as const, queuedAt: 0 },
    ...{ startedAt: 1, completedAt: 2, runnerName: null },
  });
  const snapshot = (jobs: number) => ({
    ...{ now: 1, startedAt: 0, runners: [] },
    jobs: Array.from({ length: jobs }, (_, n) => done(n)),
  });

  it('fails a run of a hundred jobs that a kind of fault never struck, and only names it in a smaller one', () => {
    expect(summarize(snapshot(100), { ...counted, chaos }).failures).toEqual([
      'chaos: never-boots never struck, so nothing is shown of it',
      'chaos: function-killed sweep never struck, so nothing is shown of it',
    ]);
    expect(summarize(snapshot(99), { ...counted, chaos })).toMatchObject({ chaos, failures: [] });
    expect(summarize(snapshot(100), { ...counted, chaos: undefined })).not.toHaveProperty('chaos');
  });

  it('knows seven kinds, which --chaos turns on and --seed draws', () => {
    expect(KINDS).toHaveLength(7);
    expect(readOptions([])).toMatchObject({ chaos: false, seed: 'mayfly' });
    expect(readOptions(['--chaos', '--seed', '7'])).toMatchObject({ chaos: true, seed: '7' });
  });
});
