import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { DemandHint, DueHint, Ledger } from '../../lambdas/ports/ledger.ts';
import { DUE_SHARDS } from '../../lambdas/ports/ledger.ts';
import type { Outcome } from '../../lambdas/ports/outcome.ts';
import {
  GROUP,
  jobItem,
  launchItem,
  NOON,
  ONE_OF_EACH,
  OTHER_GROUP,
  openJob,
  poolItem,
  runnerItem,
  SHAPE,
} from './items.ts';

/** An empty ledger, and a way to make its next call of a kind go wrong. */
export interface LedgerRig {
  readonly ledger: Ledger;
  /** `before`: turned away without effect. `after`: it happens and its answer is lost. */
  spoil(call: 'read' | 'readMany' | 'write' | 'due' | 'demand', when: 'before' | 'after'): void;
}

export function value<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new Error(`want a value, got ${JSON.stringify(outcome.fault)}`);
}

/** Writes and gives the item as it is now; a stale write fails the test. */
async function put<I extends Parameters<Ledger['write']>[0]>(ledger: Ledger, item: I): Promise<I> {
  const written = value(await ledger.write(item));
  if (written === 'stale') throw new Error('want a first write to stand, got stale');
  return written;
}

async function dueEverywhere(ledger: Ledger, until: number): Promise<DueHint[]> {
  const shards = Array.from({ length: DUE_SHARDS }, (_, shard) => ledger.due(shard, until, 500));
  return (await Promise.all(shards)).flatMap((hints) => [...value(hints)]);
}

function quietly<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

const ids = (hints: readonly (DueHint | DemandHint)[]): string[] => hints.map(({ id }) => id);

/** The cases that every implementation of the Ledger port passes. */
export function ledgerContract(make: () => Promise<LedgerRig>): void {
  let rig: LedgerRig;
  let ledger: Ledger;
  beforeEach(async () => {
    rig = await make();
    ledger = rig.ledger;
  });
  afterEach(() => expect.hasAssertions());

  itReadsAndWrites(() => ({ ledger, rig }));
  itAnswersWhatIsDue(() => ledger);
  itAnswersDemand(() => ledger);
  itNamesFaults(() => ({ ledger, rig }));
}

function itReadsAndWrites(at: () => { ledger: Ledger; rig: LedgerRig }): void {
  it('reads nothing where nothing was written', async () => {
    expect(value(await at().ledger.read('job', '42'))).toBeUndefined();
  });

  it.each(ONE_OF_EACH)(
    'gives an item back exactly as it was written, with the next revision (%s)',
    async (id, item) => {
      const { ledger } = at();
      expect(await put(ledger, item)).toEqual({ ...item, rev: 1 });
      expect(value(await ledger.read(item.kind, id))).toEqual({ ...item, rev: 1 });
    },
  );

  it('keeps items of one id and different kinds apart', async () => {
    const { ledger } = at();
    await put(ledger, { ...poolItem, pool: 'all' });
    expect(value(await ledger.read('stop', 'all'))).toBeUndefined();
  });

  it('writes an item of revision 0 only if there is none', async () => {
    const { ledger } = at();
    await put(ledger, jobItem('42'));
    expect(value(await ledger.write(jobItem('42', { conclusion: 'other' })))).toBe('stale');
    expect(value(await ledger.read('job', '42'))?.conclusion).toBeNull();
  });

  it('refuses a write on an older revision and on one that never was', async () => {
    const { ledger } = at();
    const first = await put(ledger, jobItem('42'));
    const second = await put(ledger, { ...first, conclusion: 'second' });
    expect(second.rev).toBe(2);
    expect(value(await ledger.write({ ...first, conclusion: 'late' }))).toBe('stale');
    expect(value(await ledger.write({ ...first, rev: 7 }))).toBe('stale');
    expect(value(await ledger.write({ ...jobItem('43'), rev: 1 }))).toBe('stale');
    expect(value(await ledger.read('job', '42'))).toEqual(second);
  });

  it('lets exactly one of many writers of one revision win', async () => {
    const { ledger } = at();
    const first = await put(ledger, jobItem('42'));
    const tries = Array.from({ length: 8 }, (_, n) => ledger.write({ ...first, conclusion: `writer ${n}` }));
    const won = (await Promise.all(tries)).map(value).filter((written) => written !== 'stale');
    expect(won).toHaveLength(1);
    expect(value(await ledger.read('job', '42'))).toEqual(won[0]);
  });

  it('is not changed by what a caller does to an item afterwards', async () => {
    const { ledger } = at();
    const given = jobItem('42');
    await put(ledger, given);
    given.labels.push('given');
    const read = value(await ledger.read('job', '42'));
    // A frozen item throws, which serves as well.
    expect([undefined, 4]).toContain(quietly(() => read?.labels.push('read')));
    expect(value(await ledger.read('job', '42'))?.labels).toEqual(['self-hosted', 'linux', 'x64']);
  });

  it('throws on an item that could not be read again, and writes nothing', async () => {
    const { ledger } = at();
    await expect(ledger.write(jobItem('42', { name: 'x'.repeat(201) }))).rejects.toThrow(
      /ledger item job#42 cannot be written: name/,
    );
    expect(value(await ledger.read('job', '42'))).toBeUndefined();
  });

  it('reads many at once, leaving out what is not there and repeating nothing', async () => {
    const { ledger } = at();
    await put(ledger, jobItem('1'));
    await put(ledger, jobItem('2'));
    const found = value(await ledger.readMany('job', ['2', '3', '1', '2']));
    expect(found.map(({ jobId }) => jobId).sort()).toEqual(['1', '2']);
    expect(value(await ledger.readMany('job', []))).toEqual([]);
  });

  it('reads a hundred items at once and refuses to be asked for more', async () => {
    const { ledger } = at();
    const hundred = Array.from({ length: 100 }, (_, n) => String(n + 1));
    await Promise.all(hundred.map((id) => put(ledger, jobItem(id))));
    expect(value(await ledger.readMany('job', hundred))).toHaveLength(100);
    await expect(ledger.readMany('job', [...hundred, '101'])).rejects.toThrow(/at most 100/);
  });
}

