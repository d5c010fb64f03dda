import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createIdentityVerifier } from '../../lambdas/adapters/identity/verify.ts';
import { CLAIM_BYTES_MAX, type ClaimRequest, type IdentityDocument } from '../../lambdas/contracts/claim.ts';
import { CLAIM_ATTEMPTS_MAX } from '../../lambdas/core/claim.ts';
import { answerClaim } from '../../lambdas/flow/answer-claim.ts';
import {
  createRegionCertificate,
  formatDocument,
  type RegionKey,
  signContent,
  signIdentityDocument,
} from '../../local/identity/sign.ts';
import { claimOf, createStage, type Stage } from './stage.ts';

/**
 * Goal: no claim but the rightful one is answered, whoever made it and whatever is signed. Method: the real verifier over
 * a certificate of our own, and each way to lie that we could think of; the answer to all of them is the same two words.
 */
const REGION = 'us-east-1';
const GENUINE: { readonly rsa2048: string } = JSON.parse(
  readFileSync('test/data/identity-document-us-west-2.json', 'utf8'),
);

let key: RegionKey;
let stranger: RegionKey;
beforeAll(async () => {
  [key, stranger] = await Promise.all([createRegionCertificate(REGION), createRegionCertificate(REGION)]);
});

interface Scene {
  readonly stage: Stage;
  readonly id: string;
  readonly document: IdentityDocument;
  readonly sign: (change?: Partial<IdentityDocument>, by?: RegionKey) => string;
}

async function scene(): Promise<Scene> {
  const stage = createStage();
  stage.queue(2);
  await stage.dispatch(stage.messages());
  await stage.pass(10_000);
  const id = stage.items('runner')[0]?.instanceId ?? '';
  const document: IdentityDocument = JSON.parse(stage.ec2.identityDocument(id));
  return {
    ...{ stage, id, document },
    sign: (change = {}, by = key) => signIdentityDocument({ ...document, ...change }, by, stage.clock.now()),
  };
}

const bodyOf = (identity: string, change: Partial<Record<keyof ClaimRequest, unknown>> = {}): Buffer =>
  Buffer.from(JSON.stringify({ ...claimOf(identity), ...change }));

