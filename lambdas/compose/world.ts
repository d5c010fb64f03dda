import { createEc2Instances, ec2Client } from '../adapters/ec2-instances.ts';
import { createPowertoolsJournal } from '../adapters/powertools-journal.ts';
import { systemClock, systemDice } from '../adapters/system.ts';
import { dispatchEnvironment, readSettings } from '../environment.ts';
import type { World } from '../flow/world.ts';
import { composeGitHub } from './github.ts';
import { composeLedger } from './ledger.ts';

/** What dispatch and sweep have in common: all that launching takes. */
export function composeWorld(service: World['by']): World {
  const env = dispatchEnvironment();
  const ledger = composeLedger(env);
  return {
    by: service,
    ledger,
    instances: createEc2Instances(ec2Client()),
    github: composeGitHub(env, ledger),
    clock: systemClock,
    dice: systemDice,
    journal: createPowertoolsJournal({ service, stackId: env.STACK_ID }),
    deployment: { stackId: env.STACK_ID, settings: readSettings(), pools: env.POOLS, subnets: env.SUBNETS },
  };
}
