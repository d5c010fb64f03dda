import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { safeFields } from '../../lambdas/adapters/log-text.ts';
import { createPowertoolsJournal } from '../../lambdas/adapters/powertools-journal.ts';

const JWT = `eyJ${'a'.repeat(40)}.eyJ${'b'.repeat(40)}.${'c'.repeat(60)}`;
const CANARIES = {
  installation: `ghs_${'A1b2'.repeat(9)}`,
  personal: `github_pat_${'A1b2'.repeat(9)}`,
  jwt: JWT,
  pem: '-----BEGIN RSA PRIVATE KEY-----\nMIIE',
  jitBlob: Buffer.from(JSON.stringify({ '.runner': 'x'.repeat(200) })).toString('base64'),
};

describe('fields of a log line', () => {
  it.each(Object.entries(CANARIES))(
    'never show a secret by its look, whatever the field is called (%s)',
    (_what, secret) => {
      const text = JSON.stringify(safeFields({ note: `got ${secret} from`, list: ['ok', secret] }));
      expect(text).not.toContain(secret.slice(0, 30));
      expect(text).toContain('[redacted]');
      expect(text).toContain('"ok"');
    },
  );

  it.each([
    'token',
    'reportToken',
    'webhookSecret',
    'authorization',
    'jit',
    'encoded_jit_config',
    'privateKey',
    'password',
  ])('never show the text of a field called %s', (name) => {
    expect(safeFields({ [name]: 'plain' })).toEqual({ [name]: '[redacted]' });
  });

  it('show counts even of what has a secret name', () => {
    expect(safeFields({ tokens: 17, hasToken: true, token: null })).toEqual({
      tokens: 17,
      hasToken: true,
      token: null,
    });
  });

  it('cannot forge a line, colour a terminal or turn text round', () => {
    const [text = ''] = Object.values(safeFields({ name: 'a\nb\r\u001b[31m\u2028\u202e\u0085c' }));
    expect(text).toBe('a\\u000ab\\u000d\\u001b[31m\\u2028\\u202e\\u0085c');
  });

  it('are bounded in length, in items and in number', () => {
    const words = 'word '.repeat(1_000);
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`f${n}`, n]));
    expect(String(safeFields({ words })['words'])).toHaveLength(501);
    expect(safeFields({ list: Array.from({ length: 100 }, String) })['list']).toHaveLength(50);
    expect(Object.keys(safeFields(many))).toHaveLength(40);
  });

  it('leave out what is undefined', () => {
    expect(safeFields({ a: undefined, b: null })).toEqual({ b: null });
  });
});

describe('the journal', () => {
  const lines: string[] = [];
  const taken = (chunk: unknown) => {
    lines.push(...String(chunk).trim().split('\n'));
    return true;
  };
  beforeEach(() => {
    lines.length = 0;
    jest.spyOn(process.stdout, 'write').mockImplementation(taken);
    jest.spyOn(process.stderr, 'write').mockImplementation(taken);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  const journal = () => createPowertoolsJournal({ service: 'dispatch', stackId: 'abcd1234' });
  const only = () => {
    expect(lines).toHaveLength(1);
    return JSON.parse(lines[0] ?? '');
  };

  it('writes one JSON line per event, with service and stack', () => {
    journal().say('job seen', { job: '42', name: 'a\nb' });
    expect(only()).toMatchObject({
      level: 'INFO',
      message: 'job seen',
      service: 'dispatch',
      stack: 'abcd1234',
      with: { job: '42', name: 'a\\u000ab' },
    });
  });

  it('warns at a level of its own', () => {
    journal().warn('orphan found');
    expect(only()).toMatchObject({ level: 'WARN', message: 'orphan found' });
  });

  it('keeps fields away from the names of the line itself', () => {
    journal().say('job seen', { level: 'CRITICAL', message: 'forged', service: 'other' });
    expect(only()).toMatchObject({ level: 'INFO', message: 'job seen', service: 'dispatch' });
  });

  it('counts with the dimensions that were named, and no others', () => {
    journal().count('JobsDenied', { pool: 'linux-x64', reason: 'run-from-fork', n: 3 });
    const line = only();
    expect(line).toMatchObject({
      stack: 'abcd1234',
      pool: 'linux-x64',
      reason: 'run-from-fork',
      JobsDenied: 3,
    });
    expect(line._aws.CloudWatchMetrics).toEqual([
      {
        Namespace: 'Mayfly',
        Dimensions: [['stack', 'pool', 'reason']],
        Metrics: [{ Name: 'JobsDenied', Unit: 'Count' }],
      },
    ]);
  });

  it('counts one where no number is named, of the stack alone where no pool is', () => {
    journal().count('WebhookAccepted');
    const line = only();
    expect(line.WebhookAccepted).toBe(1);
    expect(line._aws.CloudWatchMetrics[0].Dimensions).toEqual([['stack']]);
  });

  it('gives durations the unit of their name', () => {
    journal().count('QueuedToStartedMs', { pool: 'linux-x64', n: 41_000 });
    expect(only()._aws.CloudWatchMetrics[0].Metrics).toEqual([
      { Name: 'QueuedToStartedMs', Unit: 'Milliseconds' },
    ]);
  });

  it('never throws, whatever it is told to count', () => {
    expect(() => journal().count('Launched', { n: Number.NaN })).not.toThrow();
  });
});
