import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { runOf } from '../../lambdas/adapters/github-answers.ts';
import type { RunFacts } from '../../lambdas/contracts/facts.ts';
import { factsDocument, gatheredFacts, runFacts } from '../../lambdas/contracts/facts.ts';
import { REASONS } from '../../lambdas/contracts/reasons.ts';
import type { Settings } from '../../lambdas/contracts/settings.ts';
import { decide, factsNeeded } from '../../lambdas/core/admission/decide.ts';
import { projectWebhook } from '../../lambdas/core/project-webhook.ts';
import { normalLabels, route } from '../../lambdas/core/route.ts';
import { readConfig } from '../../lib/config/read-config.ts';
import { readArguments } from '../core/arguments.ts';
import { EXIT, UsageError } from '../core/usage.ts';
import type { Command, Desk } from './command.ts';

const FILE_BYTES_MAX = 5_000_000;

const USAGE = `mayfly admit --event FILE [--run FILE] [--facts FILE] [options]

Tells, rule by rule, whether a job would get a runner: offline, by the very function that decides in the stack. Nothing is asked of GitHub;
what no file tells is missing, and a rule that needs it holds the job.

  --event FILE   body of the workflow_job webhook (App settings, Advanced, Recent deliveries)
  --run FILE     the run, as GitHub answers it: gh api repos/OWNER/REPO/actions/runs/ID
  --facts FILE   further facts, as docs/contracts.md names them: ref, permissions, workflow, defaultBlob, checks …
  --config FILE  the configuration (default mayfly.yaml)
  --at TIME      when the decision is made, such as 2026-11-02T12:00:00Z (default when the job was queued)
  --json         print one JSON object
  --help         this text

Examples:
  mayfly admit --event queued.json --run run.json
  mayfly admit --event queued.json --run run.json --facts facts.json --config docs/policies/build-and-deploy.yaml --json

Exit codes: 0 allowed, 1 denied, held or not for a pool of this configuration, 2 wrong arguments or files.
`;

/** Explains a decision of admission from files. */
export const admit: Command = {
  name: 'admit',
  summary: 'would this job get a runner, and why not: offline, rule by rule',
  usage: USAGE,
  run: async (args, desk) => {
    const values = readArguments(
      'admit',
      {
        ...{
          event: { type: 'string' },
          run: { type: 'string' },
          facts: { type: 'string' },
          config: { type: 'string' },
        },
        ...{ at: { type: 'string' }, json: { type: 'boolean' } },
      },
      args,
    );
    if (values.event === undefined)
      throw new UsageError('want --event FILE, got none (mayfly admit --help tells more).');
    const settings = settingsOf(values.config ?? 'mayfly.yaml');
    const at = values.at === undefined ? undefined : timeOf(values.at);
    const run = values.run === undefined ? undefined : runIn(values.run);
    const gathered = values.facts === undefined ? {} : gatheredIn(values.facts);
    return explain(
      { event: values.event, settings, at, run, gathered },
      { desk, isJson: values.json === true },
    );
  },
};

interface Question {
  readonly event: string;
  readonly settings: Settings;
  /** Left out: when the job was queued. */
  readonly at: number | undefined;
  readonly run: RunFacts | undefined;
  readonly gathered: z.infer<typeof gatheredFacts>;
}

function explain(
  asked: Question,
  { desk, isJson }: { readonly desk: Desk; readonly isJson: boolean },
): number {
  const { settings, run, gathered } = asked;
  const read = projectWebhook(jsonIn('--event', asked.event), { receivedAt: 0, delivery: null });
  if (!read.ok)
    throw new UsageError(`--event: want a workflow_job webhook, got another body. ${read.sentence}`);
  const { event } = read;
  const at = asked.at ?? event.createdAt;
  const labels = normalLabels(event.labels);
  const routed = route(labels, settings);
  if (routed.to !== 'pool') {
    const verdict = routed.to === 'deny' ? 'deny' : 'ignore';
    const says = REASONS[routed.reason];
    desk.print(
      isJson
        ? `${JSON.stringify({ verdict, reason: routed.reason, pool: null, rules: [] })}\n`
        : `${verdict}: ${says} (${routed.reason})\n`,
    );
    return EXIT.short;
  }
  const { pool } = routed;
  const facts = factsDocument.parse({
    ...{ v: 1, at, jobId: event.jobId, labels: [...labels], pool: pool.name, repository: event.repository },
    ...{ environment: event.environment ?? null, ...(run && { run }), ...gathered },
  });
  const decision = decide(facts, pool, settings);
  if (isJson) {
    const needed = [...factsNeeded(pool)];
    desk.print(`${JSON.stringify({ ...decision, pool: pool.name, factsNeeded: needed, facts })}\n`);
  } else {
    const why = decision.reason === null ? '' : `: ${REASONS[decision.reason]} (${decision.reason})`;
    const watched =
      decision.observed === decision.verdict
        ? ''
        : ` (the pool observes; enforced, it would ${decision.observed})`;
    desk.print(`${decision.verdict}${why}${watched}\npool ${pool.name}\n`);
    for (const { rule, verdict, says } of decision.rules)
      desk.print(`  ${MARK[verdict]} ${rule.padEnd(18)} ${says}\n`);
  }
  return decision.verdict === 'allow' ? EXIT.done : EXIT.short;
}

const MARK = { allow: 'ok  ', deny: 'DENY', hold: 'hold' };

function settingsOf(path: string): Settings {
  const read = readConfig(path);
  if (!read.ok) throw new UsageError(read.problems.join('\n'));
  return read.config.settings;
}

function timeOf(text: string): number {
  const at = Date.parse(text);
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(at))
    return at;
  throw new UsageError(`--at: want a time such as 2026-11-02T12:00:00Z, got "${text}".`);
}

/** GitHub's own answer, or our facts document's form of it. */
function runIn(path: string): RunFacts {
  const value = jsonIn('--run', path);
  const run = runOf(value) ?? runFacts.safeParse(value).data;
  if (run !== undefined) return run;
  throw new UsageError(`--run: want a run as GitHub's REST API answers it, got another form in ${path}.`);
}

function gatheredIn(path: string): z.infer<typeof gatheredFacts> {
  const read = z.strictObject(gatheredFacts.shape).safeParse(jsonIn('--facts', path));
  if (read.success) return read.data;
  const where = read.error.issues
    .slice(0, 3)
    .map(({ path: at, message }) => `${at.join('.') || 'the file'}: ${message}`);
  throw new UsageError(
    `--facts: want facts as docs/contracts.md names them, got another form in ${path} (${where.join('; ')}).`,
  );
}

function jsonIn(option: string, path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new UsageError(`${option}: want a file that can be read, got ${path}.`);
  }
  if (text.length > FILE_BYTES_MAX)
    throw new UsageError(`${option}: want at most ${FILE_BYTES_MAX} bytes, got ${text.length} in ${path}.`);
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${option}: want JSON, got another text in ${path}.`);
  }
}
