import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decideClaim, newClaimTrack } from '../../../images/agent/decide-claim.ts';
import type { HttpAnswer } from '../../../images/agent/http.ts';
import { agentSettings } from '../../../images/agent/settings.ts';
import { CANARY, granted, json, world } from './fakes.ts';

const claims = (w: ReturnType<typeof world>) => w.requests.filter((r) => r.url === 'https://claim.example/');

describe('the answers to a claim', () => {
  it('429 is asked again after its wait, with the same words', async () => {
    const w = world({
      claim: (tries) => (tries < 3 ? json(429, { retryAfterMs: 8_000 }) : json(200, granted)),
    });
    await w.run();
    expect(new Set(claims(w).map((r) => r.body)).size).toBe(1);
    expect(claims(w)).toHaveLength(3);
    expect(w.events).toContain('start');
    expect(w.logs.filter((l) => l.includes('claim-again'))).toEqual([
      '{"event":"claim-again","status":429,"afterMs":9000}',
      '{"event":"claim-again","status":429,"afterMs":9000}',
    ]);
  });

  it('429 without end is given up after ten minutes', async () => {
    const w = world({ claim: () => json(429, { retryAfterMs: 20_000 }) });
    await w.run();
    expect(w.events).toEqual(['power-off']);
    expect(w.clock.elapsed()).toBeGreaterThanOrEqual(600_000);
    expect(w.clock.elapsed()).toBeLessThan(630_000);
  });

  it('410 powers off at once and reports nothing', async () => {
    const w = world({ claim: () => json(410, { gone: true }) });
    await w.run();
    expect(w.events).toEqual(['power-off']);
    expect(w.clock.elapsed()).toBe(0);
    expect(claims(w)).toHaveLength(1);
  });

  it('403 is asked again for 90 s, since the ledger may be late', async () => {
    const late = world({ claim: (tries) => (tries < 4 ? json(403, { refused: true }) : json(200, granted)) });
    await late.run();
    expect(late.events).toContain('start');
    const never = world({ claim: () => json(403, { refused: true }) });
    await never.run();
    expect(never.events).toEqual(['power-off']);
    expect(never.clock.elapsed()).toBeGreaterThanOrEqual(90_000);
    expect(never.clock.elapsed()).toBeLessThan(110_000);
    expect(claims(never).length).toBeLessThan(20);
  });

  it.each([
    ['no answer', undefined],
    ['502', json(502, {})],
    ['404', json(404, {})],
    ['a 429 without a wait', json(429, {})],
  ])('%s is asked again for five minutes', async (_name, answer: HttpAnswer | undefined) => {
    const passing = world({ claim: (tries) => (tries < 4 ? answer : json(200, granted)) });
    await passing.run();
    expect(passing.events).toContain('start');
    const lasting = world({ claim: () => answer });
    await lasting.run();
    expect(lasting.events).toEqual(['power-off']);
    expect(lasting.clock.elapsed()).toBeGreaterThanOrEqual(300_000);
    expect(lasting.clock.elapsed()).toBeLessThan(330_000);
  });

  it.each([
    ['is no JSON', { status: 200, body: `{${CANARY}` }],
    ['names another file', json(200, { ...granted, jit: { ...granted.jit, '../x': 'e30=' } })],
    ['lacks a rule', json(200, { ...granted, rules: {} })],
  ])('a delivery that %s ends the machine, which is not asked for again', async (_name, answer) => {
    const w = world({ claim: () => answer });
    await w.run();
    expect(w.events).toEqual(['power-off']);
    expect(claims(w)).toHaveLength(1);
    expect(w.logs.join()).not.toContain(CANARY);
  });

  it('a claim is given up when the machine is going down', async () => {
    const w = world({
      claim: () => {
        w.halt.abort();
        return json(403, { refused: true });
      },
    });
    await w.run();
    expect(w.events).toEqual(['power-off']);
    expect(claims(w)).toHaveLength(1);
  });
});

describe('decideClaim', () => {
  const limits = agentSettings.parse({ runnerRoot: '/r', listener: ['l'], metadataLock: null }).timings;
  const answers = fc.constantFrom<HttpAnswer | undefined>(
    undefined,
    json(500, {}),
    json(403, {}),
    json(429, { retryAfterMs: 1 }),
    json(429, { retryAfterMs: 120_000 }),
  );

  it('ends by itself under any answers and any clock, and never hurries', () => {
    const moment = fc.record({ answer: answers, leapMs: fc.integer({ min: -5_000, max: 5_000 }) });
    fc.assert(
      fc.property(
        fc.array(moment, { minLength: 1 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (script, fraction) => {
          let now = 0;
          let track = newClaimTrack(now);
          for (let tries = 0; tries < 1_200; tries += 1) {
            const at = script[tries % script.length];
            const step = decideClaim(track, at?.answer, { now, fraction, limits });
            if (step.do !== 'ask-again') return true;
            expect(step.afterMs).toBeGreaterThanOrEqual(500);
            now += step.afterMs + (at?.leapMs ?? 0);
            track = step.track;
          }
          return false;
        },
      ),
      { numRuns: 50 },
    );
  });

  it('does not give up over one leap of the clock while the machine boots', () => {
    const first = decideClaim(newClaimTrack(0), undefined, { now: 0, fraction: 0, limits });
    if (first.do !== 'ask-again') throw new Error('want another try');
    const second = decideClaim(first.track, undefined, { now: 86_400_000, fraction: 0, limits });
    expect(second.do).toBe('ask-again');
  });
});
