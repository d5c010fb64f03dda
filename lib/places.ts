import { Aws, Stack } from 'aws-cdk-lib';
import { ParameterTier, StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type Places, placesParameter } from '../lambdas/contracts/places.ts';
import { SCHEMA_VERSION } from '../lambdas/contracts/text.ts';
import type { Ledger } from './ledger.ts';
import type { Queues } from './queues.ts';

export interface PlacesProps {
  readonly stackId: string;
  readonly ledger: Ledger;
  readonly queues: Queues;
  readonly pools: readonly string[];
}

/**
 * Tells the operator's CLI where everything is: one read by a name that follows from the stack's, where stack outputs
 * would take another API, its SDK client and a permission on the whole stack.
 */
export class PlacesParameter extends Construct {
  constructor(scope: Construct, id: string, { stackId, ledger, queues, pools }: PlacesProps) {
    super(scope, id);
    const value: Places = {
      v: SCHEMA_VERSION,
      stackId,
      ledgerTable: ledger.table.tableName,
      queues: {
        jobs: { url: queues.jobs.queueUrl, parkedUrl: queues.parked.jobs.queueUrl },
        instances: { url: queues.instances.queueUrl, parkedUrl: queues.parked.instances.queueUrl },
      },
      pools: [...pools],
    };
    new StringParameter(this, 'Parameter', {
      parameterName: placesParameter(Aws.STACK_NAME),
      simpleName: false,
      stringValue: Stack.of(this).toJsonString(value),
      description: 'where the parts of this Mayfly stack are; read by "mayfly --stack"',
      tier: ParameterTier.STANDARD,
    });
  }
}
