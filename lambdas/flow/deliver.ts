import { CLAIM_GONE } from '../contracts/claim.ts';
import type { RunnerItem, Target } from '../contracts/ledger.ts';
import type { Reason } from '../contracts/reasons.ts';
import { PROTOCOL_VERSION } from '../contracts/text.ts';
import { type Assignment, assign } from '../core/assign.ts';
import { freshPool, heldBack } from '../core/breaker.ts';
import { runnerName, waitsForMetadata } from '../core/claim.ts';
import { targetOf } from '../core/group.ts';
import { sha256 } from '../core/hash.ts';
import { BUDGET, closed, freshBudget, MINT_BUCKET, redeem } from '../core/pacing.ts';
import { delivered, endWanted, fenced, registered, released } from '../core/runner.ts';
import type { Minted, Scope } from '../ports/github.ts';
import type { Outcome } from '../ports/outcome.ts';
import { amend } from './amend.ts';
import type { ClaimAnswer, ClaimPorts } from './answer-claim.ts';
import { later } from './answer-claim.ts';

/** Asked again while an earlier rank may still claim, or after somebody else's write. */
const RANK_RETRY_MS = 5_000;
/** Open jobs and runners of one shape that one claim looks at; the ranks beyond are told to come later. */
const DEMAND_MAX = 10_000;
/** EC2 applies a metadata change within 1–5 s; the function's time limit (20 s) bounds the wait. */
const METADATA_WAIT_MS = 8_000;
const METADATA_POLL_MS = 1_000;

/** From a proved claim to its one answer. `runner` is as it was just written. */
export async function deliver(runner: RunnerItem, ports: ClaimPorts): Promise<ClaimAnswer> {
  const demand = await ports.ledger.demand({ shape: runner.shape, max: DEMAND_MAX });
  if (!demand.ok) return later(RANK_RETRY_MS);
  const me = { instanceId: runner.instanceId, group: runner.intent.group, launchedAt: runner.at.launched };
  const assignment = assign(me, demand.value.hints);
  if (assignment.do === 'later') return wait(RANK_RETRY_MS, runner, ports);
  if (assignment.do === 'gone') return sendAway(runner, ports);
  const place = await placeFor(runner, assignment, ports);
  if (place === undefined) return wait(RANK_RETRY_MS, runner, ports);
  if (!(await isSafeToRetry(runner, ports))) return wait(RANK_RETRY_MS, runner, ports);
  const token = await drawMint(place.target.installationId, ports);
  if (token > 0) return wait(token, runner, ports);
  return mintUnderFence(runner, place, ports);
}

/** A try before this one came to nothing: its endpoint may never close, and each name costs GitHub ten points. Look first. */
async function isSafeToRetry(runner: RunnerItem, ports: ClaimPorts): Promise<boolean> {
  if (runner.registrations.length === 0) return true;
  return isMetadataLocked(runner, await ports.instances.disableMetadata(runner.instanceId), ports);
}

function wait(retryAfterMs: number, runner: RunnerItem, ports: ClaimPorts): ClaimAnswer {
  ports.journal.count('ClaimLater', { pool: runner.pool });
  return later(retryAfterMs);
}

/**
 * Runners that did claim cover every open job: the instance powers off. Believed only from the second claim on, seconds
 * later: the index that says so may lag behind a job that was just admitted.
 */
async function sendAway(runner: RunnerItem, ports: ClaimPorts): Promise<ClaimAnswer> {
  if (runner.claim.attempts < 2) return wait(RANK_RETRY_MS, runner, ports);
  return end(runner, 'not-needed', ports);
}

/** 410: the decision is written first, and the instance powers off. */
async function end(runner: RunnerItem, reason: Reason, ports: ClaimPorts): Promise<ClaimAnswer> {
  const act = { now: ports.clock.now(), by: 'claim' as const, reason };
  const ending = await writeNext(runner, endWanted(runner, act), ports);
  if (ending === undefined) return later(RANK_RETRY_MS);
  ports.journal.count('ClaimGone', { pool: runner.pool });
  return { statusCode: 410, body: CLAIM_GONE };
}

