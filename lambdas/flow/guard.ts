import type { RunFacts } from '../contracts/facts.ts';
import { GATHERED } from '../contracts/facts.ts';
import { GUARD_BYTES_MAX, type GuardAnswer, type GuardRequest, guardRequest } from '../contracts/guard.ts';
import type { RunItem, RunnerItem } from '../contracts/ledger.ts';
import type { Reason } from '../contracts/reasons.ts';
import type { Pool, Settings } from '../contracts/settings.ts';
import { isSpoken } from '../contracts/text.ts';
import { decide, factsNeeded } from '../core/admission/decide.ts';
import { claimedFacts, disagreement, type Ground, groundOf } from '../core/guard.ts';
import { sha256 } from '../core/hash.ts';
import { guarded } from '../core/runner.ts';
import type { Clock } from '../ports/clock.ts';
import type { GitHub, Scope } from '../ports/github.ts';
import type { Journal } from '../ports/journal.ts';
import type { Ledger } from '../ports/ledger.ts';
import { amend } from './amend.ts';

export interface GuardPorts {
  readonly ledger: Ledger;
  readonly github: Pick<GitHub, 'run' | 'facts' | 'cancelRun'>;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly settings: Settings;
  /** Constant-time comparison of two strings of equal length. */
  readonly isSame: (a: string, b: string) => boolean;
}

export interface GuardReply {
  readonly statusCode: 200 | 403 | 503;
  readonly body: GuardAnswer | { readonly refused: true };
}

const REFUSED: GuardReply = { statusCode: 403, body: { refused: true } };
const OUTAGE: GuardReply = {
  statusCode: 503,
  body: { decision: 'later', reason: 'the ledger does not answer' },
};
const reply = (decision: GuardAnswer['decision'], reason: string): GuardReply => ({
  statusCode: 200,
  body: { decision, reason: reason.slice(0, 300) },
});

/**
 * A job is about to start on a runner: GitHub gives any job to any runner whose labels fit, so that what was admitted
 * is not always what arrives. An admitted job of this run needs no call to GitHub; everything else is judged on its own
 * facts, and only a decision to allow lets it go on.
 */
export async function answerGuard(
  request: { readonly body: Uint8Array; readonly authorization: string | undefined },
  ports: GuardPorts,
): Promise<GuardReply> {
  const asked = readGuard(request.body);
  const token = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(request.authorization ?? '')?.[1];
  if (asked === undefined || token === undefined) return REFUSED;
  const known = await ports.ledger.read('runner', asked.instanceId);
  if (!known.ok) return OUTAGE;
  const runner = known.value;
  const expected = runner?.claim.reportTokenHash;
  if (runner === undefined || typeof expected !== 'string' || !ports.isSame(sha256(token), expected))
    return REFUSED;
  const answer = await judge(asked, runner, ports);
  return conclude(answer, { asked, runner }, ports);
}

function readGuard(body: Uint8Array): GuardRequest | undefined {
  if (body.byteLength > GUARD_BYTES_MAX) return undefined;
  try {
    const read = guardRequest.safeParse(JSON.parse(new TextDecoder().decode(body)));
    return read.success && isSpoken(read.data.protocolVersion) ? read.data : undefined;
  } catch {
    return undefined;
  }
}

type Judged =
  | { readonly decision: 'allow' }
  | { readonly decision: 'deny'; readonly reason: Reason; readonly says: string }
  /** Undefined reason: the ledger did not answer. */
  | { readonly decision: 'later'; readonly says: string };

async function judge(asked: GuardRequest, runner: RunnerItem, ports: GuardPorts): Promise<Judged> {
  const pool = ports.settings.pools.find(({ name }) => name === runner.pool);
  if (pool === undefined) return deny('label-unknown', `the pool ${runner.pool} is no longer configured`);
  const run = await ports.ledger.read('run', `${asked.runId}.${asked.runAttempt}`);
  if (!run.ok) return LATER;
  const bound = runner.job === null ? undefined : await ports.ledger.read('job', runner.job);
  if (bound !== undefined && !bound.ok) return LATER;
  const ground = groundOf(asked, { run: run.value, job: bound?.value, pool });
  if (ground.do === 'deny') return deny(ground.reason, ground.says);
  if (ground.do === 'wait') return { decision: 'later', says: ground.says };
  if (ground.do === 'trust') return { decision: 'allow' };
  return judgeOnFacts(asked, { runner, pool, ground, known: run.value }, ports);
}

