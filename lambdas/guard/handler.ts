import { onUrl } from '../adapters/function-url.ts';
import { createPowertoolsJournal } from '../adapters/powertools-journal.ts';
import { systemClock as clock } from '../adapters/system.ts';
import { isSame } from '../adapters/webhook-signature.ts';
import { composeGitHub } from '../compose/github.ts';
import { composeLedger } from '../compose/ledger.ts';
import { guardEnvironment, readSettings } from '../environment.ts';
import { answerGuard, type GuardPorts } from '../flow/guard.ts';

const env = guardEnvironment();
const ledger = composeLedger(env);
const ports: GuardPorts = {
  ledger,
  github: composeGitHub(env, ledger),
  clock,
  journal: createPowertoolsJournal({ service: 'guard', stackId: env.STACK_ID }),
  settings: readSettings(),
  isSame,
};

/** Agents ask here whether the job that is about to start may. */
export const handler = onUrl(({ body, headers }) =>
  answerGuard({ body, authorization: headers['authorization'] }, ports),
);
