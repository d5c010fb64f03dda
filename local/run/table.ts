import type { JobRow, JobState, RunnerRow, RunnerState, Snapshot } from './snapshot.ts';

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}

const COLOUR = { dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;
type Colour = keyof typeof COLOUR;

const JOB_COLOUR: Record<JobState, Colour> = {
  queued: 'yellow',
  running: 'cyan',
  done: 'green',
  failed: 'red',
  cancelled: 'dim',
};
const RUNNER_COLOUR: Record<RunnerState, Colour> = {
  launching: 'yellow',
  booting: 'yellow',
  claimed: 'blue',
  running: 'cyan',
  ending: 'dim',
  gone: 'dim',
};

const seconds = (ms: number): string => `${(Math.max(0, ms) / 1000).toFixed(0)} s`;
export const usd = (amount: number): string => `$${amount.toFixed(5)}`;
const cell = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);

const countBy = <T extends string>(states: readonly T[], order: readonly T[]): string =>
  order.map((state) => `${states.filter((one) => one === state).length} ${state}`).join(' · ');

const JOB_ORDER: readonly JobState[] = ['queued', 'running', 'done', 'failed'];
const RUNNER_ORDER: readonly RunnerState[] = ['launching', 'booting', 'claimed', 'running', 'ending', 'gone'];

/** The two lines that sum everything up; also what is printed where there is no terminal. */
export const totals = (snapshot: Snapshot): readonly string[] => [
  `jobs     ${countBy(
    snapshot.jobs.map(({ state }) => state),
    JOB_ORDER,
  )}`,
  `runners  ${countBy(
    snapshot.runners.map(({ state }) => state),
    RUNNER_ORDER,
  )} · ${usd(snapshot.runners.reduce((sum, row) => sum + row.usd, 0))}`,
];

/** Lines of the table above and below the rows of jobs: title, totals, headers and a blank line. */
const FRAME_LINES = 6;

/** The whole live picture: as many jobs as fit, those that move first. */
export function render(snapshot: Snapshot, screen: Screen): string {
  const byName = new Map(
    snapshot.runners.flatMap((row) => (row.runnerName === null ? [] : [[row.runnerName, row] as const])),
  );
  const room = Math.max(3, screen.rows - FRAME_LINES);
  const shown = chosen(snapshot.jobs, room);
  const hidden = snapshot.jobs.length - shown.length;
  const lines = [
    ...totals(snapshot),
    '',
    header(screen),
    ...shown.map((job) => jobLine(job, byName.get(job.runnerName ?? ''), { snapshot, screen })),
    ...(hidden > 0 ? [paint(`… and ${hidden} more jobs`, 'dim', screen)] : []),
  ];
  return lines.join('\n');
}

/** Running jobs first, then the queue, then the latest that ended. */
function chosen(jobs: readonly JobRow[], room: number): readonly JobRow[] {
  if (jobs.length <= room) return jobs;
  const rank = ({ state }: JobRow): number => (state === 'running' ? 0 : state === 'queued' ? 1 : 2);
  return jobs
    .toSorted((a, b) => rank(a) - rank(b) || (b.completedAt ?? 0) - (a.completedAt ?? 0))
    .slice(0, room - 1);
}

const paint = (text: string, colour: Colour, { colour: isOn }: Screen): string =>
  isOn ? `\u001b[${COLOUR[colour]}m${text}\u001b[0m` : text;

const WIDTH = { job: 28, state: 10, waited: 8, ran: 8, machine: 34, phase: 10 } as const;

const header = (screen: Screen): string =>
  paint(
    [
      cell('job', WIDTH.job),
      cell('state', WIDTH.state),
      cell('waited', WIDTH.waited),
      cell('ran', WIDTH.ran),
      cell('machine', WIDTH.machine),
      cell('phase', WIDTH.phase),
      'cost',
    ].join(' '),
    'dim',
    screen,
  );

function jobLine(
  job: JobRow,
  runner: RunnerRow | undefined,
  { snapshot, screen }: { snapshot: Snapshot; screen: Screen },
): string {
  const waited = (job.startedAt ?? job.completedAt ?? snapshot.now) - job.queuedAt;
  const ran = job.startedAt === null ? '' : seconds((job.completedAt ?? snapshot.now) - job.startedAt);
  const machine = runner === undefined ? '' : `${runner.instanceId} ${runner.instanceType}`;
  return [
    cell(`${job.repository} ${job.name}`, WIDTH.job),
    paint(cell(job.state, WIDTH.state), JOB_COLOUR[job.state], screen),
    cell(seconds(waited), WIDTH.waited),
    cell(ran, WIDTH.ran),
    cell(machine, WIDTH.machine),
    paint(cell(runner?.state ?? '', WIDTH.phase), RUNNER_COLOUR[runner?.state ?? 'gone'], screen),
    runner === undefined ? '' : usd(runner.usd),
  ]
    .join(' ')
    .trimEnd();
}
