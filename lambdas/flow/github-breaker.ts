import { closed, freshBudget } from '../core/pacing.ts';
import type { Clock } from '../ports/clock.ts';
import type { GitHub, Scope } from '../ports/github.ts';
import type { Ledger } from '../ports/ledger.ts';
import { failed, type Outcome } from '../ports/outcome.ts';
import { amend } from './amend.ts';

/** A container looks at the ledger this often: so long it may go on calling after another was told to stop. */
const KNOWN_FOR_MS = 10_000;
/** Only `closedUntil` of the item counts; nothing is drawn from it. */
const NO_TOKENS = { capacity: 1, perSecond: 1 };
/** Installations whose state one container remembers; the oldest goes first. */
const KEPT_MAX = 200;
/** Key of calls that the App makes for itself. */
const APP = 'app';

const LIMITS: readonly string[] = ['rate-limit', 'token-rate-limit'];

export const breakerName = (key: string): string => `github.${key}`;

/** What one container knows of each key; it outlives its invocations. */
export type BreakerMemory = Map<string, Known>;

interface Known {
  readonly closedUntil: number;
  readonly at: number;
}

export interface BreakerParts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly known?: BreakerMemory;
}

/**
 * GitHub, silent while GitHub asked for silence. One limit, primary or secondary, met by one function stops the calls of
 * all: GitHub counts them together, and calling on is what it bans an App for. A ledger that does not answer stops nothing.
 */
export function withBreaker(github: GitHub, { ledger, clock, known = new Map() }: BreakerParts): GitHub {
  const remember = (key: string, closedUntil: number): number => {
    known.delete(key);
    known.set(key, { closedUntil, at: clock.now() });
    for (const oldest of [...known.keys()].slice(0, Math.max(0, known.size - KEPT_MAX))) known.delete(oldest);
    return closedUntil;
  };
  const closedUntil = async (key: string): Promise<number> => {
    const copy = known.get(key);
    if (copy !== undefined && (clock.now() < copy.closedUntil || clock.now() - copy.at < KNOWN_FOR_MS))
      return copy.closedUntil;
    const read = await ledger.read('budget', breakerName(key));
    return read.ok ? remember(key, read.value?.closedUntil ?? 0) : 0;
  };
  const close = async (key: string, until: number): Promise<void> => {
    remember(key, until);
    const name = breakerName(key);
    await amend(ledger, { kind: 'budget', id: name }, (item) =>
      closed(item ?? freshBudget(name, NO_TOKENS, clock.now()), until),
    );
  };
  const guarded = async <T>(key: string, call: () => Promise<Outcome<T>>): Promise<Outcome<T>> => {
    const pauseMs = (await closedUntil(key)) - clock.now();
    if (pauseMs > 0) return failed({ kind: 'busy', code: 'rate-limit', retryAfterMs: pauseMs });
    const answer = await call();
    if (answer.ok || answer.fault.kind !== 'busy') return answer;
    const until = clock.now() + answer.fault.retryAfterMs;
    // The limit that a token met is the App's own; without one no call of the installation can be made either.
    if (answer.fault.code === 'token-rate-limit') await close(APP, until);
    if (LIMITS.includes(answer.fault.code)) await close(key, until);
    return answer;
  };
  const of = <T>({ installationId }: Pick<Scope, 'installationId'>, call: () => Promise<Outcome<T>>) =>
    guarded(installationId, call);

  return {
    mint: (request) => of(request.scope, () => github.mint(request)),
    deregister: (scope, id) => of(scope, () => github.deregister(scope, id)),
    findRunner: (scope, name) => of(scope, () => github.findRunner(scope, name)),
    listRunners: (scope) => of(scope, () => github.listRunners(scope)),
    run: (scope, name, id) => of(scope, () => github.run(scope, name, id)),
    job: (scope, name, id) => of(scope, () => github.job(scope, name, id)),
    runJobs: (scope, name, run) => of(scope, () => github.runJobs(scope, name, run)),
    cancelRun: (scope, name, id) => of(scope, () => github.cancelRun(scope, name, id)),
    openRuns: (scope, name, status) => of(scope, () => github.openRuns(scope, name, status)),
    facts: (scope, name, wish) => of(scope, () => github.facts(scope, name, wish)),
    repositories: (installationId) => of({ installationId }, () => github.repositories(installationId)),
    installations: () => guarded(APP, () => github.installations()),
    installationOf: (name) => guarded(APP, () => github.installationOf(name)),
    deliveries: (page) => guarded(APP, () => github.deliveries(page)),
    redeliver: (id) => guarded(APP, () => github.redeliver(id)),
  };
}