const dueJob = (id: string, due: number | null, closed: number | null = null) => {
  const { intent } = jobItem(id);
  return jobItem(id, { intent: { ...intent, due }, expiresAtSeconds: closed });
};

function itAnswersWhatIsDue(at: () => Ledger): void {
  it('shows jobs, runners and launches that are due, each in one shard', async () => {
    await put(at(), dueJob('1', NOON));
    await put(at(), runnerItem('i-0123456789abcdef0'));
    await put(at(), launchItem());
    const found = await dueEverywhere(at(), NOON + 600_000);
    expect(found.map(({ kind, due }) => [kind, due]).sort()).toEqual([
      ['job', NOON],
      ['launch', NOON],
      ['runner', NOON + 600_000],
    ]);
  });

  it('shows neither what is due later, nor what is not due at all, nor what is closed', async () => {
    await put(at(), dueJob('1', NOON + 1));
    await put(at(), dueJob('2', null));
    await put(at(), dueJob('3', NOON, NOON / 1_000));
    await put(at(), launchItem(undefined, { due: null }));
    expect(await dueEverywhere(at(), NOON)).toEqual([]);
  });

  it('forgets an item once it was written without a due time', async () => {
    const job = await put(at(), dueJob('1', NOON));
    await put(at(), { ...job, intent: { ...job.intent, due: null } });
    expect(await dueEverywhere(at(), NOON)).toEqual([]);
  });

  it('answers the oldest of a shard first and no more than asked', async () => {
    const dues = Array.from({ length: 60 }, (_, n) => NOON + ((n * 37) % 60));
    await Promise.all(dues.map((due, n) => put(at(), dueJob(String(n + 1), due))));
    for (let shard = 0; shard < DUE_SHARDS; shard++) {
      const all = value(await at().due(shard, NOON + 60, 500));
      expect(all.map(({ due }) => due)).toEqual(all.map(({ due }) => due).sort((a, b) => a - b));
      expect(value(await at().due(shard, NOON + 60, 2))).toEqual(all.slice(0, 2));
    }
  });
}