async function claim({ stage }: Scene, body: Uint8Array, source?: string) {
  const identity = createIdentityVerifier({ [REGION]: key.certificate });
  const answer = await answerClaim({ body, source }, { ...stage.claimPorts, identity });
  const reasons = stage.said.flatMap((line) => /"claim-refused".*"reason":"([a-z-]+)"/.exec(line)?.[1] ?? []);
  return { answer, reason: reasons.at(-1) };
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const flipped = (text: string, at: number): string => {
  const bytes = Buffer.from(text, 'base64');
  const place = at < 0 ? bytes.length + at : at;
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  return base64(bytes);
};

type Lie = readonly [
  what: string,
  body: (one: Scene) => Uint8Array | Promise<Uint8Array>,
  reason: string,
  /** Of a private API. */
  source?: (one: Scene) => string,
];

const FORM: readonly Lie[] = [
  ['nothing', () => Buffer.alloc(0), 'claim-unreadable'],
  ['no JSON', () => Buffer.from('identity'), 'claim-unreadable'],
  ['a list', () => Buffer.from('[]'), 'claim-unreadable'],
  ['null', () => Buffer.from('null'), 'claim-unreadable'],
  ['bytes that are no UTF-8', () => Buffer.from([0xff, 0xfe, 0x00]), 'claim-unreadable'],
  ['more than it may be', () => Buffer.alloc(CLAIM_BYTES_MAX + 1, 0x20), 'claim-too-large'],
  [
    'JSON that is nested a thousand deep',
    () => Buffer.from(`${'['.repeat(1_000)}${']'.repeat(1_000)}`),
    'claim-unreadable',
  ],
  ['no identity', ({ sign }) => bodyOf(sign(), { identity: undefined }), 'claim-unreadable'],
  ['an identity that is too short', () => bodyOf('AAAA'), 'claim-unreadable'],
  ['an identity that is too long', () => bodyOf('A'.repeat(12_001)), 'claim-unreadable'],
  ['an identity that is an object', ({ sign }) => bodyOf(sign(), { identity: {} }), 'claim-unreadable'],
  ['an identity that is no base64', () => bodyOf('!'.repeat(200)), 'identity-unreadable'],
  ['an identity that is no CMS', () => bodyOf(base64(Buffer.alloc(300, 7))), 'identity-unreadable'],
  ['no boot random', ({ sign }) => bodyOf(sign(), { boot: undefined }), 'claim-unreadable'],
  ['a boot random that is short', ({ sign }) => bodyOf(sign(), { boot: 'b'.repeat(63) }), 'claim-unreadable'],
  ['a boot random in capitals', ({ sign }) => bodyOf(sign(), { boot: 'B'.repeat(64) }), 'claim-unreadable'],
  ['a stack id with a path in it', ({ sign }) => bodyOf(sign(), { stackId: '../../..' }), 'claim-unreadable'],
  ['another stack', ({ sign }) => bodyOf(sign(), { stackId: 'ffffffff' }), 'claim-other-stack'],
  ['a protocol of the future', ({ sign }) => bodyOf(sign(), { protocolVersion: 99 }), 'claim-protocol'],
  [
    'a protocol that is no number',
    ({ sign }) => bodyOf(sign(), { protocolVersion: '1' }),
    'claim-unreadable',
  ],
  [
    'an agent version with a script in it',
    ({ sign }) => bodyOf(sign(), { agentVersion: '$(id)' }),
    'claim-unreadable',
  ],
];

const STATED: readonly Lie[] = [
  [
    'another account, truly signed',
    ({ sign }) => bodyOf(sign({ accountId: '999999999999' })),
    'claim-foreign-account',
  ],
  [
    'another region, truly signed',
    ({ sign }) => bodyOf(sign({ region: 'us-west-2' })),
    'claim-foreign-account',
  ],
  ['the one document that AWS really signed', () => bodyOf(GENUINE.rsa2048), 'claim-foreign-account'],
  [
    'an instance that is not ours',
    ({ sign }) => bodyOf(sign({ instanceId: 'i-00000000000000000' })),
    'claim-unknown-instance',
  ],
  ['an instance id that is none', ({ sign }) => bodyOf(sign({ instanceId: 'i-xyz' })), 'identity-unreadable'],
  ['another image', ({ sign }) => bodyOf(sign({ imageId: 'ami-0fffffffffffffff0' })), 'claim-mismatch'],
  ['another type', ({ sign }) => bodyOf(sign({ instanceType: 'm7i.metal' })), 'claim-mismatch'],
  ['another zone', ({ sign }) => bodyOf(sign({ availabilityZone: 'us-east-1f' })), 'claim-mismatch'],
  [
    'a document of an older version',
    ({ sign }) => bodyOf(sign({ version: '2010-08-31' as '2017-09-30' })),
    'identity-unreadable',
  ],
];

const SIGNED: readonly Lie[] = [
  [
    'somebody else’s key under our certificate’s name',
    ({ sign }) => bodyOf(sign({}, stranger)),
    'identity-signature',
  ],
  ['one bit of the signature changed', ({ sign }) => bodyOf(flipped(sign(), -20)), 'identity-signature'],
  [
    'octets behind the envelope',
    ({ sign }) => bodyOf(base64(Buffer.concat([Buffer.from(sign(), 'base64'), Buffer.from([0, 0])]))),
    'identity-shape',
  ],
  [
    'an envelope cut short',
    ({ sign }) => bodyOf(base64(Buffer.from(sign(), 'base64').subarray(0, -7))),
    'identity-unreadable',
  ],
  [
    'the content changed under its signature',
    ({ sign, document }) => {
      const bytes = Buffer.from(sign({ imageId: 'ami-0fffffffffffffff0' }), 'base64');
      const at = bytes.indexOf('ami-0fffffffffffffff0');
      bytes.write(document.imageId, at);
      return bodyOf(base64(bytes));
    },
    'identity-signature',
  ],
  [
    'a key twice in the signed text: the second is the truth for some readers',
    ({ stage, document }) => {
      const text = formatDocument(document).replace('{\n', `{\n  "instanceId" : "i-00000000000000000",\n`);
      return bodyOf(signContent(Buffer.from(text), key, stage.clock.now()));
    },
    'identity-unreadable',
  ],
  [
    'text that is signed and no document',
    ({ stage }) =>
      bodyOf(signContent(Buffer.from('hello, this is not a document at all'), key, stage.clock.now())),
    'identity-unreadable',
  ],
];

/** As long as the address itself. */
const neighbourOf = (ip: string): string => ip.slice(0, -1) + String((Number(ip.at(-1)) + 1) % 10);

const ELSEWHERE: readonly Lie[] = [
  [
    'the right document from a neighbour’s address',
    ({ sign }) => bodyOf(sign()),
    'claim-other-source',
    () => '203.0.113.9',
  ],
  [
    'the right document from an address that is none',
    ({ sign }) => bodyOf(sign()),
    'claim-other-source',
    () => '',
  ],
  [
    'a document that states the caller’s address, and was signed for another',
    ({ sign, document }) => {
      const bytes = Buffer.from(sign(), 'base64');
      bytes.write(neighbourOf(document.privateIp), bytes.indexOf(document.privateIp));
      return bodyOf(base64(bytes));
    },
    'identity-signature',
    ({ document }) => neighbourOf(document.privateIp),
  ],
];

const HISTORY: readonly Lie[] = [
  [
    'a first claim long after the launch',
    ({ stage, sign }) => {
      const identity = sign();
      stage.clock.advance(400_000);
      return bodyOf(identity);
    },
    'claim-stale',
  ],
  [
    'a launch in the future',
    ({ sign }) => bodyOf(sign({ pendingTime: '2099-01-01T00:00:00Z' })),
    'claim-stale',
  ],
  [
    'another boot of an instance that has claimed',
    async (one) => {
      await claim(one, bodyOf(one.sign()));
      return bodyOf(one.sign(), { boot: 'c'.repeat(64) });
    },
    'claim-other-boot',
  ],
  [
    'a repeat after the delivery, its lease run out',
    async (one) => {
      await claim(one, bodyOf(one.sign()));
      one.stage.clock.advance(31_000);
      return bodyOf(one.sign());
    },
    'claim-lost-answer',
  ],
  [
    'an instance that has ended',
    async (one) => {
      const [runner] = one.stage.items('runner').filter(({ instanceId }) => instanceId === one.id);
      if (runner !== undefined) await one.stage.ledger.write({ ...runner, rank: 'ended' });
      return bodyOf(one.sign());
    },
    'claim-ended',
  ],
  [
    'more tries than any honest machine makes',
    async (one) => {
      const [runner] = one.stage.items('runner').filter(({ instanceId }) => instanceId === one.id);
      if (runner !== undefined)
        await one.stage.ledger.write({ ...runner, claim: { ...runner.claim, attempts: CLAIM_ATTEMPTS_MAX } });
      return bodyOf(one.sign());
    },
    'claim-too-many',
  ],
];

const LIES: readonly Lie[] = [...FORM, ...STATED, ...SIGNED, ...ELSEWHERE, ...HISTORY];

describe('a claim', () => {
  it('that is honest is answered, so that the lies below fail for what they say', async () => {
    const one = await scene();
    expect((await claim(one, bodyOf(one.sign()))).answer.statusCode).toBe(200);
    const other = await scene();
    expect((await claim(other, bodyOf(other.sign()), other.document.privateIp)).answer.statusCode).toBe(200);
  });

  it('can be a lie in more than forty ways', () => {
    expect(LIES.length).toBeGreaterThanOrEqual(40);
  });

  it.each(LIES.map((lie) => [lie[0], lie] as const))(
    'with %s is refused without a word, and our log has the reason',
    async (_what, [, body, expected, source]) => {
      const one = await scene();
      const lie = await body(one);
      const before = one.stage.github.truth.issued(one.stage.clock.now()).length;
      const { answer, reason } = await claim(one, lie, source?.(one));
      expect(answer).toEqual({ statusCode: 403, body: { refused: true } });
      expect(reason).toBe(expected);
      expect(one.stage.github.truth.issued(one.stage.clock.now())).toHaveLength(before);
    },
  );

  it.each(FORM)('with %s costs no look at the ledger', async (_what, body) => {
    const one = await scene();
    one.stage.spoil('ledger.read', { when: 'before', fault: { kind: 'refused', code: 'looked' } });
    expect((await claim(one, await body(one))).answer.statusCode).toBe(403);
  });
});
