import { CustomResource, Duration } from 'aws-cdk-lib';
import { Construct, type IConstruct } from 'constructs';
import type { MayflyFunction } from './function.ts';

/** A function that failed is run once more; Lambda waits a minute before, and both need a little to start. */
const REPEATS_MAX = 1;
const REPEAT_MARGIN_SECONDS = 120;

export interface TeardownProps {
  readonly cleaner: MayflyFunction;
  readonly timeoutSeconds: number;
  /** What wakes the functions that launch or record: removed before the clean-up starts. */
  readonly before: readonly IConstruct[];
  /** What the clean-up works with, or what instances stand in: removed only after it. */
  readonly after: readonly IConstruct[];
}

/**
 * Ends what CloudFormation does not know of, the instances and their registrations, when the stack is removed.
 * CloudFormation deletes in the reverse order of dependencies: what depends on this resource goes first, and what this
 * resource depends on goes last.
 */
export class Teardown extends Construct {
  constructor(scope: Construct, id: string, props: TeardownProps) {
    super(scope, id);
    props.cleaner.lambda.configureAsyncInvoke({ retryAttempts: REPEATS_MAX, maxEventAge: Duration.hours(1) });
    const resource = new CustomResource(this, 'Resource', {
      resourceType: 'Custom::MayflyTeardown',
      serviceToken: props.cleaner.lambda.functionArn,
      serviceTimeout: Duration.seconds((1 + REPEATS_MAX) * props.timeoutSeconds + REPEAT_MARGIN_SECONDS),
    });
    resource.node.addDependency(props.cleaner, ...props.after);
    for (const waker of props.before) waker.node.addDependency(resource);
  }
}
