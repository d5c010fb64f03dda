import { FAULT_KINDS } from './fault-kinds.ts';
import { CANARY, findMutant, MUTANTS, type Mutant } from './mutants.ts';
import { MUST_REACH } from './reached.ts';
import { simulate } from './simulate.ts';
import type { Failure } from './totals.ts';
import { type Spent, spread } from './workers.ts';

export interface CampaignOptions {
  readonly from: number;
  /** How many seeds at most. */
  readonly seeds: number;
  /** Take up no further seed after so long. */
  readonly forMs?: number | undefined;
  readonly workers?: number | undefined;
}

export interface Campaign extends Spent {
  /** Seeds until the planted bug was caught; undefined: it never was, and so would no other. */
  readonly canarySeeds: number | undefined;
}

/** From so many seeds on a campaign must have struck every cell of the fault matrix and reached every situation. */
export const WHOLE_SEEDS = 500;
/** The planted bug is caught within so many seeds, or the campaign is broken. */
export const CANARY_SEEDS_MAX = 100;

export async function runCampaign({ from, seeds, forMs, workers }: CampaignOptions): Promise<Campaign> {
  const spent = await spread({ over: 'seed', from, to: from + seeds, forMs, workers, options: {} });
  return {
    ...spent,
    canarySeeds: await seedsUntilCaught(findMutant(CANARY), { from, max: CANARY_SEEDS_MAX }),
  };
}

/** How many seeds it takes until a planted bug breaks one of its rules. */
export async function seedsUntilCaught(
  mutant: Mutant,
  { from, max }: { readonly from: number; readonly max: number },
): Promise<number | undefined> {
  for (let n = 0; n < max; n += 1) {
    const { mutation, world, caughtBy } = mutant;
    const { violations } = await simulate({ ...world, seed: from + n, mutation, stopAt: caughtBy });
    if (violations.some(({ rule }) => mutant.caughtBy.includes(rule))) return n + 1;
  }
  return undefined;
}

/** A planted bug that is not caught within so many seeds is not caught. */
const MUTANT_SEEDS_MAX = 1_000;

/** Plants each bug that is not equivalent: seeds until one of its rules broke, null where none did. */
export async function catchAll(
  say: ((line: string) => void) | undefined,
): Promise<Record<string, number | null>> {
  const caught: Record<string, number | null> = {};
  for (const [name, mutant] of Object.entries(MUTANTS)) {
    if (mutant.equivalent !== undefined) {
      say?.(`${name.padEnd(26)} equivalent: ${mutant.equivalent}`);
      continue;
    }
    const seeds = await seedsUntilCaught(mutant, { from: mutant.from ?? 1, max: MUTANT_SEEDS_MAX });
    caught[name] = seeds ?? null;
    say?.(`${name.padEnd(26)} ${seeds === undefined ? 'NOT CAUGHT' : `seed ${seeds}`}: ${mutant.says}`);
  }
  return caught;
}

/** Cells of the fault matrix that stayed empty, as `kind@site`. */
export const emptyCells = ({ faults }: Pick<Campaign, 'faults'>): readonly string[] =>
  Object.entries(FAULT_KINDS).flatMap(([kind, { sites }]) =>
    sites.filter((site) => (faults[kind]?.[site] ?? 0) === 0).map((site) => `${kind}@${site}`),
  );

/** What must be reached and was not. */
export const unreached = ({ sometimes }: Pick<Campaign, 'sometimes'>): readonly string[] =>
  Object.keys(MUST_REACH).filter((name) => (sometimes[name] ?? 0) === 0);

/** Why a campaign failed, one sentence each; none: every rule held, and the campaign is worth its name. */
export function complaints(campaign: Campaign): readonly string[] {
  const said = campaign.failures.map(
    (failure) => `${failure.rule}: ${failure.what} (seed ${failure.seed})\n  ${againBy(failure)}`,
  );
  if (campaign.canarySeeds === undefined)
    said.push(
      `the planted bug "${CANARY}" was not caught within ${CANARY_SEEDS_MAX} seeds: the alarm is broken`,
    );
  if (campaign.seeds < WHOLE_SEEDS) return said;
  for (const cell of emptyCells(campaign)) said.push(`the fault ${cell} never struck`);
  for (const name of unreached(campaign)) said.push(`"${name}" was never reached: ${MUST_REACH[name]}`);
  return said;
}

/** The command that tells more of it. */
export const againBy = ({ seed, crashAt }: Pick<Failure, 'seed' | 'crashAt'>): string =>
  crashAt === undefined
    ? `replay: npm run sim -- replay ${seed}      fewest faults: npm run sim -- why ${seed}`
    : `boundary ${crashAt} of seed ${seed}`;
