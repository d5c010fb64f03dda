import { createVerify, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createAppTokens } from '../../lambdas/adapters/app-tokens.ts';
import type { Call, Send } from '../../lambdas/adapters/github-request.ts';
import { createKmsSigner, kmsClient } from '../../lambdas/adapters/kms-signer.ts';
import {
  createSsmGitHubApp,
  type GitHubAppSource,
  ssmClient,
} from '../../lambdas/adapters/ssm-github-app.ts';
import { done, type Fault, failed } from '../../lambdas/ports/outcome.ts';
import { type FrontDoor, jsonBackend } from '../../local/aws/front-door.ts';
import { createKms, KMS_ALLOWED, type Kms } from '../../local/aws/kms.ts';
import { createSsm, SSM_ALLOWED, type Ssm } from '../../local/aws/ssm.ts';
import { createFixedClock, type FixedClock } from '../../local/memory/fixed-clock.ts';
import { createSeededDice } from '../../local/memory/seeded-dice.ts';
import { NOON } from '../contract/items.ts';
import { clientConfig, errorAnswer, lostAnswer, openDoor } from '../contract/local-aws.ts';

const PARAMETER = '/mayfly/github-app';
const APP = { appId: '345678', apiUrl: 'https://api.github.com', keySlot: 'b' } as const;
const KEYS = { a: 'key-a', b: 'key-b' };
const PAIR = generateKeyPairSync('rsa', { modulusLength: 2048 });

let door: FrontDoor & { readonly log: readonly string[] };
let ssm: Ssm;
let kms: Kms;
let clock: FixedClock;
let app: GitHubAppSource;

beforeAll(async () => {
  door = await openDoor();
});
afterAll(async () => {
  await door.close();
  expect(door.log).toEqual([]);
});
beforeEach(() => {
  clock = createFixedClock(NOON);
  ssm = createSsm({ region: 'us-east-1', account: '111122223333' });
  kms = createKms();
  for (const id of Object.values(KEYS))
    kms.create({ id, arn: `arn:aws:kms:us-east-1:111122223333:key/${id}` });
  kms.importKey('key-b', PAIR.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString());
  door.attach('ssm', jsonBackend(ssm.handle, SSM_ALLOWED));
  door.attach('kms', jsonBackend(kms.handle, KMS_ALLOWED));
  app = createSsmGitHubApp({ client: ssmClient(clientConfig(door.url)), parameter: PARAMETER, clock });
});

const readsSoFar = () => door.counts.list().find(({ action }) => action === 'GetParameter')?.calls ?? 0;

describe('the parameter of the GitHub App', () => {
  it('is read once and kept for five minutes', async () => {
    ssm.put(PARAMETER, JSON.stringify(APP));
    const before = readsSoFar();
    expect(await app()).toEqual(done(APP));
    clock.advance(299_999);
    expect(await app()).toEqual(done(APP));
    expect(readsSoFar() - before).toBe(1);
    ssm.put(PARAMETER, JSON.stringify({ ...APP, keySlot: 'a' }));
    clock.advance(1);
    expect(await app()).toEqual(done({ ...APP, keySlot: 'a' }));
  });

  it('refuses until the App is set up, and sees within 15 s that it was', async () => {
    ssm.put(PARAMETER, '{"configured":false}');
    expect(await app()).toEqual(failed({ kind: 'refused', code: 'app-not-configured' }));
    ssm.put(PARAMETER, JSON.stringify(APP));
    clock.advance(15_000);
    expect(await app()).toEqual(done(APP));
  });

  it.each(['', 'no json', '{}', '{"appId":"0","apiUrl":"https://x","keySlot":"a"}', '[]'])(
    'refuses what it cannot read: %j',
    async (text) => {
      ssm.put(PARAMETER, text);
      expect(await app()).toEqual(failed({ kind: 'refused', code: 'app-parameter-unreadable' }));
    },
  );

  it('does not keep a fault of the moment', async () => {
    ssm.put(PARAMETER, JSON.stringify(APP));
    door.faults.before('ssm', 'GetParameter', lostAnswer, { times: 2 });
    expect(await app()).toMatchObject({ ok: false, fault: { kind: 'busy' } });
    expect(await app()).toEqual(done(APP));
  });
});

describe('signing by KMS', () => {
  const sign = () => createKmsSigner(kmsClient(clientConfig(door.url)), KEYS);

  it('makes a signature that the public key of the slot verifies', async () => {
    const signed = await sign()('b', 'header.claims');
    const verifier = createVerify('sha256').update('header.claims');
    expect(signed.ok && verifier.verify(PAIR.publicKey, signed.value)).toBe(true);
  });

  it('refuses while no key was imported into the slot', async () => {
    expect(await sign()('a', 'x')).toEqual(failed({ kind: 'refused', code: 'KMSInvalidStateException' }));
  });

  it('is busy when KMS throttles or does not answer: nothing can have happened', async () => {
    door.faults.before('kms', 'Sign', errorAnswer('ThrottlingException', 400), { times: 2 });
    expect(await sign()('b', 'x')).toMatchObject({ ok: false, fault: { kind: 'busy' } });
    door.faults.before('kms', 'Sign', lostAnswer, { times: 2 });
    expect(await sign()('b', 'x')).toMatchObject({ ok: false, fault: { kind: 'busy' } });
  });
});

