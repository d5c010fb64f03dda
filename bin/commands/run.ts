import { EXIT, EXIT_CODES, UsageError } from '../core/usage.ts';
import { admit } from './admit.ts';
import type { Command, Desk } from './command.ts';
import { dlqList } from './dlq-list.ts';
import { dlqReplay } from './dlq-replay.ts';
import { drain } from './drain.ts';
import { report } from './report.ts';
import { reportJob } from './report-job.ts';
import { runners } from './runners.ts';
import { status } from './status.ts';
import { resume, stop } from './stop.ts';
import { why } from './why.ts';

const COMMANDS: readonly Command[] = [
  why,
  status,
  runners,
  stop,
  resume,
  drain,
  admit,
  dlqList,
  dlqReplay,
  reportJob,
  report,
];
const NAME_CHARS = Math.max(...COMMANDS.map(({ name }) => name.length));

const USAGE = `mayfly <command> [options]        the operator's side of Mayfly

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(NAME_CHARS)}  ${summary}`).join('\n')}

"mayfly <command> --help" tells more, with examples.
${EXIT_CODES}`;

/** Runs one command line. Returns the exit code; throws only on a bug of ours. */
export async function runMayfly(args: readonly string[], desk: Desk): Promise<number> {
  const command = COMMANDS.find(({ name }) => name.split(' ').every((word, n) => args[n] === word));
  if (command === undefined) return overview(args, desk);
  const rest = args.slice(command.name.split(' ').length);
  if (rest.includes('--help')) {
    desk.print(command.usage);
    return EXIT.done;
  }
  try {
    return await command.run(rest, desk);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    desk.note(`${error.message}\n`);
    return EXIT.wrong;
  }
}

function overview(args: readonly string[], desk: Desk): number {
  if (args.includes('--help') || args.length === 0) {
    desk.print(USAGE);
    return args.length === 0 ? EXIT.wrong : EXIT.done;
  }
  const names = COMMANDS.map(({ name }) => `"${name}"`).join(', ');
  desk.note(
    `mayfly: want a command (${names}), got "${args.join(' ').slice(0, 100)}": mayfly --help lists them.\n`,
  );
  return EXIT.wrong;
}
