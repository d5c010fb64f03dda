import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDynamoLedger, ledgerClient } from '../../lambdas/adapters/dynamodb-ledger.ts';
import type { Ledger } from '../../lambdas/ports/ledger.ts';
import type { Fault } from '../../lambdas/ports/outcome.ts';
import { type DynamoDb, startDynamoDb } from '../../local/aws/dynamodb.ts';
import { DYNAMODB_ALLOWED } from '../../local/aws/dynamodb-allowed.ts';
import { type FrontDoor, rawBackend } from '../../local/aws/front-door.ts';
import { createFixedClock } from '../../local/memory/fixed-clock.ts';
import { createMemoryLedger } from '../../local/memory/memory-ledger.ts';
import { type Trouble, underPlan } from '../../local/memory/trouble.ts';
import { createStore } from '../sim/store.ts';
import { jobItem, NOON, openJob, SHAPE } from './items.ts';
import { ledgerContract, value } from './ledger-contract.ts';
import { createLedgerTable } from './ledger-table.ts';
import { clientConfig, errorAnswer, lostAnswer, openDoor } from './local-aws.ts';

const BUSY: Fault = { kind: 'busy', code: 'throttled', retryAfterMs: 1 };
const UNSURE: Fault = { kind: 'unsure', code: 'lost' };

describe('the ledger in memory', () => {
  ledgerContract(async () => {
    const planned = new Map<string, Trouble>();
    const trouble = (call: string) => {
      const found = planned.get(call);
      planned.delete(call);
      return found;
    };
    return {
      ledger: createMemoryLedger({ clock: createFixedClock(NOON), trouble }),
      spoil: (call, when) => {
        const fault = call === 'write' && when === 'after' ? UNSURE : BUSY;
        planned.set(`ledger.${call}`, { when, fault });
      },
    };
  });

  it('shows a write in its indexes only after the lag, while reads by key see it at once', async () => {
    const clock = createFixedClock(NOON);
    const ledger = createMemoryLedger({ clock, indexLagMs: () => 2_000 });
    await ledger.write(openJob('1'));
    const hints = async () => value(await ledger.demand({ shape: SHAPE, max: 10 })).hints.length;
    expect(value(await ledger.read('job', '1'))?.rev).toBe(1);
    clock.advance(1_999);
    expect(await hints()).toBe(0);
    clock.advance(1);
    expect(await hints()).toBe(1);
  });

  it('never shows an older state of an item after a newer one, however the lags are drawn', async () => {
    const clock = createFixedClock(NOON);
    const ledger = createMemoryLedger({ clock, indexLagMs: (_key, rev) => (rev === 1 ? 5_000 : 0) });
    const written = value(await ledger.write(openJob('1')));
    if (written === 'stale') throw new Error('want the first write to stand');
    await ledger.write({ ...written, fact: 'running' });
    clock.advance(60_000);
    expect(value(await ledger.demand({ shape: SHAPE, max: 10 })).hints).toEqual([]);
  });
});

describe('the ledger of the simulation', () => {
  ledgerContract(async () => {
    const planned = new Map<string, Trouble>();
    const trouble = (call: string) => {
      const found = planned.get(call);
      planned.delete(call);
      return found;
    };
    const store = createStore({
      now: () => NOON,
      indexLagMs: () => 0,
      isChecked: true,
      written: () => undefined,
    });
    // Its faults are the simulated network's work: here they stand around it.
    const ledger: Ledger = {
      read: (kind, id) => underPlan(trouble, 'ledger.read', () => store.read(kind, id)),
      readMany: (kind, ids) => underPlan(trouble, 'ledger.readMany', () => store.readMany(kind, ids)),
      write: (item) => underPlan(trouble, 'ledger.write', () => store.write(item)),
      due: (shard, until, max) => underPlan(trouble, 'ledger.due', () => store.due(shard, until, max)),
      demand: (query) => underPlan(trouble, 'ledger.demand', () => store.demand(query)),
    };
    return {
      ledger,
      spoil: (call, when) => {
        const fault = call === 'write' && when === 'after' ? UNSURE : BUSY;
        planned.set(`ledger.${call}`, { when, fault });
      },
    };
  });

  it('does the same without its checks, which most runs spare', async () => {
    const ledgers = [true, false].map((isChecked) =>
      createStore({ now: () => NOON, indexLagMs: () => 0, isChecked, written: () => undefined }),
    );
    const stories = await Promise.all(
      ledgers.map(async (ledger) => {
        const first = await ledger.write(openJob('1'));
        const twice = [await ledger.write({ ...openJob('1'), rev: 1 }), await ledger.write(openJob('1'))];
        const due = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((shard) => ledger.due(shard, NOON, 10)));
        const demand = await ledger.demand({ shape: SHAPE, max: 10 });
        return { first, twice, due, demand, read: await ledger.readMany('job', ['1', '2']) };
      }),
    );
    expect(stories[1]).toEqual(stories[0]);
    expect(stories[0]).toMatchObject({ twice: [{ ok: true, value: { rev: 2 } }, { value: 'stale' }] });
  });
});

