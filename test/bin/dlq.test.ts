import { describe, expect, it } from '@jest/globals';
import { openJob } from '../contract/items.ts';
import { commandRig, instanceEventOf, jobEventOf, parkedOf } from './rig.ts';

const WAITING = parkedOf('m-waiting', jobEventOf());
const OVER = parkedOf('m-over', jobEventOf({ jobId: '43' }));
const BROKEN = parkedOf('m-broken', 'no json', { receives: 20 });
const STRANGER = parkedOf('m-stranger', instanceEventOf('terminated'), { queue: 'instances' });

/** Two jobs that the ledger knows, one of them completed, a broken message, and an instance that is not ours. */
async function someParked() {
  const rig = commandRig([WAITING, OVER, BROKEN, STRANGER]);
  await rig.ledger.write(openJob('42'));
  await rig.ledger.write(openJob('43', undefined, { fact: 'completed' }));
  return rig;
}

describe('mayfly dlq list', () => {
  it('tells of each message what it is, why it likely lies there and what a replay would do', async () => {
    const { mayfly, parked } = await someParked();
    const { code, out, err } = await mayfly('dlq list --stack Mayfly');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatchInlineSnapshot(`
"jobs queue: 3 parked
  m-waiting  job 42 queued of acme/app, 3 h old, received 21 times
    why: the ledger has the job as waiting: the launch budget is spent; launching when it has refilled
    on replay: sent again: the job is open; dispatch looks at it anew
  m-over  job 43 queued of acme/app, 3 h old, received 21 times
    why: the ledger has the job as completed: the launch budget is spent; launching when it has refilled
    on replay: left: the job is over, and the ledger knows it
  m-broken  unreadable, 3 h old, received 20 times
    why: the body is no JSON: a bug of ours, or somebody else writes to the queue
    on replay: left: no function can read it; it would only be parked again
instances queue: 1 parked
  m-stranger  instance i-0123456789abcdef0 terminated, 3 h old, received 21 times
    why: the ledger never took it: the function or DynamoDB failed at every try
    on replay: left: the ledger has no such instance: it is not ours, or long forgotten
"
`);
    expect([...parked.jobs.hidden, ...parked.instances.hidden]).toEqual([]);
    expect(parked.jobs.parked).toHaveLength(3);
  });

  it('gives the same as one JSON object', async () => {
    const { mayfly } = await someParked();
    const { code, json } = await mayfly('dlq list --stack Mayfly --json');
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      stack: 'Mayfly',
      queues: [
        { queue: 'jobs', seen: 3, isWhole: true, fault: null, messages: [{}, {}, {}] },
        { queue: 'instances', seen: 1, messages: [{ messageId: 'm-stranger', verdict: 'over' }] },
      ],
    });
    expect(json().queues[0].messages[0]).toMatchObject({ jobId: '42', verdict: 'replay', receives: 21 });
  });

  it('looks at one queue alone, and says when there may be more', async () => {
    const { mayfly } = await someParked();
    const { out } = await mayfly('dlq list --local --queue jobs --max 2');
    expect(out).toContain('jobs queue: 2 parked (there may be more: the walk was ended)');
    expect(out).not.toContain('instances');
  });

  it('says that nothing is parked', async () => {
    const { out } = await commandRig().mayfly('dlq list --stack Mayfly');
    expect(out).toBe('jobs queue: nothing is parked\ninstances queue: nothing is parked\n');
  });

  it('ends with 1 and the code of the fault when a queue could not be read whole', async () => {
    const { mayfly, parked } = await someParked();
    parked.jobs.spoil('receive', 'before');
    const { code, out } = await mayfly('dlq list --stack Mayfly');
    expect(code).toBe(1);
    expect(out).toContain('jobs queue: nothing is parked (there may be more: throttled)');
  });
});

