import type { Stack } from '../../bin/ports/stack.ts';
import { STACK_ID } from '../core/fixtures.ts';
import type { Stage } from '../flow/stage.ts';
import { findIn, memoryParked, type Printed, runLine } from './rig.ts';

/** The real flows over the models, as a stack that commands speak of. */
export function stackOf(stage: Stage, change: Partial<Stack> = {}): Stack {
  const nothing = memoryParked();
  return {
    ...{ name: 'Mayfly', isLive: true, stackId: STACK_ID, now: stage.clock.now, pools: ['linux-x64'] },
    ...{
      parked: { jobs: nothing, instances: nothing },
      ledger: stage.ledger,
      findJobs: findIn(stage.ledger),
    },
    ...change,
  };
}

/** Runs a command line on it; `onSleep` is what happens in the world while the command waits. */
export const mayflyOn = (
  stage: Stage,
  line: string,
  how: { readonly change?: Partial<Stack>; readonly onSleep?: (ms: number) => Promise<unknown> } = {},
): Promise<Printed> =>
  runLine(line.split(' ').filter(Boolean), {
    open: async () => stackOf(stage, how.change),
    sleep: async (ms) => {
      await how.onSleep?.(ms);
    },
  });
