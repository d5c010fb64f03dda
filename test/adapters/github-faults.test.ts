import { describe, expect, it } from '@jest/globals';
import { faultOfAnswer, faultOfThrown } from '../../lambdas/adapters/github-faults.ts';
import type { Fault } from '../../lambdas/ports/outcome.ts';
import { NOON } from '../contract/items.ts';
import '../contract/one-realm.ts';

type Headers = Readonly<Record<string, string>>;

const at = (status: number, headers: Headers = {}, message = 'no') => ({
  status,
  headers,
  data: { message },
});
const soon = String(NOON / 1_000 + 90);

const ANSWERS: readonly (readonly [string, ReturnType<typeof at>, Fault])[] = [
  [
    '403 with retry-after',
    at(403, { 'retry-after': '7' }),
    { kind: 'busy', code: 'rate-limit', retryAfterMs: 7_000 },
  ],
  [
    '429 with retry-after',
    at(429, { 'retry-after': '7' }),
    { kind: 'busy', code: 'rate-limit', retryAfterMs: 7_000 },
  ],
  [
    '403 with an empty bucket',
    at(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': soon }),
    { kind: 'busy', code: 'rate-limit', retryAfterMs: 90_000 },
  ],
  [
    '403 with an empty bucket and no reset',
    at(403, { 'x-ratelimit-remaining': '0' }),
    { kind: 'busy', code: 'rate-limit', retryAfterMs: 60_000 },
  ],
  [
    'a reset that has passed',
    at(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' }),
    { kind: 'busy', code: 'rate-limit', retryAfterMs: 1_000 },
  ],
  [
    'a reset that no bucket has',
    at(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '99999999999' }),
    { kind: 'busy', code: 'rate-limit', retryAfterMs: 3_600_000 },
  ],
  ['429 without a word', at(429), { kind: 'busy', code: 'rate-limit', retryAfterMs: 60_000 }],
  [
    '403 that speaks of a secondary rate limit',
    at(403, {}, 'You have exceeded a secondary rate limit.'),
    { kind: 'busy', code: 'rate-limit', retryAfterMs: 60_000 },
  ],
  [
    '403 with tokens left',
    at(403, { 'x-ratelimit-remaining': '17' }),
    { kind: 'refused', code: 'forbidden' },
  ],
  [
    'a retry-after that is a date',
    at(403, { 'retry-after': 'Mon, 02 Nov' }),
    { kind: 'refused', code: 'forbidden' },
  ],
  ['400', at(400), { kind: 'refused', code: 'http-400' }],
  ['401', at(401), { kind: 'busy', code: 'http-401', retryAfterMs: 5_000 }],
  ['404', at(404), { kind: 'refused', code: 'not-found' }],
  ['409', at(409), { kind: 'refused', code: 'conflict' }],
  ['422', at(422), { kind: 'refused', code: 'invalid' }],
  ['418', at(418), { kind: 'refused', code: 'http-418' }],
];

describe('the table of GitHub faults', () => {
  it.each(ANSWERS)('reads %s', (_what, answer, fault) => {
    expect(faultOfAnswer(answer, 'write', NOON)).toEqual(fault);
    expect(faultOfAnswer(answer, 'read', NOON)).toEqual(fault);
  });

  it.each([500, 502, 503, 504])('calls a write answered with %i unsure, and a read busy', (status) => {
    expect(faultOfAnswer(at(status), 'write', NOON)).toEqual({ kind: 'unsure', code: `http-${status}` });
    expect(faultOfAnswer(at(status), 'read', NOON)).toMatchObject({ kind: 'busy', code: `http-${status}` });
  });

  it('finds the socket at the bottom of what fetch and Octokit throw', () => {
    const socket = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
    const thrown = Object.assign(new Error('x'), {
      name: 'HttpError',
      status: 500,
      cause: new TypeError('x', { cause: socket }),
    });
    expect(faultOfThrown(thrown, 'write', NOON)).toMatchObject({ kind: 'busy', code: 'ECONNREFUSED' });
  });

  it('calls a fetch that failed without a code unsure for a write and busy for a read', () => {
    const failed = new TypeError('fetch failed', { cause: new Error('bad port') });
    const thrown = Object.assign(new Error('x'), { name: 'HttpError', status: 500, cause: failed });
    expect(faultOfThrown(thrown, 'write', NOON)).toEqual({ kind: 'unsure', code: 'fetch-failed' });
    expect(faultOfThrown(thrown, 'read', NOON)).toMatchObject({ kind: 'busy', code: 'fetch-failed' });
  });

  it('throws on our own bug, without the request that it carries', () => {
    const bug = Object.assign(new Error('ghs_secret'), {
      request: { headers: { authorization: 'ghs_secret' } },
    });
    const thrown = () => faultOfThrown(bug, 'write', NOON);
    expect(thrown).toThrow(/bug of the adapter/);
    expect(thrown).not.toThrow(/ghs_secret/);
  });
});
