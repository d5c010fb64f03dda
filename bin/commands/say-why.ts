import type { JobItem, RunnerItem, Timeline } from '../../lambdas/contracts/ledger.ts';
import { REASONS } from '../../lambdas/contracts/reasons.ts';
import type { Why } from '../core/why.ts';
import { age } from './say-parked.ts';

/** `12:00:30Z, in 25 s`; times that have passed are told as such: somebody should have acted. */
export function moment(at: number, now: number): string {
  const clock = `${new Date(at).toISOString().slice(0, 19)}Z`;
  return at >= now ? `${clock}, in ${age(at - now)}` : `${clock}, ${age(now - at)} ago`;
}

/** The sweep acts within a minute or two: what is overdue for longer says that it does not run. */
export const OVERDUE_MS = 3 * 60_000;

function whyLines(why: Why, now: number): readonly string[] {
  const { reason, says, waitsFor, until, canDo } = why;
  const when = until === null ? '' : `, until ${moment(until, now)}, at the latest`;
  const isOverdue = until !== null && now - until > OVERDUE_MS;
  return [
    `  why:    ${says} (${reason})`,
    ...(waitsFor === null ? [] : [`  waits:  for ${waitsFor}${when}`]),
    ...(canDo === null ? [] : [`  you:    ${canDo}`]),
    ...(isOverdue
      ? ['  late:   nobody has looked at it since: does the sweep run? See "mayfly status"']
      : []),
  ];
}

function timelineLines({ entries }: Timeline, now: number): readonly string[] {
  const [first] = entries;
  if (first === undefined) return [];
  return [
    `  since ${moment(first.at, now)}:`,
    ...entries.map(({ at, count, from, to, by, reason, why }) => {
      const after = `+${Math.round((at - first.at) / 1000)} s`.padStart(9);
      const change = from === to ? to : `${from} → ${to}`;
      const times = count > 1 ? ` (${count} times)` : '';
      return `  ${after}  ${by}: ${change}, ${REASONS[reason]}${why === '' ? '' : `: ${why}`}${times}`;
    }),
  ];
}

export const jobLines = (job: JobItem, why: Why, now: number): readonly string[] => [
  `job ${job.jobId} (${job.name}) of ${job.repository.fullName}: ${why.state}`,
  ...whyLines(why, now),
  ...timelineLines(job.timeline, now),
];

export const runnerLines = (runner: RunnerItem, why: Why, now: number): readonly string[] => [
  `runner ${runner.instanceId} (${runner.instanceType} ${runner.market}, ${runner.zone}) of pool ${runner.pool}: ${why.state}`,
  ...whyLines(why, now),
  ...timelineLines(runner.timeline, now),
];
