import { describe, expect, it } from '@jest/globals';
import { decideGuard, questionOf } from '../../../images/agent/decide-guard.ts';
import type { GateAnswer } from '../../../images/agent/host.ts';
import {
  HOOK_LINE,
  INSTANCE_ID,
  json,
  type ListenerScript,
  TOKEN,
  type WorldOptions,
  world,
} from './fakes.ts';

const AT = { tries: 1, spentMs: 0, maxMs: 60_000, fraction: 0.5 };
const ALLOW = json(200, { decision: 'allow', reason: 'admitted' });
const DENY = json(200, { decision: 'deny', reason: 'the code comes from a fork' });
const LATER = json(200, { decision: 'later', reason: 'not known yet' });

describe('an answer of the guard', () => {
  it.each([
    ['a yes', ALLOW, { do: 'allow' }],
    ['a no', DENY, { do: 'deny', why: 'the code comes from a fork' }],
    ['not yet', LATER, { do: 'ask-again' }],
    ['no answer', undefined, { do: 'ask-again' }],
    ['too many requests', json(429, {}), { do: 'ask-again' }],
    ['an outage', json(503, { decision: 'later', reason: '' }), { do: 'ask-again' }],
    ['a refusal, since the ledger may be late', json(403, { refused: true }), { do: 'ask-again' }],
    ['an error with a yes in it', json(500, { decision: 'allow', reason: '' }), { do: 'ask-again' }],
    ['something else', json(200, { decision: 'maybe', reason: '' }), { do: 'ask-again' }],
    ['no JSON', { status: 200, body: 'allow' }, { do: 'ask-again' }],
  ])('that is %s is taken for what it is', (_what, answer, step) => {
    expect(decideGuard(answer, AT)).toMatchObject(step);
  });

  it('that is no clear yes at the deadline is a no', () => {
    const late = { ...AT, tries: 20, spentMs: 59_000 };
    expect(decideGuard(undefined, late)).toEqual({ do: 'deny', why: 'no decision within 60 s (no answer)' });
    expect(decideGuard(json(503, {}), late)).toEqual({
      do: 'deny',
      why: 'no decision within 60 s (answer 503)',
    });
    expect(decideGuard(LATER, late)).toEqual({ do: 'deny', why: 'no decision within 60 s (not known yet)' });
    expect(decideGuard(ALLOW, late)).toEqual({ do: 'allow' });
  });
});

describe('the line of the hook', () => {
  it('becomes a question about this runner', () => {
    expect(questionOf(HOOK_LINE, INSTANCE_ID)).toEqual({
      protocolVersion: 1,
      instanceId: INSTANCE_ID,
      repository: 'acme/app',
      repositoryId: '7',
      runId: '10',
      runAttempt: 1,
      workflowRef: 'acme/app/.github/workflows/ci.yml@refs/heads/main',
      workflowSha: 'a'.repeat(40),
      event: 'push',
      actor: 'ann',
    });
  });

  it.each(['', '{}', 'null', '[]', '{"GITHUB_RUN_ID": 10}'])('that reads %j is no question', (line) => {
    expect(questionOf(line, INSTANCE_ID)).toBeUndefined();
  });
});

/** A Listener whose job asks by its hook, and whose steps run only if the hook lets them. */
function hooked(line?: string) {
  const heard: GateAnswer[] = [];
  const steps: string[] = [];
  const listener: ListenerScript = async ({ sign, end, startWorker, hook, clock }) => {
    sign('listening');
    sign('job-taken');
    startWorker();
    const answer = await hook(line);
    heard.push(answer);
    // The real hook blocks for ever on a no.
    if (!answer.allow) return;
    steps.push('step');
    await clock.sleep(5_000);
    sign('job-done');
    end(0);
  };
  return { listener, heard, steps };
}

const lifeWith = async (guard: WorldOptions['guard'], line?: string) => {
  const { listener, heard, steps } = hooked(line);
  const life = world({ listener, ...(guard && { guard }) });
  await life.run();
  return { life, heard, steps };
};

describe('the job-started check', () => {
  it('opens the gate before any Listener can have a job', async () => {
    const { life } = await lifeWith(undefined);
    expect(life.events.indexOf('gate')).toBeGreaterThan(-1);
    expect(life.events.indexOf('gate')).toBeLessThan(life.events.indexOf('start'));
  });

  it('asks with the token of this runner, and lets an admitted job go on', async () => {
    const { life, steps } = await lifeWith(() => ALLOW);
    expect(steps).toEqual(['step']);
    const [asked] = life.requests.filter(({ url }) => url.startsWith('https://guard.example'));
    expect(asked?.headers?.['authorization']).toBe(`Bearer ${TOKEN}`);
    expect(life.reports('final')).toMatchObject([{ verdict: 'ran' }]);
  });

  it('powers off 3 s after a denial, without a step and without asking the Listener', async () => {
    const { life, heard, steps } = await lifeWith(() => DENY);
    expect(steps).toEqual([]);
    expect(heard).toEqual([{ allow: false, why: 'the code comes from a fork' }]);
    expect(life.events.at(-1)).toBe('power-off');
    expect(life.events).not.toContain('stop');
    expect(life.clock.elapsed()).toBe(3_000);
    expect(life.reports('final')).toMatchObject([{ verdict: 'denied', note: 'the code comes from a fork' }]);
  });

  it.each([
    ['no answer', () => undefined],
    ['errors', () => json(502, {})],
    ['throttling', () => json(429, {})],
    ['a guard that does not know yet', () => LATER],
  ])('lives through an outage of 50 s (%s): the job is not harmed', async (_what, trouble) => {
    const { listener, steps } = hooked();
    const life = world({ listener, guard: () => (life.clock.elapsed() < 50_000 ? trouble() : ALLOW) });
    await life.run();
    expect(steps).toEqual(['step']);
    expect(life.reports('final')).toMatchObject([{ verdict: 'ran' }]);
  });

  it('denies when nobody decides within a minute', async () => {
    const { life, steps } = await lifeWith(() => undefined);
    expect(steps).toEqual([]);
    expect(life.reports('final')).toMatchObject([{ verdict: 'denied' }]);
    expect(life.clock.elapsed()).toBeLessThanOrEqual(63_000);
  });

  it('denies what it cannot read', async () => {
    const { steps, heard } = await lifeWith(() => ALLOW, 'no JSON');
    expect(steps).toEqual([]);
    expect(heard[0]?.allow).toBe(false);
  });

  it('decides once: who asks again hears the same, whatever it says', async () => {
    const heard: GateAnswer[] = [];
    const listener: ListenerScript = async ({ sign, end, startWorker, hook }) => {
      sign('listening');
      startWorker();
      heard.push(await hook());
      heard.push(await hook('no JSON'), await hook(HOOK_LINE.replace('acme/app', 'mallory/app')));
      end(0);
    };
    const life = world({ listener, guard: () => ALLOW });
    await life.run();
    expect(heard.map(({ allow }) => allow)).toEqual([true, true, true]);
    expect(life.requests.filter(({ url }) => url.startsWith('https://guard.example'))).toHaveLength(1);
  });

  it('asks nothing where the control plane has no guard yet', async () => {
    const { listener, steps } = hooked();
    const { granted } = await import('./fakes.ts');
    const life = world({ listener, claim: () => json(200, { ...granted, guardUrl: null }) });
    await life.run();
    expect(steps).toEqual(['step']);
  });
});
