import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from './usage.ts';

/** Which run a command speaks of: a deployed stack, or what the latest local run left. */
export type Target = { readonly kind: 'stack'; readonly name: string } | { readonly kind: 'local' };

/** Options that every command takes. */
export const COMMON = {
  stack: { type: 'string' },
  local: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const satisfies NonNullable<ParseArgsConfig['options']>;

export const COMMON_USAGE = `  --stack NAME  the deployed stack of that name (region and credentials as the AWS CLI finds them)
  --local       what the latest local run (npm start) left in .mayfly/
  --json        print one JSON object
  --help        this text
`;

/** CloudFormation's rule for stack names. */
const STACK_NAME = /^[A-Za-z][A-Za-z0-9-]{0,127}$/;

/** Reads a command's arguments. Throws a UsageError that names the command whose help tells more. */
export function readArguments<O extends NonNullable<ParseArgsConfig['options']>>(
  command: string,
  options: O,
  args: readonly string[],
) {
  try {
    const { values } = parseArgs({ args: [...args], strict: true, allowPositionals: false, options });
    return values;
  } catch (error) {
    const why = error instanceof Error ? error.message : 'wrong arguments';
    throw new UsageError(`${why} (mayfly ${command} --help lists them)`);
  }
}

/** The same for a command that speaks of one thing, named without an option. */
export function readArgumentsWithSubject<O extends NonNullable<ParseArgsConfig['options']>>(
  command: string,
  options: O,
  args: readonly string[],
) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options,
    });
    const [subject, ...more] = positionals;
    if (subject === undefined) throw new Error('want what to speak of, got nothing');
    if (more.length > 0) throw new Error(`want one thing to speak of, got ${positionals.length}`);
    return { values, subject };
  } catch (error) {
    const why = error instanceof Error ? error.message : 'wrong arguments';
    throw new UsageError(`${why} (mayfly ${command} --help tells more)`);
  }
}

/** Exactly one of `--stack` and `--local`: no command guesses which of two runs was meant. */
export function targetOf(values: {
  readonly stack?: string | undefined;
  readonly local?: boolean | undefined;
}): Target {
  const { stack, local = false } = values;
  if (stack === undefined && !local) throw new UsageError('want --stack NAME or --local, got neither.');
  if (stack !== undefined && local) throw new UsageError('want --stack NAME or --local, got both.');
  if (stack === undefined) return { kind: 'local' };
  if (!STACK_NAME.test(stack))
    throw new UsageError(`--stack: want a stack name (letters, digits, hyphens), got "${stack}".`);
  return { kind: 'stack', name: stack };
}

/** One of a closed list. */
export function oneOf<T extends string>(option: string, value: string, wanted: readonly T[]): T {
  const found = wanted.find((one) => one === value);
  if (found !== undefined) return found;
  throw new UsageError(`--${option}: want ${wanted.join(' or ')}, got "${value}".`);
}

export function wholeNumber(option: string, value: string, max: number): number {
  const number = Number(value);
  if (/^[0-9]+$/.test(value) && number >= 1 && number <= max) return number;
  throw new UsageError(`--${option}: want a whole number from 1 to ${max}, got "${value}".`);
}
