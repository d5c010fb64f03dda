import type { MayflyConfig } from '../../lib/config/compile.ts';
import type { GitHubModel } from '../github/model.ts';
import { REPOSITORIES } from './forge.ts';

/** Jobs of one run: a small matrix, as most runs are. */
const MATRIX = 5;

/** What a job truly does here: looks at its machine, proves that no credential is in its reach, and computes. */
const STEPS = [
  { name: 'look around', run: 'uname -srm && pwd && id -un' },
  {
    name: 'find no credentials',
    run: 'if env | grep -E "^(AWS_|GITHUB_TOKEN|ACTIONS_RUNNER_INPUT)"; then echo "a credential is in reach"; exit 1; fi',
  },
  { name: 'compute', run: 'seq 1 20000 | sha256sum' },
] as const;

/** Queues `count` jobs at once, in runs of a few, spread over the pools and repositories, by labels and by pool name. */
export function queueJobs(
  model: GitHubModel,
  config: MayflyConfig,
  how: { count: number; now: number },
): void {
  const { pools } = config.settings;
  for (let from = 0, run = 0; from < how.count; from += MATRIX, run += 1) {
    const jobs = Array.from({ length: Math.min(MATRIX, how.count - from) }, (_, n) => {
      const pool = pools[(from + n) % pools.length];
      if (pool === undefined) throw new Error('mayfly.yaml has no pool');
      // Every seventh job names its pool by the composite label.
      const labels = (from + n) % 7 === 6 ? [`mayfly/${pool.name}`] : [...pool.labels];
      return { name: `test (${n + 1})`, labels, steps: [...STEPS] };
    });
    const repository = REPOSITORIES[run % REPOSITORIES.length] ?? REPOSITORIES[0];
    model.createRun(
      { repository, event: 'push', actor: 'ann', path: '.github/workflows/ci.yml', name: 'CI', jobs },
      how.now,
    );
  }
}
