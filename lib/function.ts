import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  FunctionUrlAuthType,
  InvokeMode,
  Function as LambdaFunction,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { bundled } from './bundle.ts';

/** What all functions of one deployment have in common. */
export interface CommonFunctionProps {
  /** Folder that holds `<name>/handler.ts` of each function. */
  readonly handlersDir: string;
  /** `settings.json`, which lies beside every handler. */
  readonly settingsJson: string;
  readonly logRetention: RetentionDays;
  readonly logLevel: string;
}

export interface MayflyFunctionProps extends CommonFunctionProps {
  /** Name of its folder. */
  readonly name: string;
  readonly description: string;
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  /** @default none is reserved */
  readonly reservedConcurrency?: number | undefined;
  /** @default nothing but the settings */
  readonly copies?: readonly string[];
}

/**
 * One Lambda function with a role and a log group of its own. The role may write to that log group and nothing else
 * until `allow` is called: AWS's basic execution policy would let it create and write any log group of the account.
 */
export class MayflyFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: MayflyFunctionProps) {
    super(scope, id);
    const logs = new LogGroup(this, 'Logs', {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Mayfly ${props.name}: ${props.description}`,
    });
    logs.grantWrite(this.role);
    this.lambda = new LambdaFunction(this, 'Function', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: bundled({
        name: props.name,
        handlersDir: props.handlersDir,
        texts: { 'settings.json': props.settingsJson },
        copies: props.copies ?? [],
      }),
      memorySize: props.memoryMiB,
      timeout: Duration.seconds(props.timeoutSeconds),
      tracing: Tracing.DISABLED,
      role: this.role,
      logGroup: logs,
      environment: { ...props.environment, ...powertools(props) },
      ...(props.reservedConcurrency === undefined
        ? {}
        : { reservedConcurrentExecutions: props.reservedConcurrency }),
    });
  }

  allow(...statements: readonly PolicyStatement[]): this {
    for (const statement of statements) this.role.addToPolicy(statement);
    return this;
  }

  /** A public HTTPS address; the function itself decides whom it believes. */
  openUrl(): string {
    return this.lambda.addFunctionUrl({ authType: FunctionUrlAuthType.NONE, invokeMode: InvokeMode.BUFFERED })
      .url;
  }
}

const powertools = ({ name, logLevel }: MayflyFunctionProps): Record<string, string> => ({
  POWERTOOLS_SERVICE_NAME: name,
  POWERTOOLS_METRICS_NAMESPACE: 'Mayfly',
  POWERTOOLS_LOG_LEVEL: logLevel,
});
