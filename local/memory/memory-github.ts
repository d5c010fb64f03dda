import { createAppJwt, createAppTokens } from '../../lambdas/adapters/app-tokens.ts';
import { faultOfAnswer } from '../../lambdas/adapters/github-faults.ts';
import type { Call, Send } from '../../lambdas/adapters/github-request.ts';
import { createGitHubRest } from '../../lambdas/adapters/github-rest.ts';
import type { Clock, Dice } from '../../lambdas/ports/clock.ts';
import type { GitHub } from '../../lambdas/ports/github.ts';
import { done, failed } from '../../lambdas/ports/outcome.ts';
import { etagOf } from '../github/api.ts';
import type { GitHubModel } from '../github/model.ts';
import { createSeededDice } from './seeded-dice.ts';
import { type TroublePlan, underPlan } from './trouble.ts';

export interface MemoryGitHubOptions {
  readonly model: Pick<GitHubModel, 'request'>;
  readonly clock: Clock;
  /** Asked with `github.mint`, `github.deregister` and so on. */
  readonly trouble?: TroublePlan;
  /** Left out: the same draws for each container, which then make the same App tokens within one second. */
  readonly dice?: Dice;
}

/**
 * The GitHub port over the GitHub model, by the very code that speaks to GitHub, tokens included; only HTTP and the App's
 * signature are left out. Each one made stands for a container: it keeps its own tokens.
 */
export function createMemoryGitHub({ model, clock, trouble, dice }: MemoryGitHubOptions): GitHub {
  const send = sendTo(model, clock);
  const app = async () => done({ appId: '1', apiUrl: 'https://github.invalid', keySlot: 'a' } as const);
  const sign = async () => done(new Uint8Array());
  const parts = { app, sign, send, clock, dice: dice ?? createSeededDice('memory-github') };
  const port = createGitHubRest({ app, send, tokens: createAppTokens(parts), jwt: createAppJwt(parts) });
  return {
    mint: (request) => underPlan(trouble, 'github.mint', () => port.mint(request)),
    deregister: (scope, id) => underPlan(trouble, 'github.deregister', () => port.deregister(scope, id)),
    findRunner: (scope, name) => underPlan(trouble, 'github.findRunner', () => port.findRunner(scope, name)),
    listRunners: (scope) => underPlan(trouble, 'github.listRunners', () => port.listRunners(scope)),
    run: (scope, name, id) => underPlan(trouble, 'github.run', () => port.run(scope, name, id)),
    job: (scope, name, id) => underPlan(trouble, 'github.job', () => port.job(scope, name, id)),
    runJobs: (scope, name, run) => underPlan(trouble, 'github.runJobs', () => port.runJobs(scope, name, run)),
    cancelRun: (scope, name, id) =>
      underPlan(trouble, 'github.cancelRun', () => port.cancelRun(scope, name, id)),
    openRuns: (scope, name, status) =>
      underPlan(trouble, 'github.openRuns', () => port.openRuns(scope, name, status)),
    repositories: (id) => underPlan(trouble, 'github.repositories', () => port.repositories(id)),
    installations: () => underPlan(trouble, 'github.installations', () => port.installations()),
    installationOf: (name) => underPlan(trouble, 'github.installationOf', () => port.installationOf(name)),
    deliveries: (page) => underPlan(trouble, 'github.deliveries', () => port.deliveries(page)),
    redeliver: (id) => underPlan(trouble, 'github.redeliver', () => port.redeliver(id)),
    facts: (scope, name, wish) => underPlan(trouble, 'github.facts', () => port.facts(scope, name, wish)),
  };
}

/** The wire: what HTTP would carry, handed to the model. A JWT is taken for the App's without a look at its signature. */
const sendTo =
  (model: Pick<GitHubModel, 'request'>, clock: Pick<Clock, 'now'>): Send =>
  async (call) => {
    const now = clock.now();
    const who = call.authorization.startsWith('Bearer ')
      ? { caller: { kind: 'app' } as const }
      : { headers: { authorization: call.authorization } };
    const known = call.etag === undefined ? {} : { 'if-none-match': call.etag };
    const request = {
      ...onTheWire(call),
      ...who,
      headers: { ...known, ...('headers' in who ? who.headers : {}) },
    };
    const { status, headers, body } = model.request(request, now);
    // The tag costs a hash: only where somebody compares it.
    const tag =
      status === 200 && call.url.endsWith('/jobs') ? { etag: etagOf({ status, headers, body }) } : {};
    const answer = { status, headers: { ...headers, ...tag }, data: body };
    if (status < 400) return done(answer);
    return failed(faultOfAnswer(answer, call.method === 'GET' ? 'read' : 'write', now));
  };

/** The template filled in; what is left becomes the query of a GET or the body of a write. */
function onTheWire({ method, url, parameters }: Call) {
  const inPath = new Set<string>();
  const path = url.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    inPath.add(name);
    return encodeURIComponent(String(parameters[name]));
  });
  const rest = Object.entries(parameters).filter(([name]) => !inPath.has(name));
  if (method !== 'GET') return { method, path, body: Object.fromEntries(rest) };
  const query = new URLSearchParams(rest.map(([name, value]): [string, string] => [name, String(value)]));
  return { method, path: `${path}?${query}` };
}
