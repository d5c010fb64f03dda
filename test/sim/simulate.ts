import { createMemoryUsage } from '../../local/memory/memory-usage.ts';
import type { Machine } from './agent.ts';
import { createScheduler, type Scheduler } from './clock.ts';
import { cloudSource, createCloud, deploy } from './cloud.ts';
import { between, drawOf } from './draws.ts';
import { createFaultBook, type Fired } from './fault-book.ts';
import { createJobsPort, invokeDispatch, invokeObserve, invokeSweep } from './functions.ts';
import { calmHub, createHub, hubSource, scheduleSuspension, wake } from './hub.ts';
import { indexLag } from './index-lag.ts';
import { createLambdas } from './lambda.ts';
import { pounce, startPeople } from './people.ts';
import { createRules, type Reached, type Violation } from './rules.ts';
import { POISON } from './rules-liveness.ts';
import { drawScenario, type Scenario, type Wishes } from './scenario.ts';
import type { Mutation, Sim } from './sim.ts';
import { createQueue } from './sqs.ts';
import { createStore } from './store.ts';
import { createWorld } from './world.ts';

export interface SimulateOptions extends Wishes {
  readonly seed: number;
  /** Only these faults strike, by id. */
  readonly only?: ReadonlySet<string> | undefined;
  /** The one port boundary at which a function dies. */
  readonly crashAt?: number | undefined;
  readonly mutation?: Mutation | undefined;
  /** Every item is checked against its schema; left out: in one run of 32. */
  readonly isChecked?: boolean | undefined;
  /** The run ends as soon as one of these rules breaks. */
  readonly stopAt?: readonly string[] | undefined;
  /** Called with each line of the story. */
  readonly story?: ((at: number, line: string) => void) | undefined;
}

/** What a run came to. */
export interface Verdict {
  readonly scenario: Scenario;
  readonly violations: readonly Violation[];
  readonly fired: readonly Fired[];
  readonly reached: Reached;
  readonly events: number;
  /** Port calls while faults strike and people work. */
  readonly crossings: number;
  readonly simulatedMs: number;
  readonly jobs: number;
  readonly runners: number;
  readonly trace: number;
}

const MINUTE = 60_000;
/** One run in so many checks every item against its schema. */
const CHECKED_EVERY = 32;
const JOB_RECEIVES_MAX = 20;
const INSTANCE_RECEIVES_MAX = 5;
const DISPATCHES_MAX = 5;
const OBSERVES_MAX = 2;
/** Jobs queued this long into the calm meet a healthy stack: they show what it does without any fault. */
const PROBE_AFTER_MS = 55 * MINUTE;

/** One world from its first to its last event. Equal options give equal verdicts, traces included. */
export async function simulate(options: SimulateOptions): Promise<Verdict> {
  const scenario = drawScenario(options.seed, options);
  const built = build(scenario, options);
  const { sim, rules } = built;
  const { clock } = sim;
  const calmAt = scenario.startAt + scenario.safetyMs;
  const endAt = calmAt + scenario.calmMs;
  let crossings = 0;
  startPeople(sim);
  schedule(sim, endAt);
  schedulePoison(sim);
  clock.at(calmAt, () => {
    sim.book.stop();
    calmHub(sim.github);
    crossings = sim.world.crossings;
    rules.calm();
  });
  if (scenario.calmMs > PROBE_AFTER_MS)
    clock.at(calmAt + PROBE_AFTER_MS, () => {
      rules.probe();
      for (const n of [1, 2]) pounce(sim, `probe ${n}`);
    });
  await clock.runUntil(endAt);
  if (clock.now >= endAt) rules.end();
  return {
    scenario,
    violations: rules.violations,
    fired: sim.book.fired,
    reached: rules.reached(),
    events: clock.events,
    crossings,
    simulatedMs: endAt - scenario.startAt,
    jobs: rules.jobs(),
    runners: sim.ec2.instances(clock.now).length,
    trace: clock.trace,
  };
}

