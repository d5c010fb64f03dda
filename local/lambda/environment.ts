import { type Clock, clockEnvironment } from '../clock.ts';

/** A function as the template defines it, with its code unpacked. */
export type FunctionSpec = {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  /** Directory of the unpacked asset. */
  readonly directory: string;
  /** `file.export`. */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  /** Kept in real time: the speed factor does not make this machine compute faster. */
  readonly timeoutMs: number;
  /** Execution environments at once; more invocations wait in line. */
  readonly containersMax: number;
};

/** What all containers of a run share. */
export type ContainerSurroundings = {
  readonly clock: Clock;
  readonly region: string;
  readonly endpointUrl: string;
  /** Where Node keeps compiled code between cold starts: most of a local cold start is parsing. */
  readonly compileCacheDirectory: string;
};

const CALLER = /^AKIALOCAL([A-Za-z0-9]+)N\d+$/;

/** The access key id of a function's nth container: by it the front door knows who calls. */
export const accessKeyOf = (logicalId: string, n: number): string => `AKIALOCAL${logicalId}N${n}`;

/** The function's logical id, if the key is a container's. */
export const functionOfKey = (accessKeyId: string): string | undefined => CALLER.exec(accessKeyId)?.[1];

/** Names that Lambda sets itself: CreateFunction refuses a template that sets them, and so do we. */
const RESERVED =
  /^(_HANDLER|_X_AMZN_TRACE_ID|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR|AWS_(REGION|DEFAULT_REGION|EXECUTION_ENV|ACCESS_KEY(_ID)?|SECRET_ACCESS_KEY|SESSION_TOKEN|LAMBDA_.*))$/;

/** The template's names that no function may carry. */
export const reservedNames = (environment: Readonly<Record<string, string>>): readonly string[] =>
  Object.keys(environment).filter((name) => RESERVED.test(name));

/** All of a container's environment: the template's, Lambda's, and the endpoint; nothing of this process's own. */
export function containerEnvironment(
  spec: FunctionSpec,
  surroundings: ContainerSurroundings,
  n: number,
): Record<string, string> {
  const { clock, region, endpointUrl, compileCacheDirectory } = surroundings;
  return {
    ...spec.environment,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${spec.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `local/[$LATEST]${n}`,
    AWS_ACCESS_KEY_ID: accessKeyOf(spec.logicalId, n),
    AWS_SECRET_ACCESS_KEY: 'local-no-secret',
    AWS_SESSION_TOKEN: 'local-no-token',
    AWS_ENDPOINT_URL: endpointUrl,
    LAMBDA_TASK_ROOT: spec.directory,
    _HANDLER: spec.handler,
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    NODE_COMPILE_CACHE: compileCacheDirectory,
    ...clockEnvironment(clock),
  };
}
