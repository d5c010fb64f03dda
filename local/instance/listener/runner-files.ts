import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** The files that stand in for `config.sh` (actions/runner, ConfigurationStore.cs). */
const FILES = ['.runner', '.credentials', '.credentials_rsaparams'] as const;

/** What of `.runner` and `.credentials` the stand-in needs; names as the real runner reads them. */
const runnerFile = z.object({
  // GitHub's own files carry the id as a number or a string, depending on who wrote them.
  AgentId: z.union([z.string(), z.number()]).transform(String),
  AgentName: z.string(),
  ServerUrlV2: z.url(),
  UseV2Flow: z.literal(true),
  Ephemeral: z.literal(true),
});
const credentialsFile = z.object({
  scheme: z.literal('OAuth'),
  data: z.object({ clientId: z.string(), authorizationUrl: z.url() }),
});
export type RunnerConfig = z.infer<typeof runnerFile> & {
  readonly clientId: string;
  readonly authorizationUrl: string;
  /** The text of `.credentials_rsaparams`: the key by which the runner proves itself. */
  readonly rsaParams: string;
};

/** Undefined when the runner is not configured here, or by something else than a JIT configuration. */
export async function readRunnerFiles(root: string): Promise<RunnerConfig | undefined> {
  try {
    const [runner = '', credentials = '', rsaParams = ''] = await Promise.all(
      FILES.map((name) => readFile(join(root, name), 'utf8')),
    );
    const { data } = credentialsFile.parse(JSON.parse(credentials));
    return { ...runnerFile.parse(JSON.parse(runner)), ...data, rsaParams };
  } catch {
    return undefined;
  }
}

/** After its one job the real runner deletes its own configuration (Runner.cs, DeleteLocalRunnerConfig). */
export async function deleteRunnerFiles(root: string): Promise<void> {
  await Promise.all(FILES.map((name) => rm(join(root, name), { force: true })));
}
