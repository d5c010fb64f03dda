import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/**
 * EC2's events into the instances queue. EventBridge cannot filter by tag, so the queue sees every instance of the
 * account and region; observe drops the ids that it does not know.
 */
export class InstanceEvents extends Construct {
  constructor(scope: Construct, id: string, queue: IQueue) {
    super(scope, id);
    const targets = [new SqsQueue(queue)];
    new Rule(this, 'Ends', {
      description: 'Mayfly: instances that end or stop',
      eventPattern: {
        source: ['aws.ec2'],
        detailType: ['EC2 Instance State-change Notification'],
        detail: { state: ['shutting-down', 'stopped', 'terminated'] },
      },
      targets,
    });
    new Rule(this, 'SpotNotices', {
      description: 'Mayfly: spot instances that EC2 takes back or advises to leave',
      eventPattern: {
        source: ['aws.ec2'],
        detailType: ['EC2 Spot Instance Interruption Warning', 'EC2 Instance Rebalance Recommendation'],
      },
      targets,
    });
  }
}

/** A late or repeated sweep only gets in the way of the next one. */
export const SWEEP_DELIVERY = { maxEventAge: Duration.seconds(60), retryAttempts: 0 } as const;

/** Wakes the sweep every minute. */
export class SweepSchedule extends Construct {
  constructor(scope: Construct, id: string, sweep: IFunction) {
    super(scope, id);
    new Rule(this, 'EveryMinute', {
      description: 'Mayfly: the sweep',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(sweep, SWEEP_DELIVERY)],
    });
  }
}
