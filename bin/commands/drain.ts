import type { RunnerItem } from '../../lambdas/contracts/ledger.ts';
import { amend } from '../../lambdas/flow/amend.ts';
import { COMMON, COMMON_USAGE, readArguments, targetOf, wholeNumber } from '../core/arguments.ts';
import { stopped } from '../core/stops.ts';
import { EXIT, EXIT_CODES } from '../core/usage.ts';
import { openItems } from '../flow/open-items.ts';
import type { Stack } from '../ports/stack.ts';
import type { Command, Desk } from './command.ts';
import { liveStack } from './stop.ts';

const MINUTE = 60_000;
const MINUTES_DEFAULT = 60;
/** Three days: no job of GitHub's runs longer than five, and nobody waits for more. */
const MINUTES_MAX = 4_320;
/** Some tens of reads each time. */
const LOOK_EVERY_MS = 10_000;

const USAGE = `mayfly drain (--stack NAME | --local) [options]

Stops launches of the whole stack and waits until no machine is left: for upgrades, and before the stack is removed. Busy machines finish
their jobs; idle ones go at the idle limit of their pool. Jobs that arrive meanwhile wait. Launches stay stopped, whatever ends the command:
"mayfly resume all" lets them go on.

${COMMON_USAGE}  --minutes N   wait N minutes at most (default ${MINUTES_DEFAULT}, at most ${MINUTES_MAX})

Examples:
  mayfly drain --stack Mayfly
  mayfly drain --stack Mayfly --minutes 360 --json

Permissions: ssm:GetParameter, dynamodb:GetItem, PutItem, Query and BatchGetItem.
${EXIT_CODES}Machines that are left when the time is over count as undone.
`;

interface Left {
  readonly runners: readonly RunnerItem[];
  readonly launches: number;
  readonly jobs: number;
}

export const drain: Command = {
  name: 'drain',
  summary: 'stop launches and wait until every machine has finished and gone',
  usage: USAGE,
  run: async (args, desk) => {
    const values = readArguments('drain', { ...COMMON, minutes: { type: 'string' } }, args);
    const minutes =
      values.minutes === undefined ? MINUTES_DEFAULT : wholeNumber('minutes', values.minutes, MINUTES_MAX);
    const stack = liveStack(await desk.open(targetOf(values)));
    const now = stack.now();
    const all = { kind: 'all' } as const;
    const written = await amend(stack.ledger, { kind: 'stop', id: 'all' }, (item) => stopped(item, all, now));
    if (!written.ok) {
      desk.note(`Nothing is changed: the ledger did not answer (${written.fault.code}); try again.\n`);
      return EXIT.short;
    }
    const left = await waitForNone(stack, now + minutes * MINUTE, desk);
    tell(left, desk, { isJson: values.json === true, stack: stack.name });
    if (desk.signal.aborted) return EXIT.interrupted;
    return left?.runners.length === 0 && left.launches === 0 ? EXIT.done : EXIT.short;
  },
};

/** What is left when nothing is, the time is over or Ctrl-C was pressed. Undefined: the ledger never answered. */
async function waitForNone(stack: Stack, until: number, desk: Desk): Promise<Left | undefined> {
  let left: Left | undefined;
  let told = '';
  for (;;) {
    const open = await openItems(stack);
    // A look that fails is made again: waiting is what this command does.
    if (open.ok) {
      const { runners, launches, jobs } = open.value;
      left = {
        runners,
        launches: launches.length,
        jobs: jobs.filter(({ fact }) => fact === 'queued').length,
      };
      const line = lineOf(left);
      if (line !== told) desk.progress(`${line}\n`);
      told = line;
      if (runners.length === 0 && launches.length === 0) return left;
    }
    if (desk.signal.aborted || stack.now() >= until) return left;
    await desk.sleep(LOOK_EVERY_MS);
  }
}

function lineOf({ runners, launches, jobs }: Left): string {
  const busy = runners.filter(({ rank }) => rank === 'busy').length;
  return `${runners.length} machines left, ${busy} of them busy; ${launches} launches open; ${jobs} jobs wait`;
}

function tell(
  left: Left | undefined,
  desk: Desk,
  how: { readonly isJson: boolean; readonly stack: string },
): void {
  const ids = left?.runners.map(({ instanceId }) => instanceId) ?? null;
  if (how.isJson) {
    const report = {
      stack: how.stack,
      left: ids,
      launches: left?.launches ?? null,
      waiting: left?.jobs ?? null,
    };
    desk.print(`${JSON.stringify(report)}\n`);
    return;
  }
  if (left === undefined)
    desk.print('Launches are stopped. What runs is unknown: the ledger did not answer.\n');
  else if (left.runners.length + left.launches === 0)
    desk.print(
      `Nothing runs any more; ${left.jobs} jobs wait. Launches stay stopped until "mayfly resume all".\n`,
    );
  else
    desk.print(
      `Launches are stopped, and ${left.runners.length} machines are LEFT: ${(ids ?? []).slice(0, 20).join(', ')}. "mayfly why" tells of each.\n`,
    );
}
