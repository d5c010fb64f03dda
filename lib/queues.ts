import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** Six times dispatch's timeout of 15 s, as Lambda asks of a queue that feeds a function. */
const VISIBILITY_SECONDS = 90;
/** 20 tries, 90 s apart, ride out half an hour in which DynamoDB or Lambda are ill; what fails longer is parked. */
const JOB_RECEIVES_MAX = 20;
/** What an instance event says the sweep finds out too, within a minute: after 5 tries it is not worth more. */
const INSTANCE_RECEIVES_MAX = 5;
/** SQS tells its counts every minute, and those of a queue that was idle for six hours late: one look in five suffices. */
const PARKED_LOOK = Duration.minutes(5);

/** The jobs queue (webhook to dispatch) and the instances queue (EC2 events to observe), each with its parking queue. */
export class Queues extends Construct {
  readonly jobs: IQueue;
  readonly instances: IQueue;
  /** Where messages wait for a person who replays them (`mayfly dlq`). */
  readonly parked: { readonly jobs: IQueue; readonly instances: IQueue };

  constructor(scope: Construct, id: string) {
    super(scope, id);
    // GitHub drops a job after 24 h, but its completion is worth having for the usage record as long as SQS may keep it.
    const jobs = this.pair('Jobs', { retention: Duration.days(4), receivesMax: JOB_RECEIVES_MAX });
    const instances = this.pair('Instances', {
      retention: Duration.hours(6),
      receivesMax: INSTANCE_RECEIVES_MAX,
    });
    this.jobs = jobs.queue;
    this.instances = instances.queue;
    this.parked = { jobs: jobs.parked, instances: instances.parked };
  }

  private pair(id: string, { retention, receivesMax }: { retention: Duration; receivesMax: number }) {
    const common = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };
    // 14 days is what SQS allows; the ledger remembers closed jobs for 21, so that a redrive finds them (DESIGN §4).
    const parked = new Queue(this, `${id}Parked`, { ...common, retentionPeriod: Duration.days(14) });
    alarmWhenUsed(parked, id);
    const queue = new Queue(this, id, {
      ...common,
      retentionPeriod: retention,
      visibilityTimeout: Duration.seconds(VISIBILITY_SECONDS),
      deadLetterQueue: { queue: parked, maxReceiveCount: receivesMax },
    });
    return { queue, parked };
  }
}

/** Nothing lies there silently: one message is enough, and the alarm stays until a person has dealt with it. */
function alarmWhenUsed(parked: Queue, id: string): void {
  parked
    .metricApproximateNumberOfMessagesVisible({ period: PARKED_LOOK, statistic: Stats.MAXIMUM })
    .createAlarm(parked, 'Alarm', {
      alarmDescription: `Mayfly: messages of the ${id.toLowerCase()} queue failed too often. See docs/operations.md, "Messages are parked".`,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
}

export const sendTo = (queue: IQueue): PolicyStatement =>
  new PolicyStatement({ sid: 'Send', actions: ['sqs:SendMessage'], resources: [queue.queueArn] });

/** What Lambda's poller needs of the function's role. */
export const consume = (queue: IQueue): PolicyStatement =>
  new PolicyStatement({
    sid: 'Consume',
    actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
    resources: [queue.queueArn],
  });
