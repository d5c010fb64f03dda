import type { ParkedMessage } from '../../lambdas/contracts/run-folder.ts';
import { askedOf, type Finding, findingOf, type Known, type Subject, subjectOf } from '../core/parked.ts';
import type { Stack } from '../ports/stack.ts';

/** A parked message with what the ledger knows of it now. */
export async function lookUp(message: ParkedMessage, stack: Pick<Stack, 'ledger'>): Promise<Finding> {
  const subject = subjectOf(message);
  return findingOf(message, subject, await knownOf(subject, stack));
}

async function knownOf(subject: Subject, { ledger }: Pick<Stack, 'ledger'>): Promise<Known> {
  const asked = askedOf(subject);
  if (asked === undefined) return { kind: 'none' };
  try {
    const read = await ledger.read(asked.kind, asked.id);
    if (!read.ok) return { kind: 'silent', code: read.fault.code };
    if (read.value === undefined) return { kind: 'none' };
    return read.value.kind === 'job'
      ? { kind: 'job', item: read.value }
      : { kind: 'runner', item: read.value };
  } catch (error) {
    // The ledger throws on an item that breaks its schema: such an item jams its messages, so this is worth telling.
    return { kind: 'corrupt', why: error instanceof Error ? error.message : 'unknown error' };
  }
}
