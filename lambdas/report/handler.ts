import { onUrl } from '../adapters/function-url.ts';
import { createPowertoolsJournal } from '../adapters/powertools-journal.ts';
import { systemClock as clock } from '../adapters/system.ts';
import { isSame } from '../adapters/webhook-signature.ts';
import { composeGitHub } from '../compose/github.ts';
import { composeLedger } from '../compose/ledger.ts';
import { reportEnvironment } from '../environment.ts';
import { takeReport } from '../flow/take-report.ts';

const env = reportEnvironment();
const ledger = composeLedger(env);
const ports = {
  ledger,
  github: composeGitHub(env, ledger),
  clock,
  journal: createPowertoolsJournal({ service: 'report', stackId: env.STACK_ID }),
  isSame,
};

/** Agents report here, each of its own runner. */
export const handler = onUrl(({ body, headers }) =>
  takeReport({ body, authorization: headers['authorization'] }, ports),
);
