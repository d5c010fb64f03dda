import { GetParameterCommand, SSMClient, type SSMClientConfig } from '@aws-sdk/client-ssm';
import * as z from 'zod/mini';
import { type GitHubApp, githubApp } from '../contracts/settings.ts';
import type { Clock } from '../ports/clock.ts';
import { done, failed, type Outcome } from '../ports/outcome.ts';
import { callLimits } from './aws-call.ts';
import { faultOf } from './faults.ts';
import { jsonOf } from './json.ts';

const REQUEST_MAX_MS = 3_000;
/** The App changes when an operator rotates its key; both slots keep working meanwhile. */
const COPY_FRESH_MS = 5 * 60_000;
/** Until `mayfly setup` has run, jobs wait: looked at again soon, yet far below the 40 reads a second that SSM grants. */
const UNCONFIGURED_FRESH_MS = 15_000;

/** One repeat by the SDK: a read is free. */
export const ssmClient = (config: SSMClientConfig = {}): SSMClient =>
  new SSMClient({ ...callLimits({ requestMaxMs: REQUEST_MAX_MS, attemptsMax: 2 }), ...config });

/** What is known of the App: `refused` with code `app-not-configured` until an operator has set it up. */
export type GitHubAppSource = () => Promise<Outcome<GitHubApp>>;

const unconfigured = z.object({ configured: z.literal(false) });

/** The App's parameter in SSM, with a copy in the container. */
export function createSsmGitHubApp(parts: {
  readonly client: SSMClient;
  readonly parameter: string;
  readonly clock: Clock;
}): GitHubAppSource {
  const { client, parameter, clock } = parts;
  let copy: { readonly outcome: Outcome<GitHubApp>; readonly until: number } | undefined;
  return async () => {
    const now = clock.now();
    if (copy !== undefined && now < copy.until) return copy.outcome;
    const outcome = await readApp(client, parameter);
    // A fault of the moment is not kept; what stands in the parameter is.
    const isKept = outcome.ok || outcome.fault.kind === 'refused';
    if (isKept) copy = { outcome, until: now + (outcome.ok ? COPY_FRESH_MS : UNCONFIGURED_FRESH_MS) };
    return outcome;
  };
}

async function readApp(client: SSMClient, Name: string): Promise<Outcome<GitHubApp>> {
  try {
    const { Parameter } = await client.send(new GetParameterCommand({ Name }));
    const value = jsonOf(Parameter?.Value ?? '');
    if (unconfigured.safeParse(value).success) {
      return failed({ kind: 'refused', code: 'app-not-configured' });
    }
    const app = githubApp.safeParse(value);
    return app.success ? done(app.data) : failed({ kind: 'refused', code: 'app-parameter-unreadable' });
  } catch (error) {
    return failed(faultOf(error, 'read'));
  }
}
