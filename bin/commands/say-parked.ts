import type { Finding, Verdict } from '../core/parked.ts';
import type { Replayed } from '../flow/replay-parked.ts';

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** `3 h`, as coarse as a person asks. */
export function age(ms: number): string {
  const [unit, size] = UNITS.find(([, one]) => ms >= one) ?? ['s', 1_000];
  return `${Math.max(0, Math.floor(ms / size))} ${unit}`;
}

const ON_REPLAY: Record<Verdict, string> = {
  replay: 'sent again',
  over: 'left',
  unreadable: 'left',
  blocked: 'left',
};

/** A finding in three lines. */
export function findingLines(finding: Finding, now: number): readonly string[] {
  const { messageId, what, repository, sentAt, receives, why, verdict, verdictWhy } = finding;
  const about = repository === null ? what : `${what} of ${repository}`;
  return [
    `  ${messageId}  ${about}, ${age(now - sentAt)} old, received ${receives} times`,
    `    why: ${why}`,
    `    on replay: ${ON_REPLAY[verdict]}: ${verdictWhy}`,
  ];
}

const RESULT: Record<Replayed['result'], string> = {
  replayed: 'sent again',
  'would-replay': 'would be sent again',
  left: 'left',
  failed: 'NOT SENT',
  'copy-stays': 'sent again, but still parked as well',
};

/** What a replay did with one message, in one line. */
export function resultLine({ finding, result, fault }: Replayed): string {
  const why = result === 'left' ? `: ${finding.verdictWhy}` : fault === null ? '' : ` (${fault})`;
  return `  ${finding.messageId}  ${finding.what}: ${RESULT[result]}${why}`;
}
