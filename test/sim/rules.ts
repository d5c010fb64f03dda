import { createReached, type Reached } from './reached.ts';
import { ACCOUNTING } from './rules-accounting.ts';
import { LIVENESS } from './rules-liveness.ts';
import { SAFETY } from './rules-safety.ts';
import type { Happening, Sim } from './sim.ts';
import { tellStory } from './story.ts';
import { createTruth, type Truth } from './truth.ts';

export type { Reached } from './reached.ts';

/** A rule that did not hold. */
export interface Violation {
  readonly rule: string;
  readonly at: number;
  readonly what: string;
}

/** What a rule may look at. */
export interface Context {
  readonly sim: Sim;
  readonly truth: Truth;
  /** Faults have stopped. */
  readonly isCalm: boolean;
}

/** Moments at which the whole world is looked over. */
export type Moment = 'calm' | 'probe' | 'end';

/** One rule. A check answers with what it found broken; nothing found is nothing said. */
export interface Rule {
  /** The metric of the same name counts its breaches in production, where there is one. */
  readonly name: string;
  /** As in simulation.md §4. */
  readonly code: string;
  readonly says: string;
  /** Made afresh for each run, for rules that remember. */
  create(context: Context): {
    readonly on?: (happening: Happening) => string | undefined;
    readonly at?: Partial<Record<Moment, () => readonly string[]>>;
  };
}

/** Accounting first: self-healing hides bugs from all others. */
export const RULES: readonly Rule[] = [...ACCOUNTING, ...SAFETY, ...LIVENESS];

export interface Rules {
  tell(happening: Happening): void;
  calm(): void;
  probe(): void;
  end(): void;
  readonly violations: readonly Violation[];
  reached(): Reached;
  /** Jobs that people queued. */
  jobs(): number;
}

/** More violations than this add nothing to the first. */
const VIOLATIONS_MAX = 20;

export function createRules(
  sim: Sim,
  options: {
    readonly story?: ((at: number, line: string) => void) | undefined;
    /** The run ends as soon as one of these rules breaks. */
    readonly stopAt?: readonly string[] | undefined;
  },
): Rules {
  const truth = createTruth(sim);
  const reached = createReached(sim, truth);
  const violations: Violation[] = [];
  let isCalm = false;
  const context: Context = {
    sim,
    truth,
    get isCalm() {
      return isCalm;
    },
  };
  const checks = RULES.map((rule) => ({ rule, ...rule.create(context) }));
  const listening = checks.flatMap(({ rule, on }) => (on === undefined ? [] : [{ rule, on }]));
  const found = (rule: Rule, what: string): void => {
    if (violations.length >= VIOLATIONS_MAX) return;
    violations.push({ rule: rule.name, at: sim.clock.now, what });
    options.story?.(sim.clock.now, `*** ${rule.name}: ${what}`);
    if (options.stopAt?.includes(rule.name)) sim.clock.stop();
  };
  const lookOver = (moment: Moment): void => {
    for (const { rule, at } of checks) for (const what of at?.[moment]?.() ?? []) found(rule, what);
  };
  return {
    tell: (happening) => {
      truth.tell(happening);
      reached.tell(happening);
      if (options.story !== undefined) tellStory(happening, sim.clock.now, options.story);
      for (const { rule, on } of listening) {
        const what = on(happening);
        if (what !== undefined) found(rule, what);
      }
    },
    calm: () => {
      isCalm = true;
      lookOver('calm');
    },
    probe: () => lookOver('probe'),
    end: () => lookOver('end'),
    violations,
    reached: () => reached.counts(),
    jobs: () => truth.jobs.size,
  };
}
