/**
 * Goal: no stop and no fault loses a parked message. Method: a replay over a queue in memory whose calls fail or that is
 * interrupted at a drawn place; afterwards each message lies in one of the two queues, and none stays hidden.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Replayed, replayParked } from '../../bin/flow/replay-parked.ts';
import { walkParked } from '../../bin/flow/walk-parked.ts';
import {
  commandRig,
  findIn,
  jobEventOf,
  type MemoryParked,
  memoryParked as memoryOf,
  parkedOf,
} from './rig.ts';

const numbered = (count: number) =>
  Array.from({ length: count }, (_, n) => parkedOf(`m${n}`, jobEventOf({ jobId: String(n + 1) })));

async function replay(queue: MemoryParked, wish: { ids?: readonly string[]; stopAfter?: number } = {}) {
  const stopping = new AbortController();
  const { ledger } = commandRig();
  const also = { pools: [], findJobs: findIn(ledger) };
  const results: Replayed[] = [];
  const parked = { jobs: queue, instances: queue };
  const stack = { name: 's', isLive: true, stackId: 'abcd1234', now: () => 0, parked, ledger, ...also };
  const walked = await replayParked(stack, {
    queue: 'jobs',
    ids: wish.ids && new Set(wish.ids),
    isDry: false,
    max: 100,
    signal: stopping.signal,
    onResult: (one) => {
      results.push(one);
      if (results.length === wish.stopAfter) stopping.abort();
    },
  });
  return { walked, results };
}

const idsIn = (queue: MemoryParked): string[] => queue.parked.map(({ messageId }) => messageId);
const jobsIn = ({ resent }: MemoryParked): string[] => resent.map((body) => JSON.parse(body).jobId);

describe('a replay', () => {
  it('sends every message once, exactly as it was, and takes it off', async () => {
    const messages = numbered(8);
    const queue = memoryOf(messages);
    const { walked, results } = await replay(queue);
    expect(walked).toEqual({ seen: 8, isWhole: true, fault: null });
    expect(results.map(({ result }) => result)).toEqual(messages.map(() => 'replayed'));
    expect(queue.resent).toEqual(messages.map(({ body }) => body));
    expect(queue.parked).toEqual([]);
  });

  it('of some ids touches no other message, and looks no further than the last of them', async () => {
    const queue = memoryOf(numbered(9));
    const { walked } = await replay(queue, { ids: ['m1', 'm4'] });
    expect(walked).toEqual({ seen: 6, isWhole: true, fault: null });
    expect(jobsIn(queue)).toEqual(['2', '5']);
    expect(idsIn(queue)).toEqual(['m0', 'm2', 'm3', 'm5', 'm6', 'm7', 'm8']);
    expect([...queue.hidden].filter((id) => idsIn(queue).includes(id))).toEqual([]);
  });

  it.each([
    ['resend', 'before', 'failed', ['m0'], []],
    ['resend', 'after', 'failed', ['m0'], ['1']],
    ['remove', 'before', 'copy-stays', ['m0'], ['1']],
    ['remove', 'after', 'copy-stays', [], ['1']],
  ] as const)('whose %s fails %s its effect says so, and keeps the message somewhere', async (...one) => {
    const [call, when, result, left, sent] = one;
    const queue = memoryOf(numbered(1));
    queue.spoil(call, when);
    const { results } = await replay(queue);
    expect(results).toMatchObject([{ result, fault: when === 'before' ? 'throttled' : 'timeout' }]);
    expect(idsIn(queue)).toEqual(left);
    expect(jobsIn(queue)).toEqual(sent);
  });

  it('loses nothing and hides nothing, wherever it is interrupted and whichever call fails', async () => {
    const fault = fc.record({
      call: fc.constantFrom('receive' as const, 'resend' as const, 'remove' as const),
      when: fc.constantFrom('before' as const, 'after' as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.nat(12), fc.nat(13), fc.option(fault), async (count, stopAfter, spoiled) => {
        const queue = memoryOf(numbered(count));
        if (spoiled !== null) queue.spoil(spoiled.call, spoiled.when);
        await replay(queue, { stopAfter });
        const somewhere = new Set([...queue.parked.map(({ body }) => body), ...queue.resent]);
        expect(somewhere.size).toBe(count);
        // A receive whose answer was lost hides what it took until SQS shows it again: nobody has its receipts.
        if (spoiled?.call === 'receive' && spoiled.when === 'after') return;
        expect(idsIn(queue).filter((id) => queue.hidden.has(id))).toEqual([]);
      }),
    );
  });
});

describe('a walk', () => {
  const walk = (queue: MemoryParked, max: number) =>
    walkParked(queue, { max, signal: new AbortController().signal, visit: async () => false });

  it('that its bound ends says that there may be more', async () => {
    expect(await walk(memoryOf(numbered(5)), 4)).toEqual({ seen: 4, isWhole: false, fault: null });
    expect(await walk(memoryOf(numbered(5)), 6)).toEqual({ seen: 5, isWhole: true, fault: null });
  });

  it('believes an empty answer only the second time in a row', async () => {
    const queue = memoryOf(numbered(2));
    let asked = 0;
    const hesitant = {
      ...queue,
      receive: () => {
        asked += 1;
        return asked === 1 ? Promise.resolve({ ok: true as const, value: [] }) : queue.receive();
      },
    };
    expect(await walk(hesitant, 10)).toEqual({ seen: 2, isWhole: true, fault: null });
  });

  it('ends, and counts none twice, when messages show themselves again under way', async () => {
    const queue = memoryOf(numbered(4));
    const forgetful = {
      ...queue,
      receive: async () => {
        const received = await queue.receive();
        for (const { messageId } of queue.parked.slice(0, 3)) await queue.release(receiptOf(messageId));
        return received;
      },
    };
    expect((await walk(forgetful, 100)).seen).toBeLessThanOrEqual(4);
  });
});

const receiptOf = (messageId: string) => ({ ...parkedOf(messageId, {}), receipt: '' });