const LATER: Judged = { decision: 'later', says: 'the ledger does not answer' };
const deny = (reason: Reason, says: string): Judged => ({ decision: 'deny', reason, says });

interface Case {
  readonly runner: RunnerItem;
  readonly pool: Pool;
  readonly ground: Extract<Ground, { do: 'ask' }>;
  readonly known: RunItem | undefined;
}

/** The run's own facts, with the workflow file at the very commit that runs: here alone it is known exactly. */
async function judgeOnFacts(asked: GuardRequest, about: Case, ports: GuardPorts): Promise<Judged> {
  const { runner, pool, ground } = about;
  const { installationId, owner } = runner.target;
  const scope: Scope = { installationId, owner, repository: asked.repository.split('/')[1] ?? null };
  const run = await factsOf(asked, about, scope, ports);
  if (run === undefined) return { decision: 'later', says: 'GitHub does not answer' };
  if (run === null) return deny('run-unknown', 'GitHub does not know the run');
  const odd = disagreement(asked, run);
  if (odd !== undefined) return deny('guard-mismatch', odd);
  const names = new Set(GATHERED.filter((name) => factsNeeded(pool).has(name)));
  const environment = ground.job?.environment ?? null;
  const wish = { names, run, environment, workflowSha: asked.workflowSha };
  const gathered = names.size === 0 ? undefined : await ports.github.facts(scope, asked.repository, wish);
  if (gathered !== undefined && !gathered.ok) return { decision: 'later', says: 'GitHub does not answer' };
  const at = ports.clock.now();
  const facts = claimedFacts({ run, job: ground.job, pool, runner, at }, gathered?.value.facts ?? {});
  if (facts === undefined) return deny('run-unknown', 'GitHub does not say whose run it is');
  const decision = decide(facts, pool, ports.settings);
  const says = decision.rules.find(({ verdict }) => verdict === decision.verdict)?.says ?? '';
  if (decision.verdict === 'allow') return { decision: 'allow' };
  if (decision.verdict === 'hold') return { decision: 'later', says };
  return deny(decision.reason ?? 'fact-unreachable', says);
}

/** Undefined: they cannot be had now. Null: GitHub knows no such run. */
async function factsOf(
  asked: GuardRequest,
  { known }: Case,
  scope: Scope,
  ports: GuardPorts,
): Promise<RunFacts | null | undefined> {
  if (known?.facts?.repository !== undefined) return known.facts;
  const found = await ports.github.run(scope, asked.repository, asked.runId);
  return found.ok ? (found.value ?? null) : undefined;
}

interface About {
  readonly asked: GuardRequest;
  readonly runner: RunnerItem;
}

/** What is allowed is written on the runner before the job goes on; what is denied is cancelled, so that a person sees it. */
async function conclude(judged: Judged, about: About, ports: GuardPorts): Promise<GuardReply> {
  const { asked, runner } = about;
  const { runId, runAttempt } = asked;
  const fields = { instanceId: runner.instanceId, runId, repository: asked.repository };
  if (judged.decision === 'later') {
    ports.journal.say('guard-later', { ...fields, says: judged.says });
    return reply('later', judged.says);
  }
  const act = { now: ports.clock.now(), by: 'guard' as const };
  if (judged.decision === 'allow') {
    const marked = await amend(
      ports.ledger,
      { kind: 'runner', id: runner.instanceId, known: runner },
      (item) =>
        item === undefined
          ? undefined
          : guarded(item, { runId, runAttempt }, { ...act, reason: 'guard-allowed' }),
    );
    if (!marked.ok) return OUTAGE;
    ports.journal.count('GuardAllowed', { pool: runner.pool });
    return reply('allow', 'admitted');
  }
  ports.journal.warn('guard-denied', { ...fields, reason: judged.reason, says: judged.says });
  ports.journal.count('GuardDenied', { pool: runner.pool, reason: judged.reason });
  await amend(ports.ledger, { kind: 'runner', id: runner.instanceId }, (item) =>
    item === undefined ? undefined : guarded(item, null, { ...act, reason: 'guard-denied' }),
  );
  // The App may lack the permission, or the run be over: the machine powers off all the same.
  const scope: Scope = { ...runner.target, repository: asked.repository.split('/')[1] ?? null };
  const cancelled = await ports.github.cancelRun(scope, asked.repository, runId);
  ports.journal.say('guard-cancelled', {
    ...fields,
    answer: cancelled.ok ? cancelled.value : cancelled.fault.code,
  });
  return reply('deny', judged.says === '' ? judged.reason : judged.says);
}
