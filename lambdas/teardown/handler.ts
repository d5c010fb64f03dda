import type { CloudFormationCustomResourceHandler } from 'aws-lambda';
import { answerCloudFormation } from '../adapters/custom-resource.ts';
import { createEc2Instances, ec2Client } from '../adapters/ec2-instances.ts';
import { createPowertoolsJournal } from '../adapters/powertools-journal.ts';
import { systemClock as clock } from '../adapters/system.ts';
import { composeGitHub } from '../compose/github.ts';
import { composeLedger } from '../compose/ledger.ts';
import { teardownEnvironment } from '../environment.ts';
import { removeStack } from '../flow/remove-stack.ts';

const env = teardownEnvironment();
const ledger = composeLedger(env);
const journal = createPowertoolsJournal({ service: 'teardown', stackId: env.STACK_ID });
const removal = {
  ledger,
  instances: createEc2Instances(ec2Client()),
  github: composeGitHub(env, ledger),
  clock,
  journal,
  stackId: env.STACK_ID,
};

/**
 * Runs when the stack is created, changed and removed; only removal does anything. Instances left behind fail the
 * removal, so that it is tried again; registrations alone do not: GitHub drops them within a day.
 */
export const handler: CloudFormationCustomResourceHandler = async (event) => {
  if (event.RequestType !== 'Delete') return answerCloudFormation(event, { status: 'SUCCESS' });
  const { instancesLeft, registrationsLeft } = await removeStack(removal);
  journal.say('stack-removed', { instancesLeft, registrationsLeft });
  if (instancesLeft === 0) return answerCloudFormation(event, { status: 'SUCCESS' });
  const reason = `${instancesLeft < 0 ? 'The list of instances could not be read' : `${instancesLeft} instances still live`}: delete the stack again.`;
  return answerCloudFormation(event, { status: 'FAILED', reason });
};
