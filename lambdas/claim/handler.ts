import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { createEc2Instances, ec2Client } from '../adapters/ec2-instances.ts';
import { onUrl } from '../adapters/function-url.ts';
import { createIdentityVerifier } from '../adapters/identity/verify.ts';
import { createPowertoolsJournal } from '../adapters/powertools-journal.ts';
import { onPrivateApi } from '../adapters/private-api.ts';
import { systemClock, systemDice } from '../adapters/system.ts';
import { composeGitHub } from '../compose/github.ts';
import { composeLedger } from '../compose/ledger.ts';
import { claimEnvironment, readSettings } from '../environment.ts';
import { answerClaim, type ClaimPorts } from '../flow/answer-claim.ts';

const env = claimEnvironment();
const ledger = composeLedger(env);
const certificates = z
  .record(z.string(), z.string())
  .parse(JSON.parse(readFileSync(new URL('./certificates.json', import.meta.url), 'utf8')));
const ports: ClaimPorts = {
  ledger,
  instances: createEc2Instances(ec2Client()),
  github: composeGitHub(env, ledger),
  identity: createIdentityVerifier(certificates),
  clock: systemClock,
  dice: systemDice,
  journal: createPowertoolsJournal({ service: 'claim', stackId: env.STACK_ID }),
  settings: readSettings(),
  home: { stackId: env.STACK_ID, accountId: env.ACCOUNT_ID, region: env.AWS_REGION },
  reportUrl: env.REPORT_URL,
  guardUrl: env.GUARD_URL,
};

/** Booting instances come in here, once each: by the function's own URL, or by the private API in front of it. */
export const handler =
  env.CLAIM_ACCESS === 'private'
    ? onPrivateApi(({ body, source }) => answerClaim({ body, source }, ports))
    : onUrl(({ body }) => answerClaim({ body }, ports));
