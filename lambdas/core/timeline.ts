import type { Timeline, TimelineEntry } from '../contracts/ledger.ts';

/** The first ten tell how it began, the last thirty how it is; between them entries may go once they are audited. */
export const FIRST_KEPT = 10;
export const LAST_KEPT = 30;
/**
 * An outbox that nobody empties must not jam the item (DynamoDB takes 400 KB): beyond this many entries the middle goes,
 * audited or not. Entries are numbered, so the gap shows.
 */
export const UNAUDITED_MAX = 200;
const WHY_BYTES_MAX = 200;

export type Moment = Omit<TimelineEntry, 'n' | 'lastAt' | 'count' | 'why'> & { readonly why?: string };

export const emptyTimeline = (): Timeline => ({ next: 1, auditedTo: 0, entries: [] });

const isRepeat = (last: TimelineEntry, moment: Moment): boolean =>
  last.from === moment.from &&
  last.to === moment.to &&
  last.reason === moment.reason &&
  last.by === moment.by;

/** Appends an entry. A repeat of the last one bumps its count; nothing above `auditedTo` is ever trimmed. */
export function record(timeline: Timeline, moment: Moment): Timeline {
  const why = (moment.why ?? '').slice(0, WHY_BYTES_MAX);
  const last = timeline.entries.at(-1);
  if (last !== undefined && isRepeat(last, moment)) {
    const bumped = { ...last, lastAt: moment.at, count: last.count + 1, why };
    return { ...timeline, entries: [...timeline.entries.slice(0, -1), bumped] };
  }
  const entry: TimelineEntry = { ...moment, why, n: timeline.next, lastAt: moment.at, count: 1 };
  const entries = [...timeline.entries, entry];
  return { ...timeline, next: timeline.next + 1, entries: trimmed(entries, timeline.auditedTo) };
}

/** Until the audit writer has taken entries they stay, within the bound: the timeline is its outbox. */
function trimmed(entries: readonly TimelineEntry[], auditedTo: number): TimelineEntry[] {
  if (entries.length > UNAUDITED_MAX) return entries.filter((_, index) => index !== FIRST_KEPT);
  const lastFrom = entries.length - LAST_KEPT;
  return entries.filter((entry, index) => index < FIRST_KEPT || index >= lastFrom || entry.n > auditedTo);
}
