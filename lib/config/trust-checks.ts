import * as z from 'zod';
import type { Problem } from './problem.ts';
import { type PoolInput, poolSchema } from './schema.ts';

/** The fields that decide what may land where; a pool takes part as soon as these are well formed. */
export const trustPart = z.object({
  labels: z.array(z.string()),
  keyLabel: z.string(),
  hardening: poolSchema.shape.hardening,
  admission: poolSchema.shape.admission,
  runnerGroupId: poolSchema.shape.runnerGroupId,
});
export type TrustPart = Pick<PoolInput, keyof typeof trustPart.shape>;

interface NamedPool {
  readonly name: string;
  readonly pool: TrustPart;
  readonly labels: readonly string[];
  readonly key: string;
}

/** What must be equal where the jobs of one pool could land on the runners of another. */
const trustOf = ({ hardening, admission }: TrustPart): string => JSON.stringify([hardening, admission]);

/**
 * Rules between pools. GitHub gives a job to any idle runner of the same runner group whose labels contain the job's,
 * and a job for a pool names at least that pool's key label. So wherever the labels of `wide` contain the key label of
 * `narrow`, a job of `narrow` may run on `wide`: they must then be equally trusted, or stand in different groups.
 */
export function trustProblems(pools: ReadonlyMap<string, TrustPart>): Problem[] {
  const named = [...pools].map(
    ([name, pool]): NamedPool => ({
      name,
      pool,
      labels: pool.labels.map((label) => label.toLowerCase()),
      key: pool.keyLabel.toLowerCase(),
    }),
  );
  return named.flatMap((second, i) =>
    named
      .slice(0, i)
      .flatMap((first) => [
        ...ambiguous(first, second),
        ...leaking(first, second),
        ...leaking(second, first),
      ]),
  );
}

/** A job that fits two pools would be denied at run time; better to be told now. */
function ambiguous(first: NamedPool, second: NamedPool): Problem[] {
  const path = ['pools', second.name, 'keyLabel'];
  if (first.key === second.key) {
    const wanted = 'a key label that no other pool has';
    return [
      { path, wanted, got: `${second.key}, the key label of ${first.name} too`, todo: 'choose another' },
    ];
  }
  if (!first.labels.includes(second.key) || !second.labels.includes(first.key)) return [];
  return [
    {
      path,
      wanted: 'labels by which a job fits one pool only',
      got: `a job that names ${first.key} and ${second.key} fits ${first.name} and ${second.name}`,
      todo: `remove ${first.key} from the labels of ${second.name}, or ${second.key} from those of ${first.name}`,
    },
  ];
}

function leaking(wide: NamedPool, narrow: NamedPool): Problem[] {
  const sameGroup = wide.pool.runnerGroupId === narrow.pool.runnerGroupId;
  if (!sameGroup || !wide.labels.includes(narrow.key) || wide.key === narrow.key) return [];
  if (trustOf(wide.pool) === trustOf(narrow.pool)) return [];
  return [
    {
      path: ['pools', wide.name, 'labels'],
      wanted: 'pools of different trust (hardening, admission) apart',
      got:
        `labels that contain ${narrow.key}, so that GitHub may give jobs of ${narrow.name} to runners of ` +
        `${wide.name} in runner group ${wide.pool.runnerGroupId}`,
      todo: `remove ${narrow.key} from ${wide.name}, or give one of the two another runnerGroupId`,
    },
  ];
}
