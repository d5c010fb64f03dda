import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  claimEnvironment,
  dispatchEnvironment,
  observeEnvironment,
  readSettings,
  webhookEnvironment,
} from '../../lambdas/environment.ts';

const WHOLE = {
  STACK_ID: 'abcd1234',
  LEDGER_TABLE: 'ledger',
  JOBS_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/111122223333/jobs',
  WEBHOOK_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:webhook',
  POOLS: '{"linux-x64":{"templateId":"lt-1","templateVersion":"3","imageId":"ami-0123456789abcdef0"}}',
  SUBNETS: '[{"id":"subnet-1","zone":"us-east-1a"}]',
  GITHUB_APP_PARAMETER: '/mayfly/github-app',
  APP_KEYS: '{"a":"key-a","b":"key-b"}',
  ACCOUNT_ID: '111122223333',
  REPORT_URL: 'https://abc.lambda-url.us-east-1.on.aws/',
  AWS_REGION: 'us-east-1',
};

describe('the environment of a function', () => {
  it('is read with its JSON parsed, and holds no more than the function needs', () => {
    expect(dispatchEnvironment(WHOLE)).toEqual({
      STACK_ID: 'abcd1234',
      LEDGER_TABLE: 'ledger',
      POOLS: JSON.parse(WHOLE.POOLS),
      SUBNETS: JSON.parse(WHOLE.SUBNETS),
      GITHUB_APP_PARAMETER: '/mayfly/github-app',
      APP_KEYS: { a: 'key-a', b: 'key-b' },
    });
    expect(Object.keys(webhookEnvironment(WHOLE))).toEqual([
      'STACK_ID',
      'JOBS_QUEUE_URL',
      'WEBHOOK_SECRET_ARN',
    ]);
    expect(Object.keys(observeEnvironment(WHOLE))).toEqual(['STACK_ID', 'LEDGER_TABLE']);
  });

  it('names every problem at once, with what was wanted and what was got', () => {
    const broken = { ...WHOLE, ACCOUNT_ID: '42', REPORT_URL: undefined, APP_KEYS: '{"a":"key-a"}' };
    expect(() => claimEnvironment(broken)).toThrow(
      [
        'the environment is not as deployed:',
        '  APP_KEYS: want JSON: the KMS keys of slots a and b, got "{\\"a\\":\\"key-a\\"}"',
        '  ACCOUNT_ID: want twelve digits, got "42"',
        '  REPORT_URL: want the URL of the report function, got nothing',
      ].join('\n'),
    );
  });

  it.each([
    ['POOLS', 'no json'],
    ['POOLS', '{"p":{"templateId":"lt-1","templateVersion":"$Latest","imageId":"ami-1"}}'],
    ['SUBNETS', '[]'],
    ['SUBNETS', ''],
    ['STACK_ID', 'UPPER123'],
    ['LEDGER_TABLE', ''],
  ])('refuses %s = %j', (name, value) => {
    expect(() => dispatchEnvironment({ ...WHOLE, [name]: value })).toThrow(`${name}: want `);
  });
});

describe('the settings beside the bundle', () => {
  const SETTINGS = {
    v: 1,
    github: { scope: 'organization', owners: ['acme'] },
    pools: [
      {
        name: 'linux-x64',
        labels: ['self-hosted', 'linux', 'x64'],
        keyLabel: 'x64',
        arch: 'x64',
        types: ['m7i.large'],
        market: 'spot',
        hardening: 'standard',
        runnerGroupId: 1,
        admission: { publicRepositories: false, forks: false },
        limits: { runnersMax: 10, lifetimeMaxMs: 3_600_000, idleMaxMs: 300_000, claimDeadlineMs: 300_000 },
      },
    ],
  };
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'settings-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const stored = (text: string) => {
    const file = join(folder, 'settings.json');
    writeFileSync(file, text);
    return pathToFileURL(file);
  };

  it('are read from the file', () => {
    expect(readSettings(stored(JSON.stringify(SETTINGS)))).toEqual(SETTINGS);
  });

  it('are refused with a sentence when they are of another form', () => {
    const other = { ...SETTINGS, pools: [] };
    expect(() => readSettings(stored(JSON.stringify(other)))).toThrow(/deploy again \(pools: /);
  });
});
