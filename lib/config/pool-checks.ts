import * as z from 'zod';
import { archOf } from './instance-types.ts';
import type { Path, Problem } from './problem.ts';
import { type PoolInput, poolSchema } from './schema.ts';

/** What the composite label of DESIGN §6 starts with; a pool's own label may not look like one. */
const COMPOSITE_PREFIX = 'mayfly/';
/** gp3: at most 500 operations per second for each GiB, and 0.25 MiB/s for each operation (EBS user guide). */
const IOPS_PER_GIB_MAX = 500;
const IOPS_PER_MIBPS_MIN = 4;
const IOPS_FREE = 3_000;

type Labels = Pick<PoolInput, 'labels' | 'keyLabel'>;
type Types = Pick<PoolInput, 'types' | 'arch'>;

/**
 * Rules within one pool; `name` is its key below `pools`. `pool` is the raw value: each rule is applied as soon as the
 * fields it needs are well formed, so that a mistake in one place hides none in another.
 */
export function poolProblems(name: string, pool: unknown): Problem[] {
  const at: Path = ['pools', name];
  const { shape } = poolSchema;
  const strings = z.array(z.string());
  const when = <T>(part: z.ZodType<T>, rule: (at: Path, part: T) => Problem[]): Problem[] => {
    const checked = part.safeParse(pool);
    return checked.success ? rule(at, checked.data) : [];
  };
  return [
    ...when(z.object({ labels: strings, keyLabel: z.string() }), labelProblems),
    ...when(z.object({ types: strings, arch: shape.arch }), typeProblems),
    ...when(z.object({ image: shape.image }), imageProblems),
    ...when(z.object({ volume: shape.volume }), volumeProblems),
    ...when(z.object({ limits: shape.limits }), limitProblems),
  ];
}

function labelProblems(at: Path, pool: Labels): Problem[] {
  const lower = pool.labels.map((label) => label.toLowerCase());
  const problems = lower.flatMap((label, i): Problem[] => {
    const path = [...at, 'labels', i];
    if (lower.indexOf(label) < i) {
      return [{ path, wanted: 'each label once, compared without case', got: label, todo: 'remove it' }];
    }
    if (!label.startsWith(COMPOSITE_PREFIX)) return [];
    return [{ path, wanted: `no label that starts with ${COMPOSITE_PREFIX}`, got: label, todo: 'rename it' }];
  });
  if (!lower.includes(pool.keyLabel.toLowerCase())) {
    const wanted = `one of the labels of the pool (${lower.join(', ')})`;
    problems.push({ path: [...at, 'keyLabel'], wanted, got: pool.keyLabel, todo: 'name one of them' });
  }
  return problems;
}

function typeProblems(at: Path, pool: Types): Problem[] {
  return pool.types.flatMap((type, i): Problem[] => {
    const path = [...at, 'types', i];
    if (pool.types.indexOf(type) < i) {
      return [{ path, wanted: 'each type once', got: type, todo: 'remove it' }];
    }
    if (archOf(type) === pool.arch) return [];
    const todo = 'choose another type, or move it to a pool of its architecture';
    return [{ path, wanted: `a type for ${pool.arch}`, got: `${type}, which is ${archOf(type)}`, todo }];
  });
}

function imageProblems(at: Path, { image }: Pick<PoolInput, 'image'>): Problem[] {
  if ((image.ami === undefined) !== (image.ssm === undefined)) return [];
  const got = image.ami === undefined ? 'neither' : 'both';
  return [{ path: [...at, 'image'], wanted: 'exactly one of ami and ssm', got, todo: 'name the image once' }];
}

function volumeProblems(at: Path, { volume }: Pick<PoolInput, 'volume'>): Problem[] {
  const iops = volume.iops ?? IOPS_FREE;
  const problems: Problem[] = [];
  if (iops > Math.max(IOPS_FREE, volume.sizeGiB * IOPS_PER_GIB_MAX)) {
    const wanted = `at most ${IOPS_PER_GIB_MAX} per GiB of sizeGiB`;
    problems.push({
      path: [...at, 'volume', 'iops'],
      wanted,
      got: `${iops}`,
      todo: 'lower it or enlarge sizeGiB',
    });
  }
  const mibps = volume.throughputMiBps ?? 0;
  if (mibps * IOPS_PER_MIBPS_MIN > iops) {
    const wanted = `at most ${Math.floor(iops / IOPS_PER_MIBPS_MIN)} with ${iops} iops`;
    const path = [...at, 'volume', 'throughputMiBps'];
    problems.push({ path, wanted, got: `${mibps}`, todo: 'lower it or raise iops' });
  }
  return problems;
}

function limitProblems(at: Path, { limits }: Pick<PoolInput, 'limits'>): Problem[] {
  const keys = ['idleMaxMinutes', 'claimDeadlineMinutes'] as const;
  return keys.flatMap((key): Problem[] => {
    if (limits[key] < limits.lifetimeMaxMinutes) return [];
    const wanted = `less than lifetimeMaxMinutes (${limits.lifetimeMaxMinutes})`;
    return [{ path: [...at, 'limits', key], wanted, got: `${limits[key]}`, todo: 'lower it' }];
  });
}
