import { describe, expect, it } from '@jest/globals';
import { askedOf, findingOf, type Known, subjectOf } from '../../bin/core/parked.ts';
import type { JobItem } from '../../lambdas/contracts/ledger.ts';
import { jobItem, NOON, openJob, runnerItem } from '../contract/items.ts';
import { ID, instanceEventOf, jobEventOf, parkedOf } from './rig.ts';

const NONE: Known = { kind: 'none' };
const found = (body: unknown, known: Known = NONE, queue: 'jobs' | 'instances' = 'jobs') => {
  const message = parkedOf('m1', body, { queue });
  return findingOf(message, subjectOf(message), known);
};
const job = (change: Partial<JobItem> = {}): Known => ({ kind: 'job', item: openJob('42', NOON, change) });
const runner = (rank: 'launched' | 'ended'): Known => ({
  kind: 'runner',
  item: runnerItem(ID, NOON, { rank }),
});
const reasoned = (reason: JobItem['intent']['reason']) =>
  job({ intent: { ...jobItem('42').intent, reason } });

describe('a parked message', () => {
  it.each([
    ['no JSON', 'jobs', '{', /^the body is no JSON: a bug of ours/],
    ['of another form', 'jobs', { v: 1 }, /^the body is not of the agreed form \(.*\): a bug of ours/],
    ['of the other queue', 'instances', jobEventOf(), /^the body is not of the agreed form/],
  ] as const)('that is %s is unreadable, is never sent again, and says why', (_, queue, body, why) => {
    expect(found(body, NONE, queue)).toMatchObject({
      what: 'unreadable',
      verdict: 'unreadable',
      why: expect.stringMatching(why),
    });
  });

  it('shows nothing of a body that it cannot read', () => {
    const canary = 'CANARY-4711';
    expect(JSON.stringify(found(`{"${canary}":"${canary}`))).not.toContain(canary);
    expect(JSON.stringify(found({ ...jobEventOf(), jobId: canary, name: canary }))).not.toContain(canary);
  });

  it.each([
    ['a job that the ledger never saw', 'queued', NONE, 'replay', /never took it/],
    ['a queued job, again queued', 'queued', job(), 'replay', /waiting: the launch budget is spent/],
    ['the start of a queued job', 'in_progress', job(), 'replay', /waiting/],
    ['the start of a running job', 'in_progress', job({ fact: 'running' }), 'replay', /running/],
    ['the queueing of a running job', 'queued', job({ fact: 'running' }), 'over', /running/],
    ['the end of a running job', 'completed', job({ fact: 'running' }), 'replay', /running/],
    ['the end of a completed job', 'completed', job({ fact: 'completed' }), 'over', /completed/],
    ['a job that GitHub dropped', 'queued', reasoned('queue-time-over'), 'over', /24 hours/],
    ['a job that was over', 'completed', reasoned('job-over'), 'over', /over/],
    ['a job whose item is corrupt', 'queued', { kind: 'corrupt', why: 'fact: x' }, 'blocked', /fact: x/],
    ['a job of a silent ledger', 'queued', { kind: 'silent', code: 'timeout' }, 'blocked', /timeout/],
  ] as const)('about %s (%s) is judged by what the ledger knows', (_, action, known, verdict, why) => {
    const finding = found(jobEventOf({ action }), known);
    expect(finding).toMatchObject({ verdict, what: `job 42 ${action}`, why: expect.stringMatching(why) });
    expect(finding).toMatchObject({ jobId: '42', repository: 'acme/app', instanceId: null });
  });

  it.each([
    ['that the ledger does not have', NONE, 'over'],
    ['that lives, as far as the ledger knows', runner('launched'), 'replay'],
    ['that has ended', runner('ended'), 'over'],
  ] as const)('about an instance %s is judged so', (_, known, verdict) => {
    const finding = found(instanceEventOf('terminated'), known, 'instances');
    expect(finding).toMatchObject({ verdict, what: `instance ${ID} terminated`, instanceId: ID });
  });

  it('asks the ledger for the item that it speaks of, and for none when it cannot be read', () => {
    const asked = (body: unknown, queue: 'jobs' | 'instances') =>
      askedOf(subjectOf(parkedOf('m1', body, { queue })));
    expect(asked(jobEventOf(), 'jobs')).toEqual({ kind: 'job', id: '42' });
    expect(asked(instanceEventOf('stopped'), 'instances')).toEqual({ kind: 'runner', id: ID });
    expect(asked('{', 'jobs')).toBeUndefined();
  });

  it('tells what the timeline said last, how often and when', () => {
    const entry = { n: 1, at: NOON, lastAt: NOON + 60_000, count: 3, from: 'held', to: 'held' } as const;
    const last = { ...entry, by: 'dispatch', reason: 'fact-unreachable', why: 'HTTP 502' } as const;
    const { why } = found(jobEventOf(), job({ timeline: { next: 2, auditedTo: 0, entries: [last] } }));
    expect(why).toMatch(/\(last: dispatch, fact-unreachable HTTP 502, 3 times, at 2026-11-02T12:01:00Z\)$/);
  });
});
