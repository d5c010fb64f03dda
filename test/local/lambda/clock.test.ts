import { describe, expect, it } from '@jest/globals';
import { clockEnvironment, createClock } from '../../../local/clock.ts';

describe('createClock', () => {
  it('maps real to virtual time from the moment at which both are equal', () => {
    const clock = createClock({ epochMs: 1_000_000, speed: 20 });
    expect([1_000_000, 1_000_050, 999_990].map(clock.virtualOf)).toEqual([1_000_000, 1_001_000, 999_800]);
    expect([60_000, 0, -5].map(clock.realDelay)).toEqual([3_000, 0, 0]);
  });

  it('tells every child what it needs to share it', () => {
    const clock = createClock({ epochMs: 1_000_000, speed: 2.5 });
    expect(clockEnvironment(clock)).toEqual({ MAYFLY_LOCAL_EPOCH_MS: '1000000', MAYFLY_LOCAL_SPEED: '2.5' });
  });

  it('ends a sleep when it is aborted, with the reason given', async () => {
    const clock = createClock({ epochMs: Date.now(), speed: 1 });
    const stop = new AbortController();
    const sleeping = clock.sleep(3_600_000, stop.signal);
    stop.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    await expect(clock.sleep(1, stop.signal)).rejects.toThrow('enough');
  });

  it.each([0, -1, 1001, Number.NaN])('refuses the speed %p with a sentence', (speed) => {
    expect(() => createClock({ epochMs: 0, speed })).toThrow(/speed: want a number above 0/);
  });
});