interface Destination {
  readonly group: string;
  readonly target: Target;
}

/** Where the registration goes: the runner's own group, or the one of the starving job that it switches to. */
async function placeFor(
  runner: RunnerItem,
  assignment: Extract<Assignment, { do: 'mint' | 'switch' }>,
  ports: ClaimPorts,
): Promise<Destination | undefined> {
  if (assignment.do === 'mint') return { group: runner.intent.group, target: runner.target };
  const job = await ports.ledger.read('job', assignment.job);
  const pool = ports.settings.pools.find(({ name }) => name === runner.pool);
  if (
    !job.ok ||
    pool === undefined ||
    job.value?.group !== assignment.group ||
    job.value.installationId === null
  ) {
    return undefined;
  }
  const { installationId } = job.value;
  const target = targetOf(ports.settings, pool, { ...job.value, installationId });
  return mayMoveTo(target, runner) ? { group: assignment.group, target } : undefined;
}

/** Names are looked for in the runner's own scope: it leaves that scope only once none of its names can stand there. */
const mayMoveTo = (target: Target, { target: own, registrations }: RunnerItem): boolean =>
  registrations.every(({ state }) => state === 'gone') ||
  (target.installationId === own.installationId &&
    target.owner === own.owner &&
    target.repository === own.repository);

/** Milliseconds to wait for a token of the installation's budget; 0 when one was drawn. */
async function drawMint(installationId: string, ports: ClaimPorts): Promise<number> {
  const name = BUDGET.mint(installationId);
  let waitMs = RANK_RETRY_MS;
  const drawn = await amend(ports.ledger, { kind: 'budget', id: name }, (item) => {
    const now = ports.clock.now();
    const budget = item ?? freshBudget(name, MINT_BUCKET, now);
    const grant = redeem(budget, MINT_BUCKET, now);
    waitMs = grant.granted > 0 ? 0 : Math.max(1_000, grant.retryAfterMs);
    return grant.granted > 0 ? grant.budget : budget;
  });
  return drawn.ok ? waitMs : RANK_RETRY_MS;
}

/**
 * The fence and the fresh name are written before GitHub is asked; GitHub's id before anything else; `delivered` last,
 * by the holder of the fence alone. Only after that write may the answer leave.
 */
async function mintUnderFence(
  runner: RunnerItem,
  place: Destination,
  ports: ClaimPorts,
): Promise<ClaimAnswer> {
  const { dice, clock, home, instances } = ports;
  const name = runnerName(home.stackId, runner.instanceId, dice.letters(4));
  const fence = dice.letters(16);
  const act = { now: clock.now(), by: 'claim' as const };
  const held = await writeNext(runner, fenced(runner, { ...place, fence, name }, act), ports);
  if (held === undefined) return later(RANK_RETRY_MS);
  const scope: Scope = { ...place.target };
  const [locking, minted] = await Promise.all([
    instances.disableMetadata(runner.instanceId),
    ports.github.mint({
      scope,
      name,
      labels: place.target.labels,
      runnerGroupId: place.target.runnerGroupId,
    }),
  ]);
  if (!minted.ok) return mintFailed(held, minted, ports);
  const known = await writeNext(held, registered(held, name, minted.value.runnerId), ports);
  if (known === undefined) return later(RANK_RETRY_MS);
  const isLocked = await isMetadataLocked(known, locking, ports);
  if (!isLocked) return giveBack(known, 'metadata-open', RANK_RETRY_MS, ports);
  return handOver(known, { name, minted: minted.value }, ports);
}

/** The item as written, or undefined when it was not ours to write any more. */
async function writeNext(
  from: RunnerItem,
  next: RunnerItem,
  ports: ClaimPorts,
): Promise<RunnerItem | undefined> {
  const written = await ports.ledger.write({ ...next, rev: from.rev });
  return written.ok && written.value !== 'stale' ? { ...next, rev: from.rev + 1 } : undefined;
}