describe('mayfly dlq replay', () => {
  it('checks each message with the ledger first, and sends only what can still do its work', async () => {
    const { mayfly, parked } = await someParked();
    const { code, out } = await mayfly('dlq replay --stack Mayfly --all');
    expect(out.split('\n')).toEqual([
      '  m-waiting  job 42 queued: sent again',
      '  m-over  job 43 queued: left: the job is over, and the ledger knows it',
      '  m-broken  unreadable: left: no function can read it; it would only be parked again',
      expect.stringMatching(/^ {2}m-stranger {2}instance i-\S+ terminated: left: .* not ours/),
      '1 sent again, 3 left, 0 failed.',
      '',
    ]);
    expect(code).toBe(1);
    expect(parked.jobs.resent).toEqual([WAITING.body]);
    expect(parked.jobs.parked.map(({ messageId }) => messageId)).toEqual(['m-over', 'm-broken']);
  });

  it('ends with 0 when all is sent or over', async () => {
    const { mayfly } = commandRig([WAITING, STRANGER]);
    expect(await mayfly('dlq replay --stack Mayfly --all')).toMatchObject({ code: 0 });
  });

  it('sends nothing in a dry run, nor to a local run, which is over', async () => {
    const dry = commandRig([WAITING]);
    const { code, out } = await dry.mayfly('dlq replay --stack Mayfly --all --dry-run');
    expect(out).toBe(
      '  m-waiting  job 42 queued: would be sent again\n1 would be sent again, 0 left, 0 failed.\n',
    );
    expect({ code, resent: dry.parked.jobs.resent }).toEqual({ code: 0, resent: [] });
    const local = commandRig([WAITING], { isLive: false });
    expect((await local.mayfly('dlq replay --local --all --json')).json()).toMatchObject({ dryRun: true });
    expect(local.parked.jobs.resent).toEqual([]);
  });

  it('names an id that is in no queue, and gives all as one JSON object', async () => {
    const { mayfly } = await someParked();
    const { code, json } = await mayfly('dlq replay --stack Mayfly --id m-waiting --id m-none --json');
    expect(code).toBe(1);
    expect(json()).toMatchObject({
      stack: 'Mayfly',
      dryRun: false,
      replayed: 1,
      messages: [{ messageId: 'm-waiting', result: 'replayed', fault: null }],
      missing: ['m-none'],
    });
  });

  it('says what was not sent, with the fault', async () => {
    const { mayfly, parked } = commandRig([WAITING]);
    parked.jobs.spoil('resend', 'before');
    const { code, out } = await mayfly('dlq replay --stack Mayfly --all');
    expect(code).toBe(1);
    expect(out).toContain('m-waiting  job 42 queued: NOT SENT (throttled)');
    expect(out).toContain('0 sent again, 0 left, 1 failed.');
  });

  it('ends with 130 when interrupted, and keeps what it did not reach', async () => {
    const { mayfly, parked, stopping } = commandRig([WAITING]);
    stopping.abort();
    expect(await mayfly('dlq replay --stack Mayfly --all')).toMatchObject({ code: 130 });
    expect(parked.jobs.parked).toHaveLength(1);
  });
});

describe('mayfly', () => {
  it.each([
    ['dlq list', 'want --stack NAME or --local, got neither.'],
    ['dlq list --local --stack Mayfly', 'want --stack NAME or --local, got both.'],
    ['dlq list --stack 9lives', '--stack: want a stack name (letters, digits, hyphens), got "9lives".'],
    ['dlq list --local --queue other', '--queue: want jobs or instances, got "other".'],
    ['dlq list --local --max 0', '--max: want a whole number from 1 to 1000, got "0".'],
    ['dlq list --stack Nowhere', 'no such stack.'],
    ['dlq replay --local', 'want --id ID (once or more) or --all, got neither.'],
    ['dlq replay --local --all --id m', 'want --id ID (once or more) or --all, got both.'],
    ['dlq list --colour', /^Unknown option '--colour'.*\(mayfly dlq list --help lists them\)$/],
    ['dlq list --local more', /^Unexpected argument 'more'.*\(mayfly dlq list --help lists them\)$/],
    ['dlq', /^mayfly: want a command \(.*"dlq list", .*\), got "dlq": mayfly --help lists them\.$/],
  ])('says in one sentence what is wrong with "%s", and ends with 2', async (line, sentence) => {
    const { code, out, err } = await commandRig().mayfly(line);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^[^\n]+\n$/);
    if (typeof sentence === 'string') expect(err).toBe(`${sentence}\n`);
    else expect(err.trimEnd()).toMatch(sentence);
  });

  it('lists its commands, and each explains itself with examples and exit codes', async () => {
    const { mayfly, opened } = commandRig();
    const overview = await mayfly('--help');
    expect(overview.code).toBe(0);
    expect(await mayfly('')).toMatchObject({ code: 2, out: overview.out });
    const names = [...overview.out.matchAll(/^ {2}(\w+(?: [a-z]+)?) {2,}/gm)].map(([, name = '']) => name);
    expect(names).toContain('dlq list');
    for (const name of names) {
      const { code, out } = await mayfly(`${name} --help`);
      expect(code).toBe(0);
      expect(out).toMatch(new RegExp(`^mayfly ${name} .*\\n`));
      // What speaks of files alone asks no stack; `report` names JSON among its formats, and its job by the same examples.
      const target = name === 'admit' || name.startsWith('report') ? [] : ['--stack NAME'];
      const json = name === 'report' ? '--format' : '--json';
      const examples = name === 'report job' ? [] : ['Examples:\n  mayfly '];
      for (const part of [...examples, ...target, json, 'Exit codes: 0 ']) {
        expect(out).toContain(part);
      }
    }
    expect(opened).toEqual([]);
  });
});