function build(scenario: Scenario, options: SimulateOptions) {
  const machines = new Map<string, Machine>();
  const sessions = new Map<string, Machine>();
  const late = (): Sim => sim;
  const clock: Scheduler = createScheduler(scenario.startAt, {
    sources: [hubSource(late), cloudSource(late, machines, sessions)],
    before: () => wake(github, sessions),
  });
  const { seed } = scenario;
  const book = createFaultBook({
    seed,
    odds: scenario.odds,
    hotShare: scenario.hotShare,
    aims: scenario.aims,
    only: options.only,
    now: () => clock.now,
  });
  const github = createHub(scenario, book);
  const ec2 = createCloud(scenario, book);
  let deployed = { version: 0, deployment: deploy(ec2, scenario, 0, scenario.startAt) };
  const sim: Sim = {
    scenario,
    draw: drawOf(seed),
    clock,
    world: createWorld({ clock, book, seed, crashAt: options.crashAt }),
    book,
    github,
    ec2,
    store: createStore({
      now: () => clock.now,
      indexLagMs: indexLag(book, seed),
      isChecked: options.isChecked ?? seed % CHECKED_EVERY === 0,
      written: (before, after) => rules.tell({ kind: 'written', before, after }),
    }),
    lambdas: createLambdas(late),
    jobs: createQueue(late, {
      name: 'jobs',
      receivesMax: JOB_RECEIVES_MAX,
      concurrencyMax: DISPATCHES_MAX,
      work: (batch, done) => invokeDispatch(sim, batch, done),
    }),
    instances: createQueue(late, {
      name: 'instances',
      receivesMax: INSTANCE_RECEIVES_MAX,
      concurrencyMax: OBSERVES_MAX,
      work: (batch, done) => invokeObserve(sim, batch, done),
    }),
    jobsPort: createJobsPort(late),
    usage: createMemoryUsage(),
    get deployed() {
      return deployed;
    },
    vain: new Set(),
    mutation: options.mutation,
    tell: (happening) => rules.tell(happening),
  };
  const rules = createRules(sim, options);
  const { deployAt } = scenario;
  if (deployAt !== null)
    clock.at(deployAt, () => {
      deployed = { version: 1, deployment: deploy(ec2, scenario, 1, clock.now) };
    });
  return { sim, rules };
}

/** Somebody else writes to the jobs queue: what is no event must hurt no other message. */
function schedulePoison(sim: Sim): void {
  const { clock, book, draw, scenario } = sim;
  for (const n of [1, 2, 3]) {
    const name = `poison ${n}`;
    clock.at(scenario.startAt + Math.floor(draw(name) * scenario.safetyMs), () => {
      if (book.strikes('poison', 'jobs', { key: n, call: 0, name })) sim.jobs.send(name, POISON);
    });
  }
}

/** EventBridge wakes the sweep every minute: best effort, too. */
function schedule(sim: Sim, endAt: number): void {
  const { clock, book, draw, scenario } = sim;
  scheduleSuspension(sim);
  for (let minute = 0; scenario.startAt + minute * MINUTE < endAt; minute += 1) {
    const name = `minute ${minute}`;
    const strikes = (kind: string): boolean => book.strikes(kind, 'schedule', { key: minute, call: 0, name });
    const at = scenario.startAt + minute * MINUTE + between(draw(name), 0, 900);
    clock.at(at, () => {
      if (strikes('sweep-skipped')) return;
      const lateMs = strikes('sweep-late') ? between(draw(`late ${name}`), 1_000, MINUTE) : 0;
      clock.after(lateMs, () => invokeSweep(sim, name));
      if (strikes('sweep-doubled'))
        clock.after(between(draw(`twin ${name}`), 0, 40_000), () => invokeSweep(sim, `${name} twin`));
    });
  }
}
