import {
  type FactsDocument,
  GATHERED,
  type GatheredFacts,
  type GatheredName,
  type RunFacts,
} from '../contracts/facts.ts';
import type { JobItem, RunItem } from '../contracts/ledger.ts';
import type { Pool } from '../contracts/settings.ts';
import { SCHEMA_VERSION } from '../contracts/text.ts';
import { factsNeeded } from '../core/admission/decide.ts';
import { RUN_LOOK_MS } from '../core/sweep-lines.ts';
import type { Scope } from '../ports/github.ts';
import type { World } from './world.ts';

/** What looking up facts needs of the world: admission has it before the launch, the guard before the first step. */
export type FactsWorld = Pick<World, 'ledger' | 'github' | 'clock' | 'journal'>;

/** How long after its webhook a run may still be unknown to REST. */
const REST_LAG_MAX_MS = 2 * 60_000;
/**
 * Facts that may change (protection, checks, permissions) serve all jobs of a run that come together, as a matrix does,
 * and are asked for again after this.
 */
const GATHERED_FOR_MS = 2 * 60_000;

/** Look-ups go to the repository: every installation may read its own. */
export const scopeOf = (job: Pick<JobItem, 'installationId' | 'repository'>): Scope => ({
  installationId: job.installationId ?? '',
  owner: job.repository.ownerLogin,
  repository: job.repository.fullName.split('/')[1] ?? null,
});

/** Facts for the jobs of one batch, each looked up once; no look-up begins after the deadline. */
export interface FactsDesk {
  /** The run's facts; null: GitHub knows no such run; undefined: they cannot be had now. */
  run(job: JobItem): Promise<RunFacts | null | undefined>;
  /** What the rules of the pool rest on beyond the run's facts; what is missing could not be had. */
  gathered(job: JobItem, run: RunFacts, pool: Pool): Promise<GatheredFacts>;
}

export function openFactsDesk(world: FactsWorld, deadline: number): FactsDesk {
  const runs = new Map<string, Promise<RunItem | null | undefined>>();
  const more = new Map<string, Promise<GatheredFacts>>();
  const once = <T>(known: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> => {
    const promise = known.get(key) ?? ask();
    known.set(key, promise);
    return promise;
  };
  const itemOf = (job: JobItem) => once(runs, idOf(job), () => runItemOf(job, deadline, world));
  return {
    run: async (job) => {
      const item = await itemOf(job);
      return item === undefined ? undefined : (item?.facts ?? null);
    },
    gathered: async (job, run, pool) => {
      const names = new Set(GATHERED.filter((name) => factsNeeded(pool).has(name)));
      if (names.size === 0) return {};
      const key = JSON.stringify([idOf(job), job.environment ?? null, [...names]]);
      return once(more, key, async () =>
        gather({ job, run, names, item: await itemOf(job) }, deadline, world),
      );
    },
  };
}

const idOf = (job: JobItem): string => `${job.runId}.${job.runAttempt}`;

/** From the ledger or, once, from GitHub. */
async function runItemOf(
  job: JobItem,
  deadline: number,
  world: FactsWorld,
): Promise<RunItem | null | undefined> {
  const known = await world.ledger.read('run', idOf(job));
  if (!known.ok) return undefined;
  if (known.value !== undefined) return known.value;
  const now = world.clock.now();
  if (now >= deadline) return undefined;
  const asked = await world.github.run(scopeOf(job), job.repository.fullName, job.runId);
  if (!asked.ok) return undefined;
  // REST lags behind webhooks by some seconds: an absent run of a fresh job is a fact that cannot be had yet.
  if (asked.value === undefined) return now - job.at.received < REST_LAG_MAX_MS ? undefined : null;
  const facts = asked.value;
  // A read that shows an earlier attempt is a stale one.
  if (facts.runAttempt < job.runAttempt) return undefined;
  const { runId, runAttempt, repository, installationId } = job;
  const item: RunItem = {
    ...{ v: SCHEMA_VERSION, rev: 0, kind: 'run', fetchedAt: now },
    ...{ runId, runAttempt, facts, repository, installationId },
    // Other jobs of the run may never be announced: the sweep looks, until the run is over.
    ...{ isOurs: true, due: now + RUN_LOOK_MS, etag: null, expiresAtSeconds: null },
  };
  // A lost write costs one more look-up; another function's write holds the same facts. An absent run is asked again.
  const written = await world.ledger.write(item);
  return written.ok && written.value !== 'stale' ? { ...item, rev: 1 } : item;
}

interface Gathering {
  readonly job: JobItem;
  readonly run: RunFacts;
  readonly names: ReadonlySet<GatheredName>;
  readonly item: RunItem | null | undefined;
}

async function gather(
  { job, run, names, item }: Gathering,
  deadline: number,
  world: FactsWorld,
): Promise<GatheredFacts> {
  const environment = job.environment ?? null;
  const now = world.clock.now();
  const kept = item?.gathered;
  const isFresh = kept !== undefined && now - kept.at < GATHERED_FOR_MS && kept.environment === environment;
  const known = isFresh ? kept.facts : {};
  const lacking = new Set([...names].filter((name) => known[name] === undefined));
  if (lacking.size === 0 || now >= deadline) return known;
  const asked = await world.github.facts(scopeOf(job), job.repository.fullName, {
    names: lacking,
    run,
    environment,
  });
  if (!asked.ok) return known;
  for (const [fact, code] of Object.entries(asked.value.faults))
    world.journal.warn('fact-unreachable', { jobId: job.jobId, fact, code });
  const facts = { ...known, ...asked.value.facts };
  // A lost write costs the next batch one more look-up.
  if (item)
    await world.ledger.write({ ...item, gathered: { at: isFresh ? kept.at : now, environment, facts } });
  return facts;
}

/** The facts document of one job, as far as its facts could be had. */
export function factsDocumentOf(
  job: JobItem,
  pool: Pool,
  had: { readonly at: number; readonly run: RunFacts | null | undefined; readonly gathered: GatheredFacts },
): FactsDocument {
  const { jobId, labels, repository } = job;
  const run = had.run === undefined ? {} : { run: had.run };
  return {
    ...{ v: SCHEMA_VERSION, at: had.at, jobId, labels, pool: pool.name, repository },
    // A job that was found by asking tells no environment: then it is not known, not absent.
    ...(job.environment === undefined ? {} : { environment: job.environment }),
    ...{ ...run, ...had.gathered },
  };
}