function itAnswersDemand(at: () => Ledger): void {
  const ask = async (max: number, group?: string) =>
    value(await at().demand({ shape: SHAPE, max, ...(group && { group }) }));

  it('shows open jobs and unbound runners, oldest first, each as it stands', async () => {
    await put(at(), openJob('2', NOON + 2));
    await put(at(), openJob('1', NOON + 4));
    await put(at(), runnerItem('i-0000000000000001', NOON + 1));
    await put(at(), runnerItem('i-0000000000000002', NOON + 3, { rank: 'online' }));
    expect(await ask(10)).toEqual({
      complete: true,
      hints: [
        { kind: 'runner', id: 'i-0000000000000001', group: GROUP, since: NOON + 1, state: 'launched' },
        { kind: 'job', id: '2', group: GROUP, since: NOON + 2, state: 'queued' },
        { kind: 'runner', id: 'i-0000000000000002', group: GROUP, since: NOON + 3, state: 'online' },
        { kind: 'job', id: '1', group: GROUP, since: NOON + 4, state: 'queued' },
      ],
    });
  });

  it('shows neither jobs that want nothing nor runners that can take none', async () => {
    const held = openJob('1').intent;
    await put(at(), openJob('1', NOON, { intent: { ...held, step: 'held' } }));
    await put(at(), openJob('2', NOON, { fact: 'running' }));
    await put(at(), openJob('3', NOON, { outcome: 'denied' }));
    await put(at(), jobItem('4'));
    const { intent } = runnerItem('i-0000000000000001');
    await put(at(), runnerItem('i-0000000000000001', NOON, { rank: 'busy' }));
    await put(at(), runnerItem('i-0000000000000002', NOON, { job: '9' }));
    await put(at(), runnerItem('i-0000000000000003', NOON, { intent: { ...intent, end: 'not-needed' } }));
    expect(await ask(10)).toEqual({ complete: true, hints: [] });
  });

  it('moves a row with its item: out of a shape, into another group', async () => {
    const runner = await put(at(), runnerItem('i-0000000000000001'));
    await put(at(), { ...runner, intent: { ...runner.intent, group: OTHER_GROUP } });
    const job = await put(at(), openJob('1'));
    await put(at(), { ...job, shape: 'ffffffffffffffffffff' });
    expect(ids((await ask(10)).hints)).toEqual(['i-0000000000000001']);
    expect((await ask(10, GROUP)).hints).toEqual([]);
    expect(ids((await ask(10, OTHER_GROUP)).hints)).toEqual(['i-0000000000000001']);
  });

  it.each([[GROUP], [undefined]])(
    'never cuts the oldest, whatever kind they are, and says that it cut (group %s)',
    async (group) => {
      const jobs = Array.from({ length: 20 }, (_, n) => openJob(String(n + 1), NOON + 100 + n));
      const others = Array.from({ length: 20 }, (_, n) =>
        openJob(String(n + 101), NOON + 500 + n, { group: `${'a'.repeat(19)}0` }),
      );
      await Promise.all([...jobs, ...others].map((job) => put(at(), job)));
      await put(at(), runnerItem('i-0000000000000001', NOON));
      const five = await ask(5, group);
      expect(ids(five.hints)).toEqual(['i-0000000000000001', '1', '2', '3', '4']);
      expect(five.complete).toBe(false);
    },
  );

  it('calls an answer complete that holds exactly as many as were asked for', async () => {
    for (const id of ['1', '2', '3']) await put(at(), openJob(id));
    expect((await ask(3, GROUP)).complete).toBe(true);
    expect((await ask(2, GROUP)).complete).toBe(false);
  });
}

function itNamesFaults(at: () => { ledger: Ledger; rig: LedgerRig }): void {
  it('calls a write unsure when its answer was lost; it stands, and a blind repeat is stale', async () => {
    const { ledger, rig } = at();
    rig.spoil('write', 'after');
    expect(await ledger.write(jobItem('42'))).toMatchObject({ ok: false, fault: { kind: 'unsure' } });
    expect(value(await ledger.write(jobItem('42')))).toBe('stale');
    expect(value(await ledger.read('job', '42'))?.rev).toBe(1);
  });

  it('calls a write busy when it was turned away; nothing was written', async () => {
    const { ledger, rig } = at();
    rig.spoil('write', 'before');
    const outcome = await ledger.write(jobItem('42'));
    expect(outcome).toMatchObject({ ok: false, fault: { kind: 'busy', retryAfterMs: expect.any(Number) } });
    expect(value(await ledger.read('job', '42'))).toBeUndefined();
  });

  it.each(['before', 'after'] as const)('calls every read busy that failed %s it was made', async (when) => {
    const { ledger, rig } = at();
    const reads = {
      read: () => ledger.read('job', '42'),
      readMany: () => ledger.readMany('job', ['42']),
      due: () => ledger.due(0, NOON, 10),
      demand: () => ledger.demand({ shape: SHAPE, max: 10 }),
    };
    for (const [call, read] of Object.entries(reads)) {
      rig.spoil(call as keyof typeof reads, when);
      expect(await read()).toMatchObject({ ok: false, fault: { kind: 'busy' } });
      expect(await read()).toMatchObject({ ok: true });
    }
  });
}