async function mintFailed(
  held: RunnerItem,
  minted: Outcome<Minted>,
  ports: ClaimPorts,
): Promise<ClaimAnswer> {
  if (minted.ok) return later(RANK_RETRY_MS);
  const { fault } = minted;
  ports.journal.warn('registration-failed', {
    instanceId: held.instanceId,
    code: fault.code,
    kind: fault.kind,
  });
  if (fault.kind === 'busy') {
    await closeBudget(held.target.installationId, fault.retryAfterMs, ports);
    return giveBack(held, 'registration-busy', fault.retryAfterMs, ports);
  }
  const isUnknown = fault.kind === 'unsure' || fault.code === 'name-taken';
  if (isUnknown) return giveBack(held, 'registration-unsure', RANK_RETRY_MS, ports);
  return refuseRegistration(held, ports);
}

/** GitHub will not register for this pool: asking again burns money. The pool is held, with an alarm, and probed. */
async function refuseRegistration(held: RunnerItem, ports: ClaimPorts): Promise<ClaimAnswer> {
  const { pool } = held;
  ports.journal.warn('registration-refused', { pool, instanceId: held.instanceId });
  await amend(ports.ledger, { kind: 'pool', id: pool }, (item) =>
    heldBack(item ?? freshPool(pool), 'registration-refused', ports.clock.now()),
  );
  return end(
    released(held, { now: ports.clock.now(), by: 'claim', reason: 'registration-refused' }),
    'registration-refused',
    ports,
  );
}

/** GitHub asked for a pause: every container honours it, through the ledger. */
async function closeBudget(installationId: string, pauseMs: number, ports: ClaimPorts): Promise<void> {
  const name = BUDGET.mint(installationId);
  await amend(ports.ledger, { kind: 'budget', id: name }, (item) => {
    const now = ports.clock.now();
    return closed(item ?? freshBudget(name, MINT_BUCKET, now), now + pauseMs);
  });
}

/** Ends a claim without delivery: the name is doomed, the fence given back, the agent asks again. */
async function giveBack(
  held: RunnerItem,
  reason: Reason,
  retryMs: number,
  ports: ClaimPorts,
): Promise<ClaimAnswer> {
  await writeNext(held, released(held, { now: ports.clock.now(), by: 'claim', reason }), ports);
  return wait(retryMs, held, ports);
}

/** Where it matters, the answer waits until EC2 has applied the change: a job that can be root flushes any firewall. */
async function isMetadataLocked(
  runner: RunnerItem,
  locking: Outcome<'pending' | 'applied' | 'unseen'>,
  ports: ClaimPorts,
): Promise<boolean> {
  if (!waitsForMetadata(runner.rules.hardening)) return locking.ok && locking.value !== 'unseen';
  let state = locking;
  for (let waited = 0; waited < METADATA_WAIT_MS; waited += METADATA_POLL_MS) {
    if (state.ok && state.value === 'applied') return true;
    await ports.clock.sleep(METADATA_POLL_MS);
    state =
      state.ok && state.value === 'pending'
        ? await ports.instances.metadataState(runner.instanceId)
        : await ports.instances.disableMetadata(runner.instanceId);
  }
  return state.ok && state.value === 'applied';
}

async function handOver(
  held: RunnerItem,
  what: { readonly name: string; readonly minted: Minted },
  ports: ClaimPorts,
): Promise<ClaimAnswer> {
  const reportToken = ports.dice.secret();
  const act = { now: ports.clock.now(), by: 'claim' as const };
  const written = await writeNext(held, delivered(held, sha256(reportToken), act), ports);
  if (written === undefined) {
    ports.journal.count('SecondDelivery', { pool: held.pool });
    return later(RANK_RETRY_MS);
  }
  ports.journal.count('ClaimGranted', { pool: held.pool });
  ports.journal.say('claim-granted', { instanceId: held.instanceId, runner: what.name, pool: held.pool });
  return {
    statusCode: 200,
    body: {
      protocolVersion: PROTOCOL_VERSION,
      runnerName: what.name,
      jit: what.minted.jit,
      rules: held.rules,
      reportUrl: ports.reportUrl,
      guardUrl: ports.guardUrl,
      reportToken,
    },
  };
}
