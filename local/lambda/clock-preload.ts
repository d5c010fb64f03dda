/**
 * Loaded with `--import` before anything else in every process of a local run, so that code written for the real
 * world lives in the run's virtual time: `Date` tells it, and the promised `setTimeout` of node:timers/promises waits in it.
 * The global `setTimeout` stays real: transports (the SDK, HTTP agents) guard sockets with it, and sockets are real.
 */
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { CLOCK_ENV, createClock } from '../clock.ts';

// This file is the edge that replaces the environment's clock; nothing else may read these two.
const epochMs = Number(process.env[CLOCK_ENV.epochMs]);
const speed = Number(process.env[CLOCK_ENV.speed]);
if (!Number.isFinite(epochMs) || !Number.isFinite(speed)) {
  throw new Error(
    `the clock preload wants ${CLOCK_ENV.epochMs} and ${CLOCK_ENV.speed} as numbers in the environment`,
  );
}

const RealDate = Date;
const clock = createClock({ epochMs, speed });

globalThis.Date = new Proxy(RealDate, {
  get: (target, key, receiver) => (key === 'now' ? clock.now : Reflect.get(target, key, receiver)),
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length === 0 ? [clock.now()] : given, newTarget),
  apply: () => new RealDate(clock.now()).toString(),
});

const realSetTimeout = timers.setTimeout;
timers.setTimeout = ((ms, value, options) =>
  realSetTimeout(clock.realDelay(ms ?? 0), value, options)) as typeof timers.setTimeout;
syncBuiltinESMExports();