describe('tokens of the App', () => {
  const ASK = { installationId: '77', permissions: { actions: 'read' }, repository: null };
  const answer = (token: string, expiresAt: number) =>
    done({ status: 201, headers: {}, data: { token, expires_at: new Date(expiresAt).toISOString() } });

  /** Tokens over a recorded GitHub that answers with these, one after another. */
  const tokensOver = (answers: Awaited<ReturnType<Send>>[]) => {
    const calls: Call[] = [];
    const send: Send = async (call) => {
      calls.push(call);
      return answers.shift() ?? failed({ kind: 'refused', code: 'no more answers' });
    };
    const sign = createKmsSigner(kmsClient(clientConfig(door.url)), KEYS);
    ssm.put(PARAMETER, JSON.stringify(APP));
    return { calls, tokens: createAppTokens({ app, sign, send, clock, dice: createSeededDice('app') }) };
  };

  const claimsOf = (call: Call | undefined) => {
    const [head = '', body = '', signature = ''] = (call?.authorization ?? '')
      .replace('Bearer ', '')
      .split('.');
    const isSigned = createVerify('sha256')
      .update(`${head}.${body}`)
      .verify(PAIR.publicKey, Buffer.from(signature, 'base64url'));
    return { isSigned, claims: JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) };
  };

  it('are asked for with a JWT of nine minutes, dated back, signed by the key of the slot', async () => {
    const { calls, tokens } = tokensOver([answer('ghs_one', NOON + 3_600_000)]);
    expect(await tokens(ASK)).toEqual(done('ghs_one'));
    const { isSigned, claims } = claimsOf(calls[0]);
    const now = NOON / 1_000;
    expect(isSigned).toBe(true);
    expect(claims).toEqual({
      iat: now - 60,
      exp: now + 480,
      iss: '345678',
      jti: expect.stringMatching(/^[a-z0-9]{20}$/),
    });
  });

  it('never come from the same JWT twice, even within a second', async () => {
    const { calls, tokens } = tokensOver([
      answer('ghs_one', NOON + 3_600_000),
      answer('ghs_two', NOON + 3_600_000),
    ]);
    await tokens(ASK);
    await tokens(ASK, { fresh: true });
    expect(calls[0]?.authorization).not.toBe(calls[1]?.authorization);
  });

  it('are narrowed to the permissions and the repository that were asked for', async () => {
    const { calls, tokens } = tokensOver([answer('ghs_one', NOON + 3_600_000)]);
    await tokens({ ...ASK, permissions: { administration: 'write' }, repository: 'app' });
    expect(calls[0]).toMatchObject({
      method: 'POST',
      url: '/app/installations/{installation_id}/access_tokens',
      parameters: { installation_id: '77', permissions: { administration: 'write' }, repositories: ['app'] },
    });
  });

  it('are kept apart by installation, permission and repository', async () => {
    const later = NOON + 3_600_000;
    const { calls, tokens } = tokensOver(['a', 'b', 'c', 'd'].map((name) => answer(`ghs_${name}`, later)));
    const asks = [
      ASK,
      { ...ASK, installationId: '78' },
      { ...ASK, permissions: { actions: 'write' } },
      { ...ASK, repository: 'app' },
    ];
    const first = [];
    for (const ask of asks) first.push(await tokens(ask));
    for (const [index, ask] of asks.entries()) expect(await tokens(ask)).toEqual(first[index]);
    expect(calls).toHaveLength(4);
  });

  it('keep at most two hundred, and forget the oldest first', async () => {
    const { calls, tokens } = tokensOver(
      Array.from({ length: 203 }, (_, n) => answer(`ghs_${n}`, NOON + 3_600_000)),
    );
    for (let n = 0; n <= 200; n++) await tokens({ ...ASK, installationId: String(n + 1) });
    await tokens({ ...ASK, installationId: '201' });
    expect(calls).toHaveLength(201);
    await tokens({ ...ASK, installationId: '1' });
    expect(calls).toHaveLength(202);
  });

  const FAULTS: readonly (readonly [Fault, Partial<Fault>])[] = [
    [
      { kind: 'unsure', code: 'http-502' },
      { kind: 'busy', code: 'token-http-502' },
    ],
    [
      { kind: 'refused', code: 'not-found' },
      { kind: 'refused', code: 'token-not-found' },
    ],
    [
      { kind: 'busy', code: 'http-401', retryAfterMs: 5_000 },
      { kind: 'refused', code: 'token-http-401' },
    ],
    [
      { kind: 'busy', code: 'rate-limit', retryAfterMs: 9_000 },
      { kind: 'busy', code: 'token-rate-limit' },
    ],
  ];
  it.each(FAULTS)('turn %j into a fault of the call that wanted one', async (fault, wanted) => {
    const { tokens } = tokensOver([failed(fault)]);
    expect(await tokens(ASK)).toMatchObject({ ok: false, fault: wanted });
  });

  it('are busy when the answer holds none, and nothing is kept of it', async () => {
    const odd = done({ status: 201, headers: {}, data: '' });
    const { tokens } = tokensOver([odd, answer('ghs_one', NOON + 3_600_000)]);
    expect(await tokens(ASK)).toMatchObject({ ok: false, fault: { kind: 'busy', code: 'token-unreadable' } });
    expect(await tokens(ASK)).toEqual(done('ghs_one'));
  });
});
