import { execFile } from 'node:child_process';

export type Ended = { readonly code: number; readonly out: string; readonly err: string };

/** Runs a program to its end. Never rejects. */
export function run(
  program: string,
  args: readonly string[],
  options: { timeoutMs?: number } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const limits = { timeout: options.timeoutMs ?? 240_000, maxBuffer: 64 * 1_048_576 };
    execFile(program, args, limits, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, out, err });
    });
  });
}

/** Runs a bash script; rejects with its output unless it ends with 0. */
export async function bash(script: string, ...args: readonly string[]): Promise<string> {
  const end = await run('bash', ['-euo', 'pipefail', '-c', script, 'bash', ...args]);
  if (end.code !== 0) throw new Error(`exit code ${end.code}: ${script.slice(0, 200)}\n${end.out}${end.err}`);
  return end.out;
}
