import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Mayfly, type MayflyProps } from './mayfly.ts';

export interface MayflyStackProps extends StackProps, MayflyProps {}

/** The stack of `cdk deploy`. Its outputs are what the operator's CLI and the local mode go by. */
export class MayflyStack extends Stack {
  readonly mayfly: Mayfly;

  constructor(scope: Construct, id: string, props: MayflyStackProps) {
    super(scope, id, { description: 'Mayfly: single-use GitHub Actions runners', ...props });
    this.mayfly = new Mayfly(this, 'Mayfly', props);
    const { webhookUrl, claimUrl, reportUrl, ledger, queues, githubApp, stackId } = this.mayfly;
    const outputs = {
      StackId: stackId,
      GitHubUrl: props.config.githubUrl,
      WebhookUrl: webhookUrl,
      ClaimUrl: claimUrl,
      ReportUrl: reportUrl,
      LedgerTable: ledger.table.tableName,
      JobsQueueUrl: queues.jobs.queueUrl,
      GitHubAppParameter: githubApp.parameter.parameterName,
      WebhookSecretArn: githubApp.webhookSecret.secretArn,
      AppKeyA: githubApp.keyArns.a,
      AppKeyB: githubApp.keyArns.b,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
