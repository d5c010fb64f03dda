import { createAppJwt, createAppTokens } from '../adapters/app-tokens.ts';
import { createGitHubSend } from '../adapters/github-request.ts';
import { createGitHubRest } from '../adapters/github-rest.ts';
import { type AppKeys, createKmsSigner, kmsClient } from '../adapters/kms-signer.ts';
import { createSsmGitHubApp, ssmClient } from '../adapters/ssm-github-app.ts';
import { systemClock as clock, systemDice as dice } from '../adapters/system.ts';
import { withBreaker } from '../flow/github-breaker.ts';
import type { GitHub } from '../ports/github.ts';
import type { Ledger } from '../ports/ledger.ts';

/** GitHub as the App of this stack: the parameter tells which App, KMS signs for it, and one breaker serves all functions. */
export function composeGitHub(
  env: { GITHUB_APP_PARAMETER: string; APP_KEYS: AppKeys },
  ledger: Ledger,
): GitHub {
  const app = createSsmGitHubApp({ client: ssmClient(), parameter: env.GITHUB_APP_PARAMETER, clock });
  const send = createGitHubSend({ clock });
  const sign = createKmsSigner(kmsClient(), env.APP_KEYS);
  const parts = { app, sign, send, clock, dice };
  const github = createGitHubRest({ app, send, tokens: createAppTokens(parts), jwt: createAppJwt(parts) });
  return withBreaker(github, { ledger, clock });
}
