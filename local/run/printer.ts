import { relative } from 'node:path';
import type { Desk } from './desk.ts';
import type { RunFolder } from './folder.ts';
import type { StartOptions } from './options.ts';
import { isOver, type Snapshot } from './snapshot.ts';
import type { Summary } from './summary.ts';
import { render, totals, usd } from './table.ts';
import type { LocalWorld } from './world.ts';

/** What a person sees: a live table in a terminal, plain lines elsewhere, and with --json one object as the last line. */
export interface Printer {
  say(line: string): void;
  serving(world: LocalWorld, desk: Desk): void;
  draw(snapshot: Snapshot): void;
  summary(summary: Summary, folder: RunFolder): void;
}

/** Without a terminal the totals are repeated this often at most, in virtual ms, and whenever a job ended. */
const LINES_EVERY_MS = 30_000;
const CLEAR_BELOW = '\u001b[0J';
const up = (lines: number): string => (lines > 0 ? `\u001b[${lines}A\r` : '\r');

export function createPrinter(options: Pick<StartOptions, 'json'>): Printer {
  const out = process.stdout;
  const isLive = out.isTTY === true && !options.json;
  const print = (text: string): void => void (options.json ? process.stderr : out).write(`${text}\n`);
  let drawn = 0;
  let told = { at: Number.NEGATIVE_INFINITY, over: -1 };
  const drawLive = (snapshot: Snapshot): void => {
    const text = render(snapshot, { columns: out.columns, rows: out.rows - 1, colour: true });
    out.write(`${up(drawn)}${CLEAR_BELOW}${text}\n`);
    drawn = text.split('\n').length;
  };
  const drawLines = (snapshot: Snapshot): void => {
    const over = snapshot.jobs.filter(isOver).length;
    if (over === told.over && snapshot.now - told.at < LINES_EVERY_MS) return;
    told = { at: snapshot.now, over };
    print(
      `+${((snapshot.now - snapshot.startedAt) / 1000).toFixed(0).padStart(4)} s  ${totals(snapshot).join('\n         ')}`,
    );
  };
  return {
    say: (line) => print(`· ${line}`),
    serving: (world, desk) => {
      print(`\nPost signed workflow_job webhooks to ${world.stack.outputs['WebhookUrl'] ?? ''}`);
      print(`Secret: ${world.forge.webhookSecret}`);
      print(`Or queue a job at the simulated GitHub (${world.forge.url}), which then sends its webhooks:`);
      print(`  curl -d '{"labels": ["x64"], "run": "uname -a"}' ${desk.url}`);
      print('How it stands: npx mayfly status --local; why a job waits: npx mayfly why --local <job id>');
      print('Ctrl-C ends everything.\n');
    },
    draw: (snapshot) => (isLive ? drawLive(snapshot) : drawLines(snapshot)),
    summary: (summary, folder) => {
      print(sentences(summary, folder));
      if (options.json) out.write(`${JSON.stringify(summary)}\n`);
    },
  };
}

const seconds = (ms: number | null): string => (ms === null ? 'never' : `${(ms / 1000).toFixed(1)} s`);

/** `webhook-lost 5 (completed 2, in_progress 3)`, a line per kind. */
function struckLines({ chaos }: Summary): readonly string[] {
  if (chaos === undefined) return [];
  const lines = Object.entries(chaos.struck).map(([kind, sites]) => {
    const counts = Object.entries(sites);
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    const bySite = counts.map(([site, count]) => `${site} ${count}`).join(', ');
    return `  ${kind.padEnd(17)} ${String(total).padStart(4)}${bySite === '' ? '' : `  (${bySite})`}`;
  });
  const never = chaos.neverStruck.length === 0 ? [] : [`Never struck: ${chaos.neverStruck.join(', ')}.`];
  return [`What went wrong (seed ${chaos.seed}):`, ...lines, ...never];
}

function sentences(summary: Summary, folder: RunFolder): string {
  const { jobs, completed, runnersLaunched, instancesLeft, registrationsLeft, failures } = summary;
  const left =
    instancesLeft + registrationsLeft === 0
      ? 'nothing left behind'
      : `${instancesLeft} instances and ${registrationsLeft} registrations LEFT`;
  return [
    '',
    `${completed} of ${jobs} jobs completed on ${runnersLaunched} single-use runners, ${left}.`,
    `Queued to started: p50 ${seconds(summary.p50QueuedToStartedMs)}, p95 ${seconds(summary.p95QueuedToStartedMs)} (simulated time, boot included). Compute ${usd(summary.usdTotal)}.`,
    `Calls per job: GitHub ${summary.githubCallsPerJob}, AWS ${summary.awsCallsPerJob}.`,
    ...struckLines(summary),
    ...failures.map((failure) => `FAILED: ${failure}`),
    '',
    `What happened stands in ${relative(process.cwd(), folder.path)}/ (ledger.jsonl, logs/).`,
    'What it cost and who used it: npx mayfly report --local',
    'Next: put your organization into mayfly.yaml, then "npx cdk deploy".',
  ].join('\n');
}