describe('the ledger in DynamoDB', () => {
  let dynamo: DynamoDb;
  let door: FrontDoor & { readonly log: readonly string[] };
  let tables = 0;
  const clock = createFixedClock(NOON);

  beforeAll(async () => {
    dynamo = await startDynamoDb();
    door = await openDoor();
    door.attach('dynamodb', rawBackend(dynamo.handle, 'json', DYNAMODB_ALLOWED));
  });
  afterAll(async () => {
    await door.close();
    await dynamo.close();
    expect(door.log).toEqual([]);
  });

  const fresh = async () => {
    const table = `ledger-${tables++}`;
    await createLedgerTable(dynamo, table);
    return {
      table,
      ledger: createDynamoLedger({ client: ledgerClient(clientConfig(door.url)), table, clock }),
    };
  };
  const ACTIONS = {
    read: 'GetItem',
    readMany: 'BatchGetItem',
    write: 'PutItem',
    due: 'Query',
    demand: 'Query',
  } as const;

  ledgerContract(async () => {
    const { ledger } = await fresh();
    return {
      ledger,
      spoil: (call, when) => {
        const fault = when === 'after' ? lostAnswer : errorAnswer('ThrottlingException', 400);
        door.faults.before('dynamodb', ACTIONS[call], fault);
      },
    };
  });

  it('throws on a corrupt item, naming it, from every way of reading it', async () => {
    const { table, ledger } = await fresh();
    const Item = { pk: { S: 'job#42' }, rev: { N: '1' }, item: { M: { kind: { S: 'job' } } } };
    await dynamo.call('PutItem', { TableName: table, Item });
    await expect(ledger.read('job', '42')).rejects.toThrow(/ledger item job#42 is corrupt: /);
    await expect(ledger.readMany('job', ['42'])).rejects.toThrow(/ledger item job#42 is corrupt: /);
  });

  it('throws when DynamoDB finds a request malformed, since a repeat would fail the same way', async () => {
    const { ledger } = await fresh();
    door.faults.before('dynamodb', 'PutItem', errorAnswer('ValidationException', 400));
    await expect(ledger.write(jobItem('42'))).rejects.toThrow(/malformed: ValidationException on job#42/);
  });

  it('gives up on keys that stay unprocessed, and is busy then', async () => {
    const { table, ledger } = await fresh();
    const left = { UnprocessedKeys: { [table]: { Keys: [{ pk: { S: 'job#42' } }] } }, Responses: {} };
    const answer = {
      status: 200,
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: JSON.stringify(left),
    };
    door.faults.before('dynamodb', 'BatchGetItem', async () => answer, { times: 5 });
    expect(await ledger.readMany('job', ['42'])).toMatchObject({
      ok: false,
      fault: { code: 'keys-unprocessed' },
    });
    expect(door.faults.left()).toBe(0);
  });

  it('reads keys that a batch left out in the next round', async () => {
    const { table, ledger } = await fresh();
    await ledger.write(jobItem('42'));
    const left = { UnprocessedKeys: { [table]: { Keys: [{ pk: { S: 'job#42' } }] } }, Responses: {} };
    const answer = {
      status: 200,
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: JSON.stringify(left),
    };
    door.faults.before('dynamodb', 'BatchGetItem', async () => answer);
    expect(value(await ledger.readMany('job', ['42']))).toHaveLength(1);
  });

  it.each([
    ['InternalServerError', 500, 'unsure'],
    ['ResourceNotFoundException', 400, 'refused'],
    ['AccessDeniedException', 400, 'refused'],
    ['ProvisionedThroughputExceededException', 400, 'busy'],
  ] as const)('calls a write that fails with %s %s-%s', async (code, status, kind) => {
    const { ledger } = await fresh();
    door.faults.before('dynamodb', 'PutItem', errorAnswer(code, status));
    expect(await ledger.write(jobItem('42'))).toMatchObject({ ok: false, fault: { kind, code } });
    expect(door.faults.left()).toBe(0);
  });
});
