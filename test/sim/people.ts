import type { JobWish } from '../../local/github/runs.ts';
import { between, pick } from './draws.ts';
import { FORK, PUBLIC_REPOSITORY, REPOSITORIES } from './places.ts';
import type { Sim } from './sim.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** How long a job runs: mostly minutes, now and then beyond every lifetime. */
export function durationOf({ draw, scenario, clock }: Sim, jobId: string): number {
  const isCalm = clock.now >= scenario.startAt + scenario.safetyMs;
  if (!isCalm && draw(`long ${jobId}`) < scenario.workload.longRunning) return 180 * MINUTE;
  const maxMs = scenario.isCramped ? 90 * SECOND : 6 * MINUTE;
  return between(draw(`duration ${jobId}`), 15 * SECOND, maxMs);
}

interface PlannedRun {
  readonly n: number;
  readonly name: string;
  readonly at: number;
  readonly jobs: number;
}

/** Everybody who queues jobs, changes their mind, approves and runs again. */
export function startPeople(sim: Sim): void {
  const { startAt, safetyMs, onlyRuns } = sim.scenario;
  for (const run of planRuns(sim))
    if (onlyRuns === null || onlyRuns.has(run.n)) sim.clock.at(run.at, () => queueRun(sim, run));
  sim.clock.at(startAt + safetyMs, () => letAllGo(sim));
}

/** Times and sizes of runs, by the shape of the workload; no run comes in the last minutes before the calm. */
function planRuns({ draw, scenario }: Sim): readonly PlannedRun[] {
  const { shape, jobs } = scenario.workload;
  const lastMs = scenario.safetyMs - 5 * MINUTE;
  const runs: PlannedRun[] = [];
  for (let left = jobs; left > 0; ) {
    const name = `run ${runs.length}`;
    const fraction = draw(`at ${name}`);
    const [size, atMs] = {
      steady: [between(draw(`size ${name}`), 1, 2), fraction * lastMs],
      sparse: [1, fraction * lastMs],
      burst: [between(draw(`size ${name}`), 8, 30), Math.round(fraction * 3) * (lastMs / 4)],
      matrix: [between(draw(`size ${name}`), 3, 12), fraction * lastMs],
      cron: [
        between(draw(`size ${name}`), 2, 6),
        Math.floor((fraction * lastMs) / (20 * MINUTE)) * 20 * MINUTE,
      ],
    }[shape] as [number, number];
    const count = Math.min(left, size);
    runs.push({ n: runs.length, name, at: scenario.startAt + Math.floor(atMs), jobs: count });
    left -= count;
  }
  return runs;
}

/** Ids that no other run can move: a run left out changes nothing of the others. */
const idsOf = (n: number) => ({ run: 9_900_000_000 + n, firstJob: 29_000_000_000 + 1_000 * n });

type Vanity = 'fork' | 'public' | 'labels' | null;

function queueRun(sim: Sim, run: PlannedRun): void {
  const { draw, scenario } = sim;
  const vain: Vanity =
    draw(`vain ${run.name}`) < scenario.workload.inVain
      ? pick(draw(`vanity ${run.name}`), ['fork', 'public', 'labels'] as const)
      : null;
  const jobs = Array.from({ length: run.jobs }, (_, n) => wishOf(sim, `${run.name} job ${n}`, vain));
  const made = sim.github.createRun(
    {
      repository: vain === 'public' ? PUBLIC_REPOSITORY : pick(draw(`repository ${run.name}`), REPOSITORIES),
      ...(vain === 'fork' && { headRepository: FORK }),
      event: 'push',
      actor: 'ann',
      jobs,
      ids: idsOf(run.n),
    },
    sim.clock.now,
  );
  follow(sim, { runId: made.runId, name: run.name, ids: made.jobs.map(({ jobId }) => jobId), vain });
}

