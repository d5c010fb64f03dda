import type { Happening } from './sim.ts';

/** One line for what a person follows a run by; most happenings say nothing. */
export function tellStory(happening: Happening, at: number, say: (at: number, line: string) => void): void {
  const line = lineOf(happening);
  if (line !== undefined) say(at, line);
}

function lineOf(happening: Happening): string | undefined {
  switch (happening.kind) {
    case 'queued':
      return `${happening.jobId} queued${happening.isInVain ? ' in vain' : ''}`;
    case 'cancelled':
      return `${happening.jobId} cancelled`;
    case 'announced':
      return `${happening.event.jobId} webhook ${happening.event.action}`;
    case 'launch-asked':
      return `launch ${happening.request.ticket} for ${happening.request.count} (${happening.request.market})`;
    case 'launched': {
      const { answer } = happening;
      if (!answer.ok) return `  launch failed: ${answer.fault.kind} ${answer.fault.code}`;
      const ids = answer.value.instances.map(({ instanceId }) => instanceId);
      const faults = answer.value.faults.map(({ fault }) => fault.code);
      return `  launched ${ids.join(' ') || 'nothing'} ${[...new Set(faults)].join(' ')}`;
    }
    case 'minted':
      return `minted ${happening.name}: ${happening.outcome.ok ? 'ok' : happening.outcome.fault.code}`;
    case 'delivered':
      return `claim of ${happening.instanceId} granted`;
    case 'job-started':
    case 'job-ended':
      return `${happening.jobId} ${happening.kind === 'job-started' ? 'started' : 'ended'} on ${happening.instanceId}`;
    case 'guarded':
      return `${happening.jobId} ${happening.isAllowed ? 'allowed' : 'denied'} on ${happening.instanceId}`;
    case 'terminate-asked':
      return `terminate ${happening.ids.join(' ')}`;
    case 'died':
      return `${happening.fn} ${happening.how}`;
    case 'threw':
      return `${happening.fn} threw ${happening.error}`;
    case 'written':
      return writtenLine(happening);
    default:
      return undefined;
  }
}

function writtenLine({ before, after }: Extract<Happening, { kind: 'written' }>): string | undefined {
  if (after.kind !== 'job' && after.kind !== 'runner') return undefined;
  const last = after.timeline.entries.at(-1);
  const known = before?.kind === after.kind ? before.timeline.next : 0;
  if (last === undefined || after.timeline.next === known) return undefined;
  const id = after.kind === 'job' ? after.jobId : after.instanceId;
  return `  ${after.kind} ${id}: ${last.from} -> ${last.to}, ${last.reason} (${last.by})`;
}
