import type { RunnerItem } from '../../lambdas/contracts/ledger.ts';
import { COMMON, COMMON_USAGE, readArguments, targetOf } from '../core/arguments.ts';
import { runnerState } from '../core/status.ts';
import { EXIT, EXIT_CODES } from '../core/usage.ts';
import { whyRunner } from '../core/why.ts';
import { openItems } from '../flow/open-items.ts';
import type { Command } from './command.ts';
import { age } from './say-parked.ts';
import { moment } from './say-why.ts';

const USAGE = `mayfly runners (--stack NAME | --local) [options]

Every machine that lives, as the ledger has it: what it is, how it stands, which job it runs and what it waits for, oldest first.

${COMMON_USAGE}  --pool NAME   only this pool

Examples:
  mayfly runners --stack Mayfly
  mayfly runners --stack Mayfly --pool linux-x64 --json

Permissions: ssm:GetParameter, dynamodb:Query and BatchGetItem.
${EXIT_CODES}`;

export const runners: Command = {
  name: 'runners',
  summary: 'every machine that lives, and what it does',
  usage: USAGE,
  run: async (args, desk) => {
    const values = readArguments('runners', { ...COMMON, pool: { type: 'string' } }, args);
    const stack = await desk.open(targetOf(values));
    const open = await openItems(stack);
    if (!open.ok) {
      desk.note(`The ledger did not answer (${open.fault.code}): try again.\n`);
      return EXIT.short;
    }
    const now = stack.now();
    const { isWhole } = open.value;
    const shown = open.value.runners
      .filter(({ pool }) => values.pool === undefined || pool === values.pool)
      .toSorted((a, b) => a.at.launched - b.at.launched);
    const told = shown.map((runner) => row(runner, now));
    if (values.json === true)
      desk.print(`${JSON.stringify({ stack: stack.name, now, runners: told, isWhole })}\n`);
    else if (told.length === 0) desk.print('No machine lives.\n');
    else desk.print(`${told.map((one) => line(one, now)).join('\n')}\n`);
    if (!isWhole) desk.note('There are more than one look shows.\n');
    return isWhole ? EXIT.done : EXIT.short;
  },
};

function row(runner: RunnerItem, now: number) {
  const { instanceId, pool, instanceType, market, zone, job } = runner;
  const { reason, waitsFor, until } = whyRunner(runner, now);
  const state = runnerState(runner);
  return {
    ...{ instanceId, pool, instanceType, market, zone, state, launchedAt: runner.at.launched },
    ...{ job, reason, waitsFor, until },
  };
}

function line(one: ReturnType<typeof row>, now: number): string {
  const { instanceId, pool, instanceType, market, state, launchedAt, job, waitsFor, until } = one;
  const waits =
    waitsFor === null ? '' : `waits for ${waitsFor}${until === null ? '' : `, until ${moment(until, now)}`}`;
  const does = job === null ? waits : `job ${job}`;
  return `${instanceId}  ${pool}  ${instanceType} ${market}  ${state.padEnd(8)}  ${age(now - launchedAt)} old  ${does}`;
}
