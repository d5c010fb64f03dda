import { Stack } from 'aws-cdk-lib';
import type { DeployedPools } from '../lambdas/contracts/settings.ts';
import type { GitHubApp } from './github-app.ts';
import type { PoolTemplate } from './launch-template.ts';
import type { Ledger } from './ledger.ts';
import type { Network } from './network.ts';

type Variables = Readonly<Record<string, string>>;

/** Who we are, and where the ledger is. */
export const placeVariables = (stackId: string, ledger: Ledger): Variables => ({
  STACK_ID: stackId,
  LEDGER_TABLE: ledger.table.tableName,
});

/** What acting as the GitHub App takes. */
export const appVariables = (app: GitHubApp): Variables => ({
  GITHUB_APP_PARAMETER: app.parameter.parameterName,
  APP_KEYS: Stack.of(app).toJsonString(app.keyArns),
});

/** What launching takes. A template's version is the number of this deploy. */
export function launchVariables(templates: readonly PoolTemplate[], network: Network): Variables {
  const pools: DeployedPools = Object.fromEntries(
    templates.map(({ pool, templateId, templateVersion, imageId }) => [
      pool,
      { templateId, templateVersion, imageId },
    ]),
  );
  const stack = Stack.of(network);
  return { POOLS: stack.toJsonString(pools), SUBNETS: stack.toJsonString(network.subnets) };
}
