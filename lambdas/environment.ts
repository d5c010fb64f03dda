import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { deployedPools, type Settings, settings, subnets } from './contracts/settings.ts';

/** The one place that reads the environment. Each function reads what it needs, once, and names all problems together. */
export type Environment = Readonly<Record<string, string | undefined>>;

const text = z.string().check(z.minLength(1), z.maxLength(2_000));
const httpsUrl = z.string().check(z.maxLength(300), z.regex(/^https?:\/\/[A-Za-z0-9.:/_-]+$/));

/** Text that holds JSON of the given form. */
const json = <T>(form: z.ZodMiniType<T>) =>
  z.pipe(
    z.pipe(
      z.string(),
      z.transform((value, context): unknown => {
        try {
          return JSON.parse(value);
        } catch {
          context.issues.push({ code: 'custom', message: 'no JSON', input: value });
          return z.NEVER;
        }
      }),
    ),
    form,
  );

/** What each name must hold, in words and as a form. Sizes and formats are those of `lib/`, which writes them. */
const FORMS = {
  STACK_ID: z.string().check(z.regex(/^[a-z0-9]{8}$/)),
  LEDGER_TABLE: text,
  JOBS_QUEUE_URL: httpsUrl,
  WEBHOOK_SECRET_ARN: text,
  POOLS: json(deployedPools),
  SUBNETS: json(subnets),
  GITHUB_APP_PARAMETER: text,
  APP_KEYS: json(z.object({ a: text, b: text })),
  ACCOUNT_ID: z.string().check(z.regex(/^[0-9]{12}$/)),
  REPORT_URL: httpsUrl,
  GUARD_URL: httpsUrl,
  USAGE_STREAM: text,
  CLAIM_ACCESS: z.enum(['public', 'private']),
  AWS_REGION: z.string().check(z.regex(/^[a-z0-9-]{1,30}$/)),
} as const;

type Name = keyof typeof FORMS;
type Values<N extends Name> = { readonly [K in N]: z.output<(typeof FORMS)[K]> };

const WANTED: Readonly<Record<Name, string>> = {
  STACK_ID: 'eight letters or digits',
  LEDGER_TABLE: 'the name of the ledger table',
  JOBS_QUEUE_URL: 'the URL of the jobs queue',
  WEBHOOK_SECRET_ARN: 'the ARN of the webhook secret',
  POOLS: 'JSON: pool name to templateId, templateVersion (a number) and imageId',
  SUBNETS: 'JSON: a list of 1 to 10 objects with id and zone',
  GITHUB_APP_PARAMETER: 'the name of the parameter that describes the GitHub App',
  APP_KEYS: 'JSON: the KMS keys of slots a and b',
  ACCOUNT_ID: 'twelve digits',
  REPORT_URL: 'the URL of the report function',
  GUARD_URL: 'the URL of the guard function',
  USAGE_STREAM: 'the name of the stream of usage records',
  CLAIM_ACCESS: 'public or private',
  AWS_REGION: 'a Region, e.g. eu-west-1',
};

/** Values in JSON can be long; a problem shows their beginning. */
const SHOWN_MAX = 60;

/** Reads the names. Throws one error that lists every problem: what was wanted, what was got. */
export function readEnvironment<const N extends Name>(names: readonly N[], env: Environment): Values<N> {
  const problems: string[] = [];
  const values: Partial<Record<Name, unknown>> = {};
  for (const name of names) {
    const parsed = FORMS[name].safeParse(env[name]);
    if (parsed.success) values[name] = parsed.data;
    else problems.push(`${name}: want ${WANTED[name]}, got ${shown(env[name])}`);
  }
  if (problems.length > 0) throw new Error(`the environment is not as deployed:\n  ${problems.join('\n  ')}`);
  // Every name was parsed by its own form just above; the loop only cannot say so in types.
  return values as Values<N>;
}

const shown = (value: string | undefined): string =>
  value === undefined ? 'nothing' : JSON.stringify(value.slice(0, SHOWN_MAX));

const reader =
  <const N extends Name>(...names: readonly N[]) =>
  (env: Environment = process.env): Values<N> =>
    readEnvironment(names, env);

/** One reader per function, each with the names that the stack gives it. */
export const webhookEnvironment = reader('STACK_ID', 'JOBS_QUEUE_URL', 'WEBHOOK_SECRET_ARN');
export const dispatchEnvironment = reader(
  ...(['STACK_ID', 'LEDGER_TABLE', 'POOLS', 'SUBNETS', 'GITHUB_APP_PARAMETER', 'APP_KEYS'] as const),
);
export const sweepEnvironment = reader('STACK_ID', 'USAGE_STREAM');
export const claimEnvironment = reader(
  ...(['STACK_ID', 'LEDGER_TABLE', 'GITHUB_APP_PARAMETER', 'APP_KEYS'] as const),
  ...(['ACCOUNT_ID', 'REPORT_URL', 'GUARD_URL', 'CLAIM_ACCESS', 'AWS_REGION'] as const),
);
export const reportEnvironment = reader('STACK_ID', 'LEDGER_TABLE', 'GITHUB_APP_PARAMETER', 'APP_KEYS');
export const guardEnvironment = reader('STACK_ID', 'LEDGER_TABLE', 'GITHUB_APP_PARAMETER', 'APP_KEYS');
export const observeEnvironment = reader('STACK_ID', 'LEDGER_TABLE');
export const teardownEnvironment = reader('STACK_ID', 'LEDGER_TABLE', 'GITHUB_APP_PARAMETER', 'APP_KEYS');

/** The compiled configuration beside the bundle. Throws a sentence when it is missing or of another version. */
export function readSettings(file: URL = new URL('./settings.json', import.meta.url)): Settings {
  const parsed = settings.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw new Error(`settings.json beside the bundle is not of this version; deploy again (${where})`);
}