/** Labels that name a pool: all of them, or in one of the three ways there are. */
function wishOf({ draw, scenario }: Sim, name: string, vain: Vanity): JobWish {
  const { workload, pools } = scenario;
  const pool = pick(draw(`pool ${name}`), pools);
  const ways = scenario.hasMixedLabels
    ? [pool.labels, [pool.keyLabel], [`mayfly/${pool.name}`]]
    : [pool.labels];
  const labels = pick(draw(`labels ${name}`), ways);
  return {
    name,
    labels: vain === 'labels' ? ['ubuntu-latest'] : [...labels],
    ...(draw(`held ${name}`) < workload.held && { held: true }),
    ...(draw(`approved ${name}`) < workload.approved && { environment: 'production' }),
  };
}

interface Followed {
  readonly runId: string;
  readonly name: string;
  readonly ids: readonly string[];
  readonly vain: Vanity;
}

/** What people do with the jobs of a run once it is there. */
function follow(sim: Sim, { runId, name, ids, vain }: Followed): void {
  const { draw, scenario, clock, github } = sim;
  const { workload } = scenario;
  for (const jobId of ids) {
    if (vain !== null) sim.vain.add(jobId);
    sim.tell({ kind: 'queued', jobId, isInVain: vain !== null });
    const ms = (what: string, min: number, max: number): number =>
      between(draw(`${what} ${jobId}`), min, max);
    clock.after(ms('approve', 20 * SECOND, 25 * MINUTE), () => github.approveJob(jobId, clock.now));
    clock.after(ms('release', 20 * SECOND, 40 * MINUTE), () => github.releaseJob(jobId, clock.now));
    if (draw(`cancel ${jobId}`) >= workload.cancelled) continue;
    const [min, max] = pick(draw(`cancel when ${jobId}`), CANCEL_WINDOWS);
    clock.after(ms('cancel', min, max), () => cancel(sim, jobId));
  }
  if (draw(`rerun ${name}`) < workload.rerun)
    clock.after(8 * MINUTE, () => runAgain(sim, { runId, name, ids, vain }));
}

/** Before the webhook, before and while the machine boots, while it runs. */
const CANCEL_WINDOWS = [
  [100, 2 * SECOND],
  [2 * SECOND, 20 * SECOND],
  [20 * SECOND, 60 * SECOND],
  [MINUTE, 10 * MINUTE],
] as const;

function cancel(sim: Sim, jobId: string): void {
  const status = sim.github.truth.job(jobId, sim.clock.now)?.status;
  if (status === undefined || status === 'completed') return;
  sim.tell({ kind: 'cancelled', jobId });
  sim.github.cancelJob(jobId, sim.clock.now);
}

/** Failed and cancelled jobs are run again under new ids, once the run is over. */
function runAgain(sim: Sim, run: Followed): void {
  const { clock, github, scenario } = sim;
  if (clock.now > scenario.startAt + scenario.safetyMs) return;
  const jobs = run.ids.map((id) => github.truth.job(id, clock.now));
  const isOver = jobs.every((job) => job?.status === 'completed');
  if (!isOver) {
    clock.after(8 * MINUTE, () => runAgain(sim, run));
    return;
  }
  if (jobs.every((job) => job?.conclusion === 'success')) return;
  const again = github.rerunFailed(run.runId, clock.now);
  const ids = again.jobs.map(({ jobId }) => jobId).filter((id) => !run.ids.includes(id));
  follow(sim, { ...run, name: `${run.name} again`, ids });
}

/** When the calm begins nobody holds anything back any more, and what asks in vain is cancelled. */
function letAllGo({ github, clock, vain }: Sim): void {
  for (const { jobId } of github.truth.jobs(clock.now)) {
    github.approveJob(jobId, clock.now);
    github.releaseJob(jobId, clock.now);
    if (vain.has(jobId)) github.cancelJob(jobId, clock.now);
  }
}

/** A job that comes out of the blue: people's in a window of our choosing. */
export function pounce(sim: Sim, name: string): void {
  const { draw, clock } = sim;
  const wish = wishOf(sim, name, null);
  const made = sim.github.createRun(
    {
      repository: pick(draw(`repository ${name}`), REPOSITORIES),
      event: 'push',
      actor: 'ann',
      jobs: [{ name, labels: wish.labels }],
    },
    clock.now,
  );
  for (const { jobId } of made.jobs) sim.tell({ kind: 'queued', jobId, isInVain: false });
}
