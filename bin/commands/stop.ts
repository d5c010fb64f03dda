import type { StopItem } from '../../lambdas/contracts/ledger.ts';
import { amend } from '../../lambdas/flow/amend.ts';
import { COMMON, COMMON_USAGE, readArgumentsWithSubject, targetOf } from '../core/arguments.ts';
import { isAnyStopped, nameOf, readStoppable, resumed, stopped } from '../core/stops.ts';
import { EXIT, EXIT_CODES, UsageError } from '../core/usage.ts';
import { endRunners } from '../flow/end-runners.ts';
import type { Stack } from '../ports/stack.ts';
import type { Command, Desk } from './command.ts';

const WHAT = '<all | POOL | OWNER/REPOSITORY>';

const STOP_USAGE = `mayfly stop (--stack NAME | --local) ${WHAT} [options]

Stops launches at once, through the ledger: dispatch and sweep read it before every launch. Jobs that arrive meanwhile wait, with the
reason launches-stopped. Machines that run or boot go on, unless --terminate ends them: busy ones too, their jobs fail.

${COMMON_USAGE}  --terminate   also end the machines: the next pass of the sweep does so, within a minute

Examples:
  mayfly stop --stack Mayfly all
  mayfly stop --stack Mayfly linux-x64 --terminate
  mayfly stop --stack Mayfly acme/shop --json

Permissions: ssm:GetParameter, dynamodb:GetItem, PutItem; Query and BatchGetItem for --terminate.
${EXIT_CODES}`;

export const stop: Command = {
  name: 'stop',
  summary: 'stop launches, of the whole stack, a pool or a repository; optionally end machines',
  usage: STOP_USAGE,
  run: async (args, desk) => {
    const options = { ...COMMON, terminate: { type: 'boolean' } } as const;
    const { values, subject } = readArgumentsWithSubject('stop', options, args);
    const stack = liveStack(await desk.open(targetOf(values)));
    const what = readStoppable(subject, stack.pools);
    const now = stack.now();
    const written = await amend(stack.ledger, { kind: 'stop', id: 'all' }, (item) =>
      stopped(item, what, now),
    );
    if (!written.ok) return unwritten(written.fault.code, desk);
    const wasStopped = written.value?.isChanged === false;
    const ended = values.terminate === true ? await endRunners(what, stack) : undefined;
    if (ended?.ok === false) {
      desk.note(
        `Launches are stopped, but no machine is ended: the ledger did not answer (${ended.fault.code}).\n`,
      );
      return EXIT.short;
    }
    const machines = ended?.value ?? { wanted: [], failed: [], isWhole: true };
    if (values.json === true) {
      const report = {
        stack: stack.name,
        what,
        wasStopped,
        ending: machines.wanted,
        failed: machines.failed,
      };
      desk.print(`${JSON.stringify({ ...report, isWhole: machines.isWhole })}\n`);
    } else {
      desk.print(`Launches of ${nameOf(what)} ${wasStopped ? 'were stopped already' : 'are stopped'}.\n`);
      if (ended !== undefined)
        desk.print(
          `${machines.wanted.length} machines are to be ended; the sweep does so within a minute.\n`,
        );
      if (machines.failed.length > 0)
        desk.print(`NOT to be ended: ${machines.failed.join(', ')}; try again.\n`);
      if (!machines.isWhole)
        desk.print('There are more machines than one look shows: try again in a minute.\n');
    }
    return machines.failed.length === 0 && machines.isWhole ? EXIT.done : EXIT.short;
  },
};

const RESUME_USAGE = `mayfly resume (--stack NAME | --local) ${WHAT} [options]

Lets launches go on. "all" resumes everything that was stopped; a pool or repository only what was stopped under its name. Waiting jobs
are looked at within a minute or two.

${COMMON_USAGE}
Examples:
  mayfly resume --stack Mayfly all
  mayfly resume --stack Mayfly linux-x64 --json

Permissions: ssm:GetParameter, dynamodb:GetItem, PutItem.
${EXIT_CODES}`;

export const resume: Command = {
  name: 'resume',
  summary: 'let stopped launches go on',
  usage: RESUME_USAGE,
  run: async (args, desk) => {
    const { values, subject } = readArgumentsWithSubject('resume', COMMON, args);
    const stack = liveStack(await desk.open(targetOf(values)));
    const what = readStoppable(subject, stack.pools);
    const written = await amend(stack.ledger, { kind: 'stop', id: 'all' }, (item) => resumed(item, what));
    if (!written.ok) return unwritten(written.fault.code, desk);
    const { item, isChanged = false } = written.value ?? {};
    const left = item === undefined || !isAnyStopped(item) ? null : stoppedNames(item);
    if (values.json === true)
      desk.print(
        `${JSON.stringify({ stack: stack.name, what, wasStopped: isChanged, stillStopped: left })}\n`,
      );
    else {
      desk.print(`Launches of ${nameOf(what)} ${isChanged ? 'go on' : 'were not stopped'}.\n`);
      if (left !== null) desk.print(`Still stopped: ${left.join(', ')}.\n`);
    }
    return EXIT.done;
  },
};

/** What is stopped, by the words that resume it. */
export const stoppedNames = ({
  stopped: isAll,
  pools = {},
  repositories = {},
}: StopItem): readonly string[] => [
  ...(isAll ? ['all'] : []),
  ...Object.keys(pools),
  ...Object.keys(repositories),
];

export function liveStack(stack: Stack): Stack {
  if (stack.isLive) return stack;
  throw new UsageError(`${stack.name}: want a stack that runs, but this run is over.`);
}

function unwritten(code: string, desk: Desk): number {
  desk.note(`Nothing is changed: the ledger did not answer (${code}); try again.\n`);
  return EXIT.short;
}
