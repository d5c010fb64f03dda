import * as z from 'zod/mini';
import { fault } from './fault.ts';

const argv = z.array(z.string().check(z.minLength(1)));
const program = argv.check(z.minLength(1));
const duration = z.int().check(z.positive());

/** Durations in milliseconds. The `...AnswerMs` are real time even where the clock is virtual: sockets are real. */
const timings = z.strictObject({
  metadataAnswerMs: z._default(duration, 5_000),
  /** Longer than the claim function may take (20 s) and its lease: who hears nothing by then was not served. */
  claimAnswerMs: z._default(duration, 45_000),
  reportAnswerMs: z._default(duration, 15_000),
  /** As long as the guard's function may take. */
  guardAnswerMs: z._default(duration, 10_000),
  /** A job that nobody can vouch for within this does not start: outages of GitHub and Lambda mostly are shorter. */
  guardMaxMs: z._default(duration, 60_000),
  /** GitHub's registration window is 5 min (1,500 per scope): after two of them a budget is not what is missing. */
  claimMaxMs: z._default(duration, 600_000),
  /** No claim endpoint for this long is an outage; a machine that waits it out costs more than a new one. */
  unreachableMaxMs: z._default(duration, 300_000),
  /** The ledger may be late by some seconds (a launch is recorded after EC2 answered), never by this much. */
  refusedMaxMs: z._default(duration, 90_000),
  /** How often to look for a Worker while none was seen; the Listener's own words wake the agent sooner. */
  lookMs: z._default(duration, 5_000),
  /** A stopped Listener has 30 s to fail its job (actions/runner, ExitOnUnloadTimeout); then it is killed. */
  stopMaxMs: z._default(duration, 40_000),
  /** What run.sh waits before it starts an updating Listener again. */
  relaunchMs: z._default(duration, 5_000),
});
export type Timings = z.infer<typeof timings>;

/** The root-owned settings file: all that differs between an image and an ordinary process. */
export const agentSettings = z.strictObject({
  metadataUrl: z._default(z.string().check(z.regex(/^https?:\/\/\S+$/)), 'http://169.254.169.254'),
  /** Absolute path; holds the three JIT files and `_diag`. The Listener's working directory. */
  runnerRoot: z.string().check(z.regex(/^\//)),
  /** Program and arguments of the Listener, as in `[".../bin/Runner.Listener", "run"]`. Never a secret. */
  listener: program,
  /** The Listener's whole environment but PATH, HOME and LANG. Never a secret. */
  listenerEnv: z._default(z.record(z.string(), z.string()), {}),
  /** Null: the agent's own user (local mode). */
  runnerUser: z._default(z.nullable(z.strictObject({ uid: z.int(), gid: z.int() })), null),
  /** Process name of the Worker; null: no processes to look at, its log alone tells (local mode). */
  workerName: z._default(z.nullable(z.string()), 'Runner.Worker'),
  /** Socket on which the job-started hook asks; null: there is no hook. */
  gateSocket: z._default(
    z.nullable(z.string().check(z.regex(/^\//), z.maxLength(100))),
    '/run/mayfly/agent.sock',
  ),
  /** Null only where the machine is not ours to firewall (local mode). `probe` exits 0 when metadata is closed. */
  metadataLock: z.nullable(z.strictObject({ close: program, probe: program })),
  /** Empty: the agent's exit is the machine's end, seen to by whoever started it (local mode). */
  powerOff: z._default(argv, ['systemctl', 'poweroff']),
  timings: z._default(timings, timings.parse({})),
});
export type AgentSettings = z.infer<typeof agentSettings>;
/** The settings file as written: what has a default may be left out. */
export type AgentSettingsFile = z.input<typeof agentSettings>;

/** Reads the settings file's text, which holds no secret. Throws with every problem: where, and what was wrong. */
export function readSettings(text: string): AgentSettings {
  const read = agentSettings.safeParse(parse(text));
  if (read.success) return read.data;
  throw fault(`agent settings: ${read.error.issues.map(sentenceOf).join('; ')}`);
}

/** zod/mini carries no messages of its own: they would be half of the bundle. */
function sentenceOf(issue: z.core.$ZodIssue): string {
  const where = issue.path.join('.') || 'the file';
  switch (issue.code) {
    case 'invalid_type':
      return `${where}: want ${issue.expected}`;
    case 'too_small':
      return `${where}: want at least ${issue.minimum}`;
    case 'unrecognized_keys':
      return `${where}: want no ${issue.keys.join(', ')}`;
    default:
      return `${where}: want ${'pattern' in issue ? issue.pattern : 'another value'}`;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw fault('agent settings: want one JSON object, got other text');
  }
}
